import { daysFromCivil, daysInMonth } from '../../core/time.ts'

// Numbers and times straight from bytes. What these do not take, the text parsers of core are
// asked about: these are the fast path of the same grammar, never a wider one.
//
// A cell is followed by a byte that is no part of it (delimiter, quote, line end), so a run of
// digits ends by itself.

const ZERO = 0x30
const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const COLON = 0x3a
const UPPER_E = 0x45
const LOWER_E = 0x65

/** Powers of ten that a double holds exactly. */
export const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))

export const NOT_A_TIME = 0
export const IS_DATE = 1
export const IS_TIME = 2

/** Reads a date or a time; leaves what it read in `scannedTime`. */
export type TimeScanner = (bytes: Uint8Array, start: number, end: number) => number

/**
 * What a scanner of times read: seconds since 1970, nanoseconds in the second, digits of the
 * fraction; and 1 where the text says its distance from UTC, 0 where the seconds are those of a
 * clock on a wall.
 */
export const scannedTime = new Float64Array(4)

/** The date that was read last, as yyyymmdd, and its days since 1970. */
const lastDate = Float64Array.of(19_700_101, 0)

/** Two digits at `at`, or a negative number. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO
  const ones = bytes[at + 1]! - ZERO
  return tens >>> 0 < 10 && ones >>> 0 < 10 ? tens * 10 + ones : -1
}

/** Days since 1970 of `YYYY-MM-DD` at `at`, or NaN. */
export function scanDate(bytes: Uint8Array, at: number): number {
  const century = twoDigits(bytes, at)
  const year = twoDigits(bytes, at + 2)
  const month = twoDigits(bytes, at + 5)
  const day = twoDigits(bytes, at + 8)
  if ((century | year | month | day) < 0) return Number.NaN
  if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS) return Number.NaN
  const date = century * 1_000_000 + year * 10_000 + month * 100 + day
  if (date === lastDate[0]) return lastDate[1]!
  const fullYear = century * 100 + year
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(fullYear, month)) return Number.NaN
  const days = daysFromCivil(fullYear, month, day)
  lastDate[0] = date
  lastDate[1] = days
  return days
}

/**
 * Reads `YYYY-MM-DD`, or that with `T` or a space and `hh:mm[:ss[.f…]]`, up to nine digits, and
 * `Z`, `±hh`, `±hhmm`, `±hh:mm` or nothing. Leaves the result in `scannedTime`.
 */
export function scanTime(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length < 10) return NOT_A_TIME
  const days = scanDate(bytes, start)
  if (Number.isNaN(days)) return NOT_A_TIME
  scannedTime[1] = 0
  scannedTime[2] = 0
  scannedTime[3] = 0
  if (length === 10) {
    scannedTime[0] = days * 86_400
    return IS_DATE
  }
  const separator = bytes[start + 10]!
  if (separator !== 0x54 && separator !== 0x20 && separator !== 0x74) return NOT_A_TIME
  if (length < 16 || bytes[start + 13] !== COLON) return NOT_A_TIME
  const hour = twoDigits(bytes, start + 11)
  const minute = twoDigits(bytes, start + 14)
  if ((hour | minute) < 0 || hour > 23 || minute > 59) return NOT_A_TIME
  let seconds = days * 86_400 + hour * 3600 + minute * 60
  let at = start + 16
  if (at < end && bytes[at] === COLON) {
    if (at + 3 > end) return NOT_A_TIME
    const second = twoDigits(bytes, at + 1)
    if (second < 0 || second > 59) return NOT_A_TIME
    seconds += second
    at += 3
    if (at < end && bytes[at] === DOT) {
      const first = ++at
      let fraction = 0
      let digit = bytes[at]! - ZERO
      while (digit >>> 0 < 10) {
        fraction = fraction * 10 + digit
        digit = bytes[++at]! - ZERO
      }
      const digits = at - first
      if (digits === 0 || digits > 9) return NOT_A_TIME
      scannedTime[1] = fraction * POWERS_OF_TEN[9 - digits]!
      scannedTime[2] = digits
    }
  }
  if (at < end) {
    scannedTime[3] = 1
    const sign = bytes[at]!
    if (sign === 0x5a || sign === 0x7a) at++
    else if (sign === PLUS || sign === MINUS) {
      const hours = twoDigits(bytes, at + 1)
      at += 3
      let minutes = 0
      if (at < end) {
        if (bytes[at] === COLON) at++
        minutes = twoDigits(bytes, at)
        at += 2
      }
      if ((hours | minutes) < 0 || hours > 23 || minutes > 59) return NOT_A_TIME
      const offset = hours * 3600 + minutes * 60
      seconds += sign === PLUS ? -offset : offset
    }
    if (at !== end) return NOT_A_TIME
  }
  scannedTime[0] = seconds
  return IS_TIME
}

export const NOT_A_NUMBER = 0
export const IS_WHOLE = 1
export const IS_DECIMAL = 2

/**
 * What `scanNumber` read: the value, correctly rounded, or NaN where that takes the text; and how
 * many digits are before the point.
 */
export const scannedNumber = new Float64Array(2)

/**
 * Reads a decimal number: an optional sign, digits with an optional point, an optional exponent.
 * `point` is the byte in front of the fraction. Leaves the result in `scannedNumber`.
 */
export function scanNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
  point: number = DOT,
): number {
  let at = start
  const negative = bytes[at] === MINUS
  if (negative || bytes[at] === PLUS) at++
  const first = at
  let mantissa = 0
  let digit = bytes[at]! - ZERO
  while (digit >>> 0 < 10) {
    mantissa = mantissa * 10 + digit
    digit = bytes[++at]! - ZERO
  }
  const whole = at - first
  let decimals = 0
  let kind = IS_WHOLE
  if (bytes[at] === point && at < end) {
    kind = IS_DECIMAL
    const fraction = ++at
    digit = bytes[at]! - ZERO
    while (digit >>> 0 < 10) {
      mantissa = mantissa * 10 + digit
      digit = bytes[++at]! - ZERO
    }
    decimals = at - fraction
  }
  if (whole + decimals === 0) return NOT_A_NUMBER
  scannedNumber[1] = whole
  // Below 2^53 every step was exact, and a quotient of two exact doubles is correctly rounded.
  if (at === end && mantissa <= Number.MAX_SAFE_INTEGER && decimals <= 22) {
    const value = decimals === 0 ? mantissa : mantissa / POWERS_OF_TEN[decimals]!
    scannedNumber[0] = negative ? -value : value
    return kind
  }
  scannedNumber[0] = Number.NaN
  if (at < end && (bytes[at] === LOWER_E || bytes[at] === UPPER_E)) {
    kind = IS_DECIMAL
    at++
    if (bytes[at] === MINUS || bytes[at] === PLUS) at++
    const exponent = at
    while ((bytes[at]! - ZERO) >>> 0 < 10) at++
    if (at === exponent) return NOT_A_NUMBER
  }
  return at === end ? kind : NOT_A_NUMBER
}
