import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDateLayout } from '../../../src/formats/csv/date-layout.ts'
import { NOT_A_TIME, scannedTime } from '../../../src/formats/csv/scan.ts'

/** Seconds since 1970, nanoseconds, digits of the fraction, whether there is an offset. */
function read(layout: string, text: string): number[] | undefined {
  const bytes = Buffer.from(`${text},`)
  const time = parseDateLayout(layout).scan(bytes, 0, bytes.length - 1)
  return time === NOT_A_TIME ? undefined : [...scannedTime]
}

const seconds = (iso: string): number => Date.parse(`${iso}Z`) / 1000

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const LONG = new Intl.DateTimeFormat('en', { month: 'long', timeZone: 'UTC' })
const two = (value: number): string => String(value).padStart(2, '0')
const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12
const half = (date: Date): string => (date.getUTCHours() < 12 ? 'AM' : 'PM')
const ymd = (date: Date): [string, string, string] => [
  String(date.getUTCFullYear()).padStart(4, '0'),
  two(date.getUTCMonth() + 1),
  two(date.getUTCDate()),
]
const hms = (date: Date): string => date.toISOString().slice(11, 19)

/** How JavaScript's own dates are written in each layout. */
const written: [layout: string, (date: Date) => string][] = [
  ['DD/MM/YYYY HH:mm:ss', (d) => `${ymd(d)[2]}/${ymd(d)[1]}/${ymd(d)[0]} ${hms(d)}`],
  ['MM-DD-YYYY HH:mm:ss', (d) => `${ymd(d)[1]}-${ymd(d)[2]}-${ymd(d)[0]} ${hms(d)}`],
  ['DD.MM.YYYY[ HH:mm[:ss[.fff]]]', (d) => `${ymd(d)[2]}.${ymd(d)[1]}.${ymd(d)[0]} ${hms(d)}`],
  ['dd.mm.yyyy hh:mm:ss', (d) => `${ymd(d)[2]}.${ymd(d)[1]}.${ymd(d)[0]} ${hms(d)}`],
  ['YYYYMMDDHHmmss', (d) => `${ymd(d).join('')}${hms(d).replaceAll(':', '')}`],
  ['%d/%m/%Y %H:%M:%S', (d) => `${ymd(d)[2]}/${ymd(d)[1]}/${ymd(d)[0]} ${hms(d)}`],
  ['%Y%m%dT%H%M%SZ', (d) => `${ymd(d).join('')}T${hms(d).replaceAll(':', '')}Z`],
  ['%F %T', (d) => `${ymd(d).join('-')} ${hms(d)}`],
  [
    'M/D/YYYY h:mm:ss A',
    (d) =>
      `${d.getUTCMonth() + 1}/${d.getUTCDate()}/${ymd(d)[0]} ${hour12(d)}:${hms(d).slice(3)} ${half(d)}`,
  ],
  [
    'D MMM YYYY, HH:mm:ss',
    (d) => `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${ymd(d)[0]}, ${hms(d)}`,
  ],
  ['MMMM D, YYYY HH:mm:ss', (d) => `${LONG.format(d)} ${d.getUTCDate()}, ${ymd(d)[0]} ${hms(d)}`],
  ['ddd, DD MMM YYYY HH:mm:ss Z', (d) => d.toUTCString()],
  ['YYYY-MM-DDTHH:mm:ss.SSSZ', (d) => d.toISOString()],
  ['epoch_s', (d) => String(d.getTime() / 1000)],
  ['epoch_ms', (d) => String(d.getTime())],
  ['epoch_us', (d) => `${d.getTime() * 1000}`],
  ['epoch_ns', (d) => `${BigInt(d.getTime()) * 1_000_000n}`],
]

