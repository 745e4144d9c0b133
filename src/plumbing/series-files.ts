import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { readSeries } from '../core/series.ts'
import { buildSeries } from '../core/series-build.ts'
import { readRows } from '../core/series-read.ts'
import type { Spill } from '../core/spill.ts'
import { compress, packingOfName } from '../formats/compress.ts'
import { sortFrames } from '../formats/sort-frames.ts'
import type { InputTable } from '../formats/table.ts'
import { formatOf, openFormat } from '../formats/table-formats.ts'
import { createScratch, type Scratch } from '../storage/scratch.ts'
import { openSpill } from '../storage/spill.ts'
import type { FileStat, PreparedFile, WorkTree } from '../storage/work-tree.ts'
import type { FileStamp, SeriesFile } from './index-codec.ts'
import type { Repository } from './repository.ts'
import { zoneNameAt } from './series-zone.ts'

export function workTreeOf(repo: Repository): WorkTree {
  if (repo.workTree === undefined) {
    throw new VarveError('refused', 'this repository has no work tree', {
      hint: 'it holds series without files: varve read, varve write',
    })
  }
  return repo.workTree
}

export function stampOf({ size, mtimeNs, inode }: Omit<FileStat, 'ctimeNs'>): FileStamp {
  return { size, mtimeNs, inode }
}

export type FileStatus =
  | { readonly state: 'clean'; readonly stamp: FileStamp }
  | { readonly state: 'missing' }
  | {
      readonly state: 'changed'
      readonly stamp: FileStamp
      /** What the file holds now; undefined where it cannot be read as the series. */
      readonly id: Id | undefined
      /** Why it cannot be read. */
      readonly fault?: VarveError
    }

/** Where a series is or will be: its settings say how its file is written. */
export interface SeriesPlace {
  readonly path: string
  readonly tree: Id
}

/**
 * Whether a file still holds the series that it was last synchronised with: by its stamp, and
 * where that differs by its content. What is read of a changed file goes to `scratch`.
 */
export async function fileStatus(
  repo: Repository,
  scratch: Scratch,
  known: SeriesFile,
  place: SeriesPlace,
  signal?: AbortSignal,
): Promise<FileStatus> {
  const { file, id, stamp } = known
  const stat = await workTreeOf(repo).stat(file)
  if (stat === undefined) return { state: 'missing' }
  const now = stampOf(stat)
  if (sameStamp(now, stamp)) return { state: 'clean', stamp: now }
  const { schema } = await readSeries(scratch, id)
  const zone = await zoneNameAt(scratch, place.tree, place.path)
  try {
    const input = seriesFileInput(repo, known, { bytes: now.size, zone, signal })
    const rows = readSeriesFile(input, schema)
    const built = await buildSeries(scratch, schema, rows)
    if (built.id === id) return { state: 'clean', stamp: now }
    return { state: 'changed', stamp: now, id: built.id }
  } catch (error) {
    if (!isInputFault(error)) throw error
    return { state: 'changed', stamp: now, id: undefined, fault: error }
  }
}

/** Whether two looks at a file tell the same. */
export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.inode === b.inode
}

function isInputFault(error: unknown): error is VarveError {
  return (
    hasCode(error, 'bad-input') || hasCode(error, 'schema-mismatch') || hasCode(error, 'too-large')
  )
}

/** A place for what is only looked at: see `fileStatus`. The caller discards it. */
export function scratchFor(repo: Repository): Scratch {
  return createScratch(repo.objects, { spill: openSpill() })
}

/** Where rows wait that do not fit in memory. */
export function temporarySpill(): Spill {
  return openSpill()
}

/** The file of a series in the work tree as a table, read as the index remembers it. */
export function seriesFileInput(
  repo: Repository,
  { file, reading }: Pick<SeriesFile, 'file' | 'reading'>,
  options: {
    readonly bytes: number | undefined
    /** The zone of times without an offset, where it is not remembered. */
    readonly zone?: string | undefined
    readonly signal?: AbortSignal | undefined
  },
): InputTable {
  const { bytes, zone, signal } = options
  const workTree = workTreeOf(repo)
  return {
    name: file,
    bytes,
    reading: { zone, ...reading },
    open: (options) => workTree.read(file, { ...options, signal }),
    range: (from, to) => workTree.range(file, from, to),
  }
}

/** The rows of a table under a schema, sorted by key. */
async function* readSeriesFile(input: InputTable, schema: Schema): AsyncIterable<Frame> {
  const format = await openFormat(formatOf(input))
  const spill = openSpill()
  yield* sortFrames(format.read(input, { schema, spill }), schema, { spill })
}

/** What a file in the work tree is to show. */
export interface ShownSeries {
  readonly file: string
  readonly id: Id
  /** The zone that times are written in; UTC unless given. */
  readonly zone?: string | undefined
}

/** Writes the file of a series and says how it looks from outside. */
export async function writeSeriesFile(
  repo: Repository,
  reader: ObjectReader,
  shown: ShownSeries,
  signal?: AbortSignal,
): Promise<SeriesFile> {
  const { file, id } = shown
  const prepared = await prepareSeriesFile(repo, reader, shown, signal)
  try {
    return { file, id, stamp: stampOf(await prepared.finish()) }
  } finally {
    await prepared.discard()
  }
}

/** As {@link writeSeriesFile}, but the file is as it was until it is finished. */
export async function prepareSeriesFile(
  repo: Repository,
  reader: ObjectReader,
  { file, id, zone }: ShownSeries,
  signal?: AbortSignal,
): Promise<PreparedFile> {
  const series = await readSeries(reader, id)
  const format = await openFormat(formatOf({ name: file }))
  const options = { zone, ...(TABS.test(file) && { delimiter: '\t' }) }
  const plain = format.write(series.schema, readRows(reader, series), options)
  const packing = packingOfName(file)
  const pieces = packing === undefined ? plain : compress(plain, packing)
  return workTreeOf(repo).prepare(file, pieces, signal === undefined ? {} : { signal })
}

const TABS = /\.tsv(?:\.(?:gz|zst))?$/i
