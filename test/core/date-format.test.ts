import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCommitDate } from '../../src/core/commit-date.ts'
import { dateStyles, formatCommitDate, parseDateStyle } from '../../src/core/date-format.ts'

const date = { seconds: 1_786_960_800, offsetMinutes: 120 }

describe('formatCommitDate', () => {
  it.each([
    ['default', 'Mon Aug 17 12:00:00 2026 +0200'],
    ['iso', '2026-08-17 12:00:00 +0200'],
    ['iso-strict', '2026-08-17T12:00:00+02:00'],
    ['rfc', 'Mon, 17 Aug 2026 12:00:00 +0200'],
    ['short', '2026-08-17'],
    ['raw', '1786960800 +0200'],
    ['unix', '1786960800'],
  ] as const)('writes %s as git does', (style, text) => {
    expect(formatCommitDate(date, style)).toBe(text)
  })

  it('has the day of where it was made', () => {
    const late = { seconds: 1_786_924_800 - 3600, offsetMinutes: 120 }
    expect(formatCommitDate(late, 'short')).toBe('2026-08-17')
    expect(formatCommitDate({ ...late, offsetMinutes: -120 }, 'default')).toBe(
      'Sun Aug 16 21:00:00 2026 -0200',
    )
    expect(formatCommitDate({ seconds: 0, offsetMinutes: 0 }, 'iso-strict')).toBe(
      '1970-01-01T00:00:00Z',
    )
  })

  it.each([
    [-5, 'in the future'],
    [0, '0 seconds ago'],
    [1, '1 second ago'],
    [89, '89 seconds ago'],
    [90, '2 minutes ago'],
    [3600, '60 minutes ago'],
    [2 * 3600, '2 hours ago'],
    [86_400 * 2, '2 days ago'],
    [86_400 * 14, '2 weeks ago'],
    [86_400 * 90, '3 months ago'],
    [86_400 * 365, '1 year ago'],
    [86_400 * 425, '1 year, 2 months ago'],
    [86_400 * 3650, '10 years ago'],
  ])('%d seconds are %j', (age, text) => {
    expect(formatCommitDate({ seconds: 1e9, offsetMinutes: 0 }, 'relative', 1e9 + age)).toBe(text)
  })

  it('is read back by parseCommitDate', () => {
    const now = { seconds: 0, offsetMinutes: 0 }
    fc.assert(
      fc.property(
        fc.constantFrom('default', 'iso', 'iso-strict', 'rfc', 'raw'),
        fc.integer({ min: 0, max: 250_000_000_000 }),
        fc.integer({ min: -1439, max: 1439 }),
        (style, seconds, offsetMinutes) => {
          const made = { seconds, offsetMinutes }
          const text = formatCommitDate(made, parseDateStyle(style))
          expect(parseCommitDate(text, now)).toEqual(made)
        },
      ),
    )
  })
})

describe('parseDateStyle', () => {
  it('knows git’s names', () => {
    for (const style of dateStyles) expect(parseDateStyle(style)).toBe(style)
    expect(parseDateStyle('iso8601')).toBe('iso')
    expect(parseDateStyle('rfc2822')).toBe('rfc')
    expect(() => parseDateStyle('realtive')).toThrow(
      expect.objectContaining({ code: 'usage', hint: 'did you mean relative?' }),
    )
  })
})
