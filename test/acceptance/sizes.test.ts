import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { walkTree } from '../../src/core/tree.ts'
import { openRepositoryParts } from '../../src/plumbing/repository.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { digestOf, reverseFile, writeSensorFile } from '../support/csv-files.ts'
import { type Measured, type MeasureOptions, measured } from '../support/measure.ts'
import { someone, varve } from '../support/program.ts'
import { textIn } from '../support/tables.ts'
import { temporaryFolder } from '../support/temporary.ts'

// `npm run test:large` runs this file with all 10 million rows, which take a minute.
const isLarge = process.env.VARVE_TEST_SIZE === 'large'
const MANY = isLarge
  ? { rows: 10_000_000, addPeak: 1_000, readPeak: 500 }
  : { rows: 2_000_000, addPeak: 400, readPeak: 260 }

let folder: string
let repository: string
beforeAll(async () => {
  folder = temporaryFolder()
  repository = join(folder, 'repository')
  await varve(['init', repository])
})

async function run(args: string[], options: Partial<MeasureOptions> = {}): Promise<Measured> {
  const ran = await measured(args, { cwd: repository, ...options })
  expect(ran.stderr).toBe('')
  expect(ran.exitCode).toBe(0)
  if (isLarge) {
    const figures = `${ran.peak.toFixed(0)} MiB, ${ran.seconds.toFixed(1)} s`
    process.stdout.write(`${figures}: varve ${args.join(' ')}\n`)
  }
  return ran
}

const out = async (...args: string[]): Promise<string> => (await run(args)).stdout

async function write(series: string, rows: string): Promise<string> {
  const ran = await varve(['write', series], { cwd: repository, env: someone, input: rows })
  expect(ran.stderr).toBe('')
  return ran.stdout
}

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

it(`${MANY.rows} rows stream in and out`, async () => {
  const source = join(folder, 'sensor.csv')
  writeSensorFile(source, MANY.rows)
  const printed = join(folder, 'printed.csv')
  const added = await run(['add', source])
  expect(added.stdout).toContain(`sensor: new, ${MANY.rows.toLocaleString('en-US')} rows`)
  const read = await run(['read', 'sensor'], { output: printed })
  expect(statSync(printed).size).toBe(statSync(source).size)
  expect(await digestOf(printed)).toBe(await digestOf(source))
  expect(added.peak).toBeLessThan(MANY.addPeak)
  reverseFile(source, printed)
  const again = await run(['add', printed, '--as', 'sensor'])
  expect(again.stdout).toBe('sensor: unchanged\n')
  expect(again.peak).toBeLessThan(MANY.addPeak)
  expect(read.peak).toBeLessThan(MANY.readPeak)

  await out('commit', '-m', 'many rows')
  await write('sensor', 'time,value\n2025-01-10T12:00:00Z,0.5\n')
  const { stdout, peak } = await run(['diff'])
  expect(stdout).toMatch(/revised {5}2025-01-10T12:00:00Z {2}value \S+ → 0\.5/)
  expect(peak).toBeLessThan(200)
  expect(await out('commit', '-m', 'one')).toContain('1 series changed, +0 ~1 -0')
  rmSync(source)
  rmSync(printed)
}, 300_000)

it('one table of many series is split in bounded memory', async () => {
  const [series, times] = isLarge ? [100_000, 20] : [5_000, 100]
  const source = join(folder, 'many.csv')
  const names = Array.from({ length: series }, (_, at) => `s${at}`)
  writeFileSync(source, 'time,sensor,value\n')
  for (let time = 0; time < times; time++) {
    const lines = names.map((name, at) => `${time},${name},${(at * time) % 1_000}\n`)
    appendFileSync(source, lines.join(''))
  }
  const split = ['write', '--split-by', 'sensor', '--into', 'split/', source]
  const made = await run([...split, '--create'])
  const [all, rows] = [series, series * times].map((count) => count.toLocaleString('en-US'))
  expect(made.stdout).toBe(`${all} series new, ${rows} rows\n`)
  expect(made.peak).toBeLessThan(isLarge ? 700 : 300)
  const again = await run(split)
  expect(again.stdout).toBe(`${all} series unchanged, ${rows} rows\n`)
  expect(again.peak).toBeLessThan(isLarge ? 900 : 350)
  await run(['restore', '--staged', 'split/'])
  rmSync(source)
}, 300_000)

