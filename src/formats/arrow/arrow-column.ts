import { allOnes, bitmapBytes, sliceBits } from '../../core/bits.ts'
import type { Column, ColumnType } from '../../core/column.ts'
import { ColumnBuilder } from '../../core/column-builder.ts'
import { canonicaliseNaN } from '../../core/column-check.ts'
import {
  bytesOf,
  MAX_VALUE_BYTES,
  rawColumn,
  valueWidth,
  viewValues,
} from '../../core/column-layout.ts'
import { concatColumns, nullColumn, takeRows } from '../../core/column-ops.ts'
import { VarveError } from '../../core/errors.ts'
import { escapeControl } from '../../core/names.ts'
import { decimalColumn } from '../decimals.ts'
import { floatOfHalf } from '../half-float.ts'
import { arrowFault } from './arrow-fault.ts'
import type { ArrowType } from './arrow-schema.ts'
import type { BatchBody } from './batch-body.ts'

/** Bytes that the values of a piece take at most, unless it is one row. */
const PIECE_BYTES = 64 * 1024 * 1024

/** A column of a record batch, of which pieces are made columns of. */
export interface ArrowColumn {
  /** The last row, exclusive, that a piece from a row on should have, up to `to`. */
  limit(from: number, to: number): number
  /**
   * Rows `from` to `to` (exclusive). Its values may lie in the batch's own bytes; a date that is
   * written in milliseconds comes as timestamp_ms, json as string: they are still to be checked.
   */
  piece(from: number, to: number): Column
}

/** Takes the next column off a batch. `bad-input` where its buffers do not fit its rows. */
export function openColumn(body: BatchBody, arrow: ArrowType, file: string): ArrowColumn {
  const { nulls } = body.node()
  const { rows } = body
  if (arrow.layout === 'null') {
    return { limit: (_, to) => to, piece: (from, to) => nullColumn('null', to - from) }
  }
  const bits = body.buffer()
  if (nulls !== 0 && bits.length < bitmapBytes(rows)) {
    throw arrowFault(file, 'a bitmap of nulls is shorter than its column')
  }
  const validity: Validity = (from, to) => {
    if (nulls === 0) return undefined
    const piece = sliceBits(bits, from, to)
    return allOnes(piece, to - from) ? undefined : piece
  }
  const bytes = (offsets: () => Offsets) => bytesColumn(arrow, rows, body, validity, offsets, file)
  switch (arrow.layout) {
    case 'large':
      return bytes(() => largeOffsets(body, rows, file))
    case 'fixed-bytes':
      return bytes(() => (row) => row * arrow.width!)
    case 'view':
      return viewColumn(arrow, body, validity, file)
    case 'half':
      return halfColumn(body.buffer(2 * rows), validity)
    case 'decimal': {
      const { width = 0, scale = 0 } = arrow
      return decimalColumnOf(body.buffer(width * rows), width, scale, validity)
    }
    case 'date-millis':
      return fixedColumn('timestamp_ms', body.buffer(8 * rows), validity)
    case 'same':
      if (arrow.type === 'bool') return boolColumn(body.buffer(bitmapBytes(rows)), validity)
      if (valueWidth(arrow.type) > 0) {
        return fixedColumn(arrow.type, body.buffer(valueWidth(arrow.type) * rows), validity)
      }
      return bytes(() => offsetsOf(body, rows))
  }
}

/** The bitmap of some rows; undefined where none of them is null. */
type Validity = (from: number, to: number) => Uint8Array | undefined
/** Where the bytes of a row begin, which is where those of the one before end. */
type Offsets = (row: number) => number

function fixedColumn(type: ColumnType, buffer: Uint8Array, validity: Validity): ArrowColumn {
  const width = valueWidth(type)
  return {
    limit: (_, to) => to,
    piece(from, to) {
      const at = buffer.byteOffset + from * width
      const values = viewValues(type, buffer.buffer, at, to - from)
      const bits = validity(from, to)
      if (bits !== undefined) clearNulls(bytesOf(values), bits, width, to - from)
      if (values instanceof Float64Array || values instanceof Float32Array) canonicaliseNaN(values)
      return rawColumn(type, to - from, values, bits)
    },
  }
}

