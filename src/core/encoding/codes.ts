import type { Kernels } from './kernels.ts'
import type { PartReader } from './part-reader.ts'
import type { Parts } from './parts.ts'

// Codes: for each value which entry of a dictionary it is, counted from 0, the entries by how often they
// occur. A dictionary of one entry needs none; up to 256 entries take one plane, more take two, the
// high bytes first. Each plane is a stream.

/** Dictionaries have at most this many entries. */
export const MAX_ENTRIES = 65_536

export function encodeCodes(codes: Uint16Array, entries: number, parts: Parts): Parts {
  if (entries === 1) return parts
  if (entries > 256) {
    const high = new Uint8Array(codes.length)
    for (let i = 0; i < codes.length; i++) high[i] = codes[i]! >> 8
    parts.stream(high)
  }
  return parts.stream(new Uint8Array(codes))
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

/** The code of each value, where `found` says which entry it is and `ranked` lists the entries. */
export function codesOf(found: Uint16Array, ranked: readonly number[]): Uint16Array {
  const code = new Uint16Array(ranked.length)
  ranked.forEach((entry, rank) => {
    code[entry] = rank
  })
  const codes = new Uint16Array(found.length)
  for (let i = 0; i < found.length; i++) codes[i] = code[found[i]!]!
  return codes
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
  const limit = Math.min(MAX_ENTRIES, count >>> 1)
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
