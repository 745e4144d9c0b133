import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Column, TimestampType } from '../../src/core/column.ts'
import { ColumnBuilder } from '../../src/core/column-builder.ts'
import { sliceColumn } from '../../src/core/column-ops.ts'
import { formatInstant, parseInstant, unitsPerSecond } from '../../src/core/time.ts'
import { openZone, type Zone } from '../../src/core/zone.ts'
import { LocalTimes, type LocalTimesOptions } from '../../src/formats/local-time.ts'
import type { DstChoice } from '../../src/formats/table.ts'

const brussels = await openZone('Europe/Brussels')

function timesOf(texts: readonly (string | null)[], type: TimestampType): Column {
  const builder = new ColumnBuilder(type)
  builder.reserve(texts.length)
  for (const text of texts) builder.append(text === null ? null : parseInstant(text, type))
  return builder.finish()
}

const placeOf = (row: number) => ({ file: 't.csv', place: { line: row + 2, column: 1 } })

/** What local times are in UTC; the rows come in batches of `batch`. */
function utc(
  texts: readonly (string | null)[],
  {
    dst = 'infer',
    zone = brussels,
    type = 'timestamp_s',
    batch = texts.length,
    unique = false,
  }: LocalTimesOptions & {
    dst?: DstChoice
    zone?: Zone
    type?: TimestampType
    batch?: number
  } = {},
): (string | null)[] {
  const local = new LocalTimes(zone, dst, { unique })
  const column = timesOf(texts, type)
  const found: (string | null)[] = []
  for (let from = 0; from < texts.length; from += batch) {
    const part = sliceColumn(column, from, Math.min(texts.length, from + batch))
    const { values } = local.convert(part, (row) => placeOf(from + row))
    for (const [row, value] of (values as BigInt64Array).entries()) {
      found.push(texts[from + row] === null ? null : formatInstant(value, type))
    }
  }
  local.finish()
  return found
}

function fault(texts: readonly string[], options: Parameters<typeof utc>[1] = {}): unknown {
  try {
    return utc(texts, options)
  } catch (error) {
    return error
  }
}

