import { branchBit } from './key.ts'

/**
 * The radix split: how a sorted run of rows is cut into segments so that the result depends on
 * the rows alone.
 *
 * Keys are bit strings, bit 0 the most significant. A run of more than `cap` rows is cut at the
 * most significant bit in which its first and its last key differ, rows with 0 to the left, rows
 * with 1 to the right; each part again. In other words: take the binary trie of the keys; a
 * segment is a node of at most `cap` rows whose parent has more.
 *
 * Two neighbouring rows differ first at their branching bit. A boundary with branching bit b is
 * a cut exactly when the trie node that branches at b holds more than `cap` rows; so beside a
 * known cut at b, every run that branches above b (at a smaller index) is cut there too. This is
 * what lets rows be split as they stream by, and a stretch of a series be split without the rest.
 */

/** Rows per segment at most: a constant of the format. */
export const SEGMENT_ROWS = 32_768

/** Canonical bytes that one chunk of a column may have at most, unless it is a single row. */
export const CHUNK_BYTES = 8 * 1024 * 1024

/** The two constants as a parameter, so that tests can split little data deeply. */
export interface SplitLimits {
  /** A power of two. */
  readonly segmentRows: number
  readonly chunkBytes: number
}

export const SPLIT_LIMITS: SplitLimits = { segmentRows: SEGMENT_ROWS, chunkBytes: CHUNK_BYTES }

/** Some consecutive rows, in key order, that can be cut by row. */
export interface Run<R> {
  readonly rows: number
  readonly first: Uint8Array
  readonly last: Uint8Array
  /** Rows before the first whose key has a 1 at `bit`; all keys agree in the bits before it. */
  rowsBefore(bit: number): number
  slice(from: number, to: number): R
}

/** The bit at which a sequence of runs branches; Infinity for a single row. */
function topBit<R extends Run<R>>(runs: readonly R[]): number {
  const bit = branchBit(runs[0]!.first, runs[runs.length - 1]!.last)
  return bit < 0 ? Number.POSITIVE_INFINITY : bit
}

export function bitOf(key: Uint8Array, bit: number): number {
  return ((key[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1
}

/** Rows in `[0, rows)` before the first with a 1 at `bit`, all keys agreeing in the bits before. */
export function searchBit(rows: number, keyAt: (row: number) => Uint8Array, bit: number): number {
  let low = 0
  let high = rows
  while (low < high) {
    const middle = (low + high) >>> 1
    if (bitOf(keyAt(middle), bit) === 1) high = middle
    else low = middle + 1
  }
  return low
}

function cutAt<R extends Run<R>>(runs: readonly R[], bit: number): [R[], R[]] {
  let low = 0
  let high = runs.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (bitOf(runs[middle]!.last, bit) === 1) high = middle
    else low = middle + 1
  }
  const left = runs.slice(0, low)
  const right = runs.slice(low)
  const straddling = right[0]!
  if (bitOf(straddling.first, bit) === 0) {
    const rows = straddling.rowsBefore(bit)
    left.push(straddling.slice(0, rows))
    right[0] = straddling.slice(rows, straddling.rows)
  }
  return [left, right]
}

export function countRows<R extends Run<R>>(runs: readonly R[]): number {
  let rows = 0
  for (const run of runs) rows += run.rows
  return rows
}

/**
 * Cuts the rows between two boundaries that are known to be cuts; `left` and `right` are their
 * branching bits, −1 at the ends of a series.
 */
export function* partition<R extends Run<R>>(
  runs: readonly R[],
  left: number,
  right: number,
  cap: number,
): Generator<R[]> {
  if (runs.length === 0) return
  const parts = [{ runs, left, right }]
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const bit = topBit(part.runs)
    if (bit < part.left || bit < part.right || countRows(part.runs) > cap) {
      const [before, after] = cutAt(part.runs, bit)
      parts.push({ runs: after, left: bit, right: part.right })
      parts.push({ runs: before, left: part.left, right: bit })
    } else {
      yield [...part.runs]
    }
  }
}

/**
 * Splits rows as they arrive in key order, holding at most `cap` rows and one run. Each generator
 * yields complete segments, as the runs they are made of, and must be run to its end.
 */
export class RadixSplitter<R extends Run<R>> {
  readonly #cap: number
  #pending: R[] = []
  #rows = 0
  #left = -1

  constructor(cap: number = SEGMENT_ROWS) {
    this.#cap = cap
  }

  /**
   * Begins anew after a boundary that is known to be a cut, whose branching bit is `left`; −1 for
   * the start of a series. Nothing may be pending.
   */
  begin(left: number): void {
    this.#left = left
  }

  *push(run: R): Generator<R[]> {
    if (run.rows === 0) return
    this.#pending.push(run)
    this.#rows += run.rows
    while (true) {
      const bit = topBit(this.#pending)
      if (this.#rows <= this.#cap && bit >= this.#left) return
      const [before, after] = cutAt(this.#pending, bit)
      const left = this.#left
      this.#pending = after
      this.#rows = countRows(after)
      this.#left = bit
      yield* partition(before, left, bit, this.#cap)
    }
  }

  /**
   * Ends at a boundary that is known to be a cut: `right` is its branching bit, −1 at the end of
   * the series.
   */
  *finish(right = -1): Generator<R[]> {
    const runs = this.#pending
    this.#pending = []
    this.#rows = 0
    yield* partition(runs, this.#left, right, this.#cap)
  }
}

/**
 * Cuts a segment's rows into the chunks in which one of its columns is stored: while a part's
 * canonical bytes pass `limit`, it is cut by the radix split with half the cap, and again. Most
 * columns come back whole.
 * @param bytesOf canonical length of the column from row `from` to row `to` (exclusive)
 * @returns rows of each chunk
 */
export function cutChunks<R extends Run<R>>(
  runs: readonly R[],
  bytesOf: (from: number, to: number) => number,
  limits: SplitLimits = SPLIT_LIMITS,
): number[] {
  const sizes: number[] = []
  const cut = (part: readonly R[], from: number, cap: number): number => {
    const to = from + countRows(part)
    if (cap <= 1 || bytesOf(from, to) <= limits.chunkBytes) {
      sizes.push(to - from)
      return to
    }
    let at = from
    for (const piece of partition(part, -1, -1, cap >>> 1)) at = cut(piece, at, cap >>> 1)
    return at
  }
  cut(runs, 0, limits.segmentRows)
  return sizes
}
