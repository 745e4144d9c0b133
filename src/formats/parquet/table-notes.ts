import type { ColumnType, TimestampType } from '../../core/column.ts'
import { isTimestampType } from '../../core/column.ts'
import type { Schema } from '../../core/schema.ts'

// Parquet holds texts beside a table. varve notes there what Parquet has no word for; pandas notes
// which columns are its index.

const VARVE = 'varve'
const PANDAS = 'pandas'
/** Names that pandas gives to the columns of an index without one. */
const UNNAMED = /^__index_level_\d+__$/

/** What is noted beside a table, as far as varve knows it. */
export interface TableNotes {
  /** The columns of the index, by the names that they have in the file. */
  readonly index?: readonly string[]
  /** Columns that are of another type than the file alone says. */
  readonly types: ReadonlyMap<string, ColumnType>
  /** Timestamps that are UTC although the file does not mark them so. */
  readonly utc: ReadonlySet<string>
  readonly zone?: string
  readonly duplicates?: boolean
  /** The names of columns that have others than in the file. */
  readonly names: ReadonlyMap<string, string>
}

const NOTHING: TableNotes = { types: new Map(), utc: new Set(), names: new Map() }

/** Notes of a table that is written; `utc` are the timestamps that are not marked as such. */
export function notesOf(
  schema: Schema,
  zone: string | undefined,
  utc: readonly string[],
): Map<string, string> {
  const index = schema.columns.slice(0, schema.indexCount).map((column) => column.name)
  const types = schema.columns
    .filter(({ type }) => type === 'timestamp_s')
    .map(({ name, type }) => [name, type])
  const varve = {
    version: 1,
    index,
    ...(schema.duplicates && { duplicates: true }),
    ...(types.length > 0 && { types }),
    ...(utc.length > 0 && { utc }),
    ...(zone !== undefined && { zone }),
  }
  const pandas = {
    index_columns: index,
    column_indexes: [
      {
        name: null,
        field_name: null,
        pandas_type: 'unicode',
        numpy_type: 'object',
        metadata: null,
      },
    ],
    columns: schema.columns.map(({ name, type }) => ({
      name,
      field_name: name,
      ...pandasType(type, zone),
    })),
    creator: { library: 'varve', version: '1' },
    pandas_version: '1.0.0',
  }
  return new Map([
    [VARVE, JSON.stringify(varve)],
    [PANDAS, JSON.stringify(pandas)],
  ])
}

const UNITS: Readonly<Record<TimestampType, string>> = {
  timestamp_s: 'ms',
  timestamp_ms: 'ms',
  timestamp_us: 'us',
  timestamp_ns: 'ns',
}

function pandasType(type: ColumnType, zone = 'UTC') {
  if (isTimestampType(type)) {
    const numpy_type = `datetime64[${UNITS[type]}]`
    return { pandas_type: 'datetimetz', numpy_type, metadata: { timezone: zone } }
  }
  switch (type) {
    case 'string':
    case 'json':
      return { pandas_type: 'unicode', numpy_type: 'object', metadata: null }
    case 'binary':
      return { pandas_type: 'bytes', numpy_type: 'object', metadata: null }
    case 'null':
      return { pandas_type: 'empty', numpy_type: 'object', metadata: null }
    case 'date':
      return { pandas_type: 'date', numpy_type: 'object', metadata: null }
    default:
      return { pandas_type: type, numpy_type: type, metadata: null }
  }
}

/** Reads what is noted. What is not understood is as if it were not there. */
export function readNotes(
  texts: ReadonlyMap<string, string>,
  columns: readonly string[],
): TableNotes {
  const own = objectOf(texts.get(VARVE))
  if (own !== undefined) {
    const types = listOf(own.types).flatMap((pair): [string, ColumnType][] =>
      Array.isArray(pair) && typeof pair[0] === 'string' && pair[1] === 'timestamp_s'
        ? [[pair[0], 'timestamp_s']]
        : [],
    )
    return {
      ...indexAmong(listOf(own.index), columns),
      ...zoneOf(own.zone),
      duplicates: own.duplicates === true,
      types: new Map(types),
      utc: new Set(listOf(own.utc).filter((name) => typeof name === 'string')),
      names: new Map(),
    }
  }
  const pandas = objectOf(texts.get(PANDAS))
  if (pandas === undefined) return NOTHING
  // An index that only counts is described, not stored: it names no column.
  const found = indexAmong(listOf(pandas.index_columns), columns)
  const described = listOf(pandas.columns).map(asObject)
  const first = described.find(
    (column) => column !== undefined && fieldOf(column) === found.index?.[0],
  )
  const zone = asObject(first?.metadata)?.timezone
  return {
    ...found,
    ...(first?.pandas_type === 'datetimetz' && zoneOf(zone)),
    ...NOTHING,
    names: unnamed(found.index ?? [], columns),
  }
}

/** Columns without a name get those that pandas' `reset_index` would give. */
function unnamed(index: readonly string[], columns: readonly string[]): Map<string, string> {
  const names = new Map<string, string>()
  const taken = new Set(columns)
  for (const [level, name] of index.entries()) {
    if (!UNNAMED.test(name)) continue
    const plain = index.length === 1 && !taken.has('index') ? 'index' : `level_${level}`
    if (!taken.has(plain)) names.set(name, plain)
  }
  return names
}

function fieldOf(column: Record<string, unknown>): unknown {
  return column.field_name ?? column.name
}

function indexAmong(
  found: readonly unknown[],
  columns: readonly string[],
): { readonly index?: readonly string[] } {
  const index = found.filter((name) => typeof name === 'string')
  const isThere = index.length > 0 && index.length === found.length
  return isThere && index.every((name) => columns.includes(name)) ? { index } : {}
}

/** A zone by its name in the IANA's list; UTC needs none. */
function zoneOf(zone: unknown): { readonly zone?: string } {
  if (typeof zone !== 'string' || !/^[A-Za-z][\w+\-/]*$/.test(zone)) return {}
  return /^(?:UTC|GMT|Etc\/(?:UTC|GMT))$/i.test(zone) ? {} : { zone }
}

function objectOf(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  try {
    return asObject(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
