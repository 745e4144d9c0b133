import type { KeyBound } from './bounds.ts'
import { canWiden, widenColumn } from './column-ops.ts'
import type { Id } from './id.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import type { Frame, Schema } from './schema.ts'
import { readSeries, type Series } from './series.ts'
import { type EditResult, editSeries, valueColumn } from './series-edit.ts'
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

/** Rows of the source in the types of the series that they go into. */
async function* fittedFrames(
  reader: ObjectReader,
  source: Series,
  schema: Schema,
  range: RestoreRange,
): AsyncGenerator<Frame> {
  const types = new Map(schema.columns.map(({ name, type }) => [name, type]))
  let fitted: Schema | undefined
  for await (const frame of readRows(reader, source, range)) {
    const specs = frame.schema.columns.map((spec) => {
      const wanted = types.get(spec.name)
      // What does not fit is refused, with the names, by the edit.
      return wanted !== undefined && canWiden(spec.type, wanted) ? { ...spec, type: wanted } : spec
    })
    fitted ??= { ...frame.schema, columns: specs }
    const columns = frame.columns.map((column, i) => widenColumn(column, specs[i]!.type))
    yield { schema: fitted, columns, rows: frame.rows }
  }
}
