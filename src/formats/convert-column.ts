import { bitmapBytes, getBit, setBit } from '../core/bits.ts'
import {
  type Column,
  type ColumnType,
  isBytesType,
  isNull,
  isTimestampType,
  type Scalar,
  type TimestampType,
} from '../core/column.ts'
import { ColumnBuilder } from '../core/column-builder.ts'
import { firstInvalidText } from '../core/column-check.ts'
import { halvesOf, newValues, rawColumn } from '../core/column-layout.ts'
import { nullColumn, scalarAt } from '../core/column-ops.ts'
import { hasCode, type VarveError } from '../core/errors.ts'
import { MAX_INT64, MIN_INT64, numberRange } from '../core/scalar.ts'
import { formatScalar, integerRanges, parseScalar } from '../core/scalar-text.ts'
import { unitsPerSecond } from '../core/time.ts'
import { isJson } from './csv/json-check.ts'

/** The error for a value, given as text, that a type does not hold exactly; `row` from 0. */
export type ConvertFault = (row: number, value: string, reason?: string) => VarveError

export interface ConvertOptions {
  /** Reads text as a value of the type; `parseScalar` unless given. */
  readonly parse?: ((text: string, type: ColumnType, row: number) => Scalar) | undefined
}

const SECONDS_A_DAY = 86_400n
const NOT_EXACT = 'it has no exact equal'
const MAX_SAFE_HIGH = 0x20_0000

/**
 * The same values as another type. Nothing is rounded or cut: what `fault` makes is thrown for the
 * first value that has no exact equal in the new type.
 *
 * | from | to |
 * |---|---|
 * | null; a column of nothing but nulls | any |
 * | bool, integers, floats | each other, where exact; −0 is no integer |
 * | integers | timestamps: units of the type since 1970 |
 * | timestamps, date | each other, where exact: a date is its midnight |
 * | json → string → binary | the bytes; back where they are text, or JSON |
 * | string | all others, as `parseScalar` reads it |
 */
export function convertColumn(
  column: Column,
  type: ColumnType,
  fault: ConvertFault,
  options: ConvertOptions = {},
): Column {
  const from = column.type
  if (from === type) return column
  if (from === 'null') return nullColumn(type, column.length)
  if (isBytesType(from)) {
    if (isBytesType(type)) return retypeBytes(column, type, fault)
    if (from === 'string') return parseColumn(column, type, fault, options)
  } else if (isTimestampType(from) || from === 'date') {
    if (type === 'date' || isTimestampType(type)) return convertTimes(column, type, fault)
  } else if (isTimestampType(type)) {
    if (from !== 'bool' && from !== 'float32' && from !== 'float64') {
      const { length, values, validity } = convertColumn(column, 'int64', fault)
      return rawColumn(type, length, values, validity)
    }
  } else if (isNumeric(type)) return convertNumbers(column, type, fault)
  const row = firstValue(column)
  if (row === column.length) return nullColumn(type, row)
  throw fault(row, textAt(column, row), `it is ${from}`)
}

/** Whether values of the type are numbers, or the truth values 0 and 1. */
function isNumeric(type: ColumnType): boolean {
  return type === 'bool' || type === 'float32' || type === 'float64' || integerRanges.has(type)
}

/** The first row with a value. */
function firstValue(column: Column): number {
  let row = 0
  while (row < column.length && isNull(column, row)) row++
  return row
}

function textAt(column: Column, row: number): string {
  return formatScalar(scalarAt(column, row), column.type)
}

function convertNumbers(column: Column, type: ColumnType, fault: ConvertFault): Column {
  const { length, validity, values } = column
  if (values instanceof BigInt64Array && type === 'uint64') {
    const row = values.findIndex((value) => value < 0n)
    if (row !== -1) throw fault(row, textAt(column, row), NOT_EXACT)
    const same = new BigUint64Array(values.buffer, values.byteOffset, length)
    return rawColumn(type, length, same, validity)
  }
  if (values instanceof BigUint64Array && type === 'int64') {
    const row = values.findIndex((value) => value > MAX_INT64)
    if (row !== -1) throw fault(row, textAt(column, row), NOT_EXACT)
    const same = new BigInt64Array(values.buffer, values.byteOffset, length)
    return rawColumn(type, length, same, validity)
  }
  // Whatever fits none of the types but 64-bit integers has no exact double either.
  const doubles = doublesOf(column, fault)
  const fails = (row: number): VarveError => fault(row, textAt(column, row), NOT_EXACT)
  if (type === 'float64') return rawColumn(type, length, doubles, validity)
  if (type === 'bool') {
    const bits = new Uint8Array(bitmapBytes(length))
    for (let row = 0; row < length; row++) {
      const value = doubles[row]!
      if (value === 1) setBit(bits, row)
      else if (!Object.is(value, 0)) throw fails(row)
    }
    return rawColumn(type, length, bits, validity)
  }
  const converted = newValues(type, length)
  if (type === 'float32') {
    for (let row = 0; row < length; row++) {
      const value = doubles[row]!
      if (!Object.is(Math.fround(value), value)) throw fails(row)
      converted[row] = value
    }
    return rawColumn(type, length, converted, validity)
  }
  const wide = type === 'int64' || type === 'uint64'
  const [min, max] = wide ? (type === 'int64' ? INT64 : UINT64) : numberRange(type)!
  const halves = wide ? halvesOf(converted) : undefined
  for (let row = 0; row < length; row++) {
    const value = doubles[row]!
    const fits = value >= min && value <= max && Math.floor(value) === value
    if (!fits || (value === 0 && Object.is(value, -0))) throw fails(row)
    if (halves === undefined) converted[row] = value
    else {
      halves[2 * row] = value
      halves[2 * row + 1] = Math.floor(value / 0x1_0000_0000)
    }
  }
  return rawColumn(type, length, converted, validity)
}

