import { scalarAt } from '../core/column-ops.ts'
import { VarveError } from '../core/errors.ts'
import { floorDiv } from '../core/floor-div.ts'
import { checkCollectionName, checkSeriesName } from '../core/names.ts'
import type { InputTable } from '../formats/table.ts'
import { seriesOfFile } from '../plumbing/file-names.ts'
import type { VintageFile } from '../plumbing/find-vintages.ts'
import { headState } from '../plumbing/head.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type AddedFile, addFiles } from './add-files.ts'
import { instantOf } from './instant-of.ts'
import { throwIfInterrupted } from './interruptible.ts'
import type { SchemaOptions } from './new-series.ts'
import { publicationOf } from './publication-name.ts'
import {
  aboutKnownAt,
  afterCommitted,
  lastPublications,
  type PublicationCommits,
  type Published,
  publicationCommit,
  published,
} from './publish.ts'
import { inferRows } from './read-input.ts'

/** What says when a file was published: its name, its time of modification, or its latest value in a column. */
export type KnownAtFrom =
  | { readonly kind: 'name' | 'modified' }
  | { readonly kind: 'column'; readonly column: string }

export interface ImportVintagesOptions extends SchemaOptions, PublicationCommits {
  readonly files: readonly VintageFile[]
  readonly tableOf: (file: VintageFile) => InputTable
  readonly from: KnownAtFrom
  /** The series, where all files are of one. */
  readonly series?: string | undefined
  /** The collection that all goes to. */
  readonly into?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly onPublication?: ((published: Published) => void) | undefined
  readonly onTotal?: ((publications: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ImportVintagesResult {
  /** The publications that were committed, the oldest first. */
  readonly published: readonly Published[]
  /** Tables that were left out: their series have a publication as late or later. */
  readonly known: number
  readonly dryRun: boolean
}

interface Vintage {
  readonly seconds: number
  readonly series: string
  readonly file: VintageFile
}

/**
 * Commits tables that were published again and again, one commit a publication in the order of their
 * dates: each series in it becomes equal to its table. Tables of one date are one publication. Run again,
 * only what is newer than what each series has is committed.
 *
 * `bad-input` where a file does not say when it was published, or two are one series at one date: then
 * nothing is committed. Where a table cannot be read the publications before it stay, and `committed` in
 * `data` says how many.
 */
export async function importVintages(
  repo: Repository,
  options: ImportVintagesOptions,
): Promise<ImportVintagesResult> {
  const { files, dryRun = false } = options
  const vintages: Vintage[] = []
  for (const file of files) vintages.push(await vintageOf(file, options))
  vintages.sort((a, b) => a.seconds - b.seconds || (a.file.path < b.file.path ? -1 : 1))
  const last = await lastPublications(repo, [...new Set(vintages.map(({ series }) => series))])
  const publications = new Map<number, Map<string, Vintage>>()
  let known = 0
  for (const vintage of vintages) {
    const { seconds, series, file } = vintage
    if (seconds <= (last.get(series) ?? Number.NEGATIVE_INFINITY)) {
      known++
      continue
    }
    const tables = publications.get(seconds) ?? new Map<string, Vintage>()
    publications.set(seconds, tables)
    const other = tables.get(series)
    if (other !== undefined) throw twice(file, other)
    tables.set(series, vintage)
  }
  options.onTotal?.(publications.size)
  const done: Published[] = []
  const before = (await headState(repo)).id
  try {
    for (const [seconds, tables] of publications) {
      throwIfInterrupted(options.signal)
      const one = dryRun
        ? { seconds, series: tables.size }
        : await publish(repo, seconds, [...tables.values()], options)
      done.push(one)
      options.onPublication?.(one)
    }
  } catch (error) {
    throw afterCommitted(repo, error, done, before)
  }
  return { published: done, known, dryRun }
}

async function publish(
  repo: Repository,
  seconds: number,
  vintages: readonly Vintage[],
  options: ImportVintagesOptions,
): Promise<Published> {
  const { index, duplicates, schema, types, signal } = options
  const files = vintages.map(
    ({ series, file }): AddedFile => ({ series, input: options.tableOf(file) }),
  )
  const { series, commit } = await addFiles(repo, files, {
    index,
    duplicates,
    schema,
    types,
    allowDeletes: true,
    dropColumns: true,
    signal,
    commit: publicationCommit(options, seconds),
  })
  return published(repo, seconds, series.length, commit)
}

async function vintageOf(file: VintageFile, options: ImportVintagesOptions): Promise<Vintage> {
  const { from } = options
  const into = options.into ? `${checkCollectionName(options.into)}/` : ''
  const named = from.kind === 'name' ? publicationOf(file.path) : undefined
  const name = options.series ?? named?.series ?? seriesOfFile(file.path) ?? ''
  if (name === '') {
    throw new VarveError('usage', `${file.name} has no name but a date`, {
      data: { file: file.name },
      hint: '--series NAME says which series the files are',
    })
  }
  const series = checkSeriesName(into + name)
  return { file, series, seconds: named?.seconds ?? (await secondsOf(file, options)) }
}

async function secondsOf(file: VintageFile, options: ImportVintagesOptions): Promise<number> {
  const { from } = options
  if (from.kind !== 'column') return Number(file.modifiedNs / 1_000_000_000n)
  const { type, latest } = await latestIn(options.tableOf(file), from.column)
  if (latest !== undefined) return Number(floorDiv(latest, 1_000_000_000n))
  throw new VarveError(
    'bad-input',
    `${file.name}: its column ${JSON.stringify(from.column)} is ${type}`,
    {
      data: { file: file.name, column: from.column, type, expected: 'times or dates' },
    },
  )
}

/** The latest time in a column; undefined where it is of another type. */
async function latestIn(input: InputTable, column: string) {
  try {
    const rows = await inferRows(input, { index: [column], duplicates: true })
    const { type } = rows.schema.columns[0]!
    let latest: bigint | undefined
    try {
      for await (const { columns, rows: count } of rows.frames()) {
        if (count > 0) latest = instantOf(scalarAt(columns[0]!, count - 1), type)
      }
    } finally {
      await rows.discard()
    }
    return { type, latest }
  } catch (error) {
    throw aboutKnownAt(error, column)
  }
}

function twice(file: VintageFile, other: Vintage): VarveError {
  return new VarveError(
    'bad-input',
    `${other.file.name} and ${file.name} would both be ${other.series} at one time`,
    { data: { series: other.series, files: [other.file.name, file.name] } },
  )
}
