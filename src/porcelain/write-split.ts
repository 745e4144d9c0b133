import { canWiden, widenColumn } from '../core/column-ops.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { checkCollectionName, isSeriesName } from '../core/names.ts'
import { nearest } from '../core/nearest.ts'
import type { ObjectReader, ObjectWriter } from '../core/objects.ts'
import type { ColumnSpec, Schema } from '../core/schema.ts'
import { readSeries, type Series } from '../core/series.ts'
import { diffTrees, lookupPath, type PathEdit, updatePaths, walkTree } from '../core/tree.ts'
import type { SourceFrame } from '../formats/source-frame.ts'
import { splitFrames, type ValueFault } from '../formats/split-frames.ts'
import type { InputTable } from '../formats/table.ts'
import type { Change } from '../plumbing/change.ts'
import type { Repository } from '../plumbing/repository.ts'
import { scratchFor, temporarySpill } from '../plumbing/series-files.ts'
import { shownZone, zoneNameAt } from '../plumbing/series-zone.ts'
import { applyChange, type ChangeOptions, refuseChangedFiles } from './apply-change.ts'
import { describeChange, generatedMessage, type SeriesChange } from './change-summary.ts'
import { changesAny } from './edit-change.ts'
import { inCollectionZone, settingsOfNew, zoneForNew } from './input-zone.ts'
import { laidOver, replaced, type SpooledRows, spoolFrames, type WriteMode } from './laid-rows.ts'
import { checkSaid, type SchemaOptions, schemaForNew } from './new-series.ts'
import { noRows } from './read-input.ts'
import { openSplitInput } from './split-input.ts'
import { spoolInput } from './spool-input.ts'

export interface WriteSplitOptions extends SchemaOptions, ChangeOptions {
  readonly input: InputTable
  /** The column whose values name the series; it is left out of them. */
  readonly splitBy: string
  /** The collection that the series are in, with or without a `/` at its end. */
  readonly into: string
  /** `upsert` unless given. */
  readonly mode?: WriteMode | undefined
  /** Whether series are made that are not there. */
  readonly create?: boolean | undefined
  /** Whether columns that the series do not have are added. */
  readonly addColumns?: boolean | undefined
}

export interface WriteSplitResult {
  /** Sorted by path. */
  readonly series: readonly SeriesChange[]
  /** Rows of the input that were left out because all their cells were empty. */
  readonly emptyRows: number
  readonly dryRun: boolean
  readonly commit?: Id
}

/** The rows of one series, set aside. */
interface SplitRows {
  readonly path: string
  readonly rows: SpooledRows
}

/**
 * Lays the rows of a table over many series at once: those with the same value in one column over
 * the series of that name, in one change. New series all get the same columns.
 *
 * Errors as `writeSeries`, about the first series at fault, with nothing changed; `bad-input` with
 * the line where a row has no value in that column, or one that names no series.
 */
