import { bitmapBytes, getBit, lastByteMask, setBit } from '../bits.ts'
import { decodeNumbers, encodeIntegers } from './integers.ts'
import type { PartReader } from './part-reader.ts'
import type { NewParts, Parts } from './parts.ts'
import { stepsOfNumbers } from './steps.ts'

// Bits: one for each row, or for each row that has a value.
//
//   u8      0: packed | 1: runs, the first of zeros | 2: runs, the first of ones
//   packed: a stream of ⌈bits / 8⌉ bytes, bit i as bit (i mod 8), counted from the least significant,
//           of byte ⌊i / 8⌋; zeros behind the last bit
//   runs:   varint how many less one, then the lengths of all as integers

const PACKED = 0
const RUNS_OF_ZEROS = 1
const RUNS_OF_ONES = 2

/** @param count of bits, at least one */
export function encodeBits(bits: Uint8Array, count: number, newParts: NewParts): Parts {
  const packed = newParts().u8(PACKED).stream(bits)
  const lengths = runLengths(bits, count)
  if (lengths === undefined) return packed
  const integers = encodeIntegers((kernels) => stepsOfNumbers(lengths, kernels), newParts)
  if (integers === undefined) return packed
  const runs = newParts()
    .u8(getBit(bits, 0) ? RUNS_OF_ONES : RUNS_OF_ZEROS)
    .varint(lengths.length - 1)
    .append(integers)
  return runs.size() < packed.size() ? runs : packed
}

/** Undefined where there are so many that they cannot be the shorter form. */
function runLengths(bits: Uint8Array, count: number): number[] | undefined {
  const limit = Math.max(8, count / 6)
  const lengths: number[] = []
  let start = 0
  let current = getBit(bits, 0)
  for (let i = 1; i < count; i++) {
    // A whole byte of the same at once.
    if ((i & 7) === 0 && i + 8 <= count && bits[i >> 3] === (current ? 0xff : 0)) {
      i += 7
      continue
    }
    if (getBit(bits, i) === current) continue
    if (lengths.length > limit) return undefined
    lengths.push(i - start)
    start = i
    current = !current
  }
  lengths.push(count - start)
  return lengths
}

export function decodeBits(reader: PartReader, count: number): Uint8Array {
  const form = reader.u8()
  if (form === PACKED) {
    const bits = reader.stream(bitmapBytes(count))
    if ((bits[bits.length - 1]! & ~lastByteMask(count)) !== 0) throw reader.error('bits behind')
    return bits
  }
  if (form > RUNS_OF_ONES) throw reader.error('bits of an unknown form')
  const runs = reader.count(count - 1) + 1
  const lengths = decodeNumbers(reader, runs)
  const bits = new Uint8Array(bitmapBytes(count))
  let at = 0
  for (let run = 0; run < runs; run++) {
    const end = at + lengths[run]!
    if (!(end > at && end <= count && Number.isInteger(end))) throw reader.error('a wrong run')
    if ((run % 2 === 0) === (form === RUNS_OF_ONES)) fillOnes(bits, at, end)
    at = end
  }
  if (at !== count) throw reader.error('runs that end early')
  return bits
}

function fillOnes(bits: Uint8Array, from: number, to: number): void {
  let at = from
  while (at < to && (at & 7) !== 0) setBit(bits, at++)
  const whole = to >> 3
  if (at >> 3 < whole) {
    bits.fill(0xff, at >> 3, whole)
    at = whole << 3
  }
  while (at < to) setBit(bits, at++)
}

/** The bits of the rows that have a value, end to end; undefined where another bit is set. */
export function compactBits(
  bits: Uint8Array,
  rows: number,
  validity: Uint8Array,
  count: number,
): Uint8Array | undefined {
  const result = new Uint8Array(bitmapBytes(count))
  for (let row = 0, to = 0; row < rows; row++) {
    const set = getBit(bits, row)
    if (getBit(validity, row)) {
      if (set) setBit(result, to)
      to++
    } else if (set) {
      return undefined
    }
  }
  return result
}

/** The opposite of {@link compactBits}, into bits that are zero. */
export function spreadBits(
  bits: Uint8Array,
  rows: number,
  validity: Uint8Array,
  target: Uint8Array,
): void {
  for (let row = 0, from = 0; row < rows; row++) {
    if (getBit(validity, row) && getBit(bits, from++)) setBit(target, row)
  }
}
