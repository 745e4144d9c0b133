import { readCommit } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { EMPTY_TREE, lookupPath } from '../core/tree.ts'
import type { WalkedCommit } from './walk-commits.ts'

/**
 * Whether a commit changed what stands at one of these paths (series, or collections with all that
 * is in them): as git, a merge did when it is unlike each of its parents. Reads a few nodes a path.
 */
export async function touchesPaths(
  reader: ObjectReader,
  { commit }: WalkedCommit,
  paths: readonly string[],
): Promise<boolean> {
  const own = await entriesAt(reader, commit.tree, paths)
  if (commit.parents.length === 0) return own !== (await entriesAt(reader, EMPTY_TREE, paths))
  for (const parent of commit.parents) {
    const { tree } = await readCommit(reader, parent)
    if (tree === commit.tree || (await entriesAt(reader, tree, paths)) === own) return false
  }
  return true
}

/** What stands at the paths, as text to compare. */
async function entriesAt(
  reader: ObjectReader,
  tree: Id,
  paths: readonly string[],
): Promise<string> {
  const entries: string[] = []
  for (const path of paths) {
    const entry = await lookupPath(reader, tree, path)
    entries.push(entry === undefined ? '' : `${entry.kind} ${entry.id} ${entry.settings ?? ''}`)
  }
  return entries.join('\n')
}
