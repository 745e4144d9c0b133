import type { Statistics } from 'hyparquet'
import type { Column } from '../../core/column.ts'
import { isNull } from '../../core/column.ts'

/** Collects what is noted about the values of a column chunk, by which readers skip it. */
export class ChunkStatistics {
  #nulls = 0
  #min: number | bigint | undefined
  #max: number | bigint | undefined

  /** Adds a column's rows, of which `nulls` are null; dates and times in units of the file. */
  add(column: Column, nulls: number): void {
    this.#nulls += nulls
    const { values } = column
    if (nulls === column.length) return
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
      this.#wide(column, values)
    } else if (column.type !== 'bool' && column.offsets === undefined) {
      this.#narrow(column, values as Float64Array)
    }
  }

  /** NaN is no bound, and a bound of zero is both zeros. */
  finish(): Statistics {
    const min = this.#min === 0 ? -0 : this.#min
    const max = this.#max === 0 ? 0 : this.#max
    return {
      null_count: BigInt(this.#nulls),
      ...(min !== undefined && max !== undefined && { min_value: min, max_value: max }),
    }
  }

  #narrow(column: Column, values: Float64Array): void {
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    const { validity } = column
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!
      if (validity !== undefined && isNull(column, row)) continue
      if (value < min) min = value
      if (value > max) max = value
    }
    // Neither where all are NaN.
    if (min > max) return
    if (this.#min === undefined || min < this.#min) this.#min = min
    if (this.#max === undefined || max > this.#max) this.#max = max
  }

  #wide(column: Column, values: BigInt64Array | BigUint64Array): void {
    // By halves: a loop over bigints would allocate each.
    const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
    const flip = values instanceof BigInt64Array ? 0x8000_0000 : 0
    let min = -1
    let max = -1
    for (let row = 0; row < values.length; row++) {
      if (column.validity !== undefined && isNull(column, row)) continue
      if (min === -1) {
        min = row
        max = row
        continue
      }
      if (isLess(halves, row, min, flip)) min = row
      else if (isLess(halves, max, row, flip)) max = row
    }
    if (min === -1) return
    if (this.#min === undefined || values[min]! < this.#min) this.#min = values[min]!
    if (this.#max === undefined || values[max]! > this.#max) this.#max = values[max]!
  }
}

function isLess(halves: Uint32Array, a: number, b: number, flip: number): boolean {
  const highA = (halves[2 * a + 1]! ^ flip) >>> 0
  const highB = (halves[2 * b + 1]! ^ flip) >>> 0
  return highA < highB || (highA === highB && halves[2 * a]! < halves[2 * b]!)
}
