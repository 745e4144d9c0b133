import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { lookupPath, walkTree } from '../core/tree.ts'
import type { PreparedFile } from '../storage/work-tree.ts'
import type { FileStamp, SeriesFile } from './index-codec.ts'
import { fileForSeries } from './index-state.ts'
import type { Repository } from './repository.ts'
import {
  fileStatus,
  prepareSeriesFile,
  type SeriesPlace,
  type ShownSeries,
  scratchFor,
  stampOf,
  workTreeOf,
} from './series-files.ts'
import { zoneNameAt } from './series-zone.ts'

export interface RefreshOptions {
  /** The files as the index has them. */
  readonly files: ReadonlyMap<string, SeriesFile>
  /** The tree that the files are to show. */
  readonly tree: Id
  /** Series that are to have a file although they have none yet: these, or all in the tree. */
  readonly materialise?: ReadonlySet<string> | 'all' | undefined
  /** The files that some of those get, where it is not as configured. */
  readonly named?: ReadonlyMap<string, string> | undefined
  /** Only these series; all when absent. */
  readonly only?: ReadonlySet<string> | undefined
  /** Overwrite what was changed by hand: `--force`. */
  readonly force?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onFile?: ((path: string) => void) | undefined
}

export interface FilePlan {
  /** Series whose files are to be written, with what they will hold. */
  readonly write: ReadonlyMap<string, ShownSeries>
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
  const write = new Map<string, ShownSeries>()
  const zoneOf = (path: string) => zoneNameAt(repo.objects, tree, path)
  const remove: string[] = []
  const inTheWay: string[] = []
  const scratch = scratchFor(repo)
  try {
    const shown = [...files.keys()].filter(wanted)
    const idOf = await seriesIds(repo, tree, shown.length)
    for (const path of shown) {
      const known = files.get(path)!
      const id = await idOf(path)
      if (id === known.id && !force) continue
      const status = await fileStatus(repo, scratch, known, { path, tree }, options.signal)
      if (id === known.id && status.state === 'clean') continue
      if (status.state === 'changed' && !force && status.id !== id) inTheWay.push(known.file)
      if (id === undefined) remove.push(path)
      else write.set(path, { file: known.file, id, zone: await zoneOf(path) })
    }
    for await (const { path, id } of toMaterialise(repo, options)) {
      if (files.has(path) || !wanted(path)) continue
      const file = options.named?.get(path) ?? (await fileForSeries(repo, path))
      const shown = { file, id, zone: await zoneOf(path) }
      if (!force && (await isInTheWay(repo, scratch, shown, { path, tree }, options.signal))) {
        inTheWay.push(file)
      }
      write.set(path, shown)
    }
  } finally {
    await scratch.discard()
  }
  if (inTheWay.length > 0) {
    const keep = 'varve add keeps them, varve restore FILE drops them'
    throw wouldOverwrite(
      inTheWay,
      options.force === undefined ? keep : `${keep}; --force overwrites`,
    )
  }
  return { write, remove }
}

/** From so many series on they are looked up in a list of all rather than one by one. */
const MANY_SERIES = 500

/** Finds the series that paths name in a tree, for about `count` paths. */
async function seriesIds(
  repo: Repository,
  tree: Id,
  count: number,
): Promise<(path: string) => Promise<Id | undefined> | Id | undefined> {
  if (count < MANY_SERIES) {
    return async (path) => {
      const entry = await lookupPath(repo.objects, tree, path)
      return entry?.kind === 'series' ? entry.id : undefined
    }
  }
  const ids = new Map<string, Id>()
  for await (const { path, entry } of walkTree(repo.objects, tree)) ids.set(path, entry.id)
  return (path) => ids.get(path)
}

/**
 * `refused`, naming them, where the files that series are about to get are there already and hold
 * something else.
 */
