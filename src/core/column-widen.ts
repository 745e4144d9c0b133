import {
  type Column,
  type ColumnType,
  isBytesType,
  isNull,
  isTimestampType,
  type Scalar,
} from './column.ts'
import { ColumnBuilder } from './column-builder.ts'
import { rawColumn } from './column-layout.ts'
import { nullColumn, scalarAt } from './column-scalar.ts'
import { VarveError } from './errors.ts'
import { unitsPerSecond } from './time.ts'

const wider: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  int8: ['int16', 'int32', 'int64', 'float32', 'float64'],
  int16: ['int32', 'int64', 'float32', 'float64'],
  int32: ['int64', 'float64'],
  int64: ['float64'],
  uint8: ['uint16', 'uint32', 'uint64', 'int16', 'int32', 'int64', 'float32', 'float64'],
  uint16: ['uint32', 'uint64', 'int32', 'int64', 'float32', 'float64'],
  uint32: ['uint64', 'int64', 'float64'],
  uint64: ['float64'],
  float32: ['float64'],
  date: ['timestamp_s', 'timestamp_ms', 'timestamp_us', 'timestamp_ns'],
  timestamp_s: ['timestamp_ms', 'timestamp_us', 'timestamp_ns'],
  timestamp_ms: ['timestamp_us', 'timestamp_ns'],
  timestamp_us: ['timestamp_ns'],
  string: ['binary'],
  json: ['string', 'binary'],
}

const SECONDS_A_DAY = 86_400n

/**
 * Whether columns of type `from` can become type `to` without losing anything. From 64-bit integers
 * to float64, and to finer timestamps, it is up to the values: `widenColumn` checks them.
 */
export function canWiden(from: ColumnType, to: ColumnType): boolean {
  return from === to || from === 'null' || (wider[from]?.includes(to) ?? false)
}

/** The types that {@link canWiden} allows a type to become, apart from itself, narrowest first. */
export function widerTypes(type: ColumnType): readonly ColumnType[] {
  return wider[type] ?? []
}

/**
 * The same values in a wider type. `schema-mismatch` where the types do not allow it,
 * `invalid-value` (with the row in `data`) where a value has no exact equal in the new type.
 */
export function widenColumn(column: Column, type: ColumnType): Column {
  const from = column.type
  if (from === type) return column
  if (from === 'null') return nullColumn(type, column.length)
  if (!canWiden(from, type)) {
    throw new VarveError('schema-mismatch', `${from} cannot be widened to ${type}`, {
      data: { from, to: type },
    })
  }
  // json ⊂ string ⊂ binary: the bytes stay.
  if (isBytesType(type)) {
    return rawColumn(type, column.length, column.values, column.validity, column.offsets)
  }
  const builder = new ColumnBuilder(type, column.length)
  const convert = converter(from, type)
  for (let row = 0; row < column.length; row++) {
    if (isNull(column, row)) {
      builder.appendNull()
      continue
    }
    const value = scalarAt(column, row)
    const converted = convert(value)
    if (converted === undefined) {
      throw new VarveError('invalid-value', `${value} does not fit ${type} exactly`, {
        data: { row, from, to: type, value: String(value) },
      })
    }
    builder.append(converted)
  }
  return builder.finish()
}

/** Converts a value, or returns undefined where there is no exact equal. */
function converter(from: ColumnType, to: ColumnType): (value: Scalar) => Scalar | undefined {
  if (isTimestampType(to)) {
    const units = unitsPerSecond[to]
    const factor = isTimestampType(from) ? units / unitsPerSecond[from] : SECONDS_A_DAY * units
    return (value) => {
      const scaled = BigInt(value as number | bigint) * factor
      return BigInt.asIntN(64, scaled) === scaled ? scaled : undefined
    }
  }
  if (to === 'int64' || to === 'uint64') return (value) => BigInt(value as number)
  if (from === 'int64' || from === 'uint64') {
    return (value) => {
      const rounded = Number(value)
      return BigInt(rounded) === value ? rounded : undefined
    }
  }
  return (value) => value
}
