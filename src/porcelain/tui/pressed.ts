import { bucketRows } from '../chart/axis-text.ts'
import { comparedWith } from './asked.ts'
import { type Command, commandOf } from './bindings.ts'
import { chartMoved, cursorOf } from './chart-keys.ts'
import { listRows } from './layout.ts'
import { changedRowAt, plainRowAt, plotOf, refsOf, selectedSeries } from './looked-up.ts'
import { outdated } from './outdated.ts'
import { asked } from './prompts.ts'
import type { Effect } from './requests.ts'
import { movedTo, placeOf } from './scroll.ts'
import { searchedNext } from './search.ts'
import {
  nameOf,
  pushed,
  type State,
  type Step,
  type TabsView,
  topView,
  type View,
  withTop,
} from './state.ts'
import { commitUnder, idUnder } from './under-cursor.ts'
import type { LifeRequest } from './view-data.ts'

const LARGEST_COUNT = 1_000_000_000

/** The state after a key, where no prompt is open. */
export function pressed(before: State, key: string): Step {
  if (/^[1-9]$/.test(key) || (key === '0' && before.count !== '')) {
    const count = `${Math.min(LARGEST_COUNT, Number(before.count + key))}`
    return { state: { ...before, count }, effects: [] }
  }
  const command = commandOf(nameOf(topView(before)), key)
  const count = before.count === '' ? undefined : Number(before.count)
  // Who goes on by keys is not taken away by a search that finds something later.
  const search = { ...before.search, pending: undefined }
  const state: State = { ...before, count: '', message: undefined, search }
  if (command === undefined) return { state, effects: [] }
  if (command === 'escape') return { state: escaped(before), effects: [] }
  return commanded(state, command, count)
}

function commanded(state: State, command: Command, count: number | undefined): Step {
  const view = topView(state)
  const still = (next: State): Step => ({ state: next, effects: [] })
  const does = (...effects: Effect[]): Step => ({ state, effects })
  const times = count ?? 1
  const { cursor, top } = placeOf(view)
  const rows = listRows(state.size, view)
  const by = (lines: number, isPage: boolean) =>
    still(movedTo(state, cursor + lines, isPage ? top + lines : top))
  switch (command) {
    case 'down':
      return by(times, false)
    case 'up':
      return by(-times, false)
    case 'page-down':
      return by(times * rows, true)
    case 'page-up':
      return by(-times * rows, true)
    case 'half-down':
      return by(times * Math.max(1, Math.floor(rows / 2)), true)
    case 'half-up':
      return by(-times * Math.max(1, Math.floor(rows / 2)), true)
    case 'first':
    case 'last': {
      const line = count !== undefined ? count - 1 : command === 'first' ? 0 : Infinity
      if (nameOf(view) === 'chart') return still(chartMoved(state, view as TabsView, { to: line }))
      return still(movedTo(state, line))
    }
    case 'open':
      return still(opened(state))
    case 'back':
      return still(wentBack(state))
    case 'next-tab':
      return still(turned(state, times))
    case 'previous-tab':
      return still(turned(state, -times))
    case 'cursor-left':
    case 'cursor-right':
    case 'pan-left':
    case 'pan-right':
    case 'zoom-in':
    case 'zoom-out':
    case 'fit':
    case 'fit-change':
    case 'next-column':
    case 'previous-column':
    case 'more-columns':
    case 'fewer-columns':
      return still(chartMoved(state, view as TabsView, { command, times }))
    case 'scroll-left':
      return still(sideways(state, -times))
    case 'scroll-right':
      return still(sideways(state, times))
    case 'refs':
      return still(
        view.kind === 'refs' ? state : pushed(state, { kind: 'refs', cursor: 0, top: 0 }),
      )
    case 'help':
      if (view.kind === 'help') return still(state)
      return still(pushed(state, { kind: 'help', about: nameOf(view), cursor: 0, top: 0 }))
    case 'message': {
      const commit = commitUnder(state)
      if (commit === undefined) return still(state)
      return still(
        pushed(state, { kind: 'message', commit, against: undefined, cursor: 0, top: 0 }),
      )
    }
    case 'search':
    case 'filter':
    case 'checkout':
    case 'revert':
    case 'tag':
      return still(asked(state, command))
    case 'next-match':
      return still(searchedNext(state, 1, times))
    case 'previous-match':
      return still(searchedNext(state, -1, times))
    case 'mark':
      return still(marked(state))
    case 'life':
      return still(lived(state))
    case 'copy': {
      const id = idUnder(state)
      if (id === undefined) return still(state)
      const message = { text: `copied, where the terminal allows it: ${id}`, isError: false }
      return { state: { ...state, message }, effects: [{ kind: 'copy', text: id }] }
    }
    case 'refresh':
      return { state: refreshed(state), effects: [{ kind: 'repaint' }] }
    case 'suspend':
    case 'interrupt':
      return does({ kind: command })
    case 'escape':
      return still(state)
  }
}

