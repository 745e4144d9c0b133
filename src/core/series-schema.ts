import type { Column, ColumnType, Scalar } from './column.ts'
import { ColumnBuilder } from './column-builder.ts'
import { canonicalLength, encodeColumn } from './column-codec.ts'
import { canWiden, widenColumn as widenValues } from './column-ops.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import type { ObjectWriter } from './objects.ts'
import { buildTree, rangeEntries } from './prolly.ts'
import type { ColumnSpec, Frame, Schema } from './schema.ts'
import { checkSchema } from './schema-codec.ts'
import { formatOf, readSeries, type Series, type SeriesResult, writeSeries } from './series.ts'
import { buildSeries } from './series-build.ts'
import { type ChunkList, readColumns, writeColumns } from './series-columns.ts'
import { LoadedSegment } from './series-load.ts'
import { readRows } from './series-read.ts'
import { WholeRun } from './series-runs.ts'
import type { SegmentEntry } from './series-segment.ts'
import { writeChunks } from './series-write.ts'
import { SPLIT_LIMITS, type SplitLimits } from './split.ts'

/**
 * Adds a value column behind the others, with `value` in every row. `already-exists` where there is
 * one of that name, `invalid-value` where the value is not of its type.
 */
export async function addColumn(
  writer: ObjectWriter,
  id: Id,
  spec: ColumnSpec,
  value: Scalar = null,
  limits: SplitLimits = SPLIT_LIMITS,
): Promise<SeriesResult> {
  const series = await readSeries(writer, id)
  checkFree(series.schema, spec.name)
  const schema = checkSchema({ ...series.schema, columns: [...series.schema.columns, spec] })
  // Most segments have the same few numbers of rows.
  const stored = new Map<number, ChunkList>()
  return mapSegments(writer, series, schema, async (segment, lists) => {
    let chunks = stored.get(segment.rows)
    if (chunks === undefined) {
      const column = constantColumn(spec.type, value, segment.rows)
      chunks = await storeColumn(writer, series, segment, column, limits)
      // Where a column is cut depends on the keys as well.
      if (chunks.length === 1) stored.set(segment.rows, chunks)
    }
    return [...lists, chunks]
  })
}

/** Removes a value column: `column-not-found`, or `bad-input` for an index column. */
export async function dropColumn(
  writer: ObjectWriter,
  id: Id,
  name: string,
): Promise<SeriesResult> {
  const series = await readSeries(writer, id)
  const position = columnPosition(series.schema, name)
  if (position < series.schema.indexCount) {
    throw new VarveError('bad-input', `${JSON.stringify(name)} is an index column`, {
      data: { column: name },
      hint: 'the rows of a series are told apart by its index columns',
    })
  }
  const without = <T>(items: readonly T[]) => items.filter((_, i) => i !== position)
  const schema = { ...series.schema, columns: without(series.schema.columns) }
  return mapSegments(writer, series, schema, async (_, lists) => without(lists))
}

/** Gives a column another name; all that is stored of it stays. */
export async function renameColumn(
  writer: ObjectWriter,
  id: Id,
  from: string,
  to: string,
): Promise<SeriesResult> {
  const { schema, root } = await readSeries(writer, id)
  const position = columnPosition(schema, from)
  if (from !== to) checkFree(schema, to)
  const columns = schema.columns.map((spec, i) => (i === position ? { ...spec, name: to } : spec))
  return writeSeries(writer, checkSchema({ ...schema, columns }), root, id)
}

/**
 * Gives a column a wider type. `schema-mismatch` where the types do not allow it, `invalid-value`
 * where a value has no exact equal in the new type. With an index column the series is built anew,
 * for its keys change.
 */
export async function widenColumn(
  writer: ObjectWriter,
  id: Id,
  name: string,
  type: ColumnType,
  limits: SplitLimits = SPLIT_LIMITS,
): Promise<SeriesResult> {
  const series = await readSeries(writer, id)
  const position = columnPosition(series.schema, name)
  const { columns, indexCount } = series.schema
  const from = columns[position]!.type
  if (from === type) return { id, rows: series.rows }
  if (!canWiden(from, type)) {
    throw new VarveError('schema-mismatch', `${name} is ${from}: it cannot become ${type}`, {
      data: { column: name, from, to: type },
    })
  }
  const wider = columns.map((spec, i) => (i === position ? { ...spec, type } : spec))
  const schema = checkSchema({ ...series.schema, columns: wider })
  if (position < indexCount) {
    const frames = widenedFrames(writer, series, schema, position)
    return buildSeries(writer, schema, frames, { limits, earlier: { ...series, id } })
  }
  return mapSegments(writer, series, schema, async (segment, lists) => {
    const column = widenValues(await segment.column(position), type)
    const chunks = await storeColumn(writer, series, segment, column, limits)
    return lists.map((list, i) => (i === position ? chunks : list))
  })
}

function checkFree(schema: Schema, name: string): void {
  if (!schema.columns.some((column) => column.name === name)) return
  throw new VarveError('already-exists', `there is a column ${JSON.stringify(name)} already`, {
    data: { column: name },
  })
}

function columnPosition(schema: Schema, name: string): number {
  const position = schema.columns.findIndex((column) => column.name === name)
  if (position >= 0) return position
  throw new VarveError('column-not-found', `there is no column ${JSON.stringify(name)}`, {
    data: { column: name, columns: schema.columns.map((column) => column.name) },
  })
}

/** The same segments with other lists of chunks. */
async function mapSegments(
  writer: ObjectWriter,
  series: Series,
  schema: Schema,
  change: (segment: LoadedSegment, lists: readonly ChunkList[]) => Promise<readonly ChunkList[]>,
): Promise<SeriesResult> {
  const count = series.schema.columns.length
  const all = series.schema.columns.map((_, i) => i)
  async function* entries(): AsyncGenerator<SegmentEntry> {
    for await (const entry of rangeEntries(writer, formatOf(series.schema), series.root)) {
      const segment = new LoadedSegment(writer, series.schema, entry)
      const lists = await readColumns(writer, entry.value, count, entry.weight, all)
      yield { ...entry, value: await writeColumns(writer, await change(segment, lists)) }
    }
  }
  return writeSeries(writer, schema, await buildTree(writer, formatOf(schema), entries()))
}

async function storeColumn(
  writer: ObjectWriter,
  series: Series,
  segment: LoadedSegment,
  column: Column,
  limits: SplitLimits,
): Promise<ChunkList> {
  if (canonicalLength(column) <= limits.chunkBytes) {
    return [{ rows: column.length, id: await writer.put('column', encodeColumn(column)) }]
  }
  const run = await new WholeRun(segment).open(series.schema)
  return writeChunks(writer, column, [run], limits)
}

function constantColumn(type: ColumnType, value: Scalar, rows: number): Column {
  const builder = new ColumnBuilder(type, rows)
  for (let row = 0; row < rows; row++) builder.append(value)
  return builder.finish()
}

async function* widenedFrames(
  writer: ObjectWriter,
  series: Series,
  schema: Schema,
  position: number,
): AsyncGenerator<Frame> {
  const { type } = schema.columns[position]!
  for await (const frame of readRows(writer, series)) {
    const columns = frame.columns.map((column, i) =>
      i === position ? widenValues(column, type) : column,
    )
    yield { schema, columns, rows: frame.rows }
  }
}
