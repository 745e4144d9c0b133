import { isTimestampType } from '../../core/column.ts'
import type { ColumnBuilder } from '../../core/column-builder.ts'
import { VarveError } from '../../core/errors.ts'
import type { CellBatch } from './cell-batch.ts'
import type { CellForm } from './cell-form.ts'
import { cellTaker } from './cell-reader.ts'
import { type CellTaker, takeCells } from './each-cell.ts'
import type { NumberForm, PlainNumbers, PlainTimes, TimeReading } from './plain-cells.ts'
import { plainTimes } from './time-cells.ts'
import { NS_REACH } from './time-guess.ts'

/**
 * Takes the cells of one column as values of a type that is a guess, while they are looked at. What
 * was looked at many at once becomes values without being read again.
 */
export class CellSink {
  /** Whether all cells so far were of the type; after one that is not, no more are taken. */
  isGood = true
  /** What numbers that are looked at many at once are to become. */
  readonly numbers: NumberForm
  /** How times are to be looked at many at once, so that they become values; undefined where they cannot. */
  readonly times: TimeReading | undefined
  readonly #batch: CellBatch
  readonly #cell: number
  readonly #builder: ColumnBuilder
  readonly #form: CellForm
  readonly #take: CellTaker

  /** @param cell of the column, in a record */
  constructor(batch: CellBatch, cell: number, builder: ColumnBuilder, form: CellForm) {
    const { type } = builder
    this.#batch = batch
    this.#cell = cell
    this.#builder = builder
    this.#form = form
    this.#take = cellTaker(type, form)
    this.numbers = type === 'float64' ? 'doubles' : type === 'int64' ? 'integers' : 'none'
    // No further than where it has to be known whether nanoseconds fit.
    this.times =
      form.layout === undefined && isTimestampType(type)
        ? { ...plainTimes(type, form.clock), reach: NS_REACH }
        : undefined
  }

  /** Takes a run of numbers that begins in row `from`. */
  takeNumbers({ rows, doubles, integers }: PlainNumbers, from: number): void {
    if (!this.isGood) return
    if (this.numbers === 'doubles') this.#builder.appendDoubles(doubles)
    else if (this.numbers === 'integers') this.#builder.appendInt64s(integers)
    else this.takeRows(from, from + rows)
  }

  /** Takes a run of times that begins in row `from`. */
  takeTimes({ rows, values, hasLocal }: PlainTimes, from: number): void {
    if (!this.isGood) return
    if (this.times === undefined) {
      this.takeRows(from, from + rows)
      return
    }
    const { clock } = this.#form
    if (hasLocal && clock !== undefined) clock.met = true
    this.#builder.appendInt64s(values)
  }

  /** Takes the cells of rows `from` to `to` one by one. */
  takeRows(from: number, to: number): void {
    if (!this.isGood) return
    try {
      const read = takeCells(this.#take, this.#batch, this.#cell, from, to, this.#builder)
      this.isGood = read === to
    } catch (error) {
      // Such as an hour that clocks show twice: what reads the table for good says so.
      if (!(error instanceof VarveError)) throw error
      this.isGood = false
    }
  }
}
