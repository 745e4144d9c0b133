import type { ColumnType } from '../../core/column.ts'
import { MAX_INT64, MAX_UINT64, MIN_INT64 } from '../../core/scalar.ts'
import { DECIMAL, TEXT, WHOLE } from './cell-kinds.ts'
import { IS_DECIMAL, scannedNumber } from './scan.ts'

const MINUS = 0x2d
const PLUS = 0x2b
const ZERO = 0x30
const NINE = 0x39

/** Finds the narrowest type of numbers, one after another. */
export class NumberGuess {
  /** Digits of the last number that is too large for a double to be exact. */
  digits = 0
  readonly #decimal: '.' | ','
  #large = false
  #negative = false
  #pastInt64 = false
  #pastUint64 = false

  constructor(decimal: '.' | ',') {
    this.#decimal = decimal
  }

  /** Whether a whole number was beyond what doubles hold exactly. */
  get isLarge(): boolean {
    return this.#large
  }

  /** Takes the number that `scanNumber` found to be of `kind`; `TEXT` where it would not come back. */
  take(bytes: Uint8Array, start: number, end: number, kind: number): number {
    const digits = scannedNumber[1]!
    const signed = bytes[start] === MINUS
    const first = signed ? start + 1 : start
    // 007 is a name, +49 a telephone number.
    if (bytes[start] === PLUS || (digits > 1 && bytes[first] === ZERO)) return TEXT
    const value = scannedNumber[0]!
    if (kind === IS_DECIMAL) {
      if (Number.isNaN(value)) {
        const text = latin1(bytes, start, end)
        scannedNumber[0] = Number(this.#decimal === ',' ? text.replace(',', '.') : text)
        if (!Number.isFinite(scannedNumber[0])) return TEXT
      }
      return DECIMAL
    }
    if (signed) this.#negative = true
    if (Number.isNaN(value)) {
      this.#large = true
      this.digits = digits
      // Fewer digits, or 19 that begin with less than a 9, fit int64.
      if (digits > 19 || (digits === 19 && bytes[first] === NINE)) {
        const exact = digits > 20 ? MAX_UINT64 + 1n : BigInt(latin1(bytes, start, end))
        if (exact > MAX_INT64) this.#pastInt64 = true
        if (exact > MAX_UINT64 || exact < MIN_INT64) this.#pastUint64 = true
      }
    }
    return WHOLE
  }

  /** Takes numbers that doubles hold exactly, many at once. */
  takeMany(hasNegativeWhole: boolean): void {
    if (hasNegativeWhole) this.#negative = true
  }

  /** The type of whole numbers, which are exact in an index. */
  wholeType(index: boolean): ColumnType {
    if (!this.#large) return index ? 'int64' : 'float64'
    if (this.#pastUint64 || (this.#pastInt64 && this.#negative)) return 'string'
    return this.#pastInt64 ? 'uint64' : 'int64'
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
