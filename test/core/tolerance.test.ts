import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWithinTolerance } from '../../src/core/tolerance.ts'

describe('isWithinTolerance', () => {
  it('takes a tolerance for whole numbers as the decimal that it is written as', () => {
    const digits = fc.integer({ min: 0, max: 99_999 })
    const integer = fc.bigInt(-(2n ** 63n), 2n ** 64n)
    const near = fc.bigInt(-(10n ** 6n), 10n ** 6n)
    const scale = 10n ** 9n
    fc.assert(
      fc.property(integer, near, digits, digits, (a, by, fixed, part) => {
        const tolerance = { atol: Number(`${fixed}e-3`), rtol: Number(`${part}e-9`) }
        const size = a < 0n ? -a : a
        const limit = BigInt(fixed) * 10n ** 6n + BigInt(part) * size
        expect(isWithinTolerance(a, a + by, tolerance)).toBe((by < 0n ? -by : by) * scale <= limit)
      }),
    )
  })

  it.each([
    [9223372036854775806n, 9223372036854775306n, 1, 0, false],
    [9007199254740994n, 9007199254740995n, 1, 0, true],
    [9007199254740993n, 9007199254740992, 0.5, 0, false],
    [9007199254740993n, 9007199254740992, 1, 0, true],
    [1n, 1.25, 0.25, 0, true],
    [100, 129, 0, 0.29, false],
    [100n, 129n, 0, 0.29, true],
    [-100n, -129n, 0, 0.29, true],
    [0n, 10n ** 21n, 1e21, 0, true],
    [1n, 2n, 1e-7, 0, false],
    [Infinity, 5, 0, 0.5, false],
    [5, Infinity, 1, 1, false],
    [5n, Number.NaN, 1, 1, false],
  ])('%s and %s, atol %s, rtol %s: %s', (a, b, atol, rtol, expected) => {
    expect(isWithinTolerance(a, b, { atol, rtol })).toBe(expected)
  })
})
