import type { TimestampType } from '../../core/column.ts'
import type { ColumnBuilder } from '../../core/column-builder.ts'
import { MAX_INT64, MIN_INT64 } from '../../core/scalar.ts'
import { parseScalar } from '../../core/scalar-text.ts'
import { fractionDigits, unitsPerSecond } from '../../core/time.ts'
import type { LocalTimePlace } from '../local-time.ts'
import type { CellBatch } from './cell-batch.ts'
import type { CellForm } from './cell-form.ts'
import { cellText, takeText, unlessInvalid } from './cell-text.ts'
import type { ColumnClock } from './column-clock.ts'
import type { DateLayout } from './date-layout.ts'
import type { CellTaker, PlainTaker } from './each-cell.ts'
import { appendScaled, appendWhole } from './number-cells.ts'
import type { TimeReading } from './plain-cells.ts'
import { IS_TIME, NOT_A_TIME, POWERS_OF_TEN, scanDate, scannedTime, scanTime } from './scan.ts'
import { ESCAPED } from './tokenizer.ts'

const SECONDS_PER_DAY = 86_400
// Beyond these seconds a value may not fit 64 bits: the text parser decides.
const NANOSECONDS_REACH = 9_223_372_035
const SECONDS_REACH = 2 ** 40

/** Times of ISO 8601 or a layout; numbers are units since 1970 where there is no layout. */
export function timestampTaker(type: TimestampType, { layout, clock }: CellForm): CellTaker {
  const scan = layout?.scan ?? scanTime
  const times = clock?.times
  const placeIn = clock && placesOf(clock)
  const digits = fractionDigits[type]
  const scale = POWERS_OF_TEN[digits]!
  const nanoseconds = POWERS_OF_TEN[9 - digits]!
  const most = type === 'timestamp_ns' ? NANOSECONDS_REACH : SECONDS_REACH
  const reach = most - (times ? 100_000 : 0)
  return (batch, cell, bytes, start, end, token, builder) => {
    const kind = (token & ESCAPED) === 0 ? scan(bytes, start, end) : NOT_A_TIME
    if (kind !== NOT_A_TIME) {
      let seconds = scannedTime[0]!
      const fraction = scannedTime[1]! / nanoseconds
      if (fraction === Math.floor(fraction) && seconds <= reach && seconds >= -reach) {
        if (scannedTime[3] === 0 && clock !== undefined) {
          if (kind === IS_TIME) clock.met = true
          if (times) {
            seconds -= times.offsetOf(seconds, scannedTime[1]!, rowOf(batch, cell), placeIn!(batch))
          }
        }
        if (digits <= 3) builder.appendNumber(seconds * scale + fraction)
        else appendScaled(seconds, scale, fraction, builder)
        return true
      }
      if (layout !== undefined && !times && appendScanned(type, builder)) return true
    } else if (layout === undefined && appendWhole(bytes, start, end, token, builder)) return true
    if (layout !== undefined) return false
    if (clock === undefined) return takeText(batch, cell, bytes, start, end, token, builder)
    return appendTimeByText(batch, cell, builder, clock, placeIn!(batch))
  }
}

/** How times are read of which most of ISO 8601 are. */
export function plainTimes(type: TimestampType, clock: ColumnClock | undefined): TimeReading {
  return {
    takesLocal: clock?.times === undefined,
    digits: fractionDigits[type],
    reach: type === 'timestamp_ns' ? NANOSECONDS_REACH : SECONDS_REACH,
    isKept: true,
  }
}

/** As most times of ISO 8601 are written, with nothing to be looked up for them. */
export function plainTimesTaker(type: TimestampType, clock: ColumnClock | undefined): PlainTaker {
  const reading = plainTimes(type, clock)
  return (cells, column, from, to, builder) => {
    const found = cells.times(column, from, to, reading)
    if (found === undefined) return 0
    if (found.hasLocal && clock !== undefined) clock.met = true
    builder.appendInt64s(found.values)
    return found.rows
  }
}

function rowOf({ width }: CellBatch, cell: number): number {
  return Math.floor(cell / width)
}

type Places = (row: number) => LocalTimePlace

/** Says where the rows of a batch are: one function for all cells of it. */
function placesOf(clock: ColumnClock): (batch: CellBatch) => Places {
  let of: CellBatch | undefined
  let places: Places
  return (batch) => {
    if (of !== batch) {
      places = clock.placesIn(batch)
      of = batch
    }
    return places
  }
}

/** As `takeText`, where times without an offset are those of a clock. */
function appendTimeByText(
  batch: CellBatch,
  cell: number,
  builder: ColumnBuilder,
  clock: ColumnClock,
  places: Places,
): boolean {
  const type = builder.type as TimestampType
  const text = cellText(batch, cell, type)
  return unlessInvalid(() => {
    const read = parseScalar(text, type) as bigint
    const value = clock.inUtc(read, text, type, rowOf(batch, cell), places)
    if (value === undefined) return false
    builder.append(value)
    return true
  })
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

/** Dates of ISO 8601. */
export const takeDate: CellTaker = (batch, cell, bytes, start, end, token, builder) => {
  const days = end - start === 10 && (token & ESCAPED) === 0 ? scanDate(bytes, start) : Number.NaN
  if (Number.isNaN(days)) return takeText(batch, cell, bytes, start, end, token, builder)
  builder.appendNumber(days)
  return true
}

/** Dates of a layout. */
export function laidDateTaker({ scan }: DateLayout): CellTaker {
  return (_batch, _cell, bytes, start, end, token, builder) => {
    if ((token & ESCAPED) !== 0 || scan(bytes, start, end) === NOT_A_TIME) return false
    const days = scannedTime[0]! / SECONDS_PER_DAY
    if (days !== Math.floor(days) || scannedTime[1] !== 0) return false
    builder.appendNumber(days)
    return true
  }
}
