import { readCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, shortId } from '../core/id.ts'
import type { Versions } from '../core/merge-columns.ts'
import {
  type MergeConflict,
  type MergedTrees,
  type MergeStrategy,
  type MergeTreesOptions,
  mergeTrees,
  treeConflicts,
} from '../core/merge-trees.ts'
import type { ObjectReader, ObjectWriter } from '../core/objects.ts'
import { EMPTY_TREE, lookupPath } from '../core/tree.ts'
import type { Scratch } from '../storage/scratch.ts'
import { bestCommonAncestors } from './common-ancestors.ts'
import { treeOf } from './index-state.ts'
import { lastTouched } from './last-touched.ts'
import type { MergeAction } from './merge-state.ts'
import type { Repository } from './repository.ts'
import { scratchFor } from './series-files.ts'

export interface MergeCommitsOptions {
  /** `merge` unless given. */
  readonly action?: MergeAction | undefined
  readonly ours: Id
  /** The commit to be merged, picked or reverted. */
  readonly theirs: Id
  /** Of a merge that is picked or reverted: against which parent, from 1. */
  readonly mainline?: number | undefined
  readonly strategy?: MergeStrategy | undefined
}

/** What merging two commits comes to. */
export interface MergedCommits extends MergedTrees {
  /** The best common ancestors: several after criss-cross merges, none of unrelated histories. */
  readonly bases: readonly Id[]
}

/**
 * Merges the trees of two commits from their best common ancestor. To pick a commit is to merge it
 * from its parent; to revert it, to merge its parent from it. Of several ancestors one is made,
 * by merging them; where they are in conflict it holds what their own base held, so that what the two
 * sides made of it counts as changed on both.
 */
export async function mergeCommits(
  repo: Repository,
  batch: ObjectWriter,
  options: MergeCommitsOptions & {
    readonly onConflict?: ((conflict: MergeConflict) => Promise<void> | void) | undefined
    /** What is here where that is not what the commit `ours` holds. */
    readonly tree?: Id | undefined
  },
): Promise<MergedCommits> {
  const scratch = scratchFor(repo)
  try {
    const found = await threeTrees(repo, batch, scratch, options)
    const { bases } = found
    const trees = { ...found.trees, ours: options.tree ?? found.trees.ours }
    const merged = await mergeTrees(overScratch(batch, scratch), trees, {
      strategy: options.strategy,
      newest: newestSide(repo, batch, options),
      onConflict: options.onConflict,
    })
    return { ...merged, bases }
  } finally {
    await scratch.discard()
  }
}

/** The conflicts that merging two commits comes to; nothing is stored. */
export async function* commitConflicts(
  repo: Repository,
  options: MergeCommitsOptions,
): AsyncGenerator<MergeConflict> {
  const scratch = scratchFor(repo)
  try {
    const { trees } = await threeTrees(repo, repo.objects, scratch, options)
    yield* treeConflicts(scratch, trees, {
      strategy: options.strategy,
      newest: newestSide(repo, repo.objects, options),
    })
  } finally {
    await scratch.discard()
  }
}

async function threeTrees(
  repo: Repository,
  reader: ObjectReader,
  scratch: Scratch,
  options: MergeCommitsOptions,
): Promise<{ trees: Versions<Id>; bases: readonly Id[] }> {
  const { ours, theirs, action = 'merge' } = options
  const { shallow } = await repo.refs.state()
  const here = await treeOf(reader, ours)
  if (action !== 'merge') {
    const parent = await changedParent(repo, options)
    const before = await treeOf(repo.objects, parent)
    const after = await treeOf(repo.objects, theirs)
    const trees =
      action === 'revert'
        ? { base: after, ours: here, theirs: before }
        : { base: before, ours: here, theirs: after }
    return { trees, bases: [action === 'revert' || parent === undefined ? theirs : parent] }
  }
  const bases = await bestCommonAncestors(repo.objects, ours, [theirs], shallow)
  const trees = {
    base: await mergedBase(repo, scratch, bases, shallow),
    ours: here,
    theirs: await treeOf(repo.objects, theirs),
  }
  return { trees, bases }
}

