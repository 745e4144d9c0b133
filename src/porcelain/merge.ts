import { type Commit, readCommit, type Signature, subjectOf, writeCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { MergeStrategy } from '../core/merge-trees.ts'
import { clampCommitter } from '../plumbing/clamp-committer.ts'
import { packsOf } from '../plumbing/collect-packs.ts'
import { isAncestor } from '../plumbing/common-ancestors.ts'
import { type HeadState, moveRef } from '../plumbing/head.ts'
import { hasIndex, readIndex, treeOf } from '../plumbing/index-state.ts'
import { type MergedCommits, mergeCommits } from '../plumbing/merge-commits.ts'
import { mergeDuePacks } from '../plumbing/merge-packs.ts'
import { refuseDuringMerge, type SeriesConflicts } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveCommit } from '../plumbing/resolve-revision.ts'
import type { RowCounts } from './change-summary.ts'
import { cleanedMessage } from './commit-message.ts'
import type { RunHook } from './hooks.ts'
import { mergeMessage } from './merge-message.ts'
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
} from './three-way.ts'
import { type PathStat, sumCounts } from './tree-stat.ts'
import type { CheckChange } from './validate.ts'

export interface MergeOptions extends Omit<FilesOptions, 'force'> {
  /** A branch, or any revision. */
  readonly target: string
  /** `no`: a commit is made where the branch could just be moved on; `only`: none is ever made. */
  readonly fastForward?: 'no' | 'only' | undefined
  /** Stage what was merged as if it had been done here: the commit to come has one parent. */
  readonly squash?: boolean | undefined
  /** Stage what was merged, and let the commit be made later. */
  readonly noCommit?: boolean | undefined
  readonly strategy?: Exclude<MergeStrategy, 'base'> | undefined
  /** Also where the two have no commit in common. */
  readonly allowUnrelated?: boolean | undefined
  readonly message?: string | undefined
  readonly author?: Signature | undefined
  readonly committer: Signature
  /** Whether the committer's date was given on purpose: then it is never moved. */
  readonly exactDate?: boolean | undefined
  /** Only say what would happen. */
  readonly dryRun?: boolean | undefined
  readonly now?: CommitDate | undefined
  /** Asks the user's `pre-merge-commit` hook before a commit is made; a dry run asks none. */
  readonly hook?: RunHook | undefined
  /** Asked after the hook, with what the merge makes of ours. */
  readonly check?: CheckChange | undefined
}

export interface MergeResult {
  /**
   * `staged`: merged without a commit, as it was asked for. `conflicts`: staged, with ours where the
   * sides are in conflict, and to be concluded when they are settled.
   */
  readonly outcome: 'up-to-date' | 'fast-forward' | 'merged' | 'staged' | 'conflicts'
  readonly ours: Id | undefined
  readonly theirs: Id
  /** How the merged commit was named. */
  readonly shown: string
  /** Full name of the branch; absent where HEAD is detached. */
  readonly branch?: string
  /** The commit that HEAD is at now, where one was made or it was moved on. */
  readonly id?: Id
  readonly commit?: Commit
  /** What the merge changes here, by series. */
  readonly changes: readonly PathStat[]
  readonly counts: RowCounts
  readonly conflicts: readonly SeriesConflicts[]
  readonly files: FilesMoved
  readonly dryRun: boolean
}

/**
 * Merges a commit into the branch that HEAD is on. Where the branch has nothing of its own it is moved
 * on; else a commit of two parents is made, or with conflicts none: they are staged as ours, and the
 * merge is remembered until it is concluded or taken back.
 *
 * `refused` where something is staged or a merge is going on, where files that were changed by hand
 * would be lost, where the histories have nothing in common, and where the hook or the check says no; `conflict` where there are
 * conflicts and no work tree to settle them in. Who loses a race against another commit merges into that.
 */
export async function merge(repo: Repository, options: MergeOptions): Promise<MergeResult> {
  const { target, now } = options
  await refuseDuringMerge(repo, 'nothing can be merged')
  const theirs = await resolveCommit(repo, target, { now })
  let asked = false
  const ask: RunHook = async (name) => {
    if (!asked) await options.hook?.(name)
    asked = true
  }
  return onTip(repo, (head) =>
    mergeInto(repo, { head, theirs, shown: target }, { ...options, hook: ask }),
  )
}

interface Merging {
  readonly head: HeadState
  readonly theirs: Id
  readonly shown: string
}

