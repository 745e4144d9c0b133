import type { VarveError } from '../../core/errors.ts'
import { quoteText } from '../bad-input.ts'
import type { CellBatch } from './cell-batch.ts'
import type { DateLayout } from './date-layout.ts'
import { type DateFamily, dateFamilyOf, isMarker, layoutOffer, shortLayout } from './near-values.ts'
import { NOT_A_TIME } from './scan.ts'
import { refusal, type Spot, spotOf } from './spot.ts'

/**
 * Finds the layout of a column's dates cell by cell: the one that is said, if the first date is of
 * it; else the layouts that the first date can be of, narrowed down by those that follow.
 */
export class LayoutGuess {
  readonly #column: string
  readonly #months: boolean
  /** The layout that is said; undefined where none is, or the first cell was of another. */
  #given: DateLayout | undefined
  #notGiven: Spot | undefined
  #family: DateFamily | undefined
  #left: readonly DateLayout[] = []
  #first: Spot | undefined
  /** The date that left one layout of two. */
  #deciding: Spot | undefined
  /** The first that has the look of these dates, and is none. */
  #astray: Spot | undefined

  /** `months`: whether a month may stand for its first day. */
  constructor(column: string, months: boolean, given?: DateLayout) {
    this.#column = column
    this.#months = months
    this.#given = given
  }

  /** Whether {@link scan} can find dates. */
  get isOn(): boolean {
    return this.#given !== undefined || this.#left.length > 0
  }

  /** Whether several layouts are left. */
  get isAmbiguous(): boolean {
    return this.#left.length > 1
  }

  /** Whether ISO 8601 goes with the layout. */
  get isIso(): boolean {
    return this.#family?.iso === true
  }

  /** Whether the dates are of the layout that is said. */
  get isAsGiven(): boolean {
    return this.#given !== undefined && this.#left[0] === this.#given
  }

  /** The layout, where one is left. */
  get layout(): DateLayout | undefined {
    return this.#left.length === 1 ? this.#left[0] : undefined
  }

  get first(): Spot | undefined {
    return this.#first
  }

  /** Reads a date of the layouts, as a `TimeScanner` does; `NOT_A_TIME` where the cell is none. */
  scan(batch: CellBatch, row: number, cell: number, start: number, end: number): number {
    const { bytes } = batch
    if (this.#left.length > 1) return this.#narrow(batch, row, cell, start, end)
    const time = (this.#left[0] ?? this.#given!).scan(bytes, start, end)
    if (time !== NOT_A_TIME) {
      if (this.#left.length === 0) this.#left = [this.#given!]
      this.#first ??= spotOf(batch, row, cell)
    } else if (this.#given !== undefined && !isMarker(batch.text(cell))) {
      this.#notGiven ??= spotOf(batch, row, cell)
      // The first cell says whether the column is written so at all.
      if (this.#left.length === 0) this.#given = undefined
    }
    return time
  }

  #narrow(batch: CellBatch, row: number, cell: number, start: number, end: number): number {
    const { bytes } = batch
    const left = this.#left.filter((layout) => layout.scan(bytes, start, end) !== NOT_A_TIME)
    if (left.length === 0) return NOT_A_TIME
    if (left.length === 1) this.#deciding = spotOf(batch, row, cell)
    this.#left = left
    this.#first ??= spotOf(batch, row, cell)
    return left[0]!.scan(bytes, start, end)
  }

  /**
   * Whether a cell is a date of the column's layouts, or has the look of one and does not exist;
   * where there are none yet, they are those that it can be of. `withIso`: ISO 8601 was there.
   */
  claims(batch: CellBatch, row: number, cell: number, withIso: boolean): boolean {
    const text = batch.text(cell)
    const family = dateFamilyOf(text)
    if (family === undefined || (family.month && !this.#months)) return false
    const isFirst = this.#left.length === 0
    if (isFirst ? withIso && !family.iso : family !== this.#family) return false
    if (!family.layouts.some((layout) => isOf(layout, text))) return false
    if (isFirst) {
      this.#family = family
      this.#left = family.layouts
    }
    this.#first ??= spotOf(batch, row, cell)
    return true
  }

  /** Notes a date that was claimed, and does not exist in any layout that is left. */
  goAstray(batch: CellBatch, row: number, cell: number): void {
    this.#astray ??= spotOf(batch, row, cell)
  }

  /** The error for a cell that is not of the layout which is said, where others are. */
  notAsSaid(): VarveError | undefined {
    return this.#given === undefined ? undefined : this.notAs(this.#given)
  }

  /** The error for the first cell that is not of the layout which is said. */
  notAs({ text, whyNot }: DateLayout): VarveError | undefined {
    const spot = this.#notGiven
    if (spot === undefined) return undefined
    return refusal(this.#column, spot, { expected: `a date as ${text}`, reason: whyNot(spot.text) })
  }

  /** The error for a date that does not exist. */
  astray(): VarveError | undefined {
    const spot = this.#astray
    if (spot === undefined) return undefined
    const [layout] = this.#left
    const why = layout!.whyNot(spot.text)
    if (this.#left.length > 1)
      return refusal(this.#column, spot, { expected: 'a date', reason: why })
    const by = this.#deciding
    const decided = by && `line ${by.place.line} has ${quoteText(by.text)}`
    const expected = `a date as ${shortLayout(layout!)}`
    return refusal(this.#column, spot, { expected, reason: decided ?? why })
  }

  /** The error for dates that could be two days each. */
  ambiguous(): VarveError | undefined {
    if (this.#left.length < 2 || this.#first === undefined) return undefined
    return refusal(this.#column, this.#first, {
      expected: 'a date that can be told',
      reason: 'the day or the month may come first, and no row tells',
      hint: `--date-format ${layoutOffer(this.#first.text)}`,
    })
  }

  /** What the user should know about dates that are taken as such. */
  notice(): string | undefined {
    const { layout } = this
    if (layout === undefined || this.#given !== undefined) return undefined
    const name = quoteText(this.#column)
    if (this.#family?.month === true)
      return `column ${name} has months: each is read as its first day`
    const text = shortLayout(layout)
    const isObvious = this.#deciding === undefined && text !== 'DD.MM.YYYY'
    return isObvious ? undefined : `column ${name} is read as ${text}`
  }
}

/** Whether a text has the shape of a layout, be it a date that exists or not. */
function isOf(layout: DateLayout, text: string): boolean {
  const bytes = Buffer.from(`${text}\n`)
  const exists = layout.scan(bytes, 0, bytes.length - 1) !== NOT_A_TIME
  return exists || layout.whyNot(text) !== undefined
}
