import type { PlotColumn, PlotData, PlotLine } from '../plot-data.ts'
import { cutText, safeText, textWidth } from '../tui/safe-text.ts'
import { type AxisTick, axisTicks } from './axis-ticks.ts'
import {
  type ChartLine,
  type ChartMarks,
  type ChartRole,
  type ChartSpan,
  DotGrid,
  dotsOf,
  type Signs,
  signsOf,
} from './chart-marks.ts'
import { valueTicks } from './chart-ticks.ts'
import { limitsOf } from './column-limits.ts'
import { type DotRuns, dotOf, dotRuns, type ValueScale } from './dots.ts'

export type { ChartLine, ChartMarks, ChartRole, ChartSpan } from './chart-marks.ts'

export interface ChartOptions {
  /** Columns and lines of the terminal that it takes, all of them. */
  readonly width: number
  readonly height: number
  readonly marks: ChartMarks
  /** Which columns are drawn, one above the other; all unless given. What has no room is left out. */
  readonly columns?: readonly string[] | undefined
  /** The bucket under the cursor, from 0. */
  readonly cursor?: number | undefined
  /** What the legend calls the versions: `before` and `after` unless given. */
  readonly names?: { readonly before: string; readonly after: string } | undefined
}

/** Columns of the terminal that the scale of values takes. */
const SCALE_WIDTH = 12
/** The least lines of a chart: its legend and some lines of dots. */
const LEAST_HEIGHT = 4

/** How many buckets a chart of a width can show: as many as it has dots side by side. */
export function chartBuckets(width: number, marks: ChartMarks): number {
  return Math.max(1, width - SCALE_WIDTH) * dotsOf[marks].x
}

/** How many columns a chart of a height can show. */
export function chartPanels(height: number): number {
  return Math.max(1, Math.floor((height - 2) / LEAST_HEIGHT))
}

/**
 * Draws what a series is, or was and is, as lines of exactly the width and height given. Of each column of dots
 * the smallest and the largest value are there. What both versions have is drawn once; what was before is
 * dotted, so that it is told apart without colours.
 */
export function drawChart(plot: PlotData, options: ChartOptions): readonly ChartLine[] {
  const { width, height, marks } = options
  const wanted = options.columns?.flatMap(
    (name) => plot.columns.find((column) => column.name === name) ?? [],
  )
  const columns = (wanted ?? plot.columns).slice(0, chartPanels(height))
  const signs = signsOf[marks]
  if (columns.length === 0) return fitted([[label('no column of numbers')]], options)
  const ticks = axisTicks(plot, Math.max(1, width - SCALE_WIDTH))
  const foot = Math.min(2, Math.max(0, height - 3))
  const body = height - foot
  const lines: ChartSpan[][] = []
  columns.forEach((column, i) => {
    const to = Math.floor((body * (i + 1)) / columns.length)
    lines.push(...drawPanel(plot, column, to - lines.length, options))
  })
  if (foot > 0) lines.push(axisLine(plot, columns.at(-1)!, ticks, options, signs))
  if (foot > 1) lines.push(tickLabels(ticks, options))
  return fitted(lines, options)
}

const label = (text: string): ChartSpan => ({ text, role: 'label' })
const plotWidth = ({ width }: ChartOptions) => Math.max(1, width - SCALE_WIDTH)

