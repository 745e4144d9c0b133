import { VarveError } from './errors.ts'
import {
  daysFromCivil,
  formatSeconds,
  formatUtcOffset,
  type IsoParts,
  momentOf,
  parseIso,
} from './time.ts'
import type { Zone } from './zone.ts'

/** A stretch of time in nanoseconds since 1970-01-01T00:00:00Z, of any size. */
export interface Period {
  /** Its first nanosecond. */
  readonly start: bigint
  /** The first nanosecond after it; equal to `start` for an instant, which has no length. */
  readonly end: bigint
}

const NS = 1_000_000_000n
const NS_PER_HOUR = 3_600n * NS
const NS_PER_DAY = 86_400n * NS

const EPOCH = /^@(-?)(\d{1,15})(?:\.(\d{1,9}))?$/

/**
 * The period that a partial date names: a year (`2026`), a month (`2026-08`), a day
 * (`2026-08-17`), an hour (`2026-08-17T10`). From minutes on (`2026-08-17T10:30`), and as `@SECONDS`
 * since 1970, it is a full instant, without length. Where the text gives no offset it is what clocks
 * of `zone` show, or UTC: a day in which they are changed has 23 or 25 hours. `invalid-date` when it is
 * none of these, names no time that exists, has more than nine digits of a second, or is an instant
 * that the clocks show twice.
 */
export function parsePeriod(text: string, zone?: Zone): Period {
  const epoch = EPOCH.exec(text)
  if (epoch !== null) return instant(epochNanoseconds(epoch))
  const parts = parseIso(text)
  if (parts === undefined || parts.fraction.length > 9) {
    throw new VarveError('invalid-date', `not a date or time: ${JSON.stringify(text)}`, {
      data: { value: text },
      hint: 'one of 2026, 2026-08, 2026-08-17, 2026-08-17T10:30:00Z, @1786960800',
    })
  }
  const { seconds, nanoseconds } = momentOf(parts)
  const start = seconds * NS + BigInt(nanoseconds)
  const end = start + lengthOf(parts)
  if (zone === undefined || parts.offset !== undefined) return { start, end }
  if (start === end) return instant(start - BigInt(offsetAt(seconds, zone, text)) * NS)
  const local = { start: beginning(start, zone), end: beginning(end, zone) }
  if (local.start === local.end) throw skipped(seconds, zone, text)
  return local
}

/** Seconds from 1970 beyond which no zone's clocks are changed, and a double may not count them. */
const CHANGES_END = 10_000_000_000_000

/** The first instant that is not before a local time, in nanoseconds. */
function beginning(local: bigint, zone: Zone): bigint {
  const seconds = Number(local / NS)
  if (Math.abs(seconds) > CHANGES_END) return local - BigInt(zone.offsetAt(seconds)) * NS
  return BigInt(zone.firstAt(seconds)) * NS
}

/** How far a local time is ahead of UTC. */
function offsetAt(local: bigint, zone: Zone, text: string): number {
  const seconds = Number(local)
  if (Math.abs(seconds) > CHANGES_END) return zone.offsetAt(seconds)
  const [first, second] = zone.instantsOf(seconds)
  if (first === undefined) throw skipped(local, zone, text)
  if (second === undefined) return seconds - first
  const [earlier, later] = [first, second].map((at) => formatUtcOffset(seconds - at))
  throw new VarveError('invalid-date', `clocks in ${zone.name} show ${text} twice`, {
    data: { value: text, zone: zone.name },
    hint: `say which: ${text}${earlier} or ${text}${later}`,
  })
}

function skipped(local: bigint, zone: Zone, text: string): VarveError {
  const after = zone.firstAt(Number(local))
  const shown = formatSeconds(BigInt(after + zone.offsetAt(after)))
  return new VarveError('invalid-date', `clocks in ${zone.name} never show ${text}`, {
    data: { value: text, zone: zone.name },
    hint: `they were set forward to ${shown} then`,
  })
}

function lengthOf(parts: IsoParts): bigint {
  if (parts.month === undefined) {
    return daysBetween(parts.year, 1, parts.year + 1, 1) * NS_PER_DAY
  }
  if (parts.day === undefined) {
    const [nextYear, nextMonth] =
      parts.month === 12 ? [parts.year + 1, 1] : [parts.year, parts.month + 1]
    return daysBetween(parts.year, parts.month, nextYear, nextMonth) * NS_PER_DAY
  }
  if (parts.hour === undefined) return NS_PER_DAY
  return parts.minute === undefined ? NS_PER_HOUR : 0n
}

function daysBetween(year: number, month: number, nextYear: number, nextMonth: number): bigint {
  return BigInt(daysFromCivil(nextYear, nextMonth, 1) - daysFromCivil(year, month, 1))
}

function epochNanoseconds(match: RegExpExecArray): bigint {
  const size = BigInt(match[2]!) * NS + BigInt((match[3] ?? '').padEnd(9, '0'))
  return match[1] === '-' ? -size : size
}

function instant(at: bigint): Period {
  return { start: at, end: at }
}
