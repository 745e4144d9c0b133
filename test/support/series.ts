import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { scalarAt } from '../../src/core/column-ops.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Id } from '../../src/core/id.ts'
import type { ObjectReader, ObjectWriter } from '../../src/core/objects.ts'
import { rangeEntries } from '../../src/core/prolly.ts'
import type { Frame, Schema } from '../../src/core/schema.ts'
import { formatOf, readSeries, type Series } from '../../src/core/series.ts'
import { buildSeries } from '../../src/core/series-build.ts'
import { type ReadRowsOptions, readRows } from '../../src/core/series-read.ts'
import type { SegmentEntry } from '../../src/core/series-segment.ts'
import type { SplitLimits } from '../../src/core/split.ts'

export type Row = readonly Scalar[]

/** Splits a handful of rows into many segments. */
export const SMALL: SplitLimits = { segmentRows: 4, chunkBytes: 8 * 1024 * 1024 }

/** A schema from `name:type` words, the first `indexCount` of them the index. */
export function schemaOf(text: string, { indexCount = 1, duplicates = false } = {}): Schema {
  const columns = text.split(' ').map((word) => {
    const [name, type] = word.split(':') as [string, ColumnType]
    return { name, type }
  })
  return { columns, indexCount, duplicates }
}

/** Rows as frames of the given size. */
export function framesOf(schema: Schema, rows: readonly Row[], size = 1000): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < rows.length; at += size) {
    frames.push(frameFromRows(schema, rows.slice(at, at + size)))
  }
  return frames
}

export async function build(
  writer: ObjectWriter,
  schema: Schema,
  rows: readonly Row[],
  limits: SplitLimits = SMALL,
  size = 1000,
): Promise<Id> {
  return (await buildSeries(writer, schema, framesOf(schema, rows, size), { limits })).id
}

export function rowsOf(frame: Frame): Scalar[][] {
  return Array.from({ length: frame.rows }, (_, row) =>
    frame.columns.map((column) => scalarAt(column, row)),
  )
}

export async function readAll(
  reader: ObjectReader,
  id: Id,
  options?: ReadRowsOptions,
): Promise<Scalar[][]> {
  const rows: Scalar[][] = []
  const series = await readSeries(reader, id)
  for await (const frame of readRows(reader, series, options)) rows.push(...rowsOf(frame))
  return rows
}

export async function segmentsOf(reader: ObjectReader, series: Series): Promise<SegmentEntry[]> {
  const entries: SegmentEntry[] = []
  for await (const entry of rangeEntries(reader, formatOf(series.schema), series.root)) {
    entries.push(entry)
  }
  return entries
}
