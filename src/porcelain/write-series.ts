import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { checkSeriesName, escapeControl } from '../core/names.ts'
import type { ObjectReader, ObjectWriter } from '../core/objects.ts'
import type { Schema } from '../core/schema.ts'
import { readSeries, type Series } from '../core/series.ts'
import { buildSeries } from '../core/series-build.ts'
import { diffStat, type SchemaChange } from '../core/series-diff.ts'
import { editSeries } from '../core/series-edit.ts'
import { readRows } from '../core/series-read.ts'
import { addColumn, widenColumn } from '../core/series-schema.ts'
import { lookupPath } from '../core/tree.ts'
import type { Zone } from '../core/zone.ts'
import type { SourceFrame } from '../formats/source-frame.ts'
import type { InputTable } from '../formats/table.ts'
import { hasIndex, readStoredIndex } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { seriesNotFound } from '../plumbing/resolve-object-name.ts'
import { scratchFor } from '../plumbing/series-files.ts'
import { shownZone } from '../plumbing/series-zone.ts'
import { applyChange, type ChangeOptions } from './apply-change.ts'
import { generatedMessage, type SeriesChange } from './change-summary.ts'
import { type Edited, editChange } from './edit-change.ts'
import { inSeriesZone, zoneForNew } from './input-zone.ts'
import { interruptible } from './interruptible.ts'
import { checkCellOrder, checkSaid, type SchemaOptions, schemaForNew } from './new-series.ts'
import {
  forSeries,
  type InputRows,
  inferRows,
  noRows,
  subsetRows,
  takeInferred,
} from './read-input.ts'

export const writeModes = ['upsert', 'replace-range', 'append', 'replace'] as const
/**
 * How rows are laid over a series: replacing those with the same key; all between the first and the
 * last key; none, for every key must be past the end; or all there are.
 */
export type WriteMode = (typeof writeModes)[number]

export interface WriteSeriesOptions extends SchemaOptions, ChangeOptions {
  readonly series: string
  readonly input: InputTable
  /** `upsert` unless given. */
  readonly mode?: WriteMode | undefined
  /** Whether the series is made when it is not there. */
  readonly create?: boolean | undefined
  /** Whether columns that the series does not have are added. */
  readonly addColumns?: boolean | undefined
}

export interface EditResult {
  readonly series: readonly [SeriesChange]
  readonly dryRun: boolean
  readonly commit?: Id
}

/** The input, set aside as a series of its own so that it can be laid over again. */
export interface SpooledRows {
  readonly id: Id
  readonly reader: ObjectReader
  readonly emptyRows: number
  /** Columns that the series is to get, or to get a type. */
  readonly newColumns: Schema['columns']
  /** Whether it is all that the series is to hold, stored where the series will be. */
  readonly whole: boolean
  /** The zone that a new series gets as its setting. */
  readonly zone?: string | undefined
  /** Where the row with the first key stands in the input, where that is known. */
  readonly first: { readonly file: string; readonly line: number } | undefined
}

/**
 * Lays the rows of a table over a series. A table that lacks value columns leaves those as they are,
 * and null in new rows.
 *
 * `series-not-found` with the nearest name unless the series may be made; `bad-input` with the place
 * where the table cannot be read; `refused` where an append does not lie past the end.
 */
export async function writeSeries(
  repo: Repository,
  request: WriteSeriesOptions,
): Promise<EditResult> {
  const options = { ...request, input: interruptible(request.input, request.signal) }
  const path = checkSeriesName(options.series)
  const mode = options.mode ?? 'upsert'
  const scratch = scratchFor(repo)
  let spooled: SpooledRows | undefined
  const change = editChange(path, async (batch, tree, series) => {
    if (series === undefined && options.create !== true) throw await notThere(repo, tree, path)
    // Once: the input may be a pipe. What is stored whole in an earlier batch was published.
    if (spooled === undefined) {
      const input = await inSeriesZone(batch, tree, path, options.input)
      spooled =
        series === undefined
          ? await spoolNew(batch, tree, path, options, input)
          : await spoolKnown(scratch, batch, path, series, { ...options, input })
    }
    if (series === undefined) {
      if (!spooled.whole) throw await notThere(repo, tree, path)
      return replaced(batch, undefined, spooled)
    }
    if (spooled.whole && mode === 'replace') return replaced(batch, series.id, spooled)
    const zone = mode === 'append' ? await shownZone(batch, tree, path) : undefined
    return laidOver(batch, series, spooled, { mode, zone })
  })
  try {
    const { result, commit } = await applyChange(repo, change, {
      ...options,
      series: new Set([path]),
      settles: () => [path],
      message: (written) => generatedMessage([written]),
    })
    return { series: [result], dryRun: options.dryRun === true, ...(commit && { commit }) }
  } finally {
    await scratch.discard()
  }
}

