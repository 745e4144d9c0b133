import { civilFromDays, daysFromCivil, daysInMonth } from './calendar.ts'
import { VarveError } from './errors.ts'
import type { Zone } from './zone.ts'

/** A length of time by clock (seconds) or by calendar (days, months), in whole numbers. */
export interface Duration {
  readonly count: number
  readonly unit: 'seconds' | 'days' | 'months'
}

const SECONDS_PER_DAY = 86_400
const MOST = 100_000_000

const units = new Map<string, { readonly unit: Duration['unit']; readonly size: number }>(
  (
    [
      ['s sec second seconds', 'seconds', 1],
      ['min minute minutes', 'seconds', 60],
      ['h hour hours', 'seconds', 3600],
      ['d day days', 'days', 1],
      ['w week weeks', 'days', 7],
      ['mo month months', 'months', 1],
      ['q quarter quarters', 'months', 3],
      ['y year years', 'months', 12],
    ] as const
  ).flatMap(([names, unit, size]) =>
    names.split(' ').map((name) => [name, { unit, size }] as const),
  ),
)

/**
 * Reads `2d`, `36h`, `1w`, `1mo`, `30min`, or a word alone (`month`); `usage` where it is none of
 * these.
 * @param option what messages call it
 */
export function parseDuration(text: string, option: string): Duration {
  const match = /^(\d*) ?([a-z]+)$/i.exec(text.trim())
  const found = units.get(match?.[2]?.toLowerCase() ?? '')
  const digits = match?.[1] ?? ''
  const count = digits === '' ? 1 : Number(digits)
  if (match === null || found === undefined || !(count * found.size <= MOST)) {
    const isM = match?.[2] === 'm'
    throw new VarveError('usage', `${option} takes a length of time, not ${JSON.stringify(text)}`, {
      data: { option, found: text },
      hint: isM ? `${digits}min is minutes, ${digits}mo months` : 'as in 2d, 36h, 1w, 1mo',
    })
  }
  return { count: count * found.size, unit: found.unit }
}

/**
 * The instant that lies a duration after another, in seconds since 1970. Days and months are those of
 * `zone`'s calendar (UTC unless given): the same time of day, on the last day of a month that is too
 * short; where clocks skip that time, the first one after it.
 */
export function addDuration(seconds: number, { count, unit }: Duration, zone?: Zone): number {
  if (unit === 'seconds') return seconds + count
  const local = seconds + (zone?.offsetAt(seconds) ?? 0)
  const days = Math.floor(local / SECONDS_PER_DAY)
  const target = unit === 'days' ? days + count : addMonths(days, count)
  return instantAt(target * SECONDS_PER_DAY + (local - days * SECONDS_PER_DAY), zone)
}

/** The first instant at which clocks show a local time or a later one. */
export function instantAt(local: number, zone: Zone | undefined): number {
  return zone === undefined ? local : zone.firstAt(local)
}

function addMonths(days: number, count: number): number {
  const { year, month, day } = civilFromDays(days)
  const months = year * 12 + (month - 1) + count
  const [y, m] = [Math.floor(months / 12), (months % 12) + 1]
  return daysFromCivil(y, m, Math.min(day, daysInMonth(y, m)))
}

/** A stretch of the calendar. */
export interface CalendarPeriod {
  /** The first instant after it, in seconds since 1970. */
  readonly end: number
  /** `2026-08-17`, the last day of several, `2026-08`, `2026-Q3`, `2026`, or a time of day. */
  readonly label: string
}

/**
 * The period that an instant is in, where time is cut into stretches of one length: days from
 * 1970-01-01 on (weeks from a Monday), months from January of year 0 on; hours from 1970 on.
 */
export function periodAt(seconds: number, every: Duration, zone?: Zone): CalendarPeriod {
  const { count, unit } = every
  if (unit === 'seconds') {
    const end = (Math.floor(seconds / count) + 1) * count
    return { end, label: `${isoMinute(end)}Z` }
  }
  const local = seconds + (zone?.offsetAt(seconds) ?? 0)
  const days = Math.floor(local / SECONDS_PER_DAY)
  if (unit === 'days') {
    // 1970-01-05 was a Monday.
    const first = count % 7 === 0 ? 4 : 0
    const next = first + (Math.floor((days - first) / count) + 1) * count
    return { end: instantAt(next * SECONDS_PER_DAY, zone), label: isoDay(next - 1) }
  }
  const { year, month } = civilFromDays(days)
  const next = (Math.floor((year * 12 + month - 1) / count) + 1) * count
  const [y, m] = [Math.floor(next / 12), (next % 12) + 1]
  const last = civilFromDays(daysFromCivil(y, m, 1) - 1)
  const end = instantAt(daysFromCivil(y, m, 1) * SECONDS_PER_DAY, zone)
  const text = String(last.year).padStart(4, '0')
  if (count === 12) return { end, label: text }
  if (count === 3) return { end, label: `${text}-Q${Math.ceil(last.month / 3)}` }
  return { end, label: `${text}-${String(last.month).padStart(2, '0')}` }
}

function isoDay(days: number): string {
  const { year, month, day } = civilFromDays(days)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

function isoMinute(seconds: number): string {
  const days = Math.floor(seconds / SECONDS_PER_DAY)
  const rest = seconds - days * SECONDS_PER_DAY
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const clock = `${two(rest / 3600)}:${two((rest % 3600) / 60)}`
  return `${isoDay(days)}T${clock}${rest % 60 === 0 ? '' : `:${two(rest % 60)}`}`
}
