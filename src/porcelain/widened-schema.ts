import { type ColumnType, isTimestampType } from '../core/column.ts'
import { widenColumn, widerTypes } from '../core/column-ops.ts'
import { hasCode } from '../core/errors.ts'
import type { ObjectReader } from '../core/objects.ts'
import { parseScalar } from '../core/scalar-text.ts'
import type { ColumnSpec, Schema } from '../core/schema.ts'
import type { Series } from '../core/series.ts'
import { readRows } from '../core/series-read.ts'
import { cellFaultOf } from './read-input.ts'

/**
 * The schema in which the cell that an error is about fits, and all that the series holds does too;
 * undefined where there is none.
 */
export async function widenedSchema(
  reader: ObjectReader,
  old: Series,
  schema: Schema,
  error: unknown,
): Promise<Schema | undefined> {
  const fault = cellFaultOf(error)
  const column = schema.columns.find(({ name }) => name === fault?.field)
  if (fault === undefined || column === undefined || fault.value === '') return undefined
  const type = widerTypes(column.type).find((wider) => holds(wider, fault.value))
  if (type === undefined || !(await holdsAll(reader, old, column, type))) return undefined
  const columns = schema.columns.map((spec) => (spec === column ? { ...spec, type } : spec))
  return { ...schema, columns }
}

/** Whether a type holds a value exactly, as far as it is for a column to become that type. */
function holds(type: ColumnType, text: string): boolean {
  // Fractions have no exact float32, and binary is not what a text is meant to be.
  if (type === 'float32' || type === 'binary') return false
  // Where a column has dates, a bare number such as a year is no count of seconds.
  if (isTimestampType(type) && /^[+-]?\d+$/.test(text.trim())) return false
  try {
    const value = parseScalar(text.trim(), type)
    if (type !== 'float64' || !/^[+-]?\d+$/.test(text.trim())) return true
    return BigInt(Number(value)) === BigInt(text.trim())
  } catch (error) {
    if (hasCode(error, 'invalid-value') || hasCode(error, 'invalid-date')) return false
    throw error
  }
}

/** Whether a type holds all that the series has in a column: not every int64 has its float64. */
async function holdsAll(
  reader: ObjectReader,
  old: Series,
  { name, type: from }: ColumnSpec,
  type: ColumnType,
): Promise<boolean> {
  if ((from !== 'int64' && from !== 'uint64') || type !== 'float64') return true
  const isIndex = old.schema.columns.findIndex((c) => c.name === name) < old.schema.indexCount
  try {
    for await (const frame of readRows(reader, old, { columns: isIndex ? [] : [name] })) {
      const at = frame.schema.columns.findIndex((column) => column.name === name)
      widenColumn(frame.columns[at]!, type)
    }
    return true
  } catch (error) {
    if (hasCode(error, 'invalid-value')) return false
    throw error
  }
}
