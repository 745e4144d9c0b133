import type { ColumnType } from '../../core/column.ts'
import { MAX_INT64, MIN_INT64 } from '../../core/scalar.ts'
import { DATE, TIME } from './cell-kinds.ts'
import { IS_DATE, scannedTime } from './scan.ts'

/** Seconds within which any nanosecond timestamp fits 64 bits, and those beyond which none does. */
export const NS_REACH = 9_223_372_035
const NS_PAST = 9_223_372_037

/** Finds the coarsest type that holds times, one after another. */
export class TimeGuess {
  #fraction = 0
  #pastNanoseconds = false
  #withOffset = false
  #withoutOffset = false

  /** Whether some times have an offset and others have none: they are of different clocks. */
  get isMixed(): boolean {
    return this.#withOffset && this.#withoutOffset
  }

  /** Takes what is in `scannedTime`. */
  take(kind: number): typeof DATE | typeof TIME {
    if (scannedTime[2]! > this.#fraction) this.#fraction = scannedTime[2]!
    if (scannedTime[3] === 0) this.#withoutOffset = true
    else this.#withOffset = true
    if (Math.abs(scannedTime[0]!) > NS_REACH && !fitsNanoseconds()) this.#pastNanoseconds = true
    return kind === IS_DATE ? DATE : TIME
  }

  /** Takes times that fit 64 bits of nanoseconds, many at once. */
  takeMany(digits: number, hasOffset: boolean, hasNone: boolean): void {
    if (digits > this.#fraction) this.#fraction = digits
    if (hasNone) this.#withoutOffset = true
    if (hasOffset) this.#withOffset = true
  }

  type(): ColumnType {
    if (this.#fraction === 0) return 'timestamp_s'
    if (this.#fraction <= 3) return 'timestamp_ms'
    if (this.#fraction <= 6) return 'timestamp_us'
    return this.#pastNanoseconds ? 'string' : 'timestamp_ns'
  }
}

/** Whether the time that was scanned is one of the ends of what 64 bits of nanoseconds hold. */
function fitsNanoseconds(): boolean {
  const seconds = scannedTime[0]!
  if (Math.abs(seconds) > NS_PAST) return false
  const value = BigInt(seconds) * 1_000_000_000n + BigInt(scannedTime[1]!)
  return value >= MIN_INT64 && value <= MAX_INT64
}
