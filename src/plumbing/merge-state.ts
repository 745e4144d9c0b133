import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import type { MergeStrategy } from '../core/merge-trees.ts'
import type { Repository } from './repository.ts'

/** Conflicts of one series, or of a collection's settings. */
export interface SeriesConflicts {
  readonly series: string
  readonly conflicts: number
}

/** What is merged into what is here: a history, the change that a commit made, or its inverse. */
export const mergeActions = ['merge', 'cherry-pick', 'revert'] as const
export type MergeAction = (typeof mergeActions)[number]

/** Several commits that are picked or reverted one after another. */
export interface MergeSequence {
  /** Where HEAD was before the first: `--abort` goes back there. */
  readonly start: Id
  /** Where HEAD was before those that were made last, with the one that is going on: it may be there still. */
  readonly from?: Id | undefined
  /** Those that come after the one that is going on. */
  readonly todo: readonly Id[]
  /** The commit made of the last of them, noted before HEAD moves there: once HEAD has it, all is done. */
  readonly reached?: Id | undefined
  /** Whether messages say which commit was picked. */
  readonly recordOrigin: boolean
  readonly empty: EmptyPick
}

/** What becomes of a commit whose change is in already. */
export const emptyPicks = ['stop', 'drop', 'keep'] as const
export type EmptyPick = (typeof emptyPicks)[number]

/** A merge, or another action like it, that is not concluded: it is where a person settles its conflicts. */
export interface MergeState {
  readonly action: MergeAction
  readonly ours: Id
  /** The commit that is merged, picked or reverted. */
  readonly theirs: Id
  /** Which parent of a merge is what the commit changed: from 1, for all but merging. */
  readonly mainline?: number | undefined
  /** What that commit was called. */
  readonly shown: string
  readonly strategy?: MergeStrategy | undefined
  /** The commit that concludes it has one parent. */
  readonly squash: boolean
  readonly message: string
  /** Whose work the commit to come is, where that is not who makes it. */
  readonly author?: Signature | undefined
  /** Whether it ends with what is staged, without a commit. */
  readonly noCommit?: boolean | undefined
  /** Whether the index holds what was merged: not where varve was stopped on the way there, or back. */
  readonly staged: boolean
  /** What the merge made of the index. */
  readonly tree: Id
  /** Where there were conflicts. */
  readonly paths: readonly SeriesConflicts[]
  /** Conflicts that were settled, as `conflictKey` names them; of whole paths, the path alone. */
  readonly settled: readonly string[]
  readonly sequence?: MergeSequence | undefined
  /** The commit that concludes it, noted before HEAD moves there: once HEAD has it, it is concluded. */
  readonly concludedBy?: Id | undefined
}

// `MERGE_STATE`: the state as JSON. The commits that it names are kept by `gc`, as what the index names is.
const STATE_FILE = 'MERGE_STATE'
// `MERGE_DROPPED`: the merge that was dropped last, and the number of the entry of the ref log that did it, as JSON.
const DROPPED_FILE = 'MERGE_DROPPED'

/** The merge that is going on in the work tree; undefined where none is. */
export async function readMergeState(repo: Repository): Promise<MergeState | undefined> {
  const bytes = await repo.privateFiles?.read(STATE_FILE)
  if (bytes === undefined) return undefined
  const value = parse(bytes)
  if (!isState(value)) throw damaged()
  return value
}

export async function writeMergeState(repo: Repository, state: MergeState): Promise<void> {
  await repo.privateFiles!.write(STATE_FILE, encode(state))
}

/**
 * Before the index is made to hold something else than the merge: where varve is stopped then, the merge
 * can be taken back but not be concluded, as if all of it were in the index. The merge is remembered for
 * who undoes what is about to be done: the next entry of the ref log.
 */
export async function markMergeStopped(repo: Repository): Promise<void> {
  try {
    const state = await readMergeState(repo)
    if (state?.staged) {
      const number = (await repo.refs.state()).number + 1
      await repo.privateFiles!.write(DROPPED_FILE, encode({ number, merge: state }))
      await writeMergeState(repo, { ...state, staged: false })
    }
  } catch (error) {
    // One that cannot be read concludes nothing.
    if (!hasCode(error, 'corrupt-file')) throw error
  }
}

/** The merge that was dropped by an entry of the ref log, as it was; undefined where that is not known. */
export async function droppedMerge(
  repo: Repository,
  number: number,
): Promise<MergeState | undefined> {
  const bytes = await repo.privateFiles?.read(DROPPED_FILE)
  if (bytes === undefined) return undefined
  const dropped = parse(bytes) as { number?: unknown; merge?: unknown } | null
  return dropped?.number === number && isState(dropped.merge) ? dropped.merge : undefined
}

/** Forgets the merge; without effect where there is none. */
export async function clearMergeState(repo: Repository): Promise<void> {
  await repo.privateFiles?.remove(STATE_FILE)
}

/** The commits that a merge needs until it is concluded. */
export function commitsOf({ ours, theirs, sequence }: MergeState): readonly Id[] {
  return [ours, theirs, ...(sequence === undefined ? [] : [sequence.start, ...sequence.todo])]
}

/** What is going on, as in `a merge of main`. */
export function describeMerge({ action, shown }: Pick<MergeState, 'action' | 'shown'>): string {
  return `a ${action} of ${shown}`
}

/** How what is going on comes to an end. */
export function concludingHint({ action, paths }: Pick<MergeState, 'action' | 'paths'>): string {
  const settles =
    paths.length === 0 ? '' : `varve ${action} --resolve ours|theirs|FILE settles its conflicts, `
  return `${settles}varve ${action} --continue concludes it, varve ${action} --abort takes it back`
}

/** `refused` while a merge, or another action like it, is going on. */
export async function refuseDuringMerge(repo: Repository, what: string): Promise<void> {
  const state = await readMergeState(repo)
  if (state === undefined) return
  const { action, shown } = state
  throw new VarveError('refused', `${what}: ${describeMerge(state)} is not concluded`, {
    data: { action, merging: shown },
    hint: concludingHint(state),
  })
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw damaged(cause)
  }
}

function isState(value: unknown): value is MergeState {
  if (typeof value !== 'object' || value === null) return false
  const state = value as MergeState
  const { action, ours, theirs, tree, shown, squash, message, staged, paths, settled } = state
  return (
    mergeActions.includes(action) &&
    isId(ours) &&
    isId(theirs) &&
    isId(tree) &&
    isSequence(state.sequence) &&
    (state.concludedBy === undefined || isId(state.concludedBy)) &&
    typeof shown === 'string' &&
    typeof squash === 'boolean' &&
    typeof message === 'string' &&
    typeof staged === 'boolean' &&
    Array.isArray(paths) &&
    paths.every(
      (item) => typeof item?.series === 'string' && Number.isSafeInteger(item?.conflicts),
    ) &&
    Array.isArray(settled) &&
    settled.every((key) => typeof key === 'string')
  )
}

function isSequence(value: MergeSequence | undefined): boolean {
  if (value === undefined) return true
  const { start, from = start, todo, reached = start, empty } = value
  return (
    [start, from, reached].every(isId) &&
    Array.isArray(todo) &&
    todo.every(isId) &&
    emptyPicks.includes(empty)
  )
}

function damaged(cause?: unknown): VarveError {
  return new VarveError('corrupt-file', 'the state of the merge cannot be read', {
    hint: 'varve reset --hard drops the merge',
    cause,
  })
}
