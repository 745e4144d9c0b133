import { allOnes, bitmapBytes, lastByteMask } from '../bits.ts'
import { type ColumnType, columnTypes, isBytesType } from '../column.ts'
import { valueWidth } from '../column-layout.ts'

// Where things are in the canonical bytes of a column (docs/format/column.md).

const HEADER = 8

/** The pieces of canonical bytes. */
export interface ColumnPieces {
  readonly type: ColumnType
  readonly rows: number
  /** A bit for each row, without the padding bytes; absent where no row is null. */
  readonly validity?: Uint8Array
  /** Rows that have a value. */
  readonly count: number
  /** Where offsets or values begin. */
  readonly start: number
}

/** Bytes in front of a column's values. */
export function valuesStart(rows: number, hasValidity: boolean): number {
  return HEADER + (hasValidity ? Math.ceil(rows / 64) * 8 : 0)
}

/**
 * The pieces of canonical bytes; undefined where they do not have the form of a column so that they
 * could not be put together again. Not everything that makes them canonical is checked.
 */
export function takeApart(canonical: Uint8Array): ColumnPieces | undefined {
  if (canonical.length < HEADER) return undefined
  const view = new DataView(canonical.buffer, canonical.byteOffset, canonical.byteLength)
  const type = columnTypes[canonical[0]!]
  const rows = view.getUint32(4, true)
  const hasValidity = canonical[1] === 1
  if (type === undefined || type === 'null' || canonical[1]! > 1) return undefined
  if (view.getUint16(2, true) !== 0) return undefined
  const start = valuesStart(rows, hasValidity)
  if (start > canonical.length) return undefined
  const length = canonical.length - start
  if (isBytesType(type) ? length < 4 * (rows + 1) : length !== fixedLength(type, rows)) {
    return undefined
  }
  if (!hasValidity) return { type, rows, count: rows, start }
  const validity = canonical.subarray(HEADER, HEADER + bitmapBytes(rows))
  if (allOnes(validity, rows) || !zeroBehind(canonical.subarray(HEADER, start), rows)) {
    return undefined
  }
  return { type, rows, validity, count: countOnes(validity), start }
}

/** Bytes of the values of a type that is not string, binary or json. */
export function fixedLength(type: ColumnType, rows: number): number {
  return type === 'bool' ? bitmapBytes(rows) : rows * valueWidth(type)
}

export function zeroBehind(bits: Uint8Array, count: number): boolean {
  const used = bitmapBytes(count)
  if (used > 0 && (bits[used - 1]! & ~lastByteMask(count)) !== 0) return false
  for (let i = used; i < bits.length; i++) if (bits[i] !== 0) return false
  return true
}

export function countOnes(bits: Uint8Array): number {
  let ones = 0
  for (let i = 0; i < bits.length; i++) {
    for (let byte = bits[i]!; byte !== 0; byte &= byte - 1) ones++
  }
  return ones
}

/** Writes header and bitmap of a column into its canonical bytes. */
export function writeHead(
  target: Uint8Array,
  type: ColumnType,
  rows: number,
  validity: Uint8Array | undefined,
): void {
  target[0] = columnTypes.indexOf(type)
  target[1] = validity === undefined ? 0 : 1
  new DataView(target.buffer, target.byteOffset, target.byteLength).setUint32(4, rows, true)
  if (validity !== undefined) target.set(validity, HEADER)
}

/**
 * The values that rows have, without those of nulls, as bytes that are aligned for every width;
 * undefined where a null has a value other than zero.
 */
export function compact(
  values: Uint8Array,
  width: number,
  validity: Uint8Array | undefined,
  count: number,
): Uint8Array | undefined {
  if (values.byteOffset % 8 !== 0) return compact(new Uint8Array(values), width, validity, count)
  if (validity === undefined) return values
  const result = new Uint8Array(count * width)
  const isClean =
    width === 8
      ? compactPairs(wordsOf(values), wordsOf(result), validity)
      : compactEach(arrayOf(values, width), arrayOf(result, width), validity)
  return isClean ? result : undefined
}

