import { VarveError } from './errors.ts'
import { daysFromCivil, type IsoParts, momentOf, parseIso } from './time.ts'

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
 * The period that a partial date names, in UTC unless it gives an offset: a year (`2026`), a month
 * (`2026-08`), a day (`2026-08-17`), an hour (`2026-08-17T10`). From minutes on
 * (`2026-08-17T10:30`), and as `@SECONDS` since 1970, it is a full instant, without length.
 * `invalid-date` when it is none of these, names no time that exists, or has more than nine digits
 * of a second.
 */
export function parsePeriod(text: string): Period {
  const epoch = EPOCH.exec(text)
  if (epoch !== null) return instant(epochNanoseconds(epoch))
  const parts = parseIso(text)
  if (parts === undefined || parts.fraction.length > 9) {
    throw new VarveError('invalid-date', `not a date or time: ${JSON.stringify(text)}`, {
      data: { value: text },
      hint: 'one of 2026, 2026-08, 2026-08-17, 2026-08-17T10:30:00Z, @1786960800',
    })
  }
  const moment = momentOf(parts)
  const start = moment.seconds * NS + BigInt(moment.nanoseconds)
  return { start, end: start + lengthOf(parts) }
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
