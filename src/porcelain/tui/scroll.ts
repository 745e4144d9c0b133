import { pageKey } from './asked.ts'
import { isText, listLength, listRows, placed } from './layout.ts'
import { type Place, type State, type TabsView, topView, type View, withTop } from './state.ts'

/** Where in its list a view is. */
export function placeOf(view: View): Place {
  if (view.kind !== 'data') return view
  return view.tab === 'chart' ? { cursor: 0, top: 0 } : view[view.tab]
}

/** The state with the view on top at another line of its list, or the nearest there is. */
export function movedTo(state: State, cursor: number, top = placeOf(topView(state)).top): State {
  const view = topView(state)
  const length = listLength(state, view)
  // A list that is not there yet has lines of which nobody knows.
  if (length === 0 && view.kind === 'data') return state
  const place = placed(cursor, top, length, listRows(state.size, view), isText(view))
  return withTop(state, withPlace(view, place))
}

function withPlace(view: View, place: Place): View {
  if (view.kind !== 'data') return { ...view, ...place }
  if (view.tab === 'chart') return view
  return { ...view, [view.tab]: { ...view[view.tab], ...place } } as TabsView
}

/** The state with all places inside what there is, after the screen or what is shown has another size. */
export function replaced(state: State): State {
  const views = state.views.map((view): View => {
    const { cursor, top } = placeOf(view)
    const length = listLength(state, view)
    if (length === 0 && view.kind !== 'commits') return view
    const place = placed(cursor, top, length, listRows(state.size, view), isText(view))
    if (place.cursor === cursor && place.top === top) return view
    return withPlace(view, place)
  })
  return { ...state, views }
}

/** Rows above the first that changed that are shown with it. */
const ROWS_ABOVE = 3

/** The state with the rows on top at the first that the commit changed, once that is known and until they are moved. */
export function rowsPlaced(state: State): State {
  const view = topView(state)
  if (view.kind !== 'data' || view.tab !== 'rows' || view.isRowsPlaced) return state
  const known = state.answers.rows.get(pageKey(view, 'change'))
  if (known === undefined) return state
  const { firstChanged = 0, total = 0 } = known.value ?? {}
  const placedView = { ...view, isRowsPlaced: true }
  if (total === 0) return withTop(state, placedView)
  const top = Math.max(0, firstChanged - ROWS_ABOVE)
  const rows = placed(firstChanged, top, total, listRows(state.size, view), false)
  return withTop(state, { ...placedView, rows: { ...view.rows, ...rows } })
}
