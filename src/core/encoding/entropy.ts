import { type ByteReader, ByteWriter } from '../bytes.ts'
import type { Kernels } from './kernels.ts'

// Bytes by how often each comes (rANS), where zstd, whose codes have whole bits, takes more: a byte that
// half of all are costs one bit there, and one that nine of ten are, too.
//
//   u8      number of different bytes less one, at least 1
//   …       which: up to 32 of them as they are, rising; of more 32 bytes, bit i mod 8 of byte ⌊i / 8⌋
//   varint  for each but the last its share of 4,096, at least 1; the last has the rest
//   u32 × 4 the states
//   u16 …   what states take in
//
// Byte i of the stream comes from state x of number i mod 4. Shares lie one behind another, in the order of
// the bytes: x mod 4,096 falls into that of the byte, at place p; x becomes share · ⌊x / 4,096⌋ + p, and where
// that is below 65,536, 65,536 times as much and the next u16. In the end every state is 65,536.

const TOTAL = 4096
const LISTED = 32
const START = 65_536
/** Longer streams are not coded so, and so a few bytes cannot become many. */
export const LONGEST_CODED = 1 << 17
/** About how many bytes of a table each kind of byte takes. */
const TABLE_BYTES = 1.25
/** A code is unpacked slower than a frame: this much shorter has it to be. */
const WORTH = 0.985

/**
 * The code of a stream; undefined where it is not worth while.
 * @param packed bytes that the stream takes otherwise
 */
export function encodeEntropy(
  stream: Uint8Array,
  packed: number,
  kernels: Kernels,
): Uint8Array | undefined {
  const { length } = stream
  if (length > LONGEST_CODED) return undefined
  return kernels.scope(() => {
    const { run } = kernels
    const source = kernels.copyOf(stream)
    const counts = kernels.words(4 * 256)
    run.countBytes(source.byteOffset, length, counts.byteOffset)
    const there = differentBytes(counts)
    if (there.length < 2) return undefined
    const shares = sharesOf(counts, there, length)
    let bits = 0
    for (const byte of there) bits += counts[byte]! * Math.log2(TOTAL / shares[byte]!)
    if (bits / 8 + 16 + there.length > packed * WORTH) return undefined
    const table = writeTable(there, shares)
    const states = kernels.words(4)
    const entries = kernels.bytes(16 * 256)
    run.fillTable(placed(shares, kernels), entries.byteOffset)
    const room = kernels.bytes(2 * length)
    const end = room.byteOffset + room.length
    const from = run.encodeBytes(
      source.byteOffset,
      length,
      entries.byteOffset,
      states.byteOffset,
      end,
    )
    const writer = new ByteWriter(table.length + 16 + end - from).bytes(table)
    for (const state of states) writer.u32(state)
    return writer.bytes(room.subarray(from - room.byteOffset)).finish()
  })
}

/** About how many bytes the code of a stream takes. */
export function codeSize(stream: Uint8Array, kernels: Kernels): number {
  return entropySize(countsOf(stream, kernels), stream.length)
}

/** How often each byte comes. */
export function countsOf(stream: Uint8Array, kernels: Kernels): Uint32Array {
  return kernels.scope(() => {
    const source = kernels.copyOf(stream)
    const counts = kernels.words(4 * 256)
    kernels.run.countBytes(source.byteOffset, stream.length, counts.byteOffset)
    return counts.slice(0, 256)
  })
}

/** About how many bytes a code of `length` bytes takes, of which `counts` says how often each comes. */
export function entropySize(counts: Uint32Array, length: number): number {
  let bits = length * Math.log2(length)
  let different = 0
  for (const count of counts) {
    if (count === 0) continue
    bits -= count * Math.log2(count)
    different++
  }
  // One byte alone is not coded, but said.
  return different < 2 ? 2 : bits / 8 + 16 + TABLE_BYTES * different
}

/**
 * Fills `target`, which is not longer than {@link LONGEST_CODED}, with what a code of `length` bytes stands for;
 * an error where it is none.
 */
