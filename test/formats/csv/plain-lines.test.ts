import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../../src/core/column.ts'
import { frameFromRows } from '../../../src/core/frame.ts'
import { formatScalar } from '../../../src/core/scalar-text.ts'
import { writeCsv } from '../../../src/formats/csv/write-csv.ts'
import { schemaOf, textOf } from './support.ts'

const MIN = -(2n ** 63n)
const wide = fc.oneof(
  fc.bigInt({ min: MIN, max: -MIN - 1n }),
  fc.constantFrom(0n, -1n, MIN, -MIN - 1n),
  fc.bigInt({ min: -1000n, max: 2_000_000_000n }),
)
/** Of four-digit years mostly, in nanoseconds. */
const instant = fc.oneof(
  wide,
  fc.bigInt({ min: 0n, max: 4_000_000_000n }).map((seconds) => seconds * 1_000_000_000n),
)
const double = fc.oneof(
  fc.double(),
  fc.tuple(fc.integer(), fc.nat(14)).map(([digits, places]) => Number(`${digits}e-${places}`)),
  fc.constantFrom(0, -0, 1e15, 999999999999999, 1e-6, 1e-7, 0.1 + 0.2),
)
const text = fc.oneof(fc.constantFrom('XNYS', 'a', 'ä'.repeat(40)), fc.string())
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 8 })

const TYPES: readonly ColumnType[] = [
  'timestamp_ns',
  'timestamp_s',
  'float64',
  'int64',
  'int16',
  'uint32',
  'date',
  'string',
]
const anyRow = fc.tuple(
  orNull(instant),
  orNull(wide),
  orNull(double),
  orNull(wide),
  orNull(fc.integer({ min: -32_768, max: 32_767 })),
  orNull(fc.nat(2 ** 32 - 1)),
  orNull(fc.integer({ min: -800_000, max: 3_000_000 })),
  orNull(text),
)

function cellText(value: Scalar, type: ColumnType): string {
  if (value === null) return ''
  const plain = formatScalar(value, type)
  if (type !== 'string') return plain
  return plain === '' || /[",\n\r\0]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

describe('lines that are written many at once', () => {
  const schema = schemaOf(['k:int64', ...TYPES.map((type, i) => `c${i}:${type}`)].join(' '))

  it('have each value as formatScalar has it', async () => {
    const rows = fc.array(anyRow, { minLength: 1, maxLength: 40 })
    const property = fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n'), async (all, lineEnd) => {
      const frame = frameFromRows(
        schema,
        all.map((row, i) => [BigInt(i), ...row]),
      )
      const written = await textOf(writeCsv(schema, [frame], { lineEnd, header: true }))
      const lines = all.map((row, i) =>
        [i, ...row.map((value, column) => cellText(value, TYPES[column]!))].join(','),
      )
      const names = schema.columns.map(({ name }) => name).join(',')
      expect(written).toBe([names, ...lines, ''].join(lineEnd))
    })
    await fc.assert(property, { numRuns: 300 })
  })

  const nanoseconds = fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt(0n, 200_000_000_000n))
  const units = { timestamp_s: 9, timestamp_ms: 6, timestamp_us: 3, timestamp_ns: 0 } as const
  it.each(Object.keys(units) as (keyof typeof units)[])(
    'have times in the minute of the line before, and not, in %s',
    async (type) => {
      const times = schemaOf(`k:int64 t:${type}`)
      const unit = 10n ** BigInt(units[type])
      const begin = fc.constantFrom(MIN, -(10n ** 18n), -70_000_000_000n, 0n, 10n ** 18n, -MIN - 1n)
      const steps = fc.array(fc.tuple(fc.boolean(), nanoseconds), { minLength: 1, maxLength: 60 })
      const property = fc.asyncProperty(begin, steps, async (first, all) => {
        let time = first / unit
        const rows = all.map(([back, step], i) => {
          time += (back ? -step : step) / unit
          if (time < MIN) time = MIN
          if (time >= -MIN) time = -MIN - 1n
          return [BigInt(i), time] as const
        })
        const frame = frameFromRows(
          times,
          rows.map((row) => [...row]),
        )
        const lines = rows.map(([k, t]) => `${k},${formatScalar(t, type)}\n`)
        expect(await textOf(writeCsv(times, [frame]))).toBe(`k,t\n${lines.join('')}`)
      })
      await fc.assert(property, { numRuns: 300 })
    },
  )

  it('have decimals as long as they are, whatever is above them', async () => {
    const decimals = schemaOf('k:int64 v:float64')
    const whole = fc.oneof(
      fc.integer({ min: -99_999_999, max: 99_999_999 }),
      fc.integer({ min: -9999, max: 9999 }),
      fc.constantFrom(1, 10, 100_000_000, -99_999_999, 10_000_000),
    )
    const value = fc
      .tuple(whole, fc.nat(9))
      .map(([digits, places]) => Number(`${digits}e-${places}`))
    const property = fc.asyncProperty(fc.array(value, { maxLength: 60 }), async (values) => {
      const frame = frameFromRows(
        decimals,
        values.map((each, i) => [BigInt(i), each]),
      )
      const lines = values.map((each, i) => `${i},${formatScalar(each, 'float64')}\n`)
      expect(await textOf(writeCsv(decimals, [frame]))).toBe(`k,v\n${lines.join('')}`)
    })
    await fc.assert(property, { numRuns: 1000 })
  })

  it('are the same however many there are, with texts in quotes among them', async () => {
    const small = schemaOf('k:int64 v:float64 s:string')
    const rows = Array.from({ length: 20_000 }, (_, i) => {
      const said = i % 6000 === 5999 ? 'a,b' : i % 7000 === 3 ? '' : `t${i % 50}`
      return [BigInt(i), i % 13 === 0 ? null : i / 8, said] as const
    })
    const frame = frameFromRows(
      small,
      rows.map((row) => [...row]),
    )
    const lines = rows.map(([k, v, s]) => {
      return `${k},${v === null ? '' : v},${s === '' || s.includes(',') ? `"${s}"` : s}\n`
    })
    expect(await textOf(writeCsv(small, [frame]))).toBe(`k,v,s\n${lines.join('')}`)
  })

  it.each([999, 1000, 20_000])('have %d columns of text', async (width) => {
    const names = Array.from({ length: width }, (_, i) => `c${i}`)
    const wide = schemaOf(['k:int64', ...names.map((name) => `${name}:string`)].join(' '))
    const frame = frameFromRows(wide, [
      [1n, ...names],
      [2n, ...names],
    ])
    const line = names.join(',')
    expect(await textOf(writeCsv(wide, [frame]))).toBe(`k,${line}\n1,${line}\n2,${line}\n`)
  })

  it('take text of any length', async () => {
    const small = schemaOf('k:int64 s:string')
    const long = 'x'.repeat(1 << 20)
    const frame = frameFromRows(small, [
      [1n, 'a'],
      [2n, long],
      [3n, 'b'],
    ])
    expect(await textOf(writeCsv(small, [frame]))).toBe(`k,s\n1,a\n2,${long}\n3,b\n`)
  })
})