/** The smallest and the largest double that is a 64-bit integer. */
const INT64 = [-(2 ** 63), 2 ** 63 - 1024] as const
const UINT64 = [0, 2 ** 64 - 2048] as const

/** Numbers and truth values as the doubles that equal them; `fault` where a value has none. */
function doublesOf(column: Column, fault: ConvertFault): Float64Array {
  const { type, length, values } = column
  if (type === 'float64') return values as Float64Array
  const doubles = new Float64Array(length)
  if (type === 'bool') {
    for (let row = 0; row < length; row++) doubles[row] = getBit(values as Uint8Array, row) ? 1 : 0
  } else if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    const halves = halvesOf(values)
    for (let row = 0; row < length; row++) {
      const high = type === 'int64' ? halves[2 * row + 1]! | 0 : halves[2 * row + 1]!
      const value = high * 0x1_0000_0000 + halves[2 * row]!
      const beyond = high >= MAX_SAFE_HIGH || high < -MAX_SAFE_HIGH
      if (beyond && BigInt(value) !== values[row]) throw fault(row, textAt(column, row), NOT_EXACT)
      doubles[row] = value
    }
  } else {
    // All kinds of arrays here hold numbers.
    doubles.set(values as Uint8Array)
  }
  return doubles
}

function convertTimes(column: Column, type: TimestampType | 'date', fault: ConvertFault): Column {
  const { length, validity } = column
  const values = column.values as BigInt64Array | Int32Array
  const [from, to] = [unitsADay(column.type), unitsADay(type)]
  const fails = (row: number): VarveError => fault(row, textAt(column, row), NOT_EXACT)
  if (to >= from) {
    const factor = to / from
    const [min, max] = [MIN_INT64 / factor, MAX_INT64 / factor]
    const finer = new BigInt64Array(length)
    for (let row = 0; row < length; row++) {
      const value = BigInt(values[row]!)
      if (value > max || value < min) throw fails(row)
      finer[row] = value * factor
    }
    return rawColumn(type, length, finer, validity)
  }
  const divisor = from / to
  const coarser = newValues(type, length)
  for (let row = 0; row < length; row++) {
    const value = values[row] as bigint
    const quotient = value / divisor
    if (quotient * divisor !== value) throw fails(row)
    if (type !== 'date') coarser[row] = quotient
    else if (BigInt.asIntN(32, quotient) === quotient) coarser[row] = Number(quotient)
    else throw fails(row)
  }
  return rawColumn(type, length, coarser, validity)
}

/** Units of a type in a day; a date counts days. */
function unitsADay(type: ColumnType): bigint {
  return isTimestampType(type) ? SECONDS_A_DAY * unitsPerSecond[type] : 1n
}

/** json ⊂ string ⊂ binary: the bytes stay, and are checked where they must be more than bytes. */
function retypeBytes(column: Column, type: ColumnType, fault: ConvertFault): Column {
  const { length, validity } = column
  const values = column.values as Uint8Array
  const offsets = column.offsets!
  if (column.type === 'binary') {
    const row = firstInvalidText(values, offsets, length)
    if (row !== -1) throw fault(row, textAt(column, row), 'it is not valid UTF-8')
  }
  if (type === 'json') {
    for (let row = 0; row < length; row++) {
      if (isNull(column, row) || isJson(values, offsets[row]!, offsets[row + 1]!)) continue
      throw fault(row, textAt(column, row), 'it is not valid JSON')
    }
  }
  return rawColumn(type, length, values, validity, offsets)
}

function parseColumn(
  column: Column,
  type: ColumnType,
  fault: ConvertFault,
  { parse = parseScalar }: ConvertOptions,
): Column {
  const builder = new ColumnBuilder(type, column.length)
  for (let row = 0; row < column.length; row++) {
    const text = scalarAt(column, row) as string | null
    if (text === null) builder.appendNull()
    else {
      try {
        builder.append(parse(text, type, row))
      } catch (error) {
        if (!hasCode(error, 'invalid-value')) throw error
        throw fault(row, text, error.hint)
      }
    }
  }
  return builder.finish()
}