/** Stores the rows of a series that is not there yet. */
async function spoolNew(
  batch: ObjectWriter,
  tree: Id,
  path: string,
  options: WriteSeriesOptions,
  input: InputTable,
): Promise<SpooledRows> {
  const given = await schemaForNew(batch, tree, path, options)
  checkCellOrder(options.input, options)
  const take = async (rows: InputRows): Promise<SpooledRows> => {
    try {
      const zone = await zoneForNew(batch, tree, path, options.input.reading?.zone, rows.zone)
      const rest = { newColumns: [], whole: true, zone }
      return await spool(batch, given ?? rows.schema, rows, rest)
    } finally {
      await rows.discard()
    }
  }
  return given === undefined
    ? takeInferred(input, options, take)
    : take(await subsetRows(input, given))
}

/** Sets the rows for a series that is there aside, or stores them when they are all it will hold. */
async function spoolKnown(
  scratch: ObjectWriter,
  batch: ObjectWriter,
  path: string,
  { schema }: Series,
  options: WriteSeriesOptions,
): Promise<SpooledRows> {
  checkSaid(path, schema, options)
  const rows = await rowsForKnown(path, schema, options)
  const { columns } = schema
  const before = new Map(columns.map(({ name, type }) => [name, type]))
  const newColumns = rows.schema.columns.filter(({ name, type }) => before.get(name) !== type)
  const given = new Map(rows.schema.columns.map((column) => [column.name, column]))
  if (options.mode === 'replace' && columns.every(({ name }) => given.has(name))) {
    const added = newColumns.filter(({ name }) => !before.has(name))
    const next = [...columns.map(({ name }) => given.get(name)!), ...added]
    return spool(batch, { ...schema, columns: next }, rows, { newColumns: [], whole: true })
  }
  return spool(scratch, rows.schema, rows, { newColumns, whole: false })
}

async function rowsForKnown(
  path: string,
  schema: Schema,
  { input: table, addColumns, types }: WriteSeriesOptions,
): Promise<InputRows> {
  const input = forSeries(table, schema)
  // A column that never had a value gets a type with its first one.
  const typed = schema.columns.filter(({ type }) => type !== 'null')
  const known = { ...schema, columns: typed }
  if (addColumns !== true && typed.length === schema.columns.length) {
    return withHint(() => subsetRows(input, schema))
  }
  const names = new Set(schema.columns.map(({ name }) => name))
  const others = new Map([...(types ?? [])].filter(([name]) => !names.has(name)))
  const rows = await inferRows(input, { known, subset: true, types: others })
  const unknown = rows.schema.columns.find(({ name }) => !names.has(name))
  if (unknown === undefined || addColumns === true) return rows
  await rows.discard()
  throw new VarveError(
    'column-not-found',
    `${path} has no column ${JSON.stringify(unknown.name)}`,
    {
      data: { series: path, column: unknown.name, columns: [...names] },
      hint: '--add-column adds it',
    },
  )
}

/** Says how a column that the series does not have is added. */
export async function withHint<R>(read: () => Promise<R>): Promise<R> {
  try {
    return await read()
  } catch (error) {
    if (!hasCode(error, 'bad-input') || error.data.unknown === undefined) throw error
    const adds = '--add-column adds it'
    throw new VarveError(error.code, error.message, {
      data: error.data,
      hint:
        error.hint === undefined
          ? adds
          : `${error.hint}${error.hint.endsWith('?') ? '' : ';'} ${adds}`,
      cause: error,
    })
  }
}

