import { type Commit, readCommit, type Signature, subjectOf, writeCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { clampCommitter } from '../plumbing/clamp-committer.ts'
import { packsToPublish } from '../plumbing/collect-packs.ts'
import { followUp } from '../plumbing/follow-up.ts'
import { type HeadState, headState, moveRef } from '../plumbing/head.ts'
import {
  hasIndex,
  type IndexState,
  publishIndex,
  readIndex,
  readStoredIndex,
  treeOf,
} from '../plumbing/index-state.ts'
import { mergeDuePacks } from '../plumbing/merge-packs.ts'
import {
  clearMergeState,
  describeMerge,
  type MergeState,
  readMergeState,
  writeMergeState,
} from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { generatedMessage, type RowCounts } from './change-summary.ts'
import { cleanedMessage } from './commit-message.ts'
import type { RunHook } from './hooks.ts'
import { hasMore, isConcluded } from './merge-conclude.ts'
import { interruptedMerge } from './merge-conflicts.ts'
import { stageFiles, withStagedFiles } from './stage-files.ts'
import { conflictCount } from './three-way.ts'
import { type PathStat, sumCounts, treeStat } from './tree-stat.ts'
import type { CheckChange } from './validate.ts'

export interface CommitOptions {
  /** Generated from what changed when not given; under `amend` that of the commit replaced. */
  readonly message?: string | undefined
  /** Under `amend` that of the commit replaced, unless given. */
  readonly author?: Signature | undefined
  readonly committer: Signature
  /** Whether the committer's date was given on purpose: then it is never moved. */
  readonly exactDate?: boolean | undefined
  /** Replace the last commit. */
  readonly amend?: boolean | undefined
  /** First stage what differs in the files of series: changes, and files that are gone. */
  readonly all?: boolean | undefined
  /** Also commit where nothing differs from the commit before. */
  readonly allowEmpty?: boolean | undefined
  /** Only say what would be committed. */
  readonly dryRun?: boolean | undefined
  /** Lets somebody change the message before it is used. */
  readonly edit?: ((message: string, changes: readonly PathStat[]) => Promise<string>) | undefined
  /** The user's hooks; undefined where they are not to be asked. A dry run asks none. */
  readonly hook?: RunHook | undefined
  readonly check?: CheckChange | undefined
  /** Told of each file that is looked at under `all`. */
  readonly onFile?: ((file: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface CommitResult {
  /** The commit made; absent in a dry run. */
  readonly id?: Id
  /** Full name of the branch that it is on; absent where HEAD is detached. */
  readonly branch?: string
  readonly commit: Commit
  /** What it changes, by series. */
  readonly changes: readonly PathStat[]
  /** The rows that it changes, of all series together. */
  readonly counts: RowCounts
}

/**
 * Commits what is in the index on HEAD. Who loses a race against another commit carries the index
 * over to the new tip and tries again: `conflict` where both are about one series.
 *
 * While a merge is going on it concludes that, with two parents: `conflict` where some are left.
 *
 * `refused` where the `pre-commit` hook says no; what was staged under `all` stays so then.
 *
 * `nothing-to-commit` where the tree is that of the commit before; `refused` for an empty message,
 * and for an exact date older than the parents'.
 */
export async function commit(repo: Repository, options: CommitOptions): Promise<CommitResult> {
  if (!hasIndex(repo)) {
    throw new VarveError('refused', 'a repository without a work tree has no index to commit', {
      hint: 'commands that change series commit at once there: varve write SERIES',
    })
  }
  const merging = await mergeToConclude(repo, options)
  if (options.all) {
    if (options.dryRun) {
      return withStagedFiles(repo, options, async (reader, tree) => {
        const head = await headState(repo)
        return (await draftCommit(repo, reader, { head, tree, merging }, options)).result
      })
    }
    await stageFiles(repo, options)
  }
  // It may change what is staged.
  if (options.dryRun !== true) await options.hook?.('pre-commit')
  let message = options.message
  for (;;) {
    // The tip is read first: an index that follows a later one makes the move fail, and repeat.
    const head = await headState(repo)
    const { state } = await readIndex(repo)
    const wanted = { ...options, message }
    const draft = await draftCommit(repo, repo.objects, { head, tree: state.tree, merging }, wanted)
    message = draft.edited ?? message
    const { result } = draft
    if (options.dryRun) return result
    const id = await storeAndMove(repo, { head, state, merging }, result.commit, options)
    if (id === undefined) continue
    if (merging !== undefined && !hasMore(merging)) await followUp(() => clearMergeState(repo))
    await followUp(() => settleIndex(repo, head.id, id))
    await mergeDuePacks(repo, result.commit.committer)
    return { ...result, id }
  }
}

interface Draft {
  readonly result: CommitResult
  /** The message that somebody wrote, so that they need not write it again. */
  readonly edited?: string
}

/** The merge that the next commit concludes. */
async function mergeToConclude(
  repo: Repository,
  { amend = false }: CommitOptions,
): Promise<MergeState | undefined> {
  const state = await readMergeState(repo)
  if (state === undefined) return undefined
  if (await isConcluded(repo, state)) {
    // The commit that concludes it was made, and varve stopped before it forgot the merge; or others are to come.
    if (!hasMore(state)) await clearMergeState(repo)
    return undefined
  }
  if (!state.staged) throw interruptedMerge(state)
  const { action } = state
  if (amend) {
    throw new VarveError(
      'refused',
      `${describeMerge(state)} is going on: the commit before cannot be amended now`,
      { hint: `varve commit concludes it, varve ${action} --abort takes it back` },
    )
  }
  const count = state.paths.reduce((sum, { conflicts }) => sum + conflicts, 0)
  if (count === 0) return state
  throw new VarveError('conflict', `the ${action} has ${conflictCount(count)} to settle first`, {
    data: { conflicts: state.paths },
    hint: `varve ${action} --conflicts lists them, varve ${action} --resolve ours|theirs|FILE settles them`,
  })
}

interface Drafted {
  readonly head: HeadState
  readonly tree: Id
  readonly merging: MergeState | undefined
}

async function draftCommit(
  repo: Repository,
  reader: ObjectReader,
  { head, tree, merging }: Drafted,
  options: CommitOptions,
): Promise<Draft> {
  const { amend = false, allowEmpty = false } = options
  const replaced = amend ? await commitToAmend(repo, head) : undefined
  const isMerge = merging?.action === 'merge' && !merging.squash
  const merged = isMerge ? [merging.theirs] : []
  const parents = replaced?.parents ?? (head.id === undefined ? [] : [head.id, ...merged])
  const before = await treeOf(repo.objects, parents[0])
  const same = tree === before && (parents.length > 0 || tree === EMPTY_TREE)
  if (same && !allowEmpty && parents.length < 2) throw nothingToCommit(amend, merging)
  const changes: PathStat[] = []
  for await (const change of treeStat(reader, before, tree)) changes.push(change)
  if (options.dryRun !== true) await options.check?.(before, tree, reader)
  const author = options.author ?? replaced?.author ?? merging?.author ?? options.committer
  const committer = await clampCommitter(repo.objects, parents, options)
  const drafted =
    options.message ?? replaced?.message ?? merging?.message ?? generateMessage(changes)
  const edited = options.edit && (await options.edit(drafted, changes))
  const message = cleanedMessage(edited ?? drafted)
  const result: CommitResult = {
    ...(head.ref !== undefined && { branch: head.ref }),
    commit: { tree, parents, author, committer, message },
    changes,
    counts: sumCounts(changes),
  }
  return edited === undefined ? { result } : { result, edited }
}

async function commitToAmend(repo: Repository, head: HeadState): Promise<Commit> {
  if (head.id !== undefined) {
    if ((await repo.refs.state()).shallow.has(head.id)) {
      throw new VarveError('refused', 'the first commit of a trimmed history cannot be amended', {
        data: { id: head.id },
        hint: 'what it was made on is not here any more: make another commit',
      })
    }
    return readCommit(repo.objects, head.id)
  }
  throw new VarveError('refused', 'there is no commit yet that could be amended')
}

function nothingToCommit(amend: boolean, merging: MergeState | undefined): VarveError {
  if (merging?.sequence !== undefined) {
    const { action, shown } = merging
    const what = action === 'revert' ? 'to revert' : 'that is picked'
    return new VarveError('nothing-to-commit', `nothing is left of ${shown} ${what}`, {
      data: { action, merging: shown },
      hint: `varve ${action} --skip goes on without it, varve ${action} --abort takes all back`,
    })
  }
  const message = amend
    ? 'nothing to commit: amended like this, the commit would change nothing'
    : 'nothing to commit: the index is as the last commit'
  return new VarveError('nothing-to-commit', message, {
    hint: amend
      ? 'varve reset HEAD~1 takes the commit back; --allow-empty keeps it without changes'
      : 'varve add FILE or varve write SERIES stages changes; varve status shows what there is',
  })
}

function generateMessage(changes: readonly PathStat[]): string {
  if (changes.length === 0) return 'no changes'
  return generatedMessage(
    changes.map(({ path, state, kind, stat }) => ({
      series: kind === 'collection' ? `${path}/` : path,
      state: state === 'new' ? state : 'changed',
      counts: stat,
    })),
  )
}

/** Stores the commit and moves HEAD to it; undefined where another commit was first. */
async function storeAndMove(
  repo: Repository,
  { head, state, merging }: Pick<Drafted, 'head' | 'merging'> & { readonly state: IndexState },
  commit: Commit,
  { amend, signal }: CommitOptions,
): Promise<Id | undefined> {
  const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
  try {
    const id = await writeCommit(batch, commit)
    const pack = await batch.publish()
    const packs = [...state.packs, ...(pack === undefined ? [] : [pack])]
    if (merging !== undefined) await writeMergeState(repo, { ...merging, concludedBy: id })
    await moveRef(repo, {
      ref: 'HEAD',
      old: head.id,
      new: id,
      who: commit.committer,
      message: logMessage(commit, amend),
      packs: await packsToPublish(repo, { kind: 'commit', id }, packs),
      // The index is as it was, and so it is to be when this is undone; a merge is undone as a whole.
      ...(merging === undefined && { index: { old: commit.tree } }),
    })
    return id
  } catch (error) {
    // Another commit would be replaced by an amended one that knows nothing of it; and what the index holds is not
    // made again here, where gc has removed some of it.
    const isLate = hasCode(error, 'conflict') && error.data.object === undefined
    if (isLate && !amend) return undefined
    throw error
  } finally {
    await batch.discard()
  }
}

/** Puts the index on the commit that was just made of it. */
async function settleIndex(repo: Repository, old: Id | undefined, id: Id): Promise<void> {
  for (;;) {
    const { version, state: stored } = await readStoredIndex(repo)
    if (stored === undefined) return
    // What somebody staged on top meanwhile is pending on the new commit as it was on the old one.
    const state = stored.base === old ? { ...stored, base: id } : (await readIndex(repo)).state
    const { packs: published, retired } = await repo.refs.state()
    const packs = state.packs.filter((name) => !published.has(name) && !retired.has(name))
    if (await publishIndex(repo, version, { ...state, packs })) return
  }
}

function logMessage(commit: Commit, amend: boolean | undefined): string {
  const parents = commit.parents.length
  const kind = amend ? ' (amend)' : parents === 0 ? ' (initial)' : parents > 1 ? ' (merge)' : ''
  return `commit${kind}: ${subjectOf(commit)}`
}
