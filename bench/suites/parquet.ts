import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Frame } from '../../src/core/schema.ts'
import { parquetFormat } from '../../src/formats/parquet/parquet-format.ts'
import type { InputTable } from '../../src/formats/table.ts'
import { readFile, readFileRange } from '../../src/storage/read-file.ts'
import { type Cost, costOf, medianCost, run, sizeOf } from '../measure.ts'
import { openDuckDb } from '../peers/duckdb.ts'
import { varve } from '../program.ts'
import type { Suite } from '../suite.ts'
import type { Row } from '../table.ts'

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

export const parquetSuite: Suite = {
  name: 'parquet',
  about: 'large Parquet files in and out, beside DuckDB with one thread',
  run: async ({ folder, rows, runs, peers }) => ({
    rows: peers.duckdb ? await benchParquet(folder, rows, runs) : [],
  }),
}

/**
 * Large Parquet files in and out, beside DuckDB with one thread, each pair in the same run. varve's
 * own work is told apart: what of it is Parquet, and what is splitting, hashing and storing.
 */
async function benchParquet(folder: string, rows: number, runs: number): Promise<Row[]> {
  const duckdb = await openDuckDb()
  await duckdb.run('SET threads = 1')
  await duckdb.run('SELECT setseed(0.5)')
  const results: Row[] = []
  for (const name of ['sensors', 'prices'] as const) {
    const file = join(folder, `${name}.parquet`)
    await duckdb.run(`COPY (${tables[name](rows)}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`)
    results.push({
      what: `${name}: the file, ${rows.toLocaleString('en-US')} rows`,
      storedBytes: sizeOf(file),
    })
    results.push(...(await benchFile(duckdb, folder, name, file, runs)))
    rmSync(file)
  }
  return results
}

async function benchFile(
  duckdb: DuckDBConnection,
  folder: string,
  name: string,
  file: string,
  runs: number,
): Promise<Row[]> {
  const out = join(folder, 'out.parquet')
  const costs = new Map<string, Cost[]>()
  const stored = new Map<string, number>()
  const note = (what: string, cost: Partial<Cost>, path?: string): void => {
    costs.set(what, [
      ...(costs.get(what) ?? []),
      { seconds: 0, cpuSeconds: 0, peakBytes: 0, ...cost },
    ])
    if (path !== undefined) stored.set(what, sizeOf(path))
  }
  const copy = `TO '${out}' (FORMAT parquet, COMPRESSION zstd)`
  const inDuckDb = (sql: string) => costOf(async () => void (await duckdb.run(sql)))
  for (let i = 0; i < runs; i++) {
    const cwd = join(folder, `${name}${i}`)
    run(varve('init', cwd), { cwd: folder })
    note('DuckDB, in', await inDuckDb(`CREATE OR REPLACE TABLE x AS FROM '${file}'`))
    note('varve add', run(varve('add', file), { cwd }), join(cwd, '.varve'))
    note('  of it Parquet to frames', await costOf(() => drain(parquetFrames(file))))
    note('DuckDB, out', await inDuckDb(`COPY x ${copy}`), out)
    note('varve read -o', run(varve('read', name, '-o', out), { cwd }), out)
    const frames: Frame[] = []
    for await (const frame of parquetFrames(file)) frames.push(frame)
    note('  of it frames to Parquet', await costOf(() => writeFrames(frames, out)))
    note('DuckDB, in and out', await inDuckDb(`COPY (FROM '${file}') ${copy}`))
    await duckdb.run('DROP TABLE x')
    rmSync(cwd, { recursive: true })
  }
  return [...costs].map(([what, all]) => {
    const { peakBytes, ...cost } = medianCost(all)
    const bytes = stored.get(what)
    return {
      what: `${name}: ${what}`,
      ...cost,
      // Of programs alone: this one holds more than what is measured.
      ...(peakBytes > 0 && { peakBytes }),
      ...(bytes !== undefined && { storedBytes: bytes }),
    }
  })
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
