import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  firstSecondOf,
  lastSecondOf,
  parseCommitDate,
  parseOffset,
  parseWhen,
} from '../../src/core/commit-date.ts'
import { formatOffset } from '../../src/core/signature.ts'

// 2026-08-17T10:00:00Z, on a clock two hours east.
const now = { seconds: 1_786_960_800, offsetMinutes: 120 }

describe('parseCommitDate', () => {
  it.each([
    ['2026-08-17T12:00:00+02:00', 1_786_960_800, 120],
    ['2026-08-17 12:00:00 +0200', 1_786_960_800, 120],
    ['2026-08-17T10:00:00Z', 1_786_960_800, 0],
    ['2026-08-17T10:00:00', 1_786_960_800, 0],
    ['2026-08-17T10:00:00.999Z', 1_786_960_800, 0],
    ['1969-12-31T23:59:59.5Z', -1, 0],
    ['2026-08-17', 1_786_924_800, 0],
    ['@1786960800', 1_786_960_800, 0],
    ['@0', 0, 0],
    ['@-86400', -86_400, 0],
    ['@1786960800 +0200', 1_786_960_800, 120],
    ['1786960800 -0330', 1_786_960_800, -210],
    ['0 +0000', 0, 0],
    ['0 -0000', 0, 0],
    ['1786960800', 1_786_960_800, 0],
    ['Mon, 17 Aug 2026 12:00:00 +0200', 1_786_960_800, 120],
    ['17 aug 2026 10:00 GMT', 1_786_960_800, 0],
    ['Mon Aug 17 12:00:00 2026 +0200', 1_786_960_800, 120],
    ['Mon Aug 17 10:00:00 2026', 1_786_960_800, 0],
    ['now', 1_786_960_800, 120],
    ['today', 1_786_917_600, 120],
    ['yesterday', 1_786_874_400, 120],
    ['2 days ago', 1_786_788_000, 120],
    ['2.days.ago', 1_786_788_000, 120],
    ['an hour ago', 1_786_957_200, 120],
    ['1 second ago', 1_786_960_799, 120],
    ['3 weeks ago', 1_785_146_400, 120],
    ['1 month ago', 1_784_282_400, 120],
    ['6 months ago', 1_771_322_400, 120],
    ['1 year ago', 1_755_424_800, 120],
    ['  @5  ', 5, 0],
  ])('reads %j', (text, seconds, offsetMinutes) => {
    expect(parseCommitDate(text, now)).toEqual({ seconds, offsetMinutes })
  })

  it('goes back to the last day of a shorter month', () => {
    const endOfMarch = parseCommitDate('2026-03-31T08:00:00Z', now)
    expect(parseCommitDate('1 month ago', endOfMarch)).toEqual(
      parseCommitDate('2026-02-28T08:00:00Z', now),
    )
    const leapDay = parseCommitDate('2024-02-29', now)
    expect(parseCommitDate('1 year ago', leapDay)).toEqual(parseCommitDate('2023-02-28', now))
  })

  it.each([
    '',
    ' ',
    'soon',
    '2026',
    '2026-08',
    '2026-02-30',
    '2026-08-17T24:00:01',
    '31 Feb 2026 10:00:00 +0000',
    'Mon, 17 Aug 2026 25:00:00 +0000',
    'Mon, 17 Aug 2026 10:00:00 +2500',
    '@',
    '@1.5',
    '@1e9',
    '@999999999999',
    '+010000-01-01',
    '12 +0000x',
    '@5 +9900',
    '999999999 years ago',
    'ago',
    '-1 days ago',
    '2 fortnights ago',
  ])('refuses %j', (text) => {
    expect(() => parseCommitDate(text, now)).toThrow(
      expect.objectContaining({ code: 'invalid-date' }),
    )
  })

  it('reads what Date prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }), (seconds) => {
        const date = new Date(seconds * 1000)
        const expected = { seconds, offsetMinutes: 0 }
        expect(parseCommitDate(date.toISOString(), now)).toEqual(expected)
        expect(parseCommitDate(date.toUTCString(), now)).toEqual(expected)
        expect(parseCommitDate(`@${seconds}`, now)).toEqual(expected)
      }),
    )
  })
})

describe('offsets', () => {
  it('go to text and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1439, max: 1439 }), (minutes) => {
        expect(parseOffset(formatOffset(minutes))).toBe(minutes)
      }),
    )
    expect(formatOffset(-210)).toBe('-0330')
    expect(formatOffset(0)).toBe('+0000')
    expect(parseOffset('-0000')).toBe(0)
    for (const text of ['0200', '+02:00', '+2400', '+0260', '']) {
      expect(parseOffset(text)).toBeUndefined()
    }
  })
})

describe('parseWhen', () => {
  const seconds = (text: string) => {
    const period = parseWhen(text, now)
    return [firstSecondOf(period), lastSecondOf(period)]
  }

  it('has a partial date as a period and all else as an instant', () => {
    expect(seconds('2026-08-17')).toEqual([1_786_924_800, 1_787_011_199])
    expect(seconds('1970')).toEqual([0, 365 * 86_400 - 1])
    expect(seconds('2026-08-17T10')).toEqual([1_786_960_800, 1_786_964_399])
    expect(seconds('2026-08-17T10:00:00')).toEqual([1_786_960_800, 1_786_960_800])
    expect(seconds('2026-08-17T10:00:00.5')).toEqual([1_786_960_801, 1_786_960_800])
    expect(seconds('2 days ago')).toEqual([1_786_788_000, 1_786_788_000])
    expect(seconds('@5')).toEqual([5, 5])
  })

  it('refuses what is neither', () => {
    expect(() => parseWhen('whenever', now)).toThrow(
      expect.objectContaining({ code: 'invalid-date' }),
    )
  })
})
