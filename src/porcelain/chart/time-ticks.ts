import { civilFromDays, daysFromCivil } from '../../core/calendar.ts'
import { floorDiv } from '../../core/floor-div.ts'
import { formatDate, formatSeconds } from '../../core/time.ts'
import type { Zone } from '../../core/zone.ts'

/** A place on an axis of time that is labelled. */
export interface TimeTick {
  /** Nanoseconds since 1970. */
  readonly at: bigint
  readonly label: string
  /** With all that the label leaves out, for the first one: the date of a clock time. */
  readonly full: string
}

/** The parts of calendar and clock that ticks fall on. */
type StepUnit = 'fraction' | 'second' | 'day' | 'monday' | 'month' | 'year'

interface TimeStep {
  readonly unit: StepUnit
  readonly count: number
  /** Nanoseconds, in the mean. */
  readonly length: number
  /** Characters of a label. */
  readonly width: number
}

const SECOND = 1e9
const DAY = 86_400 * SECOND
const NS = 1_000_000_000n

const steps: readonly TimeStep[] = [
  ...[1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8].flatMap((unit) =>
    [1, 2, 5].map(
      (digit): TimeStep => ({
        unit: 'fraction',
        count: unit * digit,
        length: unit * digit,
        width: 10 - Math.floor(Math.log10(unit)),
      }),
    ),
  ),
  ...[1, 2, 5, 10, 15, 30].map((n) => clock(n, 8)),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((n) => clock(n * 60, 5)),
  { unit: 'day', count: 1, length: DAY, width: 5 },
  { unit: 'day', count: 2, length: 2 * DAY, width: 5 },
  { unit: 'monday', count: 1, length: 7 * DAY, width: 5 },
  ...[1, 3, 6].map(
    (n): TimeStep => ({ unit: 'month', count: n, length: n * 30.44 * DAY, width: 7 }),
  ),
  ...[1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11].flatMap((unit) =>
    [1, 2, 5].map(
      (digit): TimeStep => ({
        unit: 'year',
        count: unit * digit,
        length: unit * digit * 365.2425 * DAY,
        width: unit < 1e3 ? 4 : 10,
      }),
    ),
  ),
]

function clock(seconds: number, width: number): TimeStep {
  return { unit: 'second', count: seconds, length: seconds * SECOND, width }
}

/** Between labels. */
const SPACE = 2

/**
 * Ticks at round times of the calendar and the clocks of a zone, so many that their labels fit.
 *
 * @param from,to nanoseconds since 1970
 * @param width characters from the one to the other
 * @param isDates whether nothing is shorter than a day
 */
export function timeTicks(
  range: { readonly from: bigint; readonly to: bigint },
  width: number,
  { zone, isDates = false }: { readonly zone?: Zone | undefined; readonly isDates?: boolean } = {},
): TimeTick[] {
  const span = Number(range.to - range.from)
  const fits = (step: TimeStep) =>
    (step.length / span) * width >= step.width + SPACE && !(isDates && step.length < DAY)
  const step = steps.find(fits) ?? steps.at(-1)!
  const clocks = isDates ? undefined : zone
  const ticks = ticksOf(step, range, clocks)
  // A step may be just too long for its labels to be in a short range.
  const finer = steps[steps.indexOf(step) - 1]
  if (ticks.length >= 2 || finer === undefined || (isDates && finer.length < DAY)) return ticks
  const more = ticksOf(finer, range, clocks)
  return more.length > ticks.length && more.length <= 3 ? more : ticks
}

function ticksOf(
  step: TimeStep,
  { from, to }: { readonly from: bigint; readonly to: bigint },
  zone: Zone | undefined,
): TimeTick[] {
  if (step.unit === 'fraction') return fractionTicks(step.count, from, to, zone)
  const ticks: TimeTick[] = []
  const firstSecond = Number(floorDiv(from, NS))
  let local = beginning(firstSecond + (zone?.offsetAt(firstSecond) ?? 0), step)
  for (let i = 0; i < MOST_TICKS; i++, local = following(local, step)) {
    const instant = zone === undefined ? local : zone.firstAt(local)
    const at = BigInt(instant) * NS
    if (at > to) break
    if (at >= from && at !== ticks.at(-1)?.at) ticks.push({ at, ...labelsOf(local, step) })
  }
  return ticks
}

