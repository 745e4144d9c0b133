import { join } from 'node:path'
import {
  log,
  type OpenedRepository,
  readSeriesRows,
  rowsTable,
  writeSeries,
} from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { openIn } from '../in-varve.ts'
import { costOf, run, stored } from '../measure.ts'
import { varve } from '../program.ts'
import { findGrowth, type Suite } from '../suite.ts'

const NAME = 'small'
const SCHEMA = 'time:timestamp_s value:float64'
const START_S = Date.UTC(2026, 0, 1) / 1000
const FULL = 10_000_000
const SIZES = [100, 1000, 10_000, 100_000]
const READINGS = 9
const OPEN = 'open'
const LOG = 'log -n 20'
const COMMIT = 'commit a row'
const READ = 'read --tail 5'
const PROGRAM = 'varve log -n 20, whole process'
const GROWTH_LINES = [OPEN, LOG, COMMIT, READ]

/** A history that grows by a row a commit: what it costs to open, look at and add to. */
export const commitsSuite: Suite = {
  name: 'commits',
  about: 'cost as history grows, a row a commit, in process',
  async run({ folder, rows }) {
    const comparison = new Comparison()
    const most = (FULL / 100) * Math.min(1, rows / FULL)
    const sizes = SIZES.filter((size) => size <= Math.max(most, SIZES[0]!))
    let repo = await openIn(folder)
    let made = 0
    let size = stored(folder)
    for (const commits of sizes) {
      const adding = commits - made
      const building = await costOf(async () => {
        for (; made < commits; made++) await commitRow(repo, made)
      })
      await repo.close()
      const now = stored(folder)
      const at = (what: string) => `${what}, ${commits.toLocaleString('en-US')} commits`
      comparison.add(at('each commit since'), VARVE, {
        seconds: building.seconds / adding,
        cpuSeconds: building.cpuSeconds / adding,
        storedBytes: (now.storedBytes - size.storedBytes) / adding,
      })
      comparison.add(at('repository'), VARVE, now)
      for (let i = 0; i < READINGS; i++) {
        const opening = await costOf(async () => {
          repo = await openIn(folder)
        })
        comparison.add(at(OPEN), VARVE, opening)
        comparison.add(at(LOG), VARVE, await costOf(() => drainLog(repo)))
        comparison.add(at(READ), VARVE, await costOf(() => readTail(repo)))
        const committing = await costOf(() => commitRow(repo, made++))
        comparison.add(at(COMMIT), VARVE, committing)
        await repo.close()
      }
      for (let i = 0; i < 3; i++) {
        const command = varve('-R', join(folder, 'bench.varve'), 'log', '-n', '20')
        comparison.add(at(PROGRAM), VARVE, run(command, { cwd: folder }))
      }
      repo = await openIn(folder)
      size = stored(folder)
    }
    await repo.close()
    const found = comparison.rows()
    return { rows: found, growth: findGrowth(found, GROWTH_LINES, 'commits', sizes) }
  },
}

async function commitRow(repo: OpenedRepository, at: number): Promise<void> {
  await writeSeries(repo, {
    series: NAME,
    create: true,
    input: rowsTable(SCHEMA, [[BigInt(START_S + at), at % 100]]),
    commit: repo.signed(`row ${at}`),
  })
}

async function drainLog(repo: OpenedRepository): Promise<void> {
  let left = 20
  for await (const _ of log(repo)) if (--left === 0) break
}

async function readTail(repo: OpenedRepository): Promise<void> {
  const found = await readSeriesRows(repo, { name: NAME, tail: 5 })
  for await (const _ of found.frames());
}
