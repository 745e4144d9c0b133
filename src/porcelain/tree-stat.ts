import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { type DiffStat, diffStat } from '../core/series-diff.ts'
import { diffTrees } from '../core/tree.ts'

/** How one series, or the settings of a collection, differ between two trees. */
export interface PathStat {
  readonly path: string
  readonly kind: 'series' | 'collection'
  readonly state: 'new' | 'changed' | 'deleted'
  /** Whether its settings differ, alone or with its rows. */
  readonly settings: boolean
  /** The rows, by class; all zero for a collection. */
  readonly stat: DiffStat
}

const NO_ROWS: DiffStat = { appended: 0, backfilled: 0, revised: 0, deleted: 0, schemaChanges: [] }

/**
 * What differs between two trees (undefined: the empty one), series by series in the order of
 * their paths, in numbers. What is equal is not read.
 *
 * @param prefix only paths that begin with it
 */
export async function* treeStat(
  reader: ObjectReader,
  old: Id | undefined,
  fresh: Id | undefined,
  prefix = '',
): AsyncGenerator<PathStat> {
  for await (const change of diffTrees(reader, old, fresh, prefix)) {
    const { path } = change
    const before = change.old?.kind === 'series' ? change.old.id : undefined
    const after = change.new?.kind === 'series' ? change.new.id : undefined
    const isSeries = before !== undefined || after !== undefined
    yield {
      path,
      kind: isSeries ? 'series' : 'collection',
      state: change.old === undefined ? 'new' : change.new === undefined ? 'deleted' : 'changed',
      settings: change.old?.settings !== change.new?.settings,
      stat: isSeries ? await diffStat(reader, before, after) : NO_ROWS,
    }
  }
}
