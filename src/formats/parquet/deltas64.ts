import { ByteWriter } from '../../core/bytes.ts'
import type { ValueArray } from '../../core/column.ts'
import { halvesOf } from '../../core/column-layout.ts'

// DELTA_BINARY_PACKED of 64-bit integers, by 32-bit halves: bigints would be allocated one by one.
//
//   varint      values of a block, a multiple of 128
//   varint      miniblocks of a block
//   varint      values
//   zigzag      the first value
//   per block:  zigzag, the least delta; a byte for each miniblock, the bits of its values; then the
//               miniblocks: each value is what its delta is more than the least, least bit first
//
// Miniblocks behind the last value have a byte, but no bits.

const BLOCK = 128
const MINIBLOCKS = 4
const MINIBLOCK = BLOCK / MINIBLOCKS
const TWO_32 = 2 ** 32
const CUT_SHORT = 'a page is cut short'

/** 64-bit integers as deltas; undefined where that takes over `most` bytes, or one is too great. */
export function packDeltas(values: ValueArray, most: number): Uint8Array | undefined {
  const halves = halvesOf(values)
  const count = values.length
  const writer = new ByteWriter(Math.min(most, 1 << 12))
  writer.varint(BLOCK).varint(MINIBLOCKS).varint(count)
  writeZigzag(writer, count === 0 ? 0n : BigInt.asIntN(64, BigInt(values[0]!)))
  const deltas = new Float64Array(BLOCK)
  const packed = new Uint8Array(MINIBLOCK * 8)
  for (let from = 1; from < count; from += BLOCK) {
    const some = Math.min(BLOCK, count - from)
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < some; i++) {
      const row = from + i
      const high = (halves[2 * row + 1]! | 0) - (halves[2 * row - 1]! | 0)
      const delta = high * TWO_32 + (halves[2 * row]! - halves[2 * row - 2]!)
      deltas[i] = delta
      if (delta < least) least = delta
    }
    let greatest = least
    for (let i = 0; i < some; i++) if (deltas[i]! > greatest) greatest = deltas[i]!
    if (!Number.isSafeInteger(greatest - least) || !Number.isSafeInteger(least)) return undefined
    if (!Number.isSafeInteger(greatest)) return undefined
    writeZigzag(writer, BigInt(least))
    const widths = new Uint8Array(MINIBLOCKS)
    for (let at = 0; at < some; at += MINIBLOCK) {
      widths[at / MINIBLOCK] = widthOf(deltas, at, Math.min(some, at + MINIBLOCK), least)
    }
    writer.bytes(widths)
    for (let at = 0; at < some; at += MINIBLOCK) {
      const width = widths[at / MINIBLOCK]!
      packed.fill(0)
      pack(deltas, at, Math.min(some, at + MINIBLOCK), least, width, packed)
      writer.bytes(packed.subarray(0, (width * MINIBLOCK) / 8))
    }
    if (writer.length > most) return undefined
  }
  return writer.finish()
}

function widthOf(deltas: Float64Array, from: number, to: number, least: number): number {
  let greatest = 0
  for (let i = from; i < to; i++) if (deltas[i]! - least > greatest) greatest = deltas[i]! - least
  const high = Math.floor(greatest / TWO_32)
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(greatest)
}

function pack(
  deltas: Float64Array,
  from: number,
  to: number,
  least: number,
  width: number,
  target: Uint8Array,
): void {
  let at = 0
  let held = 0
  let bits = 0
  for (let i = from; i < to; i++) {
    let rest = deltas[i]! - least
    // By 16 bits, so that what is held stays within 32.
    for (let left = width; left > 0; left -= 16) {
      const low = rest % 0x1_0000
      rest = (rest - low) / 0x1_0000
      held |= low << bits
      bits += Math.min(16, left)
      while (bits >= 8) {
        target[at++] = held
        held >>>= 8
        bits -= 8
      }
    }
  }
  if (bits > 0) target[at] = held
}

function writeZigzag(writer: ByteWriter, value: bigint): void {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest >= 0x80n; rest >>= 7n) writer.u8(Number(rest & 0x7fn) | 0x80)
  writer.u8(Number(rest))
}

/** Fills `target` with the values that `bytes` hold as deltas. An `Error` where they do not. */
export function unpackDeltas(bytes: Uint8Array, target: BigInt64Array): void {
  const reader = new VarintReader(bytes)
  const block = reader.number()
  const miniblocks = reader.number()
  const each = block / miniblocks
  if (block > 1 << 20 || miniblocks === 0 || !Number.isInteger(each) || each % 8 !== 0) {
    throw new Error(`deltas in blocks of ${block} in ${miniblocks} parts`)
  }
  reader.number()
  const halves = halvesOf(target)
  const count = target.length
  if (count === 0) return
  const first = reader.zigzag()
  let low = Number(first & 0xffff_ffffn)
  let high = Number((first >> 32n) & 0xffff_ffffn)
  halves[0] = low
  halves[1] = high
  for (let row = 1; row < count; ) {
    const least = reader.zigzag()
    const leastLow = Number(least & 0xffff_ffffn)
    const leastHigh = Number((least >> 32n) & 0xffff_ffffn)
    const widths = reader.take(miniblocks)
    for (let part = 0; part < miniblocks && row < count; part++) {
      const width = bytes[widths + part]!
      if (width > 64) throw new Error(`deltas of ${width} bits`)
      const some = Math.min(each, count - row)
      const from = reader.take((width * each) / 8)
      for (let i = 0; i < some; i++, row++) {
        let addLow = 0
        let addHigh = 0
        if (width > 0) {
          const bit = i * width
          addLow = bitsAt(bytes, from, bit, Math.min(width, 32))
          if (width > 32) addHigh = bitsAt(bytes, from, bit + 32, width - 32)
        }
        const sum = low + leastLow + addLow
        low = sum >>> 0
        high = (high + leastHigh + addHigh + Math.floor(sum / TWO_32)) >>> 0
        halves[2 * row] = low
        halves[2 * row + 1] = high
      }
    }
  }
}

/** Up to 32 bits from place `bit` behind byte `from`. */
function bitsAt(bytes: Uint8Array, from: number, bit: number, width: number): number {
  const at = from + (bit >> 3)
  const shift = bit & 7
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  const low = word >>> shift
  if (width + shift <= 32) return width === 32 ? low : low & ((2 ** width - 1) | 0)
  const both = (low | (bytes[at + 4]! << (32 - shift))) >>> 0
  return width === 32 ? both : (both & ((2 ** width - 1) | 0)) >>> 0
}

class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  number(): number {
    let value = 0
    for (let i = 0; i < 5; i++) {
      const byte = this.#bytes[this.take(1)]!
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return value
    }
    throw new Error('a number of too many bytes')
  }

  zigzag(): bigint {
    let value = 0n
    for (let i = 0n; i < 10n; i++) {
      const byte = this.#bytes[this.take(1)]!
      value |= BigInt(byte & 0x7f) << (7n * i)
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
    }
    throw new Error('a number of too many bytes')
  }

  /** The place of the next `count` bytes. */
  take(count: number): number {
    const at = this.#at
    this.#at += count
    if (this.#at > this.#bytes.length) throw new Error(CUT_SHORT)
    return at
  }
}
