import { allOnes } from '../bits.ts'
import { ByteReader, ByteWriter, endToEnd, lengthOf } from '../bytes.ts'
import { type ColumnType, columnTypeCodes, columnTypes, isBytesType } from '../column.ts'
import { valueWidth } from '../column-layout.ts'
import { VarveError } from '../errors.ts'
import { compactBits, decodeBits, encodeBits, spreadBits } from './bits.ts'
import type { Compressor } from './compressor.ts'
import { decodeFixed, encodeFixed } from './fixed.ts'
import { kernelsFor } from './kernels.ts'
import {
  type ColumnPieces,
  compact,
  compactOffsets,
  countOnes,
  fixedLength,
  spread,
  spreadOffsets,
  takeApart,
  valuesStart,
  writeHead,
  zeroBehind,
} from './layout.ts'
import { PartReader } from './part-reader.ts'
import type { Parts } from './parts.ts'
import { type NewParts, newPartsFor } from './parts.ts'
import { decodeTexts, encodeTexts } from './texts.ts'

// The body of a column in a pack (docs/format/encodings.md):
//
//   u8      bits 0–4 type code, 0x20: a validity bitmap follows, 0x40: joined
//   varint  rows
//   …       parts: validity, one bit a row (`bits.ts`); then, unless every row is null, the values of
//           the other rows: bool as `bits.ts`; string, binary, json as `texts.ts`; all else as
//           `fixed.ts`
//
// Separate parts stand one after another, each stream packed alone (`parts.ts`). Joined parts are all
// bytes of fields and streams end to end: varint how many, then one zstd frame without its first four
// bytes, up to the end.

const HAS_VALIDITY = 0x20
const JOINED = 0x40
const TYPE_MASK = 0x1f

/** Longer columns, which no series has, are not taken apart: a few bytes must not become gigabytes. */
const MAX_ROWS = 1 << 20
/** Of canonical bytes. */
const MAX_LENGTH = 1 << 24
/** Bytes before the bitmap or the values. */
const HEADER = 8
/** No frame gets much shorter than this. */
const TINY = 64
const REPEATS = 64
/** Bytes of joined parts: at most this much more than the canonical ones. */
const JOINED_SLACK = 64 * 1024

/**
 * A body for the canonical bytes of a column that is shorter than they are; undefined where there is
 * none. The same bytes give the same body.
 * @param level of zstd for text and for small columns; the noise of numbers gains nothing from it
 * @param options.always a body also where a zstd frame of the canonical bytes is shorter
 * @param options.thorough tries everything in full: for judging the choice that is made without
 */
export function encodeColumnBody(
  canonical: Uint8Array,
  level: number,
  zstd: Compressor,
  options: { thorough?: boolean; always?: boolean } = {},
): Uint8Array | undefined {
  if (canonical.length > MAX_LENGTH) return undefined
  const pieces = takeApart(canonical)
  if (pieces === undefined || pieces.rows === 0 || pieces.rows > MAX_ROWS) return undefined
  const newParts = newPartsFor(zstd, level, {
    thorough: options.thorough ?? false,
    kernels: kernelsFor(pieces.rows, canonical.length),
  })
  const parts = encodePieces(canonical, pieces, newParts)
  if (parts === undefined) return undefined
  const separate = parts.separate()
  const joined = parts.joined()
  const join = joined !== undefined && joined.length < lengthOf(separate)
  const head = new ByteWriter(8)
    .u8(
      columnTypeCodes[pieces.type] |
        (pieces.validity === undefined ? 0 : HAS_VALIDITY) |
        (join ? JOINED : 0),
    )
    .varint(pieces.rows)
    .finish()
  const packed = [head, ...(join ? [joined] : separate)]
  const length = lengthOf(packed)
  if (length >= canonical.length) return undefined
  // Runs and repeats of whole values: perhaps zstd sees them better as they are, and quickly.
  if (!options.always && length > TINY && length * REPEATS < canonical.length) {
    const frame = zstd.compress(canonical, level)
    if (frame !== undefined && frame.length < length) return undefined
  }
  return endToEnd(packed)
}

