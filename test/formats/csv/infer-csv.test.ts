import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatSchemaText } from '../../../src/core/schema-codec.ts'
import { type InferCsvOptions, inferCsv } from '../../../src/formats/csv/infer-csv.ts'
import { sortFrames } from '../../../src/formats/sort-frames.ts'
import { createMemorySpill } from '../../../src/formats/spill.ts'
import { bytes, cut, faultOf, rowsOf, schemaOf } from './support.ts'

async function typeOf(...cells: string[]): Promise<string> {
  const text = `k,v\n${cells.map((cell, i) => `${i},${cell}\n`).join('')}`
  const { schema } = await inferCsv([bytes(text)])
  return schema.columns[1]!.type
}

async function indexOf(...cells: string[]): Promise<string> {
  const { schema, sorted } = await inferCsv([bytes(`k,v\n${cells.map((c) => `${c},\n`).join('')}`)])
  return `${schema.columns[0]!.type}${sorted ? ' sorted' : ''}`
}

const infer = (text: string, options: InferCsvOptions = {}) =>
  inferCsv([bytes(text)], { file: 'a.csv', ...options })

describe('inferCsv', () => {
  it.each([
    ['null', ['', '']],
    ['bool', ['true', '', 'FALSE', 'False']],
    ['string', ['true', '1']],
    ['float64', ['1', '2', '']],
    ['float64', ['1', '2.5']],
    ['float64', ['.5', '-1.', '1e-5', 'NaN', 'inf', '-Infinity']],
    ['float64', ['"1"', '"2"']],
    ['float64', [' 1', '2 ']],
    ['int64', ['1', '9007199254740993']],
    ['int64', ['-9223372036854775808', '1']],
    ['float64', ['1', '9007199254740991']],
    ['uint64', ['0', '18446744073709551615']],
    ['string', ['-1', '18446744073709551615']],
    ['string', ['18446744073709551616']],
    ['float64', ['9007199254740993', '0.5']],
    ['string', ['007', '1']],
    ['string', ['1', '-01']],
    ['float64', ['0', '0.5', '-0.25', '-0']],
    ['string', ['+49']],
    ['string', ['1e400']],
    ['string', ['N/A', '1', 'closed']],
    ['string', ['""', '1', 'closed']],
    ['date', ['2026-08-17', '2024-02-29']],
    ['string', ['2026-02-29', 'unknown']],
    ['string', ['unknown', '2026-02-29']],
    ['timestamp_s', ['2026-08-17', '2026-08-17T10:00']],
    ['timestamp_s', ['2026-08-17 10:00:00+02:00', '2026-08-17T10:00:00 UTC']],
    ['timestamp_ms', ['2026-08-17 10:00:00.000', '2026-08-17']],
    ['timestamp_ms', ['2026-08-17 10:00:00.000 UTC', '2026-08-17T10']],
    ['timestamp_us', ['2026-08-17 10:00:00.1234', '2026-08-17']],
    ['timestamp_ns', ['2026-08-17 10:00:00.123456789']],
    ['timestamp_ns', ['1677-09-21T00:12:43.145224192Z', '2262-04-11T23:47:16.854775807Z']],
    ['string', ['1677-09-21T00:12:43.145224191Z']],
    ['string', ['2262-04-11T23:47:16.854775808Z']],
    ['string', ['2026-08-17 10:00:00.123456789', '1500-01-01']],
    ['string', ['2026-08-17', '5']],
    ['string', ['2026-08-17 10:00:00.1234567891']],
    ['string', ['10:00', '11:00']],
    ['string', ['{"a":1}'.replaceAll('"', '')]],
  ])('finds %s in %j', async (type, cells) => {
    expect(await typeOf(...cells)).toBe(type)
  })

  it.each([
    ['int64 sorted', ['1', '2', '3']],
    ['int64 sorted', ['1', '1', '3']],
    ['int64', ['2', '1']],
    ['float64 sorted', ['1', '2.5']],
    ['date sorted', ['2026-08-17', '2026-08-18']],
    ['date', ['2026-08-18', '2026-08-17']],
    ['timestamp_s sorted', ['2026-08-17', '2026-08-17T00:00:01']],
    ['timestamp_s', ['2026-08-17T10:00:00+00:00', '2026-08-17T11:00:00+02:00']],
    ['timestamp_ns', ['2026-08-17T10:00:00.000000002', '2026-08-17T10:00:00.000000001']],
    ['string sorted', ['a', 'b', 'é', '😀']],
    ['string', ['b', 'a']],
    ['string', ['1', 'a']],
    ['uint64', ['1', '18446744073709551615']],
  ])('of an index finds %s in %j', async (type, cells) => {
    expect(await indexOf(...cells)).toBe(type)
  })

  it('puts the index first, and says what it found', async () => {
    const text = 'v;sensor;t\n1.5;b;2026-08-17\n2;a;2026-08-18\n'
    const found = await infer(text, { index: ['t', 'sensor'], duplicates: true })
    expect(formatSchemaText(found.schema)).toBe('t:date sensor:string v:float64')
    expect(found.schema).toMatchObject({ indexCount: 2, duplicates: true })
    expect(found).toMatchObject({ rows: 2, sorted: false, delimiter: ';' })
    expect(await rowsOf(found.frames())).toEqual([
      [20682, 'b', 1.5],
      [20683, 'a', 2],
    ])
  })

  it('keeps the text of early rows when a late one widens their column', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i},1.${i % 10}0`)
    const found = await infer(`k,v\n${rows.join('\n')}\n20000,closed\n`)
    const values = await rowsOf(found.frames())
    expect(values[0]).toEqual([0n, '1.00'])
    expect(values[20_000]).toEqual([20_000n, 'closed'])
  })

  it('takes known types, and infers only what is new', async () => {
    const known = schemaOf('t:timestamp_ms v:float32')
    const text = 'note,v,t\nx,1,2026-08-17\n'
    const found = await infer(text, { known })
    expect(formatSchemaText(found.schema)).toBe('t:timestamp_ms v:float32 note:string')
    const fault = await faultOf(() => infer('t,note\n2026-08-17,x\n', { known }))
    expect(fault.message).toMatch('expected the column "v"')
    const fewer = await infer('t,note\n2026-08-17,x\n', { known, subset: true })
    expect(formatSchemaText(fewer.schema)).toBe('t:timestamp_ms note:string')
  })

  it('takes the types of some columns as given, where they are in the table', async () => {
    const types = new Map([
      ['v', 'float32'],
      ['t', 'timestamp_ns'],
    ] as const)
    const { schema } = await infer('t,u,v\n2026-08-17,1,2\n', { types })
    expect(formatSchemaText(schema)).toBe('t:timestamp_ns u:float64 v:float32')
    const fault = await faultOf(() =>
      infer('t,u\n2026-08-17,1\n', { types: new Map([['v', 'bool']]) }),
    )
    expect(fault.data).toMatchObject({ line: 1, missing: 'v' })
  })

  it.each([
    ['k,v\n1,2026-01-31\n2,2026-02-30\n', 3, 3, '"2026-02-30" (2026-02 has 28 days)'],
    ['k,v\n2026-02-29,1\n', 2, 1, '"2026-02-29" (2026-02 has 28 days)'],
    ['k,v\n1,2026-01-31T25:00:00Z\n', 2, 3, '"2026-01-31T25:00:00Z"'],
    ['k,v\n1,2026-13-01\n2,\n3,2026-08-17 10:00\n', 2, 3, '"2026-13-01"'],
  ])('takes no date that does not exist for text, as in %j', async (text, line, column, found) => {
    const fault = await faultOf(() => infer(text))
    expect(fault.message).toContain(`a.csv:${line}:${column}: expected `)
    expect(fault.message).toContain(`found ${found}`)
    const name = text[column === 1 ? 0 : 2]!
    expect(fault.hint).toBe(`--type ${name}:string takes the column as text`)
    const types = new Map([[name, 'string' as const]])
    expect((await infer(text, { types })).rows).toBe(text.trim().split('\n').length - 1)
  })

  it('expects a time, of no precision in particular, where nobody named one', async () => {
    const fault = await faultOf(() => infer('t,v\n2026-01-31T25:00:00Z,1\n'))
    expect(fault.message).toContain('a.csv:2:1: expected a time, found "2026-01-31T25:00:00Z"')
    expect(fault.data.expected).toBe('a time')
  })

  it('counts rows with nothing in any cell apart', async () => {
    const { rows, emptyRows, frames } = await infer('t,v\n1,2\n,\n2,3\n,\n')
    expect({ rows, emptyRows }).toEqual({ rows: 2, emptyRows: 2 })
    expect(await rowsOf(frames())).toHaveLength(2)
  })

  it('knows the order of a known index only where its cells are of that kind', async () => {
    for (const [type, cells, sorted] of [
      ['string', ['9', '10'], false],
      ['string', ['b', 'c'], true],
      ['timestamp_s', ['9', '10'], true],
      ['timestamp_s', ['2026-08-17', '2026-08-18'], true],
      ['date', ['2026-08-17', '2026-08-18'], true],
      ['float64', ['9', '10.5'], true],
      ['float64', ['10.5', '9'], false],
      ['binary', ['AAAA', 'BBBB'], false],
    ] as const) {
      const known = schemaOf(`k:${type}`)
      const found = await infer(`k,v\n${cells.join(',\n')},\n`, { known })
      expect([type, cells, found.sorted]).toEqual([type, cells, sorted])
    }
    const beyond = ['1500-01-01T00:00:00.123456789', '2026-08-17']
    expect(await indexOf(...beyond)).toBe('string')
  })

  it('finds only types that every cell can be read as', async () => {
    const piece = fc.constantFrom(
      ...' +-.0579eETZ:/',
      '2026-08-17',
      'T10:00',
      ':00',
      '.123456789',
      '+02:00',
      ' UTC',
      '9007199254740993',
      '9223372036854775808',
      '+012026-01-01',
      '-999999999999-01-01',
      'true',
      'inf',
      'nan',
      '1e308',
    )
    const text = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
    const cell = fc.oneof(
      text,
      text.map((each) => `"${each}"`),
      fc.constantFrom('', '""', '"a""b"', '1', '2.5', '2026-08-17', '2026-08-17 10:00:00.5'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 4 }), async (cells) => {
        const text = `k,v\n${cells.map((each, i) => `${i},${each}\n`).join('')}`
        const asText = { types: new Map([['v', 'string' as const]]) }
        const found = await infer(text).catch((error) => {
          expect(error).toMatchObject({ code: 'bad-input', data: { field: 'v' } })
          return infer(text, asText)
        })
        const rows = await rowsOf(found.frames())
        expect(rows.length).toBe(cells.length)
        const nulls = cells.map((each) => each === '')
        expect(rows.map((row) => row[1] === null)).toEqual(nulls)
      }),
      { numRuns: 5000 },
    )
  })

  it('says that an index is sorted only when it is', async () => {
    const cell = fc.oneof(
      fc.constantFrom(
        '1',
        '2',
        '10',
        '-1',
        '0.5',
        '9007199254740993',
        'a',
        'b',
        '"1"',
        ' 3',
        'inf',
      ),
      fc.constantFrom('2026-08-17', '2026-08-17T10:00+02:00', '2026-08-17 09:00', '2026-08-18'),
      fc.constantFrom('true', 'false', '"a""b"', '😀', '\uffff', '2026-08-17 09:00:00.000000001'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 4 }), async (cells) => {
        const text = `k,v\n${cells.map((each) => `${each},\n`).join('')}`
        const asText = { types: new Map([['k', 'string' as const]]) }
        const found = await infer(text, { duplicates: true }).catch((error) => {
          expect(error).toMatchObject({ code: 'bad-input', data: { field: 'k' } })
          return infer(text, { duplicates: true, ...asText })
        })
        const options = { sorted: found.sorted }
        const rows = await rowsOf(sortFrames(found.frames(), found.schema, options))
        expect(rows.length).toBe(cells.length)
      }),
      { numRuns: 5000 },
    )
  })

  it('says that an index is unsorted of which the first number is too large for a double', async () => {
    // A first row of a batch of its own, so that what follows is read many at once.
    const long = 'x'.repeat(4000)
    const rows = Array.from({ length: 100 }, (_, row) => `${row},${long}\n`)
    const found = await infer(`k,v\n9223372036854775807,${long}\n${rows.join('')}`)
    expect(found.sorted).toBe(false)
    const keys = (await rowsOf(sortFrames(found.frames(), found.schema))).map(([key]) => key)
    expect(keys.slice(-2)).toEqual([99n, 9223372036854775807n])
  })

  it('gives the same whether it reads once or twice, from memory or a spill', async () => {
    const cell = fc.oneof(
      fc.constantFrom('', '""', '1', '2.5', '007', 'true', '2026-08-17', '"a\n,b"', 'é'),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    )
    const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 })
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(table, sizes, async (cells, pieces) => {
        const text = bytes(`k,a,b\n${cells.map(([a, b], i) => `${i},${a},${b}\n`).join('')}`)
        const options = { nulls: [''] }
        const once = await inferCsv(cut(text, pieces), {
          ...options,
          spill: createMemorySpill(),
          memoryLimit: 16,
        })
        const twice = await inferCsv(() => [text], options)
        expect(once.schema).toEqual(twice.schema)
        expect(await rowsOf(once.frames())).toEqual(await rowsOf(twice.frames()))
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    ['nothing', '', {}, /^a\.csv:1:1: expected a header .*found an empty input/],
    ['a header only', 'k,v\n', {}, /^a\.csv:2:1: .*found a header and no rows/],
    ['a null in the index', 'k,v\n1,\n,2\n', {}, /^a\.csv:3:1: expected a value, found nothing/],
    ['a missing index', 'k,v\n1,2\n', { index: ['t'] }, /expected the index column "t"/],
    ['a ragged row', 'k,v\n1\n', {}, /^a\.csv:2:2: expected 2 cells, found 1/],
    ['NaN in the index', 'k,v\n1,2\nNaN,2\n', {}, /^a\.csv:3:1: .*cannot be NaN/],
  ] as const)('refuses %s', async (_, text, options, message) => {
    const fault = await faultOf(async () => {
      const found = await infer(text, options as InferCsvOptions)
      await rowsOf(found.frames())
    })
    expect(fault.message).toMatch(message)
    expect(fault.code).toBe('bad-input')
  })
})
