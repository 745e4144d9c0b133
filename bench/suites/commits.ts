import { join } from 'node:path'
import { readCommit, writeCommit } from '../../src/core/commit.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import { editSeries } from '../../src/core/series-edit.ts'
import { lookupPath, updatePaths } from '../../src/core/tree.ts'
import {
  log,
  type OpenedRepository,
  parseSchemaText,
  readSeriesRows,
  rowsTable,
  writeSeries,
} from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { openIn } from '../in-varve.ts'
import { costOf, run, stored } from '../measure.ts'
import { varve } from '../program.ts'
import { findGrowth, type Suite } from '../suite.ts'
import { makeSeries, nameOf } from './series.ts'

const SCHEMA = parseSchemaText('time:timestamp_s value:float64', { index: ['time'] })
const START_S = Date.UTC(2026, 0, 1) / 1000
const SERIES = 1000
const FULL = 10_000_000
const SIZES = [100, 1000, 10_000, 100_000]
/** So many commits before each size are made one by one. */
const ONE_BY_ONE = 70
/** As many commits as putting packs together leaves in the largest: about a megabyte. */
const PACK_COMMITS = 2000
const READINGS = 9
const OPEN = 'open'
const LOG = 'log -n 20'
const COMMIT = 'commit a row'
const READ = 'read --tail 5'
const PROGRAM = 'varve log -n 20, whole process'
const GROWTH_LINES = [OPEN, LOG, COMMIT, READ]

/**
 * A history that grows by a row a commit, to each of a thousand series in turn: what it costs to open, look at and add to.
 * Most of it is made some thousand commits at a time, as it would be after packs were put together.
 */
export const commitsSuite: Suite = {
  name: 'commits',
  about: 'cost as history grows, a row a commit, in process',
  async run({ folder, rows }) {
    const comparison = new Comparison()
    const most = (FULL / 100) * Math.min(1, rows / FULL)
    const sizes = SIZES.filter((size) => size <= Math.max(most, SIZES[0]!))
    let repo = await openIn(folder)
    let made = 1
    await makeSeries(repo, SERIES)
    for (const commits of sizes) {
      const at = (what: string) => `${what}, ${commits.toLocaleString('en-US')} commits`
      while (made < commits - ONE_BY_ONE) {
        const count = Math.min(PACK_COMMITS, commits - ONE_BY_ONE - made)
        await commitMany(repo, made, count)
        made += count
      }
      const size = stored(folder)
      const adding = commits - made
      const building = await costOf(async () => {
        for (; made < commits; made++) await commitRow(repo, made)
      })
      await repo.close()
      const now = stored(folder)
      comparison.add(at('each of the last commits'), VARVE, {
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
        comparison.add(at(READ), VARVE, await costOf(() => readTail(repo, made)))
        const committing = await costOf(() => commitRow(repo, made++))
        comparison.add(at(COMMIT), VARVE, committing)
        await repo.close()
      }
      for (let i = 0; i < 3; i++) {
        const command = varve('-R', join(folder, 'bench.varve'), 'log', '-n', '20')
        comparison.add(at(PROGRAM), VARVE, run(command, { cwd: folder }))
      }
      repo = await openIn(folder)
    }
    await repo.close()
    const found = comparison.rows()
    return { rows: found, growth: findGrowth(found, GROWTH_LINES, 'commits', sizes) }
  },
}

const seriesOf = (at: number): string => `many/${nameOf((at * 7919) % SERIES)}`

const rowOf = (at: number) => [BigInt(START_S + 1000 + at), at % 100] as const

async function commitRow(repo: OpenedRepository, at: number): Promise<void> {
  await writeSeries(repo, {
    series: seriesOf(at),
    input: rowsTable(SCHEMA, [rowOf(at)]),
    commit: repo.signed(`row ${at}`),
  })
}

/** The same commits in one pack, under one entry of the log. */
async function commitMany(repo: OpenedRepository, from: number, count: number): Promise<void> {
  const name = 'refs/heads/main'
  const { refs } = await repo.refs.state()
  const old = refs.get(name)!
  const batch = await repo.objects.begin()
  let tip = old
  let { tree } = await readCommit(batch, tip)
  for (let at = from; at < from + count; at++) {
    const path = seriesOf(at)
    const { id } = (await lookupPath(batch, tree, path))!
    const frames = [frameFromRows(SCHEMA, [[...rowOf(at)]])]
    const edited = await editSeries(batch, id, { mode: 'upsert', frames })
    tree = await updatePaths(batch, tree, new Map([[path, { kind: 'series', id: edited.id }]]))
    const { author, committer } = repo.signed()
    tip = await writeCommit(batch, {
      tree,
      parents: [tip],
      author,
      committer,
      message: `row ${at}\n`,
    })
  }
  const pack = (await batch.publish())!
  const updates = [{ name, old, new: tip }]
  await repo.refs.append({ updates, who: repo.who(), message: 'rows', packs: [pack] })
}

async function drainLog(repo: OpenedRepository): Promise<void> {
  let left = 20
  for await (const _ of log(repo)) if (--left === 0) break
}

async function readTail(repo: OpenedRepository, at: number): Promise<void> {
  const found = await readSeriesRows(repo, { name: seriesOf(at), tail: 5 })
  for await (const _ of found.frames());
}
