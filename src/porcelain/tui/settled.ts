import {
  type Asked,
  detailKey,
  firstChangedRequest,
  lifeKey,
  pageKey,
  pageRequest,
  plotKey,
  plotRequest,
  ROWS_A_PAGE,
} from './asked.ts'
import { isTooSmall, listRows } from './layout.ts'
import { isWhole, refsKey } from './looked-up.ts'
import type { Effect, Outstanding, Request, RequestKind } from './requests.ts'
import { type State, type Step, type TabsView, topView } from './state.ts'

/** What each kind of request would ask for now; undefined where nothing is missing. */
const wanted: { readonly [K in RequestKind]: (state: State) => Asked | undefined } = {
  commits({ listing }) {
    if (listing.isComplete) return undefined
    return { key: `${listing.wanted}`, request: { kind: 'commits', filter: listing.filter } }
  },
  weights: missingWeights,
  detail: missingDetail,
  plot(state) {
    const view = topView(state)
    if (view.kind !== 'data' || view.tab !== 'chart' || isTooSmall(state.size)) return undefined
    const key = plotKey(view, state)
    if (state.answers.plot.has(key)) return undefined
    return { key, request: { kind: 'plot', request: plotRequest(view, state) } }
  },
  changed: (state) => missingPage(state, 'changed'),
  rows: (state) => missingPage(state, 'rows'),
  life(state) {
    const view = topView(state)
    if (view.kind !== 'life' || isWhole(state.answers.life.get(lifeKey(view)))) return undefined
    return { key: lifeKey(view), request: { kind: 'life', request: view.request } }
  },
  refs(state) {
    const key = refsKey(state)
    if (topView(state).kind !== 'refs' || state.answers.refs.has(key)) return undefined
    return { key, request: { kind: 'refs' } }
  },
  touching({ search, commits, views: [bottom] }) {
    if (search.series !== 'wanted') return undefined
    const from = bottom?.kind === 'commits' ? bottom.cursor : 0
    const all = [...commits.slice(from, commits.length), ...commits.slice(0, from)]
    const request: Request = { kind: 'touching', text: search.text, commits: all }
    return { key: `${search.number}`, request }
  },
  act({ acting }) {
    return acting && { key: JSON.stringify(acting), request: { kind: 'act', action: acting } }
  },
}

const kinds = Object.keys(wanted) as RequestKind[]

/**
 * The state with what is missing asked for, and what is not wanted any more told to end. While one of a kind has not
 * ended, no other is asked for: so a key that is held down leaves no work behind.
 */
export function settled(state: State): Step {
  const effects: Effect[] = []
  const outstanding = new Map(state.outstanding)
  let { next } = state
  for (const kind of kinds) {
    const current = outstanding.get(kind)
    if (current?.isCancelled) continue
    const asked = kind === 'touching' && current !== undefined ? undefined : wanted[kind](state)
    if (current === undefined) {
      // What was confirmed is done, also where the key that leaves came together with that.
      if (asked === undefined || (state.isLeft && kind !== 'act')) continue
      outstanding.set(kind, { ...asked, number: next, isCancelled: false })
      effects.push({ kind: 'ask', number: next, request: asked.request })
      next += 1
    } else if (!isStillWanted(state, current, asked)) {
      outstanding.set(kind, { ...current, isCancelled: true })
      effects.push({ kind: 'cancel', number: current.number })
    }
  }
  if (effects.length === 0) return { state, effects }
  return { state: { ...state, outstanding, next }, effects }
}

function isStillWanted(state: State, current: Outstanding, asked: Asked | undefined): boolean {
  const { request } = current
  if (request.kind === 'act') return true
  if (state.isLeft) return false
  if (request.kind === 'touching') {
    return state.search.series === 'wanted' && current.key === `${state.search.number}`
  }
  if (request.kind === 'weights' && asked?.request.kind === 'weights') {
    const asking = new Set(request.ids)
    return asked.request.ids.some((id) => asking.has(id))
  }
  return asked?.key === current.key
}

/** Of the commits on the screen and those of the page after it. */
function missingWeights(state: State): Asked | undefined {
  const view = topView(state)
  if (view.kind !== 'commits' || isTooSmall(state.size)) return undefined
  const rows = listRows(state.size, view)
  const ids = state.commits
    .slice(view.top, view.top + 2 * rows)
    .map(({ id }) => id)
    .filter((id) => !state.weights.has(id))
  if (ids.length === 0) return undefined
  return { key: ids[0]!, request: { kind: 'weights', ids } }
}

function missingDetail(state: State): Asked | undefined {
  const view = topView(state)
  const compared =
    view.kind === 'commits'
      ? { commit: state.commits.get(view.cursor), against: undefined }
      : view.kind === 'series' || view.kind === 'message'
        ? view
        : undefined
  if (compared?.commit === undefined) return undefined
  const { commit, against } = compared
  const key = detailKey(commit.id, against?.id)
  if (state.answers.detail.has(key)) return undefined
  return { key, request: { kind: 'detail', commit: commit.id, against: against?.id } }
}

/** The first page of a table that is on the screen and not there yet. */
function missingPage(state: State, kind: 'changed' | 'rows'): Asked | undefined {
  const view = topView(state)
  if (view.kind !== 'data' || view.tab !== (kind === 'rows' ? 'rows' : 'changes')) return undefined
  const begins = pageKey(view, 'change')
  if (kind === 'rows' && !view.isRowsPlaced && !state.answers.rows.has(begins)) {
    return { key: begins, request: { kind, request: firstChangedRequest(view) } }
  }
  const page = pagesShown(state, view).find((at) => !state.answers[kind].has(pageKey(view, at)))
  if (page === undefined) return undefined
  return { key: pageKey(view, page), request: { kind, request: pageRequest(view, page) } }
}

function pagesShown(state: State, view: TabsView): readonly number[] {
  const { top } = view.tab === 'rows' ? view.rows : view.changes
  const known = state.answers[view.tab === 'rows' ? 'rows' : 'changed']
  const first = Math.floor(top / ROWS_A_PAGE)
  const last = Math.floor((top + listRows(state.size, view) - 1) / ROWS_A_PAGE)
  const total = known.get(pageKey(view, first))?.value?.total
  const isThere = total === undefined ? last === first : last * ROWS_A_PAGE < total
  return isThere && last > first ? [first, last] : [first]
}
