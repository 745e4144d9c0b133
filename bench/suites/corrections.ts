import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Frame } from '../../src/index.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { Comparison, VARVE } from '../compare.ts'
import { largerValues, sliceFrames } from '../data-edits.ts'
import { dataSetFrames, dataSets } from '../data-sets.ts'
import { drainSeries, openIn, writeFrames } from '../in-varve.ts'
import { costOf, grownBy, median, stored } from '../measure.ts'
import { Lakota } from '../peers/lakota.ts'
import type { Suite, SuiteContext } from '../suite.ts'

const NAME = 'sensors'
const LAKOTA = 'Lakota'
const DAY = 86_400
const COMMITS = 100
const CORRECT = 'one day corrected'
const ALL = 'all 100 days'
const BEFORE = 'read all, before'
const AFTER = 'read all, after'

/** A year of seconds, 100 random days of which are corrected, each in a commit of its own. */
export const correctionsSuite: Suite = {
  name: 'corrections',
  about:
    '100 random days corrected, a commit each, in 3.15 times the rows; then all read, in process',
  targetRows: 10_000_000,
  async run(context) {
    const { peers } = context
    const rows = Math.round(context.rows * 3.15)
    const random = seededRandom(5)
    const day = Math.min(DAY, Math.ceil(rows / 365))
    const days = Array.from({ length: COMMITS }, () => Math.floor((random() * rows) / day) * day)
    const frames = [...dataSetFrames(NAME, rows)]
    const work: Work = { frames, days, day, folder: context.folder }
    const comparison = new Comparison()
    const read = await measureVarve(comparison, work)
    if (peers.lakota) await measureLakota(comparison, work, peers.lakota)
    return {
      rows: comparison.rows(),
      targets: [
        ...comparison.target(CORRECT, LAKOTA, 'storedBytes', 0.15),
        { what: 'read all, after, of before', most: 1.3, unit: 'ratio', ...read },
      ],
    }
  },
}

interface Work {
  readonly frames: readonly Frame[]
  /** First rows of the days that are corrected. */
  readonly days: readonly number[]
  /** Rows of one. */
  readonly day: number
  readonly folder: string
}

/** How often all is read; the median counts. */
const READS = 3

/** Returns what reading all takes afterwards, as a share of before. */
async function measureVarve(
  comparison: Comparison,
  work: Work,
): Promise<{ reached: number; reachedCpu: number }> {
  const folder = join(work.folder, 'varve')
  const { schema } = dataSets[NAME]
  const repo = await openIn(folder)
  try {
    await writeFrames(repo, NAME, schema, work.frames)
    const readAll = async (what: string) => {
      const costs: Awaited<ReturnType<typeof costOf>>[] = []
      for (let i = 0; i < READS; i++) {
        const cost = await costOf(() => drainSeries(repo, NAME))
        comparison.add(what, VARVE, cost)
        costs.push(cost)
      }
      return {
        seconds: median(costs.map(({ seconds }) => seconds)),
        cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
      }
    }
    const before = await readAll(BEFORE)
    const whole = stored(folder)
    for (const from of work.days) {
      const changed = largerValues(sliceFrames(work.frames, from, from + work.day), 0.5)
      const size = stored(folder)
      const cost = await costOf(() => writeFrames(repo, NAME, schema, changed))
      comparison.add(CORRECT, VARVE, { ...cost, ...grownBy(size, stored(folder)) })
    }
    comparison.add(ALL, VARVE, grownBy(whole, stored(folder)))
    const after = await readAll(AFTER)
    return {
      reached: after.seconds / before.seconds,
      reachedCpu: after.cpuSeconds / before.cpuSeconds,
    }
  } finally {
    await repo.close()
    rmSync(folder, { recursive: true })
  }
}

async function measureLakota(
  comparison: Comparison,
  { folder, frames, days, day }: Work,
  place: NonNullable<SuiteContext['peers']['lakota']>,
): Promise<void> {
  const lakota = new Lakota(place)
  const path = join(folder, 'lakota')
  const rows = frames.reduce((sum, frame) => sum + frame.rows, 0)
  try {
    await lakota.load(join(folder, 'raw'), dataSets[NAME].schema, frames)
    await lakota.act('write', { path })
    comparison.add(BEFORE, LAKOTA, await lakota.act('read', { path }))
    const whole = stored(path)
    for (const start of days) {
      const stop = Math.min(rows, start + day)
      const size = stored(path)
      const cost = await lakota.act('correct', { path, start, stop, add: 0.5 })
      comparison.add(CORRECT, LAKOTA, { ...cost, ...grownBy(size, stored(path)) })
    }
    comparison.add(ALL, LAKOTA, grownBy(whole, stored(path)))
    try {
      comparison.add(AFTER, LAKOTA, await lakota.act('read', { path }))
    } catch (error) {
      process.stderr.write(`NOT MEASURED: ${AFTER}: ${(error as Error).message}\n`)
    }
  } finally {
    lakota.close()
  }
}