describe('local times', () => {
  it('become UTC by the offset of their day', () => {
    expect(utc(['2026-01-01T00:00:00', null, '2026-08-17T12:00:00'])).toEqual([
      '2025-12-31T23:00:00Z',
      null,
      '2026-08-17T10:00:00Z',
    ])
  })

  it('that a clock skips are refused, with where and why', () => {
    expect(fault(['2026-03-29T01:59:59', '2026-03-29T02:00:00'])).toMatchObject({
      code: 'bad-input',
      message:
        't.csv:3:1: expected a local time of Europe/Brussels, found "2026-03-29T02:00:00" (clocks went from 02:00:00 to 03:00:00 then)',
      hint: 'for clocks that are never changed: --tz +01:00',
      data: { file: 't.csv', line: 3, column: 1 },
    })
  })

  it('of the repeated hour are told by local time going back', () => {
    const texts = ['01:50', '02:10', '02:50', '02:10', '02:50', '03:00'].map(
      (clock) => `2026-10-25T${clock}`,
    )
    const expected = ['23:50', '00:10', '00:50', '01:10', '01:50', '02:00']
    for (const batch of [1, 2, 3, 4, 6]) {
      expect(utc(texts, { batch }).map((text) => text!.slice(11, 16))).toEqual(expected)
    }
  })

  it('may begin or end in the second pass', () => {
    const begins = ['2026-10-25T02:50', '2026-10-25T02:10', '2026-10-25T03:10']
    expect(utc(begins).map((text) => text!.slice(11, 16))).toEqual(['00:50', '01:10', '02:10'])
    const ends = ['2026-10-25T01:10', '2026-10-25T02:50', '2026-10-25T02:10']
    expect(utc(ends).map((text) => text!.slice(11, 16))).toEqual(['23:10', '00:50', '01:10'])
  })

  it.each([
    ['one row of the hour', ['01:00', '02:30', '04:00'], 3],
    ['one row alone', ['02:30'], 2],
    ['no way back', ['01:00', '02:10', '02:50', '03:00'], 3],
    ['two equal times', ['01:00', '02:00', '02:00', '03:00'], 3],
    ['rows from new to old', ['03:10', '02:50', '02:10', '01:50'], 3],
    ['rows from new to old, in both passes', ['03:10', '02:50', '02:10', '02:50', '02:10'], 6],
    ['two rows that may be from new to old', ['02:50', '02:10'], 2],
    ['an end in the first pass', ['01:50', '02:10'], 3],
    ['another way back', ['01:00', '02:30', '02:10', '02:00', '03:00'], 5],
  ])('are refused where order does not tell: %s', (_, clocks, line) => {
    const texts = clocks.map((clock) => `2026-10-25T${clock}`)
    expect(fault(texts)).toMatchObject({
      code: 'bad-input',
      hint: '--dst first takes the earlier of the two, --dst last the later',
      data: { line },
    })
  })

  it('that are equal are an hour apart where no two values are', () => {
    const texts = ['2026-10-25T01:00', '2026-10-25T02:00', '2026-10-25T02:00', '2026-10-25T03:00']
    const expected = ['23:00', '00:00', '01:00', '02:00']
    expect(utc(texts, { unique: true }).map((text) => text!.slice(11, 16))).toEqual(expected)
  })

  it('of the repeated hour are the first, the last or refused when told so', () => {
    const texts = ['2026-10-25T02:30']
    expect(utc(texts, { dst: 'first' })).toEqual(['2026-10-25T00:30:00Z'])
    expect(utc(texts, { dst: 'last' })).toEqual(['2026-10-25T01:30:00Z'])
    const whole = ['2026-10-25T02:30', '2026-10-25T02:10', '2026-10-25T03:00']
    expect(fault(whole, { dst: 'error' })).toMatchObject({ code: 'bad-input', data: { line: 2 } })
  })

  it('that are out of range in UTC are refused', () => {
    const latest = '2262-04-11T23:47:16.854775807'
    const options = { type: 'timestamp_ns', zone: brussels } as const
    expect(utc([latest], options)).toEqual(['2262-04-11T21:47:16.854775807Z'])
    const earliest = '1677-09-21T00:12:43.145224193'
    expect(fault([earliest], options)).toMatchObject({ code: 'bad-input', data: { line: 2 } })
  })

  const instants = fc.record({
    zone: fc.constantFrom('Europe/Brussels', 'America/New_York', 'Australia/Lord_Howe', '+05:30'),
    type: fc.constantFrom<TimestampType>(
      'timestamp_s',
      'timestamp_ms',
      'timestamp_us',
      'timestamp_ns',
    ),
    from: fc.integer({ min: Date.UTC(1700, 0) / 1000, max: Date.UTC(2200, 0) / 1000 }),
    steps: fc.array(fc.integer({ min: 1, max: 40 * 86_400 }), { maxLength: 30 }),
    fraction: fc.integer({ min: 0, max: 999_999_999 }),
  })

  it('lead back to the instants whose local times they are, told by a rule for each', async () => {
    await fc.assert(
      fc.asyncProperty(instants, async ({ zone: name, type, from, steps, fraction }) => {
        const zone = await openZone(name)
        const units = unitsPerSecond[type]
        let at = from
        const seconds = steps.map((step) => (at += step))
        const rest = (BigInt(fraction) * units) / 1_000_000_000n
        const locals = seconds.map((second) =>
          formatInstant(BigInt(second + zone.offsetAt(second)) * units + rest, type).slice(0, -1),
        )
        const expected = (choose: (instants: readonly number[]) => number) =>
          seconds.map((second) => {
            const instant = choose(zone.instantsOf(second + zone.offsetAt(second)))
            return formatInstant(BigInt(instant) * units + rest, type)
          })
        const options = { zone, type, batch: 7 }
        expect(utc(locals, { ...options, dst: 'first' })).toEqual(expected((all) => all[0]!))
        expect(utc(locals, { ...options, dst: 'last' })).toEqual(expected((all) => all.at(-1)!))
      }),
    )
  })

  it('that are inferred are right wherever the rows come often enough', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('Europe/Brussels', 'America/New_York', 'Australia/Lord_Howe'),
        fc.integer({ min: 1980, max: 2090 }),
        fc.integer({ min: 60, max: 1700 }),
        fc.integer({ min: 1, max: 5000 }),
        async (name, year, step, batch) => {
          const zone = await openZone(name)
          const start = Date.UTC(year, 0) / 1000
          const days = Array.from({ length: 366 }, (_, day) => start + day * 86_400)
          const changes = days.filter((day) => zone.offsetAt(day) > zone.offsetAt(day + 86_400))
          for (const day of changes) {
            const rows = Math.floor((2 * 86_400) / step)
            const seconds = Array.from({ length: rows }, (_, row) => day + row * step)
            const texts = (offset: (second: number) => number) =>
              seconds.map((second) => formatInstant(BigInt(second + offset(second)), 'timestamp_s'))
            const locals = texts((second) => zone.offsetAt(second)).map((text) => text.slice(0, -1))
            expect(utc(locals, { zone, batch })).toEqual(texts(() => 0))
          }
        },
      ),
      { numRuns: 30 },
    )
  })
})