export async function writeSplit(
  repo: Repository,
  options: WriteSplitOptions,
): Promise<WriteSplitResult> {
  const collection = checkCollectionName(options.into)
  const mode = options.mode ?? 'upsert'
  const input = await spoolInput(options.input)
  const scratch = scratchFor(repo)
  let spooled: SplitRows[] | undefined
  let emptyRows = 0
  const touched = new Map<string, SpooledRows>()
  const paths = new Set<string>()
  const change: Change<SeriesChange[]> = {
    async run(batch, tree) {
      if (spooled === undefined) {
        // Once: what is stored whole in an earlier batch was published.
        const set = await spoolGroups(batch, scratch, tree, collection, { ...options, input })
        ;({ spooled, emptyRows } = set)
        for (const { path, rows } of spooled) {
          touched.set(path, rows)
          paths.add(path)
        }
        await refuseChangedFiles(repo, paths, options.signal)
      }
      const changes: SeriesChange[] = []
      const edits = new Map<string, PathEdit>()
      for (const { path, rows } of spooled) {
        const entry = await lookupPath(batch, tree, path)
        const old = entry?.kind === 'series' ? entry.id : undefined
        if (old === undefined && !rows.whole) throw notThere(path, [])
        const edited =
          old === undefined
            ? await replaced(batch, undefined, rows)
            : await laidOver(batch, { ...(await readSeries(batch, old)), id: old }, rows, {
                mode,
                zone: mode === 'append' ? await shownZone(batch, tree, path) : undefined,
              })
        const zone = edited.zone ?? (await zoneNameAt(batch, tree, path))
        changes.push(await describeChange(batch, { series: path, old, ...edited, zone }))
        if (edited.id !== old) {
          const settings = await settingsOfNew(batch, edited.zone)
          edits.set(path, { kind: 'series', id: edited.id, settings })
        }
      }
      const next = edits.size === 0 ? tree : await updatePaths(batch, tree, edits)
      return { tree: next, result: changes }
    },
    async meets(reader, before, after) {
      for await (const { path, old, new: now } of diffTrees(reader, before, after)) {
        const rows = touched.get(path)
        if (rows === undefined || old?.id === now?.id) continue
        if (rows.whole || old?.kind !== 'series' || now?.kind !== 'series') return path
        const series = { ...(await readSeries(reader, old.id)), id: old.id }
        const { touched: keys } = await laidOver(scratch, series, rows, { mode })
        if (keys === 'all' || (await changesAny(reader, old.id, now.id, keys))) return path
      }
      return undefined
    },
  }
  try {
    const { result, commit } = await applyChange(repo, change, {
      ...options,
      // Filled when the rows have been read.
      series: paths,
      settles: () => paths,
      message: generatedMessage,
    })
    return { series: result, emptyRows, dryRun: options.dryRun === true, ...(commit && { commit }) }
  } finally {
    await input.discard()
    await scratch.discard()
  }
}

interface GroupOptions extends Omit<WriteSplitOptions, 'into'> {
  readonly input: InputTable
}

/** Reads the table once and sets the rows of each series aside, or stores what is new. */
async function spoolGroups(
  batch: ObjectWriter,
  scratch: ObjectWriter,
  tree: Id,
  collection: string,
  options: GroupOptions,
): Promise<{ spooled: SplitRows[]; emptyRows: number }> {
  const { splitBy, create, addColumns } = options
  const input = await inCollectionZone(batch, tree, collection, options.input)
  const there = await seriesIn(batch, tree, collection)
  const given = await schemaForNew(batch, tree, `${collection}/${splitBy}`, options)
  const known = given ?? (await commonSchema(batch, there.values()))
  const found = await openSplitInput(input, { ...options, column: splitBy, known, addColumns })
  const spooled: SplitRows[] = []
  try {
    const said = options.input.reading?.zone
    const zone = await zoneForNew(batch, tree, `${collection}/${splitBy}`, said, found.zone)
    const columns = found.schema.columns.filter(({ name }) => name !== splitBy)
    const schema = { ...found.schema, columns }
    const groups = splitFrames(found.frames(), found.schema, {
      file: input.name,
      column: splitBy,
      spill: temporarySpill(),
      check: (value) => nameFault(collection, value),
    })
    for await (const { value, frames } of groups) {
      const path = `${collection}/${value}`
      const old = there.get(path)
      if (old === undefined && create !== true) throw notThere(path, there.keys())
      const rows =
        old === undefined
          ? await spoolFrames(batch, given ?? schema, frames(), {
              newColumns: [],
              whole: true,
              zone,
            })
          : await spoolKnown(scratch, path, await readSeries(batch, old), schema, frames(), options)
      spooled.push({ path, rows })
    }
  } finally {
    await found.discard()
  }
  if (spooled.length === 0) throw noRows(input)
  spooled.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
  return { spooled, emptyRows: found.emptyRows() }
}

