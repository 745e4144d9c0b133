import { compareBytes } from './bytes.ts'
import { kernelsOf } from './encoding/kernels.ts'
import { VarveError } from './errors.ts'
import { radixOrder } from './radix-order.ts'
import { risesUntil } from './rising.ts'

/** A key has at most this many bytes. */
export const MAX_KEY_BYTES = 1024

/**
 * Many encoded keys (docs/format/key.md) in a few buffers. Keys that are made of whole 32-bit words
 * (numbers, times, dates, ranks) are held as words in the host's order, most significant first, so
 * that comparing two is comparing numbers; others as their bytes end to end.
 */
export class Keys {
  readonly length: number
  /** Bytes of each key; 0 where they differ. */
  readonly width: number
  #made: Uint32Array | undefined
  /** What the words are made of once they are needed: `high, low` behind each `low, high ^ flip`. */
  readonly #halves: Uint32Array
  readonly #flip: number
  /** Behind the halves of each key, where there is one. */
  readonly #ranks: Uint32Array | undefined
  readonly #bytes: Uint8Array
  readonly #offsets: Uint32Array
  /** The first key that is not greater than the one before it, once it is known. */
  #firstEqualOrBelow: number | undefined

  private constructor(
    length: number,
    width: number,
    words: Uint32Array | undefined,
    bytes: Uint8Array,
    offsets: Uint32Array,
    halves: Uint32Array = NO_WORDS,
    flip = 0,
    ranks?: Uint32Array,
  ) {
    this.length = length
    this.width = width
    this.#made = words
    this.#bytes = bytes
    this.#offsets = offsets
    this.#halves = halves
    this.#flip = flip
    this.#ranks = ranks
  }

  /** Keys of `width` bytes each (a multiple of 4) as words, most significant first. */
  static ofWords(width: number, words: Uint32Array): Keys {
    return new Keys(words.length / (width / 4), width, words, NO_BYTES, NO_WORDS)
  }

  /**
   * Keys of 8 bytes each, from 64-bit integers as halves, low first, which are not to change: high
   * halves with the bits of `flip` turned. With ranks behind them they have 12 bytes.
   */
  static ofHalves(halves: Uint32Array, flip: number, ranks?: Uint32Array): Keys {
    const width = ranks === undefined ? 8 : 12
    return new Keys(halves.length >>> 1, width, undefined, NO_BYTES, NO_WORDS, halves, flip, ranks)
  }

