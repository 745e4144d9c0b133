import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { diffTrees, lookupPath } from '../core/tree.ts'

/** A series under a name, in one tree. */
export interface NamedSeries {
  readonly path: string
  readonly series: Id
}

/**
 * What a series was in an earlier tree: what stands under its name, or where nothing does, what went from
 * there with the same rows under another name (a move). Undefined where it was not there.
 */
export async function earlierSeries(
  reader: ObjectReader,
  earlier: Id,
  tree: Id,
  { path, series }: NamedSeries,
): Promise<NamedSeries | undefined> {
  if (earlier === tree) return { path, series }
  const entry = await lookupPath(reader, earlier, path)
  if (entry?.kind === 'series') return { path, series: entry.id }
  for await (const { path: other, old, new: fresh } of diffTrees(reader, earlier, tree)) {
    if (fresh === undefined && old?.kind === 'series' && old.id === series) {
      return { path: other, series }
    }
  }
  return undefined
}
