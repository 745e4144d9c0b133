import type { ColumnType, Scalar } from '../core/column.ts'

const UNIT_NS: ReadonlyMap<ColumnType, bigint> = new Map([
  ['date', 86_400_000_000_000n],
  ['timestamp_s', 1_000_000_000n],
  ['timestamp_ms', 1_000_000n],
  ['timestamp_us', 1_000n],
  ['timestamp_ns', 1n],
])

/** Nanoseconds since 1970 of a date or time; undefined for a value of another type. */
export function instantOf(value: Scalar, type: ColumnType): bigint | undefined {
  const unit = UNIT_NS.get(type)
  if (unit === undefined || (typeof value !== 'bigint' && typeof value !== 'number')) {
    return undefined
  }
  return BigInt(value) * unit
}
