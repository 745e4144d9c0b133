import { readCommit } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { EMPTY_TREE, lookupPath, type TreeEntry } from '../core/tree.ts'
import type { WalkedCommit } from './walk-commits.ts'

/** Entries remembered at most: those of the commits looked at last. */
const REMEMBERED = 10_000

/**
 * A test for whether commits changed what stands at one of these paths (series, or collections with
 * all that is in them): as git, a merge did when it is unlike each of its parents. Reads a few
 * nodes a path; where a tree is one that was met before, as that of the next commit's parent, none.
 */
export function touchesPaths(
  reader: ObjectReader,
  paths: readonly string[],
): (walked: WalkedCommit) => Promise<boolean> {
  const found = new Map<string, Promise<string>>()
  const entryAt = (tree: Id, path: string): Promise<string> => {
    const key = `${tree} ${path}`
    let entry = found.get(key)
    if (entry === undefined) {
      if (found.size >= REMEMBERED) found.clear()
      entry = lookUp(tree, path)
      found.set(key, entry)
    }
    return entry
  }
  /** What stands at a path, as text to compare; '' where nothing does. */
  const lookUp = async (tree: Id, path: string): Promise<string> => {
    const slash = path.indexOf('/')
    const name = slash < 0 ? path : path.slice(0, slash)
    const entry = await lookupPath(reader, tree, name)
    const rest = slash < 0 ? '' : path.slice(slash + 1)
    if (slash >= 0 && entry?.kind !== 'tree') return ''
    return rest === '' ? describe(entry) : entryAt(entry!.id, rest)
  }
  const isSame = async (a: Id, b: Id): Promise<boolean> => {
    if (a === b) return true
    for (const path of paths)
      if ((await entryAt(a, path)) !== (await entryAt(b, path))) return false
    return true
  }
  return async ({ commit: { tree, parents } }) => {
    if (parents.length === 0) return !(await isSame(tree, EMPTY_TREE))
    for (const parent of parents) {
      if (await isSame(tree, (await readCommit(reader, parent)).tree)) return false
    }
    return true
  }
}

function describe(entry: TreeEntry | undefined): string {
  return entry === undefined ? '' : `${entry.kind} ${entry.id} ${entry.settings ?? ''}`
}
