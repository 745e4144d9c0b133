import { type Commit, readCommit, type Signature, subjectOf, writeCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, shortId } from '../core/id.ts'
import type { MergeConflict, MergeStrategy } from '../core/merge-trees.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { clampCommitter } from '../plumbing/clamp-committer.ts'
import { packsToPublish } from '../plumbing/collect-packs.ts'
import { isAncestor } from '../plumbing/common-ancestors.ts'
import { lastPart } from '../plumbing/follow-up.ts'
import { type HeadState, headState, moveRef } from '../plumbing/head.ts'
import { hasIndex, type IndexState, readIndex, treeOf } from '../plumbing/index-state.ts'
import { type MergedCommits, mergeCommits } from '../plumbing/merge-commits.ts'
import { mergeDuePacks } from '../plumbing/merge-packs.ts'
import {
  refuseDuringMerge,
  type SeriesConflicts,
  writeMergeState,
} from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveCommit } from '../plumbing/resolve-revision.ts'
import { walkCommits } from '../plumbing/walk-commits.ts'
import { shortBranch } from './branch.ts'
import type { RowCounts } from './change-summary.ts'
import { cleanedMessage } from './commit-message.ts'
import { carry } from './move-head.ts'
import { planWithHint } from './plan-with-hint.ts'
import { applyShow, type FilesMoved, type FilesOptions } from './show-tree.ts'
import { type PathStat, sumCounts, treeStat } from './tree-stat.ts'

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

const KEEP_OR_DROP = 'varve commit -a keeps them, varve restore FILE drops them'

const NO_FILES: FilesMoved = { written: [], removed: [] }

/**
 * Merges a commit into the branch that HEAD is on. Where the branch has nothing of its own it is moved
 * on; else a commit of two parents is made, or with conflicts none: they are staged as ours, and the
 * merge is remembered until it is concluded or taken back.
 *
 * `refused` where something is staged or a merge is going on, where files that were changed by hand
 * would be lost, and where the histories have nothing in common; `conflict` where there are conflicts
 * and no work tree to settle them in. Who loses a race against another commit merges into that.
 */
export async function merge(repo: Repository, options: MergeOptions): Promise<MergeResult> {
  const { target, now } = options
  await refuseDuringMerge(repo, 'nothing can be merged')
  const theirs = await resolveCommit(repo, target, { now })
  for (;;) {
    const head = await headState(repo)
    const merging: Merging = { head, theirs, shown: target }
    try {
      return await mergeInto(repo, merging, options)
    } catch (error) {
      const moved = hasCode(error, 'conflict') && (await headState(repo)).id !== head.id
      if (!moved) throw error
    }
  }
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
  const changes = await changesBetween(repo, await treeOf(repo.objects, head.id), commit.tree)
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
  if (index !== undefined && index.tree !== before && !dryRun) throw stagedAlready()
  const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
  try {
    const conflicts = new Map<string, number>()
    const onConflict = ({ path }: MergeConflict) => {
      conflicts.set(path, (conflicts.get(path) ?? 0) + 1)
    }
    const merged = await mergeCommits(repo, batch, { ours, theirs, strategy, onConflict })
    refuseUnrelated(merged, shown, options)
    const paths = [...conflicts].map(([series, count]) => ({ series, conflicts: count }))
    const stats = await changesBetween(repo, before, merged.tree, batch)
    const hasConflicts = merged.conflicts > 0
    const outcome = hasConflicts ? 'conflicts' : isLater ? 'staged' : 'merged'
    const done = { outcome, ...stats, conflicts: paths } as const
    if (dryRun) return done
    if (hasConflicts && index === undefined) throw bareConflict(shown, paths, merged.conflicts)
    const message = cleanedMessage(
      options.message ?? (await mergeMessage(repo, head, theirs, shown, squash)),
    )
    if (index !== undefined && (hasConflicts || isLater)) {
      const pack = await batch.publish()
      const packs = [...index.packs, ...(pack === undefined ? [] : [pack])]
      const plan = await planWithHint(KEEP_OR_DROP, repo, index.files, merged.tree, options)
      const { tree } = merged
      const state = { ours, theirs, tree, shown, strategy, squash, message, paths, settled: [] }
      const files = await applyShow(repo, index.files, plan, {
        ...options,
        // First that a merge is going on: without it, what is staged would be a commit of one parent.
        publish: () => writeMergeState(repo, { ...state, staged: false }),
        content: { tree: merged.tree, base: ours, packs },
      })
      await lastPart('what is noted of the merge', () =>
        writeMergeState(repo, { ...state, staged: true }),
      )
      return { ...done, files }
    }
    const parents = [ours, theirs]
    const committer = await clampCommitter(repo.objects, parents, options)
    const author = options.author ?? options.committer
    const commit = { tree: merged.tree, parents, author, committer, message }
    if (commit.tree === EMPTY_TREE) await batch.put('tree', Uint8Array.of(0, 0))
    const id = await writeCommit(batch, commit)
    const pack = await batch.publish()
    const publish = async () =>
      moveRef(repo, {
        ref: 'HEAD',
        old: ours,
        new: id,
        who: committer,
        message: `merge ${shown}: ${subjectOf(commit)}`,
        packs: await packsToPublish(repo, { kind: 'commit', id }, pack === undefined ? [] : [pack]),
      })
    const files = await showAndPublish(repo, commit.tree, publish, options)
    await mergeDuePacks(repo, committer)
    return { ...done, id, commit, files }
  } finally {
    await batch.discard()
  }
}

