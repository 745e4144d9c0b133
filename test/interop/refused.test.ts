import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  DurationMillisecond,
  Field,
  Float64,
  Int64,
  IntervalYearMonth,
  List,
  Struct,
  Table,
  TimeMillisecond,
  tableToIPC,
  vectorFromArray,
} from 'apache-arrow'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import { type TableFormatName, tableFormats } from '../../src/formats/table.ts'
import { openFormat } from '../../src/formats/table-formats.ts'
import { someone, varve } from '../support/program.ts'
import { table } from '../support/tables.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { literal, openDuckDb } from './duckdb-values.ts'

const folder = temporaryFolder()
const repository = join(folder, 'repository')

beforeAll(async () => {
  await varve(['init', repository])
})

/** What is said of a file that must not go in. */
async function refusal(file: string): Promise<string> {
  const ran = await varve(['add', file, '--as', 'refused'], { cwd: repository, env: someone })
  expect(ran.stdout).toBe('')
  expect(ran.exitCode).toBe(4)
  return ran.stderr
}

describe('Parquet that DuckDB writes is refused, naming the column, with', () => {
  it.each([
    ["'10:11:12.5'::TIME", 'a time of day'],
    ['INTERVAL 1 DAY', 'INTERVAL'],
    ['[1, 2]', 'a list'],
    ["{'a': 1}", 'a struct'],
    ["MAP {'a': 1}", 'a map'],
    ["'99999999999999999999'::DECIMAL(38, 0)", '99999999999999999999'],
  ])('%s', async (value, found) => {
    const file = join(folder, 'duckdb.parquet')
    const duckdb = await openDuckDb()
    await duckdb.run(
      `COPY (SELECT 1::BIGINT AS k, ${value} AS "the value") TO ${literal(file)} (FORMAT parquet)`,
    )
    const said = await refusal(file)
    expect(said).toContain('duckdb.parquet')
    expect(said).toContain('the value')
    expect(said).toContain(found)
  })
})

describe('Arrow that its own library writes is refused, naming the column, with', () => {
  const struct = new Struct([new Field('a', new Float64())])
  it.each([
    ['times of day', vectorFromArray([3_600_000], new TimeMillisecond())],
    ['durations', vectorFromArray([1_000n], new DurationMillisecond())],
    ['intervals', vectorFromArray([new Int32Array([1])], new IntervalYearMonth())],
    ['lists', vectorFromArray([[1, 2]], new List(new Field('item', new Float64())))],
    ['structs', vectorFromArray([{ a: 1 }], struct)],
  ])('%s', async (found, values) => {
    const file = join(folder, 'library.arrow')
    const k = vectorFromArray([1n], new Int64())
    writeFileSync(file, tableToIPC(new Table({ k, 'the value': values }), 'file'))
    const said = await refusal(file)
    expect(said).toContain('library.arrow')
    expect(said).toContain('the value')
    expect(said).toContain(found)
  })
})

/** A value, and a type that has none that is equal. */
const UNHELD: readonly (readonly [ColumnType, Scalar, ColumnType])[] = [
  ['int32', 128, 'int8'],
  ['int32', -1, 'uint64'],
  ['uint64', 2n ** 64n - 1n, 'int64'],
  ['float64', 2.5, 'int32'],
  ['float64', Number.NaN, 'int64'],
  ['float64', Number.MAX_VALUE, 'float32'],
  ['timestamp_ns', 1_500_000_000n, 'timestamp_s'],
  ['timestamp_s', 2n ** 40n, 'timestamp_ns'],
  ['timestamp_s', 1n, 'date'],
  ['string', 'abc', 'float64'],
  ['string', '2026-02-30', 'date'],
  ['string', '{"a":', 'json'],
]
/** The same, but for text: there a number means the nearest one, and −0 is a way to write 0. */
const UNHELD_BITS: readonly (readonly [ColumnType, Scalar, ColumnType])[] = [
  ['int64', 2n ** 53n + 1n, 'float64'],
  ['float64', 0.1, 'float32'],
  ['float64', -0, 'int64'],
  ['binary', Uint8Array.of(0xff), 'string'],
]
const TYPED: ReadonlySet<TableFormatName> = new Set(['parquet', 'arrow', 'arrow-file'])

describe.each(tableFormats)('a value in %s', (name) => {
  it.each(TYPED.has(name) ? [...UNHELD, ...UNHELD_BITS] : UNHELD)(
    'of %s, %s, is refused where %s is asked for',
    async (from, value, to) => {
      const format = await openFormat(name)
      const written = frameFromRows(schemaOf(from), [[1n, value]])
      const pieces: Uint8Array[] = []
      for await (const piece of format.write(schemaOf(from), [written])) pieces.push(piece.slice())
      const input = { ...table(Buffer.concat(pieces), 'a.table'), reading: { format: name } }

      const read = async () => {
        for await (const _ of format.read(input, { schema: schemaOf(to) }));
      }
      await expect(read()).rejects.toMatchObject({ code: 'bad-input' })
      await expect(read()).rejects.toThrow(/a\.table.*expected/)
    },
  )
})

function schemaOf(type: ColumnType) {
  return {
    columns: [
      { name: 'k', type: 'int64' as const },
      { name: 'v', type },
    ],
    indexCount: 1,
    duplicates: false,
  }
}

it('seconds that milliseconds do not reach are not written to Parquet', async () => {
  const format = await openFormat('parquet')
  const schema = schemaOf('timestamp_s')
  const frame = frameFromRows(schema, [[1n, 2n ** 62n]])
  const write = async () => {
    for await (const _ of format.write(schema, [frame]));
  }
  await expect(write()).rejects.toMatchObject({ code: 'invalid-value' })
})
