import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BoundTexts, boundsFor, closedSides } from '../../src/core/bounds.ts'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { encodeKeyPrefix } from '../../src/core/key.ts'
import type { Schema } from '../../src/core/schema.ts'
import { formatInstant, parseDate, parseInstant } from '../../src/core/time.ts'
import { openZone, type Zone } from '../../src/core/zone.ts'

function indexedBy(...types: ColumnType[]): Schema {
  return {
    columns: types.map((type, position) => ({ name: `k${position}`, type })),
    indexCount: types.length,
    duplicates: false,
  }
}

/** Which of the keys a bound in words lets through. */
function select(types: ColumnType[], texts: BoundTexts, keys: Scalar[][], zone?: Zone): Scalar[][] {
  const { from, to } = boundsFor(indexedBy(...types), texts, zone)
  return keys.filter((key) => {
    const bytes = encodeKeyPrefix(types, key)
    const side = (bound: Uint8Array) => {
      const prefix = Buffer.compare(bytes.subarray(0, bound.length), bound)
      return prefix
    }
    if (from !== undefined) {
      const order = side(from.key)
      if (order < 0 || (order === 0 && !from.inclusive)) return false
    }
    if (to !== undefined) {
      const order = side(to.key)
      if (order > 0 || (order === 0 && !to.inclusive)) return false
    }
    return true
  })
}

describe('bounds on dates', () => {
  const days = ['2026-07-31', '2026-08-01', '2026-08-17', '2026-08-21', '2026-08-31', '2026-09-01']
  const chosen = (texts: BoundTexts) =>
    select(
      ['date'],
      texts,
      days.map((day) => [parseDate(day)]),
    ).map(([day]) => days[days.map(parseDate).indexOf(day as number)])

  it('have all of both days, whatever is closed', () => {
    for (const closed of closedSides) {
      expect(chosen({ from: '2026-08-17', to: '2026-08-21', closed })).toEqual([
        '2026-08-17',
        '2026-08-21',
      ])
    }
  })

  it('start and end with a month or a year', () => {
    expect(chosen({ from: '2026-08' })).toEqual(days.slice(1))
    expect(chosen({ to: '2026-08' })).toEqual(days.slice(0, 5))
    expect(chosen({ from: '2026-08', to: '2026-08' })).toEqual(days.slice(1, 5))
    expect(chosen({ from: '2026', to: '2026' })).toEqual(days)
    expect(chosen({ from: '2027' })).toEqual([])
    expect(chosen({ to: '2025' })).toEqual([])
  })

  it('compare an instant with the midnight of the day', () => {
    expect(chosen({ from: '2026-08-17T12:00' })).toEqual(days.slice(3))
    expect(chosen({ to: '2026-08-17T12:00' })).toEqual(days.slice(0, 3))
    expect(chosen({ to: '2026-08-17T00:00' })).toEqual(days.slice(0, 2))
    expect(chosen({ to: '2026-08-17T00:00', closed: 'right' })).toEqual(days.slice(0, 3))
  })

  it('mean a day or all of a longer period by --at', () => {
    expect(chosen({ at: '2026-08-17' })).toEqual(['2026-08-17'])
    expect(chosen({ at: '2026-08-17T00:00Z' })).toEqual(['2026-08-17'])
    expect(chosen({ at: '2026-08' })).toEqual(days.slice(1, 5))
    expect(chosen({ at: '2026' })).toEqual(days)
    expect(chosen({ at: '+999999999' })).toEqual([])
    expect(() => chosen({ at: '2026-08-17T10:00' })).toThrow('--at: no date is')
  })
})

