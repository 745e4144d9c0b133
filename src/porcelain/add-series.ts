import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { escapeControl } from '../core/names.ts'
import type { ObjectReader, ObjectWriter } from '../core/objects.ts'
import type { ColumnSpec, Schema } from '../core/schema.ts'
import { formatSchemaText } from '../core/schema-codec.ts'
import { readSeries, type Series } from '../core/series.ts'
import { buildSeries } from '../core/series-build.ts'
import { diffStat } from '../core/series-diff.ts'
import { lookupPath } from '../core/tree.ts'
import type { InputTable } from '../formats/table.ts'
import { describeChange, type SeriesChange } from './change-summary.ts'
import { inSeriesZone, zoneForNew } from './input-zone.ts'
import { checkCellOrder, checkSaid, type SchemaOptions, schemaForNew } from './new-series.ts'
import {
  forSeries,
  headerOf,
  held,
  type InputRows,
  inferRows,
  isCsv,
  noRows,
  takeInferred,
  typedRows,
} from './read-input.ts'
import { widenedSchema } from './widened-schema.ts'

export interface AddSeriesOptions extends SchemaOptions {
  /** Whether any number of rows may vanish. */
  readonly allowDeletes?: boolean | undefined
  /** Whether columns that the table lacks are dropped. */
  readonly dropColumns?: boolean | undefined
  /** Whether a new series may be without rows. */
  readonly allowEmpty?: boolean | undefined
}

/** A series that was built of a table. */
export interface BuiltSeries {
  readonly id: Id
  /** The zone that a new series gets as its setting. */
  readonly zone?: string | undefined
  readonly emptyRows: number
}

/**
 * Builds the series that a table holds: under the schema of what stands at the path, widened where
 * that loses nothing; under one that is given or inferred where nothing does.
 */
export async function buildFromTable(
  writer: ObjectWriter,
  tree: Id,
  path: string,
  table: InputTable,
  options: AddSeriesOptions,
): Promise<BuiltSeries> {
  const input = await inSeriesZone(writer, tree, path, held(table))
  const old = await seriesAt(writer, tree, path)
  if (old === undefined) {
    const given = await schemaForNew(writer, tree, path, options)
    checkCellOrder(input, options)
    writer.expect?.(input.bytes ?? 0)
    const take = async (rows: InputRows): Promise<BuiltSeries> => {
      const built = await build(writer, rows)
      const { rows: count } = await readSeries(writer, built.id)
      if (count === 0 && options.allowEmpty !== true) {
        const columns = formatSchemaText(rows.schema)
        throw noRows(
          input,
          `varve create makes a series without rows: varve create ${path} ${columns}`,
        )
      }
      const zone = await zoneForNew(writer, tree, path, table.reading?.zone, rows.zone)
      return { ...built, zone }
    }
    return given === undefined
      ? takeInferred(input, options, take)
      : take(typedRows(input, given, false))
  }
  checkSaid(path, old.schema, options)
  const rows = await rowsForKnown(path, input, old.schema, options)
  const built = await buildWidening(writer, input, rows, old)
  const { rows: count } = await readSeries(writer, built.id)
  if (count === 0 && old.rows > 0 && options.allowDeletes !== true) {
    throw noRows(input, `--allow-deletes removes the ${old.rows} rows of ${path}`)
  }
  return built
}

/** The series at a path; `already-exists` where a collection is. */
export async function seriesAt(
  reader: ObjectReader,
  tree: Id,
  path: string,
): Promise<(Series & { readonly id: Id }) | undefined> {
  const entry = await lookupPath(reader, tree, path)
  if (entry === undefined) return undefined
  if (entry.kind === 'series') return { ...(await readSeries(reader, entry.id)), id: entry.id }
  throw new VarveError('already-exists', `${path} is a collection`, {
    data: { path, kind: 'tree' },
    hint: `a series inside it would be ${path}/NAME`,
  })
}

async function build(
  writer: ObjectWriter,
  rows: InputRows,
  earlier?: Series & { readonly id: Id },
): Promise<BuiltSeries> {
  try {
    const { id } = await buildSeries(writer, rows.schema, rows.frames(), { earlier })
    return { id, emptyRows: rows.emptyRows() }
  } finally {
    await rows.discard()
  }
}

