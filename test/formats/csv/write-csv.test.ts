import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, type ColumnType, columnTypes, type Scalar } from '../../../src/core/column.ts'
import { columnOf } from '../../../src/core/column-builder.ts'
import { columnsEqual } from '../../../src/core/column-ops.ts'
import { frameFromRows, makeFrame } from '../../../src/core/frame.ts'
import { formatScalar } from '../../../src/core/scalar-text.ts'
import { readCsv, readValues } from '../../../src/formats/csv/read-csv.ts'
import { writeCsv, writeValues } from '../../../src/formats/csv/write-csv.ts'
import { anyValue, anyValues, scalarsOf } from '../../support/columns.ts'
import { bytes, cut, rowsOf, schemaOf, textOf } from './support.ts'

function frame(schema: string, rows: Scalar[][]) {
  return frameFromRows(schemaOf(schema), rows)
}

async function written(type: ColumnType, values: Scalar[]): Promise<string> {
  return textOf(writeValues([columnOf(type, values)]))
}

describe('writeCsv', () => {
  it('quotes only where it must', async () => {
    const schema = 'k:int64 s:string "a,b":json b:binary'
    const one = frame(schema, [
      [1n, 'plain text', '{"a": 1}', Uint8Array.of(1, 2)],
      [2n, '', '[]', Uint8Array.of()],
      [3n, null, null, null],
      [4n, 'a,b', '1', null],
      [5n, 'say "hi"\r\n', '"x"', null],
    ])
    expect(await textOf(writeCsv(one.schema, [one]))).toBe(
      [
        'k,s,"a,b",b',
        '1,plain text,"{""a"": 1}",AQI=',
        '2,"",[],""',
        '3,,,',
        '4,"a,b",1,',
        '5,"say ""hi""\r\n","""x""",',
        '',
      ].join('\n'),
    )
  })

  it('takes a delimiter, a line end, and no header', async () => {
    const one = frame('k:int64 s:string', [[1n, 'a,b;c']])
    const options = { delimiter: ';', lineEnd: '\r\n', header: false } as const
    expect(await textOf(writeCsv(one.schema, [one], options))).toBe('1;"a,b;c"\r\n')
  })

  it('writes a header and nothing more for no rows', async () => {
    expect(await textOf(writeCsv(schemaOf('k:int64 " v":int64'), []))).toBe('k," v"\n')
  })

  it.each([
    [0.1, '0.1'],
    [66, '66'],
    [66.02, '66.02'],
    [-1234.5, '-1234.5'],
    [1e21, '1e+21'],
    [123456789012345680000, '123456789012345680000'],
    [999999999999999, '999999999999999'],
    [1e-7, '1e-7'],
    [0.000001, '0.000001'],
    [-0, '-0'],
    [0.1 + 0.2, '0.30000000000000004'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-inf'],
  ])('writes the double %d as %s', async (value, text) => {
    expect(await written('float64', [value])).toBe(`${text}\n`)
  })

  it('writes every value as formatScalar does, whatever was written before it', async () => {
    const decimals = fc
      .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.nat(12))
      .map(([digits, places]) => Number(`${digits}e-${places}`))
    for (const type of columnTypes.filter((name) => name !== 'null')) {
      const value = type === 'float64' ? fc.oneof(decimals, anyValue(type)) : anyValue(type)
      const simple = type === 'string' || type === 'json' || type === 'binary'
      await fc.assert(
        fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
          const text = await written(type, values)
          const expected = values.map((each) => formatScalar(each, type))
          if (!simple) expect(text).toBe(`${expected.join('\n')}\n`)
          else {
            const oracle: string[][] = parse(text, { record_delimiter: '\n', bom: false })
            expect(oracle.map((record) => record[0])).toEqual(expected)
          }
        }),
        { numRuns: type === 'float64' ? 3000 : 300 },
      )
    }
  })

  it('writes times of every size exactly', async () => {
    const seconds = fc.bigInt({ min: -62_200_000_000n, max: 253_500_000_000n })
    for (const [type, units] of [
      ['timestamp_s', 1n],
      ['timestamp_ms', 1000n],
      ['timestamp_us', 1_000_000n],
    ] as const) {
      const value = fc
        .tuple(seconds, fc.bigInt({ min: 0n, max: units - 1n }))
        .map(([whole, part]) => whole * units + part)
      await fc.assert(
        fc.asyncProperty(value, async (each) => {
          expect(await written(type, [each])).toBe(`${formatScalar(each, type)}\n`)
        }),
        { numRuns: 1000 },
      )
    }
  })
})