export async function refuseFilesInTheWay(
  repo: Repository,
  tree: Id,
  series: Iterable<ShownSeries & { readonly path: string }>,
  signal?: AbortSignal,
): Promise<void> {
  const inTheWay: string[] = []
  const scratch = scratchFor(repo)
  try {
    for (const { path, ...shown } of series) {
      if (await isInTheWay(repo, scratch, shown, { path, tree }, signal)) inTheWay.push(shown.file)
    }
  } finally {
    await scratch.discard()
  }
  if (inTheWay.length > 0) throw wouldOverwrite(inTheWay, 'move it away first')
}

/** Whether a file that is not known to the index is there, and is not what a series looks like. */
async function isInTheWay(
  repo: Repository,
  scratch: ReturnType<typeof scratchFor>,
  { file, id }: ShownSeries,
  place: SeriesPlace,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if ((await workTreeOf(repo).stat(file)) === undefined) return false
  const unknown = { file, id, stamp: { size: -1, mtimeNs: 0n, inode: 0n } }
  return (await fileStatus(repo, scratch, unknown, place, signal)).state !== 'clean'
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

export interface ApplyOptions extends Pick<RefreshOptions, 'signal' | 'onFile'> {
  /** Files that are written already. */
  readonly prepared?: PreparedFiles | undefined
  /** What makes it all valid: runs when all is written, before any file changes. */
  readonly publish?: (() => Promise<unknown>) | undefined
}

/**
 * Carries a plan out and returns the files as the index is to have them. First all is written that
 * takes time and space; whatever stops that leaves the files as they were. From then on it is not
 * interrupted any more.
 */
export async function applyFilePlan(
  repo: Repository,
  files: ReadonlyMap<string, SeriesFile>,
  plan: FilePlan,
  { prepared = new PreparedFiles(), publish, ...options }: ApplyOptions = {},
): Promise<Map<string, SeriesFile>> {
  try {
    await prepared.write(repo, plan, options)
    await publish?.()
    const next = new Map(files)
    // Removed first: a series may take the place of a collection's folder.
    for (const path of plan.remove) {
      await workTreeOf(repo).remove(files.get(path)!.file)
      next.delete(path)
    }
    for (const [path, { file, id }] of plan.write) {
      next.set(path, { file, id, stamp: await prepared.finish(file, id) })
    }
    return next
  } finally {
    await prepared.discard()
  }
}

/** Files of series that are written and have not got their names yet. */
export class PreparedFiles {
  readonly #files = new Map<string, { readonly id: Id; readonly prepared: PreparedFile }>()

  /** Writes the files of a plan, as far as they are not there as they should be. */
  async write(
    repo: Repository,
    plan: FilePlan,
    { signal, onFile }: Pick<RefreshOptions, 'signal' | 'onFile'> = {},
  ): Promise<void> {
    for (const [path, shown] of plan.write) {
      const { file, id } = shown
      const known = this.#files.get(file)
      if (known?.id === id) continue
      await known?.prepared.discard()
      this.#files.delete(file)
      const prepared = await prepareSeriesFile(repo, repo.objects, shown, signal)
      this.#files.set(file, { id, prepared })
      onFile?.(path)
    }
  }

  /** Gives a file its name; what was written for it holds the series `id`. */
  async finish(file: string, id: Id): Promise<FileStamp> {
    const known = this.#files.get(file)
    if (known?.id !== id) throw new Error(`${file} was not prepared`)
    return stampOf(await known.prepared.finish())
  }

  /** Lets go of what was not finished. */
  async discard(): Promise<void> {
    for (const { prepared } of this.#files.values()) await prepared.discard()
    this.#files.clear()
  }
}

function wouldOverwrite(files: readonly string[], hint: string): VarveError {
  const shown = files.slice(0, 5).join(', ')
  const more = files.length > 5 ? ` and ${files.length - 5} more` : ''
  return new VarveError('refused', `changes in files would be lost: ${shown}${more}`, {
    data: { files },
    hint,
  })
}
