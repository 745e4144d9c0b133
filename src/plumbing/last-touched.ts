import { type Commit, readCommit } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import { diffTrees, lookupPath } from '../core/tree.ts'
import type { Repository } from './repository.ts'

export interface TouchedBy {
  readonly id: Id
  readonly commit: Commit
}

/**
 * For each series, the last commit along first parents that made it what it is at `tip`. One that
 * is not the same at `tip` (its path and series are given) is left out. Costs what those commits
 * changed, and ends as soon as every series is accounted for.
 */
export async function lastTouched(
  repo: Repository,
  tip: Id,
  series: ReadonlyMap<string, Id>,
): Promise<Map<string, TouchedBy>> {
  const found = new Map<string, TouchedBy>()
  const pending = new Set<string>()
  const { shallow } = await repo.refs.state()
  let id: Id | undefined = tip
  let commit = await readCommit(repo.objects, tip)
  for (const [path, expected] of series) {
    if ((await lookupPath(repo.objects, commit.tree, path))?.id === expected) pending.add(path)
  }
  while (id !== undefined && pending.size > 0) {
    const parentId: Id | undefined = shallow.has(id) ? undefined : commit.parents[0]
    const parent = parentId === undefined ? undefined : await readCommit(repo.objects, parentId)
    for await (const change of diffTrees(repo.objects, parent?.tree, commit.tree)) {
      if (change.old?.id === change.new?.id || !pending.delete(change.path)) continue
      found.set(change.path, { id, commit })
    }
    id = parentId
    if (parent !== undefined) commit = parent
  }
  return found
}
