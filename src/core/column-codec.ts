import { isUtf8 } from 'node:buffer'
import { allOnes, bitmapBytes, lastByteMask } from './bits.ts'
import {
  type Column,
  type ColumnType,
  columnTypeCodes,
  columnTypes,
  isBytesType,
  type ValueArray,
} from './column.ts'
import {
  bytesOf,
  halvesOf,
  MAX_VALUE_BYTES,
  rawColumn,
  valueWidth,
  viewValues,
} from './column-layout.ts'
import { VarveError } from './errors.ts'

// Canonical column (docs/format/column.md):
//
//   0  u8   type code
//   1  u8   flags: 1 where a validity bitmap follows, else 0
//   2  u16  zero
//   4  u32  rows
//   8  validity bitmap, zero-padded to a multiple of 8 bytes; only where a row is null
//      values: fixed width, little-endian | bool: bits, zero-padded to a whole byte
//              | string, binary, json: (rows + 1) u32 offsets, the first 0, then the bytes
//              | null: nothing
//
// There is one encoding of each column, so decoding refuses every other.

const HEADER = 8
const HAS_VALIDITY = 1

function paddedBitmapBytes(rows: number): number {
  return Math.ceil(rows / 64) * 8
}

/** Length in bytes of the canonical encoding of rows `from` to `to` (exclusive). */
export function canonicalLength(column: Column, from = 0, to = column.length): number {
  const rows = to - from
  const { type, validity, offsets } = column
  if (type === 'null') return HEADER
  let length = HEADER
  if (validity !== undefined && hasNull(validity, from, to)) length += paddedBitmapBytes(rows)
  if (type === 'bool') return length + bitmapBytes(rows)
  if (offsets !== undefined) return length + 4 * (rows + 1) + offsets[to]! - offsets[from]!
  return length + rows * valueWidth(type)
}

function hasNull(validity: Uint8Array, from: number, to: number): boolean {
  for (let row = from; row < to; row++) {
    if ((row & 7) === 0 && row + 8 <= to && validity[row >> 3] === 0xff) row += 7
    else if (((validity[row >> 3]! >> (row & 7)) & 1) === 0) return true
  }
  return false
}

