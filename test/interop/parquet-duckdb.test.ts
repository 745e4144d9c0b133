import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ColumnType, columnTypes, type Scalar } from '../../src/core/column.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Schema } from '../../src/core/schema.ts'
import { parquetFormat } from '../../src/formats/parquet/parquet-format.ts'
import { anyValue } from '../support/columns.ts'
import { someone, varve } from '../support/program.ts'
import { newWorkTree } from '../support/repository-folder.ts'
import { temporaryFolder } from '../support/temporary.ts'

const OIL_PRICES = resolve('examples/oil-prices/brent-daily.csv')
const ROWS = 3000
const folder = temporaryFolder()
let duckdb: DuckDBConnection

beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  await duckdb.run("SET TimeZone = 'UTC'")
})

describe('the oil prices', () => {
  it('are the same series from CSV and from Parquet that DuckDB wrote', async () => {
    const parquet = join(folder, 'prices.parquet')
    await duckdb.run(`COPY (FROM read_csv('${OIL_PRICES}', auto_detect = false, header = true, strict_mode = false,
      delim = ',', columns = {'Date': 'DATE', 'Price': 'DOUBLE'})) TO '${parquet}' (FORMAT parquet)`)
    const cwd = await newWorkTree()
    const run = async (...args: string[]) => {
      const ran = await varve(args, { cwd, env: someone })
      expect(ran.exitCode, ran.stderr).toBe(0)
      return ran.stdout
    }

    await run('add', OIL_PRICES, '--as', 'csv')
    await run('add', parquet, '--as', 'parquet')

    expect(await run('rev-parse', ':parquet')).toBe(await run('rev-parse', ':csv'))
  })
})

describe('DuckDB', () => {
  const types = columnTypes.filter((type) => type !== 'null')

  it.each(types)('reads %s of a Parquet file that varve wrote', async (type) => {
    const values = fc.sample(fc.option(valueIn(type), { freq: 6 }), { numRuns: ROWS, seed: 4 })
    const path = join(folder, `${type}.parquet`)
    await write(path, type, values)

    const result = await duckdb.runAndReadAll(
      `SELECT ${type === 'string' || type === 'json' ? 'encode(v::VARCHAR)' : 'v'}
       FROM '${path}' ORDER BY row`,
    )

    const read = result.getRows().map(([value]) => fromDuckDb(type, value!))
    const wrong = read.flatMap((value, row) => (Object.is(value, plain(values[row]!)) ? [] : [row]))
    expect(read).toHaveLength(ROWS)
    expect(wrong.map((row) => [values[row], read[row]])).toEqual([])
  })

  it('reads a column without any value', async () => {
    const path = join(folder, 'null.parquet')
    await write(path, 'null', [null, null])

    const result = await duckdb.runAndReadAll(`SELECT v FROM '${path}'`)

    expect(result.getRows()).toEqual([[null], [null]])
  })

  it('finds NaN and zeros of either sign by what is noted about bounds', async () => {
    const count = async (values: readonly number[], condition: string) => {
      const path = join(folder, 'bounds.parquet')
      await write(path, 'float64', values)
      const result = await duckdb.runAndReadAll(`SELECT count(*) FROM '${path}' WHERE ${condition}`)
      return result.getRows()[0]![0]
    }

    expect(await count([Number.NaN, 1, 2], 'v > 5')).toBe(1n)
    expect(await count([-0], 'v = 0')).toBe(1n)
    expect(await count([1, 2, 3], 'v >= 3')).toBe(1n)
  })

  it('finds rows of 64-bit integers by what is noted about bounds', async () => {
    const path = join(folder, 'bounds64.parquet')
    const found = async (type: ColumnType, values: readonly bigint[]) => {
      await write(path, type, values)
      const each = values.map((value) =>
        duckdb.runAndReadAll(`SELECT count(*) FROM '${path}' WHERE v = ${value}`),
      )
      return (await Promise.all(each)).map((result) => result.getRows()[0]![0])
    }

    const signed = [-1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, 7n]
    expect(await found('int64', signed)).toEqual(signed.map(() => 1n))
    const unsigned = [2n ** 64n - 1n, 0n, 2n ** 63n, 5n]
    expect(await found('uint64', unsigned)).toEqual(unsigned.map(() => 1n))
  })

  it('sees UTC in times, but for nanoseconds that it would cut', async () => {
    const path = join(folder, 'utc.parquet')
    const typeOf = async (type: ColumnType, value: bigint) => {
      await write(path, type, [value])
      return (await duckdb.runAndReadAll(`SELECT typeof(v) FROM '${path}'`)).getRows()[0]![0]
    }

    expect(await typeOf('timestamp_ms', 1n)).toBe('TIMESTAMP WITH TIME ZONE')
    expect(await typeOf('timestamp_ns', 1_000n)).toBe('TIMESTAMP WITH TIME ZONE')
    expect(await typeOf('timestamp_ns', 1_001n)).toBe('TIMESTAMP_NS')
  })
})

/** Values that DuckDB has itself: its times end where microseconds do, and some mean infinity. */
function valueIn(type: ColumnType): fc.Arbitrary<Exclude<Scalar, null>> {
  const limits: Partial<Record<ColumnType, bigint>> = {
    timestamp_s: 2n ** 62n / 1_000_000n,
    timestamp_ms: 2n ** 62n / 1_000n,
    timestamp_us: 2n ** 62n,
    timestamp_ns: 2n ** 62n,
  }
  const limit = limits[type]
  if (limit !== undefined) return fc.bigInt({ min: -limit, max: limit })
  if (type === 'date') return fc.integer({ min: -1_000_000, max: 5_000_000 })
  return anyValue(type)
}

async function write(path: string, type: ColumnType, values: readonly Scalar[]): Promise<void> {
  const schema: Schema = {
    columns: [
      { name: 'row', type: 'int64' },
      { name: 'v', type },
    ],
    indexCount: 1,
    duplicates: false,
  }
  const frame = frameFromRows(
    schema,
    values.map((value, row) => [BigInt(row), value]),
  )
  const parts: Uint8Array[] = []
  for await (const part of parquetFormat.write(schema, [frame])) parts.push(part)
  writeFileSync(path, Buffer.concat(parts))
}

/** Bytes as text, so that equal values are the same. */
function plain(value: Scalar): Scalar {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

function fromDuckDb(type: ColumnType, value: DuckDBValue): Scalar {
  if (value instanceof DuckDBDateValue) return value.days
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) {
    if (type === 'timestamp_s') return value.micros / 1_000_000n
    return type === 'timestamp_ms' ? value.micros / 1_000n : value.micros
  }
  if (value instanceof DuckDBBlobValue) {
    const bytes = Buffer.from(value.bytes)
    return type === 'binary' ? bytes.toString('hex') : bytes.toString()
  }
  return value as Scalar
}
