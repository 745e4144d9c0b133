import { floorDiv } from '../../core/floor-div.ts'
import { formatDate, formatInstant } from '../../core/time.ts'
import type { PlotData } from '../plot-data.ts'
import { plainLabel } from './chart-ticks.ts'

const NS = 1_000_000_000n

/** The time, date, number or row at which a chart begins or ends, or at a part of the way between. */
export function axisText(plot: PlotData, share: number): string {
  const { axis, exact, from, to } = plot
  if (exact === undefined || axis.kind === 'number' || axis.kind === 'row') {
    const position = from * (1 - share) + to * share
    return plainLabel(axis.kind === 'row' ? Math.round(position) : position)
  }
  const span = exact.to - exact.from
  const place = share >= 1 ? exact.to : exact.from + BigInt(Math.floor(Number(span) * share))
  if (axis.kind === 'date') return formatDate(Number(floorDiv(place, 86_400n * NS)))
  const whole = floorDiv(place, NS)
  const isLong = span > 10_000n * NS || place === whole * NS
  if (isLong) return formatInstant(whole, 'timestamp_s', axis.zone)
  return formatInstant(place, 'timestamp_ns', axis.zone)
}

/** Where a bucket of a chart begins, as text. */
export function bucketText(plot: PlotData, bucket: number): string {
  const line = plot.columns[0]?.after ?? plot.columns[0]?.before
  return axisText(plot, bucket / (line?.rows.length ?? 1))
}
