import type { ObjectReader } from './objects.ts'
import { isAlone, pairedRuns, type Run, unlinkedRuns } from './series-diff-linked.ts'
import type { DiffSegment } from './series-diff-segments.ts'
import { markRuns, pairMarker } from './series-diff-values.ts'
import type { ColumnPair } from './series-match.ts'

/** Row numbers on either side, −1 where the row is on the other alone. */
export interface DiffRows {
  readonly old: Int32Array
  readonly new: Int32Array
  /**
   * For each pair that was compared, a 1 where the two rows differ in it, of rows that are on both
   * sides; undefined where none do. Present where it was asked for.
   */
  readonly cells?: readonly (Uint8Array | undefined)[]
}

/**
 * Of rows side by side, those that are on one side alone or have other values.
 * @param linked tells of rows that need not be compared, where both segments are whole
 */
export async function onlyChanged(
  x: DiffSegment,
  y: DiffSegment,
  runs: readonly Run[],
  pairs: readonly ColumnPair[],
  cells: boolean,
  linked?: ObjectReader,
): Promise<DiffRows> {
  const count = runs.reduce((sum, run) => sum + run.count, 0)
  const changed = new Uint8Array(count)
  const marks: (Uint8Array | undefined)[] = []
  let at = 0
  for (const run of runs) {
    if (isAlone(run)) changed.fill(1, at, at + run.count)
    at += run.count
  }
  const paired = pairedRuns(runs)
  if (paired.length > 0) {
    await x.chunkLists(pairs.flatMap((pair) => pair.old ?? []))
    await y.chunkLists(pairs.flatMap((pair) => pair.new ?? []))
    for (const pair of pairs) {
      const { old, new: fresh } = pair
      const compared =
        linked === undefined || old === undefined || fresh === undefined
          ? paired
          : await unlinkedRuns(linked, x, old, y, fresh, paired)
      const found = cells ? new Uint8Array(count) : changed
      const any = compared.length > 0 && markRuns(compared, await pairMarker(x, y, pair), found)
      if (cells) marks.push(any ? found : undefined)
    }
    for (const mark of marks) {
      if (mark === undefined) continue
      for (let i = 0; i < count; i++) changed[i]! |= mark[i]!
    }
  }
  const places = placesOf(changed)
  const rows = rowsAt(runs, places)
  if (!cells) return rows
  return {
    ...rows,
    cells: marks.map((mark) => mark && Uint8Array.from(places, (place) => mark[place]!)),
  }
}

/** Where marks are set. */
function placesOf(marks: Uint8Array): Uint32Array {
  const places: number[] = []
  for (let at = marks.indexOf(1); at >= 0; at = marks.indexOf(1, at + 1)) places.push(at)
  return Uint32Array.from(places)
}

/** The rows of either side at ascending places among those of all runs. */
function rowsAt(runs: readonly Run[], places: Uint32Array): DiffRows {
  const old = new Int32Array(places.length)
  const fresh = new Int32Array(places.length)
  let start = 0
  let i = 0
  for (const run of runs) {
    for (; i < places.length && places[i]! < start + run.count; i++) {
      const within = places[i]! - start
      old[i] = run.old < 0 ? -1 : run.old + within
      fresh[i] = run.new < 0 ? -1 : run.new + within
    }
    start += run.count
  }
  return { old, new: fresh }
}
