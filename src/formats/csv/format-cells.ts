import { Buffer } from 'node:buffer'
import type { Column, TimestampType } from '../../core/column.ts'
import { halvesOf } from '../../core/column-layout.ts'
import { formatFloat32, formatFloat64 } from '../../core/scalar-text.ts'
import {
  civilFromDays,
  formatDate,
  formatInstant,
  formatUtcOffset,
  fractionDigits,
} from '../../core/time.ts'
import type { Zone } from '../../core/zone.ts'
import { QUOTE } from './dialect.ts'
import { POWERS_OF_TEN } from './scan.ts'

const ZERO = 0x30
const MINUS = 0x2d
const DOT = 0x2e
const COLON = 0x3a
const SLASH = 0x2f
const EQUALS = 0x3d

/** The longest text of a value of fixed width: of a timestamp, with room to spare. */
export const FIXED_CELL_BYTES = 48
/** From this many bytes on, room for a text is counted rather than guessed. */
const LONG = 64 * 1024

/** Writes the value of a row at `at` and returns the place behind it. Never called for a null. */
export type CellWriter = (target: Buffer, at: number, row: number) => number

/**
 * The writer of a column's cells, as `formatScalar` has them, in quotes where one of the bytes that
 * `special` marks is or may be in them; times as they are in `zone`, or in UTC. For string, binary and json the caller sees to room
 * (`cellBytes`).
 */
export function cellWriter(column: Column, special: Uint8Array, zone?: Zone): CellWriter {
  const { type, values } = column
  switch (type) {
    case 'null':
      return (_, at) => at
    case 'bool': {
      const bits = values as Uint8Array
      return (target, at, row) =>
        writeAscii(target, at, ((bits[row >> 3]! >> (row & 7)) & 1) === 1 ? 'true' : 'false')
    }
    case 'float64':
      return floatWriter(values as Float64Array)
    case 'float32': {
      const floats = values as Float32Array
      return (target, at, row) => writeAscii(target, at, formatFloat32(floats[row]!))
    }
    case 'date': {
      const days = values as Int32Array
      return (target, at, row) => writeDay(target, at, days[row]!)
    }
    case 'int64':
    case 'uint64':
      return wideWriter(values as BigInt64Array | BigUint64Array)
    case 'timestamp_s':
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
      return special[COLON] === 0
        ? timestampWriter(values as BigInt64Array, type, zone)
        : inQuotes(timestampWriter(values as BigInt64Array, type, zone))
    case 'string':
    case 'json':
      return textWriter(column, special)
    case 'binary':
      return binaryWriter(column, special[SLASH] !== 0 || special[EQUALS] !== 0)
    default: {
      const numbers = values as Int32Array
      return (target, at, row) => writeWhole(target, at, numbers[row]!)
    }
  }
}

function inQuotes(write: CellWriter): CellWriter {
  return (target, at, row) => {
    target[at] = QUOTE
    const end = write(target, at + 1, row)
    target[end] = QUOTE
    return end + 1
  }
}

/** Room that a cell may take, null or not. */
export function cellBytes(column: Column, row: number): number {
  const { offsets } = column
  if (offsets === undefined) return FIXED_CELL_BYTES
  const start = offsets[row]!
  const end = offsets[row + 1]!
  // Every byte doubled, in quotes; base64 takes less.
  if (end - start < LONG || column.type === 'binary') return 2 * (end - start) + 8
  let room = end - start + 2
  const values = column.values as Uint8Array
  for (let at = start; at < end; at++) if (values[at] === QUOTE) room++
  return room
}

function writeAscii(target: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i)
  return at + text.length
}

/** A whole number below 2^53 in size. */
function writeWhole(target: Uint8Array, at: number, value: number): number {
  let rest = value
  if (value < 0) {
    target[at++] = MINUS
    rest = -value
  }
  const end = at + countDigits(rest)
  writeDigits(target, end, rest)
  return end
}

function countDigits(value: number): number {
  let count = 1
  while (count < 16 && value >= POWERS_OF_TEN[count]!) count++
  return count
}

