import {
  blobValue,
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { Comparison } from './differences.ts'
import type { ValueTable } from './every-value.ts'
import { batchesOf } from './value-files.ts'

/** What DuckDB calls the types, none of which rounds. */
export const DUCKDB_TYPES: Readonly<Record<Exclude<ColumnType, 'null'>, string>> = {
  bool: 'BOOLEAN',
  int8: 'TINYINT',
  int16: 'SMALLINT',
  int32: 'INTEGER',
  int64: 'BIGINT',
  uint8: 'UTINYINT',
  uint16: 'USMALLINT',
  uint32: 'UINTEGER',
  uint64: 'UBIGINT',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  date: 'DATE',
  timestamp_s: 'TIMESTAMP_S',
  timestamp_ms: 'TIMESTAMP_MS',
  timestamp_us: 'TIMESTAMP',
  timestamp_ns: 'TIMESTAMP_NS',
  string: 'VARCHAR',
  binary: 'BLOB',
  json: 'VARCHAR',
}

/** Rows at a time, as DuckDB's own chunks have. */
const CHUNK = 2_048

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A new database in memory. */
export async function openDuckDb(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  return instance.connect()
}

/** Makes a table of the values, handed over in memory. */
export async function fillTable(
  connection: DuckDBConnection,
  name: string,
  table: ValueTable,
): Promise<void> {
  const columns = table.columns.map((column) => {
    const type = DUCKDB_TYPES[column.type as Exclude<ColumnType, 'null'>]
    return `${quoted(column.name)} ${type}`
  })
  await connection.run(`CREATE TABLE ${quoted(name)} (${columns.join(', ')})`)
  const appender = await connection.createAppender(name)
  const types = table.columns.map((_, at) => appender.columnType(at))
  for (const batch of batchesOf(table)) {
    const rows = batch[0]!.length
    for (let from = 0; from < rows; from += CHUNK) {
      const length = Math.min(CHUNK, rows - from)
      const chunk = DuckDBDataChunk.create(types, length)
      for (const [at, { type }] of table.columns.entries()) {
        const values = batch[at]!.slice(from, from + length)
        chunk.setColumnValues(
          at,
          values.map((value) => toDuckDb(type, value)),
        )
      }
      appender.appendDataChunk(chunk)
    }
  }
  appender.closeSync()
}

/** Where the rows that a query gives differ from the values. */
export async function differencesIn(
  connection: DuckDBConnection,
  query: string,
  table: ValueTable,
): Promise<string[]> {
  const comparison = new Comparison(table)
  const types = table.columns.map(({ type }) => type)
  const result = await connection.stream(withTextAsBytes(query, table))
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    for (const row of chunk.getRows()) {
      comparison.row(row.map((value, at) => fromDuckDb(types[at]!, value)))
    }
  }
  return comparison.finish()
}

/** The library that hands text over takes a byte order mark away from its beginning. */
function withTextAsBytes(query: string, { columns }: ValueTable): string {
  const texts = columns.filter(({ type }) => isText(type)).map(({ name }) => quoted(name))
  return `SELECT * REPLACE (${texts.map((name) => `encode(${name}::VARCHAR) AS ${name}`)}) FROM (${query})`
}

const isText = (type: ColumnType): boolean => type === 'string' || type === 'json'

function toDuckDb(type: ColumnType, value: Scalar): DuckDBValue {
  if (value === null) return null
  switch (type) {
    case 'date':
      return new DuckDBDateValue(value as number)
    case 'timestamp_s':
      return new DuckDBTimestampSecondsValue(value as bigint)
    case 'timestamp_ms':
      return new DuckDBTimestampMillisecondsValue(value as bigint)
    case 'timestamp_us':
      return new DuckDBTimestampValue(value as bigint)
    case 'timestamp_ns':
      return new DuckDBTimestampNanosecondsValue(value as bigint)
    case 'binary':
      return blobValue(value as Uint8Array)
    default:
      return value as DuckDBValue
  }
}

function fromDuckDb(type: ColumnType, value: DuckDBValue): Scalar {
  if (value instanceof DuckDBDateValue) return value.days
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis
  if (value instanceof DuckDBTimestampValue) return value.micros
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos
  if (value instanceof DuckDBTimestampTZValue) return inUnits(type, value.micros)
  if (value instanceof DuckDBBlobValue) {
    return isText(type) ? Buffer.from(value.bytes).toString() : value.bytes
  }
  if (typeof value !== 'object' || value === null) return value
  throw new Error(`not a value of ${type}: ${value}`)
}

/** Microseconds, as DuckDB has all instants in, in the units of a type. */
function inUnits(type: ColumnType, micros: bigint): bigint {
  if (type === 'timestamp_ns') return micros * 1_000n
  const divisor = { timestamp_s: 1_000_000n, timestamp_ms: 1_000n }[type as string] ?? 1n
  if (micros % divisor !== 0n) throw new Error(`${micros} µs are no ${type}`)
  return micros / divisor
}
