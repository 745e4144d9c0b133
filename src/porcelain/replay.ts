import { type Commit, readCommit, type Signature, subjectOf, writeCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, shortId } from '../core/id.ts'
import type { ObjectWriter } from '../core/objects.ts'
import { clampCommitter } from '../plumbing/clamp-committer.ts'
import { packsOf } from '../plumbing/collect-packs.ts'
import type { HeadState } from '../plumbing/head.ts'
import { hasIndex, readIndex, treeOf } from '../plumbing/index-state.ts'
import { changedParent, mergeCommits } from '../plumbing/merge-commits.ts'
import { mergeDuePacks } from '../plumbing/merge-packs.ts'
import {
  type EmptyPick,
  type MergeAction,
  type MergeState,
  refuseDuringMerge,
  type SeriesConflicts,
} from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { cleanedMessage } from './commit-message.ts'
import { pickedMessage, revertMessage } from './replay-message.ts'
import type { FilesMoved, FilesOptions } from './show-tree.ts'
import {
  BARE_HINT,
  ConflictCounts,
  changesBetween,
  moveToMade,
  NO_FILES,
  nowhereToSettle,
  onTip,
  showAndPublish,
  stagedAlready,
  stageMerge,
  stageTree,
  type TreeChanges,
} from './three-way.ts'
import type { CheckChange } from './validate.ts'

export type ReplayAction = Exclude<MergeAction, 'merge'>

export interface ReplayOptions extends Omit<FilesOptions, 'force'> {
  readonly action: ReplayAction
  /** The commits, in the order in which they are picked or reverted. */
  readonly commits: readonly Id[]
  /** Of merges: against which parent, from 1. */
  readonly mainline?: number | undefined
  readonly strategy?: 'ours' | 'theirs' | undefined
  /** Stage what changes, and commit nothing. */
  readonly noCommit?: boolean | undefined
  /** Messages of picked commits say which ones they were. */
  readonly recordOrigin?: boolean | undefined
  /** What becomes of a commit whose change is in already; it stops unless given. */
  readonly empty?: EmptyPick | undefined
  /** Of one commit alone. */
  readonly message?: string | undefined
  /** Lets somebody change a message before it is used. */
  readonly edit?: ((message: string) => Promise<string>) | undefined
  /** Of reverts. Picked commits keep theirs. */
  readonly author?: Signature | undefined
  readonly committer: Signature
  /** Whether the committer's date was given on purpose: then it is never moved. */
  readonly exactDate?: boolean | undefined
  /** Asked of each commit that is to be made. */
  readonly check?: CheckChange | undefined
  /** Only say what would happen. */
  readonly dryRun?: boolean | undefined
}

/** A commit that was picked or reverted. */
export interface Replayed extends TreeChanges {
  readonly from: Id
  /** The commit made of it; absent where it is only staged. */
  readonly id?: Id
  readonly commit: Commit
}

export interface ReplayResult {
  readonly action: ReplayAction
  /** `staged`: without a commit, as it was asked for. `conflicts`: those of `stopped` are to be settled. */
  readonly outcome: 'committed' | 'staged' | 'conflicts'
  /** Full name of the branch; absent where HEAD is detached. */
  readonly branch?: string
  readonly replayed: readonly Replayed[]
  /** Commits that changed nothing here and were left out. */
  readonly dropped: readonly Id[]
  readonly stopped?: TreeChanges & {
    readonly from: Id
    readonly conflicts: readonly SeriesConflicts[]
    /** How many commits come after it. */
    readonly left: number
  }
  readonly files: FilesMoved
  readonly dryRun: boolean
}

/**
 * Makes the changes of commits, or the inverse of them, again on HEAD, each as a commit. Where one is
 * in conflict, those before it are committed and its conflicts staged as ours: it is remembered, with
 * those after it, until it is concluded, skipped or taken back. All that is committed is one entry
 * of the ref log, which one undo takes back.
 *
 * `refused` where something is staged or a merge is going on, for a merge without `mainline`, where the check says no,
 * and where files that were changed by hand would be lost; `nothing-to-commit` for a change that is in already, unless
 * `empty` says otherwise; `conflict` where there are conflicts and no place to settle them.
 */
