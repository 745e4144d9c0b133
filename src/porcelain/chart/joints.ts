import type { PlotLine } from '../plot-data.ts'

export interface AxisRange {
  readonly from: number
  readonly to: number
}

/** Without a row for so many times the usual distance, rows are taken to be missing. */
const GAP_STEPS = 4

/** Where a line goes on from one bucket with a value to the next. */
export interface Joints {
  /** For each bucket with a value whether it is joined to what is before it: a bucket, or the row outside. */
  readonly before: Uint8Array
  /** Whether the last is joined to the row behind the range. */
  readonly next: boolean
}

/**
 * A line is not drawn across rows without a value, nor where rows seem to be missing: where there is none for
 * several times the usual distance of rows.
 */
export function jointsOf(line: PlotLine, range: AxisRange): Joints {
  const { rows, low, first, last } = line
  const buckets = rows.length
  const bucketOf = (at: number) => ((at - range.from) / (range.to - range.from)) * buckets
  const most = emptyBucketsAcross(line, range)
  const before = new Uint8Array(buckets)
  // Where the line comes from, in buckets; undefined where it is broken off.
  let from = outside(line.previous, bucketOf)
  for (let bucket = 0; bucket < buckets; bucket++) {
    if (rows[bucket] === 0) continue
    const isJoined = from !== undefined && bucket - from - 1 <= most
    if (isJoined && !Number.isNaN(first[bucket]!)) before[bucket] = 1
    from = Number.isNaN(low[bucket]!) || Number.isNaN(last[bucket]!) ? undefined : bucket
  }
  const to = outside(line.next, bucketOf)
  return { before, next: from !== undefined && to !== undefined && to - from - 1 <= most }
}

function outside(point: PlotLine['next'], bucketOf: (at: number) => number): number | undefined {
  return point === undefined || Number.isNaN(point.value) ? undefined : bucketOf(point.at)
}

/** How many buckets without a row a line crosses. */
function emptyBucketsAcross({ rows, positions, step }: PlotLine, range: AxisRange): number {
  if (positions < 3) {
    if (step === undefined) return Number.POSITIVE_INFINITY
    return (GAP_STEPS * step * rows.length) / (range.to - range.from)
  }
  const first = rows.findIndex((count) => count > 0)
  const last = rows.findLastIndex((count) => count > 0)
  return (GAP_STEPS * (last - first)) / (positions - 1)
}
