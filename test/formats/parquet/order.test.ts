import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { beforeAll, describe, expect, it } from 'vitest'
import { parquetFormat } from '../../../src/formats/parquet/parquet-format.ts'
import { sortFrames } from '../../../src/formats/sort-frames.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { openDuckDb, parquetTable } from './support.ts'

const ROWS = 20_000
const folder = temporaryFolder()
let duckdb: DuckDBConnection

beforeAll(async () => {
  duckdb = await openDuckDb()
})

/** The first keys of the frames in order, each with how many bytes of the file were read by then. */
async function sorted(order: string): Promise<{ keys: bigint[]; read: number[]; bytes: number }> {
  const path = join(folder, 't.parquet')
  const select = `SELECT make_timestamp_ns(i * 1000 - 5000000) AS t, i / 7 AS v FROM range(${ROWS}) r(i)`
  await duckdb.run(
    `COPY (${select} ORDER BY ${order}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  )
  const file = parquetTable(readFileSync(path))
  let bytes = 0
  const input = {
    ...file,
    range: (from: number, to: number) => {
      bytes += to - from
      return file.range!(from, to)
    },
  }
  const table = await parquetFormat.infer(input, {})
  const keys: bigint[] = []
  const read: number[] = []
  for await (const frame of sortFrames(table.frames(), table.schema)) {
    read.push(bytes)
    keys.push(...(frame.columns[0]!.values as BigInt64Array))
  }
  return { keys, read, bytes }
}

const ASCENDING = Array.from({ length: ROWS }, (_, i) => BigInt(i) * 1000n - 5_000_000n)

describe('the rows of a Parquet file whose row groups say their least key', () => {
  it('are handed on a row group at a time where they are in order', async () => {
    const { keys, read, bytes } = await sorted('i')

    expect(keys).toEqual(ASCENDING)
    expect(read[0]).toBeLessThan(bytes / 2)
  })

  it.each(['-i', 'i % 3, i', '(i + 9000) % 20000', 'hash(i)'])(
    'are sorted where they are in the order of %s',
    async (order) => {
      expect((await sorted(order)).keys).toEqual(ASCENDING)
    },
  )
})