/** Matches a table's columns with those of the series. */
async function rowsForKnown(
  path: string,
  input: InputTable,
  schema: Schema,
  options: AddSeriesOptions,
): Promise<InputRows> {
  const table = forSeries(input, schema)
  const header = new Set(await headerOf(table))
  const isThere = ({ name }: ColumnSpec): boolean => header.has(name)
  const missing = schema.columns.slice(schema.indexCount).filter((column) => !isThere(column))
  if (missing.length > 0 && options.dropColumns !== true) {
    throw columnsMissing(path, input, missing, [...header])
  }
  const names = new Set(schema.columns.map(({ name }) => name))
  // A column that never had a value gets a type with its first one.
  const typed = schema.columns.filter((column) => isThere(column) && column.type !== 'null')
  const isKnown = typed.length === header.size
  // The index is part of what is known, so that the error for a missing one comes from the reader.
  const index = schema.columns.slice(0, schema.indexCount)
  const known = { ...schema, columns: [...index, ...typed.slice(index.filter(isThere).length)] }
  if (isKnown) return typedRows(table, known)
  const types = new Map([...(options.types ?? [])].filter(([name]) => !names.has(name)))
  const rows = await inferRows(table, { known, types })
  return inOrder(rows, schema)
}

/** The columns in the order that the series has them; new ones last. */
function inOrder(rows: InputRows, { columns, indexCount }: Schema): InputRows {
  const inferred = rows.schema.columns
  const byName = new Map(inferred.map((column) => [column.name, column]))
  const names = new Set(columns.map(({ name }) => name))
  const ordered = [
    ...columns.flatMap(({ name }) => byName.get(name) ?? []),
    ...inferred.filter(({ name }) => !names.has(name)),
  ]
  return { ...rows, schema: { ...rows.schema, columns: ordered, indexCount } }
}

/** Builds; where a value does not fit its column's type, again with a type that holds it. */
async function buildWidening(
  writer: ObjectWriter,
  input: InputTable,
  rows: InputRows,
  old: Series & { readonly id: Id },
): Promise<BuiltSeries> {
  for (let current = rows; ; ) {
    try {
      return await build(writer, current, old)
    } catch (error) {
      const wider = await widenedSchema(writer, old, current.schema, error)
      if (wider === undefined) throw error
      current = typedRows(input, wider)
    }
  }
}

function columnsMissing(
  path: string,
  input: InputTable,
  missing: readonly ColumnSpec[],
  header: readonly string[],
): VarveError {
  const names = missing.map(({ name }) => JSON.stringify(name)).join(', ')
  const found = header.map((name) => JSON.stringify(name)).join(', ')
  const expected = `the ${missing.length === 1 ? 'column' : 'columns'} ${names} of ${path}`
  const file = input.name
  const place = isCsv(input) ? { line: 1, column: 1 } : undefined
  const where = escapeControl(file) + (place === undefined ? '' : ':1:1')
  return new VarveError('bad-input', `${where}: expected ${expected}, found ${found}`, {
    data: {
      file,
      ...place,
      found: header,
      expected: missing.map(({ name }) => name),
      series: path,
    },
    hint: '--drop-columns drops them from the series; varve write leaves them as they are',
  })
}

/**
 * Says what the series at `path` becomes. `refused` when more than 10 rows and more than 1 % of
 * those it has would vanish and nobody allowed it.
 */
export async function describeReplacement(
  reader: ObjectReader,
  path: string,
  old: Id | undefined,
  built: BuiltSeries,
  options: Pick<AddSeriesOptions, 'allowDeletes'> & { readonly hint: string },
): Promise<SeriesChange> {
  const { id, emptyRows, zone } = built
  const { schemaChanges, ...counts } = await diffStat(reader, old, id)
  const change = { series: path, old, id, counts, schemaChanges, emptyRows, zone }
  if (old === undefined || options.allowDeletes === true) return describeChange(reader, change)
  const { rows } = await readSeries(reader, old)
  if (counts.deleted > Math.max(10, rows / 100)) {
    throw new VarveError(
      'refused',
      `${counts.deleted} of the ${rows} rows of ${path} would vanish`,
      {
        data: { series: path, deleted: counts.deleted, rows },
        hint: options.hint,
      },
    )
  }
  return describeChange(reader, change)
}
