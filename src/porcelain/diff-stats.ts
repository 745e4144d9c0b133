import { readSeries } from '../core/series.ts'
import { addCounts, type ChangeCounts, isChange, noChanges } from '../core/series-counts.ts'
import type { RowChange } from '../core/series-diff.ts'
import { matchSchemas } from '../core/series-match.ts'
import { type Cell, type ComparedColumn, changedCells, comparedColumns } from './changed-cells.ts'
import { comparedRows, comparedStat } from './compared-rows.ts'
import { type ConstantChange, constantChanges } from './constant-change.ts'
import type { FileDiff } from './diff.ts'
import { throwIfInterrupted } from './interruptible.ts'
import { isNarrowed, type Narrowing, narrowedTo, WantedColumns } from './narrow-diff.ts'
import { relativeChange } from './number-change.ts'
import type { Comparison } from './open-comparison.ts'
import { type SeriesStat, seriesStat } from './series-stat.ts'
import { changedSeries } from './tree-stat.ts'

/** The revision of a series that changed a number most, as part of what it was. */
export interface LargestRevision {
  readonly key: RowChange['key']
  readonly cell: Cell
}

export interface ComparedSeries extends SeriesStat {
  readonly largest?: LargestRevision
  /** Columns whose revisions are all one offset or factor. */
  readonly constant?: readonly ConstantChange[]
}

export type StatItem =
  | { readonly kind: 'stat'; readonly stat: ComparedSeries }
  | FileDiff
  | { readonly kind: 'total'; readonly series: number; readonly counts: ChangeCounts }

/** What differs between two states, in numbers: an item a series, then the total. */
export async function* diffStats(
  comparison: Comparison,
  options: Narrowing = {},
): AsyncGenerator<StatItem> {
  const { reader } = comparison
  const columns = new WantedColumns(options.columns)
  let counts: ChangeCounts = noChanges()
  let series = 0
  for await (const change of comparison.changes()) {
    throwIfInterrupted(options.signal)
    const { old, new: fresh } = changedSeries(change)
    const was = old === undefined ? undefined : await readSeries(reader, old)
    const is = fresh === undefined ? undefined : await readSeries(reader, fresh)
    const [before, after] = [was?.schema, is?.schema]
    if (!columns.hasAny(before, after)) continue
    const zone = await comparison.zoneOf(change.path)
    const narrowed = narrowedTo(after ?? before, options, zone)
    const schemaChanges =
      was && is && old !== fresh ? (await matchSchemas(reader, was, is)).changes : []
    const compared = comparedColumns(
      before,
      after,
      schemaChanges,
      options.columns,
      options.tolerance,
    )
    const counted = await comparedStat(reader, change, compared, narrowed)
    const found = await seriesStat(reader, change, zone, narrowed, counted)
    if (isNarrowed(options) && !isChange(found.stat)) continue
    series++
    counts = addCounts(counts, { ...found.stat, unchanged: 0 })
    const rows = () => comparedRows(reader, change, compared, narrowed)
    const isRevised = found.stat.revised > 0
    const largest = isRevised ? await largestRevision(rows(), compared) : undefined
    const constant = isRevised ? await constantChanges(rows(), compared) : []
    const more = { ...(largest && { largest }), ...(constant.length > 0 && { constant }) }
    yield { kind: 'stat', stat: { ...found, ...more } }
  }
  for (const file of comparison.files) yield { kind: 'file', file }
  columns.checkAll()
  yield { kind: 'total', series, counts }
}

async function largestRevision(
  batches: AsyncIterable<readonly RowChange[]>,
  columns: readonly ComparedColumn[],
): Promise<LargestRevision | undefined> {
  let largest: { change: RowChange; cell: Cell } | undefined
  let size = -1
  for await (const batch of batches) {
    for (const change of batch) {
      if (change.class !== 'revised') continue
      for (const cell of changedCells(columns, change)) {
        const by = cell.old && cell.new && relativeChange(cell.old, cell.new)
        if (by === undefined || by <= size) continue
        size = by
        largest = { change, cell }
      }
    }
  }
  return largest && { key: largest.change.key, cell: largest.cell }
}
