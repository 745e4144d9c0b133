import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { lookupPath, walkTree } from '../core/tree.ts'
import type { SeriesFile } from './index-codec.ts'
import type { Repository } from './repository.ts'
import {
  fileOfSeries,
  fileStatus,
  scratchFor,
  workTreeOf,
  writeSeriesFile,
} from './series-files.ts'

export interface RefreshOptions {
  /** The files as the index has them. */
  readonly files: ReadonlyMap<string, SeriesFile>
  /** The tree that the files are to show. */
  readonly tree: Id
  /** Series that are to have a file although they have none yet: these, or all in the tree. */
  readonly materialise?: ReadonlySet<string> | 'all' | undefined
  /** Only these series; all when absent. */
  readonly only?: ReadonlySet<string> | undefined
  /** Overwrite what was changed by hand: `--force`. */
  readonly force?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onFile?: ((path: string) => void) | undefined
}

export interface FilePlan {
  /** Series whose files are to be written, with what they will hold. */
  readonly write: ReadonlyMap<string, { readonly file: string; readonly id: Id }>
  /** Series whose files go. */
  readonly remove: readonly string[]
}

/**
 * What has to be written and removed so that the files show a tree. Nothing is touched; `refused`,
 * naming them, where files that were changed by hand or are not varve's would be overwritten.
 */
export async function planRefresh(repo: Repository, options: RefreshOptions): Promise<FilePlan> {
  const { files, tree, only, force = false } = options
  const wanted = (path: string): boolean => only === undefined || only.has(path)
  const write = new Map<string, { file: string; id: Id }>()
  const remove: string[] = []
  const inTheWay: string[] = []
  const scratch = scratchFor(repo)
  try {
    for (const [path, known] of files) {
      if (!wanted(path)) continue
      const entry = await lookupPath(repo.objects, tree, path)
      const id = entry?.kind === 'series' ? entry.id : undefined
      if (id === known.id && !force) continue
      const status = await fileStatus(repo, scratch, known, options.signal)
      if (id === known.id && status.state === 'clean') continue
      if (status.state === 'changed' && !force && status.id !== id) inTheWay.push(known.file)
      if (id === undefined) remove.push(path)
      else write.set(path, { file: known.file, id })
    }
    for await (const { path, id } of toMaterialise(repo, options)) {
      if (files.has(path) || !wanted(path)) continue
      const file = fileOfSeries(path)
      const stat = await workTreeOf(repo).stat(file)
      if (stat !== undefined && !force) {
        const unknown = { file, id, stamp: { size: -1, mtimeNs: 0n, inode: 0n } }
        const status = await fileStatus(repo, scratch, unknown, options.signal)
        if (status.state !== 'clean') inTheWay.push(file)
      }
      write.set(path, { file, id })
    }
  } finally {
    await scratch.discard()
  }
  if (inTheWay.length > 0) throw wouldOverwrite(inTheWay)
  return { write, remove }
}

async function* toMaterialise(
  repo: Repository,
  { materialise, tree }: RefreshOptions,
): AsyncGenerator<{ path: string; id: Id }> {
  if (materialise === undefined) return
  if (materialise === 'all') {
    for await (const { path, entry } of walkTree(repo.objects, tree)) yield { path, id: entry.id }
    return
  }
  for (const path of materialise) {
    const entry = await lookupPath(repo.objects, tree, path)
    if (entry?.kind === 'series') yield { path, id: entry.id }
  }
}

/** Carries a plan out and returns the files as the index is to have them. */
export async function applyFilePlan(
  repo: Repository,
  files: ReadonlyMap<string, SeriesFile>,
  plan: FilePlan,
  options: Pick<RefreshOptions, 'signal' | 'onFile'> = {},
): Promise<Map<string, SeriesFile>> {
  const next = new Map(files)
  // Removed first: a series may take the place of a collection's folder.
  for (const path of plan.remove) {
    await workTreeOf(repo).remove(files.get(path)!.file)
    next.delete(path)
  }
  for (const [path, { file, id }] of plan.write) {
    next.set(path, await writeSeriesFile(repo, repo.objects, file, id, options.signal))
    options.onFile?.(path)
  }
  return next
}

function wouldOverwrite(files: readonly string[]): VarveError {
  const shown = files.slice(0, 5).join(', ')
  const more = files.length > 5 ? ` and ${files.length - 5} more` : ''
  return new VarveError('refused', `changes in files would be lost: ${shown}${more}`, {
    data: { files },
    hint: 'varve add keeps them, varve restore FILE drops them; --force overwrites',
  })
}