describe('bounds on timestamps', () => {
  const type = 'timestamp_s'
  const texts = [
    '2026-08-16T23:59:59Z',
    '2026-08-17T00:00:00Z',
    '2026-08-17T10:00:00Z',
    '2026-08-17T10:00:01Z',
    '2026-08-17T23:59:59Z',
    '2026-08-18T00:00:00Z',
  ]
  const chosen = (bounds: BoundTexts) =>
    select(
      [type],
      bounds,
      texts.map((text) => [parseInstant(text, type)]),
    ).map(([value]) => formatInstant(value as bigint, type))

  it('have whole periods on both sides', () => {
    expect(chosen({ from: '2026-08-17', to: '2026-08-17' })).toEqual(texts.slice(1, 5))
    expect(chosen({ from: '2026-08-17T10', to: '2026-08-17T10' })).toEqual(texts.slice(2, 4))
    expect(chosen({ from: '2026-08-17', to: '2026-08-17', closed: 'none' })).toHaveLength(4)
  })

  it.each([
    ['left', 2, 3],
    ['right', 3, 4],
    ['both', 2, 4],
    ['none', 3, 3],
  ] as const)('take instants as %s closed', (closed, first, end) => {
    const range = { from: '2026-08-17T10:00:00Z', to: '2026-08-17T10:00:01Z', closed }
    expect(chosen(range)).toEqual(texts.slice(first, end))
  })

  it('place an instant between two units exactly', () => {
    expect(chosen({ from: '2026-08-17T10:00:00.5' })).toEqual(texts.slice(3))
    expect(chosen({ from: '2026-08-17T10:00:00.5', closed: 'none' })).toEqual(texts.slice(3))
    expect(chosen({ to: '2026-08-17T10:00:00.5' })).toEqual(texts.slice(0, 3))
    expect(chosen({ to: '2026-08-17T10:00:00.5', closed: 'both' })).toEqual(texts.slice(0, 3))
  })

  it('have a key or all of a period by --at, as by --from and --to', () => {
    expect(chosen({ at: '2026-08-17T10:00' })).toEqual(['2026-08-17T10:00:00Z'])
    expect(chosen({ at: '@1786960800' })).toEqual(['2026-08-17T10:00:00Z'])
    expect(chosen({ at: '2026-08-17' })).toEqual(texts.slice(1, 5))
    expect(chosen({ at: '2026-08-17T10' })).toEqual(texts.slice(2, 4))
    expect(chosen({ at: '2026' })).toEqual(texts)
    expect(chosen({ at: '2020' })).toEqual([])
    expect(() => chosen({ at: '1786960800' })).toThrow('--at: not a date or time')
    expect(() => chosen({ at: '2026-08-17T10:00:00.5' })).toThrow('--at: no timestamp_s is')
  })

  it('reach past what nanoseconds can hold', () => {
    const ends = [[-(2n ** 63n)], [0n], [2n ** 63n - 1n]]
    const within = (bounds: BoundTexts) => select(['timestamp_ns'], bounds, ends)
    expect(within({ from: '1000', to: '3000' })).toEqual(ends)
    expect(within({ from: '1677', to: '2262' })).toEqual(ends)
    expect(within({ from: '3000' })).toEqual([])
    expect(within({ to: '1000' })).toEqual([])
  })

  it('agree with comparing moments, for every unit and side', () => {
    const units = { timestamp_s: 1000, timestamp_ms: 1 } as const
    fc.assert(
      fc.property(
        fc.constantFrom('timestamp_s' as const, 'timestamp_ms' as const),
        fc.constantFrom(...closedSides),
        fc.integer({ min: -5000, max: 5000 }),
        fc.integer({ min: 0, max: 4000 }),
        fc.array(fc.integer({ min: -10_000, max: 10_000 }), { maxLength: 20 }),
        (unit, closed, from, length, milliseconds) => {
          const keys = milliseconds.map((value) => [BigInt(Math.floor(value / units[unit]))])
          const to = from + length
          const expected = keys.filter(([key]) => {
            const moment = Number(key) * units[unit]
            const after = closed === 'left' || closed === 'both' ? moment >= from : moment > from
            const before = closed === 'right' || closed === 'both' ? moment <= to : moment < to
            return after && before
          })
          const iso = (value: number) => new Date(value).toISOString()
          const bounds = { from: iso(from), to: iso(to), closed }
          expect(select([unit], bounds, keys)).toEqual(expected)
        },
      ),
    )
  })
})

