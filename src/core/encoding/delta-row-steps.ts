import { getBit } from '../bits.ts'
import type { Column, ValueArray } from '../column.ts'
import { newValues } from '../column-layout.ts'
import { NONE, type RowPlaces, runInPlace } from './delta-places.ts'
import { STEP_LIMIT, type Stepping } from './delta-steps.ts'

// A step leads to a row put in from the row of the base that it stands in place of; where there is none,
// or that is null, from the row before; where `linear`, from where the two rows before point to.

/** The steps to rows put in. */
export interface RowSteps {
  readonly stepping: Stepping
  readonly linear: boolean
  /** NaN where none leads to the row; 0 for nulls. */
  readonly steps: Float64Array
}

/** The steps to the rows put in from `first` to `end` (exclusive); of the others they are 0. */
export function stepsOf(
  put: Column,
  base: Column,
  places: RowPlaces,
  stepping: Stepping,
  linear: boolean,
  first = 0,
  end = put.length,
): RowSteps {
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
export class Origin {
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
