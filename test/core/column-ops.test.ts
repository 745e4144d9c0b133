import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, type ColumnType, columnTypes, type Scalar } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { decodeColumn, encodeColumn } from '../../src/core/column-codec.ts'
import {
  canWiden,
  columnsEqual,
  concatColumns,
  nullColumn,
  sliceColumn,
  takeRows,
  valuesEqualAt,
  widenColumn,
} from '../../src/core/column-ops.ts'
import { anyType, anyValues, scalarsOf } from '../support/columns.ts'

const typed = anyType.chain((type) => fc.tuple(fc.constant(type), anyValues(type)))

/** Fails unless the column is just what building it from `values` gives, and canonical. */
function expectColumn(column: Column, type: ColumnType, values: readonly Scalar[]): void {
  const expected = columnOf(type, values)
  expect(scalarsOf(column)).toEqual(scalarsOf(expected))
  expect(columnsEqual(column, expected)).toBe(true)
  // Encoding trusts a column to be canonical; decoding tells whether it was.
  expect(columnsEqual(decodeColumn(encodeColumn(column)), expected)).toBe(true)
}

describe('sliceColumn, concatColumns and takeRows', () => {
  it('cut any part', () => {
    fc.assert(
      fc.property(typed, fc.nat(70), fc.nat(70), ([type, values], x, y) => {
        const from = Math.min(x, y, values.length)
        const to = Math.min(Math.max(x, y), values.length)
        const slice = sliceColumn(columnOf(type, values), from, to)
        expectColumn(slice, type, values.slice(from, to))
        // A slice of a slice.
        const half = (to - from) >> 1
        expectColumn(sliceColumn(slice, half, to - from), type, values.slice(from + half, to))
      }),
      { numRuns: 1000 },
    )
  })

  it('join parts, slices among them', () => {
    const parts = anyType.chain((type) =>
      fc.tuple(fc.constant(type), fc.array(anyValues(type, 20), { minLength: 1, maxLength: 5 })),
    )
    fc.assert(
      fc.property(parts, fc.nat(3), ([type, lists], skip) => {
        const columns = lists.map((values) => {
          const from = Math.min(skip, values.length)
          return sliceColumn(columnOf(type, values), from, values.length)
        })
        expectColumn(
          concatColumns(columns),
          type,
          lists.flatMap((values) => values.slice(skip)),
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('take rows in any order, any number of times', () => {
    fc.assert(
      fc.property(typed, fc.array(fc.nat(), { maxLength: 50 }), ([type, values], numbers) => {
        const rows = values.length === 0 ? [] : numbers.map((n) => n % values.length)
        const taken = takeRows(columnOf(type, values), Uint32Array.from(rows))
        expectColumn(
          taken,
          type,
          rows.map((row) => values[row]!),
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('take a few short texts many times', () => {
    const few = fc.array(fc.string({ maxLength: 9 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(few, fc.array(fc.nat(), { minLength: 32, maxLength: 80 }), (texts, numbers) => {
        const rows = numbers.map((n) => n % texts.length)
        const taken = takeRows(columnOf('string', texts), Uint32Array.from(rows))
        expectColumn(
          taken,
          'string',
          rows.map((row) => texts[row]!),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('take rows of a slice', () => {
    fc.assert(
      fc.property(typed, ([type, values]) => {
        const from = values.length >> 1
        const slice = sliceColumn(columnOf(type, values), from, values.length)
        const back = Uint32Array.from({ length: slice.length }, (_, i) => slice.length - 1 - i)
        expectColumn(takeRows(slice, back), type, values.slice(from).reverse())
      }),
    )
  })

  it('refuse to join different types, or nothing', () => {
    const columns = [columnOf('int8', [1]), columnOf('int16', [1])]
    expect(() => concatColumns(columns)).toThrow(
      expect.objectContaining({ code: 'schema-mismatch' }),
    )
    expect(() => concatColumns([])).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })

  it.each(columnTypes)('nullColumn gives %s nulls', (type) => {
    for (const rows of [0, 1, 8, 9]) {
      expectColumn(nullColumn(type, rows), type, Array(rows).fill(null))
    }
  })
})

describe('equality', () => {
  it('of rows is equality of what they encode to', () => {
    const pair = anyType.chain((type) =>
      fc.tuple(fc.constant(type), anyValues(type, 8), anyValues(type, 8)),
    )
    fc.assert(
      fc.property(pair, ([type, x, y]) => {
        const a = columnOf(type, x)
        const b = columnOf(type, [...y, ...x])
        for (let i = 0; i < a.length; i++) {
          for (let j = 0; j < b.length; j++) {
            const equal = columnsEqual(sliceColumn(a, i, i + 1), sliceColumn(b, j, j + 1))
            expect(valuesEqualAt(a, i, b, j)).toBe(equal)
          }
          expect(valuesEqualAt(a, i, b, y.length + i)).toBe(true)
        }
      }),
    )
  })

  it('tells null, NaN, the two zeros and empty text apart', () => {
    const floats = columnOf('float64', [null, Number.NaN, 0, -0])
    const same = (i: number, j: number) => valuesEqualAt(floats, i, floats, j)
    expect([same(0, 0), same(1, 1), same(2, 2), same(3, 3)]).toEqual([true, true, true, true])
    expect([same(0, 1), same(0, 2), same(1, 2), same(2, 3)]).toEqual([false, false, false, false])
    const texts = columnOf('string', [null, ''])
    expect(valuesEqualAt(texts, 0, texts, 1)).toBe(false)
    expect(columnsEqual(columnOf('float64', [0]), columnOf('float64', [-0]))).toBe(false)
  })

  it('of long values looks at all of them', () => {
    const text = 'x'.repeat(99)
    const a = columnOf('string', [text])
    expect(valuesEqualAt(a, 0, columnOf('string', ['', text]), 1)).toBe(true)
    expect(valuesEqualAt(a, 0, columnOf('string', [`${text.slice(1)}y`]), 0)).toBe(false)
  })
})

describe('widenColumn', () => {
  it('keeps every value or says which row cannot be kept', () => {
    const widening = fc
      .tuple(anyType, anyType)
      .filter(([from, to]) => canWiden(from, to))
      .chain(([from, to]) => fc.tuple(fc.constant(from), fc.constant(to), anyValues(from, 20)))
    fc.assert(
      fc.property(widening, ([from, to, values]) => {
        let widened: Column
        try {
          widened = widenColumn(columnOf(from, values), to)
        } catch (error) {
          // Only where it is up to the values.
          expect(`${from} ${to}`).toMatch(/^u?int64 float64$|timestamp/)
          expect(error).toMatchObject({ code: 'invalid-value' })
          return
        }
        expect(widened.type).toBe(to)
        expect(columnsEqual(decodeColumn(encodeColumn(widened)), widened)).toBe(true)
        for (const [row, value] of scalarsOf(widened).entries()) {
          const before = values[row]!
          if (before === null) expect(value).toBe(null)
          else if (value instanceof Uint8Array) {
            expect(Buffer.from(value)).toEqual(Buffer.from(before as string))
          } else if (typeof before === typeof value && !to.startsWith('timestamp')) {
            expect(value).toBe(before)
          } else if (!to.startsWith('timestamp')) {
            expect(BigInt(value as number)).toBe(BigInt(before as number))
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('scales times exactly', () => {
    const scaled = (from: ColumnType, value: Scalar, to: ColumnType) =>
      scalarsOf(widenColumn(columnOf(from, [value]), to))[0]
    expect(scaled('date', -1, 'timestamp_s')).toBe(-86_400n)
    expect(scaled('date', 1, 'timestamp_ns')).toBe(86_400_000_000_000n)
    expect(scaled('timestamp_s', -5n, 'timestamp_ns')).toBe(-5_000_000_000n)
    expect(scaled('timestamp_ms', 7n, 'timestamp_us')).toBe(7_000n)
    expect(scaled('timestamp_us', 7n, 'timestamp_ns')).toBe(7_000n)
  })

  it('refuses what would lose a value', () => {
    const lossy: [ColumnType, Scalar, ColumnType][] = [
      ['int64', 2n ** 53n + 1n, 'float64'],
      ['int64', 2n ** 63n - 1n, 'float64'],
      ['uint64', 2n ** 64n - 1n, 'float64'],
      ['timestamp_s', 2n ** 60n, 'timestamp_ms'],
      ['date', 2_000_000, 'timestamp_ns'],
    ]
    for (const [from, value, to] of lossy) {
      expect(() => widenColumn(columnOf(from, [null, value]), to)).toThrow(
        expect.objectContaining({
          code: 'invalid-value',
          data: expect.objectContaining({ row: 1 }),
        }),
      )
    }
    expect(scalarsOf(widenColumn(columnOf('int64', [-(2n ** 63n)]), 'float64'))).toEqual([
      -(2 ** 63),
    ])
  })

  it('refuses types that do not widen', () => {
    for (const [from, to] of [
      ['int64', 'int32'],
      ['uint64', 'int64'],
      ['int32', 'float32'],
      ['float64', 'float32'],
      ['timestamp_ns', 'timestamp_s'],
      ['bool', 'int8'],
      ['string', 'json'],
      ['int8', 'null'],
    ] as const) {
      expect(canWiden(from, to)).toBe(false)
      expect(() => widenColumn(nullColumn(from, 1), to)).toThrow(
        expect.objectContaining({ code: 'schema-mismatch' }),
      )
    }
  })
})
