import { listLength } from './layout.ts'
import { detailOf, refsOf } from './looked-up.ts'
import type { State, View } from './state.ts'

/** Whether a line of a view's list has a text, capitals or not; what commits touch is only known of those found. */
export function isHit(state: State, view: View, index: number, text: string): boolean {
  const wanted = text.toLowerCase()
  const has = (within: string) => within.toLowerCase().includes(wanted)
  switch (view.kind) {
    case 'commits': {
      const commit = state.commits.get(index)
      if (commit === undefined) return false
      const { id, subject, author, decorations } = commit
      return (
        has(subject) ||
        has(author) ||
        id.startsWith(wanted) ||
        decorations.some(({ name, branch }) => has(name) || has(branch ?? '')) ||
        (text === state.search.text && state.search.touching.has(id))
      )
    }
    case 'series':
      return has(detailOf(state, view)?.value?.series[index]?.path ?? '')
    case 'refs': {
      const ref = refsOf(state)?.value?.[index]
      return ref !== undefined && (has(ref.name) || has(ref.subject))
    }
    default:
      return false
  }
}

/** The nearest line with the text, from a line on in a direction; undefined where there is none. */
export function nearestHit(
  state: State,
  view: View,
  text: string,
  from: number,
  step: 1 | -1,
): number | undefined {
  if (text === '') return undefined
  const length = listLength(state, view)
  for (let at = from; at >= 0 && at < length; at += step) {
    if (isHit(state, view, at, text)) return at
  }
  return undefined
}
