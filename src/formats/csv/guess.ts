import type { ColumnType } from '../../core/column.ts'
import type { VarveError } from '../../core/errors.ts'
import { quoteText } from '../bad-input.ts'
import type { CellBatch } from './cell-batch.ts'
import { cellFault } from './cell-faults.ts'
import {
  BOOL,
  DECIMAL,
  IMPOSSIBLE,
  ISO,
  LAID,
  LAID_DATE,
  LAID_TIME,
  MARKER,
  ODD_NUMBER,
  TEXT,
  TIME,
  WHOLE,
} from './cell-kinds.ts'
import type { CellSink } from './cell-sink.ts'
import type { DateLayout } from './date-layout.ts'
import { hasForeignMonth } from './foreign-months.ts'
import { KeyOrder } from './key-order.ts'
import { LayoutGuess } from './layout-guess.ts'
import { isMarker, layoutOffer, looksLikeDate, nullOption, numbersOffer } from './near-values.ts'
import { NumberGuess } from './number-guess.ts'
import { type PlainCells, PlainPace } from './plain-cells.ts'
import { isImpossibleTime, scanRareTime } from './rare-time.ts'
import { IS_DATE, NOT_A_NUMBER, NOT_A_TIME, scanNumber, scannedNumber, scanTime } from './scan.ts'
import { asText, refusal } from './spot.ts'
import { StrayCells } from './stray-cells.ts'
import { NS_REACH, TimeGuess } from './time-guess.ts'
import { ESCAPED, QUOTED } from './tokenizer.ts'

/** What a column of numbers can be in which the first with a unit is text. */
const WITH_UNITS = WHOLE | DECIMAL | ODD_NUMBER | MARKER | TEXT

/** Times that any type of them holds. */
const ANY_TIME = { takesLocal: true, digits: 9, reach: NS_REACH, isKept: false }

/** What is known about the cells of a column beforehand. */
export interface GuessOptions {
  /** The mark in front of a fraction: a point unless given. */
  readonly decimal?: '.' | ',' | undefined
  /** The layout that dates are said to have. */
  readonly layout?: DateLayout | undefined
  /** Whether they are said to be dates or times: what can only be one is not asked of them. */
  readonly temporal?: boolean | undefined
  /** Whether names are in a line of their own, which may be there again. It is so unless told otherwise. */
  readonly header?: boolean | undefined
}

/** Widens a column's type cell by cell, and for an index watches whether it is in order. */
export class ColumnGuess {
  #seen = 0
  #hasEmpty = false
  #impossible: VarveError | undefined
  readonly #name: string
  readonly #index: boolean
  readonly #temporal: boolean
  readonly #header: boolean
  readonly #point: number
  readonly #layouts: LayoutGuess
  readonly #numbers: NumberGuess
  readonly #times = new TimeGuess()
  readonly #stray: StrayCells
  readonly #order = new KeyOrder()
  readonly #pace = new PlainPace()
  /** Whether there are layouts to read dates by. */
  #isLaid: boolean
  /** Whether there was ISO 8601 that no layout reads. */
  #rareIso = false
  /** Rows before this batch. */
  #rows = 0

  constructor(name: string, index: boolean, options: GuessOptions = {}) {
    const { decimal = '.', layout, temporal = false, header = true } = options
    this.#header = header
    this.#name = name
    this.#index = index
    this.#temporal = temporal
    this.#numbers = new NumberGuess(decimal)
    this.#stray = new StrayCells(name, decimal)
    this.#point = decimal.charCodeAt(0)
    const isSaid = layout !== undefined && (!layout.numeric || index || temporal)
    this.#layouts = new LayoutGuess(name, index, isSaid ? layout : undefined)
    this.#isLaid = isSaid
  }

