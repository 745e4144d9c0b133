import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesTable,
  type Column,
  columnTypes,
  formatSchemaText,
  frameFromRows,
  framesTable,
  type InputTable,
  openRepository,
  parseSchemaText,
  type Row,
  readSeriesRows,
  recordsOf,
  rowsOf,
  rowsTable,
  type Scalar,
  writeSeries,
} from '../../src/index.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const now = () => new Date('2026-08-17T10:00:00Z')

/** The rows of a series that was made of a table. */
async function kept(input: InputTable, options: { duplicates?: boolean } = {}) {
  const repo = await openRepository('memory:', { author, now })
  await writeSeries(repo, { series: 's', input, create: true, commit: repo.signed(), ...options })
  const found = await readSeriesRows(repo, { name: 's' })
  const rows: Scalar[][] = []
  for await (const frame of found.frames()) rows.push(...rowsOf(frame))
  return { schema: formatSchemaText(found.schema), rows }
}

describe('rowsTable', () => {
  it('takes values as columns have them, Dates, numbers for 64 bits, and the text of CSV', async () => {
    const schema =
      'time:timestamp_ms day:date count:int64 small:int8 price:float64 name:string raw:binary ok:bool'
    const rows: Row[] = [
      [new Date(1500), new Date('2026-08-17'), 7, 1n, 2n, 'a', new Uint8Array([1]), true],
      [
        '1970-01-01T00:00:00.002Z',
        '2026-08-18',
        9007199254740993n,
        -1,
        '0.5',
        '1',
        'AQI=',
        'false',
      ],
      [1n, 20_000, '12', '3', Number.NaN, '', null, undefined],
    ]
    expect(await kept(rowsTable(schema, rows))).toEqual({
      schema,
      rows: [
        [1n, 20_000, 12n, 3, Number.NaN, '', null, null],
        [2n, 20_683, 9007199254740993n, -1, 0.5, '1', new Uint8Array([1, 2]), false],
        [1500n, 20_682, 7n, 1, 2, 'a', new Uint8Array([1]), true],
      ],
    })
  })

  it('takes objects by the names of the columns, whatever those are', async () => {
    const rows: Row[] = [JSON.parse('{"t": 2, "__proto__": 1.5}'), { t: 1 }]
    const { rows: read } = await kept(rowsTable('t:int32 __proto__:float64 toString:float64', rows))
    expect(read).toEqual([
      [1, null, null],
      [2, 1.5, null],
    ])
  })

  it.each([
    ['a Date with milliseconds as seconds', 't:timestamp_s', new Date(1), 't'],
    ['a Date that is none', 't:timestamp_ms', new Date(Number.NaN), 't'],
    ['an hour as a date', 't:date', new Date(3_600_000), 't'],
    ['a number beyond 2^53 as int64', 't:int64', 2 ** 53, 't'],
    ['a fraction as int32', 't:int32', 1.5, 't'],
    ['a bigint that a double does not hold', 't:float64', 9007199254740993n, 't'],
    ['text that is no number', 't:float64', 'abc', 't'],
    ['nothing in the index', 't:int32', null, 't'],
  ])('refuses %s, with the place', async (_, schema, value, field) => {
    await expect(kept(rowsTable(schema, [[value]], { name: 'ticks' }))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/^ticks, row 1, column "t": expected /),
      data: { row: 1, field },
    })
  })

  it('refuses rows of another shape', async () => {
    await expect(kept(rowsTable('t:int32 v:int32', [[1]]))).rejects.toThrow(
      'rows, row 1: expected values for t, v, found 1 values',
    )
    await expect(kept(rowsTable('t:int32 v:int32', [{ t: 1, w: 2 }]))).rejects.toThrow(
      'rows, row 1: expected values for t, v, found a value for "w"',
    )
  })

  it('says where a row is that is not in the first batch', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i): Row => [i === 9000 ? 0.5 : i])
    await expect(kept(rowsTable('t:int32', rows))).rejects.toThrow('rows, row 9001, column "t"')
  })

  it('takes rows that come as they are asked for', async () => {
    async function* ticks() {
      for (let i = 0; i < 20_000; i++) yield [i, i / 2] as const
    }
    const { rows } = await kept(rowsTable('t:int64 v:float64', ticks()))
    expect(rows).toHaveLength(20_000)
    expect(rows.at(-1)).toEqual([19_999n, 9999.5])
  })
})

