import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../../src/core/column.ts'
import { columnTypes } from '../../../src/core/column.ts'
import { hasCode } from '../../../src/core/errors.ts'
import { parseScalar } from '../../../src/core/scalar-text.ts'
import { readCsv, readCsvHeader, readValues } from '../../../src/formats/csv/read-csv.ts'
import { scalarsOf } from '../../support/columns.ts'
import { bytes, cut, faultOf, rowsOf, schemaOf } from './support.ts'

const read = (text: string | Uint8Array, schema: string, options = {}) =>
  rowsOf(
    readCsv([typeof text === 'string' ? bytes(text) : text], {
      schema: schemaOf(schema),
      file: 'a.csv',
      ...options,
    }),
  )

describe('readCsv', () => {
  it('reads values by the types of the schema, in any order of the columns', async () => {
    const rows = await read('v,t,n\n1.5,2026-08-17,-3\n,2026-08-18,\n', 't:date n:int8 v:float64')
    expect(rows).toEqual([
      [20682, -3, 1.5],
      [20683, null, null],
    ])
  })

  it('tells null from the empty string', async () => {
    expect(await read('k,s\n1,\n2,""\n3,x\n', 'k:int64 s:string')).toEqual([
      [1n, null],
      [2n, ''],
      [3n, 'x'],
    ])
  })

  it('takes every line end, a byte order mark, no last line end, and skips blank lines', async () => {
    const expected = [
      [1n, 'a'],
      [2n, 'b'],
    ]
    for (const text of [
      'k,s\n1,a\n2,b\n',
      'k,s\r\n1,a\r\n2,b\r\n',
      'k,s\r1,a\r2,b\r',
      '\ufeffk,s\n1,a\n2,b',
      '\n\nk,s\n\n1,a\r\n\r\n2,b\n\n\n',
    ]) {
      expect(await read(text, 'k:int64 s:string')).toEqual(expected)
    }
  })

  it('skips rows with nothing in any cell, and counts them', async () => {
    const skipped: number[] = []
    const options = { onEmptyRows: (count: number) => skipped.push(count) }
    const schema = 'k:int64 s:string v:float64'
    const text = 'k,s,v\n,,\n1,,\r\n,,\r\n2,"",3\n,,'
    expect(await read(text, schema, options)).toEqual([
      [1n, null, null],
      [2n, '', 3],
    ])
    expect(skipped).toEqual([3])
    expect((await faultOf(() => read('k,s,v\n1,,\n,,\n,"",\n', schema))).data).toMatchObject({
      line: 4,
      column: 1,
      found: 'nothing',
    })
    const ragged = await faultOf(() => read('k,s,v\n1,,\n,,,\n', schema))
    expect(ragged.data).toMatchObject({ line: 3, found: '4', expected: '3 cells' })
    expect((await faultOf(() => read(',,\n1,,\n', schema))).data).toMatchObject({ line: 1 })
  })

  it('finds the delimiter', async () => {
    for (const [text, rows] of [
      ['k;s\n1;a,b\n', [[1n, 'a,b']]],
      ['k\ts\n1\ta;b\n', [[1n, 'a;b']]],
      ['k|s\n1|a\tb\n', [[1n, 'a\tb']]],
      ['k,"s"\n1,"a;b;c"\n', [[1n, 'a;b;c']]],
    ] as const) {
      expect(await read(text, 'k:int64 s:string')).toEqual(rows)
    }
    expect(await read('a;c,d\n1;2\n3;4\n', 'a:int64 "c,d":int64')).toEqual([
      [1n, 2n],
      [3n, 4n],
    ])
  })

  it('reads times with offsets, fractions and as epoch', async () => {
    const text = [
      't,u',
      '2026-08-17T10:00:00Z,2026-08-17 10:00:00.25',
      '2026-08-17 12:00+02:00,2026-08-17',
      '1786960800,1786960800250000000',
      '1969-12-31T23:59:59,1969-12-31T23:59:59.999999999Z',
      '',
    ].join('\n')
    expect(await read(text, 't:timestamp_s u:timestamp_ns')).toEqual([
      [1786960800n, 1786960800250000000n],
      [1786960800n, 1786924800000000000n],
      [1786960800n, 1786960800250000000n],
      [-1n, -1n],
    ])
  })

  it('hands out frames that know their lines', async () => {
    const lines: number[] = []
    const text = 'k,s\n1,"a\nb"\n\n2,"c\r\nd\re"\n3,f\n'
    const schema = schemaOf('k:int64 s:string')
    for await (const frame of readCsv([bytes(text)], { schema, file: 'a.csv' })) {
      expect(frame.source?.file).toBe('a.csv')
      lines.push(...frame.source!.lines)
    }
    expect(lines).toEqual([2, 5, 8])
  })

  it('reads a subset where it may, without a header where it is told', async () => {
    expect(await read('k,b\n1,2\n', 'k:int64 a:int64 b:int64', { subset: true })).toEqual([
      [1n, 2n],
    ])
    expect(await read('1,2\n3,4\n', 'k:int64 a:int64', { header: false })).toEqual([
      [1n, 2n],
      [3n, 4n],
    ])
    expect(await read('k,a\n', 'k:int64 a:int64')).toEqual([])
  })

  it('keeps a column called __proto__, and a −0 of the index as +0', async () => {
    expect(await read('k,__proto__\n-0,-0\n', 'k:float64 __proto__:float64')).toEqual([[0, -0]])
  })

  it('reads each cell as parseScalar reads its text', async () => {
    const piece = fc.constantFrom(
      ...'0123456789+-.:eETZ /x',
      '2026',
      '-08-',
      '17',
      'T10:',
      '00',
      '.5',
      '9223372036854775807',
      '9007199254740993',
      '18446744073709551615',
      'nan',
      'inf',
      'true',
      'AAAA',
      '[]',
      'e308',
      '1970-01-01T',
    )
    const cell = fc.oneof(
      fc.array(piece, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
      fc.double().map(String),
      fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    )
    const types = columnTypes.filter((type) => type !== 'null')
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...types), cell, async (type, text) => {
        const expected = outcome(() =>
          parseScalar(type === 'string' || type === 'json' ? text : text.trim(), type),
        )
        const rows = await values(text, type)
        expect(rows).toEqual(expected)
      }),
      { numRuns: 5000 },
    )
  })

  it('rounds decimals to the nearest double', async () => {
    const decimal = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 19n }), fc.nat(25), fc.boolean())
      .map(([digits, places, negative]) => {
        const text = digits.toString().padStart(places + 1, '0')
        const point = text.length - places
        return `${negative ? '-' : ''}${text.slice(0, point)}.${text.slice(point)}`
      })
    await fc.assert(
      fc.asyncProperty(decimal, async (text) => {
        expect(await values(text, 'float64')).toEqual([Number(text)])
      }),
      { numRuns: 2000 },
    )
  })

  it('cuts cells as csv-parse does, however the bytes arrive', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'é', '😀', '"', ',', '\n', '\r', ' ', ';', '1'),
      maxLength: 6,
    })
    const table = fc.record({
      width: fc.integer({ min: 2, max: 4 }),
      cells: fc.array(cell, { maxLength: 40 }),
      quoteAll: fc.boolean(),
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      sizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(table, async ({ width, cells, quoteAll, lineEnd, sizes }) => {
        const names = Array.from({ length: width }, (_, i) => `c${i}`)
        const lines = [names]
        for (let at = 0; at + width <= cells.length; at += width) {
          lines.push(cells.slice(at, at + width).map((text, i) => (i === 0 ? `k${text}` : text)))
        }
        const quote = (text: string) =>
          quoteAll || /["\n\r,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
        const text = lines.map((line) => line.map(quote).join(',') + lineEnd).join('')
        const schema = schemaOf(names.map((name) => `${name}:string`).join(' '))
        const frames = readCsv(cut(bytes(text), sizes), { schema, delimiter: ',' })
        const oracle: string[][] = parse(text, { record_delimiter: lineEnd, from_line: 1 })
        const rows = (await rowsOf(frames)).map((row) => row.map((value) => value ?? ''))
        expect(rows).toEqual(oracle.slice(1))
      }),
      { numRuns: 500 },
    )
  })

  it('reads 10,000 columns', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`)
    const line = (n: number) => names.map((_, i) => i + n).join(',')
    const text = `${names.join(',')}\n${line(0)}\n${line(1)}\n${line(2)}\n`
    const schema = schemaOf(names.map((name) => `${name}:int64`).join(' '))
    const rows = await rowsOf(readCsv(cut(bytes(text), [1000]), { schema }))
    expect(rows.length).toBe(3)
    expect(rows[2]![9_999]).toBe(10_001n)
  })

  it.each(['string', 'json'])('reads long values with quotes in them: %s', async (type) => {
    const values = [3, 255, 256, 257, 1_000, 70_000, 300].map((n) => JSON.stringify('ab'.repeat(n)))
    const lines = values.map((value, k) => `${k},"${value.replaceAll('"', '""')}"\n`)
    const rows = await read(`k,v\n${lines.join('')}`, `k:int64 v:${type}`)
    expect(rows.map(([, value]) => value)).toEqual(values)
  })

  it('reads a value of 60 MiB', async () => {
    const value = `["${'x'.repeat(60 * 1024 * 1024)}"]`
    const text = bytes(`k,j\n1,"${value.replaceAll('"', '""')}"\n2,[]\n`)
    let rows = 0
    const schema = schemaOf('k:int64 j:json')
    for await (const frame of readCsv(cut(text, [65_536]), { schema })) {
      rows += frame.rows
      expect(frame.columns[1]!.offsets![1]).toBe(value.length)
    }
    expect(rows).toBe(2)
  }, 60_000)
})

