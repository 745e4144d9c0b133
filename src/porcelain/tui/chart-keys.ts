import { chartPanels } from '../chart/draw-chart.ts'
import type { PlotColumn, PlotData } from '../plot-data.ts'
import type { Command } from './bindings.ts'
import { chartRows } from './layout.ts'
import { plotOf } from './looked-up.ts'
import { type ChartPlace, type Range, type State, type TabsView, withTop } from './state.ts'

type Move =
  | { readonly command: Command; readonly times: number }
  /** The bucket to go to. */
  | { readonly to: number }

/** The state after a key that moves in a chart. */
export function chartMoved(state: State, view: TabsView, move: Move): State {
  const plot = plotOf(state, view)?.value
  if (plot === undefined) return state
  const chart = placeAfter(view.chart, plot, move)
  if (!('command' in move) || !isOfColumns(move.command)) return withTop(state, { ...view, chart })
  const most = Math.max(1, plot.columns.length)
  const room = chartPanels(chartRows(state.size))
  const columns = Math.max(1, Math.min(chart.columns, most, room))
  const moved = withTop(state, { ...view, chart: { ...chart, columns } })
  if (chart.columns <= columns) return moved
  const text = most <= room ? 'there are no more columns' : 'there is no room for more columns'
  return { ...moved, message: { text, isError: true } }
}

function isOfColumns(command: Command): boolean {
  return command === 'more-columns' || command === 'fewer-columns'
}

function placeAfter(place: ChartPlace, plot: PlotData, move: Move): ChartPlace {
  const last = Math.max(0, bucketsOf(plot) - 1)
  const cursor = cursorOf(place, plot)
  const to = (bucket: number) => ({ ...place, cursor: Math.max(0, Math.min(bucket, last)) })
  if ('to' in move) return to(move.to)
  const { command, times } = move
  switch (command) {
    case 'cursor-left':
      return to(cursor - times)
    case 'cursor-right':
      return to(cursor + times)
    case 'zoom-in':
      return { ...place, cursor, range: zoomed(place, plot, 2 ** -Math.min(times, 60)) }
    case 'zoom-out':
      return { ...place, cursor, range: zoomed(place, plot, 2 ** Math.min(times, 60)) }
    case 'pan-left':
      return { ...place, cursor, range: panned(place, plot, -times / 4) }
    case 'pan-right':
      return { ...place, cursor, range: panned(place, plot, times / 4) }
    case 'fit':
      return { ...place, cursor: undefined, range: undefined }
    case 'fit-change':
      return { ...place, cursor: undefined, range: 'change' }
    case 'next-column':
    case 'previous-column': {
      const count = Math.max(1, plot.columns.length)
      const by = (command === 'next-column' ? times : -times) % count
      return { ...place, column: (place.column + by + count) % count }
    }
    case 'more-columns':
      return { ...place, columns: place.columns + times }
    case 'fewer-columns':
      return { ...place, columns: Math.max(1, place.columns - times) }
    default:
      return place
  }
}

export function bucketsOf({ columns }: PlotData): number {
  const line = columns[0]?.after ?? columns[0]?.before
  return line?.rows.length ?? 0
}

/** The bucket under the cursor: the first that changed, or that in the middle, until it is moved. */
export function cursorOf(place: ChartPlace, plot: PlotData): number {
  const buckets = bucketsOf(plot)
  if (place.cursor !== undefined) return Math.max(0, Math.min(place.cursor, buckets - 1))
  const column = plot.columns[Math.min(place.column, plot.columns.length - 1)]
  const changed = column === undefined ? -1 : firstChanged(column)
  return changed >= 0 ? changed : Math.floor(buckets / 2)
}

function firstChanged({ before, after }: PlotColumn): number {
  if (before === undefined || after === undefined) return -1
  const differs = (a: Float64Array, b: Float64Array, i: number) => !Object.is(a[i], b[i])
  return after.rows.findIndex(
    (rows, i) =>
      rows !== before.rows[i] ||
      differs(after.low, before.low, i) ||
      differs(after.high, before.high, i) ||
      differs(after.last, before.last, i),
  )
}

function rangeOf(place: ChartPlace, plot: PlotData): Range {
  return typeof place.range === 'object' ? place.range : { from: plot.from, to: plot.to }
}

/** The range made wider or narrower, with the cursor where it is; all of the series where that is less. */
function zoomed(place: ChartPlace, plot: PlotData, factor: number): ChartPlace['range'] {
  const { from, to } = rangeOf(place, plot)
  const share = (cursorOf(place, plot) + 0.5) / Math.max(1, bucketsOf(plot))
  const at = from + share * (to - from)
  const span = Math.max((to - from) * factor, leastSpan(plot, at))
  if (!Number.isFinite(span)) return undefined
  const { extent } = plot
  if (extent !== undefined && factor > 1 && span >= extent.to - extent.from) return undefined
  return { from: at - share * span, to: at + (1 - share) * span }
}

/** What numbers can tell apart near a position. */
function leastSpan({ axis }: PlotData, at: number): number {
  const apart = Math.max(Math.abs(at), 1e-300) * 1e-13
  return axis.kind === 'row' || axis.kind === 'date' ? Math.max(1, apart) : apart
}

/** The range moved by a share of it; its middle stays within the series. */
function panned(place: ChartPlace, plot: PlotData, share: number): ChartPlace['range'] {
  const { from, to } = rangeOf(place, plot)
  const { extent } = plot
  const span = to - from
  const middle = from + span / 2 + share * span
  const kept = extent === undefined ? middle : Math.max(extent.from, Math.min(middle, extent.to))
  return { from: kept - span / 2, to: kept + span / 2 }
}
