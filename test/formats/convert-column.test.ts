import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { formFault, shapeFault } from '../../src/core/column-check.ts'
import { canWiden, columnsEqual, widenColumn } from '../../src/core/column-ops.ts'
import { VarveError } from '../../src/core/errors.ts'
import { convertColumn } from '../../src/formats/convert-column.ts'
import { anyColumn, anyType, scalarsOf } from '../support/columns.ts'

function convert(from: ColumnType, values: readonly Scalar[], to: ColumnType): Scalar[] {
  return scalarsOf(convertColumn(columnOf(from, values), to, fault))
}

function fault(row: number, value: string, reason?: string): VarveError {
  return new VarveError('bad-input', `row ${row}: ${value}`, { data: { row, value, reason } })
}

/** The row that is refused, and its text. */
function refused(from: ColumnType, values: readonly Scalar[], to: ColumnType): unknown {
  try {
    convert(from, values, to)
  } catch (error) {
    if (error instanceof VarveError) return error.message
    throw error
  }
  return undefined
}

describe('convertColumn', () => {
  it('gives back the same column when it is turned back, wherever it can be turned', () => {
    fc.assert(
      fc.property(anyColumn, anyType, (column, type) => {
        // Text has many ways to write a value.
        fc.pre(column.type !== 'string' && column.type !== 'null')
        let there: typeof column
        try {
          there = convertColumn(column, type, fault)
        } catch (error) {
          if (!(error instanceof VarveError)) throw error
          expect(error.code).toBe('bad-input')
          return
        }
        expect(there.type).toBe(type)
        expect(shapeFault(there)).toBeUndefined()
        expect(formFault(there)).toBeUndefined()
        if (type === 'null' || column.validity?.every((bits) => bits === 0)) return
        if (!isTurnedBack(column.type, type)) return
        expect(columnsEqual(convertColumn(there, column.type, fault), column)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  it('turns into a wider type what widening does', () => {
    fc.assert(
      fc.property(anyColumn, anyType, (column, type) => {
        fc.pre(canWiden(column.type, type))
        let wide: typeof column
        try {
          wide = widenColumn(column, type)
        } catch {
          expect(() => convertColumn(column, type, fault)).toThrow()
          return
        }
        expect(columnsEqual(convertColumn(column, type, fault), wide)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it.each<[ColumnType, Scalar[], ColumnType, Scalar[]]>([
    ['int64', [null, -5n, 2n ** 53n], 'float64', [null, -5, 2 ** 53]],
    ['uint64', [2n ** 63n], 'float64', [2 ** 63]],
    ['float64', [null, -(2 ** 63), 1e18], 'int64', [null, -(2n ** 63n), 10n ** 18n]],
    ['float64', [2 ** 63], 'uint64', [2n ** 63n]],
    ['float64', [0.5, Number.NaN, -0, Infinity], 'float32', [0.5, Number.NaN, -0, Infinity]],
    ['float32', [0.5], 'float64', [0.5]],
    ['bool', [true, null, false], 'uint8', [1, null, 0]],
    ['int32', [1, null, 0], 'bool', [true, null, false]],
    ['int64', [7n], 'timestamp_ms', [7n]],
    ['timestamp_us', [-1_000_000n, null], 'timestamp_s', [-1n, null]],
    ['timestamp_s', [86_400n, -86_400n], 'date', [1, -1]],
    ['date', [1, null], 'timestamp_ns', [86_400_000_000_000n, null]],
    ['string', ['2026-01-01', null], 'date', [20_454, null]],
    ['string', ['0.5', 'NaN'], 'float64', [0.5, Number.NaN]],
    ['string', ['true', '1.10'], 'json', ['true', '1.10']],
    ['binary', [Uint8Array.of(0x61), null], 'string', ['a', null]],
    ['null', [null, null], 'json', [null, null]],
    ['string', [null, null], 'null', [null, null]],
  ])('from %s %o to %s', (from, values, to, expected) => {
    expect(convert(from, values, to)).toEqual(expected)
  })

  it.each<[ColumnType, Scalar[], ColumnType, string]>([
    ['int64', [1n, 2n ** 53n + 1n], 'float64', 'row 1: 9007199254740993'],
    ['int64', [null, -1n], 'uint64', 'row 1: -1'],
    ['uint64', [2n ** 63n], 'int64', 'row 0: 9223372036854775808'],
    ['float64', [2 ** 63], 'int64', 'row 0: 9223372036854776000'],
    ['float64', [0, -0], 'int32', 'row 1: -0'],
    ['float64', [0.1], 'float32', 'row 0: 0.1'],
    ['float64', [Number.NaN], 'int8', 'row 0: NaN'],
    ['int32', [2], 'bool', 'row 0: 2'],
    ['timestamp_ms', [1n], 'timestamp_s', 'row 0: 1970-01-01T00:00:00.001Z'],
    ['timestamp_s', [2n ** 40n], 'timestamp_ns', 'row 0: +036812-02-20T00:36:16Z'],
    ['timestamp_s', [1n], 'date', 'row 0: 1970-01-01T00:00:01Z'],
    ['timestamp_s', [86_400n * 2n ** 31n], 'date', 'row 0: +5881580-07-12T00:00:00Z'],
    ['timestamp_s', [1n], 'int64', 'row 0: 1970-01-01T00:00:01Z'],
    ['string', ['1', 'x'], 'int8', 'row 1: x'],
    ['string', ['[', null], 'json', 'row 0: ['],
    ['binary', [null, Uint8Array.of(0xff)], 'string', 'row 1: /w=='],
    ['bool', [true], 'string', 'row 0: true'],
    ['float64', [null, 1], 'null', 'row 1: 1'],
  ])('refuses %s %o as %s', (from, values, to, message) => {
    expect(refused(from, values, to)).toBe(message)
  })
})

/** Whether there is a way back: what is read as units of a timestamp is none of its texts. */
function isTurnedBack(from: ColumnType, to: ColumnType): boolean {
  const isTime = (type: ColumnType): boolean => type === 'date' || type.startsWith('timestamp')
  return isTime(from) === isTime(to)
}
