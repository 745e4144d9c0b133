import { daysFromCivil, daysInMonth } from '../../core/time.ts'
import type { Part } from './layout-parts.ts'
import { IS_DATE, IS_TIME, NOT_A_TIME, scannedTime } from './scan.ts'

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

// What the parts of a text have said so far, by number.
const YEAR = 0
const MONTH = 1
const DAY = 2
const HOUR = 3
const MINUTE = 4
const SECOND = 5
const NANOSECONDS = 6
const DIGITS = 7
/** 0: not said; 1: before noon; 2: after it. */
const HALF = 8
const HAS_TIME = 9
const HAS_OFFSET = 10
/** Seconds ahead of UTC. */
const OFFSET = 11
const NOTHING_SAID = Float64Array.of(0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
const said = new Float64Array(NOTHING_SAID.length)

/** What was said before each part that may be missing, by how deep it is. */
const kept: Float64Array[] = []

/** Why the text that was read last names no day or time, where it has the right shape. */
let fault: string | undefined

/** Reads a text by the parts of a layout, as a {@link TimeScanner} does. */
export function scanParts(
  parts: readonly Part[],
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  said.set(NOTHING_SAID)
  fault = undefined
  if (readParts(parts, bytes, start, end) !== end) return NOT_A_TIME
  const year = said[YEAR]!
  const month = said[MONTH]!
  const day = said[DAY]!
  let hour = said[HOUR]!
  if (month < 1 || month > 12) return impossible(`there is no month ${month}`)
  if (day < 1 || day > daysInMonth(year, month)) {
    const name = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`
    return impossible(`${name} has ${daysInMonth(year, month)} days`)
  }
  if (said[HALF] !== 0) {
    if (hour < 1 || hour > 12) return impossible('hours of half a day go from 1 to 12')
    hour = (hour % 12) + (said[HALF] === 2 ? 12 : 0)
  }
  const isDayEnd = said[MINUTE] === 0 && said[SECOND] === 0 && said[NANOSECONDS] === 0
  if (hour === 24 && !isDayEnd) return impossible('24:00 alone is the end of a day')
  if (hour > 24) return impossible('hours go from 00 to 23')
  if (said[MINUTE]! > 59) return impossible('minutes go from 00 to 59')
  if (said[SECOND]! > 59) return impossible('seconds go from 00 to 59')
  const inDay = hour * 3600 + said[MINUTE]! * 60 + said[SECOND]!
  scannedTime[0] = daysFromCivil(year, month, day) * 86_400 + inDay - said[OFFSET]!
  scannedTime[1] = said[NANOSECONDS]!
  scannedTime[2] = said[DIGITS]!
  scannedTime[3] = said[HAS_OFFSET]!
  return said[HAS_TIME] === 0 && said[HAS_OFFSET] === 0 ? IS_DATE : IS_TIME
}

/** Why a text of the right shape names no day or time; undefined where it has another shape. */
export function whyNoTime(parts: readonly Part[], cell: string): string | undefined {
  const bytes = Buffer.from(`${cell.trim()}\n`)
  scanParts(parts, bytes, 0, bytes.length - 1)
  return fault
}

function impossible(reason: string): number {
  fault = reason
  return NOT_A_TIME
}

/** Where the parts end that begin at `at`; -1 where the text is another. */
function readParts(
  parts: readonly Part[],
  bytes: Uint8Array,
  from: number,
  end: number,
  depth = 0,
): number {
  let at = from
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    if (part.kind === 'optional') {
      const first = part.parts![0]
      // Most of what may be missing is: seen at once, without keeping what was said so far.
      if (at >= end || (first?.byte !== undefined && bytes[at] !== first.byte)) continue
      kept[depth] ??= new Float64Array(said.length)
      const before = kept[depth]!
      for (let field = 0; field < said.length; field++) before[field] = said[field]!
      const after = readParts(part.parts!, bytes, at, end, depth + 1)
      if (after < 0) said.set(before)
      else at = after
    } else {
      at = readPart(part, bytes, at, end)
      if (at < 0) return -1
    }
  }
  return at
}

function readPart(part: Part, bytes: Uint8Array, at: number, end: number): number {
  switch (part.kind) {
    case 'literal': {
      if (at >= end || bytes[at] !== part.byte) return -1
      let next = at + 1
      if (part.byte === 0x20) while (next < end && bytes[next] === 0x20) next++
      return next
    }
    case 'year':
      return readNumber(bytes, at, end, 4, 4, YEAR)
    case 'shortYear': {
      const next = readNumber(bytes, at, end, 2, 2, YEAR)
      // As POSIX has it: 69 is 1969, 68 is 2068.
      if (next > 0) said[YEAR]! += said[YEAR]! < 69 ? 2000 : 1900
      return next
    }
    case 'month':
      return readNumber(bytes, at, end, part.fixed === true ? 2 : 1, 2, MONTH)
    case 'day':
      return readNumber(bytes, at, end, part.fixed === true ? 2 : 1, 2, DAY)
    case 'hour':
      said[HAS_TIME] = 1
      return readNumber(bytes, at, end, part.fixed === true ? 2 : 1, 2, HOUR)
    case 'minute':
      return readNumber(bytes, at, end, 2, 2, MINUTE)
    case 'second':
      return readNumber(bytes, at, end, 2, 2, SECOND)
    case 'fraction': {
      const next = readNumber(bytes, at, end, 1, 9, NANOSECONDS)
      if (next < 0) return -1
      said[DIGITS] = next - at
      for (let digits = next - at; digits < 9; digits++) said[NANOSECONDS]! *= 10
      return next
    }
    case 'monthName':
      return readMonthName(bytes, at, end)
    case 'half':
      return readHalf(bytes, at, end)
    case 'offset':
      return readOffset(bytes, at, end)
    case 'weekday': {
      const next = lettersEnd(bytes, at, end)
      return next - at < 2 ? -1 : next
    }
    case 'optional':
      return readParts(part.parts!, bytes, at, end)
  }
}

function readNumber(
  bytes: Uint8Array,
  at: number,
  end: number,
  least: number,
  most: number,
  field: number,
): number {
  const last = Math.min(end, at + most)
  let value = 0
  let next = at
  for (; next < last; next++) {
    const digit = bytes[next]! - 0x30
    if (digit >>> 0 > 9) break
    value = value * 10 + digit
  }
  if (next - at < least) return -1
  said[field] = value
  return next
}

function lettersEnd(bytes: Uint8Array, at: number, end: number): number {
  let next = at
  while (next < end && ((bytes[next]! | 0x20) - 0x61) >>> 0 < 26) next++
  return next
}

/** English, of three letters or in full, also `Sept`. */
function readMonthName(bytes: Uint8Array, at: number, end: number): number {
  const next = lettersEnd(bytes, at, end)
  if (next - at < 3 || next - at > 9) return -1
  let word = ''
  for (let i = at; i < next; i++) word += String.fromCharCode(bytes[i]! | 0x20)
  const month = MONTHS.findIndex(
    (name) => name === word || name.slice(0, 3) === word || (word === 'sept' && name[0] === 's'),
  )
  if (month < 0) return -1
  said[MONTH] = month + 1
  return bytes[next] === 0x2e && next < end ? next + 1 : next
}

/** `AM`, `pm`, `a.m.`. */
function readHalf(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]! | 0x20
  if (at >= end || (first !== 0x61 && first !== 0x70)) return -1
  let next = at + 1
  const dotted = next < end && bytes[next] === 0x2e
  if (dotted) next++
  if (next >= end || (bytes[next]! | 0x20) !== 0x6d) return -1
  next++
  if (dotted && next < end && bytes[next] === 0x2e) next++
  said[HALF] = first === 0x61 ? 1 : 2
  return next
}

/** `Z`, `UTC`, `GMT`, `±hh`, `±hhmm`, `±hh:mm`. */
function readOffset(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1
  const sign = bytes[at]!
  if (sign !== 0x2b && sign !== 0x2d) {
    const next = lettersEnd(bytes, at, end)
    const word = Buffer.from(bytes.subarray(at, next)).toString('latin1').toUpperCase()
    if (word !== 'Z' && word !== 'UTC' && word !== 'GMT') return -1
    said[HAS_OFFSET] = 1
    return next
  }
  let next = readNumber(bytes, at + 1, end, 2, 2, OFFSET)
  if (next < 0) return -1
  const hours = said[OFFSET]!
  let minutes = 0
  const colon = next < end && bytes[next] === 0x3a ? 1 : 0
  const last = readNumber(bytes, next + colon, end, 2, 2, OFFSET)
  if (last > 0) {
    minutes = said[OFFSET]!
    next = last
  } else if (colon === 1) return -1
  if (hours > 23 || minutes > 59) return -1
  said[HAS_OFFSET] = 1
  said[OFFSET] = (sign === 0x2b ? 1 : -1) * (hours * 3600 + minutes * 60)
  return next
}

/** Beyond so many digits in front of the point no type holds the time. */
const EPOCH_DIGITS = 19

/** A number of units since 1970, `digits` to a second, also with a fraction. */
export function scanEpoch(bytes: Uint8Array, start: number, end: number, digits: number): number {
  const negative = bytes[start] === 0x2d
  const first = negative ? start + 1 : start
  let point = first
  while (point < end && (bytes[point]! - 0x30) >>> 0 < 10) point++
  if (point === first || point - first > EPOCH_DIGITS) return NOT_A_TIME
  // Digits behind the second's point: of the whole number, then of the fraction.
  const cut = Math.max(first, point - digits)
  let seconds = 0
  for (let at = first; at < cut; at++) seconds = seconds * 10 + bytes[at]! - 0x30
  let nanoseconds = 0
  for (let at = cut; at < point; at++) nanoseconds = nanoseconds * 10 + bytes[at]! - 0x30
  let count = digits
  if (point < end) {
    if (bytes[point] !== 0x2e) return NOT_A_TIME
    let at = point + 1
    for (; at < end; at++) {
      const digit = bytes[at]! - 0x30
      if (digit >>> 0 > 9 || ++count > 9) return NOT_A_TIME
      nanoseconds = nanoseconds * 10 + digit
    }
    if (at === point + 1) return NOT_A_TIME
  }
  for (let i = count; i < 9; i++) nanoseconds *= 10
  const back = negative && nanoseconds > 0
  scannedTime[0] = negative ? -seconds - (back ? 1 : 0) : seconds
  scannedTime[1] = back ? 1_000_000_000 - nanoseconds : nanoseconds
  scannedTime[2] = count
  scannedTime[3] = 1
  return IS_TIME
}
