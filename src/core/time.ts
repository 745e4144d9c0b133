import { civilFromDays, daysFromCivil, daysInMonth } from './calendar.ts'
import type { TimestampType } from './column.ts'
import { VarveError } from './errors.ts'
import { floorDiv } from './floor-div.ts'
import { MAX_INT64, MIN_INT64 } from './scalar.ts'
import type { Zone } from './zone.ts'

export { civilFromDays, daysFromCivil, daysInMonth } from './calendar.ts'

/** How many units of a timestamp type are in one second. */
export const unitsPerSecond: Readonly<Record<TimestampType, bigint>> = {
  timestamp_s: 1n,
  timestamp_ms: 1_000n,
  timestamp_us: 1_000_000n,
  timestamp_ns: 1_000_000_000n,
}

/** How many digits behind the second's point a timestamp type holds. */
export const fractionDigits: Readonly<Record<TimestampType, number>> = {
  timestamp_s: 0,
  timestamp_ms: 3,
  timestamp_us: 6,
  timestamp_ns: 9,
}

const SECONDS_PER_DAY = 86_400
const MIN_DAYS = -(2 ** 31)
const MAX_DAYS = 2 ** 31 - 1

/** A moment, exact: whole seconds since 1970-01-01T00:00:00Z and nanoseconds after it (0…1e9−1). */
export interface Moment {
  readonly seconds: bigint
  readonly nanoseconds: number
}

/** The parts of an ISO 8601 text; those it does not give are undefined. */
export interface IsoParts {
  readonly year: number
  readonly month: number | undefined
  readonly day: number | undefined
  readonly hour: number | undefined
  readonly minute: number | undefined
  readonly second: number | undefined
  /** Digits behind the second's point, as written, without trailing zeros. */
  readonly fraction: string
  /** Offset from UTC in seconds; undefined when the text gives none. */
  readonly offset: number | undefined
}

// Years are four digits, or a sign and six to twelve.
const ISO =
  /^([+-]\d{6,12}|\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?[ ]?([Zz]|UTC|[+-]\d\d(?::?\d\d)?|[+-]\d\d:\d\d:\d\d)?)?)?)?$/

/**
 * Takes an ISO 8601 date or time apart, down to the parts it gives (`2026`, `2026-08`,
 * `2026-08-17`, `2026-08-17T10`, `…T10:30`, `…T10:30:05.123456789+02:00`). A space may stand for
 * the `T`. Years outside 0000…9999 have a sign and at least six digits. Undefined when the text
 * is nothing of the kind or names a date or time that does not exist: 30 February, 24:01, second
 * 60. 24:00 is the midnight that ends the day: its `hour` is 24.
 */
export function parseIso(text: string): IsoParts | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const number = (group: number): number | undefined =>
    match[group] === undefined ? undefined : Number(match[group])
  const parts: IsoParts = {
    year: Number(match[1]),
    month: number(2),
    day: number(3),
    hour: number(4),
    minute: number(5),
    second: number(6),
    fraction: (match[7] ?? '').replace(/0+$/, ''),
    offset: offsetOf(match[8]),
  }
  if (/^-0+$/.test(match[1]!)) return undefined
  if (parts.month !== undefined && (parts.month < 1 || parts.month > 12)) return undefined
  if (
    parts.day !== undefined &&
    (parts.day < 1 || parts.day > daysInMonth(parts.year, parts.month!))
  ) {
    return undefined
  }
  if ((parts.hour ?? 0) > 23 && !isDayEnd(parts)) return undefined
  if ((parts.minute ?? 0) > 59 || (parts.second ?? 0) > 59) return undefined
  return Number.isNaN(parts.offset) ? undefined : parts
}

/** Whether the parts say 24:00, the midnight that ends their day. */
function isDayEnd({ hour, minute, second = 0, fraction }: IsoParts): boolean {
  return hour === 24 && minute === 0 && second === 0 && fraction === ''
}

/** Seconds of `Z`, `UTC` or an offset; NaN when out of range. */
function offsetOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return /^[+-]/.test(text) ? (parseUtcOffset(text) ?? Number.NaN) : 0
}

/** Seconds of `±hh`, `±hhmm`, `±hh:mm` or `±hh:mm:ss`; undefined for anything else. */
export function parseUtcOffset(text: string): number | undefined {
  const match = /^([+-])(\d\d)(?::?(\d\d)|:(\d\d):(\d\d))?$/.exec(text)
  if (match === null) return undefined
  const [hours, minutes, seconds] = [match[2], match[3] ?? match[4] ?? 0, match[5] ?? 0].map(Number)
  if (hours! > 23 || minutes! > 59 || seconds! > 59) return undefined
  return (match[1] === '-' ? -1 : 1) * (hours! * 3600 + minutes! * 60 + seconds!) + 0
}

/** `+02:00`, and with seconds where there are some, as clocks had them before there were zones. */
export function formatUtcOffset(offset: number): string {
  const size = Math.abs(offset)
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60]
  if (size % 60 !== 0) parts.push(size % 60)
  return (offset < 0 ? '-' : '+') + parts.map(twoDigits).join(':')
}

/** The moment at the beginning of what the parts name; without an offset they are UTC. */
export function momentOf(parts: IsoParts): Moment {
  const days = daysFromCivil(parts.year, parts.month ?? 1, parts.day ?? 1)
  const inDay =
    (parts.hour ?? 0) * 3600 + (parts.minute ?? 0) * 60 + (parts.second ?? 0) - (parts.offset ?? 0)
  return {
    seconds: BigInt(days) * BigInt(SECONDS_PER_DAY) + BigInt(inDay),
    nanoseconds: Number(parts.fraction.slice(0, 9).padEnd(9, '0')),
  }
}

