import type { ColumnType, TimestampType } from '../../core/column.ts'
import type { ColumnBuilder } from '../../core/column-builder.ts'
import { hasCode } from '../../core/errors.ts'
import { MAX_INT64, MIN_INT64, numberRange } from '../../core/scalar.ts'
import { parseScalar } from '../../core/scalar-text.ts'
import { fractionDigits, unitsPerSecond } from '../../core/time.ts'
import type { LocalTimePlace } from '../local-time.ts'
import type { CellBatch } from './cell-batch.ts'
import type { ColumnClock } from './column-clock.ts'
import type { DateLayout } from './date-layout.ts'
import { isJson } from './json-check.ts'
import {
  IS_TIME,
  IS_WHOLE,
  NOT_A_NUMBER,
  NOT_A_TIME,
  POWERS_OF_TEN,
  scanDate,
  scanNumber,
  scannedNumber,
  scannedTime,
  scanTime,
} from './scan.ts'
import { ESCAPED, QUOTED } from './tokenizer.ts'

/**
 * Reads the cells of one column, the first `rows` records of the batch, into `builder`. Returns
 * the first row whose cell is not of the type, or `rows`. An unquoted empty cell is a null.
 */
export type CellReader = (
  batch: CellBatch,
  column: number,
  rows: number,
  builder: ColumnBuilder,
) => number

const SECONDS_PER_DAY = 86_400

/** How the cells of a column are written, where that is not as usual. */
export interface CellForm {
  /** The mark in front of a fraction is a comma. */
  readonly comma?: boolean | undefined
  /** How dates and times are written; ISO 8601 unless given. */
  readonly layout?: DateLayout | undefined
  /** The clock that times without an offset are of; UTC unless given. */
  readonly clock?: ColumnClock | undefined
}

const USUAL: CellForm = {}

/** The reader of cells of a type. */
export function cellReader(type: ColumnType, form: CellForm = USUAL): CellReader {
  switch (type) {
    case 'float64':
      return form.comma === true ? floatReader(COMMA) : readFloats
    case 'int64':
      return readWide
    case 'timestamp_s':
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
      return timestampReader(type, form)
    case 'date':
      return form.layout === undefined ? readDates : layoutDateReader(form.layout)
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return integerReader(type)
    case 'string':
      return readStrings
    case 'json':
      return readJson
    case 'float32':
      return form.comma === true ? readCommaFloats : readAny
    case 'bool':
    case 'uint64':
    case 'binary':
    case 'null':
      return readAny
  }
}

/**
 * The text of a cell as `parseScalar` takes it: without spaces around it where it is not quoted,
 * unless they are a part of the value.
 */
export function cellText(batch: CellBatch, cell: number, type: ColumnType): string {
  const text = batch.text(cell)
  const verbatim = type === 'string' || type === 'json' || (batch.starts[cell]! & QUOTED) !== 0
  return verbatim ? text : text.replace(/^[ \t]+|[ \t]+$/g, '')
}

/** The value by way of its text: all that the fast paths leave. False when it is not of the type. */
function appendByText(batch: CellBatch, cell: number, builder: ColumnBuilder): boolean {
  try {
    builder.append(parseScalar(cellText(batch, cell, builder.type), builder.type))
    return true
  } catch (error) {
    if (hasCode(error, 'invalid-value')) return false
    throw error
  }
}

const POINT = 0x2e
const COMMA = 0x2c

const readFloats = floatReader(POINT)

/** Reads numbers with this byte in front of a fraction. */
function floatReader(point: number): CellReader {
  return (batch, column, rows, builder) => {
    const { starts, ends, width } = batch
    const bytes: Uint8Array = batch.bytes
    for (let row = 0, cell = column; row < rows; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) {
        builder.appendNull()
        continue
      }
      if ((token & ESCAPED) === 0 && scanNumber(bytes, start, end, point) !== NOT_A_NUMBER) {
        let value = scannedNumber[0]!
        if (Number.isNaN(value)) {
          const text = batch.bytes.toString('latin1', start, end)
          value = Number(point === COMMA ? text.replace(',', '.') : text)
        }
        if (value - value !== 0) return row
        builder.appendNumber(value)
      } else if (!(point === COMMA ? appendByCommaText : appendByText)(batch, cell, builder)) {
        return row
      }
    }
    return rows
  }
}

/** As {@link appendByText}, for a number with a comma in front of its fraction. */
function appendByCommaText(batch: CellBatch, cell: number, builder: ColumnBuilder): boolean {
  const text = cellText(batch, cell, builder.type)
  if (text.includes('.')) return false
  try {
    builder.append(parseScalar(text.replace(',', '.'), builder.type))
    return true
  } catch (error) {
    if (hasCode(error, 'invalid-value')) return false
    throw error
  }
}

function readCommaFloats(
  batch: CellBatch,
  column: number,
  rows: number,
  builder: ColumnBuilder,
): number {
  const { starts, ends, width } = batch
  for (let row = 0, cell = column; row < rows; row++, cell += width) {
    const token = starts[cell]!
    const start = token >> 2
    if (start === ends[cell] && token === start << 2) builder.appendNull()
    else if (!appendByCommaText(batch, cell, builder)) return row
  }
  return rows
}

