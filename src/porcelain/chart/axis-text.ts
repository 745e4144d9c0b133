import { floorDiv } from '../../core/floor-div.ts'
import type { Place } from '../../core/plot-buckets.ts'
import { formatDate, formatInstant } from '../../core/time.ts'
import type { PlotColumn, PlotData } from '../plot-data.ts'
import { plainLabel } from './chart-ticks.ts'

const NS = 1_000_000_000n
const DAY = 86_400n * NS

/** The time, date, number or row at which a chart begins or ends, or at a part of the way between. */
export function axisText(plot: PlotData, share: number): string {
  const { axis, exact, from, to } = plot
  if (exact === undefined || axis.kind === 'number' || axis.kind === 'row') {
    const position = from * (1 - share) + to * share
    return plainLabel(axis.kind === 'row' ? Math.round(position) : position)
  }
  const span = exact.to - exact.from
  const place = share >= 1 ? exact.to : exact.from + BigInt(Math.floor(Number(span) * share))
  if (axis.kind === 'date') return formatDate(Number(floorDiv(place, DAY)))
  const whole = floorDiv(place, NS)
  const isLong = span > 10_000n * NS || place === whole * NS
  if (isLong) return formatInstant(whole, 'timestamp_s', axis.zone)
  return formatInstant(place, 'timestamp_ns', axis.zone)
}

/** The rows of one bucket of a column, of both versions: the places of the first and the last. */
export interface BucketRows {
  readonly from: Place
  readonly to: Place
}

/** Undefined where neither version has a row there. */
export function bucketRows({ after, before }: PlotColumn, bucket: number): BucketRows | undefined {
  const [from, other] = [after?.firstAt[bucket], before?.firstAt[bucket]]
  const [to, otherTo] = [after?.lastAt[bucket], before?.lastAt[bucket]]
  const first = from === undefined || (other !== undefined && other < from) ? other : from
  const last = to === undefined || (otherTo !== undefined && otherTo > to) ? otherTo : to
  return first === undefined || last === undefined ? undefined : { from: first, to: last }
}

/**
 * What a bucket of a column is at: the index of its row, of the first and the last where there are several; where it
 * has none, where it begins.
 */
export function bucketText(
  plot: PlotData,
  column: PlotColumn,
  bucket: number,
): { readonly first: string; readonly last: string | undefined } {
  const rows = bucketRows(column, bucket)
  const name = { number: `${plot.axis.name} `, row: 'row ', time: '', date: '' }[plot.axis.kind]
  if (rows === undefined) {
    const buckets = (column.after ?? column.before)?.rows.length ?? 1
    return { first: name + axisText(plot, bucket / buckets), last: undefined }
  }
  const last = rows.from === rows.to ? undefined : placeText(plot, rows.to)
  return { first: name + placeText(plot, rows.from), last }
}

/** A place of a row as its index is written. */
function placeText({ axis }: PlotData, place: Place): string {
  if (typeof place === 'number' || axis.kind === 'number' || axis.kind === 'row') return `${place}`
  // A version whose index is finer than the other's has times on an axis of dates.
  if (axis.kind === 'date' && place % DAY === 0n) return formatDate(Number(place / DAY))
  return formatInstant(place, 'timestamp_ns', axis.zone)
}