/** The canonical bytes of a column. */
export function encodeColumn(column: Column): Uint8Array {
  const { type, length: rows, validity, values, offsets } = column
  const bytes = new Uint8Array(canonicalLength(column))
  bytes[0] = columnTypeCodes[type]
  new DataView(bytes.buffer).setUint32(4, rows, true)
  if (type === 'null') return bytes
  let at = HEADER
  if (validity !== undefined) {
    bytes[1] = HAS_VALIDITY
    bytes.set(validity, at)
    at += paddedBitmapBytes(rows)
  }
  if (offsets !== undefined) {
    bytes.set(bytesOf(offsets), at)
    at += offsets.byteLength
  }
  bytes.set(bytesOf(values), at)
  return bytes
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', `a column's bytes are wrong: ${reason}`)
}

/**
 * Reads canonical bytes, checking every rule of the format: `corrupt-object` where one is broken.
 * The column shares the bytes' memory where they are aligned, so they must not change afterwards.
 * @param options.maxRows more rows than this are refused
 */
export function decodeColumn(canonical: Uint8Array, options: { maxRows?: number } = {}): Column {
  // Never a Buffer, whose slice() does not copy and whose pieces are Buffers again.
  const bytes = bytesOf(canonical)
  if (bytes.length < HEADER) throw corrupt('cut short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const type = columnTypes[bytes[0]!]
  const flags = bytes[1]!
  const rows = view.getUint32(4, true)
  if (type === undefined) throw corrupt(`unknown type ${bytes[0]}`)
  if (flags > HAS_VALIDITY || view.getUint16(2, true) !== 0) throw corrupt('unknown flags')
  if (rows > (options.maxRows ?? Number.POSITIVE_INFINITY)) throw corrupt(`${rows} rows`)
  if (type === 'null') {
    if (flags !== 0 || bytes.length !== HEADER) throw corrupt('bytes after a column of nulls')
    return rawColumn(type, rows, new Uint8Array(0), undefined)
  }
  let at = HEADER
  let validity: Uint8Array | undefined
  if (flags === HAS_VALIDITY) {
    const end = at + paddedBitmapBytes(rows)
    if (end > bytes.length) throw corrupt('cut short')
    validity = bytes.subarray(at, at + bitmapBytes(rows))
    checkPadding(bytes.subarray(at, end), rows)
    if (allOnes(validity, rows)) throw corrupt('a validity bitmap without a null')
    at = end
  }
  if (isBytesType(type)) return decodeBytes(type, rows, validity, bytes, at)
  if (type === 'bool') {
    if (bytes.length - at !== bitmapBytes(rows)) throw corrupt('wrong length')
    const values = bytes.subarray(at)
    checkPadding(values, rows)
    if (validity !== undefined) checkBoolNulls(values, validity)
    return rawColumn(type, rows, values, validity)
  }
  const width = valueWidth(type)
  if (bytes.length - at !== rows * width) throw corrupt('wrong length')
  const values = alignedView(type, bytes, at, rows, width)
  if (validity !== undefined) checkZeroUnderNull(bytesOf(values), width, validity, rows)
  if (type === 'float64' || type === 'float32') checkNaN(type, values)
  return rawColumn(type, rows, values, validity)
}

function alignedView(
  type: ColumnType,
  bytes: Uint8Array,
  at: number,
  count: number,
  width: number,
): ValueArray {
  const start = bytes.byteOffset + at
  if (start % width === 0) return viewValues(type, bytes.buffer, start, count)
  return viewValues(type, bytes.slice(at, at + count * width).buffer, 0, count)
}

function decodeBytes(
  type: ColumnType,
  rows: number,
  validity: Uint8Array | undefined,
  bytes: Uint8Array,
  at: number,
): Column {
  const end = at + 4 * (rows + 1)
  if (end > bytes.length) throw corrupt('cut short')
  const offsets = alignedView('uint32', bytes, at, rows + 1, 4) as Uint32Array
  const values = bytes.subarray(end)
  if (offsets[0] !== 0 || offsets[rows] !== values.length) throw corrupt('wrong offsets')
  let previous = 0
  for (let row = 1; row <= rows; row++) {
    const next = offsets[row]!
    if (next < previous || next - previous > MAX_VALUE_BYTES) throw corrupt('wrong offsets')
    previous = next
  }
  if (validity !== undefined) {
    for (let row = 0; row < rows; row++) {
      if (((validity[row >> 3]! >> (row & 7)) & 1) === 0 && offsets[row] !== offsets[row + 1]) {
        throw corrupt('a value under a null')
      }
    }
  }
  if (type !== 'binary' && firstInvalidText(values, offsets, rows) !== -1) {
    throw corrupt('text is not valid UTF-8')
  }
  return rawColumn(type, rows, values, validity, offsets)
}

/** The first row whose bytes are not valid UTF-8, or −1. */
export function firstInvalidText(values: Uint8Array, offsets: Uint32Array, rows: number): number {
  // The whole is valid and no cut falls inside a character: then every part is valid.
  let cut = !isUtf8(values)
  for (let row = 1; row < rows && !cut; row++) cut = (values[offsets[row]!]! & 0xc0) === 0x80
  if (!cut) return -1
  for (let row = 0; row < rows; row++) {
    if (!isUtf8(values.subarray(offsets[row], offsets[row + 1]))) return row
  }
  return -1
}

function checkPadding(bits: Uint8Array, count: number): void {
  const used = bitmapBytes(count)
  if (used > 0 && (bits[used - 1]! & ~lastByteMask(count)) !== 0) throw corrupt('padding bits')
  for (let i = used; i < bits.length; i++) if (bits[i] !== 0) throw corrupt('padding bytes')
}

function checkBoolNulls(values: Uint8Array, validity: Uint8Array): void {
  for (let i = 0; i < validity.length; i++) {
    if ((values[i]! & ~validity[i]!) !== 0) throw corrupt('a value under a null')
  }
}

function checkZeroUnderNull(
  values: Uint8Array,
  width: number,
  validity: Uint8Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) {
    const byte = validity[row >> 3]!
    if (byte === 0xff) row |= 7
    else if (((byte >> (row & 7)) & 1) === 0) {
      for (let i = row * width; i < (row + 1) * width; i++) {
        if (values[i] !== 0) throw corrupt('a value under a null')
      }
    }
  }
}

function checkNaN(type: 'float32' | 'float64', values: ValueArray): void {
  const found = type === 'float64' ? strayNaN64(values as Float64Array) : strayNaN32(values)
  if (found) throw corrupt('a NaN that is not the canonical one')
}

function strayNaN64(values: Float64Array): boolean {
  const halves = halvesOf(values)
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]) && (halves[2 * i] !== 0 || halves[2 * i + 1] !== NAN64_HIGH)) {
      return true
    }
  }
  return false
}

function strayNaN32(values: ValueArray): boolean {
  const bits = halvesOf(values)
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & 0x7fff_ffff) > 0x7f80_0000 && bits[i] !== NAN32) return true
  }
  return false
}

/** The canonical NaN: 0x7ff8000000000000, as a float32 0x7fc00000. */
const NAN64_HIGH = 0x7ff8_0000
const NAN32 = 0x7fc0_0000

/** Turns every NaN among floats into the canonical one, in place. */
export function canonicaliseNaN(values: Float32Array | Float64Array): void {
  const halves = halvesOf(values)
  const wide = values instanceof Float64Array
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue
    if (wide) {
      halves[2 * i] = 0
      halves[2 * i + 1] = NAN64_HIGH
    } else {
      halves[i] = NAN32
    }
  }
}
