import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TimestampType } from '../../src/core/column.ts'
import {
  civilFromDays,
  daysFromCivil,
  formatDate,
  formatInstant,
  parseDate,
  parseInstant,
  unitsPerSecond,
} from '../../src/core/time.ts'

const types = Object.keys(unitsPerSecond) as TimestampType[]
const anyType = fc.constantFrom(...types)
const anyInt64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

describe('instants', () => {
  it.each([
    ['1970-01-01', 0n],
    ['1970-01-01T00:00:01Z', 1_000_000_000n],
    ['1970-01-01T00:00:00.000000001Z', 1n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['2026-08-17T10:00:00Z', 1_786_960_800_000_000_000n],
    ['2026-08-17 10:00:00', 1_786_960_800_000_000_000n],
    ['2026-08-17t10:00:00z', 1_786_960_800_000_000_000n],
    ['2026-08-17T10', 1_786_960_800_000_000_000n],
    ['2026-08-17T10:00', 1_786_960_800_000_000_000n],
    ['2026-08-17T1000', 1_786_960_800_000_000_000n],
    ['2026-08-17T12:00:00+02:00', 1_786_960_800_000_000_000n],
    ['2026-08-17T12:00:00+0200', 1_786_960_800_000_000_000n],
    ['2026-08-17 12:00:00 +02', 1_786_960_800_000_000_000n],
    ['2026-08-17 10:00:00 UTC', 1_786_960_800_000_000_000n],
    ['2026-08-16T19:30:00-14:30', 1_786_960_800_000_000_000n],
    ['2026-08-17T10:00:00,5Z', 1_786_960_800_500_000_000n],
    ['2026-08-17T10:00:00.500000000000Z', 1_786_960_800_500_000_000n],
    ['2000-02-29', 951_782_400_000_000_000n],
    ['1677-09-21T00:12:43.145224192Z', -(2n ** 63n)],
    ['2262-04-11T23:47:16.854775807Z', 2n ** 63n - 1n],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseInstant(text, 'timestamp_ns')).toBe(nanoseconds)
  })

  it.each([
    '',
    'now',
    '2026',
    '2026-08',
    '2026-8-17',
    '26-08-17',
    '20260817',
    '2026-02-30',
    '2026-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-08-00',
    '2026-08-17T24',
    '2026-08-17T24:00:01',
    '2026-08-17T24:00:00.5',
    '2026-08-17T23:60:00',
    '2026-12-31T23:59:60Z',
    '2026-08-17T10:00:00+24:00',
    '2026-08-17T10:00:00+02:60',
    '2026-08-17T10:00:00.Z',
    '2026-08-17T10:00.5',
    '2026-08-17Z',
    '2026-08-17 ',
    ' 2026-08-17',
    '2026-08-17T10:00:00 CET',
    '-000000-01-01',
    '2026-08-17T10:00:00Z\n',
    '２０２６-08-17',
  ])('refuses %j', (text) => {
    for (const type of types) {
      expect(() => parseInstant(text, type)).toThrow(
        expect.objectContaining({ code: 'invalid-value' }),
      )
    }
  })

  it('takes 24:00 for the midnight that ends the day', () => {
    for (const text of ['2026-12-31T24:00', '2026-12-31 24:00:00Z', '2026-12-31T24:00:00.000']) {
      expect(parseInstant(text, 'timestamp_s')).toBe(parseInstant('2027-01-01', 'timestamp_s'))
    }
    expect(parseInstant('2026-12-31T24:00+01:00', 'timestamp_s')).toBe(
      parseInstant('2026-12-31T23:00Z', 'timestamp_s'),
    )
  })

  it('says why a day or a time does not exist', () => {
    expect(() => parseInstant('2026-02-30', 'timestamp_s')).toThrow('2026-02 has 28 days')
    expect(() => parseInstant('2026-08-17T25:00', 'timestamp_s')).toThrow('hours go from 00 to 23')
    expect(() => parseInstant('2026-08-17T24:01', 'timestamp_s')).toThrow(
      '24:00 alone is the end of a day',
    )
    expect(() => parseInstant('2026-06-30T23:59:60Z', 'timestamp_s')).toThrow('seconds go from 00')
    expect(() => parseDate('2026-13-01')).toThrow('there is no month 13')
  })

  it('refuses digits the type cannot hold, and takes zeros beyond them', () => {
    expect(() => parseInstant('2026-08-17T10:00:00.5', 'timestamp_s')).toThrow('exactly')
    expect(() => parseInstant('2026-08-17T10:00:00.0005', 'timestamp_ms')).toThrow('exactly')
    expect(() => parseInstant('2026-08-17T10:00:00.0000000001', 'timestamp_ns')).toThrow('exactly')
    expect(parseInstant('2026-08-17T10:00:00.000', 'timestamp_s')).toBe(1_786_960_800n)
    expect(parseInstant('2026-08-17T10:00:00.250000', 'timestamp_ms')).toBe(1_786_960_800_250n)
  })

  it('refuses what lies outside the range of the type', () => {
    for (const text of [
      '1677-09-21T00:12:43.145224191Z',
      '2262-04-11T23:47:16.854775808Z',
      '2262-04-12',
      '1677-09-21T01:12:43.145224191+01:00',
    ]) {
      expect(() => parseInstant(text, 'timestamp_ns')).toThrow('outside the range of timestamp_ns')
    }
    expect(() => parseInstant('+300000-01-01', 'timestamp_us')).toThrow('outside the range')
    expect(parseInstant('+300000-01-01', 'timestamp_ms')).toBe(9_404_918_380_800_000n)
  })

  it('writes them with no more digits than needed', () => {
    expect(formatInstant(1_786_960_800n, 'timestamp_s')).toBe('2026-08-17T10:00:00Z')
    expect(formatInstant(1_786_960_800_000n, 'timestamp_ms')).toBe('2026-08-17T10:00:00Z')
    expect(formatInstant(1_786_960_800_250n, 'timestamp_ms')).toBe('2026-08-17T10:00:00.25Z')
    expect(formatInstant(1n, 'timestamp_us')).toBe('1970-01-01T00:00:00.000001Z')
    expect(formatInstant(-1n, 'timestamp_ns')).toBe('1969-12-31T23:59:59.999999999Z')
    expect(formatInstant(-62_167_219_201n, 'timestamp_s')).toBe('-000001-12-31T23:59:59Z')
    expect(formatInstant(253_402_300_800n, 'timestamp_s')).toBe('+010000-01-01T00:00:00Z')
  })

  it('reads back what it writes, over the whole range of every unit', () => {
    fc.assert(
      fc.property(anyType, anyInt64, (type, value) => {
        expect(parseInstant(formatInstant(value, type), type)).toBe(value)
      }),
      { numRuns: 1000 },
    )
  })

  it('agrees with Date wherever Date reaches', () => {
    const milliseconds = fc.integer({ min: -8.64e15, max: 8.64e15 })
    fc.assert(
      fc.property(milliseconds, (value) => {
        const iso = new Date(value).toISOString()
        expect(parseInstant(iso, 'timestamp_ms')).toBe(BigInt(value))
        expect(formatInstant(BigInt(value), 'timestamp_ms')).toBe(
          iso.endsWith('.000Z') ? iso.replace('.000Z', 'Z') : iso.replace(/0*Z$/, 'Z'),
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('repeats every 400 years, to the ends of 64-bit seconds', () => {
    const secondsIn400Years = 146_097n * 86_400n
    const eras = fc.integer({ min: -700_000_000, max: 700_000_000 })
    const seconds = fc.integer({ min: -1e12, max: 1e12 })
    fc.assert(
      fc.property(eras, seconds, (era, inEra) => {
        const date = new Date(inEra * 1000)
        const year = date.getUTCFullYear() + era * 400
        const sign = year < 0 ? '-' : '+'
        const shown =
          year >= 0 && year <= 9999
            ? String(year).padStart(4, '0')
            : sign + String(Math.abs(year)).padStart(6, '0')
        const rest = date.toISOString().slice(-20, -5)
        expect(formatInstant(BigInt(inEra) + BigInt(era) * secondsIn400Years, 'timestamp_s')).toBe(
          `${shown}${rest}Z`,
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('takes an offset off exactly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -6e10, max: 2e11 }),
        fc.integer({ min: -1439, max: 1439 }),
        (seconds, offset) => {
          const local = formatInstant(BigInt(seconds + offset * 60), 'timestamp_s').slice(0, -1)
          const size = Math.abs(offset)
          const digits = (part: number) => String(part).padStart(2, '0')
          const suffix = `${offset < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(size % 60)}`
          expect(parseInstant(local + suffix, 'timestamp_s')).toBe(BigInt(seconds))
        },
      ),
    )
  })
})

describe('dates', () => {
  it('reads and writes days', () => {
    expect(parseDate('1970-01-01')).toBe(0)
    expect(parseDate('1969-12-31')).toBe(-1)
    expect(parseDate('2024-02-29')).toBe(19_782)
    expect(formatDate(19_782)).toBe('2024-02-29')
    expect(formatDate(-(2 ** 31))).toBe('-5877641-06-23')
    expect(formatDate(2 ** 31 - 1)).toBe('+5881580-07-11')
  })

  it.each([
    '',
    '2026-02-30',
    '2026-08',
    '2026-08-17T00:00:00Z',
    '17.08.2026',
    '2026/08/17',
    '20260817',
  ])('refuses %j', (text) => {
    expect(() => parseDate(text)).toThrow(expect.objectContaining({ code: 'invalid-value' }))
  })

  it('refuses days further than 32 bits count', () => {
    expect(parseDate('+5881580-07-11')).toBe(2 ** 31 - 1)
    expect(() => parseDate('+5881580-07-12')).toThrow('outside the range of date')
    expect(parseDate('-5877641-06-23')).toBe(-(2 ** 31))
    expect(() => parseDate('-5877641-06-22')).toThrow('outside the range of date')
  })

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer(), (days) => {
        expect(parseDate(formatDate(days))).toBe(days)
      }),
    )
  })

  it('agrees with Date', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
        const date = new Date(days * 86_400_000)
        const civil = {
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        }
        expect(civilFromDays(days)).toEqual(civil)
        expect(daysFromCivil(civil.year, civil.month, civil.day)).toBe(days)
      }),
      { numRuns: 1000 },
    )
  })
})