describe('framesTable', () => {
  it.each([
    ['in order is read once', [1n, 2n, 3n, 4n], 1],
    ['with its last row before others is read again, and sorted', [2n, 3n, 4n, 1n], 2],
  ])('of a function %s', async (_, keys, times) => {
    const schema = parseSchemaText('key:int64 v:int64')
    let asked = 0
    const frames = () => {
      asked++
      return keys.map((key) => frameFromRows(schema, [[key, 10n * key]]))
    }
    const { rows } = await kept(framesTable(schema, frames))
    expect(rows).toEqual([1n, 2n, 3n, 4n].map((key) => [key, 10n * key]))
    expect(asked).toBe(times)
  })

  it('of what can be iterated once is sorted', async () => {
    const schema = parseSchemaText('key:int64')
    const frames = [3n, 1n, 2n].map((key) => frameFromRows(schema, [[key]]))
    const { rows } = await kept(framesTable(schema, frames.values()))
    expect(rows).toEqual([[1n], [2n], [3n]])
  })

  it('with a key twice is at fault, sorted or not', async () => {
    const schema = parseSchemaText('key:int64')
    for (const keys of [
      [1n, 2n, 2n],
      [2n, 1n, 2n],
    ]) {
      const frames = keys.map((key) => frameFromRows(schema, [[key]]))
      await expect(kept(framesTable(schema, frames))).rejects.toMatchObject({
        code: 'bad-input',
        data: { found: 'a second 2' },
      })
    }
  })

  it('lays frames over a series and keeps every value', async () => {
    const types = columnTypes.filter((type) => type !== 'null')
    const schema = parseSchemaText(`key:int32 ${types.map((type) => `${type}:${type}`).join(' ')}`)
    const value: Record<string, fc.Arbitrary<Scalar>> = {
      bool: fc.boolean(),
      float32: fc.float({ noDefaultInfinity: false }),
      float64: fc.double(),
      string: fc.string({ unit: 'grapheme' }),
      binary: fc.uint8Array(),
      json: fc.jsonValue().map((json) => JSON.stringify(json)),
      date: fc.integer({ min: -100_000, max: 100_000 }),
      int8: fc.integer({ min: -128, max: 127 }),
      int16: fc.integer({ min: -32_768, max: 32_767 }),
      int32: fc.integer(),
      uint8: fc.nat(255),
      uint16: fc.nat(65_535),
      uint32: fc.nat(),
      uint64: fc.bigInt(0n, 2n ** 64n - 1n),
    }
    const wide = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
    const row = fc.tuple(...types.map((type) => fc.option(value[type] ?? wide)))
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (values) => {
        const rows = values.map((rest, key): Scalar[] => [key, ...rest])
        const frames = rows.map((one) => frameFromRows(schema, [one]))
        const read = await kept(framesTable(schema, frames))
        expect(read).toEqual({ schema: formatSchemaText(schema), rows })
      }),
      { numRuns: 20 },
    )
  })

  it('takes columns made by hand, as Arrow lays them out', async () => {
    const schema = parseSchemaText('t:int32 v:string')
    const columns: Column[] = [
      { type: 'int32', length: 3, values: Int32Array.of(3, 1, 2) },
      {
        type: 'string',
        length: 3,
        validity: Uint8Array.of(0b101),
        values: Buffer.from('xyz'),
        offsets: Uint32Array.of(0, 1, 1, 3),
      },
    ]
    expect((await kept(framesTable(schema, [{ schema, columns, rows: 3 }]))).rows).toEqual([
      [1, null],
      [2, 'yz'],
      [3, 'x'],
    ])
  })

  it('refuses frames that are not of the schema', async () => {
    const schema = parseSchemaText('t:int32 v:string')
    const frame = frameFromRows(parseSchemaText('t:int32'), [[1]])
    await expect(kept(framesTable(schema, [frame]))).rejects.toMatchObject({
      code: 'schema-mismatch',
    })
  })
})

describe('reading again', () => {
  it('is refused for what can be read once', async () => {
    const once = rowsTable('t:int32', new Set([[1], [2]]))
    await kept(once)
    await expect(kept(once)).rejects.toMatchObject({ code: 'usage' })
  })

  it('is done for arrays, functions and bytes', async () => {
    const rows = [[1], [2]]
    for (const table of [
      rowsTable('t:int32', rows),
      rowsTable('t:int32', () => rows),
      bytesTable('a.csv', 't\n1\n2\n', { columns: ['t'] }),
    ]) {
      const first = await kept(table)
      expect(await kept(table)).toEqual(first)
    }
  })
})

describe('recordsOf', () => {
  it('gives objects by the names of the columns', () => {
    const frame = frameFromRows(parseSchemaText('t:int32 __proto__:int32'), [[1, 2]])
    const [record] = recordsOf(frame)
    expect(Object.entries(record!)).toEqual([
      ['t', 1],
      ['__proto__', 2],
    ])
  })
})
