import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { soleInteger } from '../../../src/core/encoding/integers.ts'

describe('the integer that all of them are', () => {
  const head = { divisor: 7, step: 0, order: 1, planes: 0, lowBits: 0 }

  it('is the double nearest to its 64 bits', () => {
    const halves = fc.integer({ min: 0, max: 0xffff_ffff })
    fc.assert(
      fc.property(halves, halves, (low, high) => {
        const whole = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))
        expect(soleInteger({ ...head, low, high })).toBe(Number(whole))
      }),
    )
    expect(soleInteger({ ...head, low: 0xffff_ffff, high: 0x7fff_ffff })).toBe(2 ** 63)
  })

  it.each([{ step: 1 }, { planes: 1 }, { lowBits: 1 }])('is none with %o', (other) => {
    expect(soleInteger({ ...head, low: 5, high: 0, ...other })).toBeUndefined()
  })
})
