import { readCommit, type Signature } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, shortId } from '../core/id.ts'
import { diffTrees } from '../core/tree.ts'
import { headState, moveRef } from '../plumbing/head.ts'
import {
  clearMergeState,
  type MergeAction,
  type MergeState,
  markMergeStopped,
} from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { hasMore } from './merge-conclude.ts'
import { mergeOf } from './merge-conflicts.ts'
import { discardedIndex, indexToReplace } from './move-head.ts'
import { planWithHint } from './plan-with-hint.ts'
import { applyShow, type FilesMoved, type FilesOptions } from './show-tree.ts'

export interface AbortMergeOptions extends FilesOptions {
  /** What is to be taken back; `merge` unless given. */
  readonly action?: MergeAction | undefined
  readonly who: Signature
}

export interface AbortMergeResult {
  readonly action: MergeAction
  /** What was being merged, picked or reverted. */
  readonly shown: string
  /** Where HEAD is. */
  readonly id: Id
  readonly files: FilesMoved
  /** What was staged since it began, and is dropped with it: series, and collections by their settings. */
  readonly dropped: readonly string[]
}

/** How the ref log says of a merge, or another action like it, that it was taken back. */
export const ABORTED = /^(merge|cherry-pick|revert) --abort: (.*)$/

const DROPPED_OR_KEPT =
  'varve restore FILE drops them; varve add FILE, and varve undo after it is taken back, bring both back'

/**
 * Takes back a merge that is not concluded, or all of the commits that are being picked or reverted: HEAD, index
 * and files are as before, and what was staged since is dropped, until it is undone. `refused` where none is going on,
 * where files that were changed by hand since would be lost, and where HEAD has moved on its own.
 */
export async function abortMerge(
  repo: Repository,
  options: AbortMergeOptions,
): Promise<AbortMergeResult> {
  const state = await mergeOf(repo, options.action ?? 'merge')
  return dropMerge(repo, state, await startOf(repo, state), '--abort', options)
}

/**
 * Takes back what is going on, and puts HEAD, index and files at a commit. With `--skip` it is still noted where others
 * come after it.
 */
export async function dropMerge(
  repo: Repository,
  merge: MergeState,
  id: Id,
  how: '--abort' | '--skip',
  options: FilesOptions & { readonly who: Signature },
): Promise<AbortMergeResult> {
  const { who } = options
  const { action, shown, tree: merged } = merge
  const { tree } = await readCommit(repo.objects, id)
  const head = (await headState(repo)).id
  const state = await indexToReplace(repo)
  const discarded = await discardedIndex(repo, state)
  const plan = await planWithHint(DROPPED_OR_KEPT, repo, state.files, tree, options)
  const dropped: string[] = []
  for await (const { path } of diffTrees(repo.objects, merged, state.tree)) dropped.push(path)
  await markMergeStopped(repo)
  const message = `${action} ${how}: ${shown}`
  const files = await applyShow(repo, state.files, plan, {
    ...options,
    publish: () =>
      head === id
        ? repo.refs.append({ updates: [], who, message, ...discarded })
        : moveRef(repo, { ref: 'HEAD', old: head, new: id, who, message, ...discarded }),
    content: { tree, base: id, packs: [] },
  })
  // Those that come after the one that is left out are told by the state until it says where they begin.
  if (how === '--abort' || !hasMore(merge)) await clearMergeState(repo)
  return { action, shown, id, files, dropped }
}

/** Where HEAD was before what is going on began. */
async function startOf(repo: Repository, state: MergeState): Promise<Id> {
  const head = (await headState(repo)).id
  const { ours, sequence, concludedBy } = state
  if (sequence === undefined) return head ?? ours
  const { start, from, reached } = sequence
  if (head === undefined || [start, from, ours, concludedBy, reached].includes(head)) return start
  throw new VarveError('refused', `HEAD has moved on since ${state.shown}: nothing is taken back`, {
    data: { head, expected: concludedBy ?? ours },
    hint: `varve ${state.action} --quit forgets it; varve reset --hard ${shortId(start)} goes back to where it began`,
  })
}
