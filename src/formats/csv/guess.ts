import { type ColumnType, isTimestampType } from '../../core/column.ts'
import type { VarveError } from '../../core/errors.ts'
import { MAX_INT64, MAX_UINT64, MIN_INT64 } from '../../core/scalar.ts'
import { momentOf, parseIso } from '../../core/time.ts'
import { badInput, type Place, quoteText } from '../bad-input.ts'
import type { CellBatch } from './cell-batch.ts'
import { cellFault } from './cell-faults.ts'
import type { DateLayout } from './date-layout.ts'
import {
  type DateFamily,
  dateFamilyOf,
  isMarker,
  layoutOffer,
  looksLikeDate,
  nullOption,
  numberAdvice,
  shortLayout,
} from './near-values.ts'
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

/** Where a cell is, and what it says. */
interface Spot {
  readonly file: string
  readonly place: Place
  readonly text: string
}

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
  /** Of the last number, in front of the point. */
  #digits = 0
  #pastInt64 = false
  #pastUint64 = false
  #impossible: VarveError | undefined
  readonly #name: string
  readonly #index: boolean
  readonly #temporal: boolean
  readonly #decimal: '.' | ','
  readonly #point: number
  /** The layout that is said; undefined where none is or the first cell had another. */
  #given: DateLayout | undefined
  /** The first cell that is not of the layout that is said. */
  #notGiven: Spot | undefined
  /** Layouts that all cells so far can be of. */
  #layouts: readonly DateLayout[] = []
  #family: DateFamily | undefined
  /** The first cell of the layouts, the first that narrowed them down, and one that is of none. */
  #laid: Spot | undefined
  #deciding: Spot | undefined
  #unlaid: Spot | undefined
  #markers = new Map<string, Spot>()
  #odd: Spot | undefined
  #text: Spot | undefined
  /** Whether there was ISO 8601 that no layout reads. */
  #rareIso = false
  /** Cells of an index that were looked at, and those that have the look of a date. */
  #looked = 0
  #dateLike = 0
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
    if (layout !== undefined && (!layout.numeric || index || temporal)) this.#given = layout
  }

  /** Takes the cells of one column in the batch into account. */
  observe(batch: CellBatch, column: number, rows: number): void {
    // Text stays text.
    if ((this.#seen & TEXT) !== 0 && !this.#index) return
    const { starts, ends, width } = batch
    let seen = this.#seen
    for (let row = 0, cell = column; row < rows; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) continue
      if ((seen & TEXT) === 0) {
        const kind = this.#kindOf(batch, row, cell, start, end, seen)
        seen |= kind
        if (kind === IMPOSSIBLE) this.#impossible ??= this.#faultAt(batch, row, column)
        if (this.#index) {
          if (kind === TEXT) this.#look(batch, row, cell, (seen & (ISO | LAID)) !== 0)
          else this.#looked++
          if (this.#sorted) this.#compare(batch, cell, kind)
        }
      } else if (!this.#index) {
        break
      } else {
        if (this.#looked < LOOKED_AT) this.#look(batch, row, cell, false)
        if (this.#sorted) this.#compare(batch, cell, TEXT)
      }
    }
    this.#seen = seen
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
    if (this.#layouts.length !== 1) return false
    return (seen & ISO) === 0 || (this.#family?.iso === true && !this.#rareIso)
  }

  /** The layout of the dates, where it is not ISO 8601 and all cells are dates of one. */
  layout(): DateLayout | undefined {
    const dates = this.#seen & (ISO | LAID)
    return (dates & LAID) !== 0 && this.#isLaidOut(dates) ? this.#layouts[0] : undefined
  }

  /** The layout of the first date, whatever came after it; undefined where it is ISO 8601. */
  firstLayout(): DateLayout | undefined {
    return this.#layouts.length === 1 ? this.#layouts[0] : undefined
  }

  /** Whether all cells were empty, or stand for no value. */
  get hasNoDates(): boolean {
    return (this.#seen & ~MARKER) === 0
  }

  /** Whether more cells could tell which layout the dates have. */
  get isAmbiguous(): boolean {
    return this.#layouts.length > 1
  }

  /** Whether cells were dates of the layout that is said. */
  get isAsGiven(): boolean {
    return this.#given !== undefined && this.#layouts[0] === this.#given
  }

  /** The error for a column of which none is of the layout that is said; undefined where all are. */
  notAsGiven({ text, whyNot }: DateLayout): VarveError | undefined {
    if (this.#notGiven === undefined) return undefined
    return this.#refuse(this.#notGiven, `a date as ${text}`, whyNot(this.#notGiven.text))
  }

  /**
   * `bad-input` with the place, where a column is not to be text silently: all cells are values but
   * for some that stand for none, are numbers written otherwise, or dates that do not exist or could
   * be two; or where an index looks like dates and is not.
   */
  fault(): VarveError | undefined {
    const seen = this.#seen
    if (this.#given !== undefined && this.#notGiven !== undefined) {
      return this.notAsGiven(this.#given)
    }
    if ((seen & ~(ISO | LAID | IMPOSSIBLE | MARKER)) === 0) {
      if (this.#impossible !== undefined) return this.#impossible
      if (this.#unlaid !== undefined && (seen & ISO) === 0)
        return this.#notOfTheLayout(this.#unlaid)
    }
    return this.#oddFault() ?? this.#markerFault() ?? this.ambiguity() ?? this.#textIndexFault()
  }

  /** What the user should know about how the column is read, and may want otherwise. */
  notice(): string | undefined {
    const name = quoteText(this.#name)
    const type = this.type()
    if (this.#given !== undefined) return undefined
    if (this.#seen === MARKER) {
      const [text] = this.#markers.keys()
      const option = nullOption([...this.#markers.keys()])
      return `column ${name} has nothing but ${quoteText(text!)}, and is text; ${option} takes it as no value`
    }
    if ((this.#seen & LAID) !== 0 && this.#layouts.length > 1 && type === 'string') {
      const text = this.#laid!.text
      return `column ${name} stays text: ${quoteText(text)} could be two days; --date-format ${layoutOffer(text)} tells`
    }
    const layout = this.layout()
    if (this.#index && type === 'int64' && !this.#temporal) return this.#numbersNotice(name)
    if (layout !== undefined && type !== 'string') {
      if (this.#family?.month === true) {
        return `column ${name} has months: each is read as its first day`
      }
      if (this.#deciding !== undefined || shortLayout(layout) === 'DD.MM.YYYY') {
        return `column ${name} is read as ${shortLayout(layout)}`
      }
    }
    return undefined
  }

  /** What to say of an index of whole numbers that could be times. */
  #numbersNotice(name: string): string | undefined {
    const last = this.#above[0]!
    const layout =
      this.#digits === 8
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
    const { text } = this.#odd
    const advice = numberAdvice(text, this.#decimal)!
    return this.#refuse(this.#odd, 'a number', undefined, `${advice}; ${this.#asText()}`)
  }

  #markerFault(): VarveError | undefined {
    const rest = this.#seen & ~MARKER
    if (this.#markers.size === 0 || rest === 0) return undefined
    const laid = (rest & ~(ISO | LAID)) === 0 && this.#layouts.length > 1
    const type = this.#typeOf(rest)
    if (type === 'string' && !laid) return undefined
    const [marker] = this.#markers.values()
    if (this.#index) {
      return this.#refuse(marker!, laid ? 'date' : type, 'the index cannot be null', this.#asText())
    }
    const takes = `${nullOption([...this.#markers.keys()])} takes it as no value`
    return this.#refuse(marker!, laid ? 'date' : type, undefined, `${takes}; ${this.#asText()}`)
  }

  /** `bad-input` where a date is wanted, and all cells could be two days. */
  ambiguity(): VarveError | undefined {
    if (!this.#index && !this.#temporal) return undefined
    if (this.#layouts.length < 2 || (this.#seen & ~(LAID | MARKER)) !== 0) return undefined
    const offer = layoutOffer(this.#laid!.text)
    return this.#refuse(
      this.#laid!,
      'a date that can be told',
      'the day or the month may come first, and no row tells',
      `--date-format ${offer}`,
    )
  }

  #textIndexFault(): VarveError | undefined {
    if (!this.#index || this.#temporal || this.type() !== 'string') return undefined
    const spot = this.#text ?? this.#unlaid ?? this.#laid
    if (spot === undefined || this.#dateLike * 2 <= this.#looked) return undefined
    const offer = layoutOffer(spot.text)
    const says = offer === undefined ? '--date-format LAYOUT says' : `--date-format ${offer} says`
    return this.#refuse(
      spot,
      'dates of one known layout in the index',
      undefined,
      `${says} how they are written; ${this.#asText()}`,
    )
  }

  #notOfTheLayout(spot: Spot): VarveError {
    const [layout] = this.#layouts
    const decided =
      this.#deciding === undefined
        ? undefined
        : `line ${this.#deciding.place.line} has ${quoteText(this.#deciding.text)}`
    const why = layout!.whyNot(spot.text) ?? decided
    const isOne = this.#layouts.length === 1
    const reason = isOne ? (decided ?? why) : why
    return this.#refuse(spot, isOne ? `a date as ${shortLayout(layout!)}` : 'a date', reason)
  }

  #asText(): string {
    return `--type ${/^[\w.-]+$/.test(this.#name) ? `${this.#name}:string` : `'${this.#name}:string'`} takes the column as text`
  }

  #refuse(spot: Spot, expected: string, reason?: string, hint = this.#asText()): VarveError {
    const { file, place, text } = spot
    const data = { field: this.#name, value: text }
    return badInput({ file, place, found: quoteText(text), expected, reason, hint, data })
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
    row: number,
    cell: number,
    start: number,
    end: number,
    seen: number,
  ): number {
    if ((batch.starts[cell]! & ESCAPED) !== 0) return this.#textAt(batch, row, cell)
    const bytes: Uint8Array = batch.bytes
    if (this.#given !== undefined || this.#layouts.length > 0) {
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

  /** A date of the layouts that are known; 0 where the cell is none. Narrows them down. */
  #laidKind(batch: CellBatch, row: number, cell: number, start: number, end: number): number {
    const { bytes } = batch
    if (this.#layouts.length <= 1) {
      const layout = this.#layouts[0] ?? this.#given!
      const time = layout.scan(bytes, start, end)
      if (time !== NOT_A_TIME) {
        if (this.#laid === undefined) {
          this.#laid = this.#spot(batch, row, cell)
          this.#layouts = [layout]
        }
        return this.#laidTime(time)
      }
      if (this.#given === undefined) return 0
      if (isMarker(batch.text(cell))) return 0
      // The first cell says whether the column is written so at all.
      this.#notGiven ??= this.#spot(batch, row, cell)
      if (this.#layouts.length === 1) return LAID_DATE
      this.#given = undefined
      return 0
    }
    const left = this.#layouts.filter((layout) => layout.scan(bytes, start, end) !== NOT_A_TIME)
    if (left.length === 0) return 0
    if (left.length === 1) this.#deciding = this.#spot(batch, row, cell)
    this.#layouts = left
    const kind = this.#laidTime(left[0]!.scan(bytes, start, end))
    if (left.length > 1) this.#sorted = false
    return kind
  }

  #laidTime(time: number): number {
    this.#timeKind(time)
    return time === IS_DATE ? LAID_DATE : LAID_TIME
  }

  /** What a cell is that is no value as it is written: surely meant as one, or text. */
  #nearKind(batch: CellBatch, row: number, cell: number, seen: number): number {
    const text = batch.text(cell)
    if (isMarker(text)) {
      if (this.#markers.size < MOST_MARKERS && !this.#markers.has(text.trim())) {
        this.#markers.set(text.trim(), this.#spot(batch, row, cell))
      }
      return MARKER
    }
    if (this.#isNearDate(text, seen)) {
      const start = batch.starts[cell]! >> 2
      const kind = this.#laidKind(batch, row, cell, start, batch.ends[cell]!)
      this.#laid ??= this.#spot(batch, row, cell)
      if (kind !== 0) return kind
      this.#unlaid ??= this.#spot(batch, row, cell)
      return LAID_DATE
    }
    if (numberAdvice(text, this.#decimal) !== undefined) {
      this.#odd ??= this.#spot(batch, row, cell)
      return ODD_NUMBER
    }
    return this.#textAt(batch, row, cell)
  }

  /**
   * Whether a text is a date, or has the look of one that does not exist, of the layouts of the
   * column; they are those of the first such text.
   */
  #isNearDate(text: string, seen: number): boolean {
    const family = dateFamilyOf(text)
    if (family === undefined || (family.month && !this.#index)) return false
    const isFirst = this.#layouts.length === 0
    if (isFirst && (seen & (family.iso ? ~(ISO | MARKER) : ~MARKER)) !== 0) return false
    if (!isFirst && family !== this.#family) return false
    if (!family.layouts.some((layout) => isOf(layout, text))) return false
    if (isFirst) {
      this.#family = family
      this.#layouts = family.layouts
    }
    return true
  }

  #textAt(batch: CellBatch, row: number, cell: number): number {
    this.#text ??= this.#spot(batch, row, cell)
    return TEXT
  }

  /** Counts whether a cell of a text index has the look of a date, or those above were dates. */
  #look(batch: CellBatch, row: number, cell: number, wereDates: boolean): void {
    if (wereDates) this.#dateLike = this.#looked
    this.#looked++
    if (looksLikeDate(batch.text(cell))) {
      this.#dateLike++
      this.#text ??= this.#spot(batch, row, cell)
    }
  }

  #spot(batch: CellBatch, row: number, cell: number): Spot {
    const token = batch.starts[cell]!
    const offset = (token >> 2) - ((token & QUOTED) === 0 ? 0 : 1)
    return { file: batch.file, place: batch.placeIn(row, offset), text: batch.text(cell) }
  }

  #numberKind(bytes: Uint8Array, start: number, end: number, kind: number): number {
    const digits = scannedNumber[1]!
    this.#digits = digits
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

/** Whether a text has the shape of a layout, be it a date that exists or not. */
function isOf(layout: DateLayout, text: string): boolean {
  const bytes = Buffer.from(`${text}\n`)
  const exists = layout.scan(bytes, 0, bytes.length - 1) !== NOT_A_TIME
  return exists || layout.whyNot(text) !== undefined
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
