import { byFrequency, codesOf, decodeCodes, encodeCodes, hashTable, MAX_ENTRIES } from './codes.ts'
import type { PartReader } from './part-reader.ts'
import type { NewParts, Parts } from './parts.ts'

// Dictionary: few distinct values of a fixed width, whatever their bits.
//
//   varint  number of entries less one, at most 65,535
//   …       the entries, as values of the same type are encoded (`fixed.ts`)
//   …       codes of all values (`codes.ts`)

/** Distinct values of a column, and which each row has. */
interface Distinct {
  /** In the order in which they first occur. */
  readonly entries: Uint8Array
  readonly counts: Uint32Array
  readonly found: Uint16Array
}

/** Undefined where more than half of the values, or more than a dictionary holds, are distinct. */
function distinctValues(bytes: Uint8Array, width: number): Distinct | undefined {
  const count = bytes.length / width
  const limit = Math.min(MAX_ENTRIES, count >>> 1)
  const table = hashTable(limit)
  const mask = table.length - 1
  const low = lowHalves(bytes, width)
  const high = width === 8 ? 1 : 0
  const stride = width === 8 ? 2 : 1
  const firsts = new Uint32Array(limit)
  const counts = new Uint32Array(limit)
  const found = new Uint16Array(count)
  let entries = 0
  for (let i = 0; i < count; i++) {
    const lower = low[i * stride]!
    const upper = high === 1 ? low[i * stride + 1]! : 0
    let slot = mix(lower, upper) & mask
    let entry = table[slot]!
    while (entry !== -1) {
      const first = firsts[entry]! * stride
      if (low[first] === lower && (high === 0 || low[first + 1] === upper)) break
      slot = (slot + 1) & mask
      entry = table[slot]!
    }
    if (entry === -1) {
      if (entries === limit) return undefined
      entry = entries++
      table[slot] = entry
      firsts[entry] = i
    }
    counts[entry]!++
    found[i] = entry
  }
  const values = new Uint8Array(entries * width)
  for (let entry = 0; entry < entries; entry++) {
    const at = firsts[entry]! * width
    values.set(bytes.subarray(at, at + width), entry * width)
  }
  return { entries: values, counts: counts.subarray(0, entries), found }
}

function mix(lower: number, upper: number): number {
  const hash = Math.imul(lower ^ Math.imul(upper, 0x85eb_ca6b), 0x9e37_79b1)
  return hash ^ (hash >>> 15)
}

/** The values as unsigned numbers of their width; of 8 bytes as halves. */
function lowHalves(bytes: Uint8Array, width: number): Uint8Array | Uint16Array | Uint32Array {
  const { buffer, byteOffset, length } = bytes
  if (width === 1) return bytes
  if (width === 2) return new Uint16Array(buffer, byteOffset, length / 2)
  return new Uint32Array(buffer, byteOffset, length / 4)
}

/**
 * @param encodeEntries encodes values of the same type
 */
export function encodeDictionary(
  bytes: Uint8Array,
  width: number,
  newParts: NewParts,
  encodeEntries: (entries: Uint8Array) => Parts | undefined,
): Parts | undefined {
  const distinct = distinctValues(bytes, width)
  if (distinct === undefined) return undefined
  const { entries, counts, found } = distinct
  // By value where equally frequent, so that neighbours are alike.
  const ranked = byFrequency(sortedByValue(entries, width), counts)
  const values = new Uint8Array(entries.length)
  ranked.forEach((entry, rank) => {
    values.set(entries.subarray(entry * width, (entry + 1) * width), rank * width)
  })
  const encoded = encodeEntries(values)
  if (encoded === undefined) return undefined
  const parts = newParts()
    .varint(ranked.length - 1)
    .append(encoded)
  return encodeCodes(codesOf(found, ranked), ranked.length, parts)
}

function sortedByValue(entries: Uint8Array, width: number): number[] {
  const halves = lowHalves(entries, width)
  const order = Array.from({ length: entries.length / width }, (_, entry) => entry)
  if (width < 8) return order.sort((a, b) => halves[a]! - halves[b]!)
  return order.sort(
    (a, b) => halves[2 * a + 1]! - halves[2 * b + 1]! || halves[2 * a]! - halves[2 * b]!,
  )
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
export function dictionaryEstimate(bytes: Uint8Array, width: number): number {
  const count = bytes.length / width
  const taken = Math.min(SAMPLE, count)
  const sample = new Uint8Array(taken * width)
  const stride = width === 8 ? 2 : 1
  const from = lowHalves(bytes, width)
  const to = lowHalves(sample, width)
  for (let i = 0; i < taken; i++) {
    const at = Math.floor((i * count) / taken) * stride
    for (let k = 0; k < stride; k++) to[i * stride + k] = from[at + k]!
  }
  const distinct = distinctValues(sample, width)
  if (distinct === undefined) return Number.POSITIVE_INFINITY
  let bits = 0
  for (const number of distinct.counts) bits -= number * Math.log2(number / taken)
  return (bits / 8) * (count / taken)
}
