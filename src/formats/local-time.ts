import { type Column, isNull, isTimestampType } from '../core/column.ts'
import { halvesOf, rawColumn } from '../core/column-layout.ts'
import type { VarveError } from '../core/errors.ts'
import { formatSeconds, formatUtcOffset, unitsPerSecond } from '../core/time.ts'
import type { Zone } from '../core/zone.ts'
import { type BadInputFacts, badInput, quoteText } from './bad-input.ts'
import type { DstChoice } from './table.ts'

/** Where a local time stands in its table: of `data` only what names the column, as `field`. */
export type LocalTimePlace = Pick<BadInputFacts, 'file' | 'place' | 'data'>

const NOT_TOLD = 'the order of the rows does not tell which'

/** Local times further apart than this are not of the same repeated hour. */
const SECONDS_PER_DAY = 86_400

/** A run of rows in a stretch that clocks show twice. */
interface Repeated {
  /** Its first row, for messages. */
  readonly place: LocalTimePlace
  readonly text: string
  /** Whether the row above it is earlier for sure: the rows come with time. */
  readonly anchored: boolean
  /** Local time of the last row. */
  local: number
  fraction: number
  /** Whether local time has gone back, which is where the second pass begins. */
  second: boolean
}

export interface LocalTimesOptions {
  /** Whether no two values are equal: of two equal local times the second is an hour later. */
  readonly unique?: boolean | undefined
  /**
   * Whether the rows are of one thing and may come in the order of these times, as they are unless
   * told: otherwise a time that goes back says nothing, and `infer` refuses what is shown twice.
   */
  readonly ordered?: boolean | undefined
}

/**
 * Reads the local times of one column of one table, in the order of its rows. Times that clocks
 * skip are `bad-input`. Those that they show twice are what `dst` says; under `infer` rows that come
 * in the order of time tell: the first pass lasts until local time goes back. Where that cannot be
 * told they are `bad-input`, at the latest from {@link finish}, which must be called after the last
 * row.
 */
export class LocalTimes {
  readonly #zone: Zone
  readonly #dst: DstChoice
  readonly #unique: boolean
  readonly #ordered: boolean
  // The stretch that local times are in, once each; empty while there is a repeated one.
  #from = 0
  #to = 0
  #offset = 0
  /** The last instant outside repeated stretches. */
  #last = Number.NaN
  #repeated: Repeated | undefined

  constructor(
    zone: Zone,
    dst: DstChoice = 'infer',
    { unique = false, ordered = true }: LocalTimesOptions = {},
  ) {
    this.#zone = zone
    this.#dst = dst
    this.#unique = unique
    this.#ordered = ordered
  }

  /**
   * How many seconds a local time is ahead of UTC: whole seconds since 1970, and what is behind
   * them in any unit, for the order of rows. `place(row)` says where it stands.
   */
  offsetOf(
    local: number,
    fraction: number,
    row: number,
    place: (row: number) => LocalTimePlace,
  ): number {
    if (local >= this.#from && local < this.#to) {
      this.#last = local - this.#offset
      return this.#offset
    }
    const instants = this.#zone.instantsOf(local)
    if (instants.length === 0) throw this.#skipped(local, place(row))
    const plain = instants.length === 1 ? this.#zone.plainAt(local) : undefined
    if (plain === undefined) return local - this.#ofTwo(instants, local, fraction, row, place)
    const instant = local - plain.offset
    this.#leave(instant)
    this.#from = plain.from
    this.#to = plain.to
    this.#offset = plain.offset
    this.#last = instant
    return plain.offset
  }