  /** Most keys in order are never asked for but at the ends of segments. */
  get #words(): Uint32Array {
    if (this.#made === undefined) {
      const halves = this.#halves
      const ranks = this.#ranks
      const words = new Uint32Array(halves.length + (ranks?.length ?? 0))
      for (let i = 0, at = 0; i < halves.length; i += 2) {
        words[at++] = halves[i + 1]! ^ this.#flip
        words[at++] = halves[i]!
        if (ranks !== undefined) words[at++] = ranks[i >> 1]!
      }
      this.#made = words
    }
    return this.#made
  }

  /** Keys of any lengths: `offsets` (one more than keys) cuts `bytes`. */
  static ofBytes(bytes: Uint8Array, offsets: Uint32Array): Keys {
    return new Keys(offsets.length - 1, 0, NO_WORDS, bytes, offsets)
  }

  /** The bytes of key `i`; a copy or a view, not to be written to. */
  at(i: number): Uint8Array {
    if (this.width === 0) return this.#bytes.subarray(this.#offsets[i], this.#offsets[i + 1])
    const bytes = new Uint8Array(this.width)
    const stride = this.width >> 2
    for (let word = 0, at = 0; word < stride; word++) {
      const value = this.#word(i * stride + word)
      bytes[at++] = value >>> 24
      bytes[at++] = value >>> 16
      bytes[at++] = value >>> 8
      bytes[at++] = value
    }
    return bytes
  }

  #word(at: number): number {
    if (this.#made !== undefined) return this.#made[at]!
    if (this.#ranks !== undefined) {
      const row = Math.floor(at / 3)
      const part = at - 3 * row
      if (part === 2) return this.#ranks[row]!
      const half = this.#halves[2 * row + 1 - part]!
      return part === 0 ? (half ^ this.#flip) >>> 0 : half
    }
    const half = this.#halves[at ^ 1]!
    return (at & 1) === 0 ? (half ^ this.#flip) >>> 0 : half
  }

  /** Order of key `i` and key `j` of `other`: negative, 0 or positive. */
  compare(i: number, other: Keys, j: number): number {
    if (this.width === 8 && other.width === 8) {
      const high = this.#word(2 * i) - other.#word(2 * j)
      return high !== 0 ? high : this.#word(2 * i + 1) - other.#word(2 * j + 1)
    }
    if (this.width !== 0 && this.width === other.width) {
      const stride = this.width >> 2
      for (let word = 0; word < stride; word++) {
        const difference = this.#words[i * stride + word]! - other.#words[j * stride + word]!
        if (difference !== 0) return difference
      }
      return 0
    }
    if (this.width === 0 && other.width === 0) return this.#compareBytes(i, other, j)
    return compareBytes(this.at(i), other.at(j))
  }

  /** How many keys from `i` on are those from `j` of `other` on, one after the other; `most` at most. */
  equalRun(i: number, other: Keys, j: number, most: number): number {
    let run = 0
    if (this.#isHalves && other.#isHalves && this.#flip === other.#flip) {
      const x = this.#halves
      const y = other.#halves
      let at = 2 * i
      for (let to = 2 * j; run < most; at += 2, to += 2) {
        if (x[at] !== y[to] || x[at + 1] !== y[to + 1]) return run
        run++
      }
      return run
    }
    while (run < most && this.compare(i + run, other, j + run) === 0) run++
    return run
  }

  get #isHalves(): boolean {
    return this.#made === undefined && this.width === 8
  }

  // In place: a view of each key would cost more than the comparison.
  #compareBytes(i: number, other: Keys, j: number): number {
    const x = this.#bytes
    const y = other.#bytes
    const end = this.#offsets[i + 1]!
    const otherEnd = other.#offsets[j + 1]!
    let at = this.#offsets[i]!
    let to = other.#offsets[j]!
    for (; at < end && to < otherEnd; at++, to++) {
      const difference = x[at]! - y[to]!
      if (difference !== 0) return difference
    }
    return end - at - (otherEnd - to)
  }

  /** Order of key `i` and an encoded key. */
  compareTo(i: number, key: Uint8Array): number {
    return compareBytes(this.at(i), key)
  }

  /** {@link branchBit} of key `i` and key `j` of `other`. */
  branchBit(i: number, other: Keys, j: number): number {
    if (this.width === 0 || this.width !== other.width) return branchBit(this.at(i), other.at(j))
    const stride = this.width >> 2
    for (let word = 0; word < stride; word++) {
      const difference = this.#word(i * stride + word) ^ other.#word(j * stride + word)
      if (difference !== 0) return word * 32 + Math.clz32(difference)
    }
    return -1
  }

  /** The first row whose key is not greater than the one before it; `length` where there is none. */
  firstNotAscending(): number {
    this.#firstEqualOrBelow ??= this.#firstBelow(1)
    return this.#firstEqualOrBelow
  }

  /** The first row whose key is less than the one before it; `length` where there is none. */
  firstDescending(): number {
    // Most tables have no equal keys, and are asked about them anyway.
    const row = this.firstNotAscending()
    return row === this.length ? row : this.#firstBelow(0, row)
  }

  /**
   * In keys in order: how many rows before each have its key, where as many as `before` in front of the
   * first row have that of the first row.
   */
  ranks(before: number): Uint32Array {
    const result = new Uint32Array(this.length)
    let rank = before
    if (this.length > 0) result[0] = rank
    if (this.#made === undefined && this.width === 8) {
      const halves = this.#halves
      let low = halves[0]!
      let high = halves[1]!
      for (let i = 1; i < result.length; i++) {
        const nextLow = halves[2 * i]!
        const nextHigh = halves[2 * i + 1]!
        rank = nextLow === low && nextHigh === high ? rank + 1 : 0
        result[i] = rank
        low = nextLow
        high = nextHigh
      }
      return result
    }
    for (let i = 1; i < result.length; i++) {
      rank = this.compare(i, this, i - 1) === 0 ? rank + 1 : 0
      result[i] = rank
    }
    return result
  }

  /** The first row that does not exceed the one before by `least` (0: it may be equal). */
  #firstBelow(least: 0 | 1, from = 1): number {
    let i = from
    if (this.#made === undefined && this.width === 8) {
      const { buffer, byteOffset, length } = this.#halves
      // Turned so that the upper ones order as signed numbers.
      const turn = this.#flip ^ 0x8000_0000
      const kernels = kernelsOf(this.#halves)
      if (kernels !== undefined) {
        return kernels.run.firstBelow(byteOffset, i, this.length, least, turn)
      }
      const lows = this.#halves
      i = risesUntil(lows, i, least)
      const highs = new Int32Array(buffer, byteOffset, length)
      let low = lows[2 * i - 2]!
      let high = highs[2 * i - 1]! ^ turn
      for (let at = 2 * i; at < length; at += 2) {
        const nextLow = lows[at]!
        const nextHigh = highs[at + 1]! ^ turn
        if (nextHigh <= high && (nextHigh < high || nextLow <= low)) {
          const isEqual = nextHigh === high && nextLow === low
          if (!isEqual || least === 1) return at >> 1
        }
        low = nextLow
        high = nextHigh
      }
      return this.length
    }
    if (this.width === 8) {
      const words = this.#words
      for (; i < this.length; i++) {
        const high = words[2 * i]! - words[2 * i - 2]!
        if (high < 0) return i
        if (high === 0 && words[2 * i + 1]! - words[2 * i - 1]! < least) return i
      }
      return this.length
    }
    while (i < this.length && this.compare(i, this, i - 1) >= least) i++
    return Math.min(i, this.length)
  }

  /** In ascending keys: how many are less than `key`. */
  lowerBound(key: Uint8Array): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.compareTo(middle, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** In ascending keys: how many are less than `prefix` or begin with it. */
  upperBound(prefix: Uint8Array): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(this.at(middle).subarray(0, prefix.length), prefix) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Keys `from` to `to` (exclusive), sharing memory. */
  slice(from: number, to: number): Keys {
    if (this.width === 0) return Keys.ofBytes(this.#bytes, this.#offsets.subarray(from, to + 1))
    if (this.#made === undefined) {
      const halves = this.#halves.subarray(2 * from, 2 * to)
      return Keys.ofHalves(halves, this.#flip, this.#ranks?.subarray(from, to))
    }
    const stride = this.width >> 2
    return Keys.ofWords(this.width, this.#made.subarray(from * stride, to * stride))
  }

  /** The keys at `indices`, in that order. */
  take(indices: Uint32Array): Keys {
    if (this.width === 0) {
      const offsets = new Uint32Array(indices.length + 1)
      for (let i = 0; i < indices.length; i++) {
        const row = indices[i]!
        offsets[i + 1] = offsets[i]! + this.#offsets[row + 1]! - this.#offsets[row]!
      }
      const bytes = new Uint8Array(offsets[indices.length]!)
      for (let i = 0; i < indices.length; i++) bytes.set(this.at(indices[i]!), offsets[i]!)
      return Keys.ofBytes(bytes, offsets)
    }
    const stride = this.width >> 2
    const words = new Uint32Array(indices.length * stride)
    for (let i = 0, at = 0; i < indices.length; i++) {
      const from = indices[i]! * stride
      for (let word = 0; word < stride; word++) words[at++] = this.#words[from + word]!
    }
    return Keys.ofWords(this.width, words)
  }

  /**
   * Row numbers in the order of their keys; rows with equal keys keep their order. Rows that are
   * in order already cost one pass.
   */
  order(): Uint32Array {
    const rows = new Uint32Array(this.length)
    for (let i = 0; i < rows.length; i++) rows[i] = i
    if (this.firstDescending() === this.length) return rows
    if (this.width === 0 || this.length < RADIX_ROWS) {
      return rows.sort((a, b) => this.compare(a, this, b) || a - b)
    }
    return radixOrder(this.#words, this.width >> 2, rows)
  }
}

/** Fewer rows than this are sorted by comparing. */
const RADIX_ROWS = 4096

const NO_BYTES = new Uint8Array(0)
const NO_WORDS = new Uint32Array(0)

/**
 * The index of the highest bit in which two keys differ, counted from the most significant bit of
 * the first byte; −1 when they are equal. Where one begins with the other (keys of one series never
 * do) it is the first bit that only one of them has.
 */
export function branchBit(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! ^ b[i]!
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24
  }
  return a.length === b.length ? -1 : shared * 8
}

/** The error for keys that are longer than the format allows. */
export function keyTooLong(length: number, row?: number): VarveError {
  return new VarveError('bad-input', `a key has ${length} bytes: more than ${MAX_KEY_BYTES}`, {
    data: { length, ...(row === undefined ? {} : { row }) },
    hint: 'use shorter values in the index columns',
  })
}
