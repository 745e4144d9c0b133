import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { checkSeriesName } from '../core/names.ts'
import type { ObjectWriter } from '../core/objects.ts'
import type { Schema } from '../core/schema.ts'
import type { Series } from '../core/series.ts'
import { lookupPath } from '../core/tree.ts'
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
import {
  type LaidRows,
  laidOver,
  replaced,
  rowsAtHand,
  type SpooledRows,
  spool,
  type WriteMode,
} from './laid-rows.ts'
import { checkCellOrder, checkSaid, type SchemaOptions, schemaForNew } from './new-series.ts'
import { forSeries, type InputRows, inferRows, subsetRows, takeInferred } from './read-input.ts'

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
    const lay = async (over: Series & { readonly id: Id }, rows: LaidRows): Promise<Edited> => {
      const zone = mode === 'append' ? await shownZone(batch, tree, path) : undefined
      return laidOver(batch, over, rows, { mode, zone })
    }
    // Once: the input may be a pipe. What is stored whole in an earlier batch was published.
    if (spooled === undefined) {
      const input = await inSeriesZone(batch, tree, path, options.input)
      if (series !== undefined && canBeReadAgain(series, { ...options, input })) {
        checkSaid(path, series.schema, options)
        const table = forSeries(input, series.schema)
        const open = () => withHint(() => subsetRows(table, series.schema))
        return lay(series, rowsAtHand(open))
      }
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
    return lay(series, spooled)
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
  batch.expect?.(input.bytes ?? 0)
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

/** Whether the rows need not be set aside: for another try the input is read again. */
function canBeReadAgain(
  { schema }: Series,
  { input, mode = 'upsert', addColumns }: WriteSeriesOptions,
): boolean {
  const isTyped = schema.columns.every(({ type }) => type !== 'null')
  return input.once !== true && mode !== 'replace' && addColumns !== true && isTyped
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
