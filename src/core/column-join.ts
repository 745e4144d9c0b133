import type { ByteRoom } from './byte-room.ts'
import { type Column, type ColumnType, isBytesType, type ValueArray } from './column.ts'
import { canonicalColumn, canonicalTexts, MAX_U32 } from './column-layout.ts'
import { concatColumns, sliceColumn } from './column-ops.ts'
import { VarveError } from './errors.ts'

/** Rows `from` to `to` (exclusive) of a column. */
export interface ColumnRows {
  readonly column: Column
  readonly from: number
  readonly to: number
}

export function allRows(column: Column): ColumnRows {
  return { column, from: 0, to: column.length }
}

/**
 * Rows of columns of one type, one after another; at least one column. For what is about to be stored: they
 * are copied once, into canonical bytes, where none is null.
 * @param room for these bytes
 */
export function joinRows(parts: readonly ColumnRows[], room?: ByteRoom): Column {
  const { type } = parts[0]!.column
  const alike = parts.every(({ column }) => column.type === type && column.validity === undefined)
  const isOne =
    parts.length === 1 && parts[0]!.from === 0 && parts[0]!.to === parts[0]!.column.length
  if (alike && !isOne) {
    if (isBytesType(type)) return joinTexts(type, parts, room)
    if (type !== 'bool' && type !== 'null') return joinFixed(type, parts, room)
  }
  return concatColumns(parts.map(({ column, from, to }) => sliceColumn(column, from, to)))
}

function countRows(parts: readonly ColumnRows[]): number {
  return parts.reduce((sum, { from, to }) => sum + to - from, 0)
}

function joinFixed(type: ColumnType, parts: readonly ColumnRows[], room?: ByteRoom): Column {
  const fill = (values: ValueArray): void => {
    let at = 0
    for (const { column, from, to } of parts) {
      // All arrays here are of the one kind that goes with the type.
      ;(values as Uint8Array).set(column.values.subarray(from, to) as Uint8Array, at)
      at += to - from
    }
  }
  return canonicalColumn(type, countRows(parts), fill, room)
}

function joinTexts(type: ColumnType, parts: readonly ColumnRows[], room?: ByteRoom): Column {
  const rows = countRows(parts)
  const length = parts.reduce(
    (sum, { column: { offsets }, from, to }) => sum + offsets![to]! - offsets![from]!,
    0,
  )
  if (rows > MAX_U32 || length > MAX_U32) {
    throw new VarveError('too-large', 'a column has more than 2^32 − 1 rows or bytes')
  }
  const fill = (offsets: Uint32Array, bytes: Uint8Array): void => {
    let row = 0
    let at = 0
    for (const { column, from, to } of parts) {
      const places = column.offsets!
      const start = places[from]!
      const shift = at - start
      for (let i = from + 1; i <= to; i++) offsets[++row] = places[i]! + shift
      bytes.set((column.values as Uint8Array).subarray(start, places[to]), at)
      at += places[to]! - start
    }
  }
  return canonicalTexts(type, rows, length, fill, room)
}
