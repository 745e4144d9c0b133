import { type ColumnType, isTimestampType } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { VarveError } from '../core/errors.ts'
import { floorDiv } from '../core/floor-div.ts'
import { sliceFrame } from '../core/frame.ts'
import { checkCollectionName, escapeControl } from '../core/names.ts'
import type { ObjectWriter } from '../core/objects.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { readSeries, type Series } from '../core/series.ts'
import { buildSeries } from '../core/series-build.ts'
import { readRows } from '../core/series-read.ts'
import { lookupPath, walkTree } from '../core/tree.ts'
import type { InferOptions, InputTable } from '../formats/table.ts'
import { headState } from '../plumbing/head.ts'
import { treeOf } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { scratchFor } from '../plumbing/series-files.ts'
import { instantOf } from './instant-of.ts'
import { interruptible, throwIfInterrupted } from './interruptible.ts'
import type { SchemaOptions } from './new-series.ts'
import {
  aboutKnownAt,
  afterCommitted,
  lastPublications,
  type PublicationCommits,
  type Published,
  publicationCommit,
  published,
} from './publish.ts'
import { headerOf, inferRows } from './read-input.ts'
import { spoolInput } from './spool-input.ts'
import { writeSeries } from './write-series.ts'
import { writeSplit } from './write-split.ts'