function readWide(batch: CellBatch, column: number, rows: number, builder: ColumnBuilder): number {
  const { starts, ends, width } = batch
  const bytes: Uint8Array = batch.bytes
  for (let row = 0, cell = column; row < rows; row++, cell += width) {
    const token = starts[cell]!
    const start = token >> 2
    const end = ends[cell]!
    if (start === end && token === start << 2) {
      builder.appendNull()
      continue
    }
    if (appendWhole(bytes, start, end, token, builder)) continue
    if (!appendByText(batch, cell, builder)) return row
  }
  return rows
}

/** Appends a whole number of up to 19 digits that fits 64 bits; false for all else. */
function appendWhole(
  bytes: Uint8Array,
  start: number,
  end: number,
  token: number,
  builder: ColumnBuilder,
): boolean {
  if ((token & ESCAPED) !== 0 || scanNumber(bytes, start, end) !== IS_WHOLE) return false
  const value = scannedNumber[0]!
  if (!Number.isNaN(value)) {
    builder.appendNumber(value)
    return true
  }
  const digits = scannedNumber[1]!
  if (digits > 19) return false
  const split = end - 9
  let high = 0
  for (let at = end - digits; at < split; at++) high = high * 10 + bytes[at]! - 0x30
  let low = 0
  for (let at = split; at < end; at++) low = low * 10 + bytes[at]! - 0x30
  if (high > 9_223_372_036 || (high === 9_223_372_036 && low > 854_775_807)) return false
  const negative = bytes[start] === 0x2d
  appendScaled(negative ? -high : high, 1_000_000_000, negative ? -low : low, builder)
  return true
}

/**
 * Appends `a * scale + b`, exact to 64 bits, for |a| < 2^48, scale ≤ 10^9 and |b| < 10^9: in two
 * parts that a double holds exactly.
 */
function appendScaled(a: number, scale: number, b: number, builder: ColumnBuilder): void {
  const upper = Math.floor(a / 0x1_0000)
  const product = upper * scale
  const top = Math.floor(product / 0x1_0000)
  const rest = (product - top * 0x1_0000) * 0x1_0000 + (a - upper * 0x1_0000) * scale + b
  const carry = Math.floor(rest / 0x1_0000_0000)
  builder.appendInt64(rest - carry * 0x1_0000_0000, top + carry)
}

function timestampReader(type: TimestampType, { layout, clock }: CellForm): CellReader {
  const scan = layout?.scan ?? scanTime
  const times = clock?.times
  const digits = fractionDigits[type]
  const scale = POWERS_OF_TEN[digits]!
  const nanoseconds = POWERS_OF_TEN[9 - digits]!
  // Beyond these seconds the value may not fit 64 bits: the text parser decides.
  const reach = (type === 'timestamp_ns' ? 9_223_372_035 : 2 ** 40) - (times ? 100_000 : 0)
  return (batch, column, rows, builder) => {
    const { starts, ends, width } = batch
    const bytes: Uint8Array = batch.bytes
    const place = clock?.placesIn(batch)
    let met = false
    for (let row = 0, cell = column; row < rows; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) {
        builder.appendNull()
        continue
      }
      const kind = (token & ESCAPED) === 0 ? scan(bytes, start, end) : NOT_A_TIME
      if (kind !== NOT_A_TIME) {
        let seconds = scannedTime[0]!
        const fraction = scannedTime[1]! / nanoseconds
        if (fraction === Math.floor(fraction) && seconds <= reach && seconds >= -reach) {
          if (scannedTime[3] === 0) {
            met ||= kind === IS_TIME
            if (times) seconds -= times.offsetOf(seconds, scannedTime[1]!, row, place!)
          }
          if (digits <= 3) builder.appendNumber(seconds * scale + fraction)
          else appendScaled(seconds, scale, fraction, builder)
          continue
        }
        if (layout !== undefined && !times && appendScanned(type, builder)) continue
      } else if (layout === undefined && appendWhole(bytes, start, end, token, builder)) continue
      if (layout !== undefined || !appendTimeByText(batch, cell, builder, row, clock, place)) {
        return row
      }
    }
    if (met) clock!.met = true
    return rows
  }
}

/** As {@link appendByText}, where times without an offset are those of a clock. */
function appendTimeByText(
  batch: CellBatch,
  cell: number,
  builder: ColumnBuilder,
  row: number,
  clock: ColumnClock | undefined,
  place: ((row: number) => LocalTimePlace) | undefined,
): boolean {
  if (clock === undefined || place === undefined) return appendByText(batch, cell, builder)
  const type = builder.type as TimestampType
  const text = cellText(batch, cell, type)
  try {
    const value = clock.inUtc(parseScalar(text, type) as bigint, text, type, row, place)
    if (value === undefined) return false
    builder.append(value)
    return true
  } catch (error) {
    if (hasCode(error, 'invalid-value')) return false
    throw error
  }
}

