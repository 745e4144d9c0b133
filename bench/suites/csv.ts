import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Comparison, VARVE } from '../compare.ts'
import { writeCsv } from '../data-csv.ts'
import { dataSetFrames, dataSets } from '../data-sets.ts'
import { type Cost, grownBy, run, sizeOf, stored } from '../measure.ts'
import { duckDbCommand, loadTable, openDuckDb } from '../peers/duckdb.ts'
import type { LakotaPlace } from '../peers/lakota.ts'
import { ROOT, varve } from '../program.ts'
import type { Suite, SuiteContext } from '../suite.ts'

const NAME = 'sensors'
const LAKOTA = 'Lakota'
const ONE_THREAD = 'DuckDB, 1 thread'
const THREADS = { [ONE_THREAD]: 1, DuckDB: undefined }
const CSV_IN = 'CSV in'
const CSV_OUT = 'CSV out'
const ONE_ROW = 'one row corrected'

/** A large CSV in and out by commands, whole processes, and one row of it corrected. */
export const csvSuite: Suite = {
  name: 'csv',
  about: 'a large CSV of sensors in and out, whole processes',
  targetRows: 10_000_000,
  async run(context) {
    const comparison = new Comparison()
    const csv = join(context.folder, `${NAME}.csv`)
    writeCsv(csv, dataSetFrames(NAME, context.rows))
    const correction = join(context.folder, 'correction.csv')
    writeFileSync(correction, 'time,value\n2026-01-01T00:16:40,99.99\n')
    const files = { csv, correction, out: join(context.folder, 'out.csv') }
    const parquet = context.peers.duckdb ? await sourceParquet(context) : undefined
    for (let round = 0; round < context.runs; round++) {
      const cwd = join(context.folder, `run${round}`)
      mkdirSync(cwd)
      measureVarve(comparison, cwd, files)
      if (parquet) measureDuckDb(comparison, files, parquet)
      if (context.peers.lakota) measureLakota(comparison, cwd, files, context.peers.lakota)
      if (context.peers.git) measureGit(comparison, cwd, files)
      measureCompressors(comparison, context, files)
      rmSync(cwd, { recursive: true })
    }
    return {
      rows: comparison.rows(),
      targets: [
        ...comparison.target(CSV_IN, LAKOTA, 'seconds', 0.06),
        ...comparison.target(CSV_IN, 'DuckDB', 'seconds', 0.8),
        ...comparison.target(CSV_IN, ONE_THREAD, 'seconds', 0.5),
        ...comparison.ownTarget(CSV_IN, 'peakBytes', 0.5e9),
        ...comparison.target(CSV_OUT, LAKOTA, 'seconds', 0.1),
        ...comparison.target(CSV_OUT, 'DuckDB', 'seconds', 1),
      ],
    }
  },
}

interface Files {
  readonly csv: string
  readonly correction: string
  readonly out: string
}

function measureVarve(comparison: Comparison, cwd: string, { csv, correction, out }: Files): void {
  const repository = join(cwd, '.varve')
  run(varve('init', '.'), { cwd })
  const put = (file: string, ...more: string[]): Cost & ReturnType<typeof stored> => {
    const before = stored(repository)
    const cost = run(varve('write', NAME, file, '--commit', ...more), { cwd })
    return { ...cost, ...grownBy(before, stored(repository)) }
  }
  comparison.add(CSV_IN, VARVE, put(csv, '--create'))
  comparison.add(CSV_OUT, VARVE, run(varve('read', NAME), { cwd, stdout: out }))
  comparison.add(ONE_ROW, VARVE, put(correction))
}

/** The rows as Parquet, for what goes out of DuckDB. */
async function sourceParquet({ folder, rows }: SuiteContext): Promise<string> {
  const file = join(folder, 'source.parquet')
  const duckdb = await openDuckDb()
  await loadTable(duckdb, 'x', file, dataSets[NAME].schema, dataSetFrames(NAME, rows))
  await duckdb.run(`COPY x TO '${file}' (FORMAT parquet, COMPRESSION zstd)`)
  duckdb.closeSync()
  return file
}

function measureDuckDb(comparison: Comparison, { csv, out }: Files, parquet: string): void {
  for (const [who, threads] of Object.entries(THREADS)) {
    const into = duckDbCommand(threads, `CREATE TABLE x AS FROM read_csv('${csv}')`)
    const outOf = duckDbCommand(threads, `COPY (FROM '${parquet}') TO '${out}'`)
    comparison.add(CSV_IN, who, run(into, { cwd: ROOT }))
    comparison.add(CSV_OUT, who, run(outOf, { cwd: ROOT }))
  }
}

function measureLakota(
  comparison: Comparison,
  cwd: string,
  { csv, correction, out }: Files,
  { home, python }: LakotaPlace,
): void {
  const env = { PYTHONPATH: home, PYTHONDONTWRITEBYTECODE: '1' }
  const repository = join(cwd, 'lakota')
  const lakota = [python, '-m', 'lakota', '-r', repository]
  run([...lakota, 'create', 'c', 'time M8[ns]*', 'value float'], { cwd, env })
  const put = (stdin: string) => {
    const before = stored(repository)
    const cost = run([...lakota, 'write', 'c/s'], { cwd, env, stdin })
    return { ...cost, ...grownBy(before, stored(repository)) }
  }
  comparison.add(CSV_IN, LAKOTA, put(csv))
  comparison.add(CSV_OUT, LAKOTA, run([...lakota, 'read', 'c/s'], { cwd, env, stdout: out }))
  comparison.add(ONE_ROW, LAKOTA, put(correction))
}

function measureGit(comparison: Comparison, folder: string, { csv }: Files): void {
  const cwd = join(folder, 'git')
  mkdirSync(cwd)
  copyFileSync(csv, join(cwd, 'x.csv'))
  run(['git', 'init', '-q', '--template=', '.'], { cwd })
  const repository = join(cwd, '.git')
  for (const what of [CSV_IN, ONE_ROW]) {
    if (what === ONE_ROW) run(['sed', '-i', '1002s/,.*/,99.99/', 'x.csv'], { cwd })
    const before = stored(repository)
    const cost = run(['sh', '-c', 'git add x.csv && git commit -q -m x'], { cwd })
    comparison.add(what, 'git', { ...cost, ...grownBy(before, stored(repository)) })
  }
}

function measureCompressors(comparison: Comparison, { peers, folder }: SuiteContext, files: Files) {
  const commands = [peers.zstd && 'zstd -3', peers.gzip && 'gzip -6']
  for (const text of commands.filter((command) => command !== false)) {
    const stdout = join(folder, 'packed')
    const cost = run([...text.split(' '), '-c', files.csv], { cwd: folder, stdout })
    comparison.add(CSV_IN, text, { ...cost, storedBytes: sizeOf(stdout) })
  }
}