/** Anything may lie under a null. */
function clearNulls(bytes: Uint8Array, bits: Uint8Array, width: number, rows: number): void {
  for (let row = 0; row < rows; row++) {
    const byte = bits[row >> 3]!
    if (byte === 0xff) row |= 7
    else if (((byte >> (row & 7)) & 1) === 0) bytes.fill(0, row * width, (row + 1) * width)
  }
}

function boolColumn(buffer: Uint8Array, validity: Validity): ArrowColumn {
  return {
    limit: (_, to) => to,
    piece(from, to) {
      const values = sliceBits(buffer, from, to)
      const bits = validity(from, to)
      if (bits !== undefined) for (let i = 0; i < values.length; i++) values[i]! &= bits[i]!
      return rawColumn('bool', to - from, values, bits)
    },
  }
}

function halfColumn(buffer: Uint8Array, validity: Validity): ArrowColumn {
  const halves = new Uint16Array(buffer.buffer, buffer.byteOffset, buffer.length >> 1)
  return {
    limit: (_, to) => to,
    piece(from, to) {
      const values = Float32Array.from(halves.subarray(from, to), floatOfHalf)
      const bits = validity(from, to)
      if (bits !== undefined) clearNulls(bytesOf(values), bits, 4, to - from)
      canonicaliseNaN(values)
      return rawColumn('float32', to - from, values, bits)
    },
  }
}

/** Whole numbers of some bytes, the least first, which have so many digits behind the point. */
function decimalColumnOf(
  buffer: Uint8Array,
  width: number,
  scale: number,
  validity: Validity,
): ArrowColumn {
  const words = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const numberAt = (row: number): bigint => {
    if (width === 4) return BigInt(words.getInt32(4 * row, true))
    const start = width * row
    let number = words.getBigInt64(start + width - 8, true)
    for (let at = start + width - 16; at >= start; at -= 8) {
      number = (number << 64n) | words.getBigUint64(at, true)
    }
    return number
  }
  return {
    limit: (_, to) => to,
    piece(from, to) {
      const bits = validity(from, to)
      const isNull = (row: number): boolean =>
        bits !== undefined && ((bits[row >> 3]! >> (row & 7)) & 1) === 0
      const { type, length, values } = decimalColumn(to - from, scale, (row) =>
        isNull(row) ? 0n : numberAt(from + row),
      )
      return rawColumn(type, length, values, bits)
    },
  }
}

function offsetsOf(body: BatchBody, rows: number): Offsets {
  // A column without rows may lack its one offset.
  const buffer = body.buffer(rows === 0 ? 0 : 4 * (rows + 1))
  const offsets = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length >> 2)
  return (row) => offsets[row] ?? 0
}

function largeOffsets(body: BatchBody, rows: number, file: string): Offsets {
  const buffer = body.buffer(rows === 0 ? 0 : 8 * (rows + 1))
  const halves = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length >> 2)
  return (row) => {
    // No buffer of a batch has 4 GiB.
    if (halves[2 * row + 1]) throw arrowFault(file, 'text reaches beyond its buffer')
    return halves[2 * row] ?? 0
  }
}

function bytesColumn(
  { type }: ArrowType,
  rows: number,
  body: BatchBody,
  validity: Validity,
  open: () => Offsets,
  file: string,
): ArrowColumn {
  const offsets = open()
  const data = body.buffer()
  const fault = () => arrowFault(file, 'text reaches beyond its buffer')
  const kind = type === 'json' ? 'string' : type
  return {
    limit(from, to) {
      const first = offsets(from)
      let last = to
      while (last > from + 1 && offsets(last) - first > PIECE_BYTES) {
        last = from + Math.ceil((last - from) / 2)
      }
      return last
    },
    piece(from, to) {
      const start = rows === 0 ? 0 : offsets(from)
      const cut = new Uint32Array(to - from + 1)
      let previous = 0
      for (let row = 1; row < cut.length; row++) {
        const next = offsets(from + row) - start
        if (next < previous || start + next > data.length) throw fault()
        if (next - previous > MAX_VALUE_BYTES) throw tooLong(next - previous, file)
        cut[row] = next
        previous = next
      }
      if (start + previous > data.length) throw fault()
      const values = data.subarray(start, start + previous)
      const bits = validity(from, to)
      const column = rawColumn(kind, to - from, values, bits, cut)
      return bits === undefined || isEmptyUnderNulls(cut, bits) ? column : withoutNulls(column)
    },
  }
}

