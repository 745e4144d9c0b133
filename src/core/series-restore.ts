import type { KeyBound } from './bounds.ts'
import type { ColumnType } from './column.ts'
import { canWiden, widenColumn } from './column-ops.ts'
import { indexColumns, sliceFrame } from './frame.ts'
import type { Id } from './id.ts'
import { encodeKeys } from './key.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import type { Frame, Schema } from './schema.ts'
import { readSeries, type Series } from './series.ts'
import { type EditResult, editSeries, valueColumn } from './series-edit.ts'
import { type KeyRange, keyRange } from './series-range.ts'
import { readRows } from './series-read.ts'
import { SPLIT_LIMITS, type SplitLimits } from './split.ts'

export interface RestoreRange {
  /** Rows before it stay as they are. */
  readonly from?: KeyBound | undefined
  /** Rows after it stay as they are. */
  readonly to?: KeyBound | undefined
  /**
   * Only these value columns are put back. Rows then stay, with null in them where the source has
   * no such row; rows that only the source has come back with null in the other columns.
   */
  readonly columns?: readonly string[] | undefined
}

/**
 * Puts a range of keys of a series back as it is in another, older or newer, version of it. Columns
 * are matched by name; those that the source lacks keep their values, those that only the source
 * has are left out, and narrower types of the source are widened. `schema-mismatch` where a type
 * does not fit, `column-not-found` where a column named is not in both.
 */
export async function restoreRange(
  writer: ObjectWriter,
  id: Id,
  sourceId: Id,
  { from, to, columns }: RestoreRange = {},
  limits: SplitLimits = SPLIT_LIMITS,
): Promise<EditResult> {
  const { schema } = await readSeries(writer, id)
  const source = await readSeries(writer, sourceId)
  const names = columns ?? commonColumns(schema, source.schema)
  for (const name of columns ?? []) {
    valueColumn(schema, name)
    valueColumn(source.schema, name)
  }
  const frames = fittedFrames(writer, source, schema, { from, to, columns: names })
  return editSeries(writer, id, { mode: 'replace', frames, from, to, columns }, limits)
}

function commonColumns(schema: Schema, source: Schema): string[] {
  const names = new Set(schema.columns.slice(schema.indexCount).map(({ name }) => name))
  return source.columns
    .slice(source.indexCount)
    .map(({ name }) => name)
    .filter((name) => names.has(name))
}

/** Rows of the source, in the types of the series that they go into, whose keys there are in range. */
async function* fittedFrames(
  reader: ObjectReader,
  source: Series,
  schema: Schema,
  { from, to, columns: names }: RestoreRange,
): AsyncGenerator<Frame> {
  const types = new Map(schema.columns.map(({ name, type }) => [name, type]))
  // Bounds are keys of the series: those of a narrower index are other bytes.
  const isSameIndex = source.schema.columns
    .slice(0, source.schema.indexCount)
    .every(({ name, type }) => types.get(name) === type)
  const range = keyRange({ from, to })
  let fitted: Schema | undefined
  const wanted = isSameIndex ? { from, to, columns: names } : { columns: names }
  for await (const frame of readRows(reader, source, wanted)) {
    fitted ??= fittedSchema(frame.schema, types)
    const { columns: specs } = fitted
    const columns = frame.columns.map((column, i) => widenColumn(column, specs[i]!.type))
    const whole: Frame = { schema: fitted, columns, rows: frame.rows }
    yield isSameIndex ? whole : rowsInRange(whole, range)
  }
}

function fittedSchema(schema: Schema, types: ReadonlyMap<string, ColumnType>): Schema {
  const columns = schema.columns.map((spec) => {
    const type = types.get(spec.name)
    // What does not fit is refused, with the names, by the edit.
    return type !== undefined && canWiden(spec.type, type) ? { ...spec, type } : spec
  })
  return { ...schema, columns }
}

function rowsInRange(frame: Frame, { from, to }: KeyRange): Frame {
  const keys = encodeKeys(indexColumns(frame))
  const start = from === undefined ? 0 : keys.lowerBound(from)
  const end = to === undefined ? frame.rows : keys.lowerBound(to)
  return sliceFrame(frame, start, Math.max(start, end))
}
