import { VarveError } from './errors.ts'
import { ceilDiv, floorDiv } from './floor-div.ts'
import { type Period, parsePeriod } from './period.ts'
import { MAX_SECONDS, MIN_SECONDS } from './signature.ts'
import { civilFromDays, daysFromCivil, daysInMonth, momentOf, parseIso } from './time.ts'

/** A commit's time, as git keeps it. */
export interface CommitDate {
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  readonly seconds: number
  /** The clock's offset from UTC where it was made, in minutes. */
  readonly offsetMinutes: number
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAY = '(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*'
const MONTH = `(${MONTHS.join('|')})[a-z]*`
const CLOCK = '(\\d\\d?):(\\d\\d)(?::(\\d\\d))?'
const ZONE = '([+-]\\d{4}|gmt|utc|ut|z)'

// Mon, 17 Aug 2026 10:00:00 +0200
const RFC_2822 = new RegExp(`^(?:${WEEKDAY}, *)?(\\d\\d?) ${MONTH} (\\d{4}) ${CLOCK} ${ZONE}$`, 'i')
// Mon Aug 17 10:00:00 2026 +0200, as git prints by default
const GIT_DEFAULT = new RegExp(
  `^${WEEKDAY} ${MONTH} +(\\d\\d?) ${CLOCK} (\\d{4})(?: ${ZONE})?$`,
  'i',
)
// @1786960800, @1786960800 +0200, 1786960800 +0200, 1786960800
const RAW = /^(?:@(-?\d{1,12})|(-?\d{1,12})(?= )|(\d{9,12})$)(?: ([+-]\d{4}))?$/
const AGO = /^(\d{1,9}|an?|one)[ .]+(second|minute|hour|day|week|month|year)s?[ .]+ago$/i

const secondsIn = new Map([
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
  ['week', 7 * 86_400],
])

/**
 * Reads when a commit was made: ISO 8601 (`2026-08-17T10:00:00+02:00`; fractions of a second are
 * dropped), a bare date (its midnight), `@SECONDS` with or without an offset, git's raw
 * `SECONDS ±HHMM`, RFC 2822, git's default format, `now`, `today` (midnight), `yesterday`,
 * `2 days ago` (also `2.days.ago`). Without an offset it is UTC, so that the same text gives the
 * same commit on every machine; words are relative to `now` and keep its offset. `invalid-date`
 * otherwise, and for years outside 1…9999.
 */
export function parseCommitDate(text: string, now: CommitDate): CommitDate {
  const trimmed = text.trim()
  const date =
    parseRaw(trimmed) ?? parseIsoDate(trimmed) ?? parseMail(trimmed) ?? parseWords(trimmed, now)
  if (date === undefined || !(date.seconds >= MIN_SECONDS && date.seconds <= MAX_SECONDS)) {
    throw new VarveError('invalid-date', `not a date: ${JSON.stringify(text.slice(0, 80))}`, {
      data: { value: text.slice(0, 1000) },
      hint: 'one of 2026-08-17T10:00:00+02:00, 2026-08-17, "@1786960800 +0200", "2 days ago"',
    })
  }
  return date
}

/**
 * Reads what `--since`, `--until`, `--as-of` and `REF@{…}` are given: a partial date is a period
 * as in `parsePeriod`, all that {@link parseCommitDate} takes besides is an instant. In
 * nanoseconds since 1970. `invalid-date` when it is neither.
 */
export function parseWhen(text: string, now: CommitDate): Period {
  const trimmed = text.trim()
  if (parseIso(trimmed) !== undefined) return parsePeriod(trimmed)
  const at = BigInt(parseCommitDate(trimmed, now).seconds) * 1_000_000_000n
  return { start: at, end: at }
}

/**
 * The last second that counts as "at or before" a period: an instant's own second, or the last
 * second inside a period with a length.
 */
export function lastSecondOf(period: Period): number {
  const last = period.start === period.end ? period.end : period.end - 1n
  return Number(floorDiv(last, 1_000_000_000n))
}

/** The first whole second at or after the beginning of a period. */
export function firstSecondOf(period: Period): number {
  return Number(ceilDiv(period.start, 1_000_000_000n))
}

/** Minutes of `+0200`; undefined when it is no offset. */
export function parseOffset(text: string): number | undefined {
  const match = /^([+-])(\d\d)(\d\d)$/.exec(text)
  if (match === null || Number(match[2]) > 23 || Number(match[3]) > 59) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' && minutes !== 0 ? -minutes : minutes
}

function parseRaw(text: string): CommitDate | undefined {
  const match = RAW.exec(text)
  if (match === null) return undefined
  const offsetMinutes = match[4] === undefined ? 0 : parseOffset(match[4])
  if (offsetMinutes === undefined) return undefined
  // A −0 would not be the 0 that a commit reads back.
  return { seconds: Number(match[1] ?? match[2] ?? match[3]) + 0, offsetMinutes }
}

function parseIsoDate(text: string): CommitDate | undefined {
  const parts = parseIso(text)
  if (parts?.day === undefined) return undefined
  // A commit's offset is whole minutes.
  const offsetMinutes = (parts.offset ?? 0) / 60
  if (!Number.isInteger(offsetMinutes)) return undefined
  return { seconds: Number(momentOf(parts).seconds), offsetMinutes }
}

function parseMail(text: string): CommitDate | undefined {
  const mail = RFC_2822.exec(text)
  if (mail !== null) {
    const [, day, month, year, hour, minute, second, zone] = mail
    return civilDate(year!, month!, day!, [hour!, minute!, second ?? '0'], zone)
  }
  const git = GIT_DEFAULT.exec(text)
  if (git === null) return undefined
  const [, month, day, hour, minute, second, year, zone] = git
  return civilDate(year!, month!, day!, [hour!, minute!, second ?? '0'], zone)
}

function civilDate(
  year: string,
  month: string,
  day: string,
  clock: readonly [string, string, string],
  zone: string | undefined,
): CommitDate | undefined {
  const monthNumber = MONTHS.indexOf(month.toLowerCase()) + 1
  const [hour, minute, second] = clock.map(Number) as [number, number, number]
  if (Number(day) < 1 || Number(day) > daysInMonth(Number(year), monthNumber)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const offsetMinutes = zone === undefined || /^[a-z]/i.test(zone) ? 0 : parseOffset(zone)
  if (offsetMinutes === undefined) return undefined
  const days = daysFromCivil(Number(year), monthNumber, Number(day))
  return {
    seconds: days * 86_400 + hour * 3600 + (minute - offsetMinutes) * 60 + second,
    offsetMinutes,
  }
}

function parseWords(text: string, now: CommitDate): CommitDate | undefined {
  const { offsetMinutes } = now
  switch (text.toLowerCase()) {
    case 'now':
      return now
    case 'yesterday':
      return { seconds: now.seconds - 86_400, offsetMinutes }
    case 'today': {
      const local = now.seconds + offsetMinutes * 60
      return { seconds: Math.floor(local / 86_400) * 86_400 - offsetMinutes * 60, offsetMinutes }
    }
  }
  const match = AGO.exec(text)
  if (match === null) return undefined
  const count = /^\d/.test(match[1]!) ? Number(match[1]) : 1
  const unit = match[2]!.toLowerCase()
  const seconds = secondsIn.get(unit)
  if (seconds !== undefined) return { seconds: now.seconds - count * seconds, offsetMinutes }
  return monthsAgo(now, unit === 'year' ? count * 12 : count)
}

/** The same day and time some months earlier; the month's last day where it has no such day. */
function monthsAgo(now: CommitDate, months: number): CommitDate {
  const local = now.seconds + now.offsetMinutes * 60
  const days = Math.floor(local / 86_400)
  const { year, month, day } = civilFromDays(days)
  const total = year * 12 + month - 1 - months
  const [toYear, toMonth] = [Math.floor(total / 12), (((total % 12) + 12) % 12) + 1]
  const toDay = Math.min(day, daysInMonth(toYear, toMonth))
  const toDays = daysFromCivil(toYear, toMonth, toDay)
  return { seconds: now.seconds + (toDays - days) * 86_400, offsetMinutes: now.offsetMinutes }
}
