import type { Signature } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { MergeConflict } from '../core/merge-trees.ts'
import type { ObjectReader } from '../core/objects.ts'
import { packsToPublish } from '../plumbing/collect-packs.ts'
import { lastPart } from '../plumbing/follow-up.ts'
import { headState, moveRef } from '../plumbing/head.ts'
import { hasIndex, type IndexState, readIndex, stagedNow, treeOf } from '../plumbing/index-state.ts'
import {
  clearMergeState,
  describeMerge,
  type MergeState,
  readMergeState,
  type SeriesConflicts,
  writeMergeState,
} from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { RowCounts } from './change-summary.ts'
import { carry } from './move-head.ts'
import { planWithHint } from './plan-with-hint.ts'
import { applyShow, type FilesMoved, type FilesOptions } from './show-tree.ts'
import { type PathStat, sumCounts, treeStat } from './tree-stat.ts'

export const NO_FILES: FilesMoved = { written: [], removed: [] }

const KEEP_OR_DROP = 'varve commit -a keeps them, varve restore FILE drops them'

/** Makes the files those of a tree that HEAD is moved to, with what is pending laid over it. */
export async function showAndPublish(
  repo: Repository,
  after: Id,
  publish: () => Promise<unknown>,
  options: FilesOptions,
): Promise<FilesMoved> {
  if (!hasIndex(repo)) {
    await publish()
    return NO_FILES
  }
  const { state } = await readIndex(repo)
  const { next } = await carry(repo, state, await treeOf(repo.objects, state.base), after)
  const plan = await planWithHint(KEEP_OR_DROP, repo, state.files, next.tree, options)
  return applyShow(repo, state.files, plan, { ...options, publish })
}

export interface MadeCommit {
  readonly id: Id
  /** Where HEAD was when it was made. */
  readonly old: Id | undefined
  readonly who: Signature
  /** As the ref log has it. */
  readonly message: string
  /** What its batch became. */
  readonly packs: readonly string[]
}

/** Moves HEAD to a commit that was made on it. */
export async function moveToMade(repo: Repository, made: MadeCommit): Promise<void> {
  const { id, packs, ...move } = made
  const commit = { kind: 'commit', id } as const
  const published = await packsToPublish(repo, commit, packs)
  await moveRef(repo, { ref: 'HEAD', new: id, ...move, packs: published })
}

/** What is staged of a merge that a person is to conclude. */
export interface StagedMerge {
  readonly index: IndexState
  /** The packs that hold what was merged. */
  readonly packs: readonly string[]
  readonly state: Omit<MergeState, 'staged' | 'settled'>
  /** What is published with it: HEAD's move on to the commits before. */
  readonly publish?: (() => Promise<unknown>) | undefined
}

/** Puts what was merged into index and files, and notes that it is to be concluded. */
export async function stageMerge(
  repo: Repository,
  { index, packs, state, publish }: StagedMerge,
  options: FilesOptions,
): Promise<FilesMoved> {
  const { tree, ours } = state
  const plan = await planWithHint(KEEP_OR_DROP, repo, index.files, tree, options)
  const noted = { ...state, settled: [] }
  const files = await applyShow(repo, index.files, plan, {
    ...options,
    // First that a merge is going on: without it, what is staged would be a commit of one parent.
    publish: async () => {
      const before = await readMergeState(repo)
      await writeMergeState(repo, { ...noted, staged: false })
      try {
        await publish?.()
      } catch (error) {
        if (before === undefined) await clearMergeState(repo)
        else await writeMergeState(repo, before)
        throw error
      }
    },
    content: { tree, base: ours, packs: [...index.packs, ...packs] },
  })
  await lastPart('what is noted of it', () => writeMergeState(repo, { ...noted, staged: true }))
  return files
}

/** Stages a tree, without a word of what it was made of. */
export async function stageTree(
  repo: Repository,
  index: IndexState,
  { tree, packs }: { readonly tree: Id; readonly packs: readonly string[] },
  options: FilesOptions,
): Promise<FilesMoved> {
  const plan = await planWithHint(KEEP_OR_DROP, repo, index.files, tree, options)
  return applyShow(repo, index.files, plan, {
    ...options,
    publish: async () => undefined,
    content: {
      tree,
      base: index.base,
      packs: [...index.packs, ...packs],
      ...(await stagedNow(repo)),
    },
  })
}

export interface TreeChanges {
  /** What changes, by series. */
  readonly changes: readonly PathStat[]
  readonly counts: RowCounts
}

export async function changesBetween(
  reader: ObjectReader,
  before: Id,
  after: Id,
): Promise<TreeChanges> {
  const changes: PathStat[] = []
  for await (const change of treeStat(reader, before, after)) changes.push(change)
  return { changes, counts: sumCounts(changes) }
}

/** Counts conflicts by the series that they are in. */
export class ConflictCounts {
  readonly #counts = new Map<string, number>()

  readonly add = ({ path }: MergeConflict): void => {
    this.#counts.set(path, (this.#counts.get(path) ?? 0) + 1)
  }

  get paths(): SeriesConflicts[] {
    return [...this.#counts].map(([series, conflicts]) => ({ series, conflicts }))
  }
}

/**
 * Runs what moves HEAD on from where it is: again, where somebody else moved it meanwhile. Any other `conflict`
 * is thrown.
 */
export async function onTip<R>(
  repo: Repository,
  run: (head: Awaited<ReturnType<typeof headState>>) => Promise<R>,
): Promise<R> {
  for (;;) {
    const head = await headState(repo)
    try {
      return await run(head)
    } catch (error) {
      const isConflict = error instanceof VarveError && error.code === 'conflict'
      if (!isConflict || (await headState(repo)).id === head.id) throw error
    }
  }
}

export function stagedAlready(action: MergeState['action']): VarveError {
  return new VarveError('refused', `something is staged: a ${action} would be mixed up with it`, {
    hint: 'varve commit keeps it, varve restore --staged . drops it',
  })
}

/** Conflicts where there is no place to settle them. */
export function nowhereToSettle(
  { action, shown }: Pick<MergeState, 'action' | 'shown'>,
  paths: readonly SeriesConflicts[],
  hint: string,
): VarveError {
  const what = action === 'merge' ? shown : describeMerge({ action, shown })
  const conflicts = paths.reduce((sum, { conflicts }) => sum + conflicts, 0)
  return new VarveError(
    'conflict',
    `${what} has ${conflictCount(conflicts)}: nothing was changed`,
    {
      data: { conflicts: paths },
      hint,
    },
  )
}

export const BARE_HINT =
  'a repository without a work tree has no place to settle them: do it in a clone, or use --strategy'

/** `1 conflict`, `2 conflicts`. */
export function conflictCount(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'conflict' : 'conflicts'}`
}
