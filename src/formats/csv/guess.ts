import { type ColumnType, isTimestampType } from '../../core/column.ts'
import type { VarveError } from '../../core/errors.ts'
import { MAX_INT64, MAX_UINT64, MIN_INT64 } from '../../core/scalar.ts'
import { momentOf, parseIso } from '../../core/time.ts'
import { quoteText } from '../bad-input.ts'
import type { CellBatch } from './cell-batch.ts'
import { cellFault } from './cell-faults.ts'
import type { DateLayout } from './date-layout.ts'
import { LayoutGuess } from './layout-guess.ts'
import { isMarker, layoutOffer, looksLikeDate, nullOption, numberAdvice } from './near-values.ts'
import {
  IS_DATE,
  IS_DECIMAL,
  IS_TIME,
  NOT_A_NUMBER,
  NOT_A_TIME,
  scanNumber,
  scannedNumber,
  scannedTime,
  scanTime,
} from './scan.ts'
import { asText, refusal, type Spot, spotOf } from './spot.ts'
import { ESCAPED, QUOTED } from './tokenizer.ts'

// What a column's cells have been so far. The type is the narrowest that holds all of them.
const BOOL = 1
const DATE = 2
const TIME = 4
const WHOLE = 8
const DECIMAL = 16
const TEXT = 32
/** A date or time as it is written, of a day or an hour that does not exist. */
const IMPOSSIBLE = 64
/** A date or a time in a layout other than ISO 8601. */
const LAID_DATE = 128
const LAID_TIME = 256
/** A text that commonly stands for no value. */
const MARKER = 512
/** A number with another mark in front of its fraction, or with digits in groups. */
const ODD_NUMBER = 1024

const ISO = DATE | TIME
const LAID = LAID_DATE | LAID_TIME

/** Cells of a text index that are looked at for dates. */
const LOOKED_AT = 1000
/** Texts for no value that a message names. */
const MOST_MARKERS = 4

/** What is known about the cells of a column beforehand. */
export interface GuessOptions {
  /** The mark in front of a fraction: a point unless given. */
  readonly decimal?: '.' | ',' | undefined
  /** The layout that dates are said to have. */
  readonly layout?: DateLayout | undefined
  /** Whether they are said to be dates or times: what can only be one is not asked of them. */
  readonly temporal?: boolean | undefined
}

