import { bucketText } from '../../chart/axis-text.ts'
import { type ChartRole, chartPanels, drawChart } from '../../chart/draw-chart.ts'
import type { PlotColumn, PlotData, PlotLine } from '../../plot-data.ts'
import { cursorOf } from '../chart-keys.ts'
import { bodyRows, chartRows } from '../layout.ts'
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
  const height = chartRows(size)
  const cursor = cursorOf(view.chart, plot)
  const shown = columnsShown(view, plot, chartPanels(height))
  const chart = drawChart(plot, {
    width: size.columns,
    height,
    marks,
    cursor,
    columns: shown.map(({ name }) => name),
  })
  const place = shown.length > 1 ? `${shown.length}` : `column ${view.chart.column + 1}`
  const what = shown.length > 1 ? ' columns' : ''
  const of = plot.columns.length > 1 ? `  ${place} of ${plot.columns.length}${what}` : ''
  return [
    [...dataHead(state, view), { text: `${of}  ${plot.rows} rows` }],
    ...chart.map((line): Spans => line.map(({ text, role }) => ({ text, role: roles[role] }))),
    cursorSpans(plot, shown, cursor, size.columns),
  ]
}

/** The chosen columns: the first of them, and as many of those after it as there is room for. */
function columnsShown(
  view: TabsView,
  { columns }: PlotData,
  panels: number,
): readonly PlotColumn[] {
  const { column, columns: wanted } = view.chart
  const shown = Math.min(panels, wanted, columns.length)
  return [...columns.slice(column), ...columns.slice(0, column)].slice(0, shown)
}

/** What the series was and is under the cursor. Where both ends of its rows leave no room for that, the first is told. */
function cursorSpans(
  plot: PlotData,
  columns: readonly PlotColumn[],
  cursor: number,
  width: number,
): Spans {
  const [column] = columns
  if (column === undefined) return []
  const named = (one: PlotColumn): Spans => [
    { text: `${one.name} `, role: 'title' },
    ...valueSpans(one, cursor),
    { text: '  ' },
  ]
  const values = columns.length > 1 ? columns.flatMap(named) : valueSpans(column, cursor)
  const { first, last } = bucketText(plot, column, cursor)
  const whole = last === undefined ? first : `${first} … ${last}`
  const used = [whole, ...values.map(({ text }) => text ?? '')].join('').length + 3
  const place = last === undefined || used <= width ? whole : `${first} …`
  return [{ text: ` ${place}`, role: 'title' }, { text: '  ' }, ...values]
}

function valueSpans({ before, after }: PlotColumn, cursor: number): Spans {
  const was = before && valueText(before, cursor)
  const is = after && valueText(after, cursor)
  if (before === undefined || was === is) return [{ text: is ?? '' }]
  const spans: Span[] = []
  if (was !== undefined) spans.push({ text: `before ${was}`, role: 'before' }, { text: '  ' })
  return [...spans, { text: `after ${is ?? 'no row'}`, role: 'after' }]
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
