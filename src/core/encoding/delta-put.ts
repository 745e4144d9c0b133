import { allOnes, bitmapBytes, getBit, isZeroBehind } from '../bits.ts'
import { type ByteReader, ByteWriter } from '../bytes.ts'
import { type Column, isBytesType } from '../column.ts'
import { canonicalLength, decodeColumn, encodeColumn } from '../column-codec.ts'
import { bytesOf, newValues, rawColumn, valueWidth } from '../column-layout.ts'
import { sliceColumn, takeRows } from '../column-ops.ts'
import { decodeColumnBody, encodeColumnBody } from './body.ts'
import type { Compressor } from './compressor.ts'
import type { RowPlaces } from './delta-places.ts'
import { Origin, type RowSteps, stepsOf } from './delta-row-steps.ts'
import { chooseStepping, type Stepping, steppingOf, wholeStep } from './delta-steps.ts'

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

export const PLAIN = 0
export const PACKED = 1
export const STEPS = 2
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

/** The first byte of rows put in, taken apart. */
export interface RowsHead {
  readonly form: number
  readonly hasNull: boolean
  /** Where there are steps. */
  readonly stepping: Stepping | undefined
  readonly linear: boolean
}

export function readRowsHead(reader: ByteReader, type: Column['type']): RowsHead {
  const head = reader.u8()
  const form = head & FORM_MASK
  const hasNull = (head & HAS_NULL) !== 0
  const isPlain = form === PACKED || form === PLAIN
  if (isPlain && head !== form && (form === PACKED || head !== (form | HAS_NULL))) {
    throw reader.error('an unknown form of rows')
  }
  const stepping = isPlain ? undefined : steppingOf(type, head >> EXPONENT_SHIFT)
  if (!isPlain && stepping === undefined) throw reader.error('steps between values without any')
  return { form, hasNull, stepping, linear: (head & LINEAR) !== 0 }
}

/**
 * The rows put in by operations on `base`, read up to the end; `corrupt-object` where they are not such
 * rows, or take more than `limit` bytes. Those of columns without nulls: `delta-fill.ts`.
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
  const { form, hasNull, stepping, linear } = readRowsHead(reader, type)
  if (form === PACKED) return readPackedRows(reader, type, rows, limit, zstd)
  const validity = hasNull ? reader.bytes(bitmapBytes(rows)).slice() : undefined
  if (validity !== undefined && (allOnes(validity, rows) || !isZeroBehind(validity, rows))) {
    throw reader.error('a bitmap that is not one')
  }
  if (form === PLAIN) return plainRows(reader, type, rows, validity)
  const put = rawColumn(type, rows, newValues(type, rows), validity)
  const width = valueWidth(type)
  const bytes = bytesOf(put.values)
  const from = new Origin(put, base, places, stepping!, linear)
  const hasValue = (row: number): boolean => validity === undefined || getBit(validity, row)
  const go = (row: number, step: number): void => {
    from.find(row)
    stepping!.go(put.values, row, from.values, from.row, from.ahead + step)
  }
  if (form === STEPS) {
    for (let row = 0; row < rows; row++) {
      if (!hasValue(row)) continue
      const step = readStep(reader)
      if (step === undefined) bytes.set(reader.bytes(width), row * width)
      else go(row, step)
    }
    return put
  }
  const { steps, others } = readStepColumn(reader, type, rows, zstd)
  let passed = 0
  for (let row = 0; row < rows; row++) {
    if (others[passed]?.row === row) bytes.set(others[passed++]!.value, row * width)
    else if (hasValue(row)) go(row, wholeStep(steps[row]!))
  }
  return put
}

/** Rows in the form PACKED. */
export function readPackedRows(
  reader: ByteReader,
  type: Column['type'],
  rows: number,
  limit: number,
  zstd: Compressor,
): Column {
  const length = reader.varint()
  if (length > limit + CANONICAL_SLACK + rows) throw reader.error('rows that are too long')
  const canonical = decodeColumnBody(reader.bytes(reader.remaining), length, zstd)
  const put = decodeColumn(canonical, { maxRows: rows })
  if (put.type !== type || put.length !== rows) throw reader.error('rows of another column')
  return put
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

/** The next step of the form STEPS; undefined where the bytes of a value follow. */
export function readStep(reader: ByteReader): number | undefined {
  const code = reader.varint()
  if (code === 0) return undefined
  return code % 2 === 0 ? -code / 2 : (code - 1) / 2
}

/** What the form COLUMN says of the rows put in. */
export interface StepColumn {
  /** As they are read, see {@link wholeStep}; they last until something else is decoded. */
  readonly steps: Float64Array
  /** The rows that no step leads to, in order, and the bytes of their values. */
  readonly others: readonly { readonly row: number; readonly value: Uint8Array }[]
}

export function readStepColumn(
  reader: ByteReader,
  type: Column['type'],
  rows: number,
  zstd: Compressor,
): StepColumn {
  const width = valueWidth(type)
  const count = reader.varint()
  if (count * (width + 1) > reader.remaining) throw reader.error('cut short')
  const others: { row: number; value: Uint8Array }[] = []
  let last = 0
  for (let i = 0; i < count; i++) {
    const gap = reader.varint()
    last += gap
    if (last >= rows) throw reader.error('a row behind the last')
    // Of two in one place the second counts.
    if (gap === 0 && i > 0) others.pop()
    others.push({ row: last, value: reader.bytes(width) })
  }
  const length = canonicalLength({ type: 'float64', length: rows, values: NO_STEPS })
  const canonical = decodeColumnBody(reader.bytes(reader.remaining), length, zstd, true)
  const column = decodeColumn(canonical, { maxRows: rows })
  if (column.type !== 'float64' || column.length !== rows || column.validity !== undefined) {
    throw reader.error('steps that are no numbers')
  }
  return { steps: column.values as Float64Array, others }
}
