import type { KeyBounds } from '../core/bounds.ts'
import { type ColumnType, isNumberType, isTimestampType, type Scalar } from '../core/column.ts'
import { VarveError } from '../core/errors.ts'
import { ceilDiv, floorDiv } from '../core/floor-div.ts'
import { encodeKeyPrefix } from '../core/key.ts'
import type { Place, PlaceRange } from '../core/plot-buckets.ts'
import { integerRanges } from '../core/scalar-text.ts'
import { firstKey, lastKey, type Series } from '../core/series.ts'
import { unitsPerSecond } from '../core/time.ts'
import type { PlotAxis } from './plot-data.ts'

export type AxisKind = PlotAxis['kind']

const NS_PER_SECOND = 1_000_000_000n
const NS_PER_DAY = 86_400n * NS_PER_SECOND

/** How the rows of a series lie on an axis. */
export function axisKind(type: ColumnType): AxisKind {
  if (type === 'date') return 'date'
  if (isTimestampType(type)) return 'time'
  return isNumberType(type) ? 'number' : 'row'
}

/** Whether rows of two index types can lie on one axis. */
export function shareAxis(a: ColumnType, b: ColumnType): boolean {
  const family = (type: ColumnType) => (axisKind(type) === 'date' ? 'time' : axisKind(type))
  return family(a) === family(b)
}

/** The units of places of one step of an index type: nanoseconds of times and dates. */
export function placeUnit(type: ColumnType): bigint {
  if (type === 'date') return NS_PER_DAY
  return isTimestampType(type) ? NS_PER_SECOND / unitsPerSecond[type] : 1n
}

/** Where index values lie, and what positions on the axis are for those who draw it. */
export class AxisPlaces {
  readonly kind: AxisKind
  /** Whether places are bigint. */
  readonly isExact: boolean

  /** @param versions the newer one first: its index says what the axis counts */
  constructor(versions: readonly Series[]) {
    this.kind = axisKind(versions[0]!.schema.columns[0]!.type)
    const ends = versions.flatMap((series) => [firstKey(series)?.[0], lastKey(series)?.[0]])
    const isLarge = (end: Scalar | undefined) =>
      typeof end === 'bigint' && !Number.isSafeInteger(Number(end))
    this.isExact = this.kind === 'time' || this.kind === 'date' || ends.some(isLarge)
    if (this.kind === 'row') this.isExact = false
    if (ends.some((end) => typeof end === 'number' && !Number.isInteger(end))) this.isExact = false
  }

  /** The place of an index value; not of an axis of rows. */
  placeOf(value: Scalar, type: ColumnType): Place {
    if (this.isExact) return BigInt(value as number | bigint) * placeUnit(type)
    // An infinity is a key like any other, but has no place.
    return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, Number(value)))
  }

  /** The position of a place, in units of the axis. */
  positionOf(place: Place): number {
    if (typeof place === 'number' || this.kind === 'number') return Number(place)
    const unit = this.kind === 'date' ? NS_PER_DAY : NS_PER_SECOND
    const whole = floorDiv(place, unit)
    return Number(whole) + Number(place - whole * unit) / Number(unit)
  }

  /** The place of a position; `usage` where that is no finite number. */
  placeAt(position: number): Place {
    if (!Number.isFinite(position)) {
      throw new VarveError('usage', `a chart cannot reach to ${position}`)
    }
    if (!this.isExact) return position
    if (this.kind === 'number') return BigInt(Math.round(position))
    const unit = this.kind === 'date' ? NS_PER_DAY : NS_PER_SECOND
    const whole = Math.floor(position)
    return BigInt(whole) * unit + BigInt(Math.round((position - whole) * Number(unit)))
  }

  /** What all rows of the versions lie in; undefined where there are none. Not of an axis of rows. */
  extent(versions: readonly Series[]): PlaceRange | undefined {
    const ranges = versions.flatMap((series) => {
      const type = series.schema.columns[0]!.type
      const [first, last] = [firstKey(series)?.[0], lastKey(series)?.[0]]
      if (first === undefined || last === undefined) return []
      return [{ from: this.placeOf(first, type), to: this.placeOf(last, type) } as PlaceRange]
    })
    return ranges.length === 0 ? undefined : ranges.reduce(hull)
  }

  /** A range that has a width, around a single place too. */
  widened(range: PlaceRange): PlaceRange {
    if (range.from < range.to) return range
    if (typeof range.from === 'number') {
      const margin = Math.max(1, Math.abs(range.from) * 1e-6)
      return { from: range.from - margin, to: range.from + margin }
    }
    const margin =
      this.kind === 'time' ? NS_PER_SECOND : this.kind === 'date' ? NS_PER_DAY : 1n << 12n
    return { from: range.from - margin, to: range.from + margin }
  }
}

/** The smallest range that has both. */
export function hull(a: PlaceRange, b: PlaceRange): PlaceRange {
  return {
    from: a.from < b.from ? a.from : b.from,
    to: a.to > b.to ? a.to : b.to,
  } as PlaceRange
}

/** What is in both; undefined where nothing is. */
export function overlap(a: PlaceRange, b: PlaceRange): PlaceRange | undefined {
  const from = a.from > b.from ? a.from : b.from
  const to = a.to < b.to ? a.to : b.to
  return from > to ? undefined : ({ from, to } as PlaceRange)
}

/** The keys of an index column within a range of places; undefined where it can hold none of them. */
export function keyBoundsOf(type: ColumnType, range: PlaceRange): KeyBounds | undefined {
  const bound = (value: Scalar) => ({ key: encodeKeyPrefix([type], [value]), inclusive: true })
  const limits = integerRanges.get(
    type === 'date' ? 'int32' : isTimestampType(type) ? 'int64' : type,
  )
  if (limits === undefined) {
    return { from: bound(Number(range.from)), to: bound(Number(range.to)) }
  }
  const isExact = typeof range.from === 'bigint'
  const unit = placeUnit(type)
  const first = isExact
    ? ceilDiv(range.from as bigint, unit)
    : BigInt(Math.ceil(Number(range.from)))
  const last = isExact ? floorDiv(range.to as bigint, unit) : BigInt(Math.floor(Number(range.to)))
  const [from, to] = [first < limits[0] ? limits[0] : first, last > limits[1] ? limits[1] : last]
  if (from > to) return undefined
  const isWide = type === 'int64' || type === 'uint64' || isTimestampType(type)
  const value = (at: bigint): Scalar => (isWide ? at : Number(at))
  return { from: bound(value(from)), to: bound(value(to)) }
}
