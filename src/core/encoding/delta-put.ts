import { allOnes, bitmapBytes, getBit, isZeroBehind } from '../bits.ts'
import { type ByteReader, ByteWriter } from '../bytes.ts'
import { type Column, isBytesType } from '../column.ts'
import { canonicalLength, decodeColumn, encodeColumn } from '../column-codec.ts'
import { bytesOf, canonicalColumn, newValues, rawColumn, valueWidth } from '../column-layout.ts'
import { sliceColumn, takeRows } from '../column-ops.ts'
import { decodeColumnBody, encodeColumnBody } from './body.ts'
import type { Compressor } from './compressor.ts'
import { type RowPlaces, runInPlace } from './delta-places.ts'
import { Origin, type RowSteps, stepsOf } from './delta-row-steps.ts'
import { chooseStepping, type Stepping, steppingOf } from './delta-steps.ts'

// The rows that a difference of columns puts in (docs/format/delta.md):
//
//   u8  bits 0–1 form, bit 2 a row is null, bit 3 linear, bits 4–7 exponent
//   …   ⌈rows / 8⌉ bytes with a bit for each row that has a value, only where bit 2 is set and the form
//       is not PACKED
//
//   PLAIN     values as in canonical bytes, those of nulls too; of texts first each length, varint
//   PACKED    varint length of canonical bytes, then the body of a column (`body.ts`)
//   STEPS     each row's step, varint: 0, then the value's bytes, where it is no step away; else 1 more
//             than the step in zigzag form
//   COLUMN    varint how many rows are no step away; of each, varint rows since the one before and the
//             value's bytes; then the body of a float64 column with the steps of all rows, 0 for
//             those and for nulls
//
// What steps lead from is in `delta-row-steps.ts`.

const PLAIN = 0
const PACKED = 1
const STEPS = 2
const COLUMN = 3
const HAS_NULL = 4
const LINEAR = 8
const FORM_MASK = 3
const EXPONENT_SHIFT = 4
/** A body can only be read as one. */
const ALWAYS = { always: true }
const NO_STEPS = new Float64Array(0)

/** Up to this many rows their steps are tried one by one. */
const FEW = 1024
/** Of more rows a sample decides whether steps are worth it. */
const SAMPLE = 2048
const WORTH = 0.9
/** More bytes than a canonical column of so many rows can have, besides its values. */
const CANONICAL_SLACK = 16

/**
 * The rows of `column` at `places`, in the shortest form; undefined where that is no shorter than to store
 * all rows anew, as most are others.
 */
export function encodeRows(
  column: Column,
  base: Column,
  places: RowPlaces,
  level: number,
  zstd: Compressor,
): Uint8Array | undefined {
  const put = takeRows(column, places.rows)
  const stepping = chooseStepping(base) ?? chooseStepping(put)
  if (put.length > FEW) {
    const worth = stepping !== undefined && isWorth(put, base, places, stepping, level, zstd)
    if (worth) {
      return packSteps(put, stepsOf(put, base, places, stepping, false), level, zstd)
    }
    if (put.length > column.length / 2) return undefined
  }
  const forms = [plain(put)]
  const canonical = encodeColumn(put)
  const packed =
    canonical.length > 64 ? encodeColumnBody(canonical, level, zstd, ALWAYS) : undefined
  if (packed !== undefined) {
    forms.push(new ByteWriter().u8(PACKED).varint(canonical.length).bytes(packed).finish())
  }
  if (stepping !== undefined && put.length <= FEW) {
    for (const linear of [false, true]) {
      forms.push(stepByStep(put, stepsOf(put, base, places, stepping, linear)))
    }
  }
  return forms.reduce((a, b) => (b.length < a.length ? b : a))
}

function plain(put: Column): Uint8Array {
  const writer = startForm(PLAIN, put, 0)
  if (put.offsets !== undefined) {
    for (let row = 0; row < put.length; row++) {
      writer.varint(put.offsets[row + 1]! - put.offsets[row]!)
    }
  }
  return writer.bytes(bytesOf(put.values)).finish()
}

