import type { Id } from '../core/id.ts'
import { diffTrees, EMPTY_TREE, lookupPath, walkTree } from '../core/tree.ts'
import { followUp, lastPart } from '../plumbing/follow-up.ts'
import {
  type IndexContent,
  type IndexState,
  readIndex,
  replaceIndexContent,
  updateIndexState,
} from '../plumbing/index-state.ts'
import { applyFilePlan, type FilePlan, planRefresh } from '../plumbing/refresh-files.ts'
import type { Repository } from '../plumbing/repository.ts'
import { fileStatus, scratchFor } from '../plumbing/series-files.ts'
import { estimateFiles, type FilesEstimate } from './estimate-files.ts'

export type IndexFiles = IndexState['files']

/** What all operations that move the work tree take. */
export interface FilesOptions {
  /** Bytes that all files together may come to: then series without a file get one. */
  readonly filesLimit?: number | undefined
  /** Overwrite and remove files that were changed by hand. */
  readonly force?: boolean | undefined
  readonly onFile?: ((path: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What becomes of the files. */
export interface FilesMoved {
  /** Series whose files were written. */
  readonly written: readonly string[]
  /** Series whose files went. */
  readonly removed: readonly string[]
  /** Present where series were left without files, as they would come to too much. */
  readonly left?: FilesEstimate & { readonly limit: number }
}

export interface ShowPlan {
  readonly files: FilePlan
  readonly left?: FilesMoved['left']
}

/** 256 MiB: what `checkout.filesLimit` is unless configured. */
export const DEFAULT_FILES_LIMIT = 256 * 1024 * 1024

/**
 * What it takes to make the work tree show a tree. Series that have files keep having them; the
 * others get theirs where all of them together stay below the limit. `refused`, naming them, where
 * files that were changed by hand would be lost.
 */
export async function planShow(
  repo: Repository,
  files: IndexFiles,
  tree: Id,
  options: FilesOptions,
): Promise<ShowPlan> {
  const { filesLimit: limit = DEFAULT_FILES_LIMIT, force, signal } = options
  const plan = (materialise: 'all' | undefined) =>
    planRefresh(repo, { files, tree, materialise, force, signal })
  if (limit <= 0 || !(await anyWithoutFile(repo, files, tree))) {
    return { files: await plan(undefined) }
  }
  const estimate = await estimateFiles(repo.objects, tree, limit)
  if (!estimate.over) return { files: await plan('all') }
  return { files: await plan(undefined), left: { ...estimate, limit } }
}

async function anyWithoutFile(repo: Repository, files: IndexFiles, tree: Id): Promise<boolean> {
  for await (const { path } of walkTree(repo.objects, tree)) if (!files.has(path)) return true
  return false
}

/**
 * Writes and removes files as planned, then puts them into the index. That follows HEAD by itself,
 * with what is pending; with `content` it is made to hold that instead. `publish` makes the change
 * that the files are to show: it runs when all that takes time and space is done.
 */
export async function applyShow(
  repo: Repository,
  files: IndexFiles,
  plan: ShowPlan,
  options: Pick<FilesOptions, 'onFile' | 'signal'> & {
    readonly publish: () => Promise<unknown>
    readonly content?: IndexContent | undefined
  },
): Promise<FilesMoved> {
  const { onFile, signal, publish, content } = options
  const next = await applyFilePlan(repo, files, plan.files, { onFile, signal, publish })
  const merge = (now: IndexFiles) => withWritten(now, plan.files, next)
  if (content !== undefined) {
    await lastPart('the index', () => replaceIndexContent(repo, content, merge))
  } else {
    await followUp(() =>
      updateIndexState(repo, (state) => ({ ...state, files: merge(state.files) })),
    )
  }
  return movedBy(plan)
}

/**
 * Writes the files that a command left behind which was stopped between its change and its files.
 * One that was changed by hand since stays as it is.
 */
export async function mendFiles(
  repo: Repository,
  { signal, onFile }: Pick<FilesOptions, 'onFile' | 'signal'> = {},
): Promise<FilesMoved> {
  const { files, tree } = (await readIndex(repo)).state
  const only = new Set<string>()
  const scratch = scratchFor(repo)
  try {
    for (const [path, known] of files) {
      const entry = await lookupPath(repo.objects, tree, path)
      if (entry?.id === known.id) continue
      const { state } = await fileStatus(repo, scratch, known, { path, tree }, signal)
      if (state === 'clean') only.add(path)
    }
  } finally {
    await scratch.discard()
  }
  if (only.size === 0) return { written: [], removed: [] }
  const plan = await planRefresh(repo, { files, tree, only, signal })
  await putFiles(repo, plan, await applyFilePlan(repo, files, plan, { signal, onFile }))
  return movedBy({ files: plan })
}

/** Puts files that were written and removed as planned into the index. */
export async function putFiles(repo: Repository, plan: FilePlan, next: IndexFiles): Promise<void> {
  if (plan.write.size === 0 && plan.remove.length === 0) return
  await updateIndexState(repo, (state) => ({
    ...state,
    files: withWritten(state.files, plan, next),
  }))
}

/** Files as others left them, with what a plan has written and removed. */
function withWritten(files: IndexFiles, plan: FilePlan, next: IndexFiles): IndexFiles {
  const merged = new Map(files)
  for (const path of plan.remove) merged.delete(path)
  for (const path of plan.write.keys()) merged.set(path, next.get(path)!)
  return merged
}

/** What a plan does, or would do. */
export function movedBy({ files, left }: ShowPlan): FilesMoved {
  return { written: [...files.write.keys()], removed: files.remove, ...(left && { left }) }
}

/**
 * The files as they are to be in an index that holds another tree than before while they stay; where it is not known
 * what it held, those that have a series in the new one.
 */
export async function keepFiles(
  repo: Repository,
  files: IndexFiles,
  before: Id | undefined,
  after: Id,
): Promise<IndexFiles> {
  const kept = new Map(before === undefined ? [] : files)
  for await (const { path, new: entry } of diffTrees(repo.objects, before ?? EMPTY_TREE, after)) {
    const known = files.get(path)
    if (known === undefined) continue
    if (entry?.kind !== 'series') kept.delete(path)
    // What the file holds is a change made by hand from here on: it has to be looked at.
    else kept.set(path, { ...known, id: entry.id, stamp: UNKNOWN_STAMP })
  }
  return kept
}

const UNKNOWN_STAMP = { size: -1, mtimeNs: 0n, inode: 0n }
