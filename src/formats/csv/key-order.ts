import { type ColumnType, isTimestampType } from '../../core/column.ts'
import type { CellBatch } from './cell-batch.ts'
import { DECIMAL, ISO, LAID, TEXT, TIME, WHOLE } from './cell-kinds.ts'
import { scannedNumber, scannedTime } from './scan.ts'
import { ESCAPED } from './tokenizer.ts'

/** Watches whether the cells of an index are in order, by what they are found to be. */
export class KeyOrder {
  /** Whether every cell so far was not before the one above it; false where that is not known. */
  #isKept = true
  // The cell above.
  #kind = 0
  readonly #above = new Float64Array(2)
  #textAbove = Buffer.alloc(0)
  #firstNumber = Number.NaN

  get isKept(): boolean {
    return this.#isKept
  }

  /** The first cell, where it is a number. */
  get firstNumber(): number {
    return this.#firstNumber
  }

  /** The cell above: a number, or the seconds and nanoseconds of a time. */
  get above(): readonly [number, number] {
    return [this.#above[0]!, this.#above[1]!]
  }

  /** Takes cells of the same kind as the one above, the last of which is given as {@link above} gives it. */
  follow(areInOrder: boolean, first: number, second: number): void {
    if (!this.#isKept) return
    this.#isKept = areInOrder
    this.#above[0] = first
    this.#above[1] = second
  }

  /** Says that nobody knows. */
  lose(): void {
    this.#isKept = false
  }

  /** Takes a cell of that kind, which was scanned last. */
  compare(batch: CellBatch, cell: number, kind: number): void {
    const isTime = (kind & (ISO | LAID)) !== 0
    const group = isTime ? TIME : kind === DECIMAL ? WHOLE : kind
    if (this.#kind !== 0 && this.#kind !== group) {
      this.#isKept = false
      return
    }
    const isFirst = this.#kind === 0
    this.#kind = group
    const above = this.#above
    if (group === TIME) {
      const seconds = scannedTime[0]!
      const nanoseconds = scannedTime[1]!
      const before = seconds < above[0]! || (seconds === above[0]! && nanoseconds < above[1]!)
      if (!isFirst && before) this.#isKept = false
      above[0] = seconds
      above[1] = nanoseconds
    } else if (group === WHOLE) {
      // What takes its text to be read exactly is NaN here, and in no order.
      const value = scannedNumber[0]!
      if (isFirst) this.#firstNumber = value
      const before = isFirst ? value : above[0]!
      if (!(value >= before)) this.#isKept = false
      above[0] = value
    } else if (group === TEXT && (batch.starts[cell]! & ESCAPED) === 0) {
      const text = batch.bytes.subarray(batch.starts[cell]! >> 2, batch.ends[cell]!)
      if (!isFirst && text.compare(this.#textAbove) < 0) this.#isKept = false
      this.#textAbove = Buffer.from(text)
    } else this.#isKept = false
  }

  /** Whether the cells, all whole numbers where `allWhole`, are in order for sure as `type`. */
  isKeptAs(type: ColumnType, allWhole: boolean): boolean {
    if (!this.#isKept) return false
    if (type === 'string') return this.#kind === TEXT
    if (type === 'date' || isTimestampType(type)) {
      return this.#kind === TIME || (allWhole && type !== 'date')
    }
    return this.#kind === WHOLE && type !== 'binary' && type !== 'bool'
  }
}
