import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { diffTrees, lookupPath } from '../core/tree.ts'
import { pairMoved } from '../core/tree-renames.ts'

/** A series under a name, in one tree. */
export interface NamedSeries {
  readonly path: string
  readonly series: Id
}

/**
 * What a series was in an earlier tree: what stands under its name, or where nothing does, what went from
 * there with the same rows under another name (a move). Undefined where it was not there, or where what is
 * the same went from or came to several names, none of which ends as another.
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
  const gone: string[] = []
  const came: string[] = []
  for await (const { path: other, old, new: fresh } of diffTrees(reader, earlier, tree)) {
    if (fresh === undefined && old?.kind === 'series' && old.id === series) gone.push(other)
    const isNew = fresh?.kind === 'series' && old?.kind !== 'series'
    if (isNew && fresh.id === series) came.push(other)
  }
  const pair = pairMoved(gone, came).find(([, fresh]) => fresh === path)
  return pair && { path: pair[0], series }
}