export async function replay(repo: Repository, options: ReplayOptions): Promise<ReplayResult> {
  await refuseDuringMerge(repo, `no commit is made by ${options.action}`)
  return replayOn(repo, options)
}

interface ReplayOnOptions extends ReplayOptions {
  /** Where HEAD was before all. */
  readonly start?: Id | undefined
  /** Called before HEAD moves to the commit made of the last one. */
  readonly beforeMove?: ((id: Id) => Promise<void>) | undefined
}

/** As {@link replay}, when what was going on is concluded. */
export function replayOn(repo: Repository, options: ReplayOnOptions): Promise<ReplayResult> {
  return onTip(repo, (head) => replayFrom(repo, head, options))
}

interface Tip {
  readonly id: Id
  readonly tree: Id
}

type Stopped = Tip & { readonly at: number; readonly conflicts: readonly SeriesConflicts[] }

async function replayFrom(
  repo: Repository,
  head: HeadState,
  options: ReplayOnOptions,
): Promise<ReplayResult> {
  const { action, commits, noCommit = false, dryRun = false, signal } = options
  if (head.id === undefined) {
    throw new VarveError('refused', `there is no commit here to ${action} on`)
  }
  const index = hasIndex(repo) ? (await readIndex(repo)).state : undefined
  const before = await treeOf(repo.objects, head.id)
  if (noCommit && index === undefined) {
    throw new VarveError('refused', 'a repository without a work tree has nowhere to stage this')
  }
  const isClean = index === undefined || index.tree === before
  if (!isClean && !noCommit && !dryRun) throw stagedAlready(action)
  const start: Tip = { id: head.id, tree: noCommit ? index!.tree : before }
  const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
  try {
    const made = await makeAll(repo, batch, start, options)
    const result = {
      action,
      ...(head.ref !== undefined && { branch: head.ref }),
      replayed: made.replayed,
      dropped: made.dropped,
      files: NO_FILES,
      dryRun,
    }
    const { stopped, tip } = made
    if (stopped === undefined) {
      const outcome = noCommit ? 'staged' : 'committed'
      if (dryRun || (tip.id === head.id && tip.tree === start.tree)) return { ...result, outcome }
      const packs = await packsOf(batch)
      if (noCommit) {
        const files = await stageTree(repo, index!, { tree: tip.tree, packs }, options)
        return { ...result, outcome, files }
      }
      const publish = async () => {
        await options.beforeMove?.(tip.id)
        await moveOn(repo, head, tip.id, made.replayed, packs, options)
      }
      const files = await showAndPublish(repo, tip.tree, publish, options)
      await mergeDuePacks(repo, options.committer)
      return { ...result, outcome, files }
    }
    const from = commits[stopped.at]!
    const stop = {
      from,
      conflicts: stopped.conflicts,
      left: commits.length - stopped.at - 1,
      ...(await changesBetween(batch, tip.tree, stopped.tree)),
    }
    const done = { ...result, outcome: 'conflicts', stopped: stop } as const
    if (dryRun) return done
    const shown = shortId(from)
    if (index === undefined) throw nowhereToSettle({ action, shown }, stop.conflicts, BARE_HINT)
    if (noCommit && (!isClean || commits.length > 1)) {
      const hint =
        'commit what is staged, and take one commit at a time: conflicts can be settled then'
      throw nowhereToSettle({ action, shown }, stop.conflicts, hint)
    }
    const state = await stateOf(repo, { ...stopped, id: tip.id }, head.id, options)
    const packs = await packsOf(batch)
    const publish =
      tip.id === head.id
        ? undefined
        : () => moveOn(repo, head, tip.id, made.replayed, packs, options)
    return { ...done, files: await stageMerge(repo, { index, packs, state, publish }, options) }
  } finally {
    await batch.discard()
  }
}

interface Made {
  readonly tip: Tip
  readonly replayed: readonly Replayed[]
  readonly dropped: readonly Id[]
  readonly stopped?: Stopped
}

