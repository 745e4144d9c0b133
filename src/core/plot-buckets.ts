import type { Column, ColumnType, ValueArray } from './column.ts'
import { ceilDiv } from './floor-div.ts'

/** A place on an axis, exact: whole numbers as bigint where a double may not hold them. */
export type Place = bigint | number

/** Ends of a range, both included, both of one kind. */
export type PlaceRange =
  | { readonly from: bigint; readonly to: bigint }
  | { readonly from: number; readonly to: number }

/** Values of one column, reduced: an entry a bucket in each array. */
export interface BucketLine {
  /** The smallest and the largest value; NaN where there is none. */
  readonly low: Float64Array
  readonly high: Float64Array
  /** Of the first and the last row; NaN where there is no row, or that row has no value. */
  readonly first: Float64Array
  readonly last: Float64Array
  /** Rows, and how many of them have null, NaN or an infinity in this column. */
  readonly rows: Uint32Array
  readonly missing: Uint32Array
}

/**
 * Where buckets of equal width begin: bucket i has what is at or after entry i − 1 and before entry i.
 * Distances are measured from the start of the range, so that nanoseconds keep their place.
 *
 * @param unit how many of the range's units one step of the keys is; only of ranges of bigint
 */
export function bucketStarts(range: PlaceRange, buckets: number, unit = 1n): Place[] {
  const starts: Place[] = []
  if (typeof range.from === 'bigint') {
    const span = (range.to as bigint) - range.from
    const count = BigInt(buckets)
    for (let i = 1n; i < count; i++) {
      starts.push(ceilDiv(range.from * count + span * i, count * unit))
    }
    return starts
  }
  const [from, to] = [range.from, range.to as number]
  const span = to - from
  for (let i = 1; i < buckets; i++) {
    // The span of numbers of both signs may be larger than any number.
    const start = Number.isFinite(span)
      ? from + span * (i / buckets)
      : from * (1 - i / buckets) + to * (i / buckets)
    starts.push(Math.max(start, (starts.at(-1) as number | undefined) ?? start))
  }
  return starts
}

/**
 * Reduces rows to buckets as they stream by, in ascending order of their places. Every row counts in one
 * bucket, and no extreme is lost.
 */
export class PlotBuckets {
  readonly lines: readonly BucketLine[]
  /** Where the first and the last row of each bucket are, in units of the places that are added; undefined without rows. */
  readonly firstAt: (Place | undefined)[]
  readonly lastAt: (Place | undefined)[]
  readonly #starts: readonly Place[]
  #bucket = 0
  #rows = 0
  #positions = 0
  #lastPlace: Place | undefined

  /** @param starts as {@link bucketStarts} has them, in units of the places that are added */
  constructor(starts: readonly Place[], columns: number) {
    this.#starts = starts
    this.lines = Array.from({ length: columns }, () => emptyLine(starts.length + 1))
    this.firstAt = new Array(starts.length + 1).fill(undefined)
    this.lastAt = new Array(starts.length + 1).fill(undefined)
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows
  }

  /** Different places so far: less than rows where several rows share one. */
  get positions(): number {
    return this.#positions
  }

