/**
 * Column types with the code that stands for each in canonical bytes. Codes never change and are
 * never reused.
 */
export const columnTypeCodes = {
  null: 0,
  bool: 1,
  int8: 2,
  int16: 3,
  int32: 4,
  int64: 5,
  uint8: 6,
  uint16: 7,
  uint32: 8,
  uint64: 9,
  float32: 10,
  float64: 11,
  date: 12,
  timestamp_s: 13,
  timestamp_ms: 14,
  timestamp_us: 15,
  timestamp_ns: 16,
  string: 17,
  binary: 18,
  json: 19,
} as const

export type ColumnType = keyof typeof columnTypeCodes
export const columnTypes = Object.keys(columnTypeCodes) as readonly ColumnType[]

export type TimestampType = 'timestamp_s' | 'timestamp_ms' | 'timestamp_us' | 'timestamp_ns'
/** Types whose values have a length of their own and live behind offsets. */
export type BytesType = 'string' | 'binary' | 'json'

export type ValueArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/**
 * A column of values in Arrow's layout, immutable once built.
 *
 * | type | `values` |
 * |---|---|
 * | null | empty |
 * | bool | Uint8Array, one bit a value, LSB first, zero padding |
 * | int8…int64, uint8…uint64, float32, float64 | the matching typed array |
 * | date | Int32Array, days since 1970-01-01 |
 * | timestamp_* | BigInt64Array, units since 1970-01-01T00:00:00Z |
 * | string, binary, json | Uint8Array, the values' bytes end to end; `offsets` cuts them |
 *
 * Canonical from the moment it is built: values under a null are zero (empty for bytes), every
 * NaN is the canonical NaN, strings and json are valid UTF-8, padding bits are zero.
 */
export interface Column {
  readonly type: ColumnType
  /** Rows. */
  readonly length: number
  /** Bit i (LSB first) is 1 where row i has a value. Absent where no row is null. */
  readonly validity?: Uint8Array
  readonly values: ValueArray
  /** For string, binary, json: `length + 1` positions in `values`, the first 0. */
  readonly offsets?: Uint32Array
}

const NUMBER_TYPES: ReadonlySet<ColumnType> = new Set([
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float32',
  'float64',
])

/** Whether values of a type are numbers, for which differences and sums mean something. */
export function isNumberType(type: ColumnType): boolean {
  return NUMBER_TYPES.has(type)
}

/**
 * One value as JavaScript sees it: 64-bit integers and timestamps are bigint (units of the type),
 * dates are days since 1970-01-01, string and json are text, binary is bytes.
 */
export type Scalar = null | boolean | number | bigint | string | Uint8Array

export function isBytesType(type: ColumnType): type is BytesType {
  return type === 'string' || type === 'binary' || type === 'json'
}

export function isTimestampType(type: ColumnType): type is TimestampType {
  return type.startsWith('timestamp_')
}

export function isColumnType(text: string): text is ColumnType {
  return Object.hasOwn(columnTypeCodes, text)
}

/** Whether row `row` of `column` is null. */
export function isNull(column: Column, row: number): boolean {
  if (column.type === 'null') return true
  return column.validity !== undefined && ((column.validity[row >> 3]! >> (row & 7)) & 1) === 0
}
