import { bitmapBytes } from './bits.ts'
import { compareBytes, textToBytes } from './bytes.ts'
import { type Column, type ColumnType, isTimestampType, type Scalar } from './column.ts'
import { halvesOf } from './column-layout.ts'
import { integerRanges } from './scalar-text.ts'
import type { Comparison } from './where-tokens.ts'

/** How a value may stand to what it is compared with, as bits: which of them a comparison takes. */
export const LESS = 1
export const EQUAL = 2
export const GREATER = 4
/** NaN beside anything. */
const UNORDERED = 8
export const ALWAYS = LESS | EQUAL | GREATER | UNORDERED
const NEVER = 0

export const accepted: Readonly<Record<Comparison, number>> = {
  '=': EQUAL,
  '!=': LESS | GREATER | UNORDERED,
  '<>': LESS | GREATER | UNORDERED,
  '<': LESS,
  '<=': LESS | EQUAL,
  '>': GREATER,
  '>=': GREATER | EQUAL,
}

/** A comparison with a value of the column's type; which of LESS, EQUAL, GREATER make it true. */
export interface Comparing {
  readonly accept: number
  readonly value: Scalar
}

/** A decimal number as what an integer can be compared with: `floor ≤ number < floor + 1`. */
interface Decimal {
  readonly floor: bigint
  readonly exact: boolean
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i
/** Past every integer type. */
const MOST_DIGITS = 30

function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  if (digits === '') return { floor: 0n, exact: true }
  // How many of the digits stand before the point.
  const before = digits.length - fraction.length + Number(exponent)
  const shifted = Math.min(before, MOST_DIGITS)
  const integer = shifted <= 0 ? '0' : digits.slice(0, shifted).padEnd(shifted, '0')
  const exact = !/[1-9]/.test(digits.slice(Math.max(shifted, 0)))
  const floor = BigInt(`${sign === '-' ? '-' : ''}${integer}`)
  return { floor: sign === '-' && !exact ? floor - 1n : floor, exact }
}

/**
 * A comparison of an integer column with a decimal number, exact whatever its digits are; undefined
 * where the text is no number. `n < 2.5` is `n <= 2`; what is past the type is always or never true.
 */
export function compareInteger(
  type: ColumnType,
  comparison: Comparison,
  text: string,
): Comparing | undefined {
  const decimal = parseDecimal(text)
  return decimal === undefined ? undefined : compareWithin(type, comparison, decimal)
}

/** A comparison of an integer column, or one of times by their units, with a number of any size. */
export function compareWithin(
  type: ColumnType,
  comparison: Comparison,
  { floor, exact }: Decimal,
): Comparing {
  const [min, max] = integerRanges.get(type) ?? integerRanges.get('int64')!
  const wide = type === 'int64' || type === 'uint64' || isTimestampType(type)
  const valued = (accept: number, value: bigint): Comparing => ({
    accept,
    value: wide ? value : Number(value),
  })
  let accept = accepted[comparison]
  if (!exact) accept = (accept & LESS) | (accept & LESS ? EQUAL : 0) | (accept & GREATER)
  if (floor > max) return valued(accept & LESS ? ALWAYS : NEVER, max)
  if (floor < min) return valued(accept & GREATER ? ALWAYS : NEVER, min)
  return valued(accept, floor)
}

/** Which rows a comparison is true of, as a bitmap; rows that are null may have any bit. */
export function comparisonBits(column: Column, { accept, value }: Comparing): Uint8Array {
  const bits = new Uint8Array(bitmapBytes(column.length))
  if (accept === ALWAYS) return bits.fill(0xff)
  if (accept === NEVER) return bits
  if (typeof value === 'bigint') wideBits(column, accept, value, bits)
  else if (typeof value === 'number') numberBits(column, accept, value, bits)
  else if (typeof value === 'boolean') boolBits(column, accept, value, bits)
  else if (typeof value === 'string') bytesBits(column, accept, textToBytes(value), bits)
  else bytesBits(column, accept, value!, bits)
  return bits
}

function numberBits(column: Column, accept: number, value: number, bits: Uint8Array): void {
  const values = column.values as Float64Array
  for (let row = 0; row < column.length; row++) {
    const found = values[row]!
    const order =
      found < value ? LESS : found > value ? GREATER : found === value ? EQUAL : UNORDERED
    if ((accept & order) !== 0) bits[row >> 3]! |= 1 << (row & 7)
  }
}

/** In halves: a bigint for each row would cost more than all the rest. */
function wideBits(column: Column, accept: number, value: bigint, bits: Uint8Array): void {
  const unsigned = column.values instanceof BigUint64Array
  const halves = halvesOf(column.values)
  // The top halves are made to sort as unsigned numbers do.
  const flip = unsigned ? 0 : 0x8000_0000
  const high = (Number(BigInt.asUintN(32, value >> 32n)) ^ flip) >>> 0
  const low = Number(BigInt.asUintN(32, value))
  for (let row = 0; row < column.length; row++) {
    const top = (halves[2 * row + 1]! ^ flip) >>> 0
    const rest = halves[2 * row]!
    const order =
      top !== high
        ? top < high
          ? LESS
          : GREATER
        : rest === low
          ? EQUAL
          : rest < low
            ? LESS
            : GREATER
    if ((accept & order) !== 0) bits[row >> 3]! |= 1 << (row & 7)
  }
}

function boolBits(column: Column, accept: number, value: boolean, bits: Uint8Array): void {
  const values = column.values as Uint8Array
  const flip = ((accept & EQUAL) !== 0) === value ? 0 : 0xff
  for (let at = 0; at < bits.length; at++) bits[at] = values[at]! ^ flip
}

function bytesBits(column: Column, accept: number, value: Uint8Array, bits: Uint8Array): void {
  const values = column.values as Uint8Array
  const offsets = column.offsets!
  const ordered = (accept & (LESS | GREATER)) !== (accept & LESS ? LESS | GREATER : 0)
  for (let row = 0; row < column.length; row++) {
    const start = offsets[row]!
    const end = offsets[row + 1]!
    let order = GREATER
    // Texts of other lengths are only put in order where the order counts.
    if (ordered || end - start === value.length) {
      const difference = compareBytes(values.subarray(start, end), value)
      order = difference < 0 ? LESS : difference > 0 ? GREATER : EQUAL
    }
    if ((accept & order) !== 0) bits[row >> 3]! |= 1 << (row & 7)
  }
}