/** More than any chart is wide. */
const MOST_TICKS = 10_000

/** The tick at or before a local time, in seconds. */
function beginning(local: number, { unit, count }: TimeStep): number {
  const day = Math.floor(local / 86_400)
  switch (unit) {
    case 'second': {
      const midnight = day * 86_400
      return midnight + Math.floor((local - midnight) / count) * count
    }
    case 'monday':
      return (day - modulo(day + 3, 7)) * 86_400
    case 'day': {
      const { year, month, day: ofMonth } = civilFromDays(day)
      return daysFromCivil(year, month, ofMonth - ((ofMonth - 1) % count)) * 86_400
    }
    case 'month': {
      const { year, month } = civilFromDays(day)
      return daysFromCivil(year, month - ((month - 1) % count), 1) * 86_400
    }
    default: {
      const { year } = civilFromDays(day)
      return daysFromCivil(year - modulo(year, count), 1, 1) * 86_400
    }
  }
}

function following(local: number, step: TimeStep): number {
  const { unit, count } = step
  const day = Math.floor(local / 86_400)
  const { year, month, day: ofMonth } = civilFromDays(day)
  switch (unit) {
    case 'second':
      return local + count
    case 'monday':
      return local + 7 * 86_400
    case 'day': {
      // Every other day begins anew with each month: the 1st, the 3rd … and none right before the next 1st.
      const next = civilFromDays(day + count)
      if (next.month === month && next.day + count - 1 <= lastOf(year, month)) {
        return (day + count) * 86_400
      }
      const isLeft = count === 1 && ofMonth < lastOf(year, month)
      return isLeft ? (day + 1) * 86_400 : firstOfNext(year, month, 1) * 86_400
    }
    case 'month':
      return firstOfNext(year, month, count) * 86_400
    default:
      return daysFromCivil(year + count, 1, 1) * 86_400
  }
}

function lastOf(year: number, month: number): number {
  return firstOfNext(year, month, 1) - daysFromCivil(year, month, 1)
}

function firstOfNext(year: number, month: number, months: number): number {
  const after = month - 1 + months
  return daysFromCivil(year + Math.floor(after / 12), (after % 12) + 1, 1)
}

const modulo = (value: number, divisor: number) => ((value % divisor) + divisor) % divisor

function labelsOf(local: number, { unit, count }: TimeStep): { label: string; full: string } {
  const date = formatDate(Math.floor(local / 86_400))
  const cut = date.length - 6
  switch (unit) {
    case 'year':
      return same(date.slice(0, cut))
    case 'month':
      return same(date.slice(0, cut + 3))
    case 'day':
    case 'monday':
      return { label: date.slice(cut + 1), full: date }
    default: {
      const time = formatSeconds(BigInt(local)).slice(date.length + 1)
      const shown = count % 60 === 0 ? time.slice(0, 5) : time
      const isMidnight = modulo(local, 86_400) === 0
      return { label: isMidnight ? date.slice(cut + 1) : shown, full: `${date} ${shown}` }
    }
  }
}

const same = (label: string) => ({ label, full: label })

function fractionTicks(step: number, from: bigint, to: bigint, zone: Zone | undefined): TimeTick[] {
  const size = BigInt(step)
  const digits = 9 - Math.floor(Math.log10(step))
  const ticks: TimeTick[] = []
  const first = floorDiv(from + size - 1n, size) * size
  for (let at = first; at <= to && ticks.length < MOST_TICKS; at += size) {
    const second = floorDiv(at, NS)
    const local = second + BigInt(zone?.offsetAt(Number(second)) ?? 0)
    const fraction = (at - second * NS).toString().padStart(9, '0').slice(0, digits)
    const full = formatSeconds(local)
    const [date, time] = full.split('T') as [string, string]
    const label = at === second * NS ? time : `.${fraction}`
    ticks.push({ at, label, full: `${date} ${time}.${fraction}` })
  }
  return ticks
}
