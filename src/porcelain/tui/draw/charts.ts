import { floorDiv } from '../../../core/floor-div.ts'
import { formatSeconds } from '../../../core/time.ts'
import { type ChartRole, chartPanels, drawChart } from '../../chart/draw-chart.ts'
import type { PlotColumn, PlotData, PlotLine } from '../../plot-data.ts'
import { bucketsOf, cursorOf } from '../chart-keys.ts'
import { bodyRows } from '../layout.ts'
import { plotOf } from '../looked-up.ts'
import type { State, TabsView } from '../state.ts'
import { failureSpans } from './details.ts'
import { drawLine, type Span } from './line.ts'
import type { Look, Role } from './look.ts'
import { dataHead } from './tables.ts'

type Spans = readonly Span[]

const roles: Readonly<Record<ChartRole, Role>> = {
  axis: 'quiet',
  label: 'quiet',
  before: 'before',
  after: 'after',
  both: 'both',
  gap: 'error',
  cursor: 'title',
}

/** The body of a chart: the series, the chart, and what is under the cursor. */
export function chartLines(state: State, view: TabsView, look: Look): readonly string[] {
  const width = state.size.columns
  const rows = bodyRows(state.size)
  const plot = plotOf(state, view)
  const lines: readonly Spans[] =
    plot?.value !== undefined
      ? plotSpans(state, view, plot.value)
      : [
          dataHead(state, view),
          [],
          ...(plot === undefined ? [[{ text: ' reading …' }]] : failureSpans(plot.failure)),
        ]
  return Array.from({ length: rows }, (_, i) => drawLine(lines[i] ?? [], { width, look }))
}

function plotSpans(state: State, view: TabsView, plot: PlotData): readonly Spans[] {
  const { size, marks } = state
  const height = bodyRows(size) - 2
  const cursor = cursorOf(view.chart, plot)
  const shown = columnsShown(view, plot, chartPanels(height))
  const chart = drawChart(plot, {
    width: size.columns,
    height,
    marks,
    cursor,
    columns: shown.map(({ name }) => name),
  })
  const of =
    plot.columns.length > 1 ? `  column ${view.chart.column + 1} of ${plot.columns.length}` : ''
  return [
    [...dataHead(state, view), { text: `${of}  ${plot.rows} rows` }],
    ...chart.map((line): Spans => line.map(({ text, role }) => ({ text, role: roles[role] }))),
    cursorSpans(plot, shown[0], cursor),
  ]
}

/** The chosen column, and with room those after it. */
function columnsShown(
  view: TabsView,
  { columns }: PlotData,
  panels: number,
): readonly PlotColumn[] {
  const { column } = view.chart
  return [...columns.slice(column), ...columns.slice(0, column)].slice(0, Math.min(panels, 1))
}

/** What the series was and is under the cursor. */
function cursorSpans(plot: PlotData, column: PlotColumn | undefined, cursor: number): Spans {
  if (column === undefined) return []
  const { before, after } = column
  const spans: Span[] = [{ text: ` ${positionText(plot, cursor)}`, role: 'title' }, { text: '  ' }]
  const was = before && valueText(before, cursor)
  const is = after && valueText(after, cursor)
  if (before === undefined || was === is) {
    spans.push({ text: is ?? '' })
  } else {
    if (was !== undefined) spans.push({ text: `before ${was}`, role: 'before' }, { text: '  ' })
    spans.push({ text: `after ${is ?? 'no row'}`, role: 'after' })
  }
  return spans
}

/** The value of a bucket, the smallest and the largest where there are several. */
function valueText(line: PlotLine, at: number): string {
  const rows = line.rows[at] ?? 0
  const missing = line.missing[at] ?? 0
  if (rows === 0) return 'no row'
  const [low, high] = [line.low[at]!, line.high[at]!]
  const gaps = missing > 0 ? `, ${missing} without a value` : ''
  if (rows === missing) return `${rows === 1 ? 'no value' : `${rows} rows without a value`}`
  if (rows === 1) return `${short(low)}`
  const values = low === high ? short(low) : `${short(low)} … ${short(high)}`
  return `${values} (${rows} rows${gaps})`
}

/** Digits that a double of any origin has. */
function short(value: number): string {
  return `${Number(value.toPrecision(15))}`
}

/** Where a bucket begins. */
function positionText(plot: PlotData, at: number): string {
  const { axis, exact, from, to } = plot
  const buckets = Math.max(1, bucketsOf(plot))
  if ((axis.kind === 'time' || axis.kind === 'date') && exact !== undefined) {
    const nanoseconds = exact.from + ((exact.to - exact.from) * BigInt(at)) / BigInt(buckets)
    const text = formatSeconds(floorDiv(nanoseconds, 1_000_000_000n))
    return axis.kind === 'date' ? text.slice(0, text.indexOf('T')) : `${text}Z`
  }
  const position = from + ((to - from) * at) / buckets
  return `${axis.name} ${axis.kind === 'row' ? Math.floor(position) : Number(position.toPrecision(6))}`
}
