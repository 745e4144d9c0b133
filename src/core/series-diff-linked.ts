import { operationsBetween } from './column-links.ts'
import type { Operation } from './encoding/delta-operations.ts'
import type { ObjectReader } from './objects.ts'
import { sameChunks } from './series-columns.ts'
import type { LoadedSegment } from './series-load.ts'

// Which rows of two segments are the same tells how the columns of the one are stored as differences to those of
// the other: what they keep need be neither made nor compared.

/** Rows that follow each other under the same keys on both sides; −1 for the side that has none of them. */
export interface Run {
  readonly old: number
  readonly new: number
  readonly count: number
}

export function isAlone(run: Run): boolean {
  return run.old < 0 || run.new < 0
}

/** The rows of two segments with no others between their keys, side by side; undefined where that is not certain. */
export async function linkedRuns(
  reader: ObjectReader,
  old: LoadedSegment,
  fresh: LoadedSegment,
): Promise<Run[] | undefined> {
  // Only one column without equal keys has the order of the keys.
  if (old.indexPositions.length !== 1 || old.duplicates || fresh.duplicates) return undefined
  const operations = await between(reader, old, 0, fresh, 0)
  // What stands in place of other keys may be some of them, and in any order with the rest.
  if (operations?.some(({ left, put }) => left > 0 && put > 0) !== false) return undefined
  const runs: Run[] = []
  const add = (run: Run) => {
    if (run.count > 0) runs.push(run)
  }
  const fits = eachStretch(operations, old.rows, fresh.rows, (from, to, { kept, left, put }) => {
    add({ old: from, new: to, count: kept })
    add({ old: from + kept, new: -1, count: left })
    add({ old: -1, new: to + kept, count: put })
  })
  return fits ? runs : undefined
}

/** Some of the rows of runs, and the place of the first of them among all. */
export interface PlacedRun extends Run {
  readonly place: number
}

/** The rows of runs that are on both sides, at their places. */
export function pairedRuns(runs: readonly Run[]): PlacedRun[] {
  const paired: PlacedRun[] = []
  let place = 0
  for (const run of runs) {
    if (!isAlone(run)) paired.push({ ...run, place })
    place += run.count
  }
  return paired
}

/** Of rows on both sides those that may differ in a column: all, where that cannot be told. */
export async function unlinkedRuns(
  reader: ObjectReader,
  old: LoadedSegment,
  before: number,
  fresh: LoadedSegment,
  after: number,
  runs: readonly PlacedRun[],
): Promise<readonly PlacedRun[]> {
  const operations = await between(reader, old, before, fresh, after)
  if (operations === undefined) return runs
  const kept: Run[] = []
  const fits = eachStretch(operations, old.rows, fresh.rows, (from, to, stretch) => {
    if (stretch.kept > 0) kept.push({ old: from, new: to, count: stretch.kept })
  })
  return fits ? without(runs, kept) : runs
}

/** Rows of runs that no others have side by side; both in order. */
function without(runs: readonly PlacedRun[], others: readonly Run[]): PlacedRun[] {
  const left: PlacedRun[] = []
  let first = 0
  for (const run of runs) {
    const end = run.new + run.count
    let at = run.new
    const leave = (to: number) => {
      const ahead = at - run.new
      if (to <= at) return
      left.push({ old: run.old + ahead, new: at, count: to - at, place: run.place + ahead })
    }
    while (first < others.length && others[first]!.new + others[first]!.count <= at) first++
    for (let i = first; i < others.length && others[i]!.new < end; i++) {
      const other = others[i]!
      if (other.new - other.old !== run.new - run.old) continue
      leave(Math.max(at, other.new))
      at = Math.min(end, other.new + other.count)
    }
    leave(end)
  }
  return left
}

/** What makes a column of one segment that of another, each of a single chunk. */
async function between(
  reader: ObjectReader,
  old: LoadedSegment,
  before: number,
  fresh: LoadedSegment,
  after: number,
): Promise<readonly Operation[] | undefined> {
  const [a] = await old.chunkLists([before])
  const [b] = await fresh.chunkLists([after])
  if (sameChunks(a!, b!)) return []
  if (a!.length !== 1 || b!.length !== 1) return undefined
  return operationsBetween(reader, a![0]!.id, b![0]!.id)
}

/** Calls `stretch` for each operation and for what is kept behind the last; false where they do not fit. */
function eachStretch(
  operations: readonly Operation[],
  before: number,
  after: number,
  stretch: (old: number, fresh: number, operation: Operation) => void,
): boolean {
  let old = 0
  let fresh = 0
  for (const operation of operations) {
    stretch(old, fresh, operation)
    old += operation.kept + operation.left
    fresh += operation.kept + operation.put
  }
  const rest = before - old
  if (rest < 0 || fresh + rest !== after) return false
  stretch(old, fresh, { kept: rest, left: 0, put: 0 })
  return true
}
