import type { ObjectReader } from '../core/objects.ts'
import type { Schema } from '../core/schema.ts'
import { readSeries } from '../core/series.ts'
import { isChange } from '../core/series-counts.ts'
import type { RowChange } from '../core/series-diff.ts'
import { matchSchemas, type SchemaChange } from '../core/series-match.ts'
import { readSettings, type Settings } from '../core/settings.ts'
import type { TreeChange } from '../core/tree.ts'
import type { Zone } from '../core/zone.ts'
import { type ComparedColumn, comparedColumns } from './changed-cells.ts'
import { comparedRows, comparedStat } from './compared-rows.ts'
import { type ConstantChange, constantChanges } from './constant-change.ts'
import { throwIfInterrupted } from './interruptible.ts'
import { isNarrowed, type Narrowing, narrowedTo, WantedColumns } from './narrow-diff.ts'
import type { Comparison } from './open-comparison.ts'
import type { PendingFile } from './pending-files.ts'
import type { SeriesChange } from './renamed-series.ts'
import { changedSeries, type PathStat } from './tree-stat.ts'

export interface DiffRowsOptions extends Narrowing {
  /** Give the rows of so many series, of the others only how many there are; all unless given. */
  readonly seriesWithRows?: number | undefined
  /** Give so many rows of a series, of the others only how many there are; all unless given. */
  readonly rowsOfSeries?: number | undefined
  /** Whether each series comes with how many rows differ, which takes a look at them before. */
  readonly counted?: boolean | undefined
}

/** A series that differs, or a collection whose settings do. */
export interface SeriesDiff {
  readonly kind: 'series'
  readonly path: string
  readonly of: 'series' | 'collection'
  readonly state: PathStat['state'] | 'renamed'
  readonly old: Schema | undefined
  readonly new: Schema | undefined
  readonly schemaChanges: readonly SchemaChange[]
  /** Present where they differ. */
  readonly settings?: { readonly old: Settings | undefined; readonly new: Settings | undefined }
  /** The value columns compared, side by side. */
  readonly columns: readonly ComparedColumn[]
  readonly stat?: PathStat['stat']
  /** Columns whose revisions are all one offset or factor; looked for where rows are counted. */
  readonly constant?: readonly ConstantChange[]
  /** What it was called before, where it was renamed. */
  readonly from?: string | undefined
  /** The zone that its keys are shown in; UTC unless given. */
  readonly zone?: Zone | undefined
}

/** Rows of the series before it that differ, in key order. */
export interface RowsDiff {
  readonly kind: 'rows'
  readonly series: SeriesDiff
  readonly rows: readonly RowChange[]
}

/** Rows of the series before it that differ and are not given. */
export interface MoreRows {
  readonly kind: 'more'
  readonly series: SeriesDiff
  readonly rows: number
}

export interface FileDiff {
  readonly kind: 'file'
  readonly file: PendingFile
}

/** Series, the last ones, of which no rows are given. */
export interface MoreSeries {
  readonly kind: 'more-series'
  readonly series: number
}

export type DiffItem = SeriesDiff | RowsDiff | MoreRows | MoreSeries | FileDiff

/**
 * What differs between two states, row by row, streamed: a series, then its rows. Costs what
 * changed: equal subtrees and segments are not read.
 *
 * `column-not-found` where no series that differs has a column of that name; errors of bounds as
 * `boundsFor`.
 */
export async function* diffRows(
  comparison: Comparison,
  options: DiffRowsOptions = {},
): AsyncGenerator<DiffItem> {
  const { seriesWithRows = Infinity, rowsOfSeries = Infinity } = options
  const columns = new WantedColumns(options.columns)
  let series = 0
  for await (const change of comparison.changes()) {
    throwIfInterrupted(options.signal)
    const limit = series < seriesWithRows ? rowsOfSeries : 0
    let isGiven = false
    for await (const item of diffOne(comparison, change, options, columns, limit)) {
      throwIfInterrupted(options.signal)
      isGiven = true
      yield item
    }
    if (isGiven) series++
  }
  if (series > seriesWithRows) yield { kind: 'more-series', series: series - seriesWithRows }
  for (const file of comparison.files) yield { kind: 'file', file }
  columns.checkAll()
}

async function* diffOne(
  { reader, zoneOf }: Comparison,
  change: SeriesChange,
  options: DiffRowsOptions,
  columns: WantedColumns,
  limit: number,
): AsyncGenerator<SeriesDiff | RowsDiff | MoreRows> {
  const { old, new: fresh } = changedSeries(change)
  const before = old === undefined ? undefined : await readSeries(reader, old)
  const after = fresh === undefined ? undefined : await readSeries(reader, fresh)
  const schemas = { old: before?.schema, new: after?.schema }
  if (!columns.hasAny(schemas.old, schemas.new)) return
  const zone = await zoneOf(change.path)
  const narrowed = narrowedTo(schemas.new ?? schemas.old, options, zone)
  const schemaChanges =
    before && after && old !== fresh ? (await matchSchemas(reader, before, after)).changes : []
  const { tolerance } = options
  const compared = comparedColumns(
    schemas.old,
    schemas.new,
    schemaChanges,
    options.columns,
    tolerance,
  )
  const rowsOf = () => comparedRows(reader, change, compared, narrowed)
  const counted = options.counted
    ? await comparedStat(reader, change, compared, narrowed)
    : undefined
  const constant =
    counted !== undefined && counted.stat.revised > 0
      ? await constantChanges(rowsOf(), compared)
      : []
  const series: SeriesDiff = {
    kind: 'series',
    path: change.path,
    of: before === undefined && after === undefined ? 'collection' : 'series',
    state: stateOf(change),
    ...(change.from !== undefined && { from: change.from }),
    ...schemas,
    ...(zone && { zone }),
    schemaChanges,
    ...(await settingsOf(reader, change)),
    columns: compared,
    ...(counted && { stat: counted.stat }),
    ...(constant.length > 0 && { constant }),
  }
  // Where only some rows or columns are asked for, only those are a difference.
  let isGiven = !isNarrowed(options)
  if (isGiven || (counted !== undefined && isChange(counted.stat))) {
    isGiven = true
    yield series
  }
  if (old === fresh || (counted !== undefined && !isChange(counted.stat))) return
  const total = counted && rowsIn(counted.stat)
  let left = limit
  if (left > 0) {
    for await (const batch of rowsOf()) {
      if (!isGiven) yield series
      isGiven = true
      const rows = batch.length > left ? batch.slice(0, left) : batch
      yield { kind: 'rows', series, rows }
      left -= rows.length
      if (left <= 0) break
    }
  }
  if (total !== undefined && limit > 0 && total > limit)
    yield { kind: 'more', series, rows: total - limit }
}

function stateOf({ old, new: fresh, from }: SeriesChange): SeriesDiff['state'] {
  if (from !== undefined) return 'renamed'
  return old === undefined ? 'new' : fresh === undefined ? 'deleted' : 'changed'
}

async function settingsOf(
  reader: ObjectReader,
  { old, new: fresh }: TreeChange,
): Promise<Pick<SeriesDiff, 'settings'>> {
  if (old?.settings === fresh?.settings) return {}
  const read = (entry: TreeChange['old']) =>
    entry?.settings === undefined ? undefined : readSettings(reader, entry.settings)
  return { settings: { old: await read(old), new: await read(fresh) } }
}

export function rowsIn(stat: PathStat['stat']): number {
  return stat.appended + stat.backfilled + stat.revised + stat.deleted
}
