import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar, ValueArray } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { bucketStarts, type PlaceRange, PlotBuckets } from '../../src/core/plot-buckets.ts'

/** The plain way: every row by its own arithmetic. */
function bucketOf(place: bigint, from: bigint, to: bigint, buckets: number): number {
  const span = to - from
  if (span === 0n) return buckets - 1
  return Math.min(buckets - 1, Number(((place - from) * BigInt(buckets)) / span))
}

const value = fc.oneof(
  { weight: 6, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.constantFrom(null, Number.NaN, Infinity, -Infinity, -0) },
)

const rowsAt = (place: fc.Arbitrary<bigint>) =>
  fc
    .array(fc.tuple(place, value), { minLength: 1, maxLength: 80 })
    .map((rows) => rows.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)))

/** Adds rows in pieces, as frames come. */
function reduce(
  starts: ReturnType<typeof bucketStarts>,
  rows: readonly (readonly [bigint, Scalar])[],
  piece: number,
  type: ColumnType = 'float64',
): PlotBuckets {
  const reduced = new PlotBuckets(starts, 1)
  for (let at = 0; at < rows.length; at += piece) {
    const some = rows.slice(at, at + piece)
    const places = BigInt64Array.from(some.map(([place]) => place))
    reduced.add(places, [
      columnOf(
        type,
        some.map(([, number]) => number),
      ),
    ])
  }
  return reduced
}

describe('buckets of a chart', () => {
  it('have every row once, in the bucket that exact arithmetic gives', () => {
    const nanoseconds = fc.bigInt({
      min: 1_795_000_000_000_000_000n,
      max: 1_795_000_000_000_002_000n,
    })
    const any = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(
        fc.oneof(rowsAt(nanoseconds), rowsAt(any)),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (rows, buckets, piece) => {
          const [from, to] = [rows[0]![0], rows.at(-1)![0]]
          const { lines } = reduce(bucketStarts({ from, to }, buckets), rows, piece)
          const expected = new Array<number>(buckets).fill(0)
          for (const [place] of rows) expected[bucketOf(place, from, to, buckets)]!++
          expect([...lines[0]!.rows]).toEqual(expected)
        },
      ),
    )
  })

  it('lose no extreme, and keep the first and the last value of each', () => {
    fc.assert(
      fc.property(
        rowsAt(fc.bigInt({ min: -500n, max: 500n })),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (rows, buckets, piece) => {
          const range = { from: -500n, to: 500n }
          const [line] = reduce(bucketStarts(range, buckets), rows, piece).lines
          for (let bucket = 0; bucket < buckets; bucket++) {
            const inside = rows
              .filter(([place]) => bucketOf(place, -500n, 500n, buckets) === bucket)
              .map(([, number]) => (Number.isFinite(number) ? (number as number) : Number.NaN))
            const finite = inside.filter((number) => !Number.isNaN(number))
            const none = finite.length === 0
            expect({
              low: line!.low[bucket]! + 0,
              high: line!.high[bucket]! + 0,
              first: line!.first[bucket],
              last: line!.last[bucket],
              rows: line!.rows[bucket],
              missing: line!.missing[bucket],
            }).toEqual({
              low: none ? Number.NaN : Math.min(...finite) + 0,
              high: none ? Number.NaN : Math.max(...finite) + 0,
              first: inside[0] ?? Number.NaN,
              last: inside.at(-1) ?? Number.NaN,
              rows: inside.length,
              missing: inside.length - finite.length,
            })
          }
        },
      ),
    )
  })

  it('know where their first and last rows are, to the nanosecond', () => {
    const nanoseconds = fc.bigInt({
      min: 1_795_000_000_000_000_000n,
      max: 1_795_000_000_000_002_000n,
    })
    const any = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(
        fc.oneof(rowsAt(nanoseconds), rowsAt(any)),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (rows, buckets, piece) => {
          const [from, to] = [rows[0]![0], rows.at(-1)![0]]
          const { firstAt, lastAt } = reduce(bucketStarts({ from, to }, buckets), rows, piece)
          for (let bucket = 0; bucket < buckets; bucket++) {
            const inside = rows
              .map(([place]) => place)
              .filter((place) => bucketOf(place, from, to, buckets) === bucket)
            expect([firstAt[bucket], lastAt[bucket]]).toEqual([inside[0], inside.at(-1)])
          }
        },
      ),
    )
  })

  it('begin in ascending order, for numbers of any size', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(double, double, fc.integer({ min: 1, max: 200 }), (a, b, buckets) => {
        const range: PlaceRange = { from: Math.min(a, b), to: Math.max(a, b) }
        const starts = bucketStarts(range, buckets) as number[]
        expect(starts).toHaveLength(buckets - 1)
        expect(starts.every((start, i) => start >= (starts[i - 1] ?? range.from))).toBe(true)
        expect(starts.every((start) => start <= (range.to as number))).toBe(true)
      }),
    )
  })

  it('count rows of one place as one position', () => {
    fc.assert(
      fc.property(
        rowsAt(fc.bigInt({ min: 0n, max: 9n })),
        fc.integer({ min: 1, max: 5 }),
        (rows, piece) => {
          const reduced = reduce(bucketStarts({ from: 0n, to: 9n }, 4), rows, piece)
          expect(reduced.rows).toBe(rows.length)
          expect(reduced.positions).toBe(new Set(rows.map(([place]) => place)).size)
        },
      ),
    )
  })

  it('take keys in other units than the range, as dates on an axis of nanoseconds', () => {
    const day = 86_400_000_000_000n
    const starts = bucketStarts({ from: 0n, to: 10n * day }, 5, day)
    const reduced = new PlotBuckets(starts, 1)
    const days = Int32Array.from({ length: 11 }, (_, i) => i) as ValueArray
    reduced.add(days, [
      columnOf(
        'int64',
        [...days].map((i) => BigInt(i as number)),
      ),
    ])
    expect([...reduced.lines[0]!.rows]).toEqual([2, 2, 2, 2, 3])
  })

  it.each<[ColumnType, Scalar[], number, number]>([
    ['int64', [-(2n ** 63n), 2n ** 63n - 1n], -(2 ** 63), 2 ** 63],
    ['int64', [-1n, 9_007_199_254_740_993n], -1, 9_007_199_254_740_992],
    ['uint64', [1n, 2n ** 64n - 1n], 1, 2 ** 64],
    ['bool', [true, false, null], 0, 1],
    ['int8', [-5, null, 7], -5, 7],
    ['float32', [0.5, Number.NaN, 0.25], 0.25, 0.5],
  ])('reduce %s', (type, values, low, high) => {
    const rows = values.map((number, i) => [BigInt(i), number] as const)
    const [line] = reduce(bucketStarts({ from: 0n, to: 2n }, 1), rows, 10, type).lines
    expect([line!.low[0], line!.high[0]]).toEqual([low, high])
  })
})
