import type { ObjectReader } from '../core/objects.ts'
import {
  type DiffOptions,
  type DiffStat,
  diffSeriesBatches,
  type RowChange,
} from '../core/series-diff.ts'
import { type ComparedColumn, changedCells } from './changed-cells.ts'
import type { SeriesChange } from './renamed-series.ts'
import { changedSeries, type PathStat, pathStat } from './tree-stat.ts'

/** The rows of a series that differ, without those that differ by no more than a tolerance. */
export async function* comparedRows(
  reader: ObjectReader,
  change: SeriesChange,
  columns: readonly ComparedColumn[],
  options: DiffOptions,
): AsyncGenerator<readonly RowChange[]> {
  const { old, new: fresh } = changedSeries(change)
  const batches = diffSeriesBatches(reader, old, fresh, options)
  if (!isTolerant(columns)) {
    yield* batches
    return
  }
  for await (const batch of batches) {
    const rows = batch.filter(
      (row) => row.class !== 'revised' || changedCells(columns, row).length > 0,
    )
    if (rows.length > 0) yield rows
  }
}

/** As `pathStat`, of {@link comparedRows}. */
export async function comparedStat(
  reader: ObjectReader,
  change: SeriesChange,
  columns: readonly ComparedColumn[],
  options: DiffOptions,
): Promise<PathStat> {
  const found = await pathStat(reader, change, options)
  if (!isTolerant(columns) || found.stat.revised === 0) return found
  const counts = { appended: 0, backfilled: 0, revised: 0, deleted: 0 }
  let ends: Pick<DiffStat, 'firstKey' | 'lastKey'> = {}
  for await (const rows of comparedRows(reader, change, columns, options)) {
    for (const row of rows) {
      counts[row.class]++
      ends = { firstKey: ends.firstKey ?? row.key, lastKey: row.key }
    }
  }
  return { ...found, stat: { ...counts, ...ends, schemaChanges: found.stat.schemaChanges } }
}

function isTolerant(columns: readonly ComparedColumn[]): boolean {
  return columns.some(({ tolerance }) => tolerance !== undefined)
}