/**
 * Reads an instant from ISO 8601: a date, or a date and a time down to hours, minutes, seconds or
 * a fraction, with an offset or, without one, in UTC. The value is in the type's units since
 * 1970-01-01T00:00:00Z. `invalid-value` when the text is not an instant, names a time that does
 * not exist, has digits the type cannot hold, or is outside the type's range.
 */
export function parseInstant(text: string, type: TimestampType): bigint {
  const parts = parseIso(text)
  if (parts?.day === undefined) throw notAnInstant(text, type)
  const digits = fractionDigits[type]
  if (parts.fraction.length > digits) {
    throw new VarveError('invalid-value', `${type} cannot hold ${quote(text)} exactly`, {
      data: { value: text, type },
      hint: digits === 0 ? 'it holds whole seconds' : `it holds ${digits} digits of a second`,
    })
  }
  const moment = momentOf(parts)
  const units = unitsPerSecond[type]
  const value = moment.seconds * units + (BigInt(moment.nanoseconds) * units) / 1_000_000_000n
  if (value < MIN_INT64 || value > MAX_INT64) {
    throw new VarveError('invalid-value', `${quote(text)} is outside the range of ${type}`, {
      data: {
        value: text,
        type,
        min: formatInstant(MIN_INT64, type),
        max: formatInstant(MAX_INT64, type),
      },
      hint: `it reaches from ${formatInstant(MIN_INT64, type)} to ${formatInstant(MAX_INT64, type)}`,
    })
  }
  return value
}

/**
 * Writes an instant as ISO 8601 in UTC with `Z`, the fraction of a second without trailing zeros
 * and left out when it is zero: `2026-08-17T10:00:00.25Z`. Years outside 0000…9999 have a sign and
 * at least six digits. In a zone it is local, with the offset: `2026-08-17T12:00:00.25+02:00`.
 * {@link parseInstant} reads it back to the same value.
 */
export function formatInstant(value: bigint, type: TimestampType, zone?: Zone): string {
  const units = unitsPerSecond[type]
  const seconds = floorDiv(value, units)
  const fraction = value - seconds * units
  const offset = zone?.offsetAt(Number(seconds)) ?? 0
  let text = formatSeconds(seconds + BigInt(offset))
  if (fraction !== 0n) {
    text += `.${fraction.toString().padStart(fractionDigits[type], '0').replace(/0+$/, '')}`
  }
  return text + (zone === undefined ? 'Z' : formatUtcOffset(offset))
}

/** `YYYY-MM-DDThh:mm:ss` of whole seconds since 1970, in UTC, without the `Z`. */
export function formatSeconds(seconds: bigint): string {
  const days = floorDiv(seconds, BigInt(SECONDS_PER_DAY))
  const inDay = Number(seconds - days * BigInt(SECONDS_PER_DAY))
  const clock = [Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60]
  return `${formatDays(Number(days))}T${clock.map(twoDigits).join(':')}`
}

/**
 * Reads a date, `YYYY-MM-DD`, as days since 1970-01-01; `invalid-value` when the text is anything
 * else, names no day, or is further than 2³¹ days away.
 */
export function parseDate(text: string): number {
  const parts = parseIso(text)
  if (parts?.day === undefined || parts.hour !== undefined) {
    throw new VarveError('invalid-value', `not a date: ${quote(text)}${whyNot(text)}`, {
      data: { value: text, type: 'date', expected: 'YYYY-MM-DD' },
      hint: 'a date is written YYYY-MM-DD',
    })
  }
  const days = daysFromCivil(parts.year, parts.month!, parts.day)
  if (days < MIN_DAYS || days > MAX_DAYS) {
    throw new VarveError('invalid-value', `${quote(text)} is outside the range of date`, {
      data: { value: text, type: 'date', min: formatDays(MIN_DAYS), max: formatDays(MAX_DAYS) },
    })
  }
  return days
}

/** Writes days since 1970-01-01 as `YYYY-MM-DD`, years as {@link formatInstant} writes them. */
export function formatDate(days: number): string {
  return formatDays(days)
}

function formatDays(days: number): string {
  const { year, month, day } = civilFromDays(days)
  return `${formatYear(year)}-${twoDigits(month)}-${twoDigits(day)}`
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0')
  return (year < 0 ? '-' : '+') + String(Math.abs(year)).padStart(6, '0')
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

function notAnInstant(text: string, type: TimestampType): VarveError {
  return new VarveError('invalid-value', `not a time: ${quote(text)}${whyNot(text)}`, {
    data: { value: text, type, expected: 'YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm]' },
    hint: 'a time is ISO 8601: 2026-08-17T10:00:00Z, with any offset; without one it is UTC',
  })
}

/** What makes a text of the right shape name no day or time. */
function whyNot(text: string): string {
  const match =
    /^([+-]\d{6,12}|\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d))?)?)?/.exec(text)
  if (match === null) return ''
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12) return ` (there is no month ${month})`
  if (day < 1 || day > daysInMonth(year, month)) {
    return ` (${match[1]}-${match[2]} has ${daysInMonth(year, month)} days)`
  }
  if (Number(match[4] ?? 0) === 24) return ' (24:00 alone is the end of a day)'
  if (Number(match[4] ?? 0) > 24) return ' (hours go from 00 to 23)'
  if (Number(match[5] ?? 0) > 59) return ' (minutes go from 00 to 59)'
  if (Number(match[6] ?? 0) > 59) return ' (seconds go from 00 to 59)'
  return ''
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text)
}
