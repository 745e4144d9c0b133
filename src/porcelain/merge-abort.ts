import { readCommit, type Signature } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import { diffTrees } from '../core/tree.ts'
import { headState } from '../plumbing/head.ts'
import { clearMergeState, markMergeStopped } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { currentMerge } from './merge-conflicts.ts'
import { discardedIndex, indexToReplace } from './move-head.ts'
import { planWithHint } from './plan-with-hint.ts'
import { applyShow, type FilesMoved, type FilesOptions } from './show-tree.ts'

export interface AbortMergeOptions extends FilesOptions {
  readonly who: Signature
}

export interface AbortMergeResult {
  /** What was being merged. */
  readonly shown: string
  readonly id: Id
  readonly files: FilesMoved
  /** What was staged since the merge began, and is dropped with it: series, and collections by their settings. */
  readonly dropped: readonly string[]
}

/** How the ref log begins what it says of a merge that was taken back. */
export const ABORTED = 'merge --abort: '

const DROPPED_OR_KEPT =
  'varve restore FILE drops them; varve add FILE, and varve undo after the merge is taken back, bring both back'

/**
 * Takes back a merge that is not concluded: index and files are those of HEAD again, and what was staged
 * since is dropped, until it is undone. `refused` where none is going on, and where files that were
 * changed by hand since would be lost.
 */
export async function abortMerge(
  repo: Repository,
  options: AbortMergeOptions,
): Promise<AbortMergeResult> {
  const { shown, ours, tree: merged } = await currentMerge(repo)
  const id = (await headState(repo)).id ?? ours
  const { tree } = await readCommit(repo.objects, id)
  const state = await indexToReplace(repo)
  const discarded = await discardedIndex(repo, state)
  const plan = await planWithHint(DROPPED_OR_KEPT, repo, state.files, tree, options)
  const dropped: string[] = []
  for await (const { path } of diffTrees(repo.objects, merged, state.tree)) dropped.push(path)
  const { who } = options
  await markMergeStopped(repo)
  const files = await applyShow(repo, state.files, plan, {
    ...options,
    publish: () =>
      repo.refs.append({ updates: [], who, message: `${ABORTED}${shown}`, ...discarded }),
    content: { tree, base: id, packs: [] },
  })
  await clearMergeState(repo)
  return { shown, id, files, dropped }
}
