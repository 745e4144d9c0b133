import type { ColumnType } from '../../core/column.ts'
import type { ColumnBuilder } from '../../core/column-builder.ts'
import { numberRange } from '../../core/scalar.ts'
import { parseScalar } from '../../core/scalar-text.ts'
import { cellText, takeText, unlessInvalid } from './cell-text.ts'
import type { CellTaker, PlainTaker } from './each-cell.ts'
import { IS_WHOLE, NOT_A_NUMBER, scanNumber, scannedNumber } from './scan.ts'
import { ESCAPED } from './tokenizer.ts'

const POINT = 0x2e
const COMMA = 0x2c
const MINUS = 0x2d

/** As `takeText`, for a number with a comma in front of its fraction. */
export const takeCommaText: CellTaker = (batch, cell, _bytes, _start, _end, _token, builder) => {
  const text = cellText(batch, cell, builder.type)
  if (text.includes('.')) return false
  return unlessInvalid(() => {
    builder.append(parseScalar(text.replace(',', '.'), builder.type))
    return true
  })
}

/** Doubles with a point in front of a fraction. */
export const takeFloat = floatTaker(POINT)

/** Doubles with a comma in front of a fraction. */
export const takeCommaFloat = floatTaker(COMMA)

function floatTaker(point: number): CellTaker {
  const takeRest = point === COMMA ? takeCommaText : takeText
  return (batch, cell, bytes, start, end, token, builder) => {
    if ((token & ESCAPED) !== 0 || scanNumber(bytes, start, end, point) === NOT_A_NUMBER) {
      return takeRest(batch, cell, bytes, start, end, token, builder)
    }
    let value = scannedNumber[0]!
    if (Number.isNaN(value)) {
      const text = batch.bytes.toString('latin1', start, end)
      value = Number(point === COMMA ? text.replace(',', '.') : text)
    }
    if (value - value !== 0) return false
    builder.appendNumber(value)
    return true
  }
}

/** Short doubles with a point in front of a fraction. */
export const takePlainFloats = plainFloatsTaker(POINT)

/** Short doubles with a comma in front of a fraction. */
export const takePlainCommaFloats = plainFloatsTaker(COMMA)

function plainFloatsTaker(point: number): PlainTaker {
  const reading = { point, form: 'doubles', above: Number.NaN } as const
  return (cells, column, from, to, builder) => {
    const found = cells.numbers(column, from, to, reading)
    if (found === undefined) return 0
    builder.appendDoubles(found.doubles)
    return found.rows
  }
}

/** Short whole numbers of 64 bits. */
export const takePlainWide: PlainTaker = (cells, column, from, to, builder) => {
  const found = cells.numbers(column, from, to, WIDE)
  if (found === undefined) return 0
  builder.appendInt64s(found.integers)
  return found.rows
}

const WIDE = { point: POINT, form: 'integers', above: Number.NaN } as const

/** Whole numbers of 64 bits. */
export const takeWide: CellTaker = (batch, cell, bytes, start, end, token, builder) =>
  appendWhole(bytes, start, end, token, builder) ||
  takeText(batch, cell, bytes, start, end, token, builder)

/** Whole numbers of up to 32 bits. */
export function integerTaker(type: ColumnType): CellTaker {
  const [min, max] = numberRange(type)!
  return (batch, cell, bytes, start, end, token, builder) => {
    if ((token & ESCAPED) !== 0 || scanNumber(bytes, start, end) !== IS_WHOLE) {
      return takeText(batch, cell, bytes, start, end, token, builder)
    }
    const value = scannedNumber[0]!
    if (!(value >= min && value <= max)) return false
    builder.appendNumber(value)
    return true
  }
}

/** Appends a whole number of up to 19 digits that fits 64 bits; false for all else. */
export function appendWhole(
  bytes: Uint8Array,
  start: number,
  end: number,
  token: number,
  builder: ColumnBuilder,
): boolean {
  if ((token & ESCAPED) !== 0 || scanNumber(bytes, start, end) !== IS_WHOLE) return false
  const value = scannedNumber[0]!
  if (!Number.isNaN(value)) {
    builder.appendNumber(value)
    return true
  }
  const digits = scannedNumber[1]!
  if (digits > 19) return false
  const split = end - 9
  let high = 0
  for (let at = end - digits; at < split; at++) high = high * 10 + bytes[at]! - 0x30
  let low = 0
  for (let at = split; at < end; at++) low = low * 10 + bytes[at]! - 0x30
  if (high > 9_223_372_036 || (high === 9_223_372_036 && low > 854_775_807)) return false
  const negative = bytes[start] === MINUS
  appendScaled(negative ? -high : high, 1_000_000_000, negative ? -low : low, builder)
  return true
}

/**
 * Appends `a * scale + b`, exact to 64 bits, for |a| < 2^48, scale ≤ 10^9 and |b| < 10^9: in two
 * parts that a double holds exactly.
 */
export function appendScaled(a: number, scale: number, b: number, builder: ColumnBuilder): void {
  const upper = Math.floor(a / 0x1_0000)
  const product = upper * scale
  const top = Math.floor(product / 0x1_0000)
  const rest = (product - top * 0x1_0000) * 0x1_0000 + (a - upper * 0x1_0000) * scale + b
  const carry = Math.floor(rest / 0x1_0000_0000)
  builder.appendInt64(rest - carry * 0x1_0000_0000, top + carry)
}
