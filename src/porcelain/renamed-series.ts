import type { ObjectReader } from '../core/objects.ts'
import type { TreeChange } from '../core/tree.ts'
import { findRenames } from '../core/tree-renames.ts'

/** What differs at a path, with what it was called before, where it was renamed. */
export interface SeriesChange extends TreeChange {
  readonly from?: string
}

/**
 * Changes with series that went at one path and came at another as one, at the path where they are now.
 * Holds all changes, which only name series.
 */
export async function* withRenames(
  reader: ObjectReader,
  changes: AsyncIterable<TreeChange>,
): AsyncGenerator<SeriesChange> {
  const all: TreeChange[] = []
  for await (const change of changes) all.push(change)
  const { from, to } = await findRenames(reader, all)
  const before = new Map(all.map((change) => [change.path, change]))
  for (const change of all) {
    const old = from.get(change.path)
    if (old !== undefined) yield { ...change, from: old, old: before.get(old)!.old }
    else if (!to.has(change.path)) yield change
  }
}
