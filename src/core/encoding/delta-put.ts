import { allOnes, bitmapBytes, getBit, isZeroBehind } from '../bits.ts'
import { type ByteReader, ByteWriter } from '../bytes.ts'
import { type Column, isBytesType, type ValueArray } from '../column.ts'
import { canonicalLength, decodeColumn, encodeColumn } from '../column-codec.ts'
import { bytesOf, newValues, rawColumn, valueWidth } from '../column-layout.ts'
import { sliceColumn, takeRows } from '../column-ops.ts'
import { decodeColumnBody, encodeColumnBody } from './body.ts'
import type { Compressor } from './compressor.ts'
import type { Operation } from './delta-operations.ts'
import { chooseStepping, STEP_LIMIT, type Stepping, steppingOf } from './delta-steps.ts'

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
// A step leads to a row from the row of the base that it stands in place of; where there is none, or
// that is null, from the row before; where `linear`, from where the two rows before point to.

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

/** There is no such row. */
const NONE = 0x7fff_ffff

/** Where rows put in come from, by the number of the row put in. */
export interface RowPlaces {
  /** Their rows in the new column. */
  readonly rows: Uint32Array
  /** The row of the base in whose place they stand; NONE without. */
  readonly replaced: Int32Array
  /** The row before: of the base, or as −1 − n the row put in n; NONE for the first of all. */
  readonly before: Int32Array
  /** The row before that. */
  readonly beforeThat: Int32Array
}

export function rowPlaces(operations: readonly Operation[], put: number): RowPlaces {
  const rows = new Uint32Array(put)
  const replaced = new Int32Array(put)
  const before = new Int32Array(put)
  const beforeThat = new Int32Array(put)
  let at = 0
  let from = 0
  let number = 0
  let last = NONE
  let lastButOne = NONE
  for (const operation of operations) {
    from += operation.kept
    at += operation.kept
    if (operation.kept > 0) {
      lastButOne = operation.kept > 1 ? from - 2 : last
      last = from - 1
    }
    for (let i = 0; i < operation.put; i++) {
      rows[number] = at + i
      replaced[number] = i < operation.left ? from + i : NONE
      before[number] = last
      beforeThat[number] = lastButOne
      lastButOne = last
      last = -1 - number
      number++
    }
    at += operation.put
    from += operation.left
  }
  return { rows, replaced, before, beforeThat }
}

interface Steps {
  readonly stepping: Stepping
  readonly linear: boolean
  /** NaN where none leads to the row; 0 for nulls. */
  readonly steps: Float64Array
}

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

function stepsOf(
  put: Column,
  base: Column,
  places: RowPlaces,
  stepping: Stepping,
  linear: boolean,
  first = 0,
  end = put.length,
): Steps {
  const steps = new Float64Array(put.length)
  const from = new Origin(put, base, places, stepping, linear)
  const { replaced } = places
  const inPlace = put.validity === undefined && base.validity === undefined
  for (let row = first; row < end; ) {
    const run = inPlace ? runInPlace(replaced, row, end) : 0
    if (run > 0) {
      stepping.betweenAll(put.values, row, base.values, replaced[row]!, steps, run)
    } else if (put.validity === undefined || getBit(put.validity, row)) {
      from.find(row)
      steps[row] = stepping.between(put.values, row, from.values, from.row) - from.ahead
    }
    row += Math.max(1, run)
  }
  for (let row = first; row < end; row++) {
    if (!(Math.abs(steps[row]!) < STEP_LIMIT)) steps[row] = Number.NaN
  }
  return { stepping, linear, steps }
}

/** What steps lead from: the row of the base that a row stands in place of, or the row before. */
class Origin {
  values: ValueArray
  row = 0
  /** How far ahead of it the next row is expected. */
  ahead = 0
  readonly #put: Column
  readonly #base: Column
  readonly #places: RowPlaces
  readonly #stepping: Stepping
  readonly #linear: boolean
  readonly #zero: ValueArray

  constructor(put: Column, base: Column, places: RowPlaces, stepping: Stepping, linear: boolean) {
    this.#put = put
    this.#base = base
    this.#places = places
    this.#stepping = stepping
    this.#linear = linear
    this.#zero = newValues(put.type, 1)
    this.values = this.#zero
  }

  /** Finds it for the row put in `number`; those before have their values already. */
  find(number: number): void {
    const { replaced, before, beforeThat } = this.#places
    this.ahead = 0
    const old = replaced[number]!
    const { validity, values } = this.#base
    if (old !== NONE && (validity === undefined || getBit(validity, old))) {
      this.values = values
      this.row = old
      return
    }
    if (this.#linear && beforeThat[number] !== NONE) {
      this.#go(beforeThat[number]!)
      const { values: earlier, row } = this
      this.#go(before[number]!)
      const ahead = this.#stepping.between(this.values, this.row, earlier, row)
      this.ahead = Math.abs(ahead) < STEP_LIMIT ? ahead : 0
      return
    }
    this.#go(before[number]!)
  }

  #go(place: number): void {
    this.values = place === NONE ? this.#zero : place < 0 ? this.#put.values : this.#base.values
    this.row = place === NONE ? 0 : place < 0 ? -1 - place : place
  }
}

function formOf({ stepping, linear }: Steps): number {
  return (linear ? LINEAR : 0) | (stepping.exponent << EXPONENT_SHIFT)
}

function stepByStep(put: Column, steps: Steps): Uint8Array {
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

function packSteps(put: Column, steps: Steps, level: number, zstd: Compressor): Uint8Array {
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
  const put = rawColumn(type, rows, newValues(type, rows), validity)
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

/** Rows from one on, up to `end`, that stand in place of rows which follow each other. */
function runInPlace(replaced: Int32Array, from: number, end: number): number {
  const first = replaced[from]!
  if (first === NONE || from >= end) return 0
  let row = from + 1
  while (row < end && replaced[row] === first + row - from) row++
  return row - from
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
  const canonical = decodeColumnBody(reader.bytes(reader.remaining), length, zstd)
  const column = decodeColumn(canonical, { maxRows: put.length })
  if (column.type !== 'float64' || column.length !== put.length || column.validity !== undefined) {
    throw reader.error('steps that are no numbers')
  }
  const steps = new Float64Array(column.values as Float64Array)
  for (let row = 0; row < steps.length; row++) if (!Number.isSafeInteger(steps[row])) steps[row] = 0
  for (const row of missing) steps[row] = Number.NaN
  return steps
}
