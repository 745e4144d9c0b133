import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import type { MergeStrategy } from '../core/merge-trees.ts'
import type { Repository } from './repository.ts'

/** Conflicts of one series, or of a collection's settings. */
export interface SeriesConflicts {
  readonly series: string
  readonly conflicts: number
}

/** A merge that is not concluded: it is where a person settles its conflicts. */
export interface MergeState {
  readonly ours: Id
  readonly theirs: Id
  /** What the merged commit was called. */
  readonly shown: string
  readonly strategy?: MergeStrategy | undefined
  /** The commit that concludes it has one parent. */
  readonly squash: boolean
  readonly message: string
  /** Whether the index holds what was merged: not where varve was stopped on the way there, or back. */
  readonly staged: boolean
  /** What the merge made of the index. */
  readonly tree: Id
  /** Where there were conflicts. */
  readonly paths: readonly SeriesConflicts[]
  /** Conflicts that were settled, as `conflictKey` names them; of whole paths, the path alone. */
  readonly settled: readonly string[]
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

/** `refused` while a merge is going on. */
export async function refuseDuringMerge(repo: Repository, what: string): Promise<void> {
  const state = await readMergeState(repo)
  if (state === undefined) return
  throw new VarveError('refused', `${what}: a merge of ${state.shown} is not concluded`, {
    data: { merging: state.shown },
    hint: 'varve merge --continue concludes it, varve merge --abort takes it back',
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
  const { ours, theirs, tree, shown, squash, message, staged, paths, settled } = value as MergeState
  return (
    isId(ours) &&
    isId(theirs) &&
    isId(tree) &&
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

function damaged(cause?: unknown): VarveError {
  return new VarveError('corrupt-file', 'the state of the merge cannot be read', {
    hint: 'varve reset --hard drops the merge',
    cause,
  })
}