  /**
   * Takes the cells of one column in the batch into account; `cells` is the same batch, where many
   * can be read at once, and `sink` gets all of them.
   */
  observe(
    batch: CellBatch,
    column: number,
    rows: number,
    cells?: PlainCells,
    sink?: CellSink,
  ): void {
    for (let row = 0; row < rows; ) {
      // Text stays text.
      if ((this.#seen & TEXT) !== 0 && !this.#index) {
        sink?.takeRows(row, rows)
        return
      }
      const plain = cells === undefined ? 0 : this.#observePlain(cells, column, row, rows, sink)
      row += plain
      const next = cells === undefined ? rows : Math.min(rows, row + this.#pace.after(plain))
      this.#observeEach(batch, column, row, next, rows)
      sink?.takeRows(row, next)
      row = next
    }
    this.#rows += rows
  }

  /** Takes cells that are written as most are, from row `from` on; returns how many. */
  #observePlain(
    cells: PlainCells,
    column: number,
    from: number,
    to: number,
    sink: CellSink | undefined,
  ): number {
    const seen = this.#seen
    if (this.#isLaid) return 0
    if (seen === TIME) {
      const found = cells.times(column, from, to, sink?.times ?? ANY_TIME, this.#order.above)
      if (found === undefined || found.rows === 0) return 0
      sink?.takeTimes(found, from)
      this.#times.takeMany(found.digits, found.hasUtc, found.hasLocal)
      this.#order.follow(found.isInOrder, found.lastSeconds, found.lastNanoseconds)
      return found.rows
    }
    if (seen === 0 || (seen & ~(WHOLE | DECIMAL)) !== 0) return 0
    const [above] = this.#order.above
    const form = sink?.numbers ?? 'none'
    const found = cells.numbers(column, from, to, { point: this.#point, form, above })
    if (found === undefined || found.rows === 0) return 0
    sink?.takeNumbers(found, from)
    this.#numbers.takeMany(found.hasNegativeWhole)
    this.#seen |= (found.hasWhole ? WHOLE : 0) | (found.hasDecimal ? DECIMAL : 0)
    this.#order.follow(found.isInOrder, found.last, 0)
    return found.rows
  }

  /** Takes the cells of rows `from` to `to` one by one; the batch has `rows`. */
  #observeEach(batch: CellBatch, column: number, from: number, to: number, rows: number): void {
    const { starts, ends, width } = batch
    const bytes: Uint8Array = batch.bytes
    let seen = this.#seen
    for (let row = from, cell = column + from * width; row < to; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) {
        this.#hasEmpty = true
        continue
      }
      if ((seen & TEXT) === 0) {
        const kind = this.#kindOf(batch, bytes, row, cell, start, end, seen)
        seen |= kind
        if (kind === IMPOSSIBLE) this.#impossible ??= this.#faultAt(batch, row, column)
        if (this.#index) {
          if (kind === TEXT) {
            this.#stray.countAbove(this.#rows + row, (seen & (ISO | LAID)) !== 0)
            this.#stray.look(batch, cell)
          }
          if (this.#order.isKept) this.#order.compare(batch, cell, kind)
        } else if (kind === TEXT && (seen & ~WITH_UNITS) === 0) {
          this.#stray.belowNumbers = (seen & (WHOLE | DECIMAL)) !== 0
          this.#stray.findUnit(batch, cell, rows - row)
        }
      } else if (!this.#index) {
        break
      } else {
        this.#stray.look(batch, cell)
        if (this.#order.isKept) this.#order.compare(batch, cell, TEXT)
      }
    }
    this.#seen = seen
  }

  /** Whether a cell was empty; of an index, all are looked at. */
  get hasEmpty(): boolean {
    return this.#hasEmpty
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
      return this.#times.type()
    }
    if ((seen & ~(WHOLE | DECIMAL)) !== 0) return 'string'
    if ((seen & DECIMAL) !== 0) return 'float64'
    return this.#numbers.wholeType(this.#index)
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
    return (
      this.#headerFault() ??
      this.#oddFault() ??
      this.#markerFault() ??
      this.ambiguity() ??
      this.#textIndexFault()
    )
  }

  /** What the user should know about how the column is read, and may want otherwise. */
  notice(): string | undefined {
    const name = quoteText(this.#name)
    const type = this.type()
    if (this.#seen === MARKER) {
      const { markers } = this.#stray
      return `column ${name} has nothing but ${quoteText(markers[0]!)}, and is text; ${nullOption(markers)} takes it as no value`
    }
    if (this.#index && type === 'int64') return this.#numbersNotice(name)
    if (type === 'float64' && this.#numbers.isLarge) {
      return `column ${name} has whole numbers past 2^53 beside fractions: float64 rounds them, --type ${this.#name}:string keeps the digits`
    }
    if (type === 'string' && !this.#index) {
      const notice = this.#stray.notice()
      if (notice !== undefined) return notice
    }
    if (this.layout() !== undefined && type !== 'string') return this.#layouts.notice()
    if (!this.#layouts.isAmbiguous || (this.#seen & ~(LAID | MARKER)) !== 0) return undefined
    const { text } = this.#layouts.first!
    return `column ${name} stays text: ${quoteText(text)} could be two days; --date-format ${layoutOffer(text)} tells`
  }

  /** What to say of an index of whole numbers that could be times. */
  #numbersNotice(name: string): string | undefined {
    const layout = numbersOffer(this.#order.firstNumber, this.#numbers.digits)
    if (layout === undefined) return undefined
    return `column ${name} is read as numbers; if they are times: --date-format ${layout}`
  }

  #oddFault(): VarveError | undefined {
    const rest = this.#seen & ~(ODD_NUMBER | MARKER)
    return (rest & ~(WHOLE | DECIMAL)) === 0 ? this.#stray.oddNumber() : undefined
  }

  #markerFault(): VarveError | undefined {
    const rest = this.#seen & ~MARKER
    if (rest === 0) return undefined
    const isDate = (rest & ~LAID) === 0 && this.#layouts.isAmbiguous
    const expected = isDate ? 'date' : this.#typeOf(rest)
    return expected === 'string' ? undefined : this.#stray.marker(expected, this.#index)
  }

  /** `bad-input` where a date is wanted, and all cells could be two days. */
  ambiguity(): VarveError | undefined {
    if (!this.#index && !this.#temporal) return undefined
    return (this.#seen & ~(LAID | MARKER)) === 0 ? this.#layouts.ambiguous() : undefined
  }

  #textIndexFault(): VarveError | undefined {
    if (!this.#index || this.#temporal || this.type() !== 'string') return undefined
    const spot = this.#stray.text ?? this.#layouts.first
    if (spot === undefined || !this.#stray.looksLikeDates) return undefined
    return refusal(this.#name, spot, {
      expected: 'dates of one known layout in the index',
      hint: `${datesAdvice(spot.text.trim())}; ${asText(this.#name)}`,
    })
  }

  /** The error for the column's own name among values of a type: the header, once more. */
  #headerFault(): VarveError | undefined {
    const spot = this.#stray.text
    const others = this.#seen & ~(TEXT | MARKER)
    if (!this.#header || spot?.text.trim() !== this.#name || others === 0) return undefined
    return refusal(this.#name, spot, {
      expected: this.#typeOf(others),
      reason: 'it is the header again',
      hint: `leave that line out; ${asText(this.#name)}`,
    })
  }

  /**
   * Whether the cells of an index, read as `type`, are in order for sure; some may be equal. Times
   * without an offset are of UTC, or `inZone` of a zone.
   */
  isSortedAs(type: ColumnType, inZone = false): boolean {
    if (inZone && this.#times.isMixed) return false
    return this.#order.isKeptAs(type, this.#seen === WHOLE)
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
    if ((batch.starts[cell]! & ESCAPED) !== 0) return this.#stray.takeText(batch, row, cell)
    if (this.#isLaid) {
      const kind = this.#laidKind(batch, row, cell, start, end)
      if (kind !== 0) return kind
    }
    if ((seen & (ISO | LAID)) === 0) {
      const number = scanNumber(bytes, start, end, this.#point)
      if (number !== NOT_A_NUMBER) {
        const kind = this.#numbers.take(bytes, start, end, number)
        return kind === TEXT ? this.#stray.takeText(batch, row, cell) : kind
      }
    }
    const time = scanTime(bytes, start, end)
    if (time !== NOT_A_TIME) return this.#times.take(time)
    const kind = this.#rareKind(batch.text(cell), (batch.starts[cell]! & QUOTED) !== 0)
    return kind === TEXT ? this.#nearKind(batch, row, cell, seen) : kind
  }

  /** A date of the layouts that are known; 0 where the cell is none. */
  #laidKind(batch: CellBatch, row: number, cell: number, start: number, end: number): number {
    const time = this.#layouts.scan(batch, row, cell, start, end)
    this.#isLaid = this.#layouts.isOn
    if (time === NOT_A_TIME) return 0
    this.#times.take(time)
    // Until one layout is left, nobody knows which days these are.
    if (this.#layouts.isAmbiguous) this.#order.lose()
    return time === IS_DATE ? LAID_DATE : LAID_TIME
  }

  /** What a cell is that is no value as it is written: surely meant as one, or text. */
  #nearKind(batch: CellBatch, row: number, cell: number, seen: number): number {
    const text = batch.text(cell)
    const onlyDates = (seen & ~(ISO | LAID | MARKER)) === 0 && !isMarker(text)
    if (onlyDates && this.#layouts.claims(batch, row, cell, (seen & ISO) !== 0)) {
      const start = batch.starts[cell]! >> 2
      const kind = this.#laidKind(batch, row, cell, start, batch.ends[cell]!)
      if (kind !== 0) return kind
      this.#layouts.goAstray(batch, row, cell)
      return LAID_DATE
    }
    return this.#stray.take(batch, row, cell, text) || this.#stray.takeText(batch, row, cell)
  }

  /** Words that are values, and times in the rarer spellings. */
  #rareKind(text: string, quoted: boolean): number {
    const trimmed = quoted ? text : text.replace(/^[ \t]+|[ \t]+$/g, '')
    if (trimmed !== text) {
      const padded = Buffer.from(`${trimmed},`)
      const end = padded.length - 1
      const number = scanNumber(padded, 0, end, this.#point)
      if (number !== NOT_A_NUMBER) return this.#numbers.take(padded, 0, end, number)
      const time = scanTime(padded, 0, end)
      if (time !== NOT_A_TIME) return this.#times.take(time)
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
    const time = scanRareTime(trimmed)
    if (time === NOT_A_TIME) return isImpossibleTime(trimmed) ? IMPOSSIBLE : TEXT
    this.#rareIso = true
    return this.#times.take(time)
  }

  #faultAt(batch: CellBatch, row: number, column: number): VarveError {
    const isDate = batch.text(row * batch.width + column).trim().length === 10
    return cellFault(batch, row, column, {
      type: isDate ? 'date' : 'timestamp_ns',
      expected: isDate ? 'date' : A_TIME,
      index: this.#index,
      name: this.#name,
      advice: `--type ${this.#name}:string takes the column as text`,
    })
  }
}

/** What is expected where times are, whose precision nobody named. */
export const A_TIME = 'a time'

/** What to do about a text in an index of dates. */
function datesAdvice(text: string): string {
  const layout = layoutOffer(text)
  if (layout !== undefined) return `--date-format ${layout} says how they are written`
  if (hasForeignMonth(text)) {
    return 'months are read by their number or English name: write 2025-03-04 or 4 Mar 2025'
  }
  return looksLikeDate(text)
    ? '--date-format LAYOUT says how they are written'
    : 'leave that row out'
}
