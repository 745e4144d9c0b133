import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePeriod } from '../../src/core/period.ts'
import { formatDate, parseInstant } from '../../src/core/time.ts'
import { openZone } from '../../src/core/zone.ts'

const at = (text: string) => parseInstant(text, 'timestamp_ns')

describe('parsePeriod', () => {
  it.each([
    ['2026', '2026-01-01', '2027-01-01'],
    ['2026-08', '2026-08-01', '2026-09-01'],
    ['2026-12', '2026-12-01', '2027-01-01'],
    ['2024-02', '2024-02-01', '2024-03-01'],
    ['2026-08-17', '2026-08-17', '2026-08-18'],
    ['2026-08-17T10', '2026-08-17T10:00', '2026-08-17T11:00'],
    ['2026-08-17T10+02:00', '2026-08-17T08:00', '2026-08-17T09:00'],
    ['2026-08-17T10:30', '2026-08-17T10:30', '2026-08-17T10:30'],
    [
      '2026-08-17T10:30:05.000000001Z',
      '2026-08-17T10:30:05.000000001',
      '2026-08-17T10:30:05.000000001',
    ],
    ['@0', '1970-01-01', '1970-01-01'],
    ['@-1.5', '1969-12-31T23:59:58.5', '1969-12-31T23:59:58.5'],
    ['@1786960800.25', '2026-08-17T10:00:00.25', '2026-08-17T10:00:00.25'],
  ])('%s goes from %s to %s', (text, start, end) => {
    expect(parsePeriod(text)).toEqual({ start: at(start), end: at(end) })
  })

  it.each([
    '',
    '26',
    '2026-13',
    '2026-02-30',
    '2026-8',
    '2026-08-17T24',
    'now',
    '@',
    '@1e5',
    '1786960800',
    '2026-08-17T10:00:00.1234567891',
  ])('refuses %j', (text) => {
    expect(() => parsePeriod(text)).toThrow(expect.objectContaining({ code: 'invalid-date' }))
  })

  it('covers a year with its months, and a month with its days, without gap or overlap', () => {
    const digits = (value: number, length: number) => String(value).padStart(length, '0')
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9999 }),
        fc.integer({ min: 1, max: 12 }),
        (year, month) => {
          const whole = parsePeriod(digits(year, 4))
          const monthText = `${digits(year, 4)}-${digits(month, 2)}`
          const inMonth = parsePeriod(monthText)
          if (month === 1) expect(inMonth.start).toBe(whole.start)
          if (month === 12) expect(inMonth.end).toBe(whole.end)
          else
            expect(parsePeriod(`${digits(year, 4)}-${digits(month + 1, 2)}`).start).toBe(
              inMonth.end,
            )
          const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
          expect(inMonth.end - inMonth.start).toBe(BigInt(days) * 86_400_000_000_000n)
          expect(parsePeriod(`${monthText}-${days}`).end).toBe(inMonth.end)
          expect(() => parsePeriod(`${monthText}-${days + 1}`)).toThrow()
        },
      ),
    )
  })

  it('covers time in any zone with its days, without gap or overlap', async () => {
    const names = ['Europe/Brussels', 'America/Havana', 'Asia/Kathmandu', '-03:30']
    const zones = await Promise.all(names.map(openZone))
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: -40_000, max: 60_000 }),
        (zone, day) => {
          const today = parsePeriod(formatDate(day), zone)
          const tomorrow = parsePeriod(formatDate(day + 1), zone)
          expect(today.end).toBe(tomorrow.start)
          const hours = Number(today.end - today.start) / 3.6e12
          expect(hours >= 22 && hours <= 26).toBe(true)
        },
      ),
    )
  })

  it('has no day that clocks never showed', async () => {
    const zone = await openZone('Pacific/Apia')
    expect(() => parsePeriod('2011-12-30', zone)).toThrow(
      'clocks in Pacific/Apia never show 2011-12-30',
    )
    expect(parsePeriod('2011-12', zone).end).toBe(at('2012-01-01T00:00+14:00'))
  })
})
