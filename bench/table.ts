/** One line of results; figures that do not apply are absent. */
export interface Row {
  readonly what: string
  readonly seconds?: number
  readonly cpuSeconds?: number
  readonly peakBytes?: number
  /** What it left on disk. */
  readonly storedBytes?: number
}

const columns: readonly [title: string, cell: (row: Row) => string][] = [
  ['seconds', ({ seconds }) => number(seconds, 1, 3)],
  ['CPU seconds', ({ cpuSeconds }) => number(cpuSeconds, 1, 2)],
  ['peak MB', ({ peakBytes }) => number(peakBytes, 1e6, 0)],
  ['stored MB', ({ storedBytes }) => number(storedBytes, 1e6, 2)],
]

function number(value: number | undefined, unit: number, decimals: number): string {
  return value === undefined ? '' : (value / unit).toFixed(decimals)
}

/** Results as a table in Markdown. */
export function formatTable(title: string, rows: readonly Row[]): string {
  return formatCells([
    [title, ...columns.map(([name]) => name)],
    ...rows.map((row) => [row.what, ...columns.map(([, cell]) => cell(row))]),
  ])
}

/** Lines of cells, the first of them the titles, as a table in Markdown. */
export function formatCells(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)))
  const line = (texts: readonly string[]) =>
    `| ${texts.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(cells[0]!), rule, ...cells.slice(1).map(line), ''].join('\n')
}