async function mergeInto(
  repo: Repository,
  merging: Merging,
  options: MergeOptions,
): Promise<MergeResult> {
  const { head, theirs, shown } = merging
  const { fastForward, squash = false, dryRun = false } = options
  const result = {
    ours: head.id,
    theirs,
    shown,
    ...(head.ref !== undefined && { branch: head.ref }),
    conflicts: [],
    files: NO_FILES,
    dryRun,
  }
  const { shallow } = await repo.refs.state()
  if (head.id !== undefined && (await isAncestor(repo.objects, theirs, head.id, shallow))) {
    return { ...result, outcome: 'up-to-date', changes: [], counts: sumCounts([]) }
  }
  const isAhead =
    head.id === undefined || (await isAncestor(repo.objects, head.id, theirs, shallow))
  if (fastForward === 'only' && !isAhead) {
    throw new VarveError(
      'refused',
      `${shown} is not ahead of HEAD: both have commits of their own`,
      {
        data: { ours: head.id, theirs },
        hint: 'without --ff-only they are merged in a commit',
      },
    )
  }
  if (isAhead && !squash && (fastForward !== 'no' || head.id === undefined)) {
    return { ...result, ...(await moveOn(repo, merging, options)) }
  }
  return { ...result, ...(await mergeTrees(repo, { ...merging, ours: head.id }, options)) }
}

type Done = Pick<MergeResult, 'outcome' | 'changes' | 'counts'> & Partial<MergeResult>

/** Moves the branch on to a commit that comes after it. */
async function moveOn(
  repo: Repository,
  { head, theirs, shown }: Merging,
  options: MergeOptions,
): Promise<Done> {
  const commit = await readCommit(repo.objects, theirs)
  const changes = await changesBetween(
    repo.objects,
    await treeOf(repo.objects, head.id),
    commit.tree,
  )
  const done = { outcome: 'fast-forward', id: theirs, commit, ...changes } as const
  if (options.dryRun) return done
  const publish = (packs: readonly string[] = []) =>
    moveRef(repo, {
      ref: 'HEAD',
      old: head.id,
      new: theirs,
      who: options.committer,
      message: `merge ${shown}: Fast-forward`,
      packs,
    })
  return { ...done, files: await showAndPublish(repo, commit.tree, publish, options) }
}

async function mergeTrees(
  repo: Repository,
  { head, theirs, shown, ours }: Merging & { readonly ours: Id | undefined },
  options: MergeOptions,
): Promise<Done> {
  if (ours === undefined) throw new VarveError('refused', 'there is no commit here to merge into')
  const { squash = false, noCommit = false, dryRun = false, signal, strategy } = options
  const isLater = squash || noCommit
  const index = hasIndex(repo) ? (await readIndex(repo)).state : undefined
  if (index === undefined && isLater) {
    throw new VarveError('refused', 'a repository without a work tree has nowhere to stage a merge')
  }
  const before = await treeOf(repo.objects, ours)
  if (index !== undefined && index.tree !== before && !dryRun) throw stagedAlready('merge')
  const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
  try {
    const conflicts = new ConflictCounts()
    const onConflict = conflicts.add
    const merged = await mergeCommits(repo, batch, { ours, theirs, strategy, onConflict })
    refuseUnrelated(merged, shown, options)
    const { paths } = conflicts
    const stats = await changesBetween(batch, before, merged.tree)
    const hasConflicts = merged.conflicts > 0
    const outcome = hasConflicts ? 'conflicts' : isLater ? 'staged' : 'merged'
    const done = { outcome, ...stats, conflicts: paths } as const
    if (dryRun) {
      if (outcome === 'merged') await options.check?.(before, merged.tree, batch)
      return done
    }
    if (hasConflicts && index === undefined) {
      throw nowhereToSettle({ action: 'merge', shown }, paths, BARE_HINT)
    }
    const message = cleanedMessage(
      options.message ?? (await mergeMessage(repo, head, theirs, shown, squash)),
    )
    if (index !== undefined && (hasConflicts || isLater)) {
      const packs = await packsOf(batch)
      const { tree } = merged
      const action = 'merge' as const
      const state = { action, ours, theirs, tree, shown, strategy, squash, message, paths }
      const files = await stageMerge(repo, { index, packs, state }, options)
      return { ...done, files }
    }
    await options.hook?.('pre-merge-commit')
    await options.check?.(before, merged.tree, batch)
    const parents = [ours, theirs]
    const committer = await clampCommitter(repo.objects, parents, options)
    const author = options.author ?? options.committer
    const commit = { tree: merged.tree, parents, author, committer, message }
    const id = await writeCommit(batch, commit)
    const made = {
      ...{ id, old: ours, who: committer, packs: await packsOf(batch) },
      message: `merge ${shown}: ${subjectOf(commit)}`,
    }
    const publish = () => moveToMade(repo, made)
    const files = await showAndPublish(repo, commit.tree, publish, options)
    await mergeDuePacks(repo, committer)
    return { ...done, id, commit, files }
  } finally {
    await batch.discard()
  }
}

function refuseUnrelated(
  { bases }: MergedCommits,
  shown: string,
  { allowUnrelated }: MergeOptions,
): void {
  if (bases.length > 0 || allowUnrelated) return
  throw new VarveError('refused', `${shown} has no commit in common with HEAD`, {
    hint: '--allow-unrelated-histories merges all the same: series of one name are taken for one',
  })
}
