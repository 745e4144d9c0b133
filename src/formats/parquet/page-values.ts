import type { Encoding } from 'hyparquet'
import { bitmapBytes, sliceBits } from '../../core/bits.ts'
import type { Column } from '../../core/column.ts'
import { bytesOf, newValues, rawColumn, valueWidth } from '../../core/column-layout.ts'
import { sliceColumn, takeRows } from '../../core/column-ops.ts'
import { type Kernels, kernelsFor } from '../../core/encoding/kernels.ts'
import type { ColumnKind } from './column-kind.ts'
import { HybridReader } from './hybrid.ts'
import { type Physical, toColumn } from './to-column.ts'
import type { UnpackDeltas } from './unpack-whole.ts'
import { unpackWhole } from './unpack-whole.ts'

/** The values of a page that are no nulls, in order. */
export interface ValueReader {
  /** The next `count` of them. */
  read(count: number): Column
}

/** What a data page is made of, its levels taken off. */
export interface PageValues {
  readonly kind: ColumnKind
  readonly encoding: Encoding
  readonly bytes: Uint8Array
  /** Values that are no nulls. */
  readonly count: number
  readonly dictionary: Column | undefined
  readonly deltas: UnpackDeltas
}

const CUT_SHORT = 'a page is cut short'
/** Bytes of a dictionary that are copied to the kernels for each batch of rows. */
const MOST_COPIED = 256 * 1024

export function valueReader(page: PageValues): ValueReader {
  const { kind, encoding, bytes } = page
  if (encoding === 'PLAIN') {
    const plain = plainReader(kind, bytes)
    return { read: (count) => toColumn(kind, plain(count)) }
  }
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY')
    return dictionaryReader(page)
  if (encoding === 'RLE' && kind.physical === 'BOOLEAN') {
    if (bytes.length < 4) throw new Error(CUT_SHORT)
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
    const runs = new HybridReader(bytes, 4, Math.min(bytes.length, 4 + length), 1)
    return { read: (count) => toColumn(kind, { count, bits: runs.readBits(count) }) }
  }
  const whole = toColumn(kind, unpackWhole(page))
  let at = 0
  return {
    read(count) {
      at += count
      return sliceColumn(whole, at - count, at)
    },
  }
}

/** Takes values from the front of bytes that hold them one after another. */
export function plainReader(
  { physical, width }: ColumnKind,
  bytes: Uint8Array,
): (count: number) => Physical {
  let at = 0
  const take = (length: number): number => {
    if (length > bytes.length - at) throw new Error(CUT_SHORT)
    at += length
    return bytes.byteOffset + at - length
  }
  const aligned = (length: number, to: number): [ArrayBuffer, number] => {
    const from = take(length)
    if (from % to === 0) return [bytes.buffer as ArrayBuffer, from]
    return [bytes.buffer.slice(from, from + length) as ArrayBuffer, 0]
  }
  switch (physical) {
    case 'BOOLEAN': {
      let bit = 0
      return (count) => {
        if (bit + count > bytes.length * 8) throw new Error(CUT_SHORT)
        bit += count
        return { count, bits: sliceBits(bytes.subarray(0, bitmapBytes(bit)), bit - count, bit) }
      }
    }
    case 'INT32':
      return (count) => ({ count, array: new Int32Array(...aligned(4 * count, 4), count) })
    case 'FLOAT':
      return (count) => ({ count, array: new Float32Array(...aligned(4 * count, 4), count) })
    case 'INT64':
      return (count) => ({ count, array: new BigInt64Array(...aligned(8 * count, 8), count) })
    case 'DOUBLE':
      return (count) => ({ count, array: new Float64Array(...aligned(8 * count, 8), count) })
    case 'BYTE_ARRAY':
      return (count) => {
        const from = at
        const found = plainBytes(bytes, from, count)
        take(found.bytes.length + 4 * count)
        return found
      }
    default: {
      const each = physical === 'INT96' ? 12 : width
      return (count) => {
        const from = take(each * count)
        return { count, width: each, fixed: new Uint8Array(bytes.buffer, from, each * count) }
      }
    }
  }
}

/** Values that each have their length, as 4 bytes, in front. */
function plainBytes(source: Uint8Array, from: number, count: number) {
  const { length } = source
  if (4 * count > length - from) throw new Error(CUT_SHORT)
  const offsets = new Uint32Array(count + 1)
  let at = from
  let total = 0
  for (let row = 0; row < count; row++) {
    if (at + 4 > length) throw new Error(CUT_SHORT)
    const size =
      (source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24)) >>>
      0
    at += 4 + size
    if (at > length) throw new Error(CUT_SHORT)
    total += size
    offsets[row + 1] = total
  }
  const bytes = new Uint8Array(total)
  let place = from
  for (let row = 0; row < count; row++) {
    place += 4
    let to = offsets[row]!
    const end = offsets[row + 1]!
    if (end - to > 24) {
      bytes.set(source.subarray(place, place + end - to), to)
      place += end - to
    } else while (to < end) bytes[to++] = source[place++]!
  }
  return { count, bytes, offsets }
}

function dictionaryReader({ bytes, dictionary }: PageValues): ValueReader {
  if (dictionary === undefined) throw new Error('a page refers to a dictionary that is not there')
  const width = bytes[0]
  const runs = width ? new HybridReader(bytes, 1, bytes.length, width) : undefined
  const { byteLength } = dictionary.values
  const isCopied = valueWidth(dictionary.type) === 8 && byteLength <= MOST_COPIED
  return {
    read(count) {
      // A page of nulls alone may have no bytes at all.
      if (width === undefined && count > 0) throw new Error(CUT_SHORT)
      const kernels = kernelsFor(count, isCopied ? byteLength : 0)
      const places = kernels.words(count)
      if (runs === undefined) places.fill(0)
      else runs.read(places)
      const greatest = kernels.run.greatest(places.byteOffset, count)
      if (count > 0 && greatest >>> 0 >= dictionary.length) {
        throw new Error(
          `a page refers to entry ${greatest >>> 0} of a dictionary of ${dictionary.length}`,
        )
      }
      return isCopied ? takeEights(dictionary, places, kernels) : takeRows(dictionary, places)
    },
  }
}

/** As {@link takeRows} for values of 8 bytes. */
function takeEights({ type, values }: Column, places: Uint32Array, kernels: Kernels): Column {
  const count = places.length
  const from = kernels.copyOf(bytesOf(values)).byteOffset
  const taken = kernels.bytes(8 * count)
  kernels.run.takeEights(from, places.byteOffset, count, taken.byteOffset)
  const target = newValues(type, count)
  bytesOf(target).set(taken)
  return rawColumn(type, count, target, undefined)
}
