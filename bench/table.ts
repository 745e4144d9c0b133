import type { Target } from './suite.ts'

/** One line of results; figures that do not apply are absent. */
export interface Row {
  readonly what: string
  /** Which program, where several do the same: varve first, then its peers. */
  readonly who?: string
  readonly seconds?: number
  readonly cpuSeconds?: number
  readonly peakBytes?: number
  /** What it left on disk, as lengths of files. */
  readonly storedBytes?: number
  /** The same as blocks of the file system. */
  readonly blockBytes?: number
  /** Of a peer: what varve takes, as a share of what the peer takes. Below 1 varve takes less. */
  readonly share?: Share
}

export interface Share {
  readonly seconds?: number
  readonly cpuSeconds?: number
  readonly peakBytes?: number
  readonly storedBytes?: number
}

const columns: readonly [title: string, cell: (row: Row) => string][] = [
  ['', ({ who }) => who ?? ''],
  ['seconds', ({ seconds }) => significant(seconds)],
  ['CPU seconds', ({ cpuSeconds }) => significant(cpuSeconds)],
  ['peak MB', ({ peakBytes }) => number(peakBytes, 1e6, 0)],
  ['stored', ({ storedBytes }) => formatBytes(storedBytes)],
  ['in blocks', ({ blockBytes }) => formatBytes(blockBytes)],
  ['varve is', ({ share }) => inWords(share?.seconds, 'faster', 'slower')],
  ['in CPU time', ({ share }) => inWords(share?.cpuSeconds, 'faster', 'slower')],
  ['in memory', ({ share }) => inWords(share?.peakBytes, 'smaller', 'larger')],
  ['on disk', ({ share }) => inWords(share?.storedBytes, 'smaller', 'larger')],
]

/** Shares this near to 1 are no difference. */
const EQUAL = 1.05

function inWords(share: number | undefined, less: string, more: string): string {
  if (share === undefined) return ''
  const [factor, word] = share < 1 ? [1 / share, less] : [share, more]
  if (factor < EQUAL) return 'equal'
  return `${factor >= 10 ? factor.toFixed(0) : factor.toFixed(1)}× ${word}`
}

function number(value: number | undefined, unit: number, decimals: number): string {
  return value === undefined ? '' : (value / unit).toFixed(decimals)
}

function significant(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  if (seconds >= 100) return seconds.toFixed(0)
  return seconds.toFixed(seconds >= 10 ? 1 : seconds >= 0.1 ? 2 : seconds >= 0.01 ? 3 : 4)
}

/** Bytes in the largest unit that leaves a whole number of it. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return ''
  if (Math.abs(bytes) >= 1e6) return `${(bytes / 1e6).toFixed(2)} MB`
  if (Math.abs(bytes) >= 1e4) return `${(bytes / 1e3).toFixed(1)} kB`
  return `${bytes.toFixed(0)} B`
}

/** Results as a table in Markdown: of what is done, then who does it; columns without a figure are left out. */
export function formatTable(title: string, rows: readonly Row[]): string {
  const isAlone = rows.every(({ who }) => who === rows[0]!.who)
  const used = columns.filter(([name, cell]) => {
    return rows.some((row) => cell(row) !== '') && !(name === '' && isAlone)
  })
  const what = (row: Row, at: number): string =>
    row.who !== undefined && at > 0 && rows[at - 1]!.what === row.what ? '' : row.what
  return formatCells([
    [title, ...used.map(([name]) => name)],
    ...rows.map((row, at) => [what(row, at), ...used.map(([, cell]) => cell(row))]),
  ])
}

/** Targets as a table in Markdown. */
export function formatTargets(targets: readonly Target[]): string {
  const figure = (value: number, unit: Target['unit']): string => {
    if (unit === 'bytes') return formatBytes(value)
    return unit === 'seconds' ? `${significant(value)} s` : `×${value.toPrecision(3)}`
  }
  return formatCells([
    ['target', 'at most', 'reached', 'in CPU time', ''],
    ...targets.map(({ what, most, reached, reachedCpu, unit }) => [
      what,
      figure(most, unit),
      figure(reached, unit),
      reachedCpu === undefined ? '' : figure(reachedCpu, unit),
      reached <= most ? 'yes' : 'NO',
    ]),
  ])
}

/** Lines of cells, the first of them the titles, as a table in Markdown; those without a title are text, too. */
export function formatCells(cells: readonly (readonly string[])[]): string {
  const isText = cells[0]!.map((title, i) => i === 0 || title === '')
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)))
  const line = (texts: readonly string[]) =>
    `| ${texts.map((text, i) => (isText[i] ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (isText[i] ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(cells[0]!), rule, ...cells.slice(1).map(line), ''].join('\n')
}