type Words = Uint8Array | Uint16Array | Uint32Array

function wordsOf({ buffer, byteOffset, length }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length >>> 2)
}

function arrayOf(bytes: Uint8Array, width: number): Words {
  if (width === 4) return wordsOf(bytes)
  return width === 1 ? bytes : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 1)
}

function compactPairs(from: Uint32Array, to: Uint32Array, validity: Uint8Array): boolean {
  let at = 0
  for (let row = 0; 2 * row < from.length; row++) {
    const low = from[2 * row]!
    const high = from[2 * row + 1]!
    if (((validity[row >> 3]! >> (row & 7)) & 1) === 1) {
      to[at++] = low
      to[at++] = high
    } else if ((low | high) !== 0) {
      return false
    }
  }
  return true
}

function compactEach(from: Words, to: Words, validity: Uint8Array): boolean {
  let at = 0
  for (let row = 0; row < from.length; row++) {
    if (((validity[row >> 3]! >> (row & 7)) & 1) === 1) to[at++] = from[row]!
    else if (from[row] !== 0) return false
  }
  return true
}

/** The opposite of {@link compact}, in place: `values` begins with the compact ones. */
export function spread(
  values: Uint8Array,
  width: number,
  validity: Uint8Array,
  count: number,
): void {
  if (width === 8) spreadPairs(wordsOf(values), validity, count)
  else spreadEach(arrayOf(values, width), validity, count)
}

function spreadPairs(values: Uint32Array, validity: Uint8Array, count: number): void {
  let from = 2 * count
  for (let row = (values.length >>> 1) - 1; row >= 0; row--) {
    const valid = ((validity[row >> 3]! >> (row & 7)) & 1) === 1
    values[2 * row + 1] = valid ? values[--from]! : 0
    values[2 * row] = valid ? values[--from]! : 0
  }
}

function spreadEach(values: Words, validity: Uint8Array, count: number): void {
  let from = count
  for (let row = values.length - 1; row >= 0; row--) {
    const valid = ((validity[row >> 3]! >> (row & 7)) & 1) === 1
    values[row] = valid ? values[--from]! : 0
  }
}

/**
 * The texts that rows have, from offsets and bytes, which they may share; undefined where an offset is not what it must be or
 * a null has a text.
 */
export function compactOffsets(
  content: Uint8Array,
  rows: number,
  validity: Uint8Array | undefined,
  count: number,
): { bytes: Uint8Array; offsets: Uint32Array } | undefined {
  if (content.byteOffset % 4 !== 0) {
    return compactOffsets(new Uint8Array(content), rows, validity, count)
  }
  const ends = 4 * (rows + 1)
  const places = wordsOf(content.subarray(0, ends))
  const bytes = content.subarray(ends)
  if (places[0] !== 0 || places[rows] !== bytes.length) return undefined
  const offsets = validity === undefined ? places : new Uint32Array(count + 1)
  let before = 0
  for (let row = 0, to = 0; row < rows; row++) {
    const next = places[row + 1]!
    if (next < before) return undefined
    if (validity !== undefined) {
      if (((validity[row >> 3]! >> (row & 7)) & 1) === 1) offsets[++to] = next
      else if (next !== before) return undefined
    }
    before = next
  }
  return { bytes, offsets }
}

/** The opposite of {@link compactOffsets}, into an aligned array of the right length. */
export function spreadOffsets(
  texts: { readonly bytes: Uint8Array; readonly offsets: Uint32Array },
  rows: number,
  validity: Uint8Array | undefined,
  target: Uint8Array,
): void {
  const offsets = new Uint32Array(target.buffer, target.byteOffset, rows + 1)
  target.set(texts.bytes, 4 * (rows + 1))
  if (validity === undefined) {
    offsets.set(texts.offsets)
    return
  }
  offsets[0] = 0
  for (let row = 0, from = 0; row < rows; row++) {
    from += (validity[row >> 3]! >> (row & 7)) & 1
    offsets[row + 1] = texts.offsets[from]!
  }
}