async function values(text: string, type: ColumnType): Promise<unknown> {
  try {
    const all: unknown[] = []
    const quoted = /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
    for await (const column of readValues([bytes(`${quoted}\n`)], type)) {
      all.push(...scalarsOf(column))
    }
    return all
  } catch (error) {
    if (hasCode(error, 'bad-input')) return 'refused'
    throw error
  }
}

function outcome(work: () => unknown): unknown {
  try {
    return [work()]
  } catch (error) {
    if (hasCode(error, 'invalid-value')) return 'refused'
    throw error
  }
}

describe('readValues', () => {
  it('takes an empty line for a null', async () => {
    const columns = []
    for await (const column of readValues([bytes('1.5\n\n2\n')], 'float64')) columns.push(column)
    expect(columns.flatMap(scalarsOf)).toEqual([1.5, null, 2])
  })
})

describe('readCsvHeader', () => {
  it('gives the names, without the spaces around unquoted ones', async () => {
    expect(await readCsvHeader([bytes('a, b ," c"\n1,2,3\n')])).toEqual(['a', 'b', ' c'])
  })
})

describe('bad input', () => {
  const cases: [string, string | Uint8Array, string, number, number, RegExp][] = [
    ['too few cells', 'k,v\n1,2\n3\n', 'k:int64 v:int64', 3, 2, /expected 2 cells, found 1/],
    ['too many cells', 'k,v\n1,2,,9\n', 'k:int64 v:int64', 2, 5, /expected 2 cells, found 4/],
    [
      'a wrong type',
      'k,v\n1,2\n2,abc\n',
      'k:int64 v:float64',
      3,
      3,
      /^a\.csv:3:3: expected float64, found "abc"$/,
    ],
    ['a wrong bool', 'k,v\n1,yes\n', 'k:int64 v:bool', 2, 3, /expected bool, found "yes"/],
    [
      'a number out of range',
      'k,v\n1,300\n',
      'k:int64 v:int8',
      2,
      3,
      /expected int8, found "300" \(not a whole number from -128 to 127\)/,
    ],
    [
      'an int64 out of range',
      'k,v\n1,9223372036854775808\n',
      'k:int64 v:int64',
      2,
      3,
      /expected int64/,
    ],
    [
      'a double out of range',
      'k,v\n1,1e400\n',
      'k:int64 v:float64',
      2,
      3,
      /expected float64, found "1e400" \(not a number that fits float64\)/,
    ],
    [
      '30 February',
      'k,v\n2026-02-30,1\n',
      'k:date v:int64',
      2,
      1,
      /expected date, found "2026-02-30" \(2026-02 has 28 days\)/,
    ],
    [
      'too fine a time',
      'k,v\n2026-02-20T00:00:00.5,1\n',
      'k:timestamp_s v:int64',
      2,
      1,
      /\(it holds whole seconds\)/,
    ],
    [
      'a time out of range',
      'k,v\n1500-02-20T00:00:00,1\n',
      'k:timestamp_ns v:int64',
      2,
      1,
      /\(it reaches from 1677/,
    ],
    [
      'invalid UTF-8',
      Buffer.from('k,v\n1,a\n2,\xe9\n', 'latin1'),
      'k:int64 v:string',
      3,
      3,
      /expected text in UTF-8, found the byte 0xe9/,
    ],
    [
      'an unterminated quote',
      'k,v\n1,a\n2,"b\nc\n',
      'k:int64 v:string',
      3,
      3,
      /expected a closing quote, found the end of the input/,
    ],
    [
      'text after a quote',
      'k,v\n1,"a"b\n',
      'k:int64 v:string',
      2,
      6,
      /found text after the closing quote/,
    ],
    [
      'a quote in a cell',
      'k,v\n1,a"b\n',
      'k:int64 v:string',
      2,
      4,
      /a quote inside an unquoted cell/,
    ],
    [
      'a null in the index',
      'k,v\n1,2\n,3\n',
      'k:int64 v:int64',
      3,
      1,
      /expected int64, found nothing \(the index cannot be null\)/,
    ],
    ['NaN in the index', 'k,v\n1,2\nnan,3\n', 'k:float64 v:int64', 3, 1, /the index cannot be NaN/],
    [
      'a missing index column',
      'v\n1\n',
      'k:int64 v:int64',
      1,
      1,
      /expected the index column "k", found "v"/,
    ],
    ['a missing column', 'k\n1\n', 'k:int64 v:int64', 1, 1, /expected the column "v", found "k"/],
    ['nothing', '', 'k:int64 v:int64', 1, 1, /found an empty input/],
    [
      'two columns of one name',
      'k,v,v\n1,2,3\n',
      'k:int64 v:int64',
      1,
      5,
      /found a second "v" \(columns 2 and 3\)/,
    ],
    [
      'an unknown column',
      'k,valeu\n1,2\n',
      'k:int64 value:int64',
      1,
      3,
      /found the unknown column "valeu"/,
    ],
    [
      'a column without a name',
      'k,\n1,2\n',
      'k:int64 v:int64',
      1,
      3,
      /expected a name for column 2/,
    ],
    ['a NUL byte', 'k,v\n1,2\0\n', 'k:int64 v:int64', 2, 4, /found a NUL byte/],
    ['UTF-16', Buffer.from('\ufeffk,v\n1,2\n', 'utf16le'), 'k:int64 v:int64', 1, 1, /found UTF-16/],
    [
      'an empty string as a number',
      'k,v\n1,""\n',
      'k:int64 v:float64',
      2,
      3,
      /expected float64, found ""$/,
    ],
    ['broken json', 'k,v\n1,"{a:1}"\n', 'k:int64 v:json', 2, 3, /it is not valid JSON/],
    [
      'a place by characters',
      'k,v,w\n1,"é\n😀😀",x\n',
      'k:int64 v:string w:int64',
      3,
      5,
      /found "x"/,
    ],
  ]
  it.each(cases)('%s', async (_, text, schema, line, column, message) => {
    const whole = typeof text === 'string' ? bytes(text) : text
    for (const sizes of [[], [1], [3, 2]]) {
      const fault = await faultOf(() =>
        rowsOf(readCsv(cut(whole, sizes), { schema: schemaOf(schema), file: 'a.csv' })),
      )
      expect(fault.message).toMatch(message)
      expect(fault.code).toBe('bad-input')
      expect(fault.data).toMatchObject({ file: 'a.csv', line, column })
      expect(Object.keys(fault.data)).toEqual(expect.arrayContaining(['found', 'expected']))
    }
  })

  it('names the nearest column', async () => {
    const fault = await faultOf(() => read('k,pirce\n1,2\n', 'k:int64 price:int64'))
    expect(fault.hint).toBe('did you mean "price"?')
  })

  it('reports the first fault of several', async () => {
    const fault = await faultOf(() => read('k,v\n1,2\n2,x\ny,3\n4\n', 'k:int64 v:int64'))
    expect(fault.data).toMatchObject({ line: 3, column: 3 })
    const left = await faultOf(() => read('v,k\nx,y\n', 'k:int64 v:int64'))
    expect(left.data).toMatchObject({ line: 2, column: 1 })
  })

  it('refuses a value over 64 MiB, and says where its quote was opened', async () => {
    const long = bytes(`k,v\n1,"${'x'.repeat(64 * 1024 * 1024 + 1)}`)
    const schema = schemaOf('k:int64 v:string')
    const fault = await faultOf(() => rowsOf(readCsv(cut(long, [1 << 20]), { schema })))
    expect(fault.message).toMatch(/^<stdin>:2:3: expected a value of at most 64 MiB.*never closed/)
  }, 60_000)

  it('shows control characters escaped', async () => {
    const fault = await faultOf(() => read('k,v\n1,\x1b[2J\n', 'k:int64 v:int64'))
    expect(fault.message).not.toContain('\x1b')
  })
})