function startForm(form: number, { validity }: Column, more: number): ByteWriter {
  const writer = new ByteWriter().u8(form | more | (validity === undefined ? 0 : HAS_NULL))
  return validity === undefined ? writer : writer.bytes(validity)
}

function formOf({ stepping, linear }: RowSteps): number {
  return (linear ? LINEAR : 0) | (stepping.exponent << EXPONENT_SHIFT)
}

function stepByStep(put: Column, steps: RowSteps): Uint8Array {
  const writer = startForm(STEPS, put, formOf(steps))
  const width = valueWidth(put.type)
  const bytes = bytesOf(put.values)
  steps.steps.forEach((step, row) => {
    if (put.validity !== undefined && !getBit(put.validity, row)) return
    if (Number.isNaN(step)) writer.varint(0).bytes(bytes.subarray(row * width, (row + 1) * width))
    else writer.varint(step < 0 ? -2 * step : 2 * step + 1)
  })
  return writer.finish()
}

/** Whether steps take fewer bytes than the values, by a sample. */
function isWorth(
  put: Column,
  base: Column,
  places: RowPlaces,
  stepping: Stepping,
  level: number,
  zstd: Compressor,
): boolean {
  const from = Math.max(0, (put.length - SAMPLE) >> 1)
  const to = Math.min(put.length, from + SAMPLE)
  const steps = stepsOf(put, base, places, stepping, false, from, to).steps.slice(from, to)
  let none = 0
  for (let i = 0; i < steps.length; i++) {
    if (!Number.isNaN(steps[i])) continue
    steps[i] = 0
    none++
  }
  const lengthOf = (column: Column): number => {
    const canonical = encodeColumn(column)
    return (encodeColumnBody(canonical, level, zstd, ALWAYS) ?? canonical).length
  }
  const values = lengthOf(sliceColumn(put, from, to))
  return lengthOf(rawColumn('float64', steps.length, steps, undefined)) + 9 * none < WORTH * values
}

function packSteps(put: Column, steps: RowSteps, level: number, zstd: Compressor): Uint8Array {
  const width = valueWidth(put.type)
  const bytes = bytesOf(put.values)
  const others = new ByteWriter()
  let none = 0
  let last = 0
  const known = steps.steps.map((step, row) => {
    if (!Number.isNaN(step)) return step
    others.varint(row - last).bytes(bytes.subarray(row * width, (row + 1) * width))
    last = row
    none++
    return 0
  })
  const canonical = encodeColumn(rawColumn('float64', known.length, known, undefined))
  const body = encodeColumnBody(canonical, level, zstd, ALWAYS)
  if (body === undefined) return plain(put)
  return startForm(COLUMN, put, formOf(steps))
    .varint(none)
    .bytes(others.finish())
    .bytes(body)
    .finish()
}

/**
 * The rows put in by operations on `base`, read up to the end; `corrupt-object` where they are not such
 * rows, or take more than `limit` bytes.
 */
