import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compress } from 'zstd-napi'
import { parseLakotaSchema } from '../../src/formats/lakota/schema.ts'
import { lakotaTable } from '../../src/formats/lakota/table.ts'
import type { Reading } from '../../src/formats/table.ts'
import { table } from '../support/tables.ts'
import { fuzz } from './support/fuzz.ts'
import { textBytes } from './support/mutate.ts'
import { type Family, itIsRowsOrRefused, ownTable, type Sample } from './support/table-target.ts'

const text = (name: string, content: string, reading?: Reading): Sample => ({
  name,
  bytes: Buffer.from(content),
  ...(reading !== undefined && { reading }),
})

const CSV: readonly Sample[] = [
  text('a.csv', 'time;a;b\r\n01.02.2025 10:00;1,5;x\r\n02.02.2025 10:00;-2,25;"y;""z"""\r\n', {
    decimal: ',',
  }),
  text('b.csv', 'Date,Open,Note\n2025-01-01T10:00:00Z,1e5,NA\n2025-01-02T10:00:00+02:00,,\n,,\n'),
  text('c.csv', 'sep=|\nd|v\n4 Mar 2025|12 %\n5 Mar 2025|13 %\n\n'),
  text('d.csv', '\ufeffd\tv\r2025Q1\t007\r2025Q2\t008\r', { header: true }),
  text('e.csv', '1735689600,1\n1735689601,2\n', { header: false, dateFormat: 'epoch_s' }),
  text('f.csv', 'd,v\n03/04/2025 24:00,9223372036854775808\n13/04/2025 1:00 PM,1\n'),
  text('g.csv', 't,v\n2025-03-30 02:30,1\n2025-10-26 02:30,2\n', { zone: 'Europe/Vienna' }),
]
const JSON_TABLES: readonly Sample[] = [
  text('a.json', '[{"t":"2025-01-01","v":1.5},\n{"v":null,"t":"2025-01-02","w":[{}]}]'),
  text('b.ndjson', '{"t":1,"__proto__":2,"s":"\\u00e9"}\n{"t":2,"__proto__":-0,"s":null}\n'),
]

const TEXT_WORDS = [
  '"',
  '""',
  '\r\n',
  '\n',
  ',',
  ';',
  '\t',
  '1e999',
  '-0',
  '2025-01-01',
  '\ufeff',
  '\0',
  '\x1b[31m',
  '\ufffd',
  '9'.repeat(40),
  'NaN',
  'true',
  '=1+1',
]
const JSON_WORDS = [
  '[',
  '{"',
  '":',
  '}',
  ']',
  ',',
  '\\u0000',
  '\\ud800',
  'null',
  '[[[[[[[[[[[[',
  '{"a":',
  ...TEXT_WORDS,
]

const packed = (samples: readonly Sample[]): Sample[] =>
  samples.flatMap(({ name, bytes, ...rest }) => [
    { name: `${name}.gz`, bytes: gzipSync(bytes), ...rest },
    { name: `${name}.zst`, bytes: compress(Buffer.from(bytes)), ...rest },
  ])

const families: readonly Family[] = [
  { name: 'CSV', samples: [...CSV, await ownTable('csv')], words: TEXT_WORDS },
  { name: 'NDJSON', samples: [...JSON_TABLES, await ownTable('ndjson')], words: JSON_WORDS },
  { name: 'packed tables', samples: packed([CSV[1]!, JSON_TABLES[1]!]) },
]

const LAKOTA = parseLakotaSchema(
  '{"kind":null,"columns":{"time":{"dt":"datetime64[s]","idx":true},"v":{"dt":"<f8"},"s":{"dt":"str"}}}',
  '_schema.json',
  false,
)

describe('a table from a stranger', () => {
  itIsRowsOrRefused(families)

  it('of an export of Lakota: is rows, or is refused', async () => {
    const samples = ['time,v,s\n2025-01-01T00:00:00,1.5,a\n2025-01-02 00:00:00,,"b"\n']
    const { read } = await fuzz({
      name: 'export of Lakota',
      samples: textBytes(...samples),
      words: textBytes(...TEXT_WORDS),
      async decode(bytes) {
        const { columns, batches, close } = await lakotaTable(table(bytes, 'a.csv'), LAKOTA)
          .typed!()
        try {
          for await (const _ of batches(columns.map((column) => column.name)));
        } finally {
          await close()
        }
      },
    })
    expect(read).toBeGreaterThan(0)
  }, 1e8)
})