/** Writes the digits of a whole number so that they end before `end`; at least one. */
function writeDigits(target: Uint8Array, end: number, value: number): void {
  let at = end
  let rest = value
  // 32-bit arithmetic as soon as it is enough.
  while (rest > 0x7fff_ffff) {
    const quotient = Math.floor(rest / 10)
    target[--at] = ZERO + (rest - quotient * 10)
    rest = quotient
  }
  let small = rest | 0
  do {
    const quotient = (small / 10) | 0
    target[--at] = ZERO + (small - quotient * 10)
    small = quotient
  } while (small > 0)
}

/** Exactly `count` digits, with leading zeros. */
function writePadded(target: Uint8Array, at: number, value: number, count: number): void {
  let rest = value
  for (let i = at + count - 1; i >= at; i--) {
    const quotient = (rest / 10) | 0
    target[i] = ZERO + (rest - quotient * 10)
    rest = quotient
  }
}

// A double that is a whole number of at most 15 digits divided by 10^k (k ≤ 22) is written with
// those digits: no two such decimals are the same double, so it is also the shortest text that
// reads back. Most columns keep to one k, which is tried first; then the k that gives 15 digits.
function floatWriter(values: Float64Array): CellWriter {
  let decimals = 0
  return (target, at, row) => {
    const value = values[row]!
    const size = Math.abs(value)
    if (size >= 1e-6 && size < 1e15) {
      let places = decimals
      let digits = Math.round(size * POWERS_OF_TEN[places]!)
      if (digits >= 1e15 || digits / POWERS_OF_TEN[places]! !== size) {
        places = size >= 1 ? 15 - countDigits(Math.floor(size)) : 15
        digits = Math.round(size * POWERS_OF_TEN[places]!)
        if (digits >= 1e15 || digits / POWERS_OF_TEN[places]! !== size) {
          return writeAscii(target, at, formatFloat64(value))
        }
        decimals = 0
      }
      while (places > 0) {
        const tenth = Math.floor(digits / 10)
        if (tenth * 10 !== digits) break
        digits = tenth
        places--
      }
      if (places > decimals) decimals = places
      if (value < 0) target[at++] = MINUS
      return writeDecimal(target, at, digits, places)
    }
    if (value === 0 && !Object.is(value, -0)) {
      target[at] = ZERO
      return at + 1
    }
    return writeAscii(target, at, formatFloat64(value))
  }
}

function writeDecimal(target: Uint8Array, at: number, digits: number, places: number): number {
  if (places === 0) return writeWhole(target, at, digits)
  const count = countDigits(digits)
  if (count > places) {
    const end = at + count + 1
    // All digits one place to the right, then those before the point back to their own.
    writeDigits(target, end, digits)
    target.copyWithin(at, at + 1, end - places)
    target[end - places - 1] = DOT
    return end
  }
  target[at] = ZERO
  target[at + 1] = DOT
  const end = at + 2 + places
  target.fill(ZERO, at + 2, end - count)
  writeDigits(target, end, digits)
  return end
}

function wideWriter(values: BigInt64Array | BigUint64Array): CellWriter {
  const halves = halvesOf(values)
  const signed = values instanceof BigInt64Array
  return (target, at, row) => {
    const high = halves[2 * row + 1]!
    const top = signed ? high | 0 : high
    if (top >= -0x20_0000 && top < 0x20_0000) {
      return writeWhole(target, at, top * 0x1_0000_0000 + halves[2 * row]!)
    }
    return writeAscii(target, at, values[row]!.toString())
  }
}

/** The day that was written last, and its text: a column's days come in runs. */
const lastDay = { days: Number.NaN, text: new Uint8Array(10) }

function writeDay(target: Buffer, at: number, days: number): number {
  if (days === lastDay.days) {
    for (let i = 0; i < 10; i++) target[at + i] = lastDay.text[i]!
    return at + 10
  }
  const { year, month, day } = civilFromDays(days)
  if (year < 0 || year > 9999) return writeAscii(target, at, formatDate(days))
  writePadded(target, at, year, 4)
  target[at + 4] = MINUS
  writePadded(target, at + 5, month, 2)
  target[at + 7] = MINUS
  writePadded(target, at + 8, day, 2)
  lastDay.days = days
  lastDay.text.set(target.subarray(at, at + 10))
  return at + 10
}

