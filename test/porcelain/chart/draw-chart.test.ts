import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import {
  type ChartLine,
  type ChartOptions,
  chartBuckets,
  drawChart,
} from '../../../src/porcelain/chart/draw-chart.ts'
import { sparkline } from '../../../src/porcelain/chart/sparkline.ts'
import type { PlotData } from '../../../src/porcelain/plot-data.ts'
import { type PlotOf, plotOf, type Values } from '../../support/plots.ts'

const textOf = (lines: readonly ChartLine[]) =>
  lines.map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  )
const ascii = (columns: Record<string, PlotOf>, width: number, height: number, more = {}) => {
  const plot = plotOf(columns, chartBuckets(width, 'ascii'))
  return textOf(drawChart(plot, { width, height, marks: 'ascii', ...more }))
}

const values: fc.Arbitrary<Values> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
    { weight: 3, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }) },
    { weight: 2, arbitrary: fc.constantFrom(null, undefined) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, 5e-324) },
  ),
  { maxLength: 60 },
)
const name = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.constantFrom(
    'Price',
    '価格の平均',
    '\u202e\u001b[2J',
    '👩‍👩‍👧',
    'e\u0301'.repeat(30),
    '\u1100\u1161 ',
  ),
)

const LINE = `v
        10 +        ***********
           |    *****         ****
           |  ***                ****
         0 +***                     ****
           |                           ***                ***
           |                             *****         ****
       -10 +                                 ***********
         t ++-------------------+-------------------+--------
            0                  20                  40`

