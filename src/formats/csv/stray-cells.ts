import type { ColumnType } from '../../core/column.ts'
import type { VarveError } from '../../core/errors.ts'
import { quoteText } from '../bad-input.ts'
import type { CellBatch } from './cell-batch.ts'
import { MARKER, ODD_NUMBER, TEXT } from './cell-kinds.ts'
import { isMarker, looksLikeDate, nullOption, numberAdvice } from './near-values.ts'
import { asText, refusal, type Spot, spotOf } from './spot.ts'
import { unitOf } from './unit.ts'

/** Texts for no value that a message names. */
const MOST_MARKERS = 4
/** Cells of a text index that are looked at for dates. */
const LOOKED_AT = 1000
/** Cells that are asked whether they have the unit of the first text. */
const UNITS_ASKED = 100

/** Digits that are no number, as 007: surely meant as text. */
const IS_CODE = /^\+?\d+$/
const BARE_NUMBER = /^ *[+-]?\d[\d.,]* *$/

/**
 * The cells of a column that are no values as they are written, and may have been meant as some: the
 * first of each kind, for messages.
 */
export class StrayCells {
  /** The first text. */
  text: Spot | undefined
  /** Whether it is in a column of which the cells above are numbers. */
  belowNumbers = false
  readonly #column: string
  readonly #decimal: '.' | ','
  readonly #markers = new Map<string, Spot>()
  #odd: Spot | undefined
  #unit: string | undefined
  /** Cells of an index that were looked at, and those that have the look of a date. */
  #looked = 0
  #dateLike = 0
  #toLookAt = LOOKED_AT

  constructor(column: string, decimal: '.' | ',') {
    this.#column = column
    this.#decimal = decimal
  }

  /** The texts that stand for no value, as far as they are named. */
  get markers(): string[] {
    return [...this.#markers.keys()]
  }

  /** Takes a cell that is a marker or a number as people write it; 0 where it is neither. */
  take(batch: CellBatch, row: number, cell: number, text: string): number {
    if (isMarker(text)) {
      if (this.#markers.size < MOST_MARKERS && !this.#markers.has(text.trim())) {
        this.#markers.set(text.trim(), spotOf(batch, row, cell))
      }
      return MARKER
    }
    if (numberAdvice(text, this.#decimal) === undefined) return 0
    this.#odd ??= spotOf(batch, row, cell)
    return ODD_NUMBER
  }

  takeText(batch: CellBatch, row: number, cell: number): typeof TEXT {
    this.text ??= spotOf(batch, row, cell)
    return TEXT
  }

  /** Finds the unit of the first text, where so many cells from it on are numbers that have it. */
  findUnit(batch: CellBatch, cell: number, rows: number): void {
    const unit = unitOf(batch.text(cell))
    if (unit === undefined) return
    for (let row = 1; row < Math.min(rows, UNITS_ASKED); row++) {
      const text = batch.text(cell + row * batch.width)
      if (unitOf(text) !== unit && !isMarker(text) && !BARE_NUMBER.test(text)) return
    }
    this.#unit = unit
  }

  /** What to say of text among numbers, and where the first and those behind it have a unit. */
  notice(): string | undefined {
    if (this.text === undefined) return undefined
    const [name, text] = [this.#column, this.text.text].map(quoteText)
    if (this.#unit === undefined) {
      const { line } = this.text.place
      return this.belowNumbers && !IS_CODE.test(this.text.text)
        ? `column ${name} is text for ${text} on line ${line}: above are numbers`
        : undefined
    }
    return `column ${name} has numbers with a unit, ${text}, and is text: without ${this.#unit} they are numbers`
  }

  /** Says how many cells of an index are before its first text, and whether they are dates. */
  countAbove(rows: number, areDates: boolean): void {
    this.#looked = rows
    if (areDates) this.#dateLike = rows
  }

  /** Counts whether a cell of a text index has the look of a date. */
  look(batch: CellBatch, cell: number): void {
    if (this.#toLookAt === 0) return
    this.#looked++
    this.#toLookAt--
    if (looksLikeDate(batch.text(cell))) this.#dateLike++
  }

  /** Whether most cells of a text index have the look of dates. */
  get looksLikeDates(): boolean {
    return this.#dateLike * 2 > this.#looked
  }

  /** The error for a number as people write it. */
  oddNumber(): VarveError | undefined {
    if (this.#odd === undefined) return undefined
    const hint = `${numberAdvice(this.#odd.text, this.#decimal)!}; ${asText(this.#column)}`
    return refusal(this.#column, this.#odd, { expected: 'a number', hint })
  }

  /** The error for a text that stands for no value, where others are values of a type. */
  marker(expected: ColumnType, index: boolean): VarveError | undefined {
    const [marker] = this.#markers.values()
    if (marker === undefined) return undefined
    if (index) {
      return refusal(this.#column, marker, { expected, reason: 'the index cannot be null' })
    }
    const hint = `${nullOption(this.markers)} takes it as no value; ${asText(this.#column)}`
    return refusal(this.#column, marker, { expected, hint })
  }
}
