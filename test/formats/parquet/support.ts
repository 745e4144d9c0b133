import { Buffer } from 'node:buffer'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Scalar } from '../../../src/core/column.ts'
import { scalarAt } from '../../../src/core/column-ops.ts'
import { concatFrames } from '../../../src/core/frame.ts'
import type { Frame, Schema } from '../../../src/core/schema.ts'
import { parquetFormat } from '../../../src/formats/parquet/parquet-format.ts'
import type { InputTable, Reading, WriteTableOptions } from '../../../src/formats/table.ts'

/** Bytes of a Parquet file as a file is: read at any place. */
export function parquetTable(bytes: Uint8Array, reading: Reading = {}): InputTable {
  return {
    name: 't.parquet',
    bytes: bytes.length,
    reading,
    async *open() {
      yield bytes
    },
    range: async (from, to) => bytes.slice(from, to),
  }
}

export async function writtenParquet(
  schema: Schema,
  frames: readonly Frame[],
  options: WriteTableOptions = {},
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of parquetFormat.write(schema, frames, options)) parts.push(part)
  return Buffer.concat(parts)
}

/** What is in a table that says its types itself; undefined rows where there are none. */
export async function inferred(input: InputTable) {
  const { schema, zone, frames } = await parquetFormat.infer(input, {})
  const found: Frame[] = []
  for await (const frame of frames()) found.push(frame)
  return { schema, zone, frame: found.length === 0 ? undefined : concatFrames(found) }
}

/** The values of a column of a table, by its name. */
export async function valuesOf(bytes: Uint8Array, name: string): Promise<Scalar[]> {
  const { schema, frame } = await inferred(parquetTable(bytes))
  const column = frame!.columns[schema.columns.findIndex((column) => column.name === name)]!
  return Array.from({ length: column.length }, (_, row) => scalarAt(column, row))
}

/** A new DuckDB that knows no other zone than UTC. */
export async function openDuckDb(): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run("SET TimeZone = 'UTC'")
  return connection
}
