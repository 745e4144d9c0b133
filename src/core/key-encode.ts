import { getBit } from './bits.ts'
import { ByteWriter } from './bytes.ts'
import { type Column, type ColumnType, isBytesType, isNull, type Scalar } from './column.ts'
import { columnOf } from './column-builder.ts'
import { halvesOf, MAX_U32, valueWidth } from './column-layout.ts'
import { VarveError } from './errors.ts'
import { Keys, keyTooLong, MAX_KEY_BYTES } from './keys.ts'

/** Whether columns of this type can be index columns: all but json and null. */
export function isIndexType(type: ColumnType): boolean {
  return type !== 'json' && type !== 'null'
}

/** Whether a key part of this type is eight bytes: all but bool, string and binary. */
function isEightBytes(type: ColumnType): boolean {
  return type !== 'bool' && !isBytesType(type)
}

/** The keys of columns, by the first of them. Columns never change. */
const encoded = new WeakMap<Column, { readonly columns: readonly Column[]; readonly keys: Keys }>()

/**
 * The key of each row of index columns (docs/format/key.md), with a rank behind it where one is
 * given. `bad-input` where a column holds a null or a NaN, or a key is longer than 1 KiB.
 */
export function encodeKeys(columns: readonly Column[], ranks?: Uint32Array): Keys {
  const [first] = columns
  if (first === undefined || ranks !== undefined) return encodeAnew(columns, ranks)
  // The rows of a table are sorted, checked and stored by the same keys, one after another.
  const known = encoded.get(first)
  const isSame = (column: Column, i: number): boolean => column === columns[i]
  if (known?.columns.length === columns.length && known.columns.every(isSame)) return known.keys
  const keys = encodeAnew(columns, undefined)
  encoded.set(first, { columns, keys })
  return keys
}

function encodeAnew(columns: readonly Column[], ranks: Uint32Array | undefined): Keys {
  const rows = columns[0]?.length ?? 0
  for (const column of columns) checkIndexColumn(column)
  if (!columns.every((column) => isEightBytes(column.type))) {
    return encodeMixed(columns, rows, ranks)
  }
  const [first] = columns
  if (columns.length === 1 && isWide(first!.type)) {
    return Keys.ofHalves(halvesOf(first!.values), flipOf(first!.type), ranks)
  }
  const stride = 2 * columns.length + (ranks === undefined ? 0 : 1)
  if (stride * 4 > MAX_KEY_BYTES) throw keyTooLong(stride * 4)
  const words = new Uint32Array(rows * stride)
  for (let i = 0; i < columns.length; i++) encodeEights(columns[i]!, words, 2 * i, stride)
  if (ranks !== undefined) {
    for (let row = 0, at = stride - 1; row < rows; row++, at += stride) words[at] = ranks[row]!
  }
  return Keys.ofWords(stride * 4, words)
}

function checkIndexColumn(column: Column): void {
  if (!isIndexType(column.type)) {
    throw new VarveError('bad-input', `a column of type ${column.type} cannot be an index`)
  }
  if (column.validity === undefined) return
  let row = 0
  while (!isNull(column, row)) row++
  throw new VarveError('bad-input', 'an index column holds a null', { data: { row } })
}

function isWide(type: ColumnType): boolean {
  return valueWidth(type) === 8 && type !== 'float64'
}

/** The sign of 64-bit integers is turned, so that their bytes sort as they do. */
function flipOf(type: ColumnType): number {
  return type === 'uint64' ? 0 : 0x8000_0000
}

/** Writes each value as two words (high, low) at `at`, `at + stride`, … */
function encodeEights(column: Column, words: Uint32Array, at: number, stride: number): void {
  const { type, values, length } = column
  if (type === 'float64') {
    encodeFloats(halvesOf(values), words, at, stride)
  } else if (type === 'float32') {
    encodeFloats(halvesOf(new Float64Array(values as Float32Array)), words, at, stride)
  } else if (isWide(type)) {
    encodeWide(halvesOf(values), flipOf(type), words, at, stride)
  } else {
    for (let row = 0, to = at; row < length; row++, to += stride) {
      const value = values[row] as number
      // Sign-extended to 64 bits, the sign flipped.
      words[to] = value < 0 ? 0x7fff_ffff : 0x8000_0000
      words[to + 1] = value
    }
  }
}

function encodeWide(
  halves: Uint32Array,
  flip: number,
  words: Uint32Array,
  at: number,
  stride: number,
): void {
  for (let from = 0, to = at; from < halves.length; from += 2, to += stride) {
    words[to] = halves[from + 1]! ^ flip
    words[to + 1] = halves[from]!
  }
}