describe('round trip', () => {
  it.each(columnTypes)('%s comes back bit for bit', async (type) => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(anyValues(type, 30), sizes, async (values, pieces) => {
        const column = columnOf(type, values)
        const keys = columnOf(
          'int64',
          values.map((_, row) => BigInt(row)),
        )
        const schema = schemaOf(`k:int64 v:${type}`)
        const text = bytes(await textOf(writeCsv(schema, [makeFrame(schema, [keys, column])])))
        const back: Column[] = []
        for await (const one of readCsv(cut(text, pieces), { schema })) back.push(one.columns[1]!)
        if (values.length === 0) expect(back).toEqual([])
        else expect(columnsEqual(back[0]!, column)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it.each(columnTypes)('%s comes back from lines of values', async (type) => {
    await fc.assert(
      fc.asyncProperty(anyValues(type, 30), async (values) => {
        const back: Scalar[] = []
        for await (const column of readValues([bytes(await written(type, values))], type)) {
          back.push(...scalarsOf(column))
        }
        expect(columnsEqual(columnOf(type, back), columnOf(type, values))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('holds for column names and text of every kind, whatever the delimiter', async () => {
    const text = fc.constantFrom(
      'a',
      ' a',
      'b ',
      '"',
      'c,d',
      '__proto__',
      'é',
      "'",
      'x;y',
      't\tu;;',
    )
    const name = text.filter((each) => !each.includes('\t'))
    const delimiter = fc.constantFrom(',', ';', '\t', '|')
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
        fc.array(text, { minLength: 4, maxLength: 8 }),
        delimiter,
        async (names, cells, separator) => {
          const columns = names.map((each) => ({ name: each, type: 'string' as const }))
          const schema = { columns, indexCount: 1, duplicates: false }
          const one = frameFromRows(schema, [
            cells.slice(0, names.length),
            cells.slice(-names.length),
          ])
          const written = await textOf(writeCsv(schema, [one], { delimiter: separator }))
          expect(await rowsOf(readCsv([bytes(written)], { schema }))).toEqual(await rowsOf([one]))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it.each([..."\t !#$%&'()*,/:;<=>?@[\\]^_`{|}~"])(
    'holds with the delimiter %j',
    async (delimiter) => {
      const schema = schemaOf('t:timestamp_ms d:date b:binary x:float64 s:json')
      const one = frameFromRows(schema, [
        [0n, 0, Uint8Array.of(255, 255), -1e-300, '{"a":[1,2]}'],
        [1n, -800_000, new Uint8Array(0), Infinity, JSON.stringify(delimiter)],
        [2n, null, null, null, null],
      ])
      const text = await textOf(writeCsv(schema, [one], { delimiter }))
      expect(await rowsOf(readCsv([bytes(text)], { schema, delimiter }))).toEqual(
        await rowsOf([one]),
      )
    },
  )

  it('holds for more than one chunk', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => [BigInt(i), `row ${i}`.repeat(3)])
    const one = frame('k:int64 s:string', rows)
    const text = await textOf(writeCsv(one.schema, [one]))
    expect(await rowsOf(readCsv([bytes(text)], { schema: one.schema }))).toEqual(rows)
  })

  it('writes a long text without guessing room for it', async () => {
    const long = `"${'x"'.repeat(100_000)}`
    const one = frame('k:int64 s:string', [[1n, long]])
    const text = await textOf(writeCsv(one.schema, [one]))
    expect(text).toBe(`k,s\n1,"${long.replaceAll('"', '""')}"\n`)
  })
})
