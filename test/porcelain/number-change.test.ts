import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { formatRatio, numberChange, relativeChange } from '../../src/porcelain/number-change.ts'

const of = (value: Scalar, type: ColumnType = 'float64') => ({ value, type })

describe('numberChange', () => {
  it.each([
    [65.98, 66.02, '+0.04'],
    [66.02, 65.98, '-0.04'],
    [94.64, 93.3, '-1.34'],
    [0.1, 0.30000000000000004, '+0.2'],
    [1, 1, '+0'],
    [1e-7, 3e-7, '+2e-7'],
    [1e300, 2e300, '+1e+300'],
    [-5, 5, '+10'],
  ])('from %d to %d is %s', (old, fresh, delta) => {
    expect(numberChange(of(old), of(fresh))?.delta).toBe(delta)
  })

  it('is exact for 64-bit integers', () => {
    const change = numberChange(of(9_007_199_254_740_993n, 'int64'), of(0n, 'int64'))
    expect(change).toEqual({ delta: '-9007199254740993', ratio: -1 })
  })

  it('says nothing of what is no finite number', () => {
    expect(numberChange(of(Number.NaN), of(1))).toBeUndefined()
    expect(numberChange(of(1), of(Infinity))).toBeUndefined()
    expect(numberChange(of(null), of(1))).toBeUndefined()
    expect(numberChange(of(1, 'date'), of(2, 'date'))).toBeUndefined()
    expect(numberChange(of('1', 'string'), of('2', 'string'))).toBeUndefined()
  })

  it('has no ratio to nothing', () => {
    expect(numberChange(of(0), of(3))).toEqual({ delta: '+3' })
    expect(relativeChange(of(0), of(3))).toBe(1)
  })

  it('takes the ratio to the size of the old value', () => {
    expect(numberChange(of(-2), of(-1))?.ratio).toBe(0.5)
    expect(relativeChange(of(-2), of(-3))).toBe(0.5)
  })
})

describe('formatRatio', () => {
  it.each([
    [0.000_606, '+0.06 %'],
    [-0.0142, '-1.42 %'],
    [0.000_012, '+0.001 %'],
    [12.345, '+1235 %'],
    [1e9, '+1.0e+11 %'],
    [0, '+0 %'],
  ])('%d is %s', (ratio, text) => {
    expect(formatRatio(ratio)).toBe(text)
  })
})