describe('a chart', () => {
  it('has exactly the size asked for, whatever it shows', () => {
    const options = fc.record({
      width: fc.integer({ min: 1, max: 150 }),
      height: fc.integer({ min: 1, max: 50 }),
      marks: fc.constantFrom<ChartOptions['marks']>('braille', 'ascii'),
      cursor: fc.option(fc.nat(200), { nil: undefined }),
    })
    const version = fc.option(values, { nil: undefined })
    const columns = fc.dictionary(name, fc.record({ after: version, before: version }), {
      maxKeys: 4,
    })
    const axis = fc.constantFrom(
      { kind: 'number', type: 'int64' } as const,
      { kind: 'date', type: 'date' } as const,
      { kind: 'time', type: 'timestamp_ns' } as const,
    )
    fc.assert(
      fc.property(
        options,
        columns,
        fc.integer({ min: 1, max: 300 }),
        axis,
        (size, given, buckets, kind) => {
          const lines = drawChart(plotOf(given, buckets, kind), size)
          expect(lines).toHaveLength(size.height)
          for (const line of lines) {
            const text = line.map((span) => span.text).join('')
            expect(stringWidth(text)).toBe(size.width)
            expect(text).not.toMatch(/[\p{Cc}\u202e]/u)
          }
        },
      ),
    )
  })

  it('shows the smallest and the largest value at its foot and top', () => {
    const many = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 2,
      maxLength: 500,
    })
    fc.assert(
      fc.property(many, (after) => {
        fc.pre(Math.min(...after) < Math.max(...after))
        const lines = ascii({ v: { after } }, 60, 14).slice(1, -2)
        expect(lines[0]!.slice(12)).toContain('*')
        expect(lines.at(-1)!.slice(12)).toContain('*')
      }),
    )
  })

  it('draws a line', () => {
    const after = Array.from({ length: 49 }, (_, i) => Math.round(10 * Math.sin(i / 8)))
    expect(ascii({ v: { after } }, 61, 10)).toEqual(LINE.split('\n'))
  })

  it('tells versions apart without colours, and draws what is equal once', () => {
    const before = Array.from({ length: 49 }, (_, i) => i)
    const after = before.map((value, i) => (i > 20 && i < 30 ? value + 15 : value))
    const plot = plotOf({ v: { before, after } }, 98)
    const braille = drawChart(plot, { width: 61, height: 10, marks: 'braille' })
    const roles = new Set(braille.flat().map(({ role }) => role))
    expect(roles).toEqual(new Set(['label', 'axis', 'before', 'after', 'both']))
    expect(ascii({ v: { before, after } }, 61, 12).join('')).toMatch(/[*].*#.*[.]/)
    const same = drawChart(plotOf({ v: { before, after: before } }, 98), {
      width: 61,
      height: 10,
      marks: 'braille',
    })
    const drawn = new Set(
      same
        .slice(1)
        .flat()
        .map(({ role }) => role),
    )
    expect(drawn).toEqual(new Set(['label', 'axis', 'both']))
  })

  it('does not go across rows without a value or missing rows', () => {
    const level = (gap: null | undefined) =>
      Array.from({ length: 49 }, (_, i) => (i > 20 && i < 30 ? gap : 5))
    for (const gap of [null, undefined]) {
      const [line] = ascii({ v: { after: level(gap) } }, 61, 6).filter((text) =>
        text.includes('***'),
      )
      expect(line!.slice(12)).toMatch(/^[*]{20,22} {8,10}[*]{18,20}$/)
    }
    expect(ascii({ v: { after: level(null) } }, 61, 6).join()).toMatch(
      /x 9 without a value.*x{8,10}-/s,
    )
    const few = Array.from({ length: 49 }, (_, i) => (i % 8 === 0 ? 5 : undefined))
    const [joined] = ascii({ v: { after: few } }, 61, 6).filter((text) => text.includes('***'))
    expect(joined!.slice(12)).toMatch(/^[*]{49}$/)
  })

  it.each<[string, Record<string, PlotOf>, RegExp]>([
    ['nothing', {}, /no column of numbers/],
    ['no rows', { v: { after: [] } }, /no rows/],
    ['no values', { v: { after: [null, Number.NaN, Infinity] } }, /no values in this range/],
    ['one row', { v: { after: [7] } }, /7 [+].*[*]/],
    ['one value throughout', { v: { after: [3, 3, 3, 3] } }, /3 [+][*]{28}/],
    ['a tiny range', { v: { after: [1e-300, 2e-300] } }, /e-300 [+]/],
    ['a range as large as there is', { v: { after: [-1.7e308, 1.7e308] } }, /e308 [+]/],
    ['a version that is gone', { v: { before: [1, 2, 3] } }, /[.] before/],
  ])('draws %s', (_, columns, expected) => {
    expect(ascii(columns, 40, 10).join('\n')).toMatch(expected)
  })

  it('draws columns one above the other, as many as have room', () => {
    const columns = Object.fromEntries(['a', 'b', 'c'].map((key) => [key, { after: [1, 2, 3] }]))
    const legends = (lines: string[]) => lines.filter((line) => /^[abc]$/.test(line))
    expect(legends(ascii(columns, 40, 20))).toEqual(['a', 'b', 'c'])
    expect(legends(ascii(columns, 40, 11))).toEqual(['a', 'b'])
    expect(legends(ascii(columns, 40, 20, { columns: ['b'] }))).toEqual(['b'])
  })

  it('marks the cursor from top to foot', () => {
    const plot: PlotData = plotOf({ v: { after: [1, 2, 3] } }, 28)
    const lines = drawChart(plot, { width: 40, height: 10, marks: 'ascii', cursor: 14 })
    const marked = lines.filter((line) => line.some(({ role }) => role === 'cursor'))
    expect(marked).toHaveLength(8)
  })
})

describe('a sparkline', () => {
  it('has a bar a value, and of more values those that stand out', () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8], { marks: 'braille' })).toBe('▁▂▃▄▅▆▇█')
    expect(sparkline([0, Number.NaN, 1], { marks: 'ascii' })).toBe('_ #')
    expect(sparkline([5, 5], { marks: 'braille' })).toBe('▅▅')
    expect(sparkline([], { width: 5, marks: 'braille' })).toBe('')
    const spike = Array.from({ length: 1000 }, (_, i) => (i === 777 ? 9 : 1))
    expect(sparkline(spike, { width: 10, marks: 'braille' })).toBe('▁▁▁▁▁▁▁█▁▁')
  })

  it('is never wider than asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.nat(40), (numbers, width) => {
        const line = sparkline(numbers, { width, marks: 'braille' })
        expect(line).toHaveLength(Math.min(width, numbers.length))
      }),
    )
  })
})
