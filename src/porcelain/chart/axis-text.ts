import { floorDiv } from '../../core/floor-div.ts'
import type { Place } from '../../core/plot-buckets.ts'
import { formatDate, formatInstant } from '../../core/time.ts'
import type { PlotColumn, PlotData, PlotLine } from '../plot-data.ts'
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
export function bucketRows(column: PlotColumn, bucket: number): BucketRows | undefined {
  const [first, last] = endsOf(column, bucket)
  return first && last && { from: first.at, to: last.at }
}

interface BucketEnd {
  readonly at: Place
  readonly key: string | undefined
}

function endsOf({ after, before }: PlotColumn, bucket: number) {
  const end = (line: PlotLine | undefined, side: 'first' | 'last'): BucketEnd | undefined => {
    const at = line?.[`${side}At`][bucket]
    return at === undefined ? undefined : { at, key: line?.[`${side}Key`]?.[bucket] }
  }
  const [from, otherFrom] = [end(after, 'first'), end(before, 'first')]
  const [to, otherTo] = [end(after, 'last'), end(before, 'last')]
  return [
    from === undefined || (otherFrom !== undefined && otherFrom.at < from.at) ? otherFrom : from,
    to === undefined || (otherTo !== undefined && otherTo.at > to.at) ? otherTo : to,
  ] as const
}

/**
 * What a bucket of a column is at: the index of its row, of the first and the last where there are several, or their
 * keys; where it has none, where it begins.
 */
export function bucketText(
  plot: PlotData,
  column: PlotColumn,
  bucket: number,
): { readonly first: string; readonly last: string | undefined } {
  const [from, to] = endsOf(column, bucket)
  const name = { number: `${plot.axis.name} `, row: 'row ', time: '', date: '' }[plot.axis.kind]
  if (from === undefined || to === undefined) {
    const buckets = (column.after ?? column.before)?.rows.length ?? 1
    return { first: name + axisText(plot, bucket / buckets), last: undefined }
  }
  const last = from.at === to.at ? undefined : (to.key ?? placeText(plot, to.at))
  return { first: from.key ?? name + placeText(plot, from.at), last }
}

/** A place of a row as its index is written. */
function placeText({ axis }: PlotData, place: Place): string {
  if (typeof place === 'number' || axis.kind === 'number' || axis.kind === 'row') return `${place}`
  // A version whose index is finer than the other's has times on an axis of dates.
  if (axis.kind === 'date' && place % DAY === 0n) return formatDate(Number(place / DAY))
  return formatInstant(place, 'timestamp_ns', axis.zone)
}