describe('bounds in a zone', async () => {
  const type = 'timestamp_s'
  const brussels = await openZone('Europe/Brussels')
  const hours = (from: string, count: number): Scalar[][] =>
    Array.from({ length: count }, (_, hour) => [parseInstant(from, type) + BigInt(hour) * 3600n])
  const ends = (bounds: BoundTexts, keys: Scalar[][]) => {
    const found = select([type], bounds, keys, brussels)
    const texts = found.map(([value]) => formatInstant(value as bigint, type))
    return [texts[0], texts.at(-1), texts.length]
  }

  it('are days of 23 and of 25 hours where clocks are changed', () => {
    const spring = hours('2026-03-27', 100)
    expect(ends({ from: '2026-03-29', to: '2026-03-29' }, spring)).toEqual([
      '2026-03-28T23:00:00Z',
      '2026-03-29T21:00:00Z',
      23,
    ])
    const autumn = hours('2026-10-23', 100)
    expect(ends({ at: '2026-10-25' }, autumn)).toEqual([
      '2026-10-24T22:00:00Z',
      '2026-10-25T22:00:00Z',
      25,
    ])
    expect(ends({ at: '2026-10-25T02' }, autumn)).toEqual([
      '2026-10-25T00:00:00Z',
      '2026-10-25T01:00:00Z',
      2,
    ])
  })

  it('are local unless they have an offset', () => {
    const keys = hours('2026-08-17', 24)
    expect(ends({ from: '2026-08-17T12:00' }, keys)[0]).toBe('2026-08-17T10:00:00Z')
    expect(ends({ from: '2026-08-17T12:00Z' }, keys)[0]).toBe('2026-08-17T12:00:00Z')
    expect(ends({ at: '2026-08-17T12:00' }, keys)[0]).toBe('2026-08-17T10:00:00Z')
    expect(select(['date'], { at: '1970-01-02' }, [[0], [1], [2]], brussels)).toEqual([[1]])
  })

  it('are refused where they are times that are not there, or twice', () => {
    expect(() => ends({ from: '2026-03-29T02:30' }, [])).toThrow(
      '--from: clocks in Europe/Brussels never show 2026-03-29T02:30',
    )
    expect(() => ends({ at: '2026-03-29T02' }, [])).toThrow('never show')
    expect(() => ends({ to: '2026-10-25T02:30' }, [])).toThrow(
      expect.objectContaining({
        message: '--to: clocks in Europe/Brussels show 2026-10-25T02:30 twice',
        hint: 'say which: 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00',
      }),
    )
  })

  it('reach past all that there is', () => {
    expect(ends({ from: '-200000000000', to: '+200000000000' }, hours('2026-01-01', 1))[2]).toBe(1)
  })
})

