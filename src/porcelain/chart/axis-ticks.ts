import type { PlotData } from '../plot-data.ts'
import { valueTicks } from './chart-ticks.ts'
import { shareOf } from './share-of.ts'
import { timeTicks } from './time-ticks.ts'

/** A tick of the horizontal axis. */
export interface AxisTick {
  /** How far it is from the left end, as a part of the width. */
  readonly share: number
  /** The character that it is in. */
  readonly column: number
  readonly label: string
  /** With what the label leaves out, for the first. */
  readonly full: string
}

/** Ticks of the horizontal axis of a chart, `width` characters wide. */
export function axisTicks(plot: PlotData, width: number): AxisTick[] {
  const place = (share: number) => ({
    share,
    column: Math.max(0, Math.min(width - 1, Math.floor(share * width))),
  })
  const { axis, exact } = plot
  if (axis.kind === 'time' || axis.kind === 'date') {
    // No row has said when it is.
    if (exact === undefined) return []
    const { zone } = axis
    const span = exact.to - exact.from
    return timeTicks(exact, width, { zone, isDates: axis.kind === 'date' }).map(
      ({ at, label, full }) => ({ ...place(Number(at - exact.from) / Number(span)), label, full }),
    )
  }
  const isWhole = axis.kind === 'row'
  const most = Math.max(2, Math.floor(width / 12))
  return valueTicks(plot.from, plot.to, most, { isWhole }).map(({ value, label }) => ({
    ...place(shareOf(plot.from, plot.to, value)),
    label,
    full: label,
  }))
}
