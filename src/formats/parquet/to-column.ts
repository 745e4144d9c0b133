import { isUtf8 } from 'node:buffer'
import type { Column } from '../../core/column.ts'
import { canonicaliseNaN } from '../../core/column-check.ts'
import { newValues, rawColumn } from '../../core/column-layout.ts'
import { MAX_INT64, MIN_INT64 } from '../../core/scalar.ts'
import { isJson } from '../csv/json-check.ts'
import { decimalColumn } from '../decimals.ts'
import { floatOfHalf } from '../half-float.ts'
import { ValueFault } from '../value-fault.ts'
import type { ColumnKind } from './column-kind.ts'

/** Values of a page as they lie there, without nulls. */
export type Physical =
  | { readonly count: number; readonly bits: Uint8Array }
  | {
      readonly count: number
      readonly array: Int32Array | BigInt64Array | Float32Array | Float64Array
    }
  | { readonly count: number; readonly fixed: Uint8Array; readonly width: number }
  | { readonly count: number; readonly bytes: Uint8Array; readonly offsets: Uint32Array }

const JULIAN_1970 = 2_440_588n
const NS_A_DAY = 86_400_000_000_000n
/** Of a decimal of 256 bits. */
const MOST_DECIMAL_BYTES = 32
const NOTHING = new Uint8Array(0)

/** The values as a column of the kind's type. Shares memory where they are the same bits. */
export function toColumn(kind: ColumnKind, values: Physical): Column {
  const { type, as } = kind
  const { count } = values
  if (type === 'null') return rawColumn('null', count, NOTHING, undefined)
  if ('bits' in values) return rawColumn('bool', count, values.bits, undefined)
  switch (as) {
    case 'narrow':
      return narrowed(kind, values)
    case 'decimal':
      return decimalColumn(count, kind.scale ?? 0, unscaled(values))
    case 'seconds':
      return rawColumn('timestamp_s', count, wholeSeconds(values), undefined)
    case 'uuid':
      return uuids(values)
    case 'float16':
      return rawColumn('float32', count, halfFloats(values), undefined)
    case 'int96':
      return rawColumn('timestamp_ns', count, int96(values), undefined)
    default:
  }
  if ('array' in values) {
    const { buffer, byteOffset } = values.array
    if (type === 'float32' || type === 'float64') {
      canonicaliseNaN(values.array as Float64Array)
      return rawColumn(type, count, values.array, undefined)
    }
    const Kind = newValues(type, 0).constructor as Int32ArrayConstructor
    return rawColumn(type, count, new Kind(buffer as ArrayBuffer, byteOffset, count), undefined)
  }
  const { bytes, offsets } = 'fixed' in values ? evenly(values) : values
  if (type === 'json') checkJson(bytes, offsets, count)
  return rawColumn(type, count, bytes, undefined, offsets)
}

function numbers(values: Physical): Int32Array {
  if ('array' in values && values.array instanceof Int32Array) return values.array
  throw new Error('values of another kind than the column')
}

function wide(values: Physical): BigInt64Array {
  if ('array' in values && values.array instanceof BigInt64Array) return values.array
  throw new Error('values of another kind than the column')
}

function narrowed({ type }: ColumnKind, values: Physical): Column {
  const from = numbers(values)
  const to = newValues(type, from.length) as Int8Array
  for (let i = 0; i < from.length; i++) {
    to[i] = from[i]!
    if (to[i] !== from[i]) throw new ValueFault(String(from[i]), `it is no ${type}`)
  }
  return rawColumn(type, from.length, to, undefined)
}

/** The whole number of each decimal, as if it had no places. */
function unscaled(values: Physical): (row: number) => bigint {
  if ('array' in values) {
    const { array } = values
    return (row) => BigInt(array[row]!)
  }
  const { bytes, offsets } = 'fixed' in values ? evenly(values) : (values as Bytes)
  return (row) => {
    const length = offsets[row + 1]! - offsets[row]!
    if (length > MOST_DECIMAL_BYTES) {
      throw new ValueFault(`a decimal of ${length} bytes`, 'it is beyond 256 bits')
    }
    let number = 0n
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      number = (number << 8n) | BigInt(bytes[i]!)
    }
    return BigInt.asIntN(8 * length, number)
  }
}

function wholeSeconds(values: Physical): BigInt64Array {
  return wide(values).map((millis) => {
    if (millis % 1000n !== 0n)
      throw new ValueFault(`${millis} ms`, 'the column is said to hold seconds')
    return millis / 1000n
  })
}

type Fixed = { readonly count: number; readonly fixed: Uint8Array; readonly width: number }
type Bytes = { readonly bytes: Uint8Array; readonly offsets: Uint32Array }

function fixedOf(values: Physical): Fixed {
  if ('fixed' in values) return values
  throw new Error('values of another kind than the column')
}

function evenly({ count, fixed, width }: Fixed): Bytes {
  return { bytes: fixed, offsets: Uint32Array.from({ length: count + 1 }, (_, row) => row * width) }
}

function uuids(values: Physical): Column {
  const { count, fixed } = fixedOf(values)
  const text = Buffer.alloc(36 * count)
  for (let row = 0; row < count; row++) {
    const hex = Buffer.from(fixed.buffer, fixed.byteOffset + 16 * row, 16).toString('hex')
    text.write(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), 36 * row, 'latin1')
  }
  const bytes = new Uint8Array(text.buffer, text.byteOffset, text.length)
  const { offsets } = evenly({ count, fixed: bytes, width: 36 })
  return rawColumn('string', count, bytes, undefined, offsets)
}

/** Half-precision floats, each exact as a float32. */
function halfFloats(values: Physical): Float32Array {
  const { count, fixed } = fixedOf(values)
  const floats = Float32Array.from({ length: count }, (_, row) =>
    floatOfHalf(fixed[2 * row]! | (fixed[2 * row + 1]! << 8)),
  )
  canonicaliseNaN(floats)
  return floats
}

/** Nanoseconds of a day, then the day by the Julian calendar's count: Spark's and Impala's times. */
function int96(values: Physical): BigInt64Array {
  const { count, fixed } = fixedOf(values)
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength)
  return BigInt64Array.from({ length: count }, (_, row) => {
    const days = BigInt(view.getInt32(12 * row + 8, true)) - JULIAN_1970
    const time = days * NS_A_DAY + view.getBigInt64(12 * row, true)
    if (time < MIN_INT64 || time > MAX_INT64) {
      throw new ValueFault('a time out of range', 'nanoseconds since 1970 do not reach it')
    }
    return time
  })
}

function checkJson(bytes: Uint8Array, offsets: Uint32Array, count: number): void {
  for (let row = 0; row < count; row++) {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    if (!isUtf8(bytes.subarray(from, to)) || !isJson(bytes, from, to)) {
      throw new ValueFault(
        JSON.stringify(
          Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(to - from, 60)).toString(),
        ),
        'it is not JSON',
      )
    }
  }
}
