import { allOnes, bitmapBytes, copyBits, getBit, ones, setBit, sliceBits } from './bits.ts'
import { type Column, type ColumnType, isBytesType, type ValueArray } from './column.ts'
import {
  canonicalColumn,
  halvesOf,
  MAX_U32,
  newValues,
  rawColumn,
  valueWidth,
} from './column-layout.ts'
import { VarveError } from './errors.ts'

export {
  columnsEqual,
  markDifferences,
  type RowEquality,
  rowEquality,
  valuesEqualAt,
} from './column-equal.ts'
export { nullColumn, scalarAt } from './column-scalar.ts'
export { canWiden, widenColumn, widerTypes } from './column-widen.ts'

const NO_BYTES = new Uint8Array(0)

/** Rows `from` to `to` (exclusive). Shares the values' memory. */
export function sliceColumn(column: Column, from: number, to: number): Column {
  const { type, length, validity, values, offsets } = column
  if (from === 0 && to === length) return column
  const rows = to - from
  if (type === 'null') return rawColumn('null', rows, NO_BYTES, undefined)
  const valid = validity === undefined ? undefined : canonical(sliceBits(validity, from, to), rows)
  if (offsets !== undefined) {
    const start = offsets[from]!
    const cut = offsets.slice(from, to + 1)
    if (start !== 0) for (let i = 0; i < cut.length; i++) cut[i]! -= start
    return rawColumn(type, rows, values.subarray(start, offsets[to]), valid, cut)
  }
  if (type === 'bool') {
    return rawColumn(type, rows, sliceBits(values as Uint8Array, from, to), valid)
  }
  return rawColumn(type, rows, values.subarray(from, to), valid)
}

/** A bitmap that has a zero, or none at all. */
function canonical(validity: Uint8Array, rows: number): Uint8Array | undefined {
  return allOnes(validity, rows) ? undefined : validity
}

/** The columns one after another; all of one type, at least one. */
export function concatColumns(columns: readonly Column[]): Column {
  const first = columns[0]
  if (first === undefined) throw new VarveError('bad-input', 'no columns to join')
  if (columns.length === 1) return first
  const { type } = first
  let rows = 0
  let bytes = 0
  let nulls = false
  for (const column of columns) {
    if (column.type !== type) {
      throw new VarveError('schema-mismatch', `cannot join ${type} and ${column.type}`)
    }
    rows += column.length
    if (column.offsets !== undefined) bytes += column.offsets[column.length]!
    nulls ||= column.validity !== undefined
  }
  if (rows > MAX_U32 || bytes > MAX_U32) {
    throw new VarveError('too-large', 'a column has more than 2^32 − 1 rows or bytes')
  }
  if (type === 'null') return rawColumn('null', rows, NO_BYTES, undefined)
  const validity = nulls ? concatValidity(columns, rows) : undefined
  if (isBytesType(type)) return concatBytes(type, columns, rows, bytes, validity)
  let at = 0
  if (type === 'bool') {
    const bits = new Uint8Array(bitmapBytes(rows))
    for (const { values, length } of columns) {
      copyBits(values as Uint8Array, 0, length, bits, at)
      at += length
    }
    return rawColumn('bool', rows, bits, validity)
  }
  const fill = (values: ValueArray): void => {
    for (const column of columns) {
      // All arrays here are of the one kind that goes with the type.
      ;(values as Uint8Array).set(column.values as Uint8Array, at)
      at += column.length
    }
  }
  // What is joined is nearly always about to be stored.
  if (validity === undefined) return canonicalColumn(type, rows, fill)
  const values = newValues(type, rows)
  fill(values)
  return rawColumn(type, rows, values, validity)
}

function concatValidity(columns: readonly Column[], rows: number): Uint8Array {
  const validity = new Uint8Array(bitmapBytes(rows))
  let at = 0
  for (const column of columns) {
    copyBits(column.validity ?? ones(column.length), 0, column.length, validity, at)
    at += column.length
  }
  return validity
}

function concatBytes(
  type: ColumnType,
  columns: readonly Column[],
  rows: number,
  bytes: number,
  validity: Uint8Array | undefined,
): Column {
  const values = new Uint8Array(bytes)
  const offsets = new Uint32Array(rows + 1)
  let at = 0
  let row = 0
  for (const column of columns) {
    const from = column.offsets!
    if (at === 0) offsets.set(from, row)
    else for (let i = 1; i <= column.length; i++) offsets[row + i] = at + from[i]!
    values.set(column.values as Uint8Array, at)
    row += column.length
    at += from[column.length]!
  }
  return rawColumn(type, rows, values, validity, offsets)
}

