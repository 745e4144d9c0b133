import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { addCounts, noChanges } from '../core/series-counts.ts'
import { type DiffOptions, type DiffStat, diffStat } from '../core/series-diff.ts'
import { diffTrees, type TreeChange } from '../core/tree.ts'
import type { RowCounts } from './change-summary.ts'
import { type SeriesChange, withRenames } from './renamed-series.ts'

/** How one series, or the settings of a collection, differ between two trees. */
export interface PathStat {
  readonly path: string
  readonly kind: 'series' | 'collection'
  readonly state: 'new' | 'changed' | 'deleted'
  /** What it was called before, where it was renamed: its state is `changed`. */
  readonly from?: string
  /** Whether its settings differ, alone or with its rows. */
  readonly settings: boolean
  /** The rows, by class; all zero for a collection. */
  readonly stat: DiffStat
}

const NO_ROWS: DiffStat = { appended: 0, backfilled: 0, revised: 0, deleted: 0, schemaChanges: [] }

/**
 * What differs between two trees (undefined: the empty one), series by series in the order of
 * their paths, in numbers. What is equal is not read; a series that was renamed is one difference.
 *
 * @param prefix only paths that begin with it
 */
export async function* treeStat(
  reader: ObjectReader,
  old: Id | undefined,
  fresh: Id | undefined,
  prefix = '',
): AsyncGenerator<PathStat> {
  for await (const change of withRenames(reader, diffTrees(reader, old, fresh, prefix))) {
    yield pathStat(reader, change)
  }
}

/** One difference between two trees, in numbers. */
export async function pathStat(
  reader: ObjectReader,
  change: SeriesChange,
  options: DiffOptions = {},
): Promise<PathStat> {
  const { old, new: fresh } = changedSeries(change)
  const isSeries = old !== undefined || fresh !== undefined
  return {
    path: change.path,
    kind: isSeries ? 'series' : 'collection',
    state: change.old === undefined ? 'new' : change.new === undefined ? 'deleted' : 'changed',
    ...(change.from !== undefined && { from: change.from }),
    settings: change.old?.settings !== change.new?.settings,
    stat: isSeries ? await diffStat(reader, old, fresh, options) : NO_ROWS,
  }
}

/** The series on either side of a change; undefined where there is none, or a collection. */
export function changedSeries(change: TreeChange): { old: Id | undefined; new: Id | undefined } {
  const series = (entry: TreeChange['old']) => (entry?.kind === 'series' ? entry.id : undefined)
  return { old: series(change.old), new: series(change.new) }
}

/** The rows of all of them together. */
export function sumCounts(changes: readonly { readonly stat: RowCounts }[]): RowCounts {
  const { unchanged: _, ...counts } = changes.reduce(
    (sum, { stat }) => addCounts(sum, { ...stat, unchanged: 0 }),
    noChanges(),
  )
  return counts
}
