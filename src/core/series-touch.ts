import { compareBytes } from './bytes.ts'
import { branchBit } from './key.ts'
import type { ProllyEdit } from './prolly.ts'
import type { SegmentColumns } from './series-columns.ts'
import type { SegmentEntry } from './series-segment.ts'

/** The bit before which all keys of a segment agree; past the end of the key for a single row. */
export function sharedBits({ key, last }: SegmentEntry): number {
  const bit = branchBit(key, last)
  return bit < 0 ? key.length * 8 : bit
}

/** Whether two keys agree in the bits before `bits`. */
export function agree(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const bit = branchBit(a, b)
  return bit < 0 || bit >= bits
}

/** The first row of `[from, to)` that holds, where all after one that holds do; `to` if none. */
export function firstRow(from: number, to: number, holds: (row: number) => boolean): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** Removals (of first keys) and additions, in any and in key order, as edits of the tree. */
export function treeEdits(
  removed: Uint8Array[],
  added: SegmentEntry[],
): ProllyEdit<SegmentColumns>[] {
  removed.sort(compareBytes)
  const edits: ProllyEdit<SegmentColumns>[] = []
  let i = 0
  for (const entry of added) {
    for (; i < removed.length; i++) {
      const order = compareBytes(removed[i]!, entry.key)
      if (order > 0) break
      if (order < 0) edits.push({ key: removed[i]!, entry: undefined })
    }
    edits.push({ key: entry.key, entry })
  }
  for (; i < removed.length; i++) edits.push({ key: removed[i]!, entry: undefined })
  return edits
}
