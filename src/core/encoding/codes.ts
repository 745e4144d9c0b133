import type { Kernels } from './kernels.ts'
import type { PartReader } from './part-reader.ts'
import type { Parts } from './parts.ts'

// Codes: for each value which entry of a dictionary it is, counted from 0, the entries by how often they
// occur. A dictionary of one entry needs none; up to 256 entries take one plane, more take two, the
// high bytes first. Each plane is a stream.

/** Dictionaries have at most this many entries. */
export const MAX_ENTRIES = 65_536

/**
 * Adds the codes of values.
 * @param found for each value which entry it is
 * @param ranked all entries in the order of their codes
 */
export function encodeCodes(found: Uint16Array, ranked: readonly number[], parts: Parts): Parts {
  if (ranked.length === 1) return parts
  const codes = new Uint16Array(ranked.length)
  ranked.forEach((entry, rank) => {
    codes[entry] = rank
  })
  if (ranked.length > 256) parts.stream(planeOf(found, codes, 8))
  return parts.stream(planeOf(found, codes, 0))
}

/** Eight bits of the code of each value, from bit `shift` on. */
function planeOf(found: Uint16Array, codes: Uint16Array, shift: number): Uint8Array {
  const bytes = Uint8Array.from(codes, (code) => code >> shift)
  const plane = new Uint8Array(found.length)
  for (let i = 0; i < plane.length; i++) plane[i] = bytes[found[i]!]!
  return plane
}

/** `count` codes, each checked to be that of an entry. */
export function decodeCodes(reader: PartReader, entries: number, count: number): Uint16Array {
  const codes = new Uint16Array(count)
  if (entries === 1) return codes
  const high = entries > 256 ? reader.stream(count) : undefined
  const low = reader.stream(count)
  for (let i = 0; i < count; i++) {
    const code = (high === undefined ? 0 : high[i]! << 8) | low[i]!
    if (code >= entries) throw reader.error('a code without an entry')
    codes[i] = code
  }
  return codes
}

/** Numbers of entries, those that occur most often first, equals in the given order. */
export function byFrequency(
  order: ArrayLike<number> & Iterable<number>,
  counts: Uint32Array,
): number[] {
  const most = counts.reduce((a, b) => Math.max(a, b), 0)
  const starts = new Uint32Array(most + 2)
  for (const entry of order) starts[most - counts[entry]! + 1]!++
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!
  const result = new Array<number>(order.length)
  for (const entry of order) result[starts[most - counts[entry]!]!++] = entry
  return result
}

/** Distinct values, in the order in which they first occur. */
export interface Distinct {
  /** For each, which value is the first of them. */
  readonly firsts: Uint32Array
  /** For each, how many values are it. */
  readonly counts: Uint32Array
  /** For each value, which it is. */
  readonly found: Uint16Array
}

/** Of so many values at most so many may be distinct for a dictionary to pay. */
export function mostEntries(count: number): number {
  return Math.min(MAX_ENTRIES, count >>> 1)
}

/**
 * What a kernel finds among `count` values; undefined where more than half of them, or more than a
 * dictionary holds, are distinct. `run` is given the kernel's last arguments.
 */
export function findDistinct(
  count: number,
  kernels: Kernels,
  run: (
    limit: number,
    table: number,
    bits: number,
    firsts: number,
    counts: number,
    found: number,
  ) => number,
): Distinct | undefined {
  const limit = mostEntries(count)
  const bits = Math.ceil(Math.log2(2 * Math.max(8, limit)))
  return kernels.scope(() => {
    const table = kernels.words(2 ** bits)
    const firsts = kernels.words(limit)
    const counts = kernels.words(limit)
    const found = kernels.bytes(2 * count)
    const [a, b, c, d] = [table, firsts, counts, found].map((array) => array.byteOffset)
    const entries = run(limit, a!, bits, b!, c!, d!)
    if (entries < 0) return undefined
    return {
      firsts: firsts.slice(0, entries),
      counts: counts.slice(0, entries),
      found: new Uint16Array(found.slice().buffer),
    }
  })
}
