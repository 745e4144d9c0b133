import type { DuckDBConnection } from '@duckdb/node-api'
import type { Frame, Schema } from '../../src/core/schema.ts'
import { parquetFormat } from '../../src/formats/parquet/parquet-format.ts'
import { PieceFile } from '../piece-file.ts'

/** How it writes Parquet that is to be small. */
export const SMALL_PARQUET = "(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION 'V2')"

/** A database in memory of this process. */
export async function openDuckDb(): Promise<DuckDBConnection> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  return (await DuckDBInstance.create(':memory:')).connect()
}

/** Rows as a table of a database, by way of a Parquet file, which has every type as it is. */
export async function loadTable(
  duckdb: DuckDBConnection,
  table: string,
  file: string,
  schema: Schema,
  frames: Iterable<Frame>,
): Promise<void> {
  await writeParquet(file, schema, frames)
  // It takes times of any unit for microseconds with a zone.
  const columns = schema.columns.map(({ name, type }) => {
    if (!type.startsWith('timestamp')) return name
    return `make_timestamp_ns(epoch_ns(${name}))::TIMESTAMP::${type.toUpperCase()} AS ${name}`
  })
  await duckdb.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT ${columns.join(', ')} FROM '${file}'`,
  )
}

async function writeParquet(path: string, schema: Schema, frames: Iterable<Frame>): Promise<void> {
  const file = new PieceFile(path)
  for await (const piece of parquetFormat.write(schema, frames)) file.write(piece)
  file.close()
}

/** Takes every row of a query, in chunks as they come; returns how many there were. */
export async function drainQuery(duckdb: DuckDBConnection, sql: string): Promise<number> {
  const result = await duckdb.stream(sql)
  let rows = 0
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return rows
    rows += chunk.rowCount
  }
}

/** A process that runs statements of SQL, as its own command-line program would. */
export function duckDbCommand(threads: number | undefined, ...statements: string[]): string[] {
  const all = threads === undefined ? statements : [`SET threads = ${threads}`, ...statements]
  const script = `
    import { DuckDBInstance } from '@duckdb/node-api'
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
    for (const sql of ${JSON.stringify(all)}) await duckdb.run(sql)`
  return [process.execPath, '--input-type=module', '-e', script]
}
