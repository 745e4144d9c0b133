import type { Style } from '../../cli/style.ts'
import { type ChangeCounts, formatCounts } from '../../core/series-counts.ts'
import { formatKey } from '../../plumbing/key-text.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import { schemaChangeText } from '../change-summary.ts'
import { type ConstantChange, constantText } from '../constant-change.ts'
import type { LargestRevision } from '../diff-stats.ts'
import type { SeriesStat } from '../series-stat.ts'
import { cellText } from '../value-text.ts'

/** How wide the columns of the lines below are. */
export interface StatWidths {
  readonly path: number
  readonly counts: number
  readonly bar: number
}

const MOST = 40

/** Widths in which the lines of some series are in line. */
export function statWidths(stats: readonly SeriesStat[]): StatWidths {
  const widest = (texts: string[]) => Math.min(MOST, Math.max(0, ...texts.map((t) => t.length)))
  return {
    path: widest(stats.map(pathText)),
    counts: widest(stats.map(countsText)),
    bar: widest(stats.map((stat) => bars(stat).join(''))),
  }
}

/**
 * ` brent-daily | +3 ~1 -0  2026-08-12…2026-08-17`, then what else there is to say; on a terminal with a bar
 * behind the counts.
 */
export function statLine(
  stat: SeriesStat & {
    readonly largest?: LargestRevision
    readonly constant?: readonly ConstantChange[]
  },
  { path, counts, bar }: StatWidths,
  style: Style,
): string {
  const { schema, largest, zone } = stat
  const { firstKey, lastKey, schemaChanges } = stat.stat
  const shown = countsText(stat).padEnd(counts)
  const more: string[] = style.terminal && bar > 0 ? [barText(stat, bar, style)] : []
  if (schema !== undefined && firstKey !== undefined && lastKey !== undefined) {
    const first = formatKey(schema, firstKey, zone)
    const last = formatKey(schema, lastKey, zone)
    more.push(first === last ? first : `${first}…${last}`)
  }
  const { constant = [] } = stat
  for (const one of constant) more.push(`${one.column}: ${constantText(one)}`)
  if (largest !== undefined && constant.length === 0)
    more.push(cellText(largest.cell.name, largest.cell, MOST))
  const notes = schemaChanges.map(schemaChangeText)
  if (stat.settings) notes.push('settings')
  if (notes.length > 0) more.push(`[${notes.join('; ')}]`)
  return ` ${pathText(stat).padEnd(path)} | ${colourCounts(stat, shown, style)}  ${more.join('  ')}`.trimEnd()
}

/** ` 3 series changed, +12 ~1 -0`. */
export function totalLine(series: number, counts: Omit<ChangeCounts, 'unchanged'>): string {
  return ` ${series.toLocaleString('en-US')} series changed, ${formatCounts(counts)}`
}

function pathText({ path, kind, from }: SeriesStat): string {
  const name = readablePath(kind === 'collection' ? `${path}/` : path)
  return from === undefined ? name : `${readablePath(from)} → ${name}`
}

function countsText({ state, kind, stat }: SeriesStat): string {
  if (kind === 'collection') return state === 'changed' ? '' : state
  return state === 'changed' ? formatCounts(stat) : `${state} ${formatCounts(stat)}`
}

/** What happened to rows, at a glance: a mark for any, and one more for each ten times as many. */
function bars({ stat }: SeriesStat): [added: string, revised: string, deleted: string] {
  const marks = (mark: string, rows: number) =>
    rows === 0 ? '' : mark.repeat(1 + Math.floor(Math.log10(rows)))
  return [
    marks('+', stat.appended + stat.backfilled),
    marks('~', stat.revised),
    marks('-', stat.deleted),
  ]
}

function barText(stat: SeriesStat, width: number, style: Style): string {
  const [added, revised, deleted] = bars(stat)
  const space = ' '.repeat(Math.max(0, width - added.length - revised.length - deleted.length))
  return `${style.green(added)}${style.yellow(revised)}${style.red(deleted)}${space}`
}

function colourCounts({ state, stat }: SeriesStat, text: string, style: Style): string {
  if (state === 'deleted' || stat.deleted > 0) return style.red(text)
  if (stat.revised > 0) return style.yellow(text)
  return style.green(text)
}