function encodePieces(
  canonical: Uint8Array,
  { type, rows, validity, count, start }: ColumnPieces,
  newParts: NewParts,
): Parts | undefined {
  const parts = newParts()
  if (validity !== undefined) parts.append(encodeBits(validity, rows, newParts))
  const content = canonical.subarray(start)
  if (isBytesType(type)) {
    const texts = compactOffsets(content, rows, validity, count)
    if (texts === undefined || count === 0) return texts && parts
    const encoded = encodeTexts(texts, newParts)
    return encoded && parts.append(encoded)
  }
  if (type === 'bool') {
    if (!zeroBehind(content, rows)) return undefined
    const bits = validity === undefined ? content : compactBits(content, rows, validity, count)
    if (bits === undefined) return undefined
    return count === 0 ? parts : parts.append(encodeBits(bits, count, newParts))
  }
  const values = compact(content, valueWidth(type), validity, count)
  if (values === undefined || count === 0) return values && parts
  const encoded = encodeFixed(type, values, newParts)
  return encoded && parts.append(encoded)
}

/**
 * The canonical bytes of a column's body; `corrupt-object` where it is not such a body or stands for
 * another number of bytes than `length`.
 * @param brief whether the bytes may lie in the kernels' memory, until those are used again
 */
export function decodeColumnBody(
  body: Uint8Array,
  length: number,
  zstd: Compressor,
  brief = false,
): Uint8Array {
  const reader = new ByteReader(body)
  const head = reader.u8()
  const type = columnTypes[head & TYPE_MASK]
  const rows = reader.varint()
  if (type === undefined || type === 'null' || head > (TYPE_MASK | HAS_VALIDITY | JOINED)) {
    throw corrupt('an unknown type')
  }
  const hasValidity = (head & HAS_VALIDITY) !== 0
  const start = valuesStart(rows, hasValidity)
  if (rows === 0 || rows > MAX_ROWS || length > MAX_LENGTH) throw corrupt('too many rows')
  const fixed = isBytesType(type) ? 4 * (rows + 1) : fixedLength(type, rows)
  if (isBytesType(type) ? length < start + fixed : length !== start + fixed) {
    throw corrupt('another length')
  }
  const packed = reader.bytes(reader.remaining)
  const joined = (head & JOINED) !== 0
  const kernels = kernelsFor(rows, 3 * length)
  const parts = new PartReader(packed, joined, length + JOINED_SLACK, zstd, kernels)
  // Values are aligned for every width, behind a header of 8 bytes.
  const canonical = brief ? kernels.bytes(length + HEADER).subarray(HEADER) : new Uint8Array(length)
  const validity = hasValidity ? decodeBits(parts, rows) : undefined
  if (validity !== undefined && allOnes(validity, rows)) throw corrupt('no null')
  const count = validity === undefined ? rows : countOnes(validity)
  // All else is written over whole.
  if (brief) canonical.fill(0, 0, type === 'bool' || count === 0 ? length : start)
  writeHead(canonical, type, rows, validity)
  if (count === 0 && length !== start + fixed) throw corrupt('texts under nulls')
  if (count > 0) decodeValues(parts, type, rows, validity, count, canonical.subarray(start))
  parts.end()
  return canonical
}

/** Whether a body stands for a column of a fixed width without nulls, as far as its first byte says. */
export function isBodyOfNumbers(body: Uint8Array): boolean {
  const head = body[0] ?? 0
  const type = columnTypes[head & TYPE_MASK]
  return type !== undefined && valueWidth(type) > 0 && (head & HAS_VALIDITY) === 0
}

function decodeValues(
  parts: PartReader,
  type: ColumnType,
  rows: number,
  validity: Uint8Array | undefined,
  count: number,
  target: Uint8Array,
): void {
  if (isBytesType(type)) {
    const total = target.length - 4 * (rows + 1)
    spreadOffsets(decodeTexts(parts, count, total), rows, validity, target)
    return
  }
  if (type === 'bool') {
    const bits = decodeBits(parts, count)
    if (validity === undefined) target.set(bits)
    else spreadBits(bits, rows, validity, target)
    return
  }
  const width = valueWidth(type)
  decodeFixed(parts, type, target.subarray(0, count * width))
  if (validity !== undefined) spread(target, width, validity, count)
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', `the body of a column is wrong: ${reason}`)
}
