import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatSeconds, momentOf, parseIso } from '../../src/core/time.ts'
import { openZone } from '../../src/core/zone.ts'

const at = (text: string): number => Number(momentOf(parseIso(text)!).seconds)

describe('a zone', () => {
  it('is found in any case and keeps the name it is known by', async () => {
    const names = ['europe/brussels', 'ASIA/KOLKATA', 'us/eastern', 'utc', '+0200', '-03', '+00:00']
    const zones = await Promise.all(names.map(openZone))
    expect(zones.map(({ name }) => name)).toEqual([
      'Europe/Brussels',
      'Asia/Kolkata',
      'US/Eastern',
      'UTC',
      '+02:00',
      '-03:00',
      'UTC',
    ])
  })

  it.each([
    ['Europe/Bruxelles', 'did you mean Europe/Brussels?'],
    ['brussels', 'did you mean Europe/Brussels?'],
    ['New York', 'did you mean America/New_York?'],
    ['+24:00', 'such as Europe/Brussels, or +02:00'],
    ['', 'such as Europe/Brussels, or +02:00'],
    ['__proto__', 'such as Europe/Brussels, or +02:00'],
    ['2024-01-01T00:00+05:30', 'such as Europe/Brussels, or +02:00'],
  ])('that there is not is refused: %j', async (name, hint) => {
    await expect(openZone(name)).rejects.toMatchObject({ code: 'usage', hint })
  })

  it('is never that of the machine', async () => {
    await expect(openZone('local')).rejects.toMatchObject({
      code: 'usage',
      message: 'the zone "local" is another one on another machine',
    })
  })

  it('shows an hour twice in autumn and skips one in spring', async () => {
    const zone = await openZone('Europe/Brussels')
    expect(zone.instantsOf(at('2026-10-25T02:30'))).toEqual([
      at('2026-10-25T00:30Z'),
      at('2026-10-25T01:30Z'),
    ])
    expect(zone.instantsOf(at('2026-03-29T02:30'))).toEqual([])
    expect(zone.firstAt(at('2026-03-29T02:30'))).toBe(at('2026-03-29T01:00Z'))
    expect(zone.instantsOf(at('2026-03-29T03:00'))).toEqual([at('2026-03-29T01:00Z')])
    expect(zone.instantsOf(at('2026-10-25T03:00'))).toEqual([at('2026-10-25T02:00Z')])
    expect(zone.plainAt(at('2026-07-01'))).toEqual({
      from: at('2026-03-29T03:00'),
      to: at('2026-10-25T02:00'),
      offset: 7200,
    })
  })

  it('had offsets with seconds, and days that there never were', async () => {
    const brussels = await openZone('Europe/Brussels')
    expect(brussels.offsetAt(at('1850-01-01'))).toBe(1050)
    const apia = await openZone('Pacific/Apia')
    expect(apia.instantsOf(at('2011-12-30T12:00'))).toEqual([])
    expect(formatSeconds(BigInt(apia.firstAt(at('2011-12-30'))))).toBe('2011-12-30T10:00:00')
  })

  it('goes on as it is where the calendar of the engine ends', async () => {
    const zone = await openZone('Europe/Brussels')
    expect(zone.offsetAt(9e18)).toBe(zone.offsetAt(8.7e12))
    expect(zone.offsetAt(-9e18)).toBe(1050)
    expect(zone.instantsOf(-9e18)).toHaveLength(1)
  })

  it('shows every instant as a local time that leads back to it', async () => {
    const names = [
      'Europe/Brussels',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    ]
    const zones = await Promise.all([...names, 'America/Havana', 'Pacific/Apia'].map(openZone))
    const instants = fc.integer({ min: at('1850-01-01'), max: at('2100-01-01') })
    fc.assert(
      fc.property(fc.constantFrom(...zones), instants, (zone, instant) => {
        const local = instant + zone.offsetAt(instant)
        const found = zone.instantsOf(local)
        expect(found).toContain(instant)
        expect(zone.firstAt(local)).toBe(found[0])
        const plain = zone.plainAt(local)
        if (found.length === 1) {
          expect(plain!.offset).toBe(zone.offsetAt(instant))
          expect(plain!.from <= local && local < plain!.to).toBe(true)
          const ends = [plain!.from, plain!.to - 1]
          expect(ends.map((end) => zone.instantsOf(end).length)).toEqual([1, 1])
        } else expect(plain).toBe(undefined)
      }),
      { numRuns: 1000 },
    )
  })
})
