import type { Id } from '../../core/id.ts'
import { nearestHit } from './matches.ts'
import { movedTo, placeOf } from './scroll.ts'
import { type State, topView } from './state.ts'

/** The state while a search is typed: at the first hit from where it began. */
export function searchedSoFar(state: State, text: string, from: number): State {
  return movedTo(state, nearestHit(state, topView(state), text, from, 1) ?? from)
}

/** The state after a search was entered. Commits are searched for the series that they changed, too. */
export function searched(state: State, text: string, from: number): State {
  const view = topView(state)
  const found = nearestHit(state, view, text, from, 1)
  const asksSeries = view.kind === 'commits'
  const next: State = {
    ...state,
    search: {
      text,
      number: state.search.number + 1,
      touching: new Set(),
      series: asksSeries ? 'wanted' : 'not',
      pending: asksSeries && found === undefined ? { from, step: 1 } : undefined,
    },
  }
  if (found !== undefined) return movedTo(next, found)
  const message = asksSeries
    ? { text: `searching the series that commits changed: ${text}`, isError: false }
    : { text: `nothing found: ${text}`, isError: true }
  return { ...movedTo(next, from), message }
}

/** The state at the hit so many further on. */
export function searchedNext(state: State, step: 1 | -1, count: number): State {
  const { search } = state
  if (search.text === '') return { ...state, message: { text: 'search first: /', isError: true } }
  const view = topView(state)
  let at = placeOf(view).cursor
  for (let i = 0; i < count; i++) {
    const found = nearestHit(state, view, search.text, at + step, step)
    if (found === undefined) {
      if (i > 0) break
      const isOpen = view.kind === 'commits' && search.series === 'wanted'
      const text = isOpen ? `still searching series: ${search.text}` : `no more: ${search.text}`
      const pending = isOpen ? { from: at + step, step } : undefined
      return { ...state, search: { ...search, pending }, message: { text, isError: !isOpen } }
    }
    at = found
  }
  return movedTo(state, at)
}

/** The state after commits were found that changed a series which is searched for. */
export function foundLater(state: State, ids: readonly Id[]): State {
  const { search } = state
  const touching = new Set(search.touching)
  for (const id of ids) touching.add(id)
  const next: State = { ...state, search: { ...search, touching } }
  const view = topView(state)
  if (search.pending === undefined || view.kind !== 'commits') return next
  const { from, step } = search.pending
  const found = nearestHit(next, view, search.text, from, step)
  if (found === undefined) return next
  const settled = { ...next, search: { ...next.search, pending: undefined }, message: undefined }
  return movedTo(settled, found)
}