export interface ImportTableOptions
  extends Pick<SchemaOptions, 'index' | 'types'>,
    PublicationCommits {
  readonly input: InputTable
  /** The column that says when a row was published. */
  readonly knownAt: string
  /** The series; with `splitBy` the collection that they are in. */
  readonly series: string
  /** The column whose values name the series. */
  readonly splitBy?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly onPublication?: ((published: Published) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ImportTableResult {
  readonly published: readonly Published[]
  /** Publications that were left out, as the series has one as late or later. */
  readonly known: number
  readonly dryRun: boolean
}

/**
 * Commits the rows of a table that says of each when it was published, one commit a publication: its
 * rows are laid over the series. Holds the rows of one publication in memory.
 *
 * The index is that of the series where it is there, else the first column, unless `index` says.
 *
 * `bad-input` where the column is not of times or dates, or a publication has a key twice: then nothing
 * is committed. Where a later publication fails, those before it stay, and `committed` in `data` says
 * how many.
 */
export async function importTable(
  repo: Repository,
  options: ImportTableOptions,
): Promise<ImportTableResult> {
  const { knownAt, splitBy, series, dryRun = false, signal } = options
  const input = await spoolInput(interruptible(options.input, signal))
  const scratch = scratchFor(repo)
  try {
    const header = await headerOf(input)
    for (const name of [knownAt, ...(splitBy === undefined ? [] : [splitBy])]) {
      if (!header.includes(name)) throw noColumn(input.name, name, header)
    }
    const others = header.filter((name) => name !== knownAt && name !== splitBy)
    const within = splitBy === undefined ? series : `${checkCollectionName(series)}/`
    const key = options.index ?? (await indexOf(repo, within)) ?? others.slice(0, 1)
    const index = [knownAt, ...key, ...(splitBy === undefined ? [] : [splitBy])]
    // A name of a series is a text, whatever it looks like.
    const types = new Map(options.types ?? [])
    if (splitBy !== undefined) types.set(splitBy, 'string')
    const all = await setAside(scratch, input, knownAt, { index, types })
    const schema = publishedSchema(all.schema, key.length, splitBy)
    let last = Number.NEGATIVE_INFINITY
    for (const at of (await lastPublications(repo, [within])).values()) last = Math.max(last, at)
    const done: Published[] = []
    let known = 0
    const before = (await headState(repo)).id
    try {
      for await (const { seconds, frames } of publications(readRows(scratch, all), all, schema)) {
        throwIfInterrupted(signal)
        if (seconds <= last) {
          known++
          continue
        }
        const one = dryRun
          ? { seconds, series: seriesIn(frames, schema, splitBy) }
          : await publish(repo, seconds, inMemory(input.name, schema, frames), schema, options)
        done.push(one)
        options.onPublication?.(one)
      }
    } catch (error) {
      throw afterCommitted(repo, error, done, before)
    }
    return { published: done, known, dryRun }
  } finally {
    await input.discard()
    await scratch.discard()
  }
}

/** All rows, sorted by when they were published. */
async function setAside(
  scratch: ObjectWriter,
  input: InputTable,
  knownAt: string,
  options: InferOptions,
): Promise<Series> {
  try {
    const rows = await inferRows(input, options)
    const { type } = rows.schema.columns[0]!
    if (type !== 'date' && !isTimestampType(type)) throw noTimes(input.name, knownAt, type)
    const { id } = await buildSeries(scratch, rows.schema, rows.frames())
    return await readSeries(scratch, id)
  } catch (error) {
    throw aboutKnownAt(error, knownAt)
  }
}

/** The index of a series that is there, or of the first one in a collection, with `/` at its end. */
async function indexOf(repo: Repository, within: string): Promise<string[] | undefined> {
  const { id } = await headState(repo)
  if (id === undefined) return undefined
  const tree = await treeOf(repo.objects, id)
  let found = within.endsWith('/') ? undefined : await lookupPath(repo.objects, tree, within)
  if (within.endsWith('/')) {
    for await (const { path, entry } of walkTree(repo.objects, tree, within)) {
      if (path.lastIndexOf('/') !== within.length - 1) continue
      found = entry
      break
    }
  }
  if (found?.kind !== 'series') return undefined
  const { columns, indexCount } = (await readSeries(repo.objects, found.id)).schema
  return columns.slice(0, indexCount).map(({ name }) => name)
}

/** How many series the rows of a publication are of: the column that names them is the last. */
function seriesIn(
  frames: readonly Frame[],
  { columns }: Schema,
  splitBy: string | undefined,
): number {
  if (splitBy === undefined) return 1
  const names = new Set<unknown>()
  for (const frame of frames) {
    const column = frame.columns[columns.length - 1]!
    for (let row = 0; row < frame.rows; row++) names.add(scalarAt(column, row))
  }
  return names.size
}

async function publish(
  repo: Repository,
  seconds: number,
  input: InputTable,
  { columns, indexCount }: Schema,
  options: ImportTableOptions,
): Promise<Published> {
  const { splitBy, series, signal } = options
  const shared = {
    input,
    index: columns.slice(0, indexCount).map(({ name }) => name),
    create: true,
    addColumns: true,
    commit: publicationCommit(options, seconds),
    signal,
  }
  if (splitBy === undefined) {
    const { commit } = await writeSeries(repo, { ...shared, series })
    return published(repo, seconds, 1, commit)
  }
  const written = await writeSplit(repo, { ...shared, splitBy, into: series })
  return published(repo, seconds, written.series.length, written.commit)
}

/** The columns of a publication: all but the one that says when it was. */
function publishedSchema(all: Schema, keyColumns: number, splitBy: string | undefined): Schema {
  const columns = all.columns.slice(1)
  const split = columns.filter(({ name }) => name === splitBy)
  return {
    columns: [...columns.filter(({ name }) => name !== splitBy), ...split],
    indexCount: keyColumns,
    duplicates: false,
  }
}

interface Publication {
  readonly seconds: number
  readonly frames: readonly Frame[]
}

/** The rows by their first column, which they are sorted by, without it. */
async function* publications(
  frames: AsyncIterable<Frame>,
  { schema: from }: Series,
  to: Schema,
): AsyncGenerator<Publication, void, void> {
  const { type } = from.columns[0]!
  const places = to.columns.map(({ name }) => from.columns.findIndex((c) => c.name === name))
  let seconds: number | undefined
  let held: Frame[] = []
  for await (const frame of frames) {
    for (let start = 0; start < frame.rows; ) {
      const at = secondsAt(frame, start, type)
      let end = start + 1
      while (end < frame.rows && secondsAt(frame, end, type) === at) end++
      if (seconds !== undefined && at !== seconds) {
        yield { seconds, frames: held }
        held = []
      }
      seconds = at
      const { columns, rows } = sliceFrame(frame, start, end)
      held.push({ schema: to, columns: places.map((place) => columns[place]!), rows })
      start = end
    }
  }
  if (seconds !== undefined) yield { seconds, frames: held }
}

function secondsAt({ columns }: Frame, row: number, type: ColumnType): number {
  const nanoseconds = instantOf(scalarAt(columns[0]!, row), type) ?? 0n
  return Number(floorDiv(nanoseconds, 1_000_000_000n))
}

/** Frames as a table to be written. */
function inMemory(
  name: string,
  { columns, indexCount }: Schema,
  frames: readonly Frame[],
): InputTable {
  return {
    name,
    async *open() {},
    typed: async () => ({
      columns,
      index: columns.slice(0, indexCount).map((column) => column.name),
      async *batches(names) {
        const places = names.map((name) => columns.findIndex((column) => column.name === name))
        for (const frame of frames) yield places.map((place) => frame.columns[place]!)
      },
      close: async () => undefined,
    }),
  }
}

function noColumn(file: string, column: string, columns: readonly string[]): VarveError {
  return new VarveError(
    'column-not-found',
    `${escapeControl(file)} has no column ${JSON.stringify(column)}`,
    { data: { file, column, columns }, hint: `it has ${columns.join(', ')}` },
  )
}

function noTimes(file: string, column: string, type: ColumnType): VarveError {
  return new VarveError(
    'bad-input',
    `${escapeControl(file)}: expected times or dates in the column ${JSON.stringify(column)}, found ${type}`,
    {
      data: { file, column, found: type, expected: 'times or dates' },
      hint: '--date-format says how they are written, as DD/MM/YYYY or epoch_s',
    },
  )
}