it('10,000 series of 100 rows', async () => {
  const many = join(folder, 'many')
  const texts = new Map<string, string>()
  for (let at = 0; at < 10_000; at++) {
    const group = `group${at % 100}`
    mkdirSync(join(many, group), { recursive: true })
    const rows = Array.from({ length: 100 }, (_, i) => `${i},${((at * i) % 977) / 8}`)
    const text = `${['t,v', ...rows].join('\n')}\n`
    writeFileSync(join(many, group, `series${at}.csv`), text)
    texts.set(`many/${group}/series${at}`, text)
  }
  const added = await run(['add', many, '--as', 'many/'])
  expect(added.stdout).toContain('10,000 series new, 1,000,000 rows')
  const committed = JSON.parse(await out('commit', '-m', 'many series', '--json'))
  expect(committed.counts.appended).toBe(1_000_000)

  const storage = openFileSystemStorage(join(repository, '.varve'))
  const repo = await openRepositoryParts({ storage })
  const { tree } = await readCommit(repo.objects, committed.id as Id)
  const held: string[] = []
  for await (const { path } of walkTree(repo.objects, tree, 'many')) held.push(path)
  expect(held.sort()).toEqual([...texts.keys()].sort())
  for (const [at, [path, text]] of [...texts].entries()) {
    // All of them where there is time: each opens a series anew.
    if (!isLarge && at % 10 !== 7) continue
    if ((await textIn(repo, tree, path)) !== text) expect.fail(`${path} reads as something else`)
  }
  await storage.close()

  await write('many/group77/series4077', 't,v\n50,5\n')
  expect(await out('diff')).toContain('many/group77/series4077  +0 ~1 -0')
  const before = await objectCount()
  expect(await out('commit', '-m', 'one of many')).toContain('1 series changed, +0 ~1 -0')
  // The commit; the trees were stored when the row was written.
  expect((await objectCount()) - before).toBe(1)
}, 240_000)

async function objectCount(): Promise<number> {
  const { published, staged } = JSON.parse(await out('count-objects', '--json'))
  return published.objects + (staged?.objects ?? 0)
}

it('10,000 columns of 100 rows', async () => {
  const columns = Array.from({ length: 10_000 }, (_, i) => `c${i}`)
  const rows = Array.from(
    { length: 100 },
    (_, row) => `${row},${columns.map((_, i) => (row * i) % 997).join(',')}`,
  )
  const text = `${[`t,${columns.join(',')}`, ...rows].join('\n')}\n`
  await out('add', file('wide.csv', text))
  expect((await out('read', 'wide')) === text).toBe(true)
  expect(await out('diff', '--stat', '--', 'wide')).toContain('wide | new +100 ~0 -0')
  await out('commit', '-m', 'wide')
  await write('wide', 't,c77\n50,5\n')
  expect(await out('diff')).toMatch(/revised {5}50 {2}c77 859 → 5\b/)
  expect(await out('commit', '-m', 'one of many columns')).toContain('+0 ~1 -0')
  expect((await out('read', 'HEAD~1:wide')) === text).toBe(true)
}, 120_000)

it('one row', async () => {
  const text = 't,v\n1,2\n'
  expect(await out('add', file('one.csv', text))).toContain('one: new, 1 row, 1 to 1')
  expect(await out('read', 'one')).toBe(text)
  await out('commit', '-m', 'one row')
  await write('one', 't,v\n1,3\n')
  expect(await out('diff')).toMatch(/revised {5}1 {2}v 2 → 3/)
  expect(await out('commit', '-m', 'another')).toContain('+0 ~1 -0')
  await out('delete', 'one', '--at', '1', '--commit')
  expect(await out('read', 'one')).toBe('t,v\n')
})

it('1,000 rows with one key', async () => {
  const same = Array.from({ length: 1_000 }, (_, i) => `10,x${(i * 7_919) % 1_000}`)
  const text = `${['t,v', '9,before', ...same, '11,after'].join('\n')}\n`
  const added = await out('add', file('same.csv', text), '--duplicates')
  expect(added).toContain('same: new, 1,002 rows')
  expect(await out('read', 'same')).toBe(text)
  expect(await out('read', 'same', '--at', '10')).toBe(`${['t,v', ...same].join('\n')}\n`)
  await out('commit', '-m', 'same keys')
  expect(await write('same', 't,v\n10,x0\n10,new\n')).toContain('+0 ~1 -998')
  expect(await out('diff', '--stat')).toContain('+0 ~1 -998')
  await out('commit', '-m', 'two are left')
  expect(await out('read', 'same')).toBe('t,v\n9,before\n10,x0\n10,new\n11,after\n')
})

describe('a json value of 60 MiB', () => {
  const json = `{"a": ["${'wide '.repeat(12 * 1024 * 1024 - 10)}"]}`
  const text = `k,j\nlarge,"${json.replaceAll('"', '""')}"\nsmall,{}\n`

  it('goes in and comes out', async () => {
    expect(json.length).toBeGreaterThan(59.9 * 1024 * 1024)
    const { peak } = await run(['add', file('big.csv', text), '--type', 'j:json'])
    expect(peak).toBeLessThan(1_000)
    const printed = join(folder, 'printed.csv')
    await run(['read', 'big'], { output: printed })
    expect(readFileSync(printed, 'utf8') === text).toBe(true)
    expect(await out('diff', '--stat')).toContain('big | new +2 ~0 -0')
    await out('commit', '-m', 'a large value')
    await write('big', 'k,j\nlarge,null\n')
    const diff = join(folder, 'diff')
    await run(['diff'], { output: diff })
    expect(readFileSync(diff, 'utf8')).toMatch(/^ {2}revised {5}large {2}j /m)
    expect(await out('commit', '-m', 'a small one')).toContain('+0 ~1 -0')
  }, 60_000)
})