/** The rows at `indices`, in that order; a row may be taken any number of times. */
export function takeRows(column: Column, indices: Uint32Array): Column {
  const { type, validity, values, offsets } = column
  const rows = indices.length
  if (type === 'null') return rawColumn('null', rows, NO_BYTES, undefined)
  const valid = validity === undefined ? undefined : canonical(takeBits(validity, indices), rows)
  if (offsets !== undefined) return takeBytes(column, offsets, indices, valid)
  if (type === 'bool') return rawColumn(type, rows, takeBits(values as Uint8Array, indices), valid)
  const taken = newValues(type, rows)
  takeValues(values, taken, indices, valueWidth(type))
  return rawColumn(type, rows, taken, valid)
}

// One loop a width, so that each sees one kind of array only.
function takeValues(
  source: ValueArray,
  target: ValueArray,
  indices: Uint32Array,
  width: number,
): void {
  const { buffer, byteOffset, byteLength } = source
  if (width === 8) {
    takeEights(halvesOf(source), halvesOf(target), indices)
  } else if (width === 4) {
    takeFours(halvesOf(source), halvesOf(target), indices)
  } else if (width === 2) {
    const from = new Uint16Array(buffer, byteOffset, byteLength >>> 1)
    takeTwos(from, new Uint16Array(target.buffer), indices)
  } else {
    takeOnes(new Uint8Array(buffer, byteOffset, byteLength), new Uint8Array(target.buffer), indices)
  }
}

function takeEights(source: Uint32Array, target: Uint32Array, indices: Uint32Array): void {
  for (let i = 0; i < indices.length; i++) {
    const at = 2 * indices[i]!
    target[2 * i] = source[at]!
    target[2 * i + 1] = source[at + 1]!
  }
}

function takeFours(source: Uint32Array, target: Uint32Array, indices: Uint32Array): void {
  for (let i = 0; i < indices.length; i++) target[i] = source[indices[i]!]!
}

function takeTwos(source: Uint16Array, target: Uint16Array, indices: Uint32Array): void {
  for (let i = 0; i < indices.length; i++) target[i] = source[indices[i]!]!
}

function takeOnes(source: Uint8Array, target: Uint8Array, indices: Uint32Array): void {
  for (let i = 0; i < indices.length; i++) target[i] = source[indices[i]!]!
}

function takeBits(bits: Uint8Array, indices: Uint32Array): Uint8Array {
  const taken = new Uint8Array(bitmapBytes(indices.length))
  for (let i = 0; i < indices.length; i++) if (getBit(bits, indices[i]!)) setBit(taken, i)
  return taken
}

function takeBytes(
  column: Column,
  from: Uint32Array,
  indices: Uint32Array,
  validity: Uint8Array | undefined,
): Column {
  const { type, values: source } = column
  if (isFewAndShort(from, column.length, indices.length)) {
    return takeShort(type, source as Uint8Array, from, indices, validity)
  }
  const offsets = new Uint32Array(indices.length + 1)
  let total = 0
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!
    total += from[row + 1]! - from[row]!
    if (total > MAX_U32) throw new VarveError('too-large', 'a column has more than 4 GiB')
    offsets[i + 1] = total
  }
  const values = new Uint8Array(total)
  for (let i = 0; i < indices.length; i++) {
    const start = from[indices[i]!]!
    const end = from[indices[i]! + 1]!
    let at = offsets[i]!
    if (end - start > 24) values.set((source as Uint8Array).subarray(start, end), at)
    else for (let k = start; k < end; k++) values[at++] = source[k] as number
  }
  return rawColumn(type, indices.length, values, validity, offsets)
}

/** Bytes of a value that are copied as two words. */
const SHORT = 8
/** Values that are taken often enough to be laid out for it. */
const REPEATS = 4

function isFewAndShort(from: Uint32Array, rows: number, taken: number): boolean {
  if (rows * REPEATS > taken) return false
  for (let row = 0; row < rows; row++) if (from[row + 1]! - from[row]! > SHORT) return false
  return true
}

/** Values of up to 8 bytes, each taken as two words: what is written too much is written over by the next. */
function takeShort(
  type: ColumnType,
  source: Uint8Array,
  from: Uint32Array,
  indices: Uint32Array,
  validity: Uint8Array | undefined,
): Column {
  const rows = from.length - 1
  const slots = new Uint8Array(SHORT * rows)
  for (let row = 0; row < rows; row++) {
    slots.set(source.subarray(from[row], from[row + 1]), SHORT * row)
  }
  const words = new Uint32Array(slots.buffer)
  const sizes = Uint8Array.from({ length: rows }, (_, row) => from[row + 1]! - from[row]!)
  let total = 0
  for (let i = 0; i < indices.length; i++) total += sizes[indices[i]!]!
  if (total > MAX_U32) throw new VarveError('too-large', 'a column has more than 4 GiB')
  const offsets = new Uint32Array(indices.length + 1)
  const bytes = new Uint8Array(total + SHORT)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!
    view.setUint32(at, words[2 * row]!, true)
    view.setUint32(at + 4, words[2 * row + 1]!, true)
    at += sizes[row]!
    offsets[i + 1] = at
  }
  return rawColumn(type, indices.length, bytes.subarray(0, total), validity, offsets)
}
