import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  blame,
  history,
  type OpenedRepository,
  parseSchemaText,
  readAllVintages,
  rowsTable,
  writeSeries,
} from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { openIn } from '../in-varve.ts'
import { costOf, run } from '../measure.ts'
import type { Suite } from '../suite.ts'

const ROWS = 10_000
const COMMITS = 1000
const NAME = 'prices'
const FILE = 'prices.csv'
const DAY = 86_400
const HISTORY = 'history of a key'
const BLAME = 'blame'
const VINTAGES = 'all vintages'
const MATERIAL = parseSchemaText('day:timestamp_s price:float64 volume:float64')

/** One series that grows by a row a commit, and whose last rows, and two others, are revised each time. */
export const lifeSuite: Suite = {
  name: 'life',
  about:
    'the life of a point: 10,000 rows over 1,000 commits, in process; git blame and log -L of the CSV',
  targetRows: 1_000_000,
  async run({ folder, rows, runs, peers }) {
    const commits = rows < 1_000_000 ? 20 : COMMITS
    const steps = planned(commits)
    const comparison = new Comparison()
    await fill(folder, steps)
    for (let round = 0; round <= runs; round++) {
      // Once more than is counted, so that the code is compiled; opened anew, so that nothing is known.
      const measured = await measure(folder)
      if (round > 0) for (const [what, cost] of measured) comparison.add(what, VARVE, cost)
    }
    if (peers.git) {
      const cwd = fillGit(folder, steps)
      for (let round = 0; round < runs; round++) {
        const git = (...args: string[]) => run(['git', ...args], { cwd })
        comparison.add(BLAME, 'git', git('blame', FILE))
        const line = `${KEY + 2},${KEY + 2}`
        comparison.add(HISTORY, 'git', git('log', '-s', `-L${line}:${FILE}`))
      }
    }
    const targets = [
      ...comparison.ownTarget(HISTORY, 'cpuSeconds', 0.2),
      ...comparison.ownTarget(BLAME, 'cpuSeconds', 1),
      ...comparison.ownTarget(VINTAGES, 'cpuSeconds', 2),
    ]
    return { rows: comparison.rows(), targets }
  },
}

/** The row whose life is asked for, and the commits from one that changes it to the next. */
const KEY = 4321
const KEY_STEPS = 97

type Row = readonly [day: number, price: number, volume: number]

/** The rows that each commit writes. */
function planned(commits: number): Row[][] {
  const first = ROWS - commits + 1
  const steps = [Array.from({ length: first }, (_, day) => rowOf(day, 0))]
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let step = 1; step < commits; step++) {
    const last = first + step - 1
    const revised = new Set([last - 1, last - 2, random(last), random(last)])
    if (step % KEY_STEPS === 0) revised.add(KEY)
    steps.push([rowOf(last, 0), ...[...revised].map((day) => rowOf(day, step))])
  }
  return steps
}

function rowOf(day: number, step: number): Row {
  const price = 60 + 20 * Math.sin(day / 90) + 3 * Math.sin(day * 2) + (step % 50) / 100
  return [day, Math.round(price * 100) / 100, 1000 + (day % 97)]
}

async function fill(folder: string, steps: readonly Row[][]): Promise<void> {
  let seconds = 1_700_000_000
  const now = () => {
    seconds += 60
    return new Date(seconds * 1000)
  }
  const repo = await openIn(folder, { now })
  try {
    for (const rows of steps) {
      const values = rows.map(([day, ...rest]) => [BigInt(day * DAY), ...rest])
      const commit = repo.signed('rows')
      await writeSeries(repo, {
        series: NAME,
        create: true,
        input: rowsTable(MATERIAL, values),
        commit,
      })
    }
  } finally {
    await repo.close()
  }
}

async function measure(folder: string) {
  const inNew = async (action: (repo: OpenedRepository) => Promise<unknown>) => {
    const repo = await openIn(folder)
    try {
      return await costOf(() => action(repo))
    } finally {
      await repo.close()
    }
  }
  const drained = async (items: AsyncIterable<unknown>) => {
    for await (const _ of items);
  }
  return [
    [
      HISTORY,
      await inNew(async (repo) => {
        const key = [`@${KEY * DAY}`]
        await drained((await history(repo, { name: NAME, key })).changes())
      }),
    ],
    [BLAME, await inNew(async (repo) => [...(await blame(repo, { name: NAME })).runs()])],
    [
      VINTAGES,
      await inNew(async (repo) => drained((await readAllVintages(repo, { name: NAME })).frames())),
    ],
  ] as const
}

/** The same history of a CSV in git. */
function fillGit(folder: string, steps: readonly Row[][]): string {
  const stream = join(folder, 'stream')
  const lines: string[] = []
  const all: string[] = []
  for (const [step, rows] of steps.entries()) {
    for (const row of rows) all[row[0]] = row.join()
    const text = `day,price,volume\n${all.join('\n')}\n`
    const who = `Ada <ada@example.org> ${1_700_000_000 + step * 60} +0000`
    lines.push(
      'commit refs/heads/main',
      `author ${who}`,
      `committer ${who}`,
      'data 4',
      'rows',
      `M 100644 inline ${FILE}`,
      `data ${text.length}`,
      text,
    )
  }
  writeFileSync(stream, `${lines.join('\n')}\n`)
  const git = (args: string[], stdin?: string) =>
    run(['git', ...args], { cwd: folder, ...(stdin !== undefined && { stdin }) })
  git(['init', '-q', '--template=', '-b', 'main', 'git'])
  git(['-C', 'git', 'fast-import', '--quiet'], stream)
  git(['-C', 'git', 'checkout', '-q', 'main'])
  git(['-C', 'git', 'gc', '-q'])
  return join(folder, 'git')
}
