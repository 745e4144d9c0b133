import type { SchemaElement } from 'hyparquet'
import type { Column, ColumnType } from '../../core/column.ts'
import { halvesOf } from '../../core/column-layout.ts'
import type { Schema } from '../../core/schema.ts'

type Element = Pick<SchemaElement, 'type'> & Partial<SchemaElement>

// By the older word alone: hyparquet-writer writes the width of the newer as an i32, which Thrift's
// own readers, DuckDB's among them, refuse.
const integer = (bits: 8 | 16 | 32 | 64, signed: boolean): Element => ({
  type: bits === 64 ? 'INT64' : 'INT32',
  converted_type: signed ? `INT_${bits}` : `UINT_${bits}`,
})

const timestamp = (unit: 'MILLIS' | 'MICROS' | 'NANOS'): Element => ({
  type: 'INT64',
  ...(unit !== 'NANOS' && { converted_type: `TIMESTAMP_${unit}` as const }),
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit },
})

/** How each type is written; a type that Parquet lacks as the nearest, and noted beside the table. */
const elements: Readonly<Record<ColumnType, Element>> = {
  null: { type: 'INT32', logical_type: { type: 'NULL' } },
  bool: { type: 'BOOLEAN' },
  int8: integer(8, true),
  int16: integer(16, true),
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  uint8: integer(8, false),
  uint16: integer(16, false),
  uint32: integer(32, false),
  uint64: integer(64, false),
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
  date: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
  timestamp_s: timestamp('MILLIS'),
  timestamp_ms: timestamp('MILLIS'),
  timestamp_us: timestamp('MICROS'),
  timestamp_ns: timestamp('NANOS'),
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  binary: { type: 'BYTE_ARRAY' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } },
}

/**
 * The columns of a schema in Parquet's words. The index holds no nulls, other columns may. Columns
 * of `unmarked` are not marked as UTC: readers that know UTC to the microsecond only, as DuckDB, cut
 * the nanoseconds of one that is.
 */
export function elementsOf(
  { columns, indexCount }: Schema,
  unmarked: ReadonlySet<string> = new Set(),
): SchemaElement[] {
  return columns.map(({ name, type }, i) => ({
    ...elements[type],
    name,
    repetition_type: i < indexCount ? 'REQUIRED' : 'OPTIONAL',
    ...(unmarked.has(name) && {
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } as const,
    }),
  }))
}

/** Whether a column of nanoseconds has one that is no whole microsecond. */
export function hasNanoseconds({ values, length }: Column): boolean {
  const halves = halvesOf(values)
  for (let row = 0; row < length; row++) {
    // 2^32 is 296 more than a multiple of 1000.
    const rest = ((halves[2 * row + 1]! | 0) % 1000) * 296 + halves[2 * row]!
    if (Math.floor(rest / 1000) * 1000 !== rest) return true
  }
  return false
}
