import { type Commit, readCommit, type Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { lastPart } from '../plumbing/follow-up.ts'
import { headState, moveRef } from '../plumbing/head.ts'
import {
  hasIndex,
  type IndexState,
  publishIndex,
  readIndex,
  replaceIndexContent,
} from '../plumbing/index-state.ts'
import { clearMergeState, markMergeStopped, refuseDuringMerge } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type DiscardedIndex, discardedIndex, indexToReplace } from './move-head.ts'
import { applyShow, type FilesMoved, type FilesOptions, keepFiles, planShow } from './show-tree.ts'
import { showAndPublish } from './three-way.ts'

/**
 * What goes with HEAD: `soft` nothing, so that what was committed since is staged; `mixed` the
 * index, so that files that differ are changed files; `hard` the index and the files; `keep` both, with what is
 * staged and changed in files laid over them.
 */
export type ResetMode = 'soft' | 'mixed' | 'hard' | 'keep'

export interface ResetOptions extends Omit<FilesOptions, 'force'> {
  /** Undefined where there is no commit yet: under `hard`, what is staged is dropped. */
  readonly to: Id | undefined
  readonly mode: ResetMode
  /** How the commit was named, for the log. */
  readonly shown?: string | undefined
  readonly who: Signature
}

export interface ResetResult {
  readonly mode: ResetMode
  readonly old: Id | undefined
  /** Absent where there is no commit yet. */
  readonly id?: Id
  readonly commit?: Commit
  readonly files: FilesMoved
  /** Series whose files differ from the index now; under `mixed`. */
  readonly unstaged: readonly string[]
}

/**
 * Moves HEAD, or the branch that it is on, to a commit. What the index held is remembered in the
 * log, for `undo`; what was changed by hand in files is lost under `hard`. A merge that is going on is
 * dropped; `soft` and `keep` are `refused` then, and `keep` where what is staged or was changed by hand would be lost.
 * Where what is staged cannot be read, `mixed` and `hard` go on without it: nothing can bring that back.
 */
export async function reset(repo: Repository, options: ResetOptions): Promise<ResetResult> {
  const { to, mode, who, shown = to ?? 'HEAD' } = options
  if (!hasIndex(repo) && mode !== 'soft') {
    throw new VarveError('refused', `reset --${mode} needs a work tree`, {
      hint: 'varve reset --soft moves the branch alone',
    })
  }
  if (mode === 'soft' || mode === 'keep')
    await refuseDuringMerge(repo, 'HEAD alone cannot be moved')
  const head = await headState(repo)
  if (to === undefined && (mode !== 'hard' || head.id !== undefined)) {
    throw new VarveError('refused', `reset --${mode} needs a commit to go to`)
  }
  const commit = to === undefined ? undefined : await readCommit(repo.objects, to)
  const tree = commit?.tree ?? EMPTY_TREE
  const result = { mode, old: head.id, ...(commit && { id: to!, commit }) }
  const log = { who, message: `reset: moving to ${shown}` }
  const move = async (discarded?: DiscardedIndex) => {
    // A log entry without a move still remembers the index.
    if (to === undefined || head.id === to)
      await repo.refs.append({ updates: [], packs: [], ...log, ...discarded })
    else await moveRef(repo, { ref: 'HEAD', old: head.id, new: to, ...log, ...discarded })
  }
  const nothing = { files: { written: [], removed: [] }, unstaged: [] }
  if (!hasIndex(repo)) {
    await move()
    return { ...result, ...nothing }
  }
  if (mode === 'keep') {
    if (head.id === to) return { ...result, ...nothing }
    const files = await showAndPublish(repo, tree, () => move(), options)
    return { ...result, files, unstaged: [] }
  }
  const state = await indexToReplace(repo)
  if (mode === 'soft') {
    const discarded = await discardedIndex(repo, state)
    // The index first: on either tip it then says the same.
    await rebase(repo, to!)
    await move(discarded)
    return { ...result, ...nothing }
  }
  const { discarded, files: known, before } = await readable(repo, state, tree)
  const content = { tree, base: to, packs: [] }
  if (mode === 'mixed') {
    await markMergeStopped(repo)
    await move(discarded)
    const kept = await keepFiles(repo, known, before, tree)
    await lastPart('the index', () => replaceIndexContent(repo, content, () => kept))
    await clearMergeState(repo)
    const unstaged = [...kept].filter(([path, file]) => file !== state.files.get(path))
    return { ...result, ...nothing, unstaged: unstaged.map(([path]) => path) }
  }
  // Files that nobody knows any more are none of the index.
  if (discarded === undefined) await replaceIndexContent(repo, content, () => known)
  const plan = await planShow(repo, known, tree, { ...options, force: true })
  await markMergeStopped(repo)
  const publish = () => move(discarded)
  const files = await applyShow(repo, known, plan, { ...options, publish, content })
  await clearMergeState(repo)
  return { ...result, files, unstaged: [] }
}

interface ReadableIndex {
  /** What the log is told of it; undefined where what is staged is lost. */
  readonly discarded: DiscardedIndex | undefined
  readonly files: IndexState['files']
  /** The tree that `files` are of. */
  readonly before: Id
}

/** An index as far as it can be read; where what is staged cannot, as if `tree` were, and of each file nobody knew what it holds. */
async function readable(repo: Repository, state: IndexState, tree: Id): Promise<ReadableIndex> {
  const { files } = state
  try {
    return { discarded: await discardedIndex(repo, state), files, before: state.tree }
  } catch (error) {
    if (!isLost(error)) throw error
    return {
      discarded: undefined,
      files: await keepFiles(repo, files, undefined, tree),
      before: tree,
    }
  }
}

function isLost(error: unknown): boolean {
  const codes = ['object-not-found', 'corrupt-object', 'corrupt-pack'] as const
  return codes.some((code) => hasCode(error, code))
}

/** Puts the index, as it is, on another commit. */
async function rebase(repo: Repository, base: Id): Promise<void> {
  for (;;) {
    const { version, state } = await readIndex(repo)
    if (await publishIndex(repo, version, { ...state, base })) return
  }
}
