import type { Operation } from './delta-operations.ts'

/** There is no such row. */
export const NONE = 0x7fff_ffff

/** Where rows put in come from, by the number of the row put in. */
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

export function rowPlaces(operations: readonly Operation[], put: number): RowPlaces {
  const rows = new Uint32Array(put)
  const replaced = new Int32Array(put)
  const before = new Int32Array(put)
  const beforeThat = new Int32Array(put)
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
