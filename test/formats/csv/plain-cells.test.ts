import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kernelsFor } from '../../../src/core/encoding/kernels.ts'
import { ColumnGuess } from '../../../src/formats/csv/guess.ts'
import { PlainCells } from '../../../src/formats/csv/plain-cells.ts'
import { readCsv } from '../../../src/formats/csv/read-csv.ts'
import {
  IS_TIME,
  IS_WHOLE,
  NOT_A_NUMBER,
  scanNumber,
  scannedNumber,
  scannedTime,
  scanTime,
} from '../../../src/formats/csv/scan.ts'
import { Tokenizer } from '../../../src/formats/csv/tokenizer.ts'
import { bytes, rowsOf, schemaOf } from './support.ts'

const two = (most: number) => fc.nat(most).map((value) => String(value).padStart(2, '0'))
const date = fc.oneof(
  fc.tuple(fc.constantFrom('1970', '2024', '2026', '0000', '9999', '1900'), two(13), two(32)),
  fc.constant(['2026', '03', '01'] as const),
)
const anyTime = fc
  .tuple(
    date.map((parts) => parts.join('-')),
    fc.constantFrom('T', ' ', 't', ''),
    fc.tuple(two(24), two(60), two(60)).map((parts) => parts.join(':')),
    fc.oneof(
      fc.constant(''),
      fc.integer({ min: 0, max: 10 ** 9 }).map((digits) => `.${digits}`),
    ),
    fc.constantFrom('', 'Z', 'z', '+01:00'),
  )
  .map((parts) => parts.join(''))
/** In one of a few minutes, with a wrong character now and then. */
const nearTime = fc
  .tuple(
    fc.constantFrom(
      ...['2026-03-01T00:00', '2026-03-01T00:01', '2026-03-01 00:01', '2026-03-02T00:01'],
      '\0'.repeat(16),
    ),
    fc.nat(61),
    fc.constantFrom('Z', '.5Z', '.000Z', '.123456789Z', ''),
    fc.option(fc.tuple(fc.nat(19), fc.constantFrom('x', ':', '/', '9', '-', '\0')), { freq: 9 }),
  )
  .map(([minute, second, end, wrong]) => {
    const text = `${minute}:${String(second).padStart(2, '0')}${end}`
    return wrong === null ? text : text.slice(0, wrong[0]) + wrong[1] + text.slice(wrong[0] + 1)
  })
/** Of up to ten characters that numbers have, or that are next to digits. */
const nearNumber = fc
  .array(fc.constantFrom(...'0123456789', '.', '-', '/', ':'), { minLength: 1, maxLength: 10 })
  .map((characters) => characters.join(''))
const anyNumber = fc.oneof(
  fc.integer().map(String),
  nearNumber,
  fc.tuple(fc.nat(99_999), fc.nat(999)).map((parts) => parts.join('.')),
  fc.tuple(fc.integer(), fc.nat(10 ** 6)).map((parts) => parts.join('.')),
  fc.double({ noNaN: true }).map(String),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
  fc.constantFrom(
    '-0',
    '0',
    '00',
    '007',
    '+1',
    '.5',
    '5.',
    '-',
    '1e3',
    '0.10',
    '123456789012345.6',
  ),
)
const odd = fc.constantFrom('', 'n/a', 'x', '2026-03-01', 'true', 'NaN')

/** Cells of one kind with others here and there, many of them. */
const anyCells = fc
  .constantFrom(anyTime, nearTime, anyNumber, fc.integer().map(String))
  .chain((cell) =>
    fc.array(fc.oneof({ arbitrary: cell, weight: 40 }, { arbitrary: odd, weight: 1 }), {
      minLength: 1,
      maxLength: 80,
    }),
  )

function batchOf(cells: readonly string[]): Tokenizer {
  const batch = new Tokenizer({ file: 'x', delimiter: 0x2c, blankIsNull: false, width: 2 })
  // A NUL is text within quotes alone.
  const written = cells.map((cell) => (cell.includes('\0') ? `"${cell}"` : cell))
  batch.feed(bytes(written.map((cell) => `k,${cell}\n`).join('')))
  batch.end()
  expect(batch.fill()).toBe(cells.length)
  return batch
}

