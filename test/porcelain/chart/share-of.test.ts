import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shareOf } from '../../../src/porcelain/chart/share-of.ts'

const [most, least] = [Number.MAX_VALUE, Number.MIN_VALUE]

describe('how far a value is between two numbers', () => {
  it('is 0 at the first, 1 at the second, and grows between them', () => {
    const edge = fc.constantFrom(0, -0, most, -most, most / 2, least, -least, 2 * least)
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), edge)
    fc.assert(
      fc.property(fc.tuple(number, number, number, number), (numbers) => {
        const [low, a, b, high] = numbers.toSorted((x, y) => x - y) as [
          number,
          number,
          number,
          number,
        ]
        fc.pre(low < high)
        const shares = [low, a, b, high].map((value) => shareOf(low, high, value))
        expect([shares[0]! + 0, shares[3]]).toEqual([0, 1])
        expect(shares.every((share, i) => i === 0 || share >= shares[i - 1]!)).toBe(true)
      }),
    )
  })

  it('is known of the smallest numbers and of those that are furthest apart', () => {
    expect(shareOf(-least, 0, -0)).toBe(1)
    expect(shareOf(0, 2 * least, least)).toBe(0.5)
    expect(shareOf(-most, most, 0)).toBe(0.5)
    expect(shareOf(most, -most, most / 2)).toBe(0.25)
    expect(shareOf(7, 7, 7)).toBe(0.5)
  })
})
