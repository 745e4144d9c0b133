import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { packsToPublish } from '../plumbing/collect-packs.ts'
import { type Head, type HeadState, headState, setHead } from '../plumbing/head.ts'
import {
  carryPending,
  hasIndex,
  type IndexState,
  layOver,
  readIndex,
  readStoredIndex,
  treeOf,
} from '../plumbing/index-state.ts'
import { markMergeStopped } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { applyShow, type FilesMoved, type FilesOptions, mendFiles, planShow } from './show-tree.ts'

export interface RefChange {
  readonly name: string
  readonly old: Id | undefined
  readonly new: Id | undefined
}

export interface MoveHeadOptions extends FilesOptions {
  readonly to: Head
  /** The commit that it leads to; undefined for a branch without any. */
  readonly commit: Id | undefined
  /** Refs that change with it. */
  readonly updates?: readonly RefChange[]
  readonly who: Signature
  readonly message: string
}

export interface MovedHead {
  readonly from: HeadState
  /** Series that are staged and stay so. */
  readonly carried: readonly string[]
  readonly files: FilesMoved
}

const NO_FILES: FilesMoved = { written: [], removed: [] }

/**
 * Points HEAD somewhere else, and makes index and files those of there. What is staged and what
 * was changed by hand goes along where the two commits have the same series there; otherwise it is
 * `refused`, naming the series, unless `force` drops it.
 */
export async function moveHead(repo: Repository, options: MoveHeadOptions): Promise<MovedHead> {
  const { to, commit, updates = [], who, message, force = false } = options
  const from = await headState(repo)
  if (!hasIndex(repo) || (commit === from.id && !force)) {
    await setHead(repo, { to, who, message, updates })
    // At the same commit nothing else changes: not even series without files get any.
    const files = hasIndex(repo) ? await mendFiles(repo, options) : NO_FILES
    return { from, carried: await pendingSeries(repo), files }
  }
  const state = force ? await indexToReplace(repo) : (await readIndex(repo)).state
  const before = await treeOf(repo.objects, state.base)
  const after = await treeOf(repo.objects, commit)
  const { edits, next } = force
    ? { edits: new Map(), next: { tree: after, packs: [] } }
    : await carry(repo, state, before, after)
  const plan = await planShow(repo, state.files, next.tree, options)
  const pending = state.tree !== before
  const discarded = pending ? await discardedIndex(repo, state) : {}
  if (force) await markMergeStopped(repo)
  const files = await applyShow(repo, state.files, plan, {
    ...options,
    publish: () => setHead(repo, { to, who, message, updates, ...discarded }),
    content: force ? { ...next, base: commit } : undefined,
  })
  return { from, carried: [...edits.keys()], files }
}

/** The series that are staged. */
async function pendingSeries(repo: Repository): Promise<string[]> {
  if (!hasIndex(repo)) return []
  const { state } = await readIndex(repo)
  const before = await treeOf(repo.objects, state.base)
  return [...(await carryPending(repo.objects, before, state.tree, before)).edits.keys()]
}

/** The index for an operation that replaces it, even where it cannot be carried over to HEAD, or what is staged is lost. */
export async function indexToReplace(repo: Repository): Promise<IndexState> {
  try {
    return (await readIndex(repo)).state
  } catch (error) {
    const isMeant = hasCode(error, 'conflict') || hasCode(error, 'object-not-found')
    const { state } = isMeant ? await readStoredIndex(repo) : { state: undefined }
    if (state === undefined) throw error
    return state
  }
}

export interface DiscardedIndex {
  readonly index: { readonly old: Id }
  /** What the tree needs and the log does not name yet. */
  readonly packs: readonly string[]
}

/** What the log is told of an index that an operation replaces, for undo. */
export async function discardedIndex(
  repo: Repository,
  { tree, packs }: IndexState,
): Promise<DiscardedIndex> {
  if (tree === EMPTY_TREE) return { index: { old: tree }, packs: [] }
  return {
    index: { old: tree },
    packs: await packsToPublish(repo, { kind: 'tree', id: tree }, packs),
  }
}

/** What is pending on one tree, laid over another; `refused` where they do not go together. */
export async function carry(
  repo: Repository,
  state: IndexState,
  before: Id,
  after: Id,
): Promise<{ edits: ReadonlyMap<string, unknown>; next: Pick<IndexState, 'tree' | 'packs'> }> {
  const { edits, clashes } = await carryPending(repo.objects, before, state.tree, after)
  if (clashes.length > 0) throw wouldLose(clashes)
  return { edits, next: await layOver(repo, after, edits, state.packs) }
}

function wouldLose(series: readonly string[]): VarveError {
  const shown = series.slice(0, 5).join(', ')
  const more = series.length > 5 ? ` and ${series.length - 5} more` : ''
  return new VarveError('refused', `staged changes would be lost: ${shown}${more}`, {
    data: { series },
    hint: 'varve commit keeps them, varve restore --staged SERIES drops them; so does --force',
  })
}
