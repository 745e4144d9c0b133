import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Publication, readPublications } from '../../src/demo/publications.ts'
import { addFiles, bytesTable } from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { openIn } from '../in-varve.ts'
import { type Cost, costOf, run, sizeOf, stored } from '../measure.ts'
import type { LakotaPlace } from '../peers/lakota.ts'
import { Lakota } from '../peers/lakota.ts'
import { canRun, ROOT, varve } from '../program.ts'
import type { Suite, SuiteContext, Target } from '../suite.ts'

const ARCHIVE = pathToFileURL(resolve(ROOT, 'examples/oil-prices/oil-prices-vintages.tar.zst'))
const BEFORE = 'all publications'
const AFTER = 'all publications, after gc'
const LAKOTA = 'Lakota'
/** Rows asked for from which on all publications are taken; below it is about running at all. */
const ALL_FROM = 1_000_000
const FEW = 5

/** Real history: each publication a commit of whole tables, most of which only grew. */
export const oilSuite: Suite = {
  name: 'oil',
  about: 'the 179 publications of oil prices, a commit each',
  targetRows: ALL_FROM,
  async run(context) {
    const all = await readPublications(ARCHIVE)
    const publications = context.rows < ALL_FROM ? all.slice(0, FEW) : all
    const comparison = new Comparison()
    const { folder, peers } = context
    await measureVarve(comparison, folder, publications)
    if (peers.git) measureGit(comparison, folder, publications)
    if (peers.lakota) await measureLakota(comparison, folder, publications, peers.lakota)
    if (peers.zstd) measureFiles(comparison, folder, publications)
    return { rows: comparison.rows(), targets: targetsOf(comparison, context) }
  },
}

function targetsOf(comparison: Comparison, { peers }: SuiteContext): Target[] {
  if (!peers.git) return []
  const bytes = new Map(
    comparison.rows().map(({ what, who, storedBytes }) => [`${what} ${who}`, storedBytes]),
  )
  const packed = bytes.get(`${AFTER} git`)!
  const shares: [string, number | undefined, number][] = [
    ["after gc, of git's after gc --aggressive", bytes.get(`${AFTER} ${VARVE}`), 0.55],
    ["before gc, of git's after gc --aggressive", bytes.get(`${BEFORE} ${VARVE}`), 0.9],
  ]
  return shares.flatMap(([what, own, most]) =>
    own === undefined ? [] : [{ what: `oil, ${what}`, most, reached: own / packed, unit: 'ratio' }],
  )
}

async function measureVarve(
  comparison: Comparison,
  parent: string,
  publications: readonly Publication[],
): Promise<void> {
  const folder = join(parent, 'varve')
  const clock = { seconds: 0 }
  const repo = await openIn(folder, { now: () => new Date(clock.seconds * 1000) })
  const cost = await costOf(async () => {
    for (const { seconds, tables } of publications) {
      clock.seconds = seconds
      const files = [...tables].map(([series, bytes]) => {
        return { series, input: bytesTable(`${series}.csv`, bytes) }
      })
      await addFiles(repo, files, { commit: { ...repo.signed('publication'), exactDate: true } })
    }
  })
  await repo.close()
  comparison.add(BEFORE, VARVE, { ...cost, ...stored(folder) })
  if (!canRun('gc')) {
    process.stderr.write('NOT MEASURED: varve after gc: there is no such command\n')
    return
  }
  const packing = run(varve('-R', join(folder, 'bench.varve'), 'gc'), { cwd: folder })
  comparison.add(AFTER, VARVE, { ...packing, ...stored(folder) })
}

function measureGit(
  comparison: Comparison,
  folder: string,
  publications: readonly Publication[],
): void {
  const cwd = join(folder, 'git')
  mkdirSync(cwd)
  const git = (...args: string[]) => ['git', '-c', 'gc.auto=0', ...args]
  const costs = [run(git('init', '-q', '--template=', '.'), { cwd })]
  for (const { seconds: date, tables } of publications) {
    for (const [name, bytes] of tables) writeFileSync(join(cwd, `${name}.csv`), bytes)
    const env = { GIT_AUTHOR_DATE: `@${date} +0000`, GIT_COMMITTER_DATE: `@${date} +0000` }
    for (const args of [
      ['add', '*.csv'],
      ['commit', '-q', '-m', 'publication'],
    ]) {
      costs.push(run(git(...args), { cwd, env }))
    }
  }
  const sum = (of: (cost: Cost) => number) => costs.reduce((all, cost) => all + of(cost), 0)
  // CPU time is measured in units that are longer than each of its commands.
  const total = { seconds: sum(({ seconds }) => seconds) }
  comparison.add(BEFORE, 'git', { ...total, ...stored(join(cwd, '.git')) })
  const packing = run(git('gc', '-q', '--aggressive', '--prune=now'), { cwd })
  comparison.add(AFTER, 'git', { ...packing, ...stored(join(cwd, '.git')) })
}

async function measureLakota(
  comparison: Comparison,
  folder: string,
  publications: readonly Publication[],
  place: LakotaPlace,
): Promise<void> {
  const path = join(folder, 'lakota')
  const lakota = new Lakota(place)
  try {
    let [seconds, cpuSeconds] = [0, 0]
    for (const { tables } of publications) {
      const parsed = [...tables].map(([name, bytes]) => {
        const lines = new TextDecoder().decode(bytes).split(/\s*\n/)
        // Neither the header nor the lines of empty cells at the end of some.
        const cells = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(','))
        return [name, [cells.map(([date]) => date), cells.map(([, price]) => Number(price))]]
      })
      const cost = await lakota.act('replace', { path, tables: Object.fromEntries(parsed) })
      seconds += cost.seconds
      cpuSeconds += cost.cpuSeconds
    }
    comparison.add(BEFORE, LAKOTA, { seconds, cpuSeconds, ...stored(path) })
  } finally {
    lakota.close()
  }
}

/** What a compressor makes of every file by itself, and of all of them as one. */
function measureFiles(
  comparison: Comparison,
  folder: string,
  publications: readonly Publication[],
): void {
  const cwd = join(folder, 'files')
  mkdirSync(cwd)
  const files = publications.flatMap(({ tables }) => [...tables.values()])
  const names = files.map((bytes, i) => {
    const name = `${String(i).padStart(5, '0')}.csv`
    writeFileSync(join(cwd, name), bytes)
    return name
  })
  const packed = join(folder, 'packed')
  const cost = run(['zstd', '-3', '-q', '-c', ...names], { cwd, stdout: packed })
  comparison.add(BEFORE, 'zstd -3 of each file', { ...cost, storedBytes: sizeOf(packed) })
  const all = ['sh', '-c', 'cat *.csv | zstd -19 --long=27 -q -c']
  const long = run(all, { cwd, stdout: packed })
  comparison.add(AFTER, 'zstd -19 --long=27 of all', { ...long, storedBytes: sizeOf(packed) })
  rmSync(cwd, { recursive: true })
}