export function decodeEntropy(
  reader: ByteReader,
  length: number,
  target: Uint8Array,
  kernels: Kernels,
): void {
  const end = reader.remaining - length
  const shares = readTable(reader)
  kernels.scope(() => {
    const { run } = kernels
    const states = kernels.words(4)
    for (let lane = 0; lane < 4; lane++) states[lane] = reader.u32()
    const words = reader.remaining - end
    if (words < 0 || words % 2 !== 0) throw reader.error('a code of another length')
    const source = kernels.copyOf(reader.bytes(words))
    const slots = kernels.words(TOTAL)
    run.fillSlots(placed(shares, kernels), slots.byteOffset)
    const bytes = kernels.owns(target) ? target : kernels.bytes(target.length)
    const ended = run.decodeBytes(
      slots.byteOffset,
      states.byteOffset,
      source.byteOffset,
      source.byteOffset + words,
      bytes.byteOffset,
      target.length,
    )
    const isWhole = ended === source.byteOffset + words && states.every((state) => state === START)
    if (!isWhole) throw reader.error('a code that does not end where it should')
    if (bytes !== target) target.set(bytes)
  })
}

function differentBytes(counts: Uint32Array): number[] {
  const there: number[] = []
  for (let byte = 0; byte < 256; byte++) if (counts[byte]! > 0) there.push(byte)
  return there
}

/** The share of each byte, at least 1 of those that are there, of which there are two or more. */
function sharesOf(counts: Uint32Array, there: readonly number[], length: number): Uint16Array {
  const shares = new Uint16Array(256)
  let left = TOTAL
  for (const byte of there) {
    shares[byte] = Math.max(1, Math.round((counts[byte]! * TOTAL) / length))
    left -= shares[byte]!
  }
  if (left === 0) return shares
  // What rounding left over, or took too much: one by one from those that notice it least.
  const often = [...there].sort((a, b) => counts[b]! - counts[a]! || a - b)
  while (left !== 0) {
    for (const byte of often) {
      if (left === 0) break
      if (left > 0) {
        shares[byte]!++
        left--
      } else if (shares[byte]! > 1) {
        shares[byte]!--
        left++
      }
    }
  }
  return shares
}

function writeTable(there: readonly number[], shares: Uint16Array): Uint8Array {
  const writer = new ByteWriter(48 + 2 * there.length).u8(there.length - 1)
  if (there.length <= LISTED) writer.bytes(Uint8Array.from(there))
  else {
    const bitmap = new Uint8Array(32)
    for (const byte of there) bitmap[byte >> 3]! |= 1 << (byte & 7)
    writer.bytes(bitmap)
  }
  for (const byte of there.slice(0, -1)) writer.varint(shares[byte]!)
  return writer.finish()
}

function readTable(reader: ByteReader): Uint16Array {
  const different = reader.u8() + 1
  const there: number[] = []
  if (different <= LISTED) there.push(...reader.bytes(different))
  else {
    const bitmap = reader.bytes(32)
    for (let byte = 0; byte < 256; byte++)
      if (bitmap[byte >> 3]! & (1 << (byte & 7))) there.push(byte)
  }
  const isRising = there.every((byte, i) => i === 0 || byte > there[i - 1]!)
  if (different < 2 || there.length !== different || !isRising) {
    throw reader.error('a code of other bytes than it says')
  }
  const shares = new Uint16Array(256)
  let left = TOTAL
  for (const byte of there.slice(0, -1)) {
    const share = reader.varint()
    left -= share
    if (share === 0 || left <= 0) throw reader.error('a code whose shares are not 4096')
    shares[byte] = share
  }
  shares[there.at(-1)!] = left
  return shares
}

/** Where shares lie for the kernels. */
function placed(shares: Uint16Array, kernels: Kernels): number {
  const bytes = kernels.bytes(shares.byteLength)
  bytes.set(new Uint8Array(shares.buffer))
  return bytes.byteOffset
}