describe('bounds on other types', () => {
  const numbers = [[-5], [0], [2], [7]]

  it('take numbers as they are', () => {
    const chosen = (bounds: BoundTexts) => select(['int32'], bounds, numbers)
    expect(chosen({ from: '0', to: '7' })).toEqual([[0], [2]])
    expect(chosen({ from: '0', to: '7', closed: 'right' })).toEqual([[2], [7]])
    expect(chosen({ from: '2', to: '2' })).toEqual([])
    expect(chosen({ at: '2' })).toEqual([[2]])
    expect(chosen({ from: '-4' })).toEqual([[0], [2], [7]])
  })

  it('take a year-like number on a number as that number', () => {
    expect(select(['int32'], { from: '2026' }, [[2025], [2026], [2027]])).toEqual([[2026], [2027]])
  })

  it('order strings by their bytes', () => {
    const words = [['a'], ['ab'], ['b'], ['ﬀ'], ['😀']]
    const chosen = (bounds: BoundTexts) => select(['string'], bounds, words)
    expect(chosen({ from: 'ab', to: 'b' })).toEqual([['ab']])
    expect(chosen({ from: 'ﬀ', closed: 'none' })).toEqual([['😀']])
    expect(chosen({ at: 'a' })).toEqual([['a']])
  })

  it('take floats, −0 as 0, and never NaN', () => {
    const values = [[-1.5], [0], [0.1]]
    const chosen = (bounds: BoundTexts) => select(['float64'], bounds, values)
    expect(chosen({ from: '-0', to: '0.1', closed: 'both' })).toEqual([[0], [0.1]])
    expect(chosen({ from: '-inf' })).toEqual(values)
    expect(() => chosen({ from: 'NaN' })).toThrow('--from: NaN is never a key')
    const narrow = [[Math.fround(0.1)]]
    expect(select(['float32'], { at: '0.1' }, narrow)).toEqual(narrow)
  })

  it('bound the first of several index columns, each key with all that follows it', () => {
    const types: ColumnType[] = ['date', 'string']
    const keys = [
      [1, 'a'],
      [2, 'a'],
      [2, 'b'],
      [3, 'a'],
    ]
    const chosen = (bounds: BoundTexts) => select(types, bounds, keys)
    expect(chosen({ from: '1970-01-03', to: '1970-01-03' })).toEqual([
      [2, 'a'],
      [2, 'b'],
    ])
    expect(chosen({ at: '1970-01-03' })).toEqual([
      [2, 'a'],
      [2, 'b'],
    ])
    expect(chosen({ at: ['1970-01-03', 'b'] })).toEqual([[2, 'b']])
    const numbered = [
      [1, 'a'],
      [2, 'a'],
      [2, 'b'],
      [3, 'a'],
    ]
    expect(select(['int8', 'string'], { from: '2', closed: 'none' }, numbered)).toEqual([[3, 'a']])
    expect(select(['int8', 'string'], { to: '2', closed: 'both' }, numbered)).toHaveLength(3)
  })

  it('begin and end at whole keys', () => {
    const types: ColumnType[] = ['string', 'date']
    const keys = [
      ['a', 30],
      ['a', 31],
      ['b', 31],
      ['b', 58],
      ['b', 59],
      ['c', 0],
    ]
    const chosen = (bounds: BoundTexts) => select(types, bounds, keys)
    expect(chosen({ from: ['a', '1970-02-01'] })).toEqual(keys.slice(1))
    expect(chosen({ from: { shown: 'a,1970-02-01' } })).toEqual(keys.slice(1))
    expect(chosen({ from: ['a', '1970-02-01'], to: ['b', '1970-02'] })).toEqual(keys.slice(1, 4))
    expect(chosen({ to: ['b', '+999999999'] })).toEqual(keys.slice(0, 5))
    expect(chosen({ to: 'b', closed: 'right' })).toEqual(keys.slice(0, 5))
    expect(chosen({ at: { shown: 'b,1970-03-01' } })).toEqual([['b', 59]])
    expect(select(['string'], { at: { shown: 'a,b' } }, [['a'], ['a,b']])).toEqual([['a,b']])
    expect(() => chosen({ from: ['b', '1970'], to: ['a', '1971'] })).toThrow(
      '--from b,1970 is after --to a,1971',
    )
    expect(() => chosen({ from: ['a', 'x'] })).toThrow('--from: not a date')
    expect(() => chosen({ to: ['a', '1970', '1'] })).toThrow('--to takes 1 to 2 values here')
  })

  it('take a period behind the values of other index columns, and nothing behind it', () => {
    const types: ColumnType[] = ['string', 'date']
    const keys = [
      ['a', 30],
      ['a', 31],
      ['a', 58],
      ['a', 59],
      ['b', 31],
    ]
    expect(select(types, { at: ['a', '1970-02'] }, keys)).toEqual(keys.slice(1, 3))
    expect(select(types, { at: ['a', '+999999999'] }, keys)).toEqual([])
    expect(select(types, { at: ['a', '-999999999'] }, keys)).toEqual([])
    expect(() => select(['date', 'int8'], { at: ['1970-02', '1'] }, [])).toThrow(
      '--at 1970-02 is a period: no other value can follow it',
    )
  })
})

describe('bounds that mean nothing', () => {
  const dates = indexedBy('date')

  it.each([
    [{ from: '' }, 'usage', '--from is empty'],
    [{ to: '' }, 'usage', '--to is empty'],
    [{ at: '' }, 'usage', '--at is empty'],
    [{ at: '2026-08-17', from: '2026' }, 'usage', '--at means one key'],
    [{ at: ['2026-08-17', 'x'] }, 'usage', '--at takes one value'],
    [{ at: [] }, 'usage', '--at takes one value'],
    [{ from: '2026-08', to: '2026-07' }, 'usage', '--from 2026-08 is after --to 2026-07'],
    [{ from: '2026-02-30' }, 'invalid-date', '--from: not a date or time'],
    [{ to: 'tomorrow' }, 'invalid-date', '--to: not a date or time'],
  ])('%j are refused', (texts, code, message) => {
    expect(() => boundsFor(dates, texts)).toThrow(expect.objectContaining({ code }))
    expect(() => boundsFor(dates, texts)).toThrow(message)
  })

  it('are none of these: the empty string is a key where keys are text', () => {
    const { from, to } = boundsFor(indexedBy('string'), { at: '' })
    expect(from).toEqual({ key: encodeKeyPrefix(['string'], ['']), inclusive: true })
    expect(to).toEqual(from)
  })

  it('are open when they are not given', () => {
    expect(boundsFor(dates, {})).toEqual({})
    expect(boundsFor(dates, { from: undefined, to: undefined })).toEqual({})
  })

  it('say which option and type were meant', () => {
    expect(() => boundsFor(indexedBy('int8'), { to: '300' })).toThrow(
      expect.objectContaining({
        code: 'invalid-value',
        data: expect.objectContaining({ option: '--to' }),
      }),
    )
  })
})
