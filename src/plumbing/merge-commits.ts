import { readCommit } from '../core/commit.ts'
import { hasCode } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
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
import type { ObjectBatch } from '../storage/object-batch.ts'
import type { Scratch } from '../storage/scratch.ts'
import { bestCommonAncestors } from './common-ancestors.ts'
import { treeOf } from './index-state.ts'
import { lastTouched } from './last-touched.ts'
import type { Repository } from './repository.ts'
import { scratchFor } from './series-files.ts'

export interface MergeCommitsOptions {
  readonly ours: Id
  readonly theirs: Id
  readonly strategy?: MergeStrategy | undefined
}

/** What merging two commits comes to. */
export interface MergedCommits extends MergedTrees {
  /** The best common ancestors: several after criss-cross merges, none of unrelated histories. */
  readonly bases: readonly Id[]
}

/**
 * Merges the trees of two commits from their best common ancestor. Of several ancestors one is made,
 * by merging them; where they are in conflict it holds what their own base held, so that what the two
 * sides made of it counts as changed on both.
 */
export async function mergeCommits(
  repo: Repository,
  batch: ObjectBatch,
  options: MergeCommitsOptions & {
    readonly onConflict?: ((conflict: MergeConflict) => Promise<void> | void) | undefined
  },
): Promise<MergedCommits> {
  const scratch = scratchFor(repo)
  try {
    const { trees, bases } = await threeTrees(repo, scratch, options)
    const merged = await mergeTrees(overScratch(batch, scratch), trees, {
      strategy: options.strategy,
      newest: newestSide(repo, options),
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
    const { trees } = await threeTrees(repo, scratch, options)
    yield* treeConflicts(scratch, trees, {
      strategy: options.strategy,
      newest: newestSide(repo, options),
    })
  } finally {
    await scratch.discard()
  }
}

async function threeTrees(
  repo: Repository,
  scratch: Scratch,
  { ours, theirs }: MergeCommitsOptions,
): Promise<{ trees: Versions<Id>; bases: readonly Id[] }> {
  const { shallow } = await repo.refs.state()
  const bases = await bestCommonAncestors(repo.objects, ours, [theirs], shallow)
  const trees = {
    base: await mergedBase(repo, scratch, bases, shallow),
    ours: await treeOf(repo.objects, ours),
    theirs: await treeOf(repo.objects, theirs),
  }
  return { trees, bases }
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
function overScratch(batch: ObjectBatch, scratch: Scratch): ObjectWriter {
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

/** Which side's last commit that changed a path has the later date; ours where they are equal. */
function newestSide(
  repo: Repository,
  { ours, theirs }: MergeCommitsOptions,
): (path: string) => Promise<'ours' | 'theirs'> {
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