  /** @param places of the rows, ascending; one value each in each of the columns */
  add(places: ValueArray, columns: readonly Column[]): void {
    const rows = places.length
    this.#countPositions(places)
    const values = columns.map(plainNumbers)
    for (let at = 0; at < rows; ) {
      const starts = this.#starts
      while (this.#bucket < starts.length && places[at]! >= starts[this.#bucket]!) this.#bucket++
      const start = starts[this.#bucket]
      const end = start === undefined ? rows : firstFrom(places, start, at + 1)
      for (let i = 0; i < values.length; i++) {
        reduceRows(this.lines[i]!, this.#bucket, values[i]!, at, end)
      }
      this.firstAt[this.#bucket] ??= places[at]!
      this.lastAt[this.#bucket] = places[end - 1]!
      at = end
    }
    this.#rows += rows
  }

  #countPositions(places: ValueArray): void {
    if (places.length === 0) return
    this.#positions += places[0] === this.#lastPlace ? 0 : 1
    this.#positions += countSteps(places)
    this.#lastPlace = places[places.length - 1]
  }
}

function emptyLine(buckets: number): BucketLine {
  const none = () => new Float64Array(buckets).fill(Number.NaN)
  const zero = () => new Uint32Array(buckets)
  return { low: none(), high: none(), first: none(), last: none(), rows: zero(), missing: zero() }
}

/** How often a value follows another one. */
function countSteps(places: ValueArray): number {
  let steps = 0
  if (places.BYTES_PER_ELEMENT < 8) {
    for (let i = 1; i < places.length; i++) if (places[i] !== places[i - 1]) steps++
    return steps
  }
  // By halves, as every bigint would be an allocation.
  const words = new Uint32Array(places.buffer, places.byteOffset, places.length * 2)
  for (let i = 2; i < words.length; i += 2) {
    if (words[i] !== words[i - 2] || words[i + 1] !== words[i - 1]) steps++
  }
  return steps
}

/** The first place, from `low` on, that is not before `start`: near rows are looked at first. */
function firstFrom(places: ValueArray, start: Place, low: number): number {
  let step = 1
  let high = low
  while (high < places.length && places[high]! < start) {
    low = high + 1
    high += step
    step *= 2
  }
  high = Math.min(high, places.length)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (places[middle]! < start) low = middle + 1
    else high = middle
  }
  return low
}

function reduceRows(
  line: BucketLine,
  bucket: number,
  values: Float64Array,
  from: number,
  to: number,
): void {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let missing = 0
  for (let i = from; i < to; i++) {
    const value = values[i]!
    // Neither NaN nor an infinity has a difference to itself.
    if (value - value !== 0) {
      missing++
      continue
    }
    if (value < low) low = value
    if (value > high) high = value
  }
  if (line.rows[bucket] === 0) line.first[bucket] = finite(values[from]!)
  line.last[bucket] = finite(values[to - 1]!)
  line.rows[bucket]! += to - from
  line.missing[bucket]! += missing
  if (missing === to - from) return
  // Not less and not more, so that NaN gives way.
  if (!(line.low[bucket]! <= low)) line.low[bucket] = low
  if (!(line.high[bucket]! >= high)) line.high[bucket] = high
}

const finite = (value: number) => (Number.isFinite(value) ? value : Number.NaN)

/** Types of values that can be drawn. */
export function isPlottedType(type: ColumnType): boolean {
  return type === 'bool' || PLAIN_TYPES.has(type) || type === 'int64' || type === 'uint64'
}

const PLAIN_TYPES: ReadonlySet<ColumnType> = new Set([
  'int8',
  'int16',
  'int32',
  'uint8',
  'uint16',
  'uint32',
  'float32',
  'float64',
])

/**
 * Values of a column of numbers, NaN where there is none; true is 1 and false 0. 64-bit integers are
 * rounded to the nearest double.
 */
export function plainNumbers(column: Column): Float64Array {
  const { type, length, validity } = column
  if (type === 'float64' && validity === undefined) return column.values as Float64Array
  let numbers: Float64Array
  if (type === 'bool') {
    const bits = column.values as Uint8Array
    numbers = Float64Array.from({ length }, (_, i) => (bits[i >> 3]! >> (i & 7)) & 1)
  } else if (type === 'int64' || type === 'uint64') {
    numbers = fromWords(column.values as BigInt64Array | BigUint64Array, type === 'int64')
  } else {
    numbers = Float64Array.from(column.values as Float64Array)
  }
  if (validity === undefined) return numbers
  for (let i = 0; i < length; i++) {
    if (((validity[i >> 3]! >> (i & 7)) & 1) === 0) numbers[i] = Number.NaN
  }
  return numbers
}

/** By halves: the upper one times 2³² is exact, so that there is one rounding, and no bigint a value. */
function fromWords(values: BigInt64Array | BigUint64Array, isSigned: boolean): Float64Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const numbers = new Float64Array(values.length)
  for (let i = 0; i < numbers.length; i++) {
    const upper = words[2 * i + 1]!
    numbers[i] = (isSigned ? upper | 0 : upper) * 0x1_0000_0000 + words[2 * i]!
  }
  return numbers
}
