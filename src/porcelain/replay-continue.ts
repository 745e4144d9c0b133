import { VarveError } from '../core/errors.ts'
import { headState } from '../plumbing/head.ts'
import { clearMergeState, type MergeState, writeMergeState } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type CommitOptions, type CommitResult, commit } from './commit.ts'
import { type AbortMergeResult, dropMerge } from './merge-abort.ts'
import { hasMore, isConcluded } from './merge-conclude.ts'
import { interruptedMerge, mergeOf } from './merge-conflicts.ts'
import { type ReplayAction, type ReplayOptions, type ReplayResult, replayOn } from './replay.ts'
import { conflictCount } from './three-way.ts'

export interface ContinueOptions
  extends Pick<CommitOptions, 'message' | 'edit' | 'exactDate' | 'committer' | 'hook'>,
    Omit<ReplayOptions, 'commits' | 'edit' | 'message' | 'mainline' | 'strategy' | 'noCommit'> {}

export interface ContinueResult {
  /** The commit of the one that was settled; absent where it was made before, or only staged. */
  readonly concluded?: CommitResult
  /** What it ended with is staged. */
  readonly staged: boolean
  /** The one that was left out. */
  readonly skipped?: AbortMergeResult
  /** What came after it. */
  readonly rest?: ReplayResult
}

/** Concludes the pick or revert that is going on, whose conflicts are settled, and goes on with those after it. */
export async function continueReplay(
  repo: Repository,
  options: ContinueOptions,
): Promise<ContinueResult> {
  const state = await mergeOf(repo, options.action)
  if (await isConcluded(repo, state)) {
    return { staged: false, ...(await goOn(repo, state, options)) }
  }
  if (state.noCommit) return endStaged(repo, state)
  const { message, edit, committer, author, exactDate, signal, hook, check } = options
  const concluded = await commit(repo, {
    message,
    edit,
    committer,
    exactDate,
    hook,
    check,
    signal,
    ...(options.action === 'revert' && { author }),
  })
  return { concluded, staged: false, ...(await goOn(repo, state, options)) }
}

/** Leaves out the commit that is being picked or reverted, and goes on with those after it. */
export async function skipReplay(
  repo: Repository,
  options: ContinueOptions,
): Promise<ContinueResult> {
  const state = await mergeOf(repo, options.action)
  if (await isConcluded(repo, state)) {
    const { sequence } = state
    if (!hasMore(state) || (await hasReached(repo, state))) {
      return { staged: false, ...(await goOn(repo, state, options)) }
    }
    const todo = sequence!.todo.slice(1)
    const rest = await goOn(repo, { ...state, sequence: { ...sequence!, todo } }, options)
    return { staged: false, ...rest }
  }
  if (!state.staged) throw interruptedMerge(state)
  const head = (await headState(repo)).id ?? state.ours
  const who = options.committer
  const skipped = await dropMerge(repo, state, head, '--skip', { ...options, who })
  return { skipped, staged: false, ...(await goOn(repo, state, options)) }
}

/** Forgets what is going on; index, files and HEAD stay as they are. */
export async function quitReplay(repo: Repository, action: ReplayAction): Promise<MergeState> {
  const state = await mergeOf(repo, action)
  await clearMergeState(repo)
  return state
}

async function endStaged(repo: Repository, state: MergeState): Promise<ContinueResult> {
  if (!state.staged) throw interruptedMerge(state)
  const count = state.paths.reduce((sum, { conflicts }) => sum + conflicts, 0)
  if (count > 0) {
    const { action } = state
    throw new VarveError('conflict', `the ${action} has ${conflictCount(count)} to settle first`, {
      data: { conflicts: state.paths },
      hint: `varve ${action} --conflicts lists them, varve ${action} --resolve ours|theirs|FILE settles them`,
    })
  }
  await clearMergeState(repo)
  return { staged: true }
}

/** Whether all are made, and varve stopped before it forgot them. */
async function hasReached(repo: Repository, { sequence }: MergeState): Promise<boolean> {
  return isConcluded(repo, { concludedBy: sequence?.reached })
}

async function goOn(
  repo: Repository,
  state: MergeState,
  options: ContinueOptions,
): Promise<Pick<ContinueResult, 'rest'>> {
  const { sequence, mainline, strategy } = state
  if (!hasMore(state) || (await hasReached(repo, state))) {
    await clearMergeState(repo)
    return {}
  }
  const { start, todo, recordOrigin, empty } = sequence!
  const { message: _, edit: __, hook: ___, ...rest } = options
  // Where it cannot go on, those that are left are known: all before them is done.
  const { id: concludedBy } = await headState(repo)
  const between = { ...state, concludedBy, staged: true, paths: [], settled: [] }
  await writeMergeState(repo, between)
  const done = await replayOn(repo, {
    ...rest,
    commits: todo,
    start,
    recordOrigin,
    empty,
    mainline,
    strategy: strategy === 'ours' || strategy === 'theirs' ? strategy : undefined,
    beforeMove: (reached) =>
      writeMergeState(repo, { ...between, sequence: { ...sequence!, reached } }),
  })
  if (done.outcome !== 'conflicts') await clearMergeState(repo)
  return { rest: done }
}
