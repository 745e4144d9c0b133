import { radixOrder } from '../radix-order.ts'
import {
  byFrequency,
  type Distinct,
  decodeCodes,
  encodeCodes,
  findDistinct,
  MAX_ENTRIES,
} from './codes.ts'
import type { Kernels } from './kernels.ts'
import type { PartReader } from './part-reader.ts'
import type { NewParts, Parts } from './parts.ts'

// Dictionary: few distinct values of a fixed width, whatever their bits.
//
//   varint  number of entries less one, at most 65,535
//   …       the entries, as values of the same type are encoded (`fixed.ts`)
//   …       codes of all values (`codes.ts`)

function distinctValues(bytes: Uint8Array, width: number, kernels: Kernels): Distinct | undefined {
  const count = bytes.length / width
  const { byteOffset } = bytes
  return findDistinct(count, kernels, (...rest) =>
    kernels.run.distinctValues(byteOffset, count, width, ...rest),
  )
}

/** The values as unsigned numbers of their width; of 8 bytes as halves. */
function lowHalves(bytes: Uint8Array, width: number): Uint8Array | Uint16Array | Uint32Array {
  const { buffer, byteOffset, length } = bytes
  if (width === 1) return bytes
  if (width === 2) return new Uint16Array(buffer, byteOffset, length / 2)
  return new Uint32Array(buffer, byteOffset, length / 4)
}

/** The estimate is too low: what is not so much below something else turns out longer, mostly. */
const WORTH = 0.95

interface DictionaryOptions {
  /** Encodes values of the same type. */
  readonly encodeEntries: (entries: Uint8Array) => Parts | undefined
  /** Bytes that something else takes. */
  readonly most: number
}

/** @param bytes in an array of the kernels */
export function encodeDictionary(
  bytes: Uint8Array,
  width: number,
  newParts: NewParts,
  { encodeEntries, most }: DictionaryOptions,
): Parts | undefined {
  const distinct = distinctValues(bytes, width, newParts.kernels)
  if (distinct === undefined) return undefined
  const { firsts, counts, found } = distinct
  if (leastSize(counts, found.length) > most * WORTH) return undefined
  const from = lowHalves(bytes, width)
  const ranked = byFrequency(sortedByValue(from, firsts, width), counts)
  const values = new Uint8Array(ranked.length * width)
  const to = lowHalves(values, width)
  const stride = width === 8 ? 2 : 1
  ranked.forEach((entry, rank) => {
    for (let k = 0; k < stride; k++) to[rank * stride + k] = from[firsts[entry]! * stride + k]!
  })
  const encoded = encodeEntries(values)
  if (encoded === undefined) return undefined
  const parts = newParts()
    .varint(ranked.length - 1)
    .append(encoded)
  return encodeCodes(found, ranked, parts)
}

/** Entries by value, so that equally frequent neighbours are alike. */
function sortedByValue(
  values: Uint8Array | Uint16Array | Uint32Array,
  firsts: Uint32Array,
  width: number,
): Uint32Array {
  const stride = width === 8 ? 2 : 1
  const words = new Uint32Array(firsts.length * stride)
  for (let entry = 0; entry < firsts.length; entry++) {
    const at = firsts[entry]! * stride
    words[entry * stride] = values[at + stride - 1]!
    if (stride === 2) words[entry * 2 + 1] = values[at]!
  }
  return radixOrder(words, stride, Uint32Array.from(firsts.keys()))
}

/** @param decodeEntries fills an aligned array with values of the same type */
export function decodeDictionary(
  reader: PartReader,
  width: number,
  target: Uint8Array,
  decodeEntries: (entries: Uint8Array) => void,
): void {
  const count = target.length / width
  const size = reader.count(Math.min(MAX_ENTRIES, count) - 1) + 1
  const entries = new Uint8Array(size * width)
  decodeEntries(entries)
  const codes = decodeCodes(reader, size, count)
  const from = lowHalves(entries, width)
  const to = lowHalves(target, width)
  if (width === 8) {
    for (let i = 0; i < count; i++) {
      const code = codes[i]!
      to[2 * i] = from[2 * code]!
      to[2 * i + 1] = from[2 * code + 1]!
    }
  } else {
    for (let i = 0; i < count; i++) to[i] = from[codes[i]!]!
  }
}

const SAMPLE = 1024

/**
 * Bytes that codes of the values would take at least, by the entropy of a sample: to know where a
 * dictionary is not worth a try.
 */
export function dictionaryEstimate(bytes: Uint8Array, width: number, kernels: Kernels): number {
  const count = bytes.length / width
  const taken = Math.min(SAMPLE, count)
  const sample = kernels.bytes(taken * width)
  const stride = width === 8 ? 2 : 1
  const from = lowHalves(bytes, width)
  const to = lowHalves(sample, width)
  for (let i = 0; i < taken; i++) {
    const at = Math.floor((i * count) / taken) * stride
    for (let k = 0; k < stride; k++) to[i * stride + k] = from[at + k]!
  }
  const distinct = distinctValues(sample, width, kernels)
  if (distinct === undefined) return Number.POSITIVE_INFINITY
  return entropyOf(distinct.counts, taken) * (count / taken)
}

/** Bytes that a dictionary takes at least, where a value tells nothing of the next: two planes of codes, entries in disorder. */
function leastSize(counts: Uint32Array, count: number): number {
  const { length } = counts
  if (length <= 256) return entropyOf(counts, count)
  const [high, low] = [new Uint32Array(256), new Uint32Array(256)]
  const rising = counts.slice().sort()
  for (let code = 0; code < length; code++) {
    const number = rising[length - 1 - code]!
    high[code >> 8]! += number
    low[code & 255]! += number
  }
  return entropyOf(high, count) + entropyOf(low, count) + (length * Math.log2(length)) / 8
}

/** Bytes that codes of so many values take, where one tells nothing of the next. */
function entropyOf(counts: Uint32Array, count: number): number {
  let bits = 0
  for (const number of counts) if (number > 0) bits -= number * Math.log2(number / count)
  return bits / 8
}