  /** The column in UTC: a timestamp column of what clocks show. */
  convert(column: Column, place: (row: number) => LocalTimePlace): Column {
    if (!isTimestampType(column.type)) throw new TypeError(`no times: ${column.type}`)
    const { type, length, validity } = column
    const scale = Number(unitsPerSecond[type])
    const local = column.values as BigInt64Array
    const utc = local.slice(0, length)
    const halves = halvesOf(utc)
    for (let row = 0; row < length; row++) {
      if (validity !== undefined && isNull(column, row)) continue
      const low = halves[2 * row]!
      const high = halves[2 * row + 1]! | 0
      // Long division by the scale in base 2^16, so that each step is exact in a double.
      const first = Math.floor(high / scale)
      const middle = (high - first * scale) * 0x1_0000 + (low >>> 16)
      const second = Math.floor(middle / scale)
      const last = (middle - second * scale) * 0x1_0000 + (low & 0xffff)
      const third = Math.floor(last / scale)
      const seconds = first * 0x1_0000_0000 + second * 0x1_0000 + third
      const units = this.offsetOf(seconds, last - third * scale, row, place) * scale
      const unitsHigh = Math.floor(units / 0x1_0000_0000)
      const lower = low - (units - unitsHigh * 0x1_0000_0000)
      const upper = high - unitsHigh - (lower < 0 ? 1 : 0)
      if (upper !== (upper | 0)) {
        throw badInput({
          ...place(row),
          found: quoteText(formatSeconds(BigInt(seconds))),
          expected: type,
          reason: `in UTC it is outside the range of ${type}`,
        })
      }
      halves[2 * row] = lower
      halves[2 * row + 1] = upper
    }
    return rawColumn(type, length, utc, validity)
  }

  /** To be called when there are no more rows: whether the last of them can be told. */
  finish(): void {
    const repeated = this.#repeated
    if (repeated !== undefined && !(repeated.second && repeated.anchored)) {
      throw this.#untold(repeated)
    }
  }

  /** The instant that a local time means which clocks show at several. */
  #ofTwo(
    instants: readonly number[],
    local: number,
    fraction: number,
    row: number,
    place: (row: number) => LocalTimePlace,
  ): number {
    const [first, last] = [instants[0]!, instants.at(-1)!]
    if (this.#dst === 'first') return first
    if (this.#dst === 'last') return last
    if (this.#dst === 'error') throw this.#twice(local, place(row), 'which of the two is not said')
    if (!this.#ordered) throw this.#twice(local, place(row), NOT_TOLD)
    const before = this.#repeated
    if (before === undefined || Math.abs(local - before.local) > SECONDS_PER_DAY) {
      this.#leave(first)
      const anchored = this.#last < first
      const text = textOf(local)
      this.#repeated = { place: place(row), text, anchored, local, fraction, second: false }
      // Every row has to come by here now.
      this.#to = this.#from
      return first
    }
    const step = local - before.local || fraction - before.fraction
    if (step < 0 || (step === 0 && this.#unique)) {
      if (before.second) throw this.#twice(local, place(row), 'the rows are not in order of time')
      before.second = true
    }
    before.local = local
    before.fraction = fraction
    return before.second ? last : first
  }

  /** What comes after a repeated stretch says whether the order of its rows was that of time. */
  #leave(instant: number): void {
    const repeated = this.#repeated
    if (repeated === undefined) return
    const { second, local } = repeated
    if (!second || instant < this.#zone.instantsOf(local).at(-1)!) throw this.#untold(repeated)
    this.#repeated = undefined
  }

  #skipped(local: number, place: LocalTimePlace): VarveError {
    const after = this.#zone.firstAt(local)
    const before = this.#zone.offsetAt(after - 1)
    const clock = (offset: number): string => formatSeconds(BigInt(after + offset)).slice(11)
    return badInput({
      ...place,
      found: quoteText(textOf(local)),
      expected: `a local time of ${this.#zone.name}`,
      reason: `clocks went from ${clock(before)} to ${clock(this.#zone.offsetAt(after))} then`,
      hint: `for clocks that are never changed: --tz ${formatUtcOffset(before)}`,
    })
  }

  #untold({ place, text }: Repeated): VarveError {
    return this.#twice(text, place, NOT_TOLD)
  }

  #twice(local: number | string, place: LocalTimePlace, reason: string): VarveError {
    return badInput({
      ...place,
      found: quoteText(typeof local === 'string' ? local : textOf(local)),
      expected: 'a time that is there once',
      reason: `clocks in ${this.#zone.name} show it twice, and ${reason}`,
      hint: '--dst first takes the earlier of the two, --dst last the later',
    })
  }
}

function textOf(local: number): string {
  return formatSeconds(BigInt(local))
}
