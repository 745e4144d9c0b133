import { type Column, isNull, type Scalar } from './column.ts'
import { ColumnBuilder } from './column-builder.ts'
import { formFault, shapeFault } from './column-check.ts'
import { rawColumn } from './column-layout.ts'
import { concatColumns, scalarAt, sliceColumn, takeRows } from './column-ops.ts'
import { VarveError } from './errors.ts'
import type { Frame, Schema } from './schema.ts'

/**
 * A frame of these columns, one for each of the schema's, each in the one form that its values have:
 * every NaN is the canonical one, nothing lies under a null. Index columns hold neither null nor NaN:
 * `bad-input` otherwise, with `column` and `row` in `data`; a −0 in them becomes +0. `bad-input` too
 * where a column's arrays do not fit its type and rows, or its text is not UTF-8; `schema-mismatch`
 * where columns do not fit the schema or differ in length.
 */
export function makeFrame(schema: Schema, columns: readonly Column[]): Frame {
  if (columns.length !== schema.columns.length) {
    throw new VarveError(
      'schema-mismatch',
      `${columns.length} columns where the schema has ${schema.columns.length}`,
    )
  }
  const rows = columns[0]?.length ?? 0
  const checked = columns.map((column, i) => {
    const { name, type } = schema.columns[i]!
    if (column.type !== type) {
      throw new VarveError('schema-mismatch', `column ${name} is ${column.type}, not ${type}`, {
        data: { column: name, found: column.type, expected: type },
      })
    }
    if (column.length !== rows) {
      throw new VarveError(
        'schema-mismatch',
        `column ${name} has ${column.length} rows of ${rows}`,
        {
          data: { column: name, found: column.length, expected: rows },
        },
      )
    }
    const own = canonicalColumn(column, name)
    return i < schema.indexCount ? indexColumn(own, name) : own
  })
  return { schema, columns: checked, rows }
}

/** The same values in their one form; columns that varve builds are in it already. */
function canonicalColumn(column: Column, name: string): Column {
  const fault = shapeFault(column)
  if (fault !== undefined) {
    throw new VarveError('bad-input', `column ${name} is not one of ${column.type}: ${fault}`, {
      data: { column: name, type: column.type, fault },
    })
  }
  if (formFault(column) === undefined) return column
  const builder = new ColumnBuilder(column.type, column.length)
  for (let row = 0; row < column.length; row++) builder.append(scalarAt(column, row))
  return builder.finish()
}

function indexColumn(column: Column, name: string): Column {
  if (column.validity !== undefined) {
    let row = 0
    while (!isNull(column, row)) row++
    throw new VarveError('bad-input', `index column ${name} holds a null`, {
      data: { column: name, row },
    })
  }
  if (column.type !== 'float64' && column.type !== 'float32') return column
  const values = column.values as Float64Array | Float32Array
  let zeros = false
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    if (Number.isNaN(value)) {
      throw new VarveError('bad-input', `index column ${name} holds a NaN`, {
        data: { column: name, row },
      })
    }
    zeros ||= Object.is(value, -0)
  }
  if (!zeros) return column
  // x + 0 is x, but for −0.
  return rawColumn(
    column.type,
    column.length,
    values.map((value) => value + 0),
    undefined,
  )
}

/** A frame from rows of values: for small ones. */
export function frameFromRows(schema: Schema, rows: readonly (readonly Scalar[])[]): Frame {
  const columns = schema.columns.map(({ type }, i) => {
    const builder = new ColumnBuilder(type, rows.length)
    for (const row of rows) builder.append(row[i] ?? null)
    return builder.finish()
  })
  return makeFrame(schema, columns)
}

/** Rows `from` to `to` (exclusive), sharing memory. */
export function sliceFrame(frame: Frame, from: number, to: number): Frame {
  if (from === 0 && to === frame.rows) return frame
  const columns = frame.columns.map((column) => sliceColumn(column, from, to))
  return { schema: frame.schema, columns, rows: to - from }
}

/** Frames of one schema, at least one, one after another. */
export function concatFrames(frames: readonly Frame[]): Frame {
  const first = frames[0]
  if (first === undefined) throw new VarveError('bad-input', 'no frames to join')
  if (frames.length === 1) return first
  for (const { columns } of frames) {
    if (columns.length !== first.columns.length) {
      throw new VarveError('schema-mismatch', 'cannot join frames with different columns')
    }
  }
  const columns = first.columns.map((_, i) => concatColumns(frames.map((f) => f.columns[i]!)))
  const rows = frames.reduce((sum, frame) => sum + frame.rows, 0)
  return { schema: first.schema, columns, rows }
}

/** The rows at `indices`, in that order. */
export function takeFrame(frame: Frame, indices: Uint32Array): Frame {
  const columns = frame.columns.map((column) => takeRows(column, indices))
  return { schema: frame.schema, columns, rows: indices.length }
}

/** The index columns of a frame. */
export function indexColumns(frame: Frame): readonly Column[] {
  return frame.columns.slice(0, frame.schema.indexCount)
}
