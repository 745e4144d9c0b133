import { type Kernels, kernelsFor } from '../../core/encoding/kernels.ts'
import type { CellBatch } from './cell-batch.ts'
import type { PlacedCells } from './placed-cells.ts'

/** More text than this would take a memory of its own: its cells are long, and few. */
const MOST_BYTES = 1 << 20
/** A run of fewer cells is not worth the way to WebAssembly and back. */
const WORTH_READING = 16
const MOST_ONE_BY_ONE = 4096
const SEEN_BYTES = 24

const DISORDER = 1
const WHOLE = 2
const DECIMAL = 4
const NEGATIVE = 8
const LOCAL = 2
const UTC = 4

/** What numbers become: nothing, doubles, or 64-bit integers, which whole numbers alone do. */
export type NumberForm = 'none' | 'doubles' | 'integers'
const FORMS: readonly NumberForm[] = ['none', 'doubles', 'integers']

/** What a run of times is read as. */
export interface TimeReading {
  /** Whether those without an offset are taken. */
  readonly takesLocal: boolean
  /** Digits of a fraction of a second that a value holds: 0, 3, 6 or 9. */
  readonly digits: number
  /** The most seconds from 1970, either way. */
  readonly reach: number
  /** Whether they become values. */
  readonly isKept: boolean
}

interface PlainRun {
  /** Cells that were read; all else holds for these. */
  readonly rows: number
  /** Whether none was smaller than the one before, nor the first than the one that was given as above it. */
  readonly isInOrder: boolean
}

export interface PlainNumbers extends PlainRun {
  readonly hasWhole: boolean
  readonly hasDecimal: boolean
  readonly hasNegativeWhole: boolean
  readonly last: number
  /** As doubles, to be copied at once; without any where another form was asked for. */
  readonly doubles: Float64Array
  readonly integers: BigInt64Array
}

export interface PlainTimes extends PlainRun {
  readonly hasLocal: boolean
  readonly hasUtc: boolean
  /** The most digits of a fraction. */
  readonly digits: number
  readonly lastSeconds: number
  readonly lastNanoseconds: number
  /** Units since 1970, to be copied at once; without any where none was asked for. */
  readonly values: BigInt64Array
}

/**
 * The cells of a batch, of which those that are written as most are can be read many at once: times of ISO 8601 and
 * short numbers. A run of cells ends at the first that is not so, which says nothing about it but that it is to be
 * read by itself.
 */
export class PlainCells {
  readonly #batch: CellBatch
  readonly #rows: number
  #placed: PlacedCells | undefined
  #isTooLong = false

  /** @param rows of the batch */
  constructor(batch: CellBatch, rows: number) {
    this.#batch = batch
    this.#rows = rows
    if (batch.placed?.rows === rows) this.#placed = batch.placed
  }

