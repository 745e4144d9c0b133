import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openZone } from '../../../src/core/zone.ts'
import { plainLabel, valueTicks } from '../../../src/porcelain/chart/chart-ticks.ts'
import { timeTicks } from '../../../src/porcelain/chart/time-ticks.ts'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const everyday = fc.double({ min: -1e7, max: 1e7, noNaN: true })

describe('ticks of values', () => {
  it('are in the range, ascending, not too many, with labels that differ', () => {
    fc.assert(
      fc.property(
        fc.oneof(finite, everyday),
        fc.oneof(finite, everyday),
        fc.integer({ min: 2, max: 12 }),
        (a, b, most) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)]
          fc.pre(low < high)
          const ticks = valueTicks(low, high, most)
          expect(ticks.length).toBeGreaterThan(0)
          expect(ticks.length).toBeLessThanOrEqual(2 * most)
          const values = ticks.map(({ value }) => value)
          expect(values.every((value) => value >= low && value <= high)).toBe(true)
          expect(values.every((value, i) => i === 0 || value > values[i - 1]!)).toBe(true)
        },
      ),
    )
  })

  it('are round: a label is the value, in few characters', () => {
    fc.assert(
      fc.property(everyday, fc.double({ min: 1e-3, max: 1e7, noNaN: true }), (low, span) => {
        const ticks = valueTicks(low, low + span, 6)
        fc.pre(ticks.length > 2)
        const labels = ticks.map(({ label }) => label)
        expect(new Set(labels).size).toBe(labels.length)
        for (const { value, label } of ticks) {
          if (label.startsWith('+')) continue
          const number = Number(label.replace('k', 'e3').replace('M', 'e6'))
          expect(number).toBe(value)
        }
        const steps = ticks.slice(1).map(({ value }, i) => value - ticks[i]!.value)
        for (const step of steps) {
          const digits = step / 10 ** Math.floor(Math.log10(step * 1.0001))
          expect(Math.min(...[1, 2, 5].map((digit) => Math.abs(digits - digit)))).toBeLessThan(1e-4)
        }
      }),
    )
  })

  it.each<[number, number, string[]]>([
    [0, 1, ['0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    [0.05, 0.35, ['0.05', '0.10', '0.15', '0.20', '0.25', '0.30', '0.35']],
    [-3, 3, ['-3', '-2', '-1', '0', '1', '2', '3']],
    [0, 25_000_000, ['0M', '5M', '10M', '15M', '20M', '25M']],
    [1e-9, 4e-9, ['1.0e-9', '1.5e-9', '2.0e-9', '2.5e-9', '3.0e-9', '3.5e-9', '4.0e-9']],
    [1_000_000.001, 1_000_000.002, ['1000000.001']],
    [7, 7, ['7']],
  ])('from %d to %d', (low, high, labels) => {
    const found = valueTicks(low, high, 7).map(({ label }) => label)
    expect(found.slice(0, labels.length)).toEqual(labels.map((label) => label.replace(/^0M$/, '0')))
  })

  it.each([
    [0.1 + 0.2, '0.3'],
    [Number.MAX_VALUE, '1.797693e+308'],
    [5e-324, '5e-324'],
    [123456.789, '123456.789'],
    [-0, '0'],
  ])('%d is %s', (value, label) => {
    expect(plainLabel(value)).toBe(label)
  })
})

const ns = (text: string) => BigInt(Date.parse(text)) * 1_000_000n
const labelsOf = (from: string, to: string, width: number, options = {}) =>
  timeTicks({ from: ns(from), to: ns(to) }, width, options).map(({ label }) => label)

describe('ticks of time', () => {
  it('are in the range, ascending, and have room', () => {
    const at = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(
        at,
        at,
        fc.integer({ min: 20, max: 200 }),
        fc.boolean(),
        (a, b, width, isDates) => {
          const [from, to] = a < b ? [a, b] : [b, a]
          fc.pre(to > from)
          const ticks = timeTicks({ from, to }, width, { isDates })
          expect(ticks.every((tick) => tick.at >= from && tick.at <= to)).toBe(true)
          expect(ticks.every((tick, i) => i === 0 || tick.at > ticks[i - 1]!.at)).toBe(true)
          expect(ticks.length).toBeLessThanOrEqual(width / 4)
        },
      ),
    )
  })

  it.each<[string, string, number, string[]]>([
    [
      '1987-05-20',
      '2026-08-18',
      60,
      ['1990', '1995', '2000', '2005', '2010', '2015', '2020', '2025'],
    ],
    ['2025-11-15', '2026-08-18', 60, ['2026-01', '2026-04', '2026-07']],
    ['2026-01-20', '2026-04-10', 60, ['2026-02', '2026-03', '2026-04']],
    ['2026-08-01', '2026-08-23', 30, ['08-03', '08-10', '08-17']],
    ['2026-08-29', '2026-09-04', 40, ['08-29', '09-01', '09-03']],
    [
      '2026-08-17T22:10:00Z',
      '2026-08-18T03:00:00Z',
      50,
      ['23:00', '08-18', '01:00', '02:00', '03:00'],
    ],
    [
      '2026-08-17T22:10:07Z',
      '2026-08-17T22:10:42Z',
      40,
      ['22:10:10', '22:10:20', '22:10:30', '22:10:40'],
    ],
  ])('from %s to %s', (from, to, width, labels) => {
    expect(labelsOf(from, to, width)).toEqual(labels)
  })

  it('are round on the clocks of a zone, also where they are changed', async () => {
    const zone = await openZone('Europe/Brussels')
    const range = ['2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z'] as const
    expect(labelsOf(...range, 40, { zone })).toEqual(['18:00', '03-29', '06:00', '12:00'])
    const at = timeTicks({ from: ns(range[0]), to: ns(range[1]) }, 40, { zone })
    expect(at.map((tick) => Number(tick.at - ns(range[0])) / 3.6e12)).toEqual([5, 11, 16, 22])
  })

  it('count nanoseconds where that is all there is', () => {
    const from = ns('2026-08-17T22:10:07Z')
    const ticks = timeTicks({ from: from + 3n, to: from + 40n }, 60)
    expect(ticks.map(({ label }) => label)).toEqual([
      '.00000001',
      '.00000002',
      '.00000003',
      '.00000004',
    ])
    expect(ticks[0]!.full).toBe('2026-08-17 22:10:07.00000001')
  })
})
