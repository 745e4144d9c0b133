import type { CommitDate } from './commit-date.ts'
import { VarveError } from './errors.ts'
import { nearest } from './nearest.ts'
import { formatOffset } from './signature.ts'
import { civilFromDays, formatSeconds } from './time.ts'

/** The ways git's `--date=` writes a commit's date. */
export const dateStyles = [
  'default',
  'iso',
  'iso-strict',
  'rfc',
  'short',
  'raw',
  'unix',
  'relative',
] as const
export type DateStyle = (typeof dateStyles)[number]

const ALIASES = new Map<string, DateStyle>([
  ['normal', 'default'],
  ['iso8601', 'iso'],
  ['iso8601-strict', 'iso-strict'],
  ['rfc2822', 'rfc'],
])

const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Reads the name of a style, git's other names for them too; `usage` when there is none such. */
export function parseDateStyle(text: string): DateStyle {
  const style = ALIASES.get(text) ?? dateStyles.find((known) => known === text)
  if (style !== undefined) return style
  const near = nearest(text, dateStyles)
  throw new VarveError('usage', `not a way to write dates: ${JSON.stringify(text)}`, {
    data: { value: text, expected: dateStyles },
    hint: near === undefined ? `one of ${dateStyles.join(', ')}` : `did you mean ${near}?`,
  })
}

/**
 * Writes a commit's date as git does, on the clock of where it was made. `relative` counts from
 * `now`, in seconds since 1970.
 */
export function formatCommitDate(date: CommitDate, style: DateStyle, now = date.seconds): string {
  const { seconds, offsetMinutes } = date
  const offset = formatOffset(offsetMinutes)
  const local = seconds + offsetMinutes * 60
  const [day, clock] = formatSeconds(BigInt(local)).split('T') as [string, string]
  switch (style) {
    case 'default': {
      const { weekday, month, dayOfMonth, year } = civil(local)
      return `${weekday} ${month} ${dayOfMonth} ${clock} ${year} ${offset}`
    }
    case 'rfc': {
      const { weekday, month, dayOfMonth, year } = civil(local)
      return `${weekday}, ${dayOfMonth} ${month} ${year} ${clock} ${offset}`
    }
    case 'iso':
      return `${day} ${clock} ${offset}`
    case 'iso-strict':
      return `${day}T${clock}${offsetMinutes === 0 ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`}`
    case 'short':
      return day
    case 'raw':
      return `${seconds} ${offset}`
    case 'unix':
      return String(seconds)
    case 'relative':
      return relative(now - seconds)
  }
}

function civil(local: number) {
  const days = Math.floor(local / 86_400)
  const { year, month, day } = civilFromDays(days)
  return {
    weekday: DAYS[((days % 7) + 7) % 7]!,
    month: MONTHS[month - 1]!,
    dayOfMonth: day,
    year: String(year).padStart(4, '0'),
  }
}

function relative(age: number): string {
  if (age < 0) return 'in the future'
  if (age < 90) return ago(age, 'second')
  const minutes = Math.round(age / 60)
  if (minutes < 90) return ago(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  if (hours < 36) return ago(hours, 'hour')
  const days = Math.round(hours / 24)
  if (days < 14) return ago(days, 'day')
  if (days < 70) return ago(Math.round(days / 7), 'week')
  if (days < 365) return ago(Math.round(days / 30), 'month')
  const months = Math.round((days * 12) / 365)
  if (days >= 5 * 365) return ago(Math.round(days / 365), 'year')
  const [years, rest] = [Math.floor(months / 12), months % 12]
  return rest === 0 ? ago(years, 'year') : `${counted(years, 'year')}, ${ago(rest, 'month')}`
}

function ago(count: number, unit: string): string {
  return `${counted(count, unit)} ago`
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