/** Makes the files those of a tree that HEAD is moved to, with what is pending laid over it. */
async function showAndPublish(
  repo: Repository,
  after: Id,
  publish: () => Promise<unknown>,
  options: MergeOptions,
): Promise<FilesMoved> {
  if (!hasIndex(repo)) {
    await publish()
    return NO_FILES
  }
  const { state }: { state: IndexState } = await readIndex(repo)
  const { next } = await carry(repo, state, await treeOf(repo.objects, state.base), after)
  const plan = await planWithHint(KEEP_OR_DROP, repo, state.files, next.tree, options)
  return applyShow(repo, state.files, plan, { ...options, publish })
}

async function changesBetween(
  repo: Repository,
  before: Id,
  after: Id,
  reader: Parameters<typeof treeStat>[0] = repo.objects,
): Promise<Pick<MergeResult, 'changes' | 'counts'>> {
  const changes: PathStat[] = []
  for await (const change of treeStat(reader, before, after)) changes.push(change)
  return { changes, counts: sumCounts(changes) }
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

function stagedAlready(): VarveError {
  return new VarveError('refused', 'something is staged: a merge would be mixed up with it', {
    hint: 'varve commit keeps it, varve restore --staged . drops it',
  })
}

function bareConflict(
  shown: string,
  paths: readonly SeriesConflicts[],
  conflicts: number,
): VarveError {
  return new VarveError(
    'conflict',
    `${shown} has ${conflictCount(conflicts)}: nothing was changed`,
    {
      data: { conflicts: paths },
      hint: 'a repository without a work tree has no place to settle them: merge in a clone, or use --strategy',
    },
  )
}

/** `1 conflict`, `2 conflicts`. */
export function conflictCount(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'conflict' : 'conflicts'}`
}

/** Subjects that the message of a squashed merge lists. */
const MOST_SUBJECTS = 100

/** The message as git makes it. */
async function mergeMessage(
  repo: Repository,
  head: HeadState,
  theirs: Id,
  shown: string,
  squash: boolean,
): Promise<string> {
  if (squash) {
    const subjects: string[] = []
    const walked = { include: [theirs], exclude: head.id === undefined ? [] : [head.id] }
    for await (const { commit } of walkCommits(repo.objects, walked)) {
      if (subjects.length === MOST_SUBJECTS) break
      subjects.push(`* ${subjectOf(commit)}`)
    }
    return `Squashed commits of ${shown}\n\n${subjects.join('\n')}\n`
  }
  const { refs } = await repo.refs.state()
  const what = refs.has(`refs/heads/${shown}`)
    ? `branch '${shown}'`
    : refs.has(`refs/tags/${shown}`)
      ? `tag '${shown}'`
      : `commit '${/^[0-9a-f]{40,}$/.test(shown) ? shortId(theirs) : shown}'`
  const branch = head.ref === undefined ? 'HEAD' : shortBranch(head.ref)
  return `Merge ${what}${branch === 'main' || branch === 'master' ? '' : ` into ${branch}`}\n`
}