function isEmptyUnderNulls(offsets: Uint32Array, bits: Uint8Array): boolean {
  for (let row = 0; row + 1 < offsets.length; row++) {
    const isNull = ((bits[row >> 3]! >> (row & 7)) & 1) === 0
    if (isNull && offsets[row] !== offsets[row + 1]) return false
  }
  return true
}

/** The same values without the bytes that lie under nulls. */
function withoutNulls({ type, length, values, validity, offsets }: Column): Column {
  const builder = new ColumnBuilder('binary', length)
  for (let row = 0; row < length; row++) {
    if (((validity![row >> 3]! >> (row & 7)) & 1) === 0) builder.appendNull()
    else builder.appendBytes(values as Uint8Array, offsets![row]!, offsets![row + 1]!)
  }
  const clean = builder.finish()
  return rawColumn(type, length, clean.values, clean.validity, clean.offsets)
}

/** Values of up to 12 bytes stand in their view; others in one of several buffers. */
function viewColumn(
  { type }: ArrowType,
  body: BatchBody,
  validity: Validity,
  file: string,
): ArrowColumn {
  const views = body.buffer(16 * body.rows)
  const words = new Uint32Array(views.buffer, views.byteOffset, views.length >> 2)
  const buffers = Array.from({ length: body.variadic() }, () => body.buffer())
  const kind = type === 'json' ? 'string' : type
  return {
    limit(from, to) {
      let bytes = 0
      let row = from
      while (row < to) {
        bytes += words[4 * row]!
        if (bytes > PIECE_BYTES) break
        row++
      }
      return Math.max(row, from + 1)
    },
    piece(from, to) {
      // As bytes: that they are text is checked with all others.
      const builder = new ColumnBuilder('binary', to - from)
      const bits = validity(from, to)
      for (let row = from; row < to; row++) {
        const at = row - from
        if (bits !== undefined && ((bits[at >> 3]! >> (at & 7)) & 1) === 0) {
          builder.appendNull()
          continue
        }
        const length = words[4 * row]!
        const source = length <= 12 ? views : buffers[words[4 * row + 2]!]
        const start = length <= 12 ? 16 * row + 4 : words[4 * row + 3]!
        if (source === undefined || start + length > source.length) {
          throw arrowFault(file, 'text reaches beyond its buffer')
        }
        if (length > MAX_VALUE_BYTES) throw tooLong(length, file)
        builder.appendBytes(source, start, start + length)
      }
      const { length, values, validity: valid, offsets } = builder.finish()
      return rawColumn(kind, length, values, valid, offsets)
    },
  }
}

function tooLong(bytes: number, file: string): VarveError {
  return new VarveError('too-large', `${escapeControl(file)}: a value of ${bytes} bytes`, {
    data: { file, size: bytes },
    hint: `a value has at most ${MAX_VALUE_BYTES} bytes`,
  })
}

/** The values of a dictionary, and behind the last a null for the rows that are null. */
export function dictionaryValues(parts: readonly Column[], type: ColumnType): Column {
  return concatColumns([...parts, nullColumn(parts[0]?.type ?? type, 1)])
}

/** A column of numbers into a dictionary, given as {@link dictionaryValues} makes it. */
export function dictionaryColumn(numbers: ArrowColumn, all: Column, file: string): ArrowColumn {
  const count = all.length - 1
  const indices = (from: number, to: number): Uint32Array => {
    const column = numbers.piece(from, to)
    const { values: found, validity } = column
    const result = new Uint32Array(column.length)
    for (let row = 0; row < column.length; row++) {
      const isNull = validity !== undefined && ((validity[row >> 3]! >> (row & 7)) & 1) === 0
      const number = isNull ? count : Number(found[row])
      if (!isNull && !(number >= 0 && number < count)) {
        throw arrowFault(file, 'a value is not in its dictionary')
      }
      result[row] = number
    }
    return result
  }
  return {
    limit(from, to) {
      const { offsets } = all
      if (offsets === undefined) return to
      let bytes = 0
      const rows = indices(from, to)
      for (let at = 0; at < rows.length; at++) {
        bytes += offsets[rows[at]! + 1]! - offsets[rows[at]!]!
        if (bytes > PIECE_BYTES) return from + Math.max(1, at)
      }
      return to
    },
    piece: (from, to) => takeRows(all, indices(from, to)),
  }
}
