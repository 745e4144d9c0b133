import { bitmapBytes, isZeroBehind } from './bits.ts'
import {
  type Column,
  type ColumnType,
  columnTypeCodes,
  columnTypes,
  isBytesType,
  type ValueArray,
} from './column.ts'
import { formFault, shapeFault } from './column-check.ts'
import { bytesOf, knownCanonical, rawColumn, valueWidth, viewValues } from './column-layout.ts'
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

/** The canonical bytes of a column: not to be written to. */
export function encodeColumn(column: Column): Uint8Array {
  return knownCanonical(column) ?? encodeAnew(column)
}

function encodeAnew(column: Column): Uint8Array {
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
    if (!isZeroBehind(bytes.subarray(at, end), rows)) throw corrupt('padding bits')
    at = end
  }
  const column = viewColumn(type, rows, validity, bytes, at)
  const fault = shapeFault(column) ?? formFault(column)
  if (fault !== undefined) throw corrupt(fault)
  return column
}

const decoded = new WeakMap<Uint8Array, Column>()

/** As {@link decodeColumn}, for bytes that may be handed out again and again: they are looked through once. */
export function decodeColumnOnce(
  canonical: Uint8Array,
  options: { maxRows?: number } = {},
): Column {
  const known = decoded.get(canonical)
  if (known !== undefined && known.length <= (options.maxRows ?? known.length)) return known
  const column = decodeColumn(canonical, options)
  decoded.set(canonical, column)
  return column
}

/** The column whose values begin at `at`, none of them looked at. */
function viewColumn(
  type: ColumnType,
  rows: number,
  validity: Uint8Array | undefined,
  bytes: Uint8Array,
  at: number,
): Column {
  if (isBytesType(type)) {
    const end = at + 4 * (rows + 1)
    if (end > bytes.length) throw corrupt('cut short')
    const offsets = alignedView('uint32', bytes, at, rows + 1, 4) as Uint32Array
    return rawColumn(type, rows, bytes.subarray(end), validity, offsets)
  }
  const width = valueWidth(type)
  const length = type === 'bool' ? bitmapBytes(rows) : rows * width
  if (bytes.length - at !== length) throw corrupt('wrong length')
  if (type === 'bool') return rawColumn(type, rows, bytes.subarray(at), validity)
  return rawColumn(type, rows, alignedView(type, bytes, at, rows, width), validity)
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
