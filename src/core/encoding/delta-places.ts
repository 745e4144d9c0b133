import type { Operation } from './delta-operations.ts'

/** There is no such row. */
export const NONE = 0x7fff_ffff

/** Where rows put in come from, by the number of the row put in. They hold until the next are made. */
export interface RowPlaces {
  /** Their rows in the new column. */
  readonly rows: Uint32Array
  /** The row of the base in whose place they stand; NONE without. */
  readonly replaced: Int32Array
  /** The row before: of the base, or as −1 − n the row put in n; NONE for the first of all. */
  readonly before: Int32Array
  /** The row before that. */
  readonly beforeThat: Int32Array
}

/** For the places of a segment's rows, which are wanted for a moment only. */
const KEPT_ROWS = 1 << 16
const kept = new ArrayBuffer(4 * 4 * KEPT_ROWS)

export function rowPlaces(operations: readonly Operation[], put: number): RowPlaces {
  const memory = put <= KEPT_ROWS ? kept : new ArrayBuffer(4 * 4 * put)
  const rows = new Uint32Array(memory, 0, put)
  const replaced = new Int32Array(memory, 4 * put, put)
  const before = new Int32Array(memory, 8 * put, put)
  const beforeThat = new Int32Array(memory, 12 * put, put)
  let at = 0
  let from = 0
  let number = 0
  let last = NONE
  let lastButOne = NONE
  for (const operation of operations) {
    from += operation.kept
    at += operation.kept
    if (operation.kept > 0) {
      lastButOne = operation.kept > 1 ? from - 2 : last
      last = from - 1
    }
    for (let i = 0; i < operation.put; i++) {
      rows[number] = at + i
      replaced[number] = i < operation.left ? from + i : NONE
      before[number] = last
      beforeThat[number] = lastButOne
      lastButOne = last
      last = -1 - number
      number++
    }
    at += operation.put
    from += operation.left
  }
  return { rows, replaced, before, beforeThat }
}

/** Rows from one on, up to `end`, that stand in place of rows which follow each other. */
export function runInPlace(replaced: Int32Array, from: number, end: number): number {
  const first = replaced[from]!
  if (first === NONE || from >= end) return 0
  let row = from + 1
  while (row < end && replaced[row] === first + row - from) row++
  return row - from
}
