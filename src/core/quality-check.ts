import type { Column, ColumnType, Scalar } from './column.ts'
import { scalarAt } from './column-ops.ts'
import {
  boundsOf,
  type ColumnQuality,
  type MaxRevision,
  type Monotonic,
  type QualityRuleName,
  type RangeBounds,
} from './quality-rules.ts'
import type { Frame, Schema } from './schema.ts'

/** Where a series breaks a rule. */
export interface QualityBreak {
  readonly column: string
  readonly rule: QualityRuleName
  /** The row's index values; absent where it is about the series as a whole. */
  readonly key?: readonly Scalar[]
  /** What is there; for a gap the first value after it. */
  readonly value: Scalar
  /** What it is at odds with: the value before, where the rule compares two. */
  readonly before?: Scalar
  /** The rule, in words. */
  readonly limit: string
}

interface Watched {
  readonly name: string
  readonly type: ColumnType
  readonly at: number
  readonly quality: ColumnQuality
  readonly bounds: RangeBounds
  /** The value in the row before; null also for NaN. */
  last: Scalar
}

const UNIT_NS: Readonly<Partial<Record<ColumnType, bigint>>> = {
  date: 86_400_000_000_000n,
  timestamp_s: 1_000_000_000n,
  timestamp_ms: 1_000_000n,
  timestamp_us: 1_000n,
  timestamp_ns: 1n,
}

/**
 * Checks rows as they come, in the order of their keys, against the rules about single rows and about
 * neighbours.
 */
export class QualityCheck {
  readonly #schema: Schema
  readonly #watched: Watched[]

  constructor(schema: Schema, rules: ReadonlyMap<string, ColumnQuality>) {
    this.#schema = schema
    this.#watched = schema.columns.flatMap(({ name, type }, at) => {
      const quality = rules.get(name)
      const bounds = quality && boundsOf(quality, type)
      return quality && bounds ? [{ name, type, at, quality, bounds, last: null }] : []
    })
  }

  /** Whether any rule is about neighbours. */
  get comparesRows(): boolean {
    return this.#watched.some(({ quality }) => (quality.monotonic ?? quality.maxGap) !== undefined)
  }

  /** The value columns that it has to see. */
  get columns(): string[] {
    const { indexCount } = this.#schema
    return this.#watched.filter(({ at }) => at >= indexCount).map(({ name }) => name)
  }

  /** Frames have the columns of the schema, or the index and {@link columns}. */
  *rows(frame: Frame): Generator<QualityBreak, void, void> {
    const byName = new Map(frame.schema.columns.map(({ name }, at) => [name, frame.columns[at]!]))
    const columns = this.#watched.map((watched) => ({ watched, column: byName.get(watched.name)! }))
    for (let row = 0; row < frame.rows; row++) {
      for (const { watched, column } of columns) {
        for (const found of this.#value(watched, scalarAt(column, row))) {
          yield { ...found, key: keyAt(frame, row) }
        }
      }
    }
  }

  /** One row by itself: its values in the order of the schema. */
  *row(values: readonly Scalar[]): Generator<QualityBreak, void, void> {
    const key = values.slice(0, this.#schema.indexCount)
    for (const watched of this.#watched) {
      for (const found of singleBreaks(watched, values[watched.at]!)) yield { ...found, key }
    }
  }

  *#value(watched: Watched, value: Scalar): Generator<QualityBreak, void, void> {
    yield* singleBreaks(watched, value)
    const before = watched.last
    watched.last = Number.isNaN(value) ? null : value
    if (before === null || watched.last === null) return
    const { monotonic, maxGap } = watched.quality
    if (monotonic !== undefined && !follows(monotonic, before, value)) {
      yield { column: watched.name, rule: 'monotonic', value, before, limit: monotonic }
    }
    if (maxGap !== undefined && isFurther(before, value, watched)) {
      yield {
        column: watched.name,
        rule: 'max-gap',
        value,
        before,
        limit: `at most ${maxGap.text}`,
      }
    }
  }
}

function keyAt({ columns, schema }: Frame, row: number): Scalar[] {
  return columns.slice(0, schema.indexCount).map((column: Column) => scalarAt(column, row))
}

function* singleBreaks(
  { name, quality, bounds }: Watched,
  value: Scalar,
): Generator<QualityBreak, void, void> {
  if (value === null) {
    if (quality.notNull) yield { column: name, rule: 'not-null', value, limit: 'never null' }
    return
  }
  const { min, max } = bounds
  // NaN lies in no range; numbers and whole numbers of 64 bits compare exactly.
  const fits = (min === null || value >= min) && (max === null || value <= max)
  if (quality.range === undefined || fits) return
  const { range } = quality
  const limit =
    range.min === null
      ? `at most ${range.max}`
      : range.max === null
        ? `at least ${range.min}`
        : `${range.min} to ${range.max}`
  yield { column: name, rule: 'range', value, limit }
}

function follows(kind: Monotonic, before: Scalar, value: Scalar): boolean {
  if (before === null || value === null) return true
  switch (kind) {
    case 'increasing':
      return value >= before
    case 'decreasing':
      return value <= before
    case 'strictly-increasing':
      return value > before
    case 'strictly-decreasing':
      return value < before
  }
}

function isFurther(before: Scalar, value: Scalar, { type, quality }: Watched): boolean {
  const { maxGap } = quality
  const unit = UNIT_NS[type]
  if (unit !== undefined) {
    const gap = BigInt(value as number | bigint) - BigInt(before as number | bigint)
    return gap * unit > (maxGap?.nanoseconds ?? gap * unit)
  }
  return distance(before, value) > (maxGap?.amount ?? Number.POSITIVE_INFINITY)
}

/** How far two numbers are apart: exact for whole numbers of 64 bits. */
function distance(a: Scalar, b: Scalar): number | bigint {
  if (typeof a !== 'bigint' || typeof b !== 'bigint') return Math.abs(Number(b) - Number(a))
  return a < b ? b - a : a - b
}

function mostRevision({ amount, part = 0 }: MaxRevision, before: Scalar): number {
  return amount ?? Math.abs(Number(before)) * part
}

/** Whether a value changed by more than its column's rule allows. */
export function revisionBreak(
  column: string,
  { maxRevision }: ColumnQuality,
  key: readonly Scalar[],
  before: Scalar,
  value: Scalar,
): QualityBreak | undefined {
  if (maxRevision === undefined || before === null || value === null) return undefined
  if (Object.is(before, value)) return undefined
  // NaN is as far from a number as can be.
  if (distance(before, value) <= mostRevision(maxRevision, before)) return undefined
  return {
    column,
    rule: 'max-revision',
    key,
    value,
    before,
    limit: `by at most ${maxRevision.text}`,
  }
}

/** Whether the last key of a series lies too far back. */
export function staleBreak(
  { name, type }: { readonly name: string; readonly type: ColumnType },
  { staleAfter }: ColumnQuality,
  last: readonly Scalar[],
  nowNs: bigint,
): QualityBreak | undefined {
  const unit = UNIT_NS[type]
  const value = last[0]!
  if (staleAfter?.nanoseconds === undefined || unit === undefined || value === null)
    return undefined
  const at = BigInt(value as number | bigint) * unit
  if (nowNs - at < staleAfter.nanoseconds) return undefined
  return {
    column: name,
    rule: 'stale-after',
    key: last,
    value,
    limit: `younger than ${staleAfter.text}`,
  }
}