export function decodeRows(
  reader: ByteReader,
  base: Column,
  places: RowPlaces,
  limit: number,
  zstd: Compressor,
): Column {
  const { type } = base
  const rows = places.rows.length
  const head = reader.u8()
  const form = head & FORM_MASK
  if (form === PACKED) {
    if (head !== PACKED) throw reader.error('an unknown form of rows')
    const length = reader.varint()
    if (length > limit + CANONICAL_SLACK + rows) throw reader.error('rows that are too long')
    const canonical = decodeColumnBody(reader.bytes(reader.remaining), length, zstd)
    const put = decodeColumn(canonical, { maxRows: rows })
    if (put.type !== type || put.length !== rows) throw reader.error('rows of another column')
    return put
  }
  const validity = head & HAS_NULL ? reader.bytes(bitmapBytes(rows)).slice() : undefined
  if (validity !== undefined && (allOnes(validity, rows) || !isZeroBehind(validity, rows))) {
    throw reader.error('a bitmap that is not one')
  }
  if (form === PLAIN) {
    if ((head & ~HAS_NULL) !== PLAIN) throw reader.error('an unknown form of rows')
    return plainRows(reader, type, rows, validity)
  }
  const exponent = head >> EXPONENT_SHIFT
  const stepping = steppingOf(type, exponent)
  if (stepping === undefined) throw reader.error('steps between values without any')
  // All of its rows are filled: where they are the whole column, they lie in its canonical bytes.
  const put =
    validity === undefined
      ? canonicalColumn(type, rows, () => {})
      : rawColumn(type, rows, newValues(type, rows), validity)
  const from = new Origin(put, base, places, stepping, (head & LINEAR) !== 0)
  const go = (row: number, step: number): void => {
    if (Number.isNaN(step)) return
    from.find(row)
    stepping.go(put.values, row, from.values, from.row, from.ahead + step)
  }
  const hasValue = (row: number): boolean => validity === undefined || getBit(validity, row)
  if (form === STEPS) {
    const next = readSteps(reader, put)
    for (let row = 0; row < rows; row++) if (hasValue(row)) go(row, next(row))
    return put
  }
  const steps = readPacked(reader, put, zstd)
  const inPlace = validity === undefined && base.validity === undefined
  for (let row = 0; row < rows; ) {
    const run = inPlace ? runInPlace(places.replaced, row, endOfSteps(steps, row)) : 0
    if (run > 0) stepping.goAll(put.values, row, base.values, places.replaced[row]!, steps, run)
    else if (hasValue(row)) go(row, steps[row]!)
    row += Math.max(1, run)
  }
  return put
}

/** The first row from one on that no step leads to. */
function endOfSteps(steps: Float64Array, from: number): number {
  let row = from
  while (row < steps.length && !Number.isNaN(steps[row])) row++
  return row
}

function plainRows(
  reader: ByteReader,
  type: Column['type'],
  rows: number,
  validity: Uint8Array | undefined,
): Column {
  if (!isBytesType(type)) {
    const length = type === 'bool' ? bitmapBytes(rows) : rows * valueWidth(type)
    const source = reader.bytes(length)
    const values = newValues(type, type === 'bool' ? length : rows)
    bytesOf(values).set(source)
    return rawColumn(type, rows, values, validity)
  }
  if (rows > reader.remaining) throw reader.error('cut short')
  const offsets = new Uint32Array(rows + 1)
  let total = 0
  for (let row = 0; row < rows; row++) {
    total += reader.varint()
    if (total > reader.remaining) throw reader.error('cut short')
    offsets[row + 1] = total
  }
  return rawColumn(type, rows, reader.bytes(total), validity, offsets)
}

/** The step of each row, in order; NaN where the value itself stood, which it puts in its place. */
function readSteps(reader: ByteReader, put: Column): (row: number) => number {
  const width = valueWidth(put.type)
  const bytes = bytesOf(put.values)
  return (row) => {
    const code = reader.varint()
    if (code !== 0) return code % 2 === 0 ? -code / 2 : (code - 1) / 2
    bytes.set(reader.bytes(width), row * width)
    return Number.NaN
  }
}

/** The steps of all rows; NaN where the value itself stood, which it puts in its place. */
function readPacked(reader: ByteReader, put: Column, zstd: Compressor): Float64Array {
  const width = valueWidth(put.type)
  const bytes = bytesOf(put.values)
  const none = reader.varint()
  if (none * (width + 1) > reader.remaining) throw reader.error('cut short')
  const missing = new Set<number>()
  let last = 0
  for (let i = 0; i < none; i++) {
    last += reader.varint()
    if (last >= put.length) throw reader.error('a row behind the last')
    missing.add(last)
    bytes.set(reader.bytes(width), last * width)
  }
  const length = canonicalLength({ type: 'float64', length: put.length, values: NO_STEPS })
  const canonical = decodeColumnBody(reader.bytes(reader.remaining), length, zstd, true)
  const column = decodeColumn(canonical, { maxRows: put.length })
  if (column.type !== 'float64' || column.length !== put.length || column.validity !== undefined) {
    throw reader.error('steps that are no numbers')
  }
  const steps = new Float64Array(column.values as Float64Array)
  for (let row = 0; row < steps.length; row++) if (!Number.isSafeInteger(steps[row])) steps[row] = 0
  for (const row of missing) steps[row] = Number.NaN
  return steps
}