/**
 * The commit against which another one is a change: its parent, of a merge the one that `mainline`
 * says; undefined for a first commit. `refused` where that cannot be said, or it is not here.
 */
export async function changedParent(
  repo: Repository,
  { theirs, mainline }: Pick<MergeCommitsOptions, 'theirs' | 'mainline'>,
): Promise<Id | undefined> {
  const { parents } = await readCommit(repo.objects, theirs)
  const name = shortId(theirs)
  if ((await repo.refs.state()).shallow.has(theirs)) {
    throw new VarveError('refused', `the commit before ${name} is not here: history was trimmed`, {
      data: { id: theirs },
      hint: 'varve restore --source REV SERIES puts series back as they were',
    })
  }
  if (mainline === undefined && parents.length > 1) {
    throw new VarveError(
      'refused',
      `${name} is a merge: it changed something else for each parent`,
      {
        data: { id: theirs, parents },
        hint: '-m 1 takes what it brought into the branch that it was made on',
      },
    )
  }
  if (mainline !== undefined && mainline > Math.max(1, parents.length)) {
    const found = parents.length === 1 ? '1 parent' : `${parents.length} parents`
    throw new VarveError('refused', `${name} has ${found}, so there is no -m ${mainline}`, {
      data: { id: theirs, parents, mainline },
    })
  }
  return parents[(mainline ?? 1) - 1]
}

/** One tree of several merge bases. */
async function mergedBase(
  repo: Repository,
  scratch: Scratch,
  bases: readonly Id[],
  shallow: ReadonlySet<Id>,
): Promise<Id> {
  const [first, ...others] = bases
  if (first === undefined) return EMPTY_TREE
  let tree = await treeOf(repo.objects, first)
  const merged = [first]
  for (const next of others) {
    const inner = await bestCommonAncestors(repo.objects, next, merged, shallow)
    const trees = {
      base: await mergedBase(repo, scratch, inner, shallow),
      ours: tree,
      theirs: await treeOf(repo.objects, next),
    }
    const settled: MergeTreesOptions = { strategy: 'base', newest: async () => 'ours' }
    tree = (await mergeTrees(scratch, trees, settled)).tree
    merged.push(next)
  }
  return tree
}

/** Writes to a batch; reads what is in a scratch, too. */
function overScratch(batch: ObjectWriter, scratch: Scratch): ObjectWriter {
  const read: ObjectReader['read'] = async (id, kind) => {
    try {
      return await batch.read(id, kind)
    } catch (error) {
      if (hasCode(error, 'object-not-found')) return scratch.read(id, kind)
      throw error
    }
  }
  return { read, put: (kind, bytes, options) => batch.put(kind, bytes, options) }
}

/**
 * Which side's last commit that changed a path has the later date; ours where they are equal. A commit that is
 * picked has one date for all, and what it is reverted to is older than anything.
 */
function newestSide(
  repo: Repository,
  reader: ObjectReader,
  { ours, theirs, action = 'merge' }: MergeCommitsOptions,
): (path: string) => Promise<'ours' | 'theirs'> {
  if (action === 'revert') return async () => 'ours'
  if (action === 'cherry-pick') {
    return async () => {
      const [here, there] = [await readCommit(reader, ours), await readCommit(repo.objects, theirs)]
      return there.committer.seconds > here.committer.seconds ? 'theirs' : 'ours'
    }
  }
  const known = new Map<string, 'ours' | 'theirs'>()
  const lastChange = async (tip: Id, path: string): Promise<number> => {
    const { tree, committer } = await readCommit(repo.objects, tip)
    const id = (await lookupPath(repo.objects, tree, path))?.id
    if (id === undefined) return committer.seconds
    const touched = await lastTouched(repo, tip, new Map([[path, id]]))
    return touched.get(path)?.commit.committer.seconds ?? committer.seconds
  }
  return async (path) => {
    let side = known.get(path)
    if (side === undefined) {
      side = (await lastChange(theirs, path)) > (await lastChange(ours, path)) ? 'theirs' : 'ours'
      known.set(path, side)
    }
    return side
  }
}