/** Escape first forgets what was begun. */
function escaped(state: State): State {
  if (state.count !== '' || state.message !== undefined) {
    return { ...state, count: '', message: undefined }
  }
  if (state.search.text !== '' && state.views.length === 1) {
    const search = { ...state.search, text: '', series: 'not' as const, pending: undefined }
    return { ...state, search }
  }
  return wentBack(state)
}

function wentBack(state: State): State {
  if (state.views.length === 1) return { ...state, isLeft: true }
  return { ...state, views: state.views.slice(0, -1) }
}

const begun = { cursor: 0, top: 0 }

function opened(state: State): State {
  const view = topView(state)
  if (view.kind === 'refs') return openedRef(state)
  if (view.kind === 'series') {
    const series = selectedSeries(state, view)
    if (series === undefined) return state
    const { commit, against } = view
    const table = { ...begun, left: 0 }
    return pushed(state, {
      kind: 'data',
      commit,
      against,
      path: series.path,
      tab: 'chart',
      chart: { column: 0, columns: 1, range: 'change', cursor: undefined },
      changes: table,
      rows: table,
      isRowsPlaced: false,
    })
  }
  const commit = commitUnder(state)
  if (commit === undefined) return state
  return pushed(state, { kind: 'series', commit, against: undefined, ...begun })
}

/** At the ref's commit in the list; where that is not in it, the list is made one of the ref. */
function openedRef(state: State): State {
  const view = topView(state)
  const ref = view.kind === 'refs' ? refsOf(state)?.value?.[view.cursor] : undefined
  if (ref === undefined) return state
  const bottom: State = { ...state, views: [state.views[0]!] }
  const index = state.commits.indexOf(ref.id)
  if (index >= 0) return movedTo(bottom, index)
  const listing = {
    ...bottom.listing,
    filter: { revisions: [ref.name] },
    filterText: `rev:${ref.name}`,
  }
  return outdated({ ...bottom, listing }, false)
}

const tabs: readonly TabsView['tab'][] = ['chart', 'changes', 'rows']

function turned(state: State, by: number): State {
  const view = topView(state)
  if (view.kind !== 'data') return state
  const at = (tabs.indexOf(view.tab) + (by % tabs.length) + tabs.length) % tabs.length
  return withTop(state, { ...view, tab: tabs[at]! })
}

function sideways(state: State, by: number): State {
  const view = topView(state)
  if (view.kind !== 'data' || view.tab === 'chart') return state
  const place = view[view.tab]
  const columns = tableColumns(state, view)
  const left = Math.max(0, Math.min(place.left + by, columns - 1))
  return withTop(state, { ...view, [view.tab]: { ...place, left } } as View)
}

/** Columns of a table that can be scrolled: those beside the key. */
function tableColumns(state: State, view: TabsView): number {
  const answers = view.tab === 'rows' ? state.answers.rows : state.answers.changed
  const key = `${view.commit.id} ${comparedWith(view) ?? ''} ${JSON.stringify(view.path)} `
  for (const [known, { value }] of answers) {
    if (value === undefined || !known.startsWith(key)) continue
    return value.columns.length - ('indexCount' in value ? value.indexCount : 0)
  }
  return 1
}

function marked(state: State): State {
  const commit = commitUnder(state)
  if (commit === undefined) return state
  const { mark } = state
  const said = (text: string) => ({ text, isError: false })
  if (mark === undefined) {
    return {
      ...state,
      mark: commit,
      message: said(`marked ${commit.short}: c on another compares`),
    }
  }
  if (mark.id === commit.id) {
    return { ...state, mark: undefined, message: said('no commit is marked') }
  }
  return pushed(state, { kind: 'series', commit, against: mark, ...begun })
}

/** The life of the row, or of the point, under the cursor. */
function lived(state: State): State {
  const view = topView(state)
  if (view.kind !== 'data') return state
  const row = rowUnder(state, view)
  if (row === undefined) {
    if (view.tab !== 'chart' || plotOf(state, view)?.value === undefined) return state
    const text = 'there is no row here: move the cursor to where one is'
    return { ...state, message: { text, isError: true } }
  }
  const request: LifeRequest = { path: view.path, commit: view.commit.id, row }
  return pushed(state, { kind: 'life', request, ...begun })
}

function rowUnder(state: State, view: TabsView): LifeRequest['row'] | undefined {
  if (view.tab === 'changes') return changedRowAt(state, view, view.changes.cursor)?.keyTexts
  if (view.tab === 'rows') {
    const cells = plainRowAt(state, view, view.rows.cursor)
    const known = [...state.answers.rows.values()].find(({ value }) => value?.rows.includes(cells!))
    return cells?.slice(0, known?.value?.indexCount)
  }
  const plot = plotOf(state, view)?.value
  const column = plot?.columns[view.chart.column]
  const rows = plot && column && bucketRows(column, cursorOf(view.chart, plot))
  return rows && { ...rows, against: comparedWith(view) }
}

/** All is read again. */
function refreshed(state: State): State {
  const none = new Map<string, never>()
  const answers = { detail: none, plot: none, changed: none, rows: none, life: none, refs: none }
  return outdated({ ...state, answers, weights: new Map() }, true)
}