const TIME_SHAPE =
  /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)? ?(?:Z|z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/

/** Seconds within which any nanosecond timestamp fits 64 bits, and those beyond which none does. */
const NS_REACH = 9_223_372_035
const NS_PAST = 9_223_372_037
/** And any microsecond timestamp. */
const US_REACH = 9_223_372_036_853

/** Whether the time that was scanned is one of the ends of what 64 bits of nanoseconds hold. */
function fitsNanoseconds(): boolean {
  const seconds = scannedTime[0]!
  if (Math.abs(seconds) > NS_PAST) return false
  const value = BigInt(seconds) * 1_000_000_000n + BigInt(scannedTime[1]!)
  return value >= MIN_INT64 && value <= MAX_INT64
}

/** Widens a column's type cell by cell, and for an index watches whether it is in order. */
export class ColumnGuess {
  #seen = 0
  #fraction = 0
  #pastNanoseconds = false
  /** A whole number beyond 2^53; below 0; beyond int64, by sign; beyond uint64. */
  #large = false
  #negative = false
  /** Of the last number that is too large for a double. */
  #digits = 0
  #pastInt64 = false
  #pastUint64 = false
  #impossible: VarveError | undefined
  readonly #name: string
  readonly #index: boolean
  readonly #temporal: boolean
  readonly #decimal: '.' | ','
  readonly #point: number
  readonly #layouts: LayoutGuess
  /** Whether there are layouts to read dates by. */
  #isLaid: boolean
  #markers = new Map<string, Spot>()
  #odd: Spot | undefined
  #text: Spot | undefined
  /** Whether there was ISO 8601 that no layout reads. */
  #rareIso = false
  /** Rows before this batch. */
  #rows = 0
  /** Cells of an index that were looked at, and those that have the look of a date. */
  #looked = 0
  #dateLike = 0
  #toLookAt = LOOKED_AT
  /** Whether every cell so far was not before the one above it; false where that is not known. */
  #sorted = true
  // Which times there are: one clock's among themselves are in the order that they are read in.
  #withOffset = false
  #withoutOffset = false

  // The cell above, for the order of an index.
  #kind = 0
  readonly #above = new Float64Array(2)
  #textAbove = Buffer.alloc(0)

  constructor(name: string, index: boolean, options: GuessOptions = {}) {
    const { decimal = '.', layout, temporal = false } = options
    this.#name = name
    this.#index = index
    this.#temporal = temporal
    this.#decimal = decimal
    this.#point = decimal.charCodeAt(0)
    const isSaid = layout !== undefined && (!layout.numeric || index || temporal)
    this.#layouts = new LayoutGuess(name, index, isSaid ? layout : undefined)
    this.#isLaid = isSaid
  }

  /** Takes the cells of one column in the batch into account. */
  observe(batch: CellBatch, column: number, rows: number): void {
    // Text stays text.
    if ((this.#seen & TEXT) !== 0 && !this.#index) return
    const { starts, ends, width } = batch
    const bytes: Uint8Array = batch.bytes
    let seen = this.#seen
    for (let row = 0, cell = column; row < rows; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) continue
      if ((seen & TEXT) === 0) {
        const kind = this.#kindOf(batch, bytes, row, cell, start, end, seen)
        seen |= kind
        if (kind === IMPOSSIBLE) this.#impossible ??= this.#faultAt(batch, row, column)
        if (this.#index) {
          if (kind === TEXT) {
            this.#looked = this.#rows + row
            if ((seen & (ISO | LAID)) !== 0) this.#dateLike = this.#looked
            this.#look(batch, cell)
          }
          if (this.#sorted) this.#compare(batch, cell, kind)
        }
      } else if (!this.#index) {
        break
      } else {
        if (this.#toLookAt > 0) this.#look(batch, cell)
        if (this.#sorted) this.#compare(batch, cell, TEXT)
      }
    }
    this.#seen = seen
    this.#rows += rows
  }

  /** The narrowest type for what was seen; null where nothing was. */
  type(): ColumnType {
    return this.#typeOf(this.#seen)
  }

  #typeOf(seen: number): ColumnType {
    if (seen === 0) return 'null'
    if (seen === BOOL) return 'bool'
    if ((seen & ~(ISO | LAID)) === 0) {
      if ((seen & LAID) !== 0 && !this.#isLaidOut(seen)) return 'string'
      if ((seen & (TIME | LAID_TIME)) === 0) return 'date'
      if (this.#fraction === 0) return 'timestamp_s'
      if (this.#fraction <= 3) return 'timestamp_ms'
      if (this.#fraction <= 6) return 'timestamp_us'
      return this.#pastNanoseconds ? 'string' : 'timestamp_ns'
    }
    if ((seen & ~(WHOLE | DECIMAL)) !== 0) return 'string'
    if ((seen & DECIMAL) !== 0) return 'float64'
    if (!this.#large) return this.#index ? 'int64' : 'float64'
    if (this.#pastUint64 || (this.#pastInt64 && this.#negative)) return 'string'
    return this.#pastInt64 ? 'uint64' : 'int64'
  }

  /** Whether all dates are of one layout, told from the cells or given. */
  #isLaidOut(seen: number): boolean {
    if (this.#layouts.layout === undefined) return false
    return (seen & ISO) === 0 || (this.#layouts.isIso && !this.#rareIso)
  }

  /** The layout of the dates, where it is not ISO 8601 and all cells are dates of one. */
  layout(): DateLayout | undefined {
    const dates = this.#seen & (ISO | LAID)
    return (dates & LAID) !== 0 && this.#isLaidOut(dates) ? this.#layouts.layout : undefined
  }

  /** The layout of the first date, whatever came after it; undefined where it is ISO 8601. */
  firstLayout(): DateLayout | undefined {
    return this.#layouts.layout
  }

  /** Whether all cells were empty, or stand for no value. */
  get hasNoDates(): boolean {
    return (this.#seen & ~MARKER) === 0
  }

  /** Whether more cells could tell which layout the dates have. */
  get isAmbiguous(): boolean {
    return this.#layouts.isAmbiguous
  }

  /** Whether cells were dates of the layout that is said. */
  get isAsGiven(): boolean {
    return this.#layouts.isAsGiven
  }

  /** The error for a column of which the first date is not of the layout that is said. */
  notAsGiven(layout: DateLayout): VarveError | undefined {
    return this.#layouts.notAs(layout)
  }

  /**
   * `bad-input` with the place, where a column is not to be text silently: all cells are values but
   * for some that stand for none, are numbers written otherwise, or dates that do not exist or could
   * be two; or where an index looks like dates and is not.
   */
  fault(): VarveError | undefined {
    const said = this.#layouts.notAsSaid()
    if (said !== undefined) return said
    if ((this.#seen & ~(ISO | LAID | IMPOSSIBLE | MARKER)) === 0) {
      const fault = this.#impossible ?? this.#layouts.astray()
      if (fault !== undefined) return fault
    }
    return this.#oddFault() ?? this.#markerFault() ?? this.ambiguity() ?? this.#textIndexFault()
  }

  /** What the user should know about how the column is read, and may want otherwise. */
  notice(): string | undefined {
    const name = quoteText(this.#name)
    const type = this.type()
    if (this.#seen === MARKER) {
      const markers = [...this.#markers.keys()]
      return `column ${name} has nothing but ${quoteText(markers[0]!)}, and is text; ${nullOption(markers)} takes it as no value`
    }
    if (this.#index && type === 'int64') return this.#numbersNotice(name)
    if (type === 'float64' && this.#large) {
      return `column ${name} has whole numbers past 2^53 beside fractions: float64 rounds them, --type ${this.#name}:string keeps the digits`
    }
    if (this.layout() !== undefined && type !== 'string') return this.#layouts.notice()
    if (!this.#layouts.isAmbiguous || (this.#seen & ~(LAID | MARKER)) !== 0) return undefined
    const { text } = this.#layouts.first!
    return `column ${name} stays text: ${quoteText(text)} could be two days; --date-format ${layoutOffer(text)} tells`
  }

  /** What to say of an index of whole numbers that could be times. */
  #numbersNotice(name: string): string | undefined {
    const last = this.#above[0]!
    const layout =
      last > 1e7 && last < 1e8
        ? layoutOffer(String(last))
        : last > 1e9 && last < 4e9
          ? 'epoch_s'
          : last > 1e12 && last < 4e12
            ? 'epoch_ms'
            : last > 1e15 && last < 4e15
              ? 'epoch_us'
              : this.#digits === 19
                ? 'epoch_ns'
                : undefined
    if (layout === undefined) return undefined
    return `column ${name} is read as numbers; if they are times: --date-format ${layout}`
  }

  #oddFault(): VarveError | undefined {
    const rest = this.#seen & ~(ODD_NUMBER | MARKER)
    if (this.#odd === undefined || (rest & ~(WHOLE | DECIMAL)) !== 0) return undefined
    const advice = numberAdvice(this.#odd.text, this.#decimal)!
    const hint = `${advice}; ${asText(this.#name)}`
    return refusal(this.#name, this.#odd, { expected: 'a number', hint })
  }

  #markerFault(): VarveError | undefined {
    const rest = this.#seen & ~MARKER
    const [marker] = this.#markers.values()
    if (marker === undefined || rest === 0) return undefined
    const isDate = (rest & ~LAID) === 0 && this.#layouts.isAmbiguous
    const expected = isDate ? 'date' : this.#typeOf(rest)
    if (expected === 'string') return undefined
    if (this.#index) {
      return refusal(this.#name, marker, { expected, reason: 'the index cannot be null' })
    }
    const takes = `${nullOption([...this.#markers.keys()])} takes it as no value`
    return refusal(this.#name, marker, { expected, hint: `${takes}; ${asText(this.#name)}` })
  }

  /** `bad-input` where a date is wanted, and all cells could be two days. */
  ambiguity(): VarveError | undefined {
    if (!this.#index && !this.#temporal) return undefined
    return (this.#seen & ~(LAID | MARKER)) === 0 ? this.#layouts.ambiguous() : undefined
  }

  #textIndexFault(): VarveError | undefined {
    if (!this.#index || this.#temporal || this.type() !== 'string') return undefined
    const spot = this.#text ?? this.#layouts.first
    if (spot === undefined || this.#dateLike * 2 <= this.#looked) return undefined
    const layout = layoutOffer(spot.text) ?? 'LAYOUT'
    return refusal(this.#name, spot, {
      expected: 'dates of one known layout in the index',
      hint: `--date-format ${layout} says how they are written; ${asText(this.#name)}`,
    })
  }

  /**
   * Whether the cells of an index, read as `type`, are in order for sure; some may be equal. Times
   * without an offset are of UTC, or `inZone` of a zone.
   */
  isSortedAs(type: ColumnType, inZone = false): boolean {
    if (!this.#sorted || (inZone && this.#withOffset && this.#withoutOffset)) return false
    if (type === 'string') return this.#kind === TEXT
    if (type === 'date' || isTimestampType(type)) {
      return this.#kind === TIME || (this.#seen === WHOLE && type !== 'date')
    }
    return this.#kind === WHOLE && type !== 'binary' && type !== 'bool'
  }

  #kindOf(
    batch: CellBatch,
    bytes: Uint8Array,
    row: number,
    cell: number,
    start: number,
    end: number,
    seen: number,
  ): number {
    if ((batch.starts[cell]! & ESCAPED) !== 0) return this.#textAt(batch, row, cell)
    if (this.#isLaid) {
      const kind = this.#laidKind(batch, row, cell, start, end)
      if (kind !== 0) return kind
    }
    if ((seen & (ISO | LAID)) === 0) {
      const number = scanNumber(bytes, start, end, this.#point)
      if (number !== NOT_A_NUMBER) {
        const kind = this.#numberKind(bytes, start, end, number)
        return kind === TEXT ? this.#textAt(batch, row, cell) : kind
      }
    }
    const time = scanTime(bytes, start, end)
    if (time !== NOT_A_TIME) return this.#timeKind(time)
    const kind = this.#rareKind(batch.text(cell), (batch.starts[cell]! & QUOTED) !== 0)
    return kind === TEXT ? this.#nearKind(batch, row, cell, seen) : kind
  }

  /** A date of the layouts that are known; 0 where the cell is none. */
  #laidKind(batch: CellBatch, row: number, cell: number, start: number, end: number): number {
    const time = this.#layouts.scan(batch, row, cell, start, end)
    this.#isLaid = this.#layouts.isOn
    if (time === NOT_A_TIME) return 0
    this.#timeKind(time)
    // Until one layout is left, nobody knows which days these are.
    if (this.#layouts.isAmbiguous) this.#sorted = false
    return time === IS_DATE ? LAID_DATE : LAID_TIME
  }

  /** What a cell is that is no value as it is written: surely meant as one, or text. */
  #nearKind(batch: CellBatch, row: number, cell: number, seen: number): number {
    const text = batch.text(cell)
    if (isMarker(text)) {
      if (this.#markers.size < MOST_MARKERS && !this.#markers.has(text.trim())) {
        this.#markers.set(text.trim(), spotOf(batch, row, cell))
      }
      return MARKER
    }
    const onlyDates = (seen & ~(ISO | LAID | MARKER)) === 0
    if (onlyDates && this.#layouts.claims(batch, row, cell, (seen & ISO) !== 0)) {
      const start = batch.starts[cell]! >> 2
      const kind = this.#laidKind(batch, row, cell, start, batch.ends[cell]!)
      if (kind !== 0) return kind
      this.#layouts.goAstray(batch, row, cell)
      return LAID_DATE
    }
    if (numberAdvice(text, this.#decimal) !== undefined) {
      this.#odd ??= spotOf(batch, row, cell)
      return ODD_NUMBER
    }
    return this.#textAt(batch, row, cell)
  }

  #textAt(batch: CellBatch, row: number, cell: number): number {
    this.#text ??= spotOf(batch, row, cell)
    return TEXT
  }

  /** Counts whether a cell of a text index has the look of a date. */
  #look(batch: CellBatch, cell: number): void {
    this.#looked++
    this.#toLookAt--
    if (looksLikeDate(batch.text(cell))) this.#dateLike++
  }

  #numberKind(bytes: Uint8Array, start: number, end: number, kind: number): number {
    const digits = scannedNumber[1]!
    const signed = bytes[start] === 0x2d
    const first = signed ? start + 1 : start
    // 007 is a name, +49 a telephone number: read as numbers they would not come back.
    if (bytes[start] === 0x2b || (digits > 1 && bytes[first] === 0x30)) return TEXT
    const value = scannedNumber[0]!
    if (kind === IS_DECIMAL) {
      if (Number.isNaN(value)) {
        const text = latin1(bytes, start, end)
        scannedNumber[0] = Number(this.#decimal === ',' ? text.replace(',', '.') : text)
        if (!Number.isFinite(scannedNumber[0])) return TEXT
      }
      return DECIMAL
    }
    if (signed) this.#negative = true
    if (Number.isNaN(value)) {
      this.#large = true
      this.#digits = digits
      this.#sorted = false
      // Fewer digits, or 19 that begin with less than a 9, fit int64.
      if (digits > 19 || (digits === 19 && bytes[first] === 0x39)) {
        const exact = digits > 20 ? MAX_UINT64 + 1n : BigInt(latin1(bytes, start, end))
        if (exact > MAX_INT64) this.#pastInt64 = true
        if (exact > MAX_UINT64 || exact < MIN_INT64) this.#pastUint64 = true
      }
    }
    return WHOLE
  }

  #timeKind(kind: number): number {
    if (scannedTime[2]! > this.#fraction) this.#fraction = scannedTime[2]!
    if (scannedTime[3] === 0) this.#withoutOffset = true
    else this.#withOffset = true
    if (Math.abs(scannedTime[0]!) > NS_REACH && !fitsNanoseconds()) this.#pastNanoseconds = true
    return kind === IS_DATE ? DATE : TIME
  }

  /** Words that are values, and times in the rarer spellings. */
  #rareKind(text: string, quoted: boolean): number {
    const trimmed = quoted ? text : text.replace(/^[ \t]+|[ \t]+$/g, '')
    if (trimmed !== text) {
      const padded = Buffer.from(`${trimmed},`)
      const end = padded.length - 1
      const number = scanNumber(padded, 0, end, this.#point)
      if (number !== NOT_A_NUMBER) return this.#numberKind(padded, 0, end, number)
      const time = scanTime(padded, 0, end)
      if (time !== NOT_A_TIME) return this.#timeKind(time)
    }
    if (/^(true|false)$/i.test(trimmed)) return BOOL
    if (/^([+-]?(inf|infinity)|nan)$/i.test(trimmed)) {
      scannedNumber[0] = /nan/i.test(trimmed)
        ? Number.NaN
        : trimmed[0] === '-'
          ? -Infinity
          : Infinity
      return DECIMAL
    }
    const iso = /^\d{4}-|^[+-]\d{6,12}-/.test(trimmed) ? parseIso(trimmed) : undefined
    if (iso === undefined && TIME_SHAPE.test(trimmed)) return IMPOSSIBLE
    if (iso?.day === undefined || iso.fraction.length > 9) return TEXT
    const moment = momentOf(iso)
    scannedTime[0] = Number(moment.seconds)
    if (Math.abs(scannedTime[0]) > US_REACH) return TEXT
    scannedTime[1] = moment.nanoseconds
    this.#rareIso = true
    // Zeros at its end count, as in every other spelling.
    scannedTime[2] = Math.min(9, /[.,](\d+)/.exec(trimmed)?.[1]?.length ?? 0)
    scannedTime[3] = iso.offset === undefined ? 0 : 1
    return this.#timeKind(iso.hour === undefined ? IS_DATE : IS_TIME)
  }

  #faultAt(batch: CellBatch, row: number, column: number): VarveError {
    const isDate = batch.text(row * batch.width + column).trim().length === 10
    const type = isDate ? 'date' : 'timestamp_ns'
    const hint = `--type ${this.#name}:string takes the column as text`
    const spec = { type, index: this.#index, name: this.#name, advice: hint } as const
    return cellFault(batch, row, column, spec)
  }

  #compare(batch: CellBatch, cell: number, kind: number): void {
    const isTime = (kind & (ISO | LAID)) !== 0
    const group = isTime ? TIME : kind === DECIMAL ? WHOLE : kind
    if (this.#kind !== 0 && this.#kind !== group) {
      this.#sorted = false
      return
    }
    const isFirst = this.#kind === 0
    this.#kind = group
    const above = this.#above
    if (group === TIME) {
      const seconds = scannedTime[0]!
      const nanoseconds = scannedTime[1]!
      const before = seconds < above[0]! || (seconds === above[0]! && nanoseconds < above[1]!)
      if (!isFirst && before) this.#sorted = false
      above[0] = seconds
      above[1] = nanoseconds
    } else if (group === WHOLE) {
      const value = scannedNumber[0]!
      if (!isFirst && !(value >= above[0]!)) this.#sorted = false
      above[0] = value
    } else if (group === TEXT && (batch.starts[cell]! & ESCAPED) === 0) {
      const text = batch.bytes.subarray(batch.starts[cell]! >> 2, batch.ends[cell]!)
      if (!isFirst && text.compare(this.#textAbove) < 0) this.#sorted = false
      this.#textAbove = Buffer.from(text)
    } else this.#sorted = false
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
