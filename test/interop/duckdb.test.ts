import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { temporaryFolder } from '../support/temporary.ts'
import {
  DUCKDB_TYPES,
  differencesIn,
  fillTable,
  literal,
  openDuckDb,
  quoted,
} from './duckdb-values.ts'
import { everyValue, type ValueTable } from './every-value.ts'
import { seriesIdOf, writeCsvFile } from './value-files.ts'
import { ValueRepository } from './value-repository.ts'

// `npm run test:large` runs this file with a million rows.
const isLarge = process.env.VARVE_TEST_SIZE === 'large'
const ROWS = isLarge ? 1_000_000 : 20_000

const UNITS = new Map<ColumnType, bigint>([
  ['timestamp_s', 1n],
  ['timestamp_ms', 1_000n],
  ['timestamp_us', 1_000_000n],
  ['timestamp_ns', 1_000_000_000n],
])
const DAY_NS = 86_400_000_000_000n
const YEAR_1 = -62_135_596_800n
const YEAR_9999 = 253_402_300_799n

/** Whether DuckDB has no such value, or text in which it can write it. */
function unknownToDuckDb(type: ColumnType, value: Scalar): boolean {
  const units = UNITS.get(type)
  if (units !== undefined) {
    const instant = value as bigint
    // Both ends of the range are its infinities, and it cannot write its first day.
    const isUnknown = instant === 2n ** 63n - 1n || instant < -(2n ** 63n) + DAY_NS
    return isUnknown || instant < YEAR_1 * units || instant > YEAR_9999 * units
  }
  // Half of a character, as an escape: DuckDB takes no such JSON from Parquet.
  if (type === 'json') return String(value).includes('\\ud800')
  if (type === 'date') return Number(value) < -719_162 || Number(value) > 2_932_896
  return false
}

const table: ValueTable = everyValue(ROWS, 5, { without: unknownToDuckDb })
const folder = temporaryFolder()
const repository = new ValueRepository(folder)
const file = (name: string): string => join(folder, name)
let duckdb: DuckDBConnection
let id: string

beforeAll(async () => {
  duckdb = await openDuckDb()
  await repository.make()
  id = await seriesIdOf(table)
  writeCsvFile(table, file('values.csv'))
  await repository.add(file('values.csv'), 'values', table)
  await repository.expectValues('values', table, id)
  await fillTable(duckdb, 'made', table)
  expect(await differencesIn(duckdb, 'FROM made', table)).toEqual([])
}, 600_000)

/** Columns as they are read from varve's CSV: bytes are base64 there. */
const readCsv = (path: string): string => {
  const types = table.columns.map(({ name, type }) => {
    const known = DUCKDB_TYPES[type as keyof typeof DUCKDB_TYPES]
    return `${literal(name)}: ${literal(type === 'binary' ? 'VARCHAR' : known)}`
  })
  const columns = table.columns.map(({ name, type }) =>
    type === 'binary' ? `from_base64(${quoted(name)})` : quoted(name),
  )
  const options = `header = true, delim = ',', quote = '"', escape = '"', parallel = false,
    allow_quoted_nulls = false, nullstr = '', columns = {${types.join(', ')}}`
  return `SELECT ${columns.join(', ')} FROM read_csv(${literal(path)}, ${options})`
}

describe('DuckDB reads', () => {
  it('the CSV that varve writes', async () => {
    await repository.run('read', 'values', '-o', file('out.csv'))
    expect(await differencesIn(duckdb, readCsv(file('out.csv')), table)).toEqual([])
  }, 600_000)

  it('the Parquet that varve writes', async () => {
    await repository.run('read', 'values', '-o', file('out.parquet'))
    const query = `FROM read_parquet(${literal(file('out.parquet'))})`
    expect(await differencesIn(duckdb, query, table)).toEqual([])
  }, 600_000)
})

describe('varve reads', () => {
  it('the CSV that DuckDB writes', async () => {
    const columns = table.columns.map(({ name, type }) =>
      type === 'binary' ? `to_base64(${quoted(name)}) AS ${quoted(name)}` : quoted(name),
    )
    const query = `SELECT ${columns.join(', ')} FROM made`
    await duckdb.run(`COPY (${query}) TO ${literal(file('duckdb.csv'))} (HEADER, FORCE_QUOTE *)`)
    await repository.add(file('duckdb.csv'), 'from-csv', table, '--tz', 'UTC')
    await repository.expectValues('from-csv', table, id)
  }, 600_000)

  it('the Parquet that DuckDB writes', async () => {
    await duckdb.run(`COPY made TO ${literal(file('duckdb.parquet'))} (FORMAT parquet)`)
    await repository.add(file('duckdb.parquet'), 'from-parquet', table, '--tz', 'UTC')
    await repository.expectValues('from-parquet', table, id)
  }, 600_000)
})
