import { bytesOf } from '../column-layout.ts'
import {
  byFrequency,
  decodeCodes,
  encodeCodes,
  findDistinct,
  MAX_ENTRIES,
  mostEntries,
} from './codes.ts'
import { decodeNumbers, encodeIntegers } from './integers.ts'
import type { PartReader } from './part-reader.ts'
import { type NewParts, type Parts, SPARSE } from './parts.ts'
import { stepsOfNumbers } from './steps.ts'

// Texts: values of string, binary and json, those of nulls left out.
//
//   u8  0: whole | 1: shared | 2: dictionary
//   whole:       the lengths of all, as integers; a stream of their bytes
//   shared:      how many first bytes each has in common with the one before (the first: 0), as
//                integers; how many more it has, as integers; a stream of those
//   dictionary:  varint number of entries less one, at most 65,535; the entries, as whole or shared;
//                codes of all values (`codes.ts`)

const WHOLE = 0
const SHARED = 1
const DICTIONARY = 2

/** Longer beginnings are not looked for. */
const MOST_SHARED = 255

/** Values end to end, and where each begins and the last ends. */
export interface Texts {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
}

/** The shortest encoding of texts, of which there is at least one. */
export function encodeTexts(texts: Texts, newParts: NewParts): Parts | undefined {
  const dictionary = encodeDictionary(texts, newParts)
  const size = dictionary?.separateSize() ?? Number.POSITIVE_INFINITY
  // With as many repeats there is no need to look at them one by one; with yet more it costs little.
  const clear = size * 8 < texts.bytes.length && size * SPARSE >= texts.offsets.length
  if (clear && !newParts.thorough) return dictionary
  return shorter(dictionary, encodeEach(texts, newParts))
}

function shorter(a: Parts | undefined, b: Parts | undefined): Parts | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.size() < b.size() ? a : b
}

/** Whole or shared. */
function encodeEach(texts: Texts, newParts: NewParts): Parts | undefined {
  const lengths = encodeNumbers(lengthsOf(texts), newParts)
  const whole = lengths && newParts().u8(WHOLE).append(lengths).text(texts.bytes)
  return shorter(whole, encodeShared(texts, newParts))
}

function encodeNumbers(values: Float64Array, newParts: NewParts): Parts | undefined {
  return encodeIntegers((kernels) => stepsOfNumbers(values, kernels), newParts)
}

function lengthsOf({ offsets }: Texts): Float64Array {
  const lengths = new Float64Array(offsets.length - 1)
  for (let i = 0; i < lengths.length; i++) lengths[i] = offsets[i + 1]! - offsets[i]!
  return lengths
}

/** Undefined where they have little in common. */
function encodeShared({ bytes, offsets }: Texts, newParts: NewParts): Parts | undefined {
  const count = offsets.length - 1
  const shared = new Float64Array(count)
  const more = new Float64Array(count)
  const rest = new Uint8Array(bytes.length)
  let length = 0
  for (let i = 0; i < count; i++) {
    const from = offsets[i]!
    const to = offsets[i + 1]!
    const before = i === 0 ? from : offsets[i - 1]!
    const most = Math.min(MOST_SHARED, to - from, from - before)
    let same = 0
    while (same < most && bytes[from + same] === bytes[before + same]) same++
    shared[i] = same
    more[i] = to - from - same
    rest.set(bytes.subarray(from + same, to), length)
    length += more[i]!
  }
  if (length > bytes.length * 0.75) return undefined
  const head = encodeNumbers(shared, newParts)
  const tail = encodeNumbers(more, newParts)
  if (head === undefined || tail === undefined) return undefined
  return newParts().u8(SHARED).append(head).append(tail).text(rest.subarray(0, length))
}

