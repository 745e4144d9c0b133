import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Frame } from '../../src/core/schema.ts'
import { parquetFormat } from '../../src/formats/parquet/parquet-format.ts'
import type { InputTable } from '../../src/formats/table.ts'
import { readFile, readFileRange } from '../../src/storage/read-file.ts'
import { Comparison, PART, VARVE } from '../compare.ts'
import { costOf, run, sizeOf, stored } from '../measure.ts'
import { openDuckDb } from '../peers/duckdb.ts'
import { varve } from '../program.ts'
import type { Suite } from '../suite.ts'

/** Tables by how their rows come about, from a row number `i`. */
const tables = {
  // A time each second, and a value with two decimals that walks at random.
  sensors: (rows: number) => `
    SELECT make_timestamp_ns(1767225600000000000 + i * 1000000000) AS time,
      round(20 + sum(round((random() + random() - 1) * 5) / 100)
        OVER (ORDER BY i ROWS UNBOUNDED PRECEDING), 2) AS value
    FROM range(${rows}) t(i)`,
  // Ten times a second one of ten symbols, and its price.
  prices: (rows: number) => `
    SELECT make_timestamp_ns(1767225600000000000 + i * 100000000) AS time,
      ['XNYS', 'XNAS', 'ARCX', 'BATS', 'IEXG', 'EDGX', 'AAPL', 'MSFT', 'GOOG', 'AMZN']
        [1 + (random() * 1000)::INT % 10] AS symbol,
      round(100 + random() * 10, 2) AS price
    FROM range(${rows}) t(i)`,
}

const DUCKDB = 'DuckDB, 1 thread'
/** What of varve's own work is Parquet: the rest is splitting, hashing and storing. */
const OF_IT = `${PART}Parquet`

/** Large Parquet files in and out, beside DuckDB with one thread. */
export const parquetSuite: Suite = {
  name: 'parquet',
  about: 'large Parquet files in and out: whole processes of varve, DuckDB in process',
  async run({ folder, rows, runs, peers }) {
    if (!peers.duckdb) return { rows: [] }
    const duckdb = await openDuckDb()
    await duckdb.run('SET threads = 1')
    await duckdb.run('SELECT setseed(0.5)')
    const comparison = new Comparison()
    for (const name of ['sensors', 'prices'] as const) {
      const file = join(folder, `${name}.parquet`)
      await duckdb.run(
        `COPY (${tables[name](rows)}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`,
      )
      for (let round = 0; round < runs; round++) {
        await measure(comparison, duckdb, join(folder, `${name}${round}`), name, file)
      }
      rmSync(file)
    }
    duckdb.closeSync()
    return { rows: comparison.rows() }
  },
}

async function measure(
  comparison: Comparison,
  duckdb: DuckDBConnection,
  cwd: string,
  name: string,
  file: string,
): Promise<void> {
  const out = `${cwd}.out.parquet`
  const [put, get] = [`${name}, in`, `${name}, out`]
  run(varve('init', cwd), { cwd: dirname(cwd) })
  const adding = run(varve('add', file), { cwd })
  comparison.add(put, VARVE, { ...adding, ...stored(join(cwd, '.varve')) })
  comparison.add(put, OF_IT, await costOf(() => drain(parquetFrames(file))))
  const loading = await costOf(() => duckdb.run(`CREATE OR REPLACE TABLE x AS FROM '${file}'`))
  comparison.add(put, DUCKDB, { ...loading, storedBytes: sizeOf(file) })

  const reading = run(varve('read', name, '-o', out), { cwd })
  comparison.add(get, VARVE, { ...reading, storedBytes: sizeOf(out) })
  const frames: Frame[] = []
  for await (const frame of parquetFrames(file)) frames.push(frame)
  comparison.add(get, OF_IT, await costOf(() => writeFrames(frames, out)))
  const copying = await costOf(() => {
    return duckdb.run(`COPY x TO '${out}' (FORMAT parquet, COMPRESSION zstd)`)
  })
  comparison.add(get, DUCKDB, { ...copying, storedBytes: sizeOf(out) })
  await duckdb.run('DROP TABLE x')
  rmSync(out)
  rmSync(cwd, { recursive: true })
}

async function* parquetFrames(file: string): AsyncGenerator<Frame> {
  const input: InputTable = {
    name: file,
    bytes: statSync(file).size,
    open: () => readFile(file),
    range: (from, to) => readFileRange(file, from, to),
  }
  const table = await parquetFormat.infer(input, {})
  yield* table.frames()
}

async function drain(frames: AsyncIterable<Frame>): Promise<void> {
  for await (const _ of frames);
}

async function writeFrames(frames: readonly Frame[], path: string): Promise<void> {
  const file = openSync(path, 'w')
  for await (const piece of parquetFormat.write(frames[0]!.schema, frames)) writeSync(file, piece)
  closeSync(file)
}
