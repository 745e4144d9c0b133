import { getBit } from '../bits.ts'
import { ByteReader, ByteWriter, equalBytes } from '../bytes.ts'
import type { Column } from '../column.ts'
import { canonicalLength, decodeColumn, decodeColumnOnce, encodeColumn } from '../column-codec.ts'
import { bytesOf, valueWidth } from '../column-layout.ts'
import { concatColumns, sliceColumn } from '../column-ops.ts'
import { VarveError } from '../errors.ts'
import type { Compressor } from './compressor.ts'
import { decodeRowsChain } from './delta-chain.ts'
import { matchSymbols, type Symbols } from './delta-match.ts'
import {
  type Operation,
  type Operations,
  readOperations,
  writeOperations,
} from './delta-operations.ts'
import { rowPlaces } from './delta-places.ts'
import { decodeRows, encodeRows } from './delta-put.ts'

// The difference between two columns of one type (docs/format/delta.md):
//
//   …  operations (`delta-operations.ts`), an element being a row
//   …  the rows put in (`delta-put.ts`)

/** Longer columns, which no series has, are not compared. */
const MAX_ROWS = 1 << 20
const MAX_LENGTH = 1 << 24
const NUMBERS = { window: 4, operationCost: 2, elsewhere: 3 }
const OTHERS = { ...NUMBERS, elsewhere: 1 }

/** The columns of canonical bytes; undefined where either is none, or they are not to be compared. */
export function columnsOf(
  canonical: Uint8Array,
  base: Uint8Array,
): [column: Column, base: Column] | undefined {
  if (canonical[0] !== base[0] || canonical.length > MAX_LENGTH || base.length > MAX_LENGTH) {
    return undefined
  }
  const column = columnOf(canonical)
  const before = columnOf(base)
  if (column === undefined || before === undefined || column.type === 'null') return undefined
  return column.length > MAX_ROWS || before.length > MAX_ROWS ? undefined : [column, before]
}

/** What makes a column of `base`, which is of the same type; undefined where that is no gain. */
export function encodeRowsDelta(
  column: Column,
  base: Column,
  level: number,
  zstd: Compressor,
): Uint8Array | undefined {
  const nulls = column.validity !== undefined || base.validity !== undefined
  const options = valueWidth(column.type) > 0 ? NUMBERS : OTHERS
  const operations = matchSymbols(symbolsOf(base, nulls), symbolsOf(column, nulls), options)
  if (!isRight(operations, column, base)) return undefined
  const writer = new ByteWriter()
  writeOperations(writer, operations)
  const put = operations.reduce((sum, operation) => sum + operation.put, 0)
  if (put === 0) return writer.finish()
  const rows = encodeRows(column, base, rowPlaces(operations, put), level, zstd)
  return rows && writer.bytes(rows).finish()
}

function columnOf(canonical: Uint8Array): Column | undefined {
  try {
    return decodeColumn(canonical, { maxRows: MAX_ROWS })
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}

/** Rows as numbers that are equal where the rows are, or nearly surely: texts go by a hash. */
function symbolsOf(column: Column, nulls: boolean): Symbols {
  const { type, length, validity, values, offsets } = column
  const flags = new Uint8Array(nulls ? length : 0)
  if (validity !== undefined) {
    for (let row = 0; row < length; row++) flags[row] = getBit(validity, row) ? 0 : 1
  }
  const rest = nulls ? { flags } : {}
  if (offsets !== undefined) return { length, ...hashes(values as Uint8Array, offsets), ...rest }
  const low = new Uint32Array(length)
  if (type === 'bool') {
    for (let row = 0; row < length; row++) low[row] = getBit(values as Uint8Array, row) ? 1 : 0
    return { length, low, ...rest }
  }
  const width = valueWidth(type)
  const bytes = bytesOf(values)
  if (width < 4) {
    for (let row = 0; row < length; row++) low[row] = Number(values[row]) & 0xffff
    return { length, low, ...rest }
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
  if (width === 4) return { length, low: words, ...rest }
  const high = new Uint32Array(length)
  for (let row = 0; row < length; row++) {
    low[row] = words[2 * row]!
    high[row] = words[2 * row + 1]!
  }
  return { length, low, high, ...rest }
}

function hashes(values: Uint8Array, offsets: Uint32Array): { low: Uint32Array; high: Uint32Array } {
  const rows = offsets.length - 1
  const low = new Uint32Array(rows)
  const high = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) {
    const end = offsets[row + 1]!
    let hash = 0x811c_9dc5
    for (let at = offsets[row]!; at < end; at++) hash = Math.imul(hash ^ values[at]!, 0x0100_0193)
    low[row] = hash
    high[row] = end - offsets[row]!
  }
  return { low, high }
}

/** Whether all that is kept is the same to the byte: two texts may have one hash. */
function isRight(operations: readonly Operation[], column: Column, base: Column): boolean {
  if (column.offsets === undefined) return true
  let at = 0
  let from = 0
  for (const { kept, left, put } of [...operations, { kept: -1, left: 0, put: 0 }]) {
    const rows = kept < 0 ? column.length - at : kept
    if (!sameTexts(column, at, base, from, rows)) return false
    at += rows + put
    from += rows + left
  }
  return true
}

function sameTexts(a: Column, i: number, b: Column, j: number, rows: number): boolean {
  const ofA = (a.values as Uint8Array).subarray(a.offsets![i], a.offsets![i + rows])
  return equalBytes(ofA, (b.values as Uint8Array).subarray(b.offsets![j], b.offsets![j + rows]))
}

/** The column that a difference makes of its base; `corrupt-object` where it makes another. */
export function decodeRowsDelta(
  body: Uint8Array,
  base: Uint8Array,
  length: number,
  zstd: Compressor,
): Uint8Array {
  if (length > MAX_LENGTH || base.length > MAX_LENGTH) throw corrupt('a column that is too long')
  const before = decodeColumnOnce(base, { maxRows: MAX_ROWS })
  const known = decodeRowsChain([{ body, length }], before, zstd)
  if (known !== undefined) return known
  const reader = new ByteReader(body)
  const operations = readOperations(reader, before.length, MAX_ROWS)
  const { list, put, rest } = operations
  let rows = rest + put
  for (const { kept } of list) rows += kept
  if (rows > MAX_ROWS) throw corrupt('too many rows')
  const fresh =
    put === 0
      ? undefined
      : decodeRows(reader, before, rowPlaces(operations.list, put), length, zstd)
  reader.expectEnd()
  const column = assemble(before, operations, fresh)
  if (canonicalLength(column) !== length) throw corrupt('another length')
  return encodeColumn(column)
}

/** The operations of a difference of columns, for a look at which rows are kept; `corrupt-object` where there are none. */
export function rowsOperations(body: Uint8Array): readonly Operation[] {
  return readOperations(new ByteReader(body), MAX_ROWS, MAX_ROWS).list
}

function assemble(base: Column, { list, rest }: Operations, put: Column | undefined): Column {
  const parts: Column[] = []
  let from = 0
  let number = 0
  for (const operation of list) {
    if (operation.kept > 0) parts.push(sliceColumn(base, from, from + operation.kept))
    from += operation.kept + operation.left
    if (operation.put > 0) parts.push(sliceColumn(put!, number, number + operation.put))
    number += operation.put
  }
  if (rest > 0) parts.push(sliceColumn(base, from, base.length))
  return parts.length === 0 ? sliceColumn(base, 0, 0) : concatColumns(parts)
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', `a difference of columns is wrong: ${reason}`)
}