async function spool(
  writer: ObjectWriter,
  schema: Schema,
  input: InputRows,
  rest: Pick<SpooledRows, 'newColumns' | 'whole' | 'zone'>,
): Promise<SpooledRows> {
  try {
    const spooled = await spoolFrames(writer, schema, input.frames(), rest)
    if (spooled.first === undefined && (await readSeries(writer, spooled.id)).rows === 0) {
      throw noRows(input.table)
    }
    return { ...spooled, emptyRows: input.emptyRows() }
  } finally {
    await input.discard()
  }
}

/** Sets frames in the order of their keys aside as a series. */
export async function spoolFrames(
  writer: ObjectWriter,
  schema: Schema,
  frames: AsyncIterable<SourceFrame>,
  rest: Pick<SpooledRows, 'newColumns' | 'whole' | 'zone'>,
): Promise<SpooledRows> {
  let first: SpooledRows['first']
  const watched = async function* (): AsyncGenerator<SourceFrame, void, void> {
    for await (const frame of frames) {
      if (first === undefined && frame.source !== undefined && frame.source.rows !== true) {
        const { file, lines } = frame.source
        if (lines[0]) first = { file, line: lines[0] }
      }
      yield frame
    }
  }
  const { id } = await buildSeries(writer, schema, watched())
  return { id, reader: writer, emptyRows: 0, first, ...rest }
}

export async function replaced(
  batch: ObjectReader,
  old: Id | undefined,
  { id, emptyRows, zone }: SpooledRows,
): Promise<Edited> {
  const { schemaChanges, ...counts } = await diffStat(batch, old, id)
  return { id, counts, touched: 'all', schemaChanges, emptyRows, zone }
}

/** Lays rows over a series; errors about keys show times in `zone`, or in UTC. */
export async function laidOver(
  batch: ObjectWriter,
  series: Series & { readonly id: Id },
  spooled: SpooledRows,
  { mode, zone }: { readonly mode: WriteMode; readonly zone?: Zone | undefined },
): Promise<Edited> {
  const schemaChanges: SchemaChange[] = []
  let { id } = series
  for (const column of spooled.newColumns) {
    const there = series.schema.columns.find(({ name }) => name === column.name)
    if (there === undefined) {
      ;({ id } = await addColumn(batch, id, column))
      schemaChanges.push({ kind: 'added', column })
    } else if (there.type !== column.type) {
      ;({ id } = await widenColumn(batch, id, column.name, column.type))
      schemaChanges.push({ kind: 'retyped', name: column.name, from: there.type, to: column.type })
    }
  }
  // Of a batch that is over, what it stored is in the store.
  const reader = spooled.whole ? batch : spooled.reader
  const frames = readRows(reader, await readSeries(reader, spooled.id))
  const edited = await withPlace(spooled, () => editSeries(batch, id, { mode, frames, zone }))
  return {
    id: edited.id,
    counts: edited.counts,
    get touched() {
      return edited.touched
    },
    schemaChanges,
    emptyRows: spooled.emptyRows,
  }
}

/** Says where the row stands that an append cannot take, which is always the first. */
async function withPlace<R>({ first }: SpooledRows, edit: () => Promise<R>): Promise<R> {
  try {
    return await edit()
  } catch (error) {
    if (first === undefined || !hasCode(error, 'refused') || error.data.key === undefined) {
      throw error
    }
    const { file, line } = first
    throw new VarveError('refused', `${escapeControl(file)}:${line}:1: ${error.message}`, {
      data: { ...error.data, file, line, column: 1 },
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    })
  }
}

/** The error for a series that is not there. */
async function notThere(repo: Repository, tree: Id, path: string): Promise<VarveError> {
  if (hasIndex(repo)) {
    const pending = (await readStoredIndex(repo)).state?.tree ?? tree
    if (pending !== tree && (await lookupPath(repo.objects, pending, path)) !== undefined) {
      return new VarveError('series-not-found', `${path} is staged and not committed yet`, {
        data: { series: path },
        hint: 'varve commit first, or leave --commit out; --create makes it of these rows alone',
      })
    }
  }
  const error = await seriesNotFound(repo, tree, path, 'this repository')
  const makes = `varve write ${path} --create makes it`
  return new VarveError(error.code, `there is no series ${JSON.stringify(path)}`, {
    data: error.data,
    hint: error.hint === undefined ? makes : `${error.hint} ${makes}`,
  })
}