function encodeDictionary(texts: Texts, newParts: NewParts): Parts | undefined {
  const { bytes, offsets } = texts
  const { kernels } = newParts
  const count = offsets.length - 1
  const distinct = kernels.scope(() => {
    const content = kernels.copyOf(bytes).byteOffset
    const places = kernels.words(count + 1)
    places.set(offsets)
    const heads = kernels.words(2 * mostEntries(count)).byteOffset
    return findDistinct(count, kernels, (...rest) =>
      kernels.run.distinctTexts(content, places.byteOffset, heads, count, ...rest),
    )
  })
  if (distinct === undefined) return undefined
  const { firsts, counts, found } = distinct
  const ranked = byFrequency(Uint32Array.from(firsts.keys()), counts)
  const at = (i: number): Uint8Array => bytes.subarray(offsets[i], offsets[i + 1])
  const entries = encodeEach(gather(ranked.map((entry) => at(firsts[entry]!))), newParts)
  if (entries === undefined) return undefined
  const parts = newParts()
    .u8(DICTIONARY)
    .varint(ranked.length - 1)
    .append(entries)
  return encodeCodes(found, ranked, parts)
}

function gather(values: readonly Uint8Array[]): Texts {
  const offsets = new Uint32Array(values.length + 1)
  values.forEach((value, i) => {
    offsets[i + 1] = offsets[i]! + value.length
  })
  const bytes = new Uint8Array(offsets[values.length]!)
  values.forEach((value, i) => {
    bytes.set(value, offsets[i]!)
  })
  return { bytes, offsets }
}

/**
 * Texts of `count` values, at least one, which have `total` bytes together.
 */
export function decodeTexts(reader: PartReader, count: number, total: number): Texts {
  const form = reader.u8()
  if (form !== DICTIONARY) return decodeEach(reader, form, count, total, true)
  const size = reader.count(Math.min(MAX_ENTRIES, count) - 1) + 1
  // An entry that no value has would be a waste; all that they have fits into the whole.
  const { bytes, offsets } = decodeEach(reader, reader.u8(), size, total, false)
  const codes = decodeCodes(reader, size, count)
  const { kernels } = reader
  return kernels.scope(() => {
    const numbers = kernels.copyOf(bytesOf(codes))
    const entries = kernels.copyOf(bytes)
    const places = kernels.copyOf(bytesOf(offsets))
    const values = kernels.bytes(total)
    const target = kernels.words(count + 1)
    const length = kernels.run.gatherTexts(
      numbers.byteOffset,
      count,
      entries.byteOffset,
      places.byteOffset,
      values.byteOffset,
      target.byteOffset,
      total,
    )
    if (length < 0) throw reader.error('texts longer than declared')
    if (length !== total) throw reader.error('texts shorter than declared')
    return { bytes: values.slice(), offsets: target.slice() }
  })
}

/** @param exact whether `total` is their length, not the most that it can be */
function decodeEach(
  reader: PartReader,
  form: number,
  count: number,
  total: number,
  exact: boolean,
): Texts {
  if (form !== WHOLE && form !== SHARED) throw reader.error('texts of an unknown form')
  const shared = form === SHARED ? decodeNumbers(reader, count) : undefined
  const more = decodeNumbers(reader, count)
  const offsets = new Uint32Array(count + 1)
  let length = 0
  let stored = 0
  for (let i = 0; i < count; i++) {
    const same = shared === undefined ? 0 : shared[i]!
    const added = more[i]!
    const before = i === 0 ? 0 : offsets[i]! - offsets[i - 1]!
    if (!(same >= 0 && same <= before && added >= 0 && length + same + added <= total)) {
      throw reader.error('a text of a wrong length')
    }
    stored += added
    length += same + added
    offsets[i + 1] = length
  }
  if (exact && length !== total) throw reader.error('texts shorter than declared')
  const rest = reader.stream(stored)
  if (shared === undefined) return { bytes: rest, offsets }
  const bytes = new Uint8Array(length)
  for (let i = 0, from = 0; i < count; i++) {
    const at = offsets[i]!
    const same = shared[i]!
    if (same > 0) bytes.copyWithin(at, offsets[i - 1]!, offsets[i - 1]! + same)
    bytes.set(rest.subarray(from, from + more[i]!), at + same)
    from += more[i]!
  }
  return { bytes, offsets }
}