  /**
   * Numbers of a column from a row on.
   *
   * @param point the byte in front of a fraction
   * @param above the number before them
   */
  numbers(
    column: number,
    from: number,
    to: number,
    {
      point,
      form,
      above,
    }: { readonly point: number; readonly form: NumberForm; readonly above: number },
  ): PlainNumbers | undefined {
    const placed = this.#loaded()
    if (placed === undefined) return undefined
    const { kernels, text, starts, ends } = placed
    return kernels.scope(() => {
      const values = kernels.doubles(form === 'none' ? 0 : to - from)
      const seen = new Seen(kernels, above, 0)
      const at = 4 * (column + from * this.#batch.width)
      const rows = kernels.run.readNumbers(
        text,
        starts + at,
        ends + at,
        this.#batch.width,
        to - from,
        point,
        FORMS.indexOf(form),
        values.byteOffset,
        seen.place,
      )
      const { bits } = seen
      return {
        rows,
        isInOrder: (bits & DISORDER) === 0,
        hasWhole: (bits & WHOLE) !== 0,
        hasDecimal: (bits & DECIMAL) !== 0,
        hasNegativeWhole: (bits & NEGATIVE) !== 0,
        last: seen.first,
        doubles: values.subarray(0, form === 'doubles' ? rows : 0),
        integers: integersIn(values, form === 'integers' ? rows : 0),
      }
    })
  }

  /** Times of a column from a row on; `above` is the time before them, in seconds and nanoseconds. */
  times(
    column: number,
    from: number,
    to: number,
    { takesLocal, digits, reach, isKept }: TimeReading,
    above: readonly [seconds: number, nanoseconds: number] = [Number.NEGATIVE_INFINITY, 0],
  ): PlainTimes | undefined {
    const placed = this.#loaded()
    if (placed === undefined) return undefined
    const { kernels, text, starts, ends } = placed
    return kernels.scope(() => {
      const values = kernels.doubles(isKept ? to - from : 0)
      const seen = new Seen(kernels, above[0], above[1])
      const at = 4 * (column + from * this.#batch.width)
      const rows = kernels.run.readTimes(
        text,
        starts + at,
        ends + at,
        this.#batch.width,
        to - from,
        takesLocal,
        digits,
        reach,
        isKept ? values.byteOffset : 0,
        seen.place,
      )
      const { bits } = seen
      return {
        rows,
        isInOrder: (bits & DISORDER) === 0,
        hasLocal: (bits & LOCAL) !== 0,
        hasUtc: (bits & UTC) !== 0,
        digits: seen.digits,
        lastSeconds: seen.first,
        lastNanoseconds: seen.second,
        values: integersIn(values, isKept ? rows : 0),
      }
    })
  }

  /** The batch in the memory of the kernels: copied once, unless they were used for something else meanwhile. */
  #loaded(): PlacedCells | undefined {
    if (this.#isTooLong) return undefined
    if (this.#placed !== undefined && this.#placed.kernels.uses === this.#placed.use) {
      return this.#placed
    }
    const { bytes, starts, ends, width } = this.#batch
    const cells = this.#rows * width
    const [low, high] = extentOf(this.#batch, cells)
    const count = Math.max(0, high - low)
    this.#isTooLong = count + 8 * (cells + this.#rows) > MOST_BYTES
    if (this.#isTooLong) return undefined
    const kernels = kernelsFor(0, count + 8 * (cells + this.#rows) + SEEN_BYTES)
    const text = kernels.bytes(count + 1)
    text.set(bytes.subarray(low, high))
    // Where digits end.
    text[count] = 0
    this.#placed = {
      kernels,
      use: kernels.uses,
      rows: this.#rows,
      text: text.byteOffset - low,
      starts: copied(kernels, starts, cells),
      ends: copied(kernels, ends, cells),
    }
    return this.#placed
  }
}

/** Where the text of so many cells of a batch begins and ends. */
function extentOf({ isInOrder, starts, ends }: CellBatch, cells: number): [number, number] {
  if (isInOrder === true) return [starts[0]! >> 2, ends[cells - 1]!]
  let [low, high] = [Number.MAX_SAFE_INTEGER, 0]
  for (let cell = 0; cell < cells; cell++) {
    low = Math.min(low, starts[cell]! >> 2)
    high = Math.max(high, ends[cell]!)
  }
  return [low, high]
}

function copied(kernels: Kernels, from: Int32Array, count: number): number {
  const words = kernels.words(count)
  words.set(from.subarray(0, count))
  return words.byteOffset
}

function integersIn({ buffer, byteOffset }: Float64Array, count: number): BigInt64Array {
  return new BigInt64Array(buffer, byteOffset, count)
}

/** What the kernels note of the cells that they read. */
class Seen {
  readonly #doubles: Float64Array
  readonly #words: Uint32Array

  constructor(kernels: Kernels, first: number, second: number) {
    this.#doubles = kernels.doubles(SEEN_BYTES / 8)
    this.#words = new Uint32Array(this.#doubles.buffer, this.#doubles.byteOffset, 2)
    this.#doubles.set([0, first, second])
  }

  get place(): number {
    return this.#doubles.byteOffset
  }

  get bits(): number {
    return this.#words[0]!
  }

  get digits(): number {
    return this.#words[1]!
  }

  get first(): number {
    return this.#doubles[1]!
  }

  get second(): number {
    return this.#doubles[2]!
  }
}

/** How many cells are read one by one between runs: ever more of a column where runs are short. */
export class PlainPace {
  #oneByOne = 1

  /** The cells to read one by one after a run of so many. */
  after(run: number): number {
    this.#oneByOne = run < WORTH_READING ? Math.min(2 * this.#oneByOne, MOST_ONE_BY_ONE) : 1
    return this.#oneByOne
  }
}
