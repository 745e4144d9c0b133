import { escapeControl } from '../../core/names.ts'
import type { PlotColumn, PlotData, PlotLine } from '../plot-data.ts'
import { axisText } from './axis-text.ts'
import { axisTicks } from './axis-ticks.ts'
import { valueTicks } from './chart-ticks.ts'
import { limitsOf } from './column-limits.ts'
import { shareAbove } from './dots.ts'
import { jointsOf } from './joints.ts'

/** How many buckets a picture has room for. */
export const SVG_BUCKETS = 760

const WIDTH = 860
const LEFT = 76
const RIGHT = WIDTH - LEFT - SVG_BUCKETS
const HEADER = 34
const PANEL = 240
const PANEL_HEADER = 24
const FOOTER = 34
/** Of one character in a label of the axis, about. */
const CHARACTER = 8

const STYLE = [
  'svg{background:#fff;color:#24292f}',
  'text{fill:currentColor;font:12px system-ui,sans-serif}',
  '.title{font-weight:600;font-size:14px}',
  '.axis{stroke:#57606a}.grid{stroke:#d0d7de;stroke-width:.5}',
  'path,.axis,.grid{fill:none}',
  '.after{stroke:#0969da;stroke-width:1.6}.after-band{fill:#0969da;opacity:.25}',
  '.before{stroke:#bc4c00;stroke-width:1.6;stroke-dasharray:2 3}',
  '.before-band{fill:#bc4c00;opacity:.18}',
  'circle.after{fill:#0969da}circle.before{fill:#bc4c00}.gap{stroke:#8250df;stroke-width:2}',
  '@media(prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}',
  '.axis{stroke:#8b949e}.grid{stroke:#30363d}',
  '.after{stroke:#58a6ff}.after-band,circle.after{fill:#58a6ff}',
  '.before{stroke:#f0883e}.before-band,circle.before{fill:#f0883e}.gap{stroke:#bc8cff}}',
].join('\n')

export interface SvgOptions {
  /** What the legend calls the versions. */
  readonly names: { readonly before: string; readonly after: string }
}

/**
 * A chart as a picture: an SVG document of one panel a column, the same bytes for the same plot, readable on
 * light and dark grounds. Where several rows fall on one place, a band goes from the smallest to the largest.
 */