function drawPanel(
  plot: PlotData,
  column: PlotColumn,
  height: number,
  options: ChartOptions,
): ChartSpan[][] {
  const signs = signsOf[options.marks]
  const lines: ChartSpan[][] = height > 1 ? [legend(plot, column, options, signs)] : []
  const rows = height - lines.length
  const columns = plotWidth(options)
  const limits = limitsOf(column)
  const dots = dotsOf[options.marks]
  const scale: ValueScale = { ...(limits ?? { low: 0, high: 0 }), dots: rows * dots.y }
  const grid = new DotGrid(columns, rows, options.marks)
  const isCompared = comparesOf(plot, column)
  const runs = (line: PlotLine) => dotRuns(line, scale, columns * dots.x, plot)
  const after = column.after && runs(column.after)
  const before = column.before && runs(column.before)
  if (before !== undefined) grid.drawBefore(before)
  if (after !== undefined) grid.drawAfter(after)
  if (isCompared) markDifferences(grid, column, before, after, columns * dots.x)
  const labels = new Map<number, string>()
  if (limits !== undefined) {
    for (const tick of valueTicks(limits.low, limits.high, Math.max(2, Math.floor(rows / 2.5)))) {
      const row = Math.floor(dotOf(scale, tick.value) / dots.y)
      if (!labels.has(row)) labels.set(row, tick.label)
    }
  }
  const cursor = cursorCell(column, columns, options)
  const message = limits === undefined ? emptyText(plot) : undefined
  for (let row = 0; row < rows; row++) {
    const text = labels.get(row)
    const line: ChartSpan[] = [
      label(padded(text ?? '', SCALE_WIDTH - 2, signs.cut, 'right')),
      { text: ` ${text === undefined ? signs.vertical : signs.valueTick}`, role: 'axis' },
    ]
    if (message !== undefined && row === Math.floor((rows - 1) / 2)) {
      line.push(label(padded(`  ${message}`, columns, signs.cut)))
    } else {
      for (let at = 0; at < columns; at++)
        line.push(cellAt(grid, at, row, isCompared, cursor, signs))
    }
    lines.push(line)
  }
  return lines
}

function cellAt(
  grid: DotGrid,
  at: number,
  row: number,
  isCompared: boolean,
  cursor: number | undefined,
  signs: Signs,
): ChartSpan {
  const mark = grid.mark(at, row, isCompared)
  if (at !== cursor) return mark ?? { text: ' ', role: 'both' }
  return { text: mark?.text ?? signs.cursor, role: 'cursor' }
}

function comparesOf(plot: PlotData, column: PlotColumn): boolean {
  return column.before !== undefined || plot.rowsBefore !== undefined || column.after === undefined
}

function emptyText(plot: PlotData): string {
  if (plot.extent === undefined) return 'no rows'
  return plot.rows + (plot.rowsBefore ?? 0) === 0
    ? 'no rows in this range'
    : 'no values in this range'
}

/** Which columns of dots have other values before and after. */
function markDifferences(
  grid: DotGrid,
  { before, after }: PlotColumn,
  runsBefore: DotRuns | undefined,
  runsAfter: DotRuns | undefined,
  width: number,
): void {
  for (let at = 0; at < width; at++) {
    if (runsBefore?.top[at] !== runsAfter?.top[at]) grid.differ(at)
    if (runsBefore?.bottom[at] !== runsAfter?.bottom[at]) grid.differ(at)
  }
  if (before === undefined || after === undefined) return
  const buckets = after.rows.length
  for (let i = 0; i < buckets; i++) {
    const isSame =
      before.rows[i] === after.rows[i] &&
      before.missing[i] === after.missing[i] &&
      [before.low, before.high, before.first, before.last].every((values, k) =>
        Object.is(values[i], [after.low, after.high, after.first, after.last][k]![i]),
      )
    if (!isSame) grid.differ(Math.min(width - 1, Math.floor(((i + 0.5) / buckets) * width)))
  }
}

function legend(
  plot: PlotData,
  column: PlotColumn,
  options: ChartOptions,
  signs: Signs,
): ChartSpan[] {
  const names = options.names ?? { before: 'before', after: 'after' }
  const spans: ChartSpan[] = []
  if (comparesOf(plot, column)) {
    if (column.before !== undefined) {
      spans.push({ text: `  ${signs.before} ${safeText(names.before)}`, role: 'before' })
    }
    if (column.after !== undefined) {
      spans.push({ text: `  ${signs.after} ${safeText(names.after)}`, role: 'after' })
    }
    if (options.marks === 'ascii') spans.push({ text: `  ${signs.both} both`, role: 'both' })
  }
  const missing = [...((column.after ?? column.before)?.missing ?? [])].reduce((a, b) => a + b, 0)
  if (missing > 0) {
    const text = `  ${signs.gap} ${missing.toLocaleString('en-US')} without a value`
    spans.push({ text, role: 'gap' })
  }
  const room = options.width - spans.reduce((sum, { text }) => sum + textWidth(text), 0)
  const unit = column.unit === undefined ? '' : ` (${column.unit})`
  const name = cutText(safeText(column.name + unit), Math.max(8, room), signs.cut)
  return [label(name), ...spans]
}

