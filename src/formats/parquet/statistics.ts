import type { Statistics } from 'hyparquet'
import type { Column } from '../../core/column.ts'
import { isNull } from '../../core/column.ts'

/** Collects what is noted about the values of a column chunk, by which readers skip it. */
export class ChunkStatistics {
  #nulls = 0
  #min: number | bigint | undefined
  #max: number | bigint | undefined
  #hasNaN = false

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

  /**
   * A bound of zero is both zeros. Beside a NaN there are no bounds: some readers take it for
   * greater than all else, and would skip it.
   */
  finish(): Statistics {
    if (this.#hasNaN) return { null_count: BigInt(this.#nulls) }
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
      if (Number.isNaN(value)) this.#hasNaN = true
    }
    if (min > max) return
    if (this.#min === undefined || min < this.#min) this.#min = min
    if (this.#max === undefined || max > this.#max) this.#max = max
  }

  #wide(column: Column, values: BigInt64Array | BigUint64Array): void {
    // By halves: a loop over bigints would allocate each. Unsigned ones compare as signed ones do
    // with their highest bit turned.
    const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
    const turn = values instanceof BigInt64Array ? 0 : 0x8000_0000 | 0
    const { validity, length } = column
    let min = -1
    let max = -1
    let [minHigh, minLow, maxHigh, maxLow] = [0, 0, 0, 0]
    for (let row = 0; row < length; row++) {
      if (validity !== undefined && isNull(column, row)) continue
      const high = (halves[2 * row + 1]! ^ turn) | 0
      const low = halves[2 * row]!
      if (min === -1 || high < minHigh || (high === minHigh && low < minLow)) {
        min = row
        minHigh = high
        minLow = low
      }
      if (max === -1 || high > maxHigh || (high === maxHigh && low > maxLow)) {
        max = row
        maxHigh = high
        maxLow = low
      }
    }
    if (min === -1) return
    if (this.#min === undefined || values[min]! < this.#min) this.#min = values[min]!
    if (this.#max === undefined || values[max]! > this.#max) this.#max = values[max]!
  }
}