function timestampWriter(
  values: BigInt64Array,
  type: TimestampType,
  zone: Zone | undefined,
): CellWriter {
  let lastOffset = 0
  let ending = Buffer.from(formatUtcOffset(0))
  const halves = halvesOf(values)
  const digits = fractionDigits[type]
  const scale = POWERS_OF_TEN[digits]!
  return (target, at, row) => {
    // Long division by the scale in base 2^16, so that each step is exact in a double.
    const low = halves[2 * row]!
    const high = halves[2 * row + 1]! | 0
    let seconds: number
    let fraction = 0
    if (scale === 1) seconds = high * 0x1_0000_0000 + low
    else {
      const first = Math.floor(high / scale)
      const middle = (high - first * scale) * 0x1_0000 + (low >>> 16)
      const second = Math.floor(middle / scale)
      const last = (middle - second * scale) * 0x1_0000 + (low & 0xffff)
      const third = Math.floor(last / scale)
      fraction = last - third * scale
      seconds = first * 0x1_0000_0000 + second * 0x1_0000 + third
    }
    if (zone !== undefined) {
      const offset = zone.offsetAt(seconds)
      if (offset !== lastOffset) {
        ending = Buffer.from(formatUtcOffset(offset))
        lastOffset = offset
      }
      seconds += offset
    }
    const days = Math.floor(seconds / 86_400)
    // Years beyond four digits, some of them past what a double counts in seconds.
    if (days < -719_528 || days > 2_932_896) {
      return writeAscii(target, at, formatInstant(values[row]!, type, zone))
    }
    const clock = seconds - days * 86_400
    at = writeDay(target, at, days)
    const hour = (clock / 3600) | 0
    const minute = ((clock - hour * 3600) / 60) | 0
    const second = clock - hour * 3600 - minute * 60
    target[at] = 0x54
    target[at + 1] = ZERO + ((hour / 10) | 0)
    target[at + 2] = ZERO + (hour % 10)
    target[at + 3] = COLON
    target[at + 4] = ZERO + ((minute / 10) | 0)
    target[at + 5] = ZERO + (minute % 10)
    target[at + 6] = COLON
    target[at + 7] = ZERO + ((second / 10) | 0)
    target[at + 8] = ZERO + (second % 10)
    at += 9
    if (fraction !== 0) {
      let count = digits
      while (fraction % 10 === 0) {
        fraction /= 10
        count--
      }
      target[at++] = DOT
      writePadded(target, at, fraction, count)
      at += count
    }
    if (zone === undefined) {
      target[at] = 0x5a
      return at + 1
    }
    for (let i = 0; i < ending.length; i++) target[at++] = ending[i]!
    return at
  }
}

function textWriter(column: Column, special: Uint8Array): CellWriter {
  const offsets = column.offsets!
  const values = column.values as Uint8Array
  return (target, at, row) =>
    writeText(target, at, values, offsets[row]!, offsets[row + 1]!, special)
}

/** Writes text, in quotes where it is empty or has a byte in it that `special` marks. */
export function writeText(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
  special: Uint8Array,
): number {
  let from = start
  while (from < end && special[source[from]!] === 0) target[at++] = source[from++]!
  if (from === end && end > start) return at
  at -= from - start
  target[at++] = QUOTE
  for (from = start; from < end; from++) {
    const byte = source[from]!
    target[at++] = byte
    if (byte === QUOTE) target[at++] = QUOTE
  }
  target[at++] = QUOTE
  return at
}

function binaryWriter(column: Column, quoted: boolean): CellWriter {
  const offsets = column.offsets!
  const bytes = column.values as Uint8Array
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const write: CellWriter = (target, at, row) =>
    at + target.write(source.toString('base64', offsets[row], offsets[row + 1]), at, 'latin1')
  const writeQuoted = inQuotes(write)
  if (quoted) return writeQuoted
  return (target, at, row) =>
    offsets[row] === offsets[row + 1] ? writeQuoted(target, at, row) : write(target, at, row)
}
