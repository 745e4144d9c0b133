import type { Id } from '../core/id.ts'
import { diffTrees, walkTree } from '../core/tree.ts'
import {
  type IndexContent,
  type IndexState,
  replaceIndexContent,
  updateIndexState,
} from '../plumbing/index-state.ts'
import { applyFilePlan, type FilePlan, planRefresh } from '../plumbing/refresh-files.ts'
import type { Repository } from '../plumbing/repository.ts'
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
 * with what is pending; with `content` it is made to hold that instead.
 */
export async function applyShow(
  repo: Repository,
  files: IndexFiles,
  plan: ShowPlan,
  options: Pick<FilesOptions, 'onFile' | 'signal'>,
  content?: IndexContent,
): Promise<FilesMoved> {
  const next = await applyFilePlan(repo, files, plan.files, options)
  const merge = (now: IndexFiles) => withWritten(now, plan.files, next)
  if (content !== undefined) await replaceIndexContent(repo, content, merge)
  else await updateIndexState(repo, (state) => ({ ...state, files: merge(state.files) }))
  return movedBy(plan)
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

/** The files as they are to be in an index that holds another tree than before while they stay. */
export async function keepFiles(
  repo: Repository,
  files: IndexFiles,
  before: Id,
  after: Id,
): Promise<IndexFiles> {
  const kept = new Map(files)
  for await (const { path, new: entry } of diffTrees(repo.objects, before, after)) {
    const known = files.get(path)
    if (known === undefined) continue
    if (entry?.kind !== 'series') kept.delete(path)
    // What the file holds is a change made by hand from here on: it has to be looked at.
    else kept.set(path, { ...known, id: entry.id, stamp: UNKNOWN_STAMP })
  }
  return kept
}

const UNKNOWN_STAMP = { size: -1, mtimeNs: 0n, inode: 0n }