describe('cells that are read many at once', () => {
  it('are numbers as the scanner has them, and end at the first that it would not all take', () => {
    fc.assert(
      fc.property(fc.array(anyNumber, { minLength: 1, maxLength: 60 }), (cells) => {
        const batch = batchOf(cells)
        const reading = { point: 0x2e, form: 'doubles', above: 0 } as const
        const found = new PlainCells(batch, cells.length).numbers(1, 0, cells.length, reading)!
        expect(found.doubles.length).toBe(found.rows)
        for (let row = 0; row < found.rows; row++) {
          const text = bytes(`${cells[row]},`)
          expect(scanNumber(text, 0, text.length - 1)).not.toBe(NOT_A_NUMBER)
          expect(found.doubles[row]).toBe(scannedNumber[0])
        }
        if (found.rows < cells.length) {
          expect(cells[found.rows]).not.toMatch(/^-?(0|[1-9]\d{0,6})(\.\d{1,8})?$/)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('are whole numbers where these are wanted', () => {
    const cells = ['1', '-20', '999999999999999', '0', '1.5', '3']
    const reading = { point: 0x2e, form: 'integers', above: 0 } as const
    const found = new PlainCells(batchOf(cells), cells.length).numbers(1, 0, 6, reading)!
    expect([...found.integers]).toEqual([1n, -20n, 999999999999999n, 0n])
    expect(found).toMatchObject({ isInOrder: false, hasNegativeWhole: true, hasDecimal: false })
  })

  it('are times as the scanner has them', () => {
    const times = fc.array(fc.oneof(anyTime, nearTime), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(times, fc.boolean(), fc.constantFrom(0, 3, 9), (cells, takesLocal, digits) => {
        const reading = { takesLocal, digits, reach: 9_223_372_035, isKept: true }
        const batch = batchOf(cells)
        const found = new PlainCells(batch, cells.length).times(1, 0, cells.length, reading)!
        for (let row = 0; row < found.rows; row++) {
          const text = bytes(`${cells[row]},`)
          expect(scanTime(text, 0, text.length - 1)).toBe(IS_TIME)
          const [seconds, nanoseconds, , hasOffset] = scannedTime
          const units = 10n ** BigInt(9 - digits)
          expect(found.values[row]! * units).toBe(
            BigInt(seconds!) * 1_000_000_000n + BigInt(nanoseconds!),
          )
          if (!takesLocal) expect(hasOffset).toBe(1)
        }
        const next = cells[found.rows] ?? ''
        const year = /^20\d\d-0[1-9]-[01]\d[T ]/
        const plain =
          digits === 9 ? /[01]\d:[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/ : /[01]\d:[0-5]\d:[0-5]\dZ$/
        expect(year.test(next) && plain.test(next) && !next.includes('-00')).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it('are the same times, in the same order, whether they are kept or not', () => {
    const hour = fc.nat(30).map((value) => String(value).padStart(2, '0'))
    const sameDay = fc
      .tuple(hour, fc.constantFrom('00:00', '59:59', '60:00', '00:60', '0a:00', '00-00'))
      .map((parts) => `2026-03-01T${parts.join(':')}`)
    const times = fc.array(fc.oneof(nearTime, sameDay), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(times, fc.constantFrom('', 'Z'), fc.boolean(), (cells, end, isSorted) => {
        const all = cells.map((cell) => (cell.length === 19 ? cell + end : cell))
        if (isSorted) all.sort()
        const batch = batchOf(all)
        const reading = { takesLocal: true, digits: 9, reach: 9_223_372_035 }
        for (let from = 0; from < all.length; ) {
          const read = (isKept: boolean) =>
            new PlainCells(batch, all.length).times(1, from, all.length, { ...reading, isKept })!
          const { values, ...kept } = read(true)
          const { values: none, ...looked } = read(false)
          expect(kept).toEqual(looked)
          expect([values.length, none.length]).toEqual([kept.rows, 0])
          from += kept.rows + 1
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('are those of one day up to where a time may lie at most', () => {
    const cells = ['T23:47:12', 'T23:47:13', 'T23:47:14', 'T23:47:15', 'T23:47:16', 'T23:47:17']
    const batch = batchOf(cells.map((time) => `2262-04-11${time}Z`))
    const reading = { takesLocal: true, digits: 9, reach: 9_223_372_035, isKept: true }
    const found = new PlainCells(batch, 6).times(1, 0, 6, reading)!
    expect([...found.values]).toEqual([2n, 3n, 4n, 5n].map((s) => (9_223_372_030n + s) * 10n ** 9n))
  })

  it('are the same where they lie since they were cut, and from elsewhere', () => {
    const batch = batchOf(Array.from({ length: 200 }, (_, row) => `${row}.${row % 7}`))
    const reading = { point: 0x2e, form: 'doubles', above: 0 } as const
    const read = (cells: PlainCells) => [...cells.numbers(1, 0, 200, reading)!.doubles]
    const values = Array.from({ length: 200 }, (_, row) => Number(`${row}.${row % 7}`))

    expect(batch.placed?.rows).toBe(200)
    expect(read(new PlainCells(batch, 200))).toEqual(values)
    const placed = new PlainCells(batch, 200)
    kernelsFor(1).bytes(100_000).fill(0x39)
    expect(read(placed)).toEqual(values)
    expect(read(new PlainCells(batch, 200))).toEqual(values)
  })

  it('are none where texts stand for nulls, in however large a table', async () => {
    const lines = Array.from({ length: 3000 }, (_, row) => `${row},${row % 5 === 0 ? -999 : row}`)
    const text = bytes(`k,v\n${lines.join('\n')}\n`)
    const schema = schemaOf('k:int64 v:float64')
    const rows = await rowsOf(readCsv([text], { schema, nulls: ['-999'] }))
    expect(rows).toEqual(lines.map((_, row) => [BigInt(row), row % 5 === 0 ? null : row]))
  })

  it('tell the same of a column as one by one', () => {
    fc.assert(
      fc.property(anyCells, fc.boolean(), fc.boolean(), (cells, isIndex, isSorted) => {
        const all = isSorted ? cells.toSorted() : cells
        const batch = batchOf(all)
        const [each, many] = [new ColumnGuess('v', isIndex), new ColumnGuess('v', isIndex)]
        each.observe(batch, 1, all.length)
        many.observe(batch, 1, all.length, new PlainCells(batch, all.length))
        expect(many.type()).toBe(each.type())
        expect(many.notice()).toBe(each.notice())
        expect(many.fault()?.message).toBe(each.fault()?.message)
        expect(many.layout()).toBe(each.layout())
        expect(many.isSortedAs(many.type())).toBe(each.isSortedAs(each.type()))
      }),
      { numRuns: 500 },
    )
  })

  it('give the same rows wherever others are among them', async () => {
    const schema = schemaOf('k:int64 v:float64 t:timestamp_us')
    const cells = Array.from({ length: 9000 }, (_, row) => [
      String(row * 3 - 100),
      row % 97 === 5 ? '' : row % 101 === 7 ? '1e-3' : `${row}.${row % 10}`,
      row % 89 === 3 ? '' : row % 83 === 2 ? '2026-03-01' : `2026-03-01T00:00:00.${row}Z`,
    ])
    const text = `k,v,t\n${cells.map((record) => record.join(',')).join('\n')}\n`
    const rows = await rowsOf(readCsv([bytes(text)], { schema }))
    const alone = async (record: readonly string[]) =>
      (await rowsOf(readCsv([bytes(`k,v,t\n${record.join(',')}\n`)], { schema })))[0]
    expect(rows.length).toBe(cells.length)
    for (let row = 0; row < rows.length; row += 7) {
      expect(rows[row]).toEqual(await alone(cells[row]!))
    }
  })

  it('are none of a batch that is too long for them', () => {
    const cells = ['1'.padEnd(1 << 20, '0'), '2']
    const reading = { point: 0x2e, form: 'doubles', above: 0 } as const
    expect(new PlainCells(batchOf(cells), 2).numbers(1, 0, 2, reading)).toBeUndefined()
    expect(scanNumber(bytes('2,'), 0, 1)).toBe(IS_WHOLE)
  })
})
