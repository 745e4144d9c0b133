import { pageKey, ROWS_A_PAGE } from './asked.ts'
import { bindingsIn } from './bindings.ts'
import { detailOf, lifeOf, messageLines, refsOf } from './looked-up.ts'
import type { Place, Size, State, TabsView, View } from './state.ts'

export const LEAST_COLUMNS = 60
export const LEAST_ROWS = 15

/** Above the body stands where one is, below it what can be done. */
const FRAME_ROWS = 2
/** From here on what a commit changed stands beside the list, not below it. */
const WIDE_COLUMNS = 150

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < LEAST_COLUMNS || rows < LEAST_ROWS
}

/** Lines between the first and the last of the screen. */
export function bodyRows({ rows }: Size): number {
  return Math.max(1, rows - FRAME_ROWS)
}

/** Lines of a chart between what is said above it and what is under the cursor. */
export function chartRows(size: Size): number {
  return bodyRows(size) - 2
}

export interface Split {
  readonly list: Size
  readonly detail: Size
  readonly isBeside: boolean
}

/** How the list of commits and what one of them changed share the body; a line or a column is between them. */
export function splitOf(size: Size): Split {
  const rows = bodyRows(size)
  if (size.columns >= WIDE_COLUMNS) {
    const columns = Math.floor((size.columns - 1) * 0.55)
    return {
      list: { columns, rows },
      detail: { columns: size.columns - 1 - columns, rows },
      isBeside: true,
    }
  }
  const list = Math.max(3, Math.ceil((rows - 1) * 0.55))
  return {
    list: { columns: size.columns, rows: list },
    detail: { columns: size.columns, rows: Math.max(1, rows - 1 - list) },
    isBeside: false,
  }
}

/** Lines of the body that a view needs for other things than the list in it. */
export const HEAD_ROWS = { series: 4, changes: 2, rows: 2, refs: 1, life: 2, message: 2, help: 2 }
/** Below the list of series: the largest change of the one under the cursor. */
export const FOOT_ROWS = 2

/** How many lines of its list a view shows. */
export function listRows(size: Size, view: View): number {
  if (view.kind === 'commits') return splitOf(size).list.rows
  const name = view.kind === 'data' ? (view.tab === 'rows' ? 'rows' : 'changes') : view.kind
  const foot = view.kind === 'series' ? FOOT_ROWS : 0
  return Math.max(1, bodyRows(size) - HEAD_ROWS[name] - foot)
}

/** How many lines the list of a view has, as far as that is known. */
export function listLength(state: State, view: View): number {
  switch (view.kind) {
    case 'commits':
      return state.commits.length
    case 'series':
      return detailOf(state, view)?.value?.series.length ?? 0
    case 'data':
      return tableLength(state, view)
    case 'refs':
      return refsOf(state)?.value?.length ?? 0
    case 'life':
      return lifeOf(state, view)?.value?.entries.length ?? 0
    case 'message':
      return messageLines(state, view).length
    case 'help':
      return bindingsIn(view.about).length
  }
}

function tableLength(state: State, view: TabsView): number {
  if (view.tab === 'chart') return 0
  const answers = view.tab === 'changes' ? state.answers.changed : state.answers.rows
  const page = Math.floor(view[view.tab].top / ROWS_A_PAGE)
  for (const at of [page, page + 1, 0]) {
    const answer = answers.get(pageKey(view, at))
    if (answer?.value !== undefined) return answer.value.total
  }
  for (const [key, answer] of answers) {
    if (key.startsWith(pageKey(view, undefined)) && answer.value !== undefined) {
      return answer.value.total
    }
  }
  return 0
}

/** Texts are scrolled, they have no cursor. */
export function isText(view: View): boolean {
  return view.kind === 'message' || view.kind === 'help'
}

/** The place with the cursor inside the list and on the screen. */
export function placed(
  cursor: number,
  top: number,
  length: number,
  rows: number,
  isScrolled: boolean,
): Place {
  const lastTop = Math.max(0, length - rows)
  if (isScrolled) {
    const at = Math.max(0, Math.min(cursor, lastTop))
    return { cursor: at, top: at }
  }
  const at = Math.max(0, Math.min(cursor, length - 1))
  const shown = Math.max(at - rows + 1, Math.min(top, at))
  return { cursor: at, top: Math.max(0, Math.min(shown, lastTop)) }
}
