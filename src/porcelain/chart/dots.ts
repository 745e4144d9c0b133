import type { PlotLine } from '../plot-data.ts'
import { type AxisRange, jointsOf } from './joints.ts'
import { shareOf } from './share-of.ts'

/** What one version of a column takes in each column of dots: rows of dots, counted from the top. */
export interface DotRuns {
  /** The first and the last dot; −1 where there is none. */
  readonly top: Int32Array
  readonly bottom: Int32Array
}

/** Where values are on the vertical axis. */
export interface ValueScale {
  readonly low: number
  readonly high: number
  /** Rows of dots. */
  readonly dots: number
}

/** The row of dots of a value within the scale, counted from the top. */
export function dotOf({ low, high, dots }: ValueScale, value: number): number {
  return Math.round(shareAbove({ low, high }, value) * (dots - 1))
}

/** How far a value is from the top, as a part of the scale. */
export function shareAbove({ low, high }: Pick<ValueScale, 'low' | 'high'>, value: number): number {
  return Math.min(1, Math.max(0, shareOf(high, low, value)))
}

/** A place of a line: where it comes in and where it goes on. */
interface Stop {
  readonly at: number
  readonly first: number
  readonly last: number
}

/**
 * The dots of a line. Each column has all from the smallest to the largest value of its buckets; columns
 * without rows are crossed, but where rows lack a value or many seem to be missing.
 *
 * @param range of the axis, for what lies outside it
 */
export function dotRuns(
  line: PlotLine,
  scale: ValueScale,
  width: number,
  range: AxisRange,
): DotRuns {
  const runs: DotRuns = {
    top: new Int32Array(width).fill(-1),
    bottom: new Int32Array(width).fill(-1),
  }
  const buckets = line.rows.length
  const joints = jointsOf(line, range)
  const placeOf = (position: number) =>
    ((position - range.from) / (range.to - range.from)) * (width - 1)
  const outside = (point: PlotLine['next']): Stop | undefined =>
    point && { at: placeOf(point.at), first: point.value, last: point.value }
  let stop = outside(line.previous)
  for (let bucket = 0; bucket < buckets; bucket++) {
    const low = line.low[bucket]!
    if (Number.isNaN(low)) continue
    const at = Math.min(width - 1, Math.floor(((bucket + 0.5) / buckets) * width))
    extend(runs, at, dotOf(scale, line.high[bucket]!), dotOf(scale, low))
    const here = { at, first: line.first[bucket]!, last: line.last[bucket]! }
    if (joints.before[bucket] === 1) join(runs, scale, stop!, here)
    stop = here
  }
  const next = outside(line.next)
  if (joints.next) join(runs, scale, stop!, next!)
  return runs
}

function extend({ top, bottom }: DotRuns, at: number, from: number, to: number): void {
  if (top[at] === -1 || from < top[at]!) top[at] = from
  if (to > bottom[at]!) bottom[at] = to
}

/** Draws from one stop to the next, with no dot between columns that do not touch. */
function join(runs: DotRuns, scale: ValueScale, from: Stop, to: Stop): void {
  const width = runs.top.length
  if (to.at === from.at) return
  const [a, b] = [heightOf(scale, from.last), heightOf(scale, to.first)]
  const start = Math.max(0, Math.ceil(from.at))
  const end = Math.min(width - 1, Math.floor(to.at))
  const heightAt = (at: number) => {
    const share = Math.min(1, Math.max(0, (at - from.at) / (to.at - from.at)))
    return Math.round(a + (b - a) * share)
  }
  for (let at = start; at <= end; at++) {
    const [left, here, right] = [at - 0.5, at, at + 0.5].map(heightAt) as [number, number, number]
    const reached = [here]
    if (at > from.at) reached.push(left)
    if (at < to.at) reached.push(right)
    const [high, low] = [Math.min(...reached), Math.max(...reached)]
    // Outside the scale a line is cut off.
    if (low < 0 || high >= scale.dots) continue
    extend(runs, at, Math.max(0, high), Math.min(scale.dots - 1, low))
  }
}

/** As {@link dotOf}, for values outside the scale too. */
function heightOf({ low, high, dots }: ValueScale, value: number): number {
  if (low === high) return Math.round((dots - 1) / 2)
  return Math.max(-1e6, Math.min(1e6, shareOf(high, low, value) * (dots - 1)))
}
