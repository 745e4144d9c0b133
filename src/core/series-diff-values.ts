import { type Column, isNull } from './column.ts'
import { markDifferences, widenColumn } from './column-ops.ts'
import { hasCode } from './errors.ts'
import type { PlacedRun } from './series-diff-linked.ts'
import type { DiffSegment } from './series-diff-segments.ts'
import { type ColumnPair, commonType } from './series-match.ts'

/** Marks rows whose values differ; whether there are any. */
export function markRuns(runs: readonly PlacedRun[], mark: Marker, marks: Uint8Array): boolean {
  let any = false
  for (const { old, new: fresh, count, place } of runs) {
    if (mark(old, fresh, marks.subarray(place, place + count))) any = true
  }
  return any
}

/** Marks rows whose values differ, from one of either side on; whether there are any. */
type Marker = (i: number, j: number, marks: Uint8Array) => boolean

/** Compares values of matched columns; a column that one side lacks is null there. */
export async function pairMarker(
  x: DiffSegment,
  y: DiffSegment,
  pair: ColumnPair,
): Promise<Marker> {
  const a = pair.old === undefined ? undefined : await x.column(pair.old)
  const b = pair.new === undefined ? undefined : await y.column(pair.new)
  if (a === undefined) return (_, j, marks) => markValues(b!, j, marks)
  if (b === undefined) return (i, _, marks) => markValues(a, i, marks)
  const between = (c: Column, d: Column): Marker => {
    return (i, j, marks) => markDifferences(c, i, d, j, marks)
  }
  const type = commonType(a.type, b.type)
  if (type === undefined) return between(a, b)
  try {
    return between(widenColumn(a, type), widenColumn(b, type))
  } catch (error) {
    // A value that the wider type cannot hold: no row is taken for equal then, unless it is null.
    if (hasCode(error, 'invalid-value')) return between(a, b)
    throw error
  }
}

/** Marks rows with a value. */
function markValues(column: Column, from: number, marks: Uint8Array): boolean {
  let any = false
  for (let n = 0; n < marks.length; n++) {
    if (isNull(column, from + n)) continue
    marks[n] = 1
    any = true
  }
  return any
}
