import { type ColumnType, isTimestampType } from '../../core/column.ts'
import type { VarveError } from '../../core/errors.ts'
import { MAX_INT64, MAX_UINT64, MIN_INT64 } from '../../core/scalar.ts'
import { momentOf, parseIso } from '../../core/time.ts'
import { cellFault } from './cell-faults.ts'
import {
  IS_DATE,
  IS_DECIMAL,
  IS_TIME,
  NOT_A_NUMBER,
  NOT_A_TIME,
  scanNumber,
  scannedNumber,
  scannedTime,
  scanTime,
} from './scan.ts'
import { ESCAPED, QUOTED, type Tokenizer } from './tokenizer.ts'

// What a column's cells have been so far. The type is the narrowest that holds all of them.
const BOOL = 1
const DATE = 2
const TIME = 4
const WHOLE = 8
const DECIMAL = 16
const TEXT = 32
/** A date or time as it is written, of a day or an hour that does not exist. */
const IMPOSSIBLE = 64

const TIME_SHAPE =
  /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)? ?(?:Z|z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/

/** Seconds within which any nanosecond timestamp fits 64 bits, and those beyond which none does. */
const NS_REACH = 9_223_372_035
const NS_PAST = 9_223_372_037
/** And any microsecond timestamp. */
const US_REACH = 9_223_372_036_853

/** Whether the time that was scanned is one of the ends of what 64 bits of nanoseconds hold. */
function fitsNanoseconds(): boolean {
  const seconds = scannedTime[0]!
  if (Math.abs(seconds) > NS_PAST) return false
  const value = BigInt(seconds) * 1_000_000_000n + BigInt(scannedTime[1]!)
  return value >= MIN_INT64 && value <= MAX_INT64
}

/** Widens a column's type cell by cell, and for an index watches whether it is in order. */
export class ColumnGuess {
  #seen = 0
  #fraction = 0
  #pastNanoseconds = false
  /** A whole number beyond 2^53; below 0; beyond int64, by sign; beyond uint64. */
  #large = false
  #negative = false
  #pastInt64 = false
  #pastUint64 = false
  #impossible: VarveError | undefined
  readonly #name: string
  readonly #index: boolean
  /** Whether every cell so far was not before the one above it; false where that is not known. */
  #sorted = true

  // The cell above, for the order of an index.
  #kind = 0
  readonly #above = new Float64Array(2)
  #textAbove = Buffer.alloc(0)

  constructor(name: string, index: boolean) {
    this.#name = name
    this.#index = index
  }

  /** Takes the cells of one column in the batch into account. */
  observe(batch: Tokenizer, column: number, rows: number): void {
    // Text stays text.
    if ((this.#seen & TEXT) !== 0 && !this.#index) return
    const { starts, ends, width } = batch
    const bytes: Uint8Array = batch.bytes
    let seen = this.#seen
    for (let row = 0, cell = column; row < rows; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) continue
      if ((seen & TEXT) === 0) {
        const kind = this.#kindOf(batch, cell, bytes, start, end, seen)
        seen |= kind
        if (kind === IMPOSSIBLE) this.#impossible ??= this.#faultAt(batch, row, column)
        if (this.#index && this.#sorted) this.#compare(batch, cell, kind)
      } else if (!this.#index) {
        break
      } else if (this.#sorted) this.#compare(batch, cell, TEXT)
    }
    this.#seen = seen
  }

  /** The narrowest type for what was seen; null where nothing was. */
  type(): ColumnType {
    const seen = this.#seen
    if (seen === 0) return 'null'
    if (seen === BOOL) return 'bool'
    if (seen === DATE) return 'date'
    if ((seen & ~(DATE | TIME)) === 0) {
      if (this.#fraction === 0) return 'timestamp_s'
      if (this.#fraction <= 3) return 'timestamp_ms'
      if (this.#fraction <= 6) return 'timestamp_us'
      return this.#pastNanoseconds ? 'string' : 'timestamp_ns'
    }
    if ((seen & ~(WHOLE | DECIMAL)) !== 0) return 'string'
    if ((seen & DECIMAL) !== 0) return 'float64'
    if (!this.#large) return this.#index ? 'int64' : 'float64'
    if (this.#pastUint64 || (this.#pastInt64 && this.#negative)) return 'string'
    return this.#pastInt64 ? 'uint64' : 'int64'
  }

  /** `bad-input` with the place where all cells are dates or times and one of them does not exist. */
  fault(): VarveError | undefined {
    return (this.#seen & ~(DATE | TIME | IMPOSSIBLE)) === 0 ? this.#impossible : undefined
  }

  /** Whether the cells of an index, read as `type`, are in order for sure; some may be equal. */
  isSortedAs(type: ColumnType): boolean {
    if (!this.#sorted) return false
    if (type === 'string') return this.#kind === TEXT
    if (type === 'date' || isTimestampType(type)) {
      return this.#kind === TIME || (this.#seen === WHOLE && type !== 'date')
    }
    return this.#kind === WHOLE && type !== 'binary' && type !== 'bool'
  }

  #kindOf(
    batch: Tokenizer,
    cell: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    seen: number,
  ): number {
    if ((batch.starts[cell]! & ESCAPED) !== 0) return TEXT
    if ((seen & (DATE | TIME)) === 0) {
      const number = scanNumber(bytes, start, end)
      if (number !== NOT_A_NUMBER) return this.#numberKind(bytes, start, end, number)
    }
    const time = scanTime(bytes, start, end)
    if (time !== NOT_A_TIME) return this.#timeKind(time)
    return this.#rareKind(batch.text(cell), (batch.starts[cell]! & QUOTED) !== 0)
  }

  #numberKind(bytes: Uint8Array, start: number, end: number, kind: number): number {
    const digits = scannedNumber[1]!
    const signed = bytes[start] === 0x2d
    const first = signed ? start + 1 : start
    // 007 is a name, +49 a telephone number: read as numbers they would not come back.
    if (bytes[start] === 0x2b || (digits > 1 && bytes[first] === 0x30)) return TEXT
    const value = scannedNumber[0]!
    if (kind === IS_DECIMAL) {
      if (Number.isNaN(value)) {
        scannedNumber[0] = Number(latin1(bytes, start, end))
        if (!Number.isFinite(scannedNumber[0])) return TEXT
      }
      return DECIMAL
    }
    if (signed) this.#negative = true
    if (Number.isNaN(value)) {
      this.#large = true
      this.#sorted = false
      // Fewer digits, or 19 that begin with less than a 9, fit int64.
      if (digits > 19 || (digits === 19 && bytes[first] === 0x39)) {
        const exact = digits > 20 ? MAX_UINT64 + 1n : BigInt(latin1(bytes, start, end))
        if (exact > MAX_INT64) this.#pastInt64 = true
        if (exact > MAX_UINT64 || exact < MIN_INT64) this.#pastUint64 = true
      }
    }
    return WHOLE
  }

  #timeKind(kind: number): number {
    if (scannedTime[2]! > this.#fraction) this.#fraction = scannedTime[2]!
    if (Math.abs(scannedTime[0]!) > NS_REACH && !fitsNanoseconds()) this.#pastNanoseconds = true
    return kind === IS_DATE ? DATE : TIME
  }

  /** Words that are values, and times in the rarer spellings. */
  #rareKind(text: string, quoted: boolean): number {
    const trimmed = quoted ? text : text.replace(/^[ \t]+|[ \t]+$/g, '')
    if (trimmed !== text) {
      const padded = Buffer.from(`${trimmed},`)
      const end = padded.length - 1
      const number = scanNumber(padded, 0, end)
      if (number !== NOT_A_NUMBER) return this.#numberKind(padded, 0, end, number)
      const time = scanTime(padded, 0, end)
      if (time !== NOT_A_TIME) return this.#timeKind(time)
    }
    if (/^(true|false)$/i.test(trimmed)) return BOOL
    if (/^([+-]?(inf|infinity)|nan)$/i.test(trimmed)) {
      scannedNumber[0] = /nan/i.test(trimmed)
        ? Number.NaN
        : trimmed[0] === '-'
          ? -Infinity
          : Infinity
      return DECIMAL
    }
    const iso = /^\d{4}-|^[+-]\d{6,12}-/.test(trimmed) ? parseIso(trimmed) : undefined
    if (iso === undefined && TIME_SHAPE.test(trimmed)) return IMPOSSIBLE
    if (iso?.day === undefined || iso.fraction.length > 9) return TEXT
    const moment = momentOf(iso)
    scannedTime[0] = Number(moment.seconds)
    if (Math.abs(scannedTime[0]) > US_REACH) return TEXT
    scannedTime[1] = moment.nanoseconds
    // Zeros at its end count, as in every other spelling.
    scannedTime[2] = Math.min(9, /[.,](\d+)/.exec(trimmed)?.[1]?.length ?? 0)
    return this.#timeKind(iso.hour === undefined ? IS_DATE : IS_TIME)
  }

  #faultAt(batch: Tokenizer, row: number, column: number): VarveError {
    const isDate = batch.text(row * batch.width + column).trim().length === 10
    const type = isDate ? 'date' : 'timestamp_ns'
    const hint = `--type ${this.#name}:string takes the column as text`
    return cellFault(batch, row, column, type, this.#index, this.#name, hint)
  }

  #compare(batch: Tokenizer, cell: number, kind: number): void {
    const group = kind === DATE ? TIME : kind === DECIMAL ? WHOLE : kind
    if (this.#kind !== 0 && this.#kind !== group) {
      this.#sorted = false
      return
    }
    const isFirst = this.#kind === 0
    this.#kind = group
    const above = this.#above
    if (group === TIME) {
      const seconds = scannedTime[0]!
      const nanoseconds = scannedTime[1]!
      const before = seconds < above[0]! || (seconds === above[0]! && nanoseconds < above[1]!)
      if (!isFirst && before) this.#sorted = false
      above[0] = seconds
      above[1] = nanoseconds
    } else if (group === WHOLE) {
      const value = scannedNumber[0]!
      if (!isFirst && !(value >= above[0]!)) this.#sorted = false
      above[0] = value
    } else if (group === TEXT && (batch.starts[cell]! & ESCAPED) === 0) {
      const text = batch.bytes.subarray(batch.starts[cell]! >> 2, batch.ends[cell]!)
      if (!isFirst && text.compare(this.#textAbove) < 0) this.#sorted = false
      this.#textAbove = Buffer.from(text)
    } else this.#sorted = false
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