function encodeFloats(halves: Uint32Array, words: Uint32Array, at: number, stride: number): void {
  for (let from = 0, to = at; from < halves.length; from += 2, to += stride) {
    const low = halves[from]!
    const high = halves[from + 1]!
    const magnitude = high & 0x7fff_ffff
    if (magnitude > 0x7ff0_0000 || (magnitude === 0x7ff0_0000 && low !== 0)) {
      throw new VarveError('bad-input', 'an index column holds a NaN', { data: { row: from / 2 } })
    }
    if (high < 0x8000_0000 || (magnitude === 0 && low === 0)) {
      words[to] = magnitude | 0x8000_0000
      words[to + 1] = low
    } else {
      words[to] = ~high
      words[to + 1] = ~low
    }
  }
}

/** One column's parts of the keys: how long that of a row is, and how it is written. */
interface KeyPart {
  size(row: number): number
  /** Writes at `at` and returns the position behind it. */
  write(row: number, target: Uint8Array, at: number): number
}

function encodeMixed(columns: readonly Column[], rows: number, ranks?: Uint32Array): Keys {
  const parts = columns.map(keyPart)
  const offsets = new Uint32Array(rows + 1)
  let total = 0
  for (let row = 0; row < rows; row++) {
    let size = ranks === undefined ? 0 : 4
    for (const part of parts) size += part.size(row)
    if (size > MAX_KEY_BYTES) throw keyTooLong(size, row)
    total += size
    if (total > MAX_U32) throw new VarveError('too-large', 'keys of more than 4 GiB at once')
    offsets[row + 1] = total
  }
  const bytes = new Uint8Array(total)
  for (let row = 0, at = 0; row < rows; row++) {
    for (const part of parts) at = part.write(row, bytes, at)
    if (ranks !== undefined) at = writeWord(bytes, at, ranks[row]!)
  }
  return Keys.ofBytes(bytes, offsets)
}

function writeWord(target: Uint8Array, at: number, word: number): number {
  target[at] = word >>> 24
  target[at + 1] = word >>> 16
  target[at + 2] = word >>> 8
  target[at + 3] = word
  return at + 4
}

function keyPart(column: Column): KeyPart {
  if (column.type === 'bool') return boolPart(column.values as Uint8Array)
  if (isBytesType(column.type)) return bytesPart(column.values as Uint8Array, column.offsets!)
  const words = new Uint32Array(column.length * 2)
  encodeEights(column, words, 0, 2)
  return {
    size: () => 8,
    write: (row, target, at) =>
      writeWord(target, writeWord(target, at, words[2 * row]!), words[2 * row + 1]!),
  }
}

function boolPart(bits: Uint8Array): KeyPart {
  return {
    size: () => 1,
    write: (row, target, at) => {
      target[at] = getBit(bits, row) ? 1 : 0
      return at + 1
    },
  }
}

function bytesPart(values: Uint8Array, offsets: Uint32Array): KeyPart {
  if (!values.includes(0)) return plainBytesPart(values, offsets)
  return {
    size: (row) => {
      let size = 2
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) size += values[i] === 0 ? 2 : 1
      return size
    },
    write: (row, target, at) => {
      let to = at
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        const byte = values[i]!
        target[to++] = byte
        if (byte === 0) target[to++] = 0xff
      }
      target[to++] = 0
      target[to++] = 0
      return to
    },
  }
}

/** Bytes without a zero among them, as text nearly always is. */
function plainBytesPart(values: Uint8Array, offsets: Uint32Array): KeyPart {
  return {
    size: (row) => offsets[row + 1]! - offsets[row]! + 2,
    write: (row, target, at) => {
      const end = offsets[row + 1]!
      let to = at
      for (let i = offsets[row]!; i < end; i++) target[to++] = values[i]!
      // The two zeros are there: the target is new.
      return to + 2
    },
  }
}

/**
 * The bytes that the keys of all rows with these values in the first index columns begin with: with
 * all index columns given, the key itself (without its rank). `invalid-value` where a value is not
 * of its type, `bad-input` where it is null or NaN or the result is too long.
 */
export function encodeKeyPrefix(
  types: readonly ColumnType[],
  values: readonly Scalar[],
): Uint8Array {
  const writer = new ByteWriter(16)
  for (let i = 0; i < values.length; i++) {
    const type = types[i]
    if (type === undefined) throw new VarveError('bad-input', 'more key values than index columns')
    writer.bytes(encodeKeys([columnOf(type, [values[i]!])]).at(0))
  }
  if (writer.length > MAX_KEY_BYTES) throw keyTooLong(writer.length)
  return writer.finish()
}
