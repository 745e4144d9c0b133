import type { Scalar } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import type { Frame } from '../core/schema.ts'

/** The rows of a frame: values in the order of its columns. */
export function* rowsOf({ columns, rows }: Frame): Generator<Scalar[], void, void> {
  for (let row = 0; row < rows; row++) yield columns.map((column) => scalarAt(column, row))
}

/** The rows of a frame as objects, by the names of its columns. They have no prototype. */
export function* recordsOf(frame: Frame): Generator<Record<string, Scalar>, void, void> {
  const names = frame.schema.columns.map(({ name }) => name)
  for (let row = 0; row < frame.rows; row++) {
    // Without a prototype a column may have any name.
    const record: Record<string, Scalar> = Object.create(null)
    for (const [at, name] of names.entries()) record[name] = scalarAt(frame.columns[at]!, row)
    yield record
  }
}
