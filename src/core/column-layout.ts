import type { ByteRoom } from './byte-room.ts'
import { type Column, type ColumnType, columnTypeCodes, type ValueArray } from './column.ts'

// Typed arrays are read and written in place as canonical little-endian bytes: varve assumes a
// little-endian host, as every platform that Node.js is built for today is (s390x aside).

/** A value (string, binary or json) has at most this many bytes. */
export const MAX_VALUE_BYTES = 64 * 1024 * 1024

/** Rows of a column, and bytes behind its offsets, are counted with 32 bits. */
export const MAX_U32 = 0xffff_ffff

type ValueArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number
  new (length: number): ValueArray
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ValueArray
}

const constructors: Readonly<Partial<Record<ColumnType, ValueArrayConstructor>>> = {
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
  date: Int32Array,
  timestamp_s: BigInt64Array,
  timestamp_ms: BigInt64Array,
  timestamp_us: BigInt64Array,
  timestamp_ns: BigInt64Array,
}

/** Bytes that each value takes: 1, 2, 4 or 8; 0 for null, bool, string, binary and json. */
export function valueWidth(type: ColumnType): number {
  return constructors[type]?.BYTES_PER_ELEMENT ?? 0
}

/** An array of `count` zeros for a type of fixed width; of `count` bytes for the others. */
export function newValues(type: ColumnType, count: number): ValueArray {
  return new (constructors[type] ?? Uint8Array)(count)
}

/** `count` values of a type of fixed width where they lie; `byteOffset` must be aligned. */
export function viewValues(
  type: ColumnType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  count: number,
): ValueArray {
  return new (constructors[type] ?? Uint8Array)(buffer, byteOffset, count)
}

/** The bytes of an array, where they lie. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** 8-byte values as pairs of 32-bit halves where they lie: value i is [2i] (low), [2i + 1] (high). */
export function halvesOf(values: ValueArray): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.byteLength >>> 2)
}

/** Builds a column without the fields that it does not have. */
export function rawColumn(
  type: ColumnType,
  length: number,
  values: ValueArray,
  validity: Uint8Array | undefined,
  offsets?: Uint32Array,
): Column {
  return {
    type,
    length,
    values,
    ...(validity === undefined ? {} : { validity }),
    ...(offsets === undefined ? {} : { offsets }),
  }
}

/** Bytes in front of the values of canonical bytes without nulls: `column-codec.ts`. */
const HEAD_BYTES = 8

const canonicalBytes = new WeakMap<Column, Uint8Array>()

/**
 * A column without nulls, of a fixed width, whose values lie in its canonical bytes: no later copy.
 * @param fill writes all values
 * @param room for the bytes
 */
export function canonicalColumn(
  type: ColumnType,
  rows: number,
  fill: (values: ValueArray) => void,
  room?: ByteRoom,
): Column {
  const canonical = withHead(type, rows, HEAD_BYTES + rows * valueWidth(type), room)
  const values = viewValues(type, canonical.buffer, HEAD_BYTES, rows)
  fill(values)
  const column = rawColumn(type, rows, values, undefined)
  canonicalBytes.set(column, canonical)
  return column
}

/**
 * A column of texts or binary values without nulls that lies in its canonical bytes: no later copy.
 * @param fill writes all offsets but the first, which is 0, and all bytes
 * @param room for the bytes
 */
export function canonicalTexts(
  type: ColumnType,
  rows: number,
  length: number,
  fill: (offsets: Uint32Array, bytes: Uint8Array) => void,
  room?: ByteRoom,
): Column {
  const start = HEAD_BYTES + 4 * (rows + 1)
  const canonical = withHead(type, rows, start + length, room)
  const offsets = new Uint32Array(canonical.buffer, HEAD_BYTES, rows + 1)
  const values = canonical.subarray(start)
  offsets[0] = 0
  fill(offsets, values)
  const column = rawColumn(type, rows, values, undefined, offsets)
  canonicalBytes.set(column, canonical)
  return column
}

function withHead(type: ColumnType, rows: number, length: number, room?: ByteRoom): Uint8Array {
  const bytes = room === undefined ? new Uint8Array(length) : room.take(length)
  const head = new DataView(bytes.buffer)
  head.setUint32(0, columnTypeCodes[type], true)
  head.setUint32(4, rows, true)
  return bytes
}

/** The canonical bytes of a column that was made of them. */
export function knownCanonical(column: Column): Uint8Array | undefined {
  return canonicalBytes.get(column)
}