/** Why a value cannot be the name of a series. */
function nameFault(collection: string, value: string): ValueFault | undefined {
  if (!value.includes('/') && isSeriesName(`${collection}/${value}`)) return undefined
  return {
    expected: 'a value that can be the name of a series',
    hint: 'names are as file names everywhere: no / or \\, no : * ? " < > |, no control characters, no space or dot at an end, no device such as CON',
  }
}

/** The series directly in a collection, by path. */
async function seriesIn(
  reader: ObjectReader,
  tree: Id,
  collection: string,
): Promise<Map<string, Id>> {
  const found = new Map<string, Id>()
  for await (const { path, entry } of walkTree(reader, tree, `${collection}/`)) {
    if (path.lastIndexOf('/') === collection.length) found.set(path, entry.id)
  }
  return found
}

/**
 * All columns that series with the index of the first of them have, each with the widest type;
 * undefined where there are no series.
 */
async function commonSchema(reader: ObjectReader, ids: Iterable<Id>): Promise<Schema | undefined> {
  let first: Schema | undefined
  const columns = new Map<string, ColumnSpec>()
  for (const id of ids) {
    const { schema } = await readSeries(reader, id)
    first ??= schema
    if (!hasSameIndex(schema, first)) continue
    for (const column of schema.columns) {
      const known = columns.get(column.name)
      if (known === undefined || canWiden(known.type, column.type)) columns.set(column.name, column)
    }
  }
  return first && { ...first, columns: [...columns.values()] }
}

function hasSameIndex(a: Schema, b: Schema): boolean {
  const index = ({ columns, indexCount }: Schema) =>
    JSON.stringify(columns.slice(0, indexCount).map(({ name, type }) => [name, type]))
  return index(a) === index(b)
}

/** Sets rows for a series that is there aside, in its own types as far as they hold the values. */
async function spoolKnown(
  scratch: ObjectWriter,
  path: string,
  { schema }: Series,
  given: Schema,
  frames: AsyncIterable<SourceFrame>,
  options: GroupOptions,
): Promise<SpooledRows> {
  checkSaid(path, schema, options)
  if (!hasSameIndex(schema, given)) {
    const index = schema.columns.slice(0, schema.indexCount)
    const text = index.map(({ name, type }) => `${name}:${type}`).join(', ')
    throw new VarveError('schema-mismatch', `the index of ${path} is ${text}`, {
      data: { series: path, index: index.map(({ name }) => name) },
      hint: '--index names the index columns of new series; a series that is there keeps its own',
    })
  }
  const before = new Map(schema.columns.map(({ name, type }) => [name, type]))
  const columns = given.columns.map((column): ColumnSpec => {
    const type = before.get(column.name)
    if (type === undefined && options.addColumns !== true) {
      throw new VarveError(
        'column-not-found',
        `${path} has no column ${JSON.stringify(column.name)}`,
        {
          data: { series: path, column: column.name, columns: [...before.keys()] },
          hint: '--add-column adds it',
        },
      )
    }
    return type !== undefined && type !== 'null' && canWiden(column.type, type)
      ? { name: column.name, type }
      : column
  })
  const rows = { ...schema, columns }
  const newColumns = columns.filter(({ name, type }) => before.get(name) !== type)
  return spoolFrames(scratch, rows, widened(frames, rows), { newColumns, whole: false })
}

async function* widened(
  frames: AsyncIterable<SourceFrame>,
  schema: Schema,
): AsyncGenerator<SourceFrame> {
  for await (const frame of frames) {
    const columns = frame.columns.map((column, i) => widenColumn(column, schema.columns[i]!.type))
    yield { ...frame, schema, columns }
  }
}

function notThere(path: string, names: Iterable<string>): VarveError {
  const near = nearest(path, names)
  const create = '--create makes the series that are not there'
  return new VarveError('series-not-found', `there is no series ${JSON.stringify(path)}`, {
    data: { series: path },
    hint: near === undefined ? create : `did you mean ${near}? ${create}`,
  })
}
