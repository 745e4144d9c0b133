import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Frame } from '../../src/core/schema.ts'
import { formatScalar, scalarAt } from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { type DataSetName, dataSetFrames, dataSetNames, dataSets } from '../data-sets.ts'
import { drainSeries, openIn, writeFrames } from '../in-varve.ts'
import { costOf, sizeOf, stored } from '../measure.ts'
import { drainQuery, loadTable, openDuckDb, SMALL_PARQUET } from '../peers/duckdb.ts'
import { Lakota } from '../peers/lakota.ts'
import type { Suite, SuiteContext, SuiteResult, Target } from '../suite.ts'

const LAKOTA = 'Lakota'
const THREADS = { 'DuckDB Parquet, 1 thread': 1, 'DuckDB Parquet': undefined }
const [ONE_THREAD] = Object.keys(THREADS)

/** varve's share of what each takes: bytes, time to write, to read all, to read 1 %. */
const mostOfLakota: Record<DataSetName, readonly [number, number, number, number]> = {
  sensors: [0.14, 0.5, 0.8, 0.8],
  prices: [0.53, 0.35, 0.15, 0.15],
  noisy: [0.99, 0.5, 0.8, 0.8],
  counters: [0.58, 0.5, 0.8, 0.8],
}
const mostOfParquet: Partial<Record<DataSetName, number>> = { sensors: 0.36, prices: 0.92 }

/**
 * Tables in memory to disk and back, in process. Lakota writes segments of 500,000 rows in one commit.
 * varve flushes what it writes and verifies checksums when it reads; the others do not.
 */
export const columnsSuite: Suite = {
  name: 'columns',
  about: 'tables in memory to disk, all of them back, and 1 % of their range, in process',
  // Its targets are shares, which no longer depend on rows where there are many.
  targetRows: 1_000_000,
  async run(context) {
    const results: SuiteResult[] = []
    for (const name of dataSetNames) results.push(await compareDataSet(context, name))
    return {
      rows: results.flatMap(({ rows }) => rows),
      targets: results.flatMap(({ targets }) => targets ?? []),
    }
  },
}

async function compareDataSet(context: SuiteContext, name: DataSetName): Promise<SuiteResult> {
  const { rows, runs, peers } = context
  const folder = join(context.folder, name)
  const frames = [...dataSetFrames(name, rows)]
  const part: Part = {
    name,
    frames,
    folder,
    from: Math.floor(rows * 0.4),
    rows: Math.ceil(rows / 100),
  }
  const comparison = new Comparison()
  const lakota = peers.lakota && new Lakota(peers.lakota)
  const duckdb = peers.duckdb ? await openDuckDb() : undefined
  try {
    mkdirSync(folder)
    const { schema } = dataSets[name]
    await lakota?.load(join(folder, 'raw'), schema, frames)
    if (duckdb) await loadTable(duckdb, 'x', join(folder, 'source.parquet'), schema, frames)
    // Once more than is counted, so that code is compiled and files are known.
    for (let run = 0; run <= runs; run++) {
      const target = run === 0 ? new Comparison() : comparison
      await measureVarve(target, part)
      if (lakota) await measureLakota(target, part, lakota)
      if (duckdb) {
        for (const [who, threads] of Object.entries(THREADS)) {
          await duckdb.run(threads ? `SET threads = ${threads}` : 'RESET threads')
          await measureParquet(target, part, duckdb, who)
        }
      }
    }
  } finally {
    lakota?.close()
    duckdb?.closeSync()
    rmSync(folder, { recursive: true })
  }
  return { rows: comparison.rows(), targets: targetsOf(comparison, name) }
}

function targetsOf(comparison: Comparison, name: DataSetName): Target[] {
  const [bytes, write, readAll, readPart] = mostOfLakota[name]
  const parquet = mostOfParquet[name]
  return [
    ...comparison.target(`${name}, write`, LAKOTA, 'storedBytes', bytes),
    ...(parquet ? comparison.target(`${name}, write`, ONE_THREAD!, 'storedBytes', parquet) : []),
    ...comparison.target(`${name}, write`, LAKOTA, 'seconds', write),
    ...comparison.target(`${name}, read all`, LAKOTA, 'seconds', readAll),
    ...comparison.target(`${name}, read 1 %`, LAKOTA, 'seconds', readPart),
  ]
}

/** A data set, and the rows of it that are read by themselves. */
interface Part {
  readonly name: DataSetName
  readonly frames: readonly Frame[]
  readonly folder: string
  readonly from: number
  readonly rows: number
}

async function measureVarve(comparison: Comparison, part: Part): Promise<void> {
  const { name, frames } = part
  const folder = join(part.folder, 'varve')
  const repo = await openIn(folder)
  const writing = await costOf(() => writeFrames(repo, name, dataSets[name].schema, frames))
  await repo.close()
  const read = (range: Parameters<typeof drainSeries>[2]) =>
    costOf(async () => {
      await using opened = await openIn(folder)
      await drainSeries(opened, name, range)
    })
  comparison.add(`${name}, write`, VARVE, { ...writing, ...stored(folder) })
  comparison.add(`${name}, read all`, VARVE, await read({}))
  const range = { from: keyText(part, part.from), to: keyText(part, part.from + part.rows) }
  comparison.add(`${name}, read 1 %`, VARVE, await read(range))
  rmSync(folder, { recursive: true })
}

function keyText({ name, frames }: Part, row: number): string {
  let before = 0
  for (const frame of frames) {
    if (row < before + frame.rows) {
      const key = scalarAt(frame.columns[0]!, row - before)
      return formatScalar(key, dataSets[name].schema.columns[0]!.type)
    }
    before += frame.rows
  }
  throw new RangeError(`there is no row ${row}`)
}

async function measureLakota(comparison: Comparison, part: Part, lakota: Lakota): Promise<void> {
  const path = join(part.folder, 'lakota')
  const writing = await lakota.act('write', { path })
  const stop = part.from + part.rows
  comparison.add(`${part.name}, write`, LAKOTA, { ...writing, ...stored(path) })
  comparison.add(`${part.name}, read all`, LAKOTA, await lakota.act('read', { path }))
  const range = { path, start: part.from, stop }
  comparison.add(`${part.name}, read 1 %`, LAKOTA, await lakota.act('read', range))
  rmSync(path, { recursive: true })
}

async function measureParquet(
  comparison: Comparison,
  part: Part,
  duckdb: Awaited<ReturnType<typeof openDuckDb>>,
  who: string,
): Promise<void> {
  const { name } = part
  const file = join(part.folder, 'out.parquet')
  const key = dataSets[name].schema.columns[0]!.name
  const writing = await costOf(() => duckdb.run(`COPY x TO '${file}' ${SMALL_PARQUET}`))
  const [from, to] = [part.from, part.from + part.rows].map((row) => {
    const type = dataSets[name].schema.columns[0]!.type.toUpperCase()
    return `'${keyText(part, row).replace('T', ' ').replace('Z', '')}'::${type}`
  })
  comparison.add(`${name}, write`, who, { ...writing, storedBytes: sizeOf(file) })
  const all = `FROM '${file}'`
  comparison.add(`${name}, read all`, who, await costOf(() => drainQuery(duckdb, all)))
  const some = `FROM '${file}' WHERE ${key} >= ${from} AND ${key} < ${to}`
  comparison.add(`${name}, read 1 %`, who, await costOf(() => drainQuery(duckdb, some)))
  rmSync(file)
}
