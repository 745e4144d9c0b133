import { type Commit, readCommit, type Signature, writeCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import type { Id } from '../core/id.ts'
import { clampCommitter } from './clamp-committer.ts'
import type { Repository } from './repository.ts'
import { resolveCommit, resolveTree } from './resolve-revision.ts'

export interface CommitTreeOptions {
  /** A revision that leads to a tree. */
  readonly tree: string
  /** Revisions that lead to commits; one that is given twice counts once. */
  readonly parents?: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  /** Whether the committer's date was given on purpose: then it is never moved. */
  readonly exactDate?: boolean
  readonly message: string
  readonly now?: CommitDate
  readonly signal?: AbortSignal
}

export interface CommitTreeResult {
  readonly id: Id
  readonly commit: Commit
  /** The staged pack that holds the commit; undefined when it was there already. */
  readonly pack?: string
}

/**
 * Stores a commit. No ref moves: it is reachable once `updateRef` points one at it. The committer
 * date is moved up to the parents' where it is older, or `refused` where it is exact.
 */
export async function commitTree(
  repo: Repository,
  options: CommitTreeOptions,
): Promise<CommitTreeResult> {
  const { author, message, now, signal } = options
  const tree = await resolveTree(repo, options.tree, { now })
  const parents = new Set<Id>()
  for (const parent of options.parents ?? []) {
    parents.add(await resolveCommit(repo, parent, { now }))
  }
  const committer = await clampCommitter(repo.objects, [...parents], options)
  const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
  try {
    // Known without being stored; whoever reads the commit is to find it.
    const id = await writeCommit(batch, {
      tree,
      parents: [...parents],
      author,
      committer,
      message,
    })
    const commit = await readCommit(batch, id)
    const pack = await batch.publish()
    return { id, commit, ...(pack !== undefined && { pack }) }
  } finally {
    await batch.discard()
  }
}
