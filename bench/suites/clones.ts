import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rawColumn } from '../../src/core/column-layout.ts'
import type { Frame, Schema } from '../../src/core/schema.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { type Comparison, PART, VARVE } from '../compare.ts'
import { writeCsv } from '../data-csv.ts'
import { dataSetFrames, dataSets } from '../data-sets.ts'
import { openIn, writeFrames } from '../in-varve.ts'
import { hasTool, run, sizeOf } from '../measure.ts'
import { varve } from '../program.ts'
import { type Serving, serveGit, serveHttp, serveSsh } from '../serving.ts'
import type { SuiteContext, Target } from '../suite.ts'

/**
 * Two programs that start, and are compiled, take as long as some ten million values: rows of what compresses well are
 * so many times more. Ten million rows become a billion values in 200 MB.
 */
const MORE = 50
/** Columns of doubles that no encoding makes much smaller, and how many times more rows of them. */
const RANDOM_COLUMNS = 5
const MORE_RANDOM = 3
const PER_SECOND = { HTTP: 120e6, ssh: 100e6 }
const STORED_PER_SECOND = 150e6
const MOST_MEMORY = 300e6

type Carried = keyof typeof PER_SECOND

/** Clones by the built program from a server on this machine, each end a process, verification included. */
export async function measureClones(
  { folder, rows, runs }: SuiteContext,
  comparison: Comparison,
): Promise<Target[]> {
  const targets: Target[] = []
  const place = join(folder, 'served')
  const write = async (name: string, schema: Schema, frames: Iterable<Frame>) => {
    const repo = await openIn(join(place, name))
    await writeFrames(repo, name, schema, frames)
    await repo.close()
  }
  const { schema } = dataSets.sensors
  await write('sensors', schema, dataSetFrames('sensors', rows))
  const same = `clone of ${inWords(rows)} rows, HTTP`
  await clone(comparison, same, { folder, runs, carried: 'HTTP', path: 'sensors/bench.varve' })
  if (hasTool('git')) await cloneByGit(comparison, same, { folder, rows, runs })
  await write('many', schema, dataSetFrames('sensors', MORE * rows))
  await write('random', randomSchema, randomFrames(MORE_RANDOM * rows))
  const kinds = [
    { name: 'many', values: 2 * MORE * rows, what: 'values that compress well' },
    { name: 'random', values: RANDOM_COLUMNS * MORE_RANDOM * rows, what: 'random doubles' },
  ]
  for (const { name, values, what } of kinds) {
    const path = `${name}/bench.varve`
    for (const carried of ['HTTP', 'ssh'] as const) {
      const called = `clone of ${inWords(values)} ${what}, ${carried}`
      if (!(await clone(comparison, called, { folder, runs, carried, path }))) continue
      const most =
        name === 'many'
          ? values / PER_SECOND[carried]
          : sizeOf(join(place, path)) / STORED_PER_SECOND
      targets.push(...comparison.ownTarget(called, 'seconds', most))
      targets.push(...comparison.ownTarget(called, 'peakBytes', MOST_MEMORY))
    }
  }
  return targets
}

interface CloneOptions {
  readonly folder: string
  readonly runs: number
  readonly carried: Carried
  readonly path: string
}

/** Whether there was a server for it. */
async function clone(
  comparison: Comparison,
  what: string,
  { folder, runs, carried, path }: CloneOptions,
): Promise<boolean> {
  const target = join(folder, 'cloned')
  for (let round = 0; round < runs; round++) {
    const serving = await serve(carried, join(folder, 'served'), join(folder, 'ssh'))
    if (serving === undefined) return false
    const { url, options, env } = serving
    const command = varve('clone', '--quiet', '--bare', ...options, url(path), target)
    const cost = run(command, { cwd: folder, env })
    comparison.add(what, VARVE, { ...cost, storedBytes: sizeOf(target) })
    comparison.add(what, `${PART}the server`, await serving.stop())
    rmSync(target, { recursive: true })
  }
  return true
}

function serve(carried: Carried, root: string, temporary: string): Promise<Serving | undefined> {
  return carried === 'HTTP' ? serveHttp(root) : serveSsh(root, temporary)
}

/** The same rows as CSV, from a repository of git. */
async function cloneByGit(
  comparison: Comparison,
  what: string,
  { folder, rows, runs }: Pick<SuiteContext, 'folder' | 'rows' | 'runs'>,
): Promise<void> {
  const work = join(folder, 'git/work')
  mkdirSync(work, { recursive: true })
  writeCsv(join(work, 'sensors.csv'), dataSetFrames('sensors', rows))
  const git = (...args: string[]) => run(['git', ...args], { cwd: work })
  git('init', '--quiet')
  git('add', 'sensors.csv')
  git('commit', '--quiet', '-m', 'rows')
  const serving = await serveGit(join(folder, 'git'))
  const target = join(folder, 'cloned')
  for (let round = 0; round < runs; round++) {
    const command = ['git', 'clone', '--quiet', '--bare', serving.url('work/.git'), target]
    const cost = run(command, { cwd: folder })
    comparison.add(what, 'git, of the CSV', { ...cost, storedBytes: sizeOf(target) })
    rmSync(target, { recursive: true })
  }
  await serving.stop()
  rmSync(join(folder, 'git'), { recursive: true })
}

const randomSchema: Schema = {
  columns: [
    { name: 'time', type: 'timestamp_ns' },
    ...Array.from({ length: RANDOM_COLUMNS }, (_, i) => ({
      name: `value ${i + 1}`,
      type: 'float64' as const,
    })),
  ],
  indexCount: 1,
  duplicates: false,
}

function* randomFrames(rows: number): Generator<Frame> {
  const random = seededRandom(5)
  const most = 1 << 16
  for (let from = 0; from < rows; from += most) {
    const count = Math.min(most, rows - from)
    const times = BigInt64Array.from({ length: count }, (_, i) => BigInt(from + i) * 1_000_000_000n)
    const columns = [rawColumn('timestamp_ns', count, times, undefined)]
    for (let i = 0; i < RANDOM_COLUMNS; i++) {
      const values = new Float64Array(count)
      // Two draws, as one has 32 bits.
      for (let row = 0; row < count; row++) values[row] = random() + random() / 2 ** 32
      columns.push(rawColumn('float64', count, values, undefined))
    }
    yield { schema: randomSchema, columns, rows: count }
  }
}

function inWords(count: number): string {
  return count.toLocaleString('en-US')
}