async function makeAll(
  repo: Repository,
  batch: ObjectWriter,
  start: Tip,
  options: ReplayOptions,
): Promise<Made> {
  const { action, commits, mainline, strategy, noCommit, dryRun, empty = 'stop' } = options
  const replayed: Replayed[] = []
  const dropped: Id[] = []
  let tip = start
  for (const [at, theirs] of commits.entries()) {
    const counts = new ConflictCounts()
    const merging = { action, ours: tip.id, theirs, mainline, strategy, tree: tip.tree }
    const merged = await mergeCommits(repo, batch, { ...merging, onConflict: counts.add })
    if (merged.conflicts > 0) {
      const stopped = { id: tip.id, tree: merged.tree, at, conflicts: counts.paths }
      return { tip, replayed, dropped, stopped }
    }
    if (merged.tree === tip.tree) {
      if (empty === 'stop') throw nothingNew(theirs, action)
      if (empty === 'drop') {
        dropped.push(theirs)
        continue
      }
    }
    if (!noCommit && !dryRun) await options.check?.(tip.tree, merged.tree, batch)
    const changes = await changesBetween(batch, tip.tree, merged.tree)
    const commit = await commitOf(repo, batch, theirs, { ...tip, tree: merged.tree }, options)
    if (noCommit) {
      tip = { id: tip.id, tree: merged.tree }
      replayed.push({ from: theirs, commit, ...changes })
      continue
    }
    tip = { id: await writeCommit(batch, commit), tree: merged.tree }
    replayed.push({ from: theirs, id: tip.id, commit, ...changes })
  }
  return { tip, replayed, dropped }
}

async function commitOf(
  repo: Repository,
  batch: ObjectWriter,
  theirs: Id,
  { id: parent, tree }: Tip,
  options: ReplayOptions,
): Promise<Commit> {
  const { action, noCommit = false, edit } = options
  const drafted = await messageOf(repo, theirs, options)
  const message = cleanedMessage(edit === undefined || noCommit ? drafted : await edit(drafted))
  const committer = await clampCommitter(batch, [parent], options)
  const picked =
    action === 'cherry-pick' ? (await readCommit(repo.objects, theirs)).author : undefined
  return {
    tree,
    parents: [parent],
    author: picked ?? options.author ?? committer,
    committer,
    message,
  }
}

async function messageOf(
  repo: Repository,
  theirs: Id,
  { action, commits, mainline, recordOrigin = false, message }: ReplayOptions,
): Promise<string> {
  if (message !== undefined && commits.length === 1) return message
  const commit = await readCommit(repo.objects, theirs)
  if (action === 'cherry-pick') return pickedMessage(theirs, commit, recordOrigin)
  return revertMessage(theirs, commit, await changedParent(repo, { theirs, mainline }))
}

async function stateOf(
  repo: Repository,
  { at, id: ours, tree, conflicts: paths }: Stopped,
  head: Id,
  options: ReplayOnOptions,
): Promise<Omit<MergeState, 'staged' | 'settled'>> {
  const { action, commits, mainline, strategy, noCommit, recordOrigin = false } = options
  const theirs = commits[at]!
  const { author } = await readCommit(repo.objects, theirs)
  return {
    action,
    ours,
    theirs,
    tree,
    shown: shortId(theirs),
    squash: false,
    message: await messageOf(repo, theirs, options),
    paths,
    sequence: {
      start: options.start ?? head,
      from: head,
      todo: commits.slice(at + 1),
      recordOrigin,
      empty: options.empty ?? 'stop',
    },
    ...(mainline !== undefined && { mainline }),
    ...(strategy !== undefined && { strategy }),
    ...(action === 'cherry-pick' && { author }),
    ...(noCommit && { noCommit }),
  }
}

async function moveOn(
  repo: Repository,
  head: HeadState,
  id: Id,
  replayed: readonly Replayed[],
  packs: readonly string[],
  { action, committer }: ReplayOptions,
): Promise<void> {
  const last = replayed.at(-1)!.commit
  const more = replayed.length === 1 ? '' : ` (and ${replayed.length - 1} before)`
  await moveToMade(repo, {
    ...{ id, old: head.id, packs },
    who: { ...committer, seconds: last.committer.seconds },
    message: `${action}: ${subjectOf(last)}${more}`,
  })
}

function nothingNew(id: Id, action: ReplayAction): VarveError {
  const why = action === 'revert' ? 'it is reverted already' : 'its change is in already'
  return new VarveError('nothing-to-commit', `${shortId(id)} changes nothing here: ${why}`, {
    data: { id, action },
    hint: '--empty=drop leaves such commits out, --empty=keep commits them all the same',
  })
}