function cursorCell(
  column: PlotColumn,
  columns: number,
  { cursor, marks }: ChartOptions,
): number | undefined {
  const buckets = (column.after ?? column.before)?.rows.length
  if (cursor === undefined || buckets === undefined) return undefined
  const { x } = dotsOf[marks]
  const dot = Math.floor(((cursor + 0.5) / buckets) * columns * x)
  return Math.max(0, Math.min(columns - 1, Math.floor(dot / x)))
}

function axisLine(
  plot: PlotData,
  column: PlotColumn,
  ticks: readonly AxisTick[],
  options: ChartOptions,
  signs: Signs,
): ChartSpan[] {
  const columns = plotWidth(options)
  const places = new Set(ticks.map(({ column: at }) => at))
  const gaps = gapCells(column, columns)
  const cursor = cursorCell(column, columns, options)
  const name = padded(safeText(plot.axis.name), SCALE_WIDTH - 2, signs.cut, 'right')
  const line: ChartSpan[] = [label(name), { text: ` ${signs.corner}`, role: 'axis' }]
  for (let at = 0; at < columns; at++) {
    const text = places.has(at) ? signs.timeTick : signs.horizontal
    if (gaps.has(at)) line.push({ text: signs.gap, role: 'gap' })
    else line.push({ text, role: at === cursor ? 'cursor' : 'axis' })
  }
  return line
}

/** Where rows have no value. */
function gapCells(column: PlotColumn, columns: number): Set<number> {
  const gaps = new Set<number>()
  const { missing } = column.after ?? column.before ?? { missing: new Uint32Array() }
  missing.forEach((count, i) => {
    if (count > 0) gaps.add(Math.floor(((i + 0.5) / missing.length) * columns))
  })
  return gaps
}

/** Labels under their ticks, as many as have room. */
function tickLabels(ticks: readonly AxisTick[], options: ChartOptions): ChartSpan[] {
  const { width } = options
  let line = ''
  ticks.forEach((tick, i) => {
    const text = i === 0 ? tick.full : tick.label
    const middle = SCALE_WIDTH + tick.column - Math.floor(text.length / 2)
    const at = Math.max(0, Math.min(width - text.length, middle))
    const isFree = line === '' ? true : at > line.length
    if (isFree && text.length <= width) line = line.padEnd(at) + text
  })
  return [label(line)]
}

function padded(text: string, width: number, cut: string, side: 'left' | 'right' = 'left'): string {
  const shown = cutText(text, width, cut)
  const space = ' '.repeat(Math.max(0, width - textWidth(shown)))
  return side === 'left' ? shown + space : space + shown
}

/** Lines of the size asked for, with neighbours of one role put together. */
function fitted(
  lines: readonly (readonly ChartSpan[])[],
  { width, height, marks }: ChartOptions,
): ChartLine[] {
  const { cut } = signsOf[marks]
  return Array.from({ length: height }, (_, row) => {
    const line: { text: string; role: ChartRole }[] = []
    let room = width
    for (const { text, role } of lines[row] ?? []) {
      const shown = textWidth(text) <= room ? text : cutText(text, room, cut)
      room -= textWidth(shown)
      if (shown === '') continue
      const last = line.at(-1)
      if (last?.role === role) last.text += shown
      else line.push({ text: shown, role })
    }
    if (room > 0) {
      const last = line.at(-1)
      if (last?.role === 'label') last.text += ' '.repeat(room)
      else line.push({ text: ' '.repeat(room), role: 'label' })
    }
    return line
  })
}