export function chartSvg(plot: PlotData, options: SvgOptions): string {
  const height = HEADER + Math.max(1, plot.columns.length) * PANEL + FOOTER
  const title = `${plot.path}, ${axisText(plot, 0)} to ${axisText(plot, 1)}`
  const panels = plot.columns.map((column, i) => panel(plot, column, HEADER + i * PANEL, options))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${xml(title)}</title>`,
    `<style>${STYLE}</style>`,
    text(16, 22, plot.path, 'class="title"'),
    ...(plot.columns.length === 0 ? [text(16, HEADER + 20, 'no column of numbers')] : panels),
    ...timeAxis(plot, height - FOOTER),
    '</svg>',
    '',
  ].join('\n')
}

function panel(plot: PlotData, column: PlotColumn, top: number, { names }: SvgOptions): string {
  const limits = limitsOf(column)
  const [from, to] = [top + PANEL_HEADER, top + PANEL - 12]
  const unit = column.unit === undefined ? '' : ` (${column.unit})`
  const parts = [text(LEFT, top + 14, column.name + unit)]
  if (plot.rowsBefore !== undefined || column.before !== undefined) {
    parts.push(...legend(column, names, top + 14))
  }
  parts.push(`<path class="axis" d="M${LEFT} ${from}V${to}H${WIDTH - RIGHT}"/>`)
  if (limits === undefined) {
    parts.push(
      text(LEFT + 16, (from + to) / 2, plot.extent === undefined ? 'no rows' : 'no values'),
    )
    return parts.join('\n')
  }
  const yOf = (value: number) => from + 6 + shareAbove(limits, value) * (to - from - 12)
  for (const tick of valueTicks(limits.low, limits.high, 6)) {
    const y = round(yOf(tick.value))
    parts.push(`<path class="grid" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/>`)
    parts.push(text(LEFT - 8, Number(y) + 4, tick.label, 'text-anchor="end"'))
  }
  const { before, after } = column
  if (before !== undefined) parts.push(...line(before, 'before', plot, yOf))
  if (after !== undefined) parts.push(...line(after, 'after', plot, yOf))
  const shown = after ?? before
  if (shown !== undefined) parts.push(...gaps(shown, to))
  return parts.join('\n')
}

/** Names of the versions behind a piece of their lines, up to the right end. */
function legend(column: PlotColumn, names: SvgOptions['names'], y: number): string[] {
  let right = WIDTH - RIGHT
  return (['after', 'before'] as const).flatMap((role) => {
    if (column[role] === undefined) return []
    const name = names[role].length > 40 ? `${names[role].slice(0, 39)}…` : names[role]
    const x = right - name.length * CHARACTER
    right = x - 56
    return [`<path class="${role}" d="M${x - 32} ${y - 4}h24"/>`, text(x, y, name)]
  })
}

const xOf = (bucket: number, buckets: number) => LEFT + ((bucket + 0.5) / buckets) * SVG_BUCKETS

/** Bands and lines of one version; a row that stands alone is a point. */
function line(
  values: PlotLine,
  role: 'before' | 'after',
  plot: PlotData,
  yOf: (value: number) => number,
): string[] {
  const buckets = values.rows.length
  const joints = jointsOf(values, plot)
  const at = (bucket: number, value: number) =>
    `${round(xOf(bucket, buckets))} ${round(yOf(value))}`
  const [paths, bands, points]: [string[], string[], string[]] = [[], [], []]
  let stretch: number[] = []
  const end = () => {
    if (stretch.length === 1) {
      const [bucket] = stretch as [number]
      const [x, y] = at(bucket, values.low[bucket]!).split(' ')
      points.push(`<circle class="${role}" cx="${x}" cy="${y}" r="1.5"/>`)
    }
    if (stretch.length > 0) {
      paths.push(`M${stretch.flatMap((i) => ends(values, i).map((v) => at(i, v))).join('L')}`)
    }
    if (stretch.some((i) => values.low[i]! < values.high[i]!)) {
      const over = stretch.map((i) => at(i, values.high[i]!))
      const under = stretch.map((i) => at(i, values.low[i]!)).reverse()
      bands.push(`M${[...over, ...under].join('L')}Z`)
    }
    stretch = []
  }
  for (let bucket = 0; bucket < buckets; bucket++) {
    if (values.rows[bucket] === 0) continue
    if (joints.before[bucket] !== 1) end()
    if (!Number.isNaN(values.low[bucket]!)) stretch.push(bucket)
  }
  end()
  return [
    ...(bands.length > 0 ? [`<path class="${role}-band" d="${bands.join('')}"/>`] : []),
    ...(paths.length > 0 ? [`<path class="${role}" d="${paths.join('')}"/>`] : []),
    ...points,
  ]
}

/** The values of a bucket that its line goes through: all extremes, in an order that goes on. */
function ends({ low, high, first, last }: PlotLine, bucket: number): number[] {
  if (low[bucket] === high[bucket]) return [low[bucket]!]
  const [from, to] = [first[bucket]!, last[bucket]!].map((v) =>
    Number.isNaN(v) ? low[bucket]! : v,
  )
  const middle = from! <= to! ? [low[bucket]!, high[bucket]!] : [high[bucket]!, low[bucket]!]
  return [from!, ...middle, to!].filter((value, i, all) => value !== all[i - 1])
}

/** A mark at the foot where rows have no value. */
function gaps({ missing }: PlotLine, y: number): string[] {
  const marks: string[] = []
  missing.forEach((count, i) => {
    if (count > 0) marks.push(`M${round(xOf(i, missing.length))} ${y - 3}v6`)
  })
  return marks.length > 0 ? [`<path class="gap" d="${marks.join('')}"/>`] : []
}

function timeAxis(plot: PlotData, y: number): string[] {
  const ticks = axisTicks(plot, Math.floor(SVG_BUCKETS / CHARACTER))
  let free = 0
  return ticks.flatMap((tick, i) => {
    const x = LEFT + tick.share * SVG_BUCKETS
    const label = i === 0 ? tick.full : tick.label
    const half = (label.length * CHARACTER) / 2
    const mark = `<path class="axis" d="M${round(x)} ${y - 12}v5"/>`
    const middle = Math.min(WIDTH - half, Math.max(half, x))
    if (middle - half < free) return [mark]
    free = middle + half
    return [mark, text(Number(round(middle)), y + 8, label, 'text-anchor="middle"')]
  })
}

const round = (value: number) => String(Number(value.toFixed(1)))

function text(x: number, y: number, content: string, attributes = ''): string {
  const more = attributes === '' ? '' : ` ${attributes}`
  return `<text x="${round(x)}" y="${round(y)}"${more}>${xml(content)}</text>`
}

/** Text as XML may hold it: control characters are written out, what is no character is replaced. */
export function xml(content: string): string {
  return escapeControl(content)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[\ufffe\uffff]/g, '\ufffd')
}