/** Appends the time that was scanned, exactly; false where the type cannot hold it. */
function appendScanned(type: TimestampType, builder: ColumnBuilder): boolean {
  const seconds = scannedTime[0]!
  if (!Number.isSafeInteger(seconds)) return false
  const nanoseconds = BigInt(seconds) * 1_000_000_000n + BigInt(scannedTime[1]!)
  const unit = 1_000_000_000n / unitsPerSecond[type]
  const value = nanoseconds / unit
  if (value * unit !== nanoseconds || value < MIN_INT64 || value > MAX_INT64) return false
  builder.append(value)
  return true
}

function layoutDateReader({ scan }: DateLayout): CellReader {
  return (batch, column, rows, builder) => {
    const { starts, ends, width } = batch
    const bytes: Uint8Array = batch.bytes
    for (let row = 0, cell = column; row < rows; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) {
        builder.appendNull()
        continue
      }
      if ((token & ESCAPED) !== 0 || scan(bytes, start, end) === NOT_A_TIME) return row
      const days = scannedTime[0]! / SECONDS_PER_DAY
      if (days !== Math.floor(days) || scannedTime[1] !== 0) return row
      builder.appendNumber(days)
    }
    return rows
  }
}

function readDates(batch: CellBatch, column: number, rows: number, builder: ColumnBuilder): number {
  const { starts, ends, width } = batch
  const bytes: Uint8Array = batch.bytes
  for (let row = 0, cell = column; row < rows; row++, cell += width) {
    const token = starts[cell]!
    const start = token >> 2
    const end = ends[cell]!
    const days = end - start === 10 && (token & ESCAPED) === 0 ? scanDate(bytes, start) : Number.NaN
    if (!Number.isNaN(days)) builder.appendNumber(days)
    else if (start === end && token === start << 2) builder.appendNull()
    else if (!appendByText(batch, cell, builder)) return row
  }
  return rows
}

function integerReader(type: ColumnType): CellReader {
  const [min, max] = numberRange(type)!
  return (batch, column, rows, builder) => {
    const { starts, ends, width } = batch
    const bytes: Uint8Array = batch.bytes
    for (let row = 0, cell = column; row < rows; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) {
        builder.appendNull()
        continue
      }
      if ((token & ESCAPED) === 0 && scanNumber(bytes, start, end) === IS_WHOLE) {
        const value = scannedNumber[0]!
        if (!(value >= min && value <= max)) return row
        builder.appendNumber(value)
      } else if (!appendByText(batch, cell, builder)) return row
    }
    return rows
  }
}

/** Room for the value of a cell in which quotes are doubled. */
let unescaped = new Uint8Array(256)

/** Copies a cell's bytes with each doubled quote once; returns how many. */
function unquote(bytes: Uint8Array, start: number, end: number): number {
  if (unescaped.length < end - start) unescaped = new Uint8Array(end - start)
  let count = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    unescaped[count++] = byte
    if (byte === 0x22) at++
  }
  return count
}

function readStrings(
  batch: CellBatch,
  column: number,
  rows: number,
  builder: ColumnBuilder,
): number {
  const { starts, ends, width } = batch
  const bytes: Uint8Array = batch.bytes
  for (let row = 0, cell = column; row < rows; row++, cell += width) {
    const token = starts[cell]!
    const start = token >> 2
    const end = ends[cell]!
    if (start === end && token === start << 2) builder.appendNull()
    else if ((token & ESCAPED) === 0) builder.appendBytes(bytes, start, end)
    else {
      // First, for it may put a larger buffer in the place of this one.
      const count = unquote(bytes, start, end)
      builder.appendBytes(unescaped, 0, count)
    }
  }
  release()
  return rows
}

function readJson(batch: CellBatch, column: number, rows: number, builder: ColumnBuilder): number {
  const { starts, ends, width } = batch
  const bytes: Uint8Array = batch.bytes
  for (let row = 0, cell = column; row < rows; row++, cell += width) {
    const token = starts[cell]!
    const start = token >> 2
    const end = ends[cell]!
    if (start === end && token === start << 2) {
      builder.appendNull()
      continue
    }
    if ((token & ESCAPED) === 0) {
      if (!isJson(bytes, start, end)) return row
      builder.appendBytes(bytes, start, end)
    } else {
      const count = unquote(bytes, start, end)
      if (!isJson(unescaped, 0, count)) return row
      builder.appendBytes(unescaped, 0, count)
    }
  }
  release()
  return rows
}

/** Lets go of the room that one long value took. */
function release(): void {
  if (unescaped.length > 1024 * 1024) unescaped = new Uint8Array(256)
}

function readAny(batch: CellBatch, column: number, rows: number, builder: ColumnBuilder): number {
  const { starts, ends, width } = batch
  for (let row = 0, cell = column; row < rows; row++, cell += width) {
    const token = starts[cell]!
    const start = token >> 2
    if (start === ends[cell] && token === start << 2) builder.appendNull()
    else if (builder.type === 'null' || !appendByText(batch, cell, builder)) return row
  }
  return rows
}
