import { readCommit, type Signature } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import { headState } from '../plumbing/head.ts'
import { clearMergeState, markMergeStopped } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { currentMerge } from './merge-conflicts.ts'
import { discardedIndex, indexToReplace } from './move-head.ts'
import { applyShow, type FilesMoved, type FilesOptions, planShow } from './show-tree.ts'

export interface AbortMergeOptions extends FilesOptions {
  readonly who: Signature
}

export interface AbortMergeResult {
  /** What was being merged. */
  readonly shown: string
  readonly id: Id
  readonly files: FilesMoved
}

/**
 * Takes back a merge that is not concluded: index and files are those of HEAD again. `refused` where
 * none is going on, and where files that were changed by hand since would be lost.
 */
export async function abortMerge(
  repo: Repository,
  options: AbortMergeOptions,
): Promise<AbortMergeResult> {
  const { shown, ours } = await currentMerge(repo)
  const id = (await headState(repo)).id ?? ours
  const { tree } = await readCommit(repo.objects, id)
  const state = await indexToReplace(repo)
  const discarded = await discardedIndex(repo, state)
  const plan = await planShow(repo, state.files, tree, options)
  const { who } = options
  await markMergeStopped(repo)
  const files = await applyShow(repo, state.files, plan, {
    ...options,
    publish: () =>
      repo.refs.append({ updates: [], who, message: `merge --abort: ${shown}`, ...discarded }),
    content: { tree, base: id, packs: [] },
  })
  await clearMergeState(repo)
  return { shown, id, files }
}
