import type { ByteReader } from '../bytes.ts'
import type { Column, ValueArray } from '../column.ts'
import { bytesOf, newValues, valueWidth } from '../column-layout.ts'
import type { Compressor } from './compressor.ts'
import {
  PACKED,
  PLAIN,
  type RowsHead,
  readPackedRows,
  readRowsHead,
  readStep,
  readStepColumn,
  STEPS,
  type StepColumn,
} from './delta-put.ts'
import { STEP_LIMIT, type Stepping, wholeStep } from './delta-steps.ts'

// The rows that a difference of columns puts in (docs/format/delta.md), written where they belong: in a column of a
// fixed width without nulls.

/** Where rows put in belong. */
export interface RowsPlace {
  readonly target: ValueArray
  /** Their first row there; the rows before it are as they are going to be. */
  readonly at: number
  readonly count: number
  /** Where the rows are in whose place they stand: that may be where they are written. */
  readonly base: ValueArray
  readonly from: number
  /** So many of them, the first ones, stand in place of one. */
  readonly replacing: number
}

/** Writes the next rows put in. */
export type RowFiller = (place: RowsPlace) => void

/**
 * What writes the rows put in of a column of the type, in their order, before anything else is decoded; undefined where
 * one of them is null. `corrupt-object` where they are no such rows, or take more than `limit` bytes.
 */
export function rowFiller(
  reader: ByteReader,
  type: Column['type'],
  rows: number,
  limit: number,
  zstd: Compressor,
): RowFiller | undefined {
  const head = readRowsHead(reader, type)
  const width = valueWidth(type)
  if (head.form === PACKED) {
    const { values, validity } = readPackedRows(reader, type, rows, limit, zstd)
    return validity === undefined ? plainFiller(bytesOf(values), width) : undefined
  }
  if (head.hasNull) return undefined
  if (head.form === PLAIN) return plainFiller(reader.bytes(rows * width), width)
  const walk = new Walk(type, head)
  if (head.form === STEPS) return stepFiller(reader, width, walk)
  return columnFiller(readStepColumn(reader, type, rows, zstd), walk)
}

function plainFiller(values: Uint8Array, width: number): RowFiller {
  let done = 0
  return ({ target, at, count }) => {
    const end = done + count * width
    bytesOf(target).set(values.subarray(done, end), at * width)
    done = end
  }
}

function stepFiller(reader: ByteReader, width: number, walk: Walk): RowFiller {
  return (place) => {
    const bytes = bytesOf(place.target)
    for (let i = 0; i < place.count; i++) {
      const step = readStep(reader)
      if (step === undefined) bytes.set(reader.bytes(width), (place.at + i) * width)
      else walk.go(place, i, step)
    }
  }
}

function columnFiller({ steps, others }: StepColumn, walk: Walk): RowFiller {
  let done = 0
  let passed = 0
  return (place) => {
    const bytes = bytesOf(place.target)
    const end = done + place.count
    for (let row = done; row < end; ) {
      const other = others[passed]
      const next = Math.min(end, other?.row ?? end)
      walk.goAll(place, row - done, steps, row, next - row)
      row = next
      if (row === end) break
      bytes.set(other!.value, (place.at + row - done) * other!.value.length)
      passed++
      row++
    }
    done = end
  }
}

/** Goes by steps to rows put in, from where each of them leads from. */
class Walk {
  readonly #stepping: Stepping
  readonly #linear: boolean
  readonly #zero: ValueArray

  constructor(type: Column['type'], { stepping, linear }: RowsHead) {
    this.#stepping = stepping!
    this.#linear = linear
    this.#zero = newValues(type, 1)
  }

  /** To the row `i` of those. */
  go({ target, at, base, from, replacing }: RowsPlace, i: number, step: number): void {
    const stepping = this.#stepping
    const row = at + i
    if (i < replacing) stepping.go(target, row, base, from + i, step)
    else if (row === 0) stepping.go(target, row, this.#zero, 0, step)
    else stepping.go(target, row, target, row - 1, this.#ahead(target, row) + step)
  }

  /** To `count` rows from `i` on, by the steps from `first` on. */
  goAll(place: RowsPlace, i: number, steps: Float64Array, first: number, count: number): void {
    const { target, at, base, from, replacing } = place
    const some = Math.max(0, Math.min(count, replacing - i))
    if (some > 0) this.#stepping.goAll(target, at + i, base, from + i, steps, first, some)
    for (let n = some; n < count; n++) this.go(place, i + n, wholeStep(steps[first + n]!))
  }

  /** How far ahead of the row before a row is expected, in the column that is made. */
  #ahead(target: ValueArray, row: number): number {
    if (!this.#linear || row < 2) return 0
    const ahead = this.#stepping.between(target, row - 1, target, row - 2)
    return Math.abs(ahead) < STEP_LIMIT ? ahead : 0
  }
}