describe('parseDateLayout', () => {
  it.each(written)('reads %s as JavaScript writes it', (layout, write) => {
    const scan = parseDateLayout(layout)
    const reach = layout === 'epoch_ns' ? 9_000_000_000 : 60_000_000_000
    const instant = fc.integer({ min: -reach, max: reach })
    fc.assert(
      fc.property(instant, (at) => {
        const text = write(new Date(at * 1000))
        const bytes = Buffer.from(`${text},`)
        expect([text, scan.scan(bytes, 0, bytes.length - 1) !== NOT_A_TIME]).toEqual([text, true])
        expect([scannedTime[0], scannedTime[1]]).toEqual([at, 0])
      }),
    )
  })

  it.each([
    ['DD.MM.YYYY HH:mm[:ss[.fff]]', '17.08.2026 10:05', '2026-08-17T10:05:00', 0, 0],
    ['DD.MM.YYYY HH:mm[:ss[.fff]]', '17.08.2026 10:05:07', '2026-08-17T10:05:07', 0, 0],
    ['DD.MM.YYYY HH:mm[:ss[.fff]]', '17.8.2026 9:05:07.25', '2026-08-17T09:05:07', 250_000_000, 2],
    ['D-MMM-YY', '2-Jan-68', '2068-01-02T00:00:00', 0, 0],
    ['D-MMM-YY', '2-Sept-69', '1969-09-02T00:00:00', 0, 0],
    ['MMM-YYYY', 'Jan-2025', '2025-01-01T00:00:00', 0, 0],
    ['YYYY', '1959', '1959-01-01T00:00:00', 0, 0],
    ['DD/MM/YYYY hh:mm tt', ' 31/12/2025  12:30 a.m. ', '2025-12-31T00:30:00', 0, 0],
    ['epoch_s', '1755424800.123456789', '2025-08-17T10:00:00', 123_456_789, 9],
    ['epoch_s', '-0.5', '1969-12-31T23:59:59', 500_000_000, 1],
    ['epoch_ms', '-1', '1969-12-31T23:59:59', 999_000_000, 3],
    ['epoch_ns', '9223372036854775807', '2262-04-11T23:47:16', 854_775_807, 9],
  ])('reads %s: %s', (layout, text, iso, nanoseconds, digits) => {
    expect(read(layout, text)?.slice(0, 3)).toEqual([seconds(iso), nanoseconds, digits])
  })

  it('tells a time with an offset from one without', () => {
    expect(read('DD/MM/YYYY HH:mm[ Z]', '17/08/2026 12:00 +02:00')).toEqual([
      seconds('2026-08-17T10:00:00'),
      0,
      0,
      1,
    ])
    expect(read('DD/MM/YYYY HH:mm[ Z]', '17/08/2026 12:00')?.[3]).toBe(0)
    expect(read('epoch_s', '0')?.[3]).toBe(1)
  })

  it.each([
    ['DD/MM/YYYY', '2026-08-17', undefined],
    ['DD/MM/YYYY', '17/08/2026 10:00', undefined],
    ['DD/MM/YYYY', '29/02/2025', '2025-02 has 28 days'],
    ['DD/MM/YYYY', '01/13/2025', 'there is no month 13'],
    ['DD/MM/YYYY HH:mm', '01/12/2025 24:30', '24:00 alone is the end of a day'],
    ['DD/MM/YYYY h:mm A', '01/12/2025 13:00 PM', 'hours of half a day go from 1 to 12'],
    ['YYYYMMDD', '2025011', undefined],
    ['epoch_s', '1e9', undefined],
    ['epoch_ns', '1.5', undefined],
  ])('does not read %s: %s', (layout, text, reason) => {
    expect(read(layout, text)).toBeUndefined()
    expect(parseDateLayout(layout).whyNot(text)).toBe(reason)
  })

  it.each([
    ['DD/MM', 'no year'],
    ['HH:mm', 'no year'],
    ['DD/YYYY', 'no month'],
    ['DD/MM/YYYY MM', 'two parts for the month'],
    ['YYYY %', 'cannot be read'],
    ['%Q', 'cannot be read'],
    ['DD/MM/YYYY[ HH:mm', 'cannot be read'],
    ['quarter', 'cannot be read'],
    ['', 'no year'],
  ])('refuses the layout %j', (layout, reason) => {
    expect(() => parseDateLayout(layout)).toThrow(expect.objectContaining({ code: 'usage' }))
    expect(() => parseDateLayout(layout)).toThrow(reason)
  })
})
