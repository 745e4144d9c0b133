import { spawn } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readSeries } from '../../src/core/series.ts'
import { lookupPath } from '../../src/core/tree.ts'
import { openRepository } from '../../src/library/open-repository.ts'
import { headState } from '../../src/plumbing/head.ts'
import { treeOf } from '../../src/plumbing/index-state.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { log } from '../../src/porcelain/log.ts'
import { effort } from '../support/effort.ts'
import { isolated, PROGRAM, someone, varve } from '../support/program.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { temporaryFolder } from '../support/temporary.ts'

const HOOK = resolve(import.meta.dirname, '../support/fault-hook.js')
const LONG = 10 * 3_600_000
const random = seededRandom(7)

let folder: string
beforeAll(() => {
  folder = temporaryFolder()
})

const rows = (count: number, factor: number): string =>
  `t,v\n${Array.from({ length: count }, (_, i) => `${i},${(i * factor) % 97}\n`).join('')}`

const inRepository = (root: string, args: readonly string[], input?: string) =>
  varve(args, { cwd: root, env: someone, ...(input === undefined ? {} : { input }) })

async function succeeds(root: string, args: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await inRepository(root, args, input)
  expect([args, exitCode, stderr]).toEqual([args, 0, expect.any(String)])
  return stdout
}

/** Runs the program so that it kills itself before one of its changes to the disk; 0 only counts them. */
function killedAt(
  root: string,
  args: readonly string[],
  at: number,
): Promise<{ signal: string | null; count: number }> {
  const report = join(folder, 'count')
  const child = spawn('node', ['--import', HOOK, PROGRAM, ...args], {
    cwd: root,
    env: {
      ...isolated,
      ...someone,
      VARVE_TEST_FAULT: at === 0 ? 'count' : `kill:${at}`,
      VARVE_TEST_REPORT: report,
    },
    stdio: 'ignore',
  })
  return new Promise((done) =>
    child.on('close', (_, signal) => {
      done({ signal, count: at === 0 ? Number(readFileSync(report, 'utf8')) : at })
    }),
  )
}

describe('a command killed at any of its changes to the disk', () => {
  const commands: readonly {
    readonly name: string
    readonly args: readonly string[]
    /** Messages of commits that refs must lead to, whatever became of it. */
    readonly keeps?: readonly string[]
  }[] = [
    { name: 'init', args: ['init', 'inner'] },
    { name: 'write --commit', args: ['write', 'b', '../more.csv', '--commit', '-m', 'more'] },
    { name: 'write', args: ['write', 'b', '../more.csv'] },
    { name: 'add', args: ['add', 'c.csv'] },
    { name: 'commit', args: ['commit', '-m', 'staged'] },
    { name: 'delete', args: ['delete', 'b', '--from', '10', '--to', '20', '--commit'] },
    { name: 'switch', args: ['switch', 'side'] },
    { name: 'checkout', args: ['checkout', '-q', 'main~1'] },
    { name: 'merge', args: ['merge', 'side'] },
    { name: 'tag', args: ['tag', 'v1'] },
    { name: 'undo', args: ['undo'], keeps: ['one', 'aside'] },
    { name: 'gc', args: ['gc', '-q'] },
    { name: 'trim', args: ['trim', '--keep', '1'], keeps: ['two', 'aside'] },
    { name: 'purge', args: ['purge', 'b', '--yes'] },
  ]
  let base: string
  let points = 0
  beforeAll(async () => {
    base = join(folder, 'base')
    await varve(['init', base])
    writeFileSync(join(folder, 'more.csv'), 't,v\n5,55\n500,1\n')
    writeFileSync(join(base, 'a.csv'), rows(100, 3))
    await succeeds(base, ['add', 'a.csv'])
    await succeeds(base, ['write', 'b', '--create'], rows(100, 5))
    await succeeds(base, ['commit', '-m', 'one'])
    await succeeds(base, ['switch', '-q', '-c', 'side'])
    await succeeds(base, ['write', 'd', '--create', '--commit', '-m', 'aside'], rows(9, 5))
    await succeeds(base, ['switch', '-q', 'main'])
    writeFileSync(join(base, 'a.csv'), rows(101, 7))
    await succeeds(base, ['add', 'a.csv'])
    await succeeds(base, ['commit', '-m', 'two'])
    writeFileSync(join(base, 'c.csv'), rows(20, 11))
  })

  /** The next command works, with nothing unlocked before; all of history is there, and the repository is sound. */
  async function goesOn(root: string, what: string, keeps: readonly string[]): Promise<void> {
    // Nothing is committed where that would belong to no branch.
    if (what.startsWith('checkout')) await succeeds(root, ['switch', '-q', '-c', 'after'])
    await succeeds(root, ['write', 'next', '--create', '--commit', '-m', 'next'], 't,v\n1,1\n')
    await using repo = await openRepository(root)
    const { id } = await headState(repo)
    const entry = await lookupPath(repo.objects, await treeOf(repo.objects, id), 'next')
    expect([what, (await readSeries(repo.objects, entry!.id)).rows]).toEqual([what, 1])
    const messages = new Set<string>()
    for await (const { commit } of log(repo, { words: [], all: true })) {
      messages.add(commit.message.trimEnd())
    }
    for (const message of [...keeps, 'next'])
      expect([what, [...messages]]).toEqual([what, expect.arrayContaining([message])])
    const problems: string[] = []
    for await (const item of fsck(repo)) if (item.kind === 'problem') problems.push(item.message)
    expect([what, problems]).toEqual([what, []])
  }

  it.each(commands)(
    '$name can go on, and so when it was killed again',
    async ({ name, args, keeps = ['one', 'aside', 'two'] }) => {
      const prepared = join(folder, 'prepared')
      rmSync(prepared, { recursive: true, force: true })
      cpSync(base, prepared, { recursive: true, preserveTimestamps: true })
      if (name === 'commit') await succeeds(prepared, ['write', 'b', '../more.csv'])
      const root = join(folder, 'trial')
      const fresh = () => {
        rmSync(root, { recursive: true, force: true })
        cpSync(prepared, root, { recursive: true, preserveTimestamps: true })
      }
      fresh()
      const { count } = await killedAt(root, args, 0)
      expect(count).toBeGreaterThan(3)
      const wanted = effort({ quick: 1, usual: 2, nightly: count })
      for (let i = 0; i < Math.min(wanted, count); i++) {
        const at = wanted >= count ? i + 1 : 1 + Math.floor(random() * count)
        fresh()
        expect([at, (await killedAt(root, args, at)).signal]).toEqual([at, 'SIGKILL'])
        points++
        // What it does when it is run again is killed as well, at night again and again.
        const agains = effort({ quick: 0, usual: 1, nightly: 48 })
        for (let again = 0, kills = 1; again < agains && kills < 20; again++) {
          const { signal } = await killedAt(root, args, 1 + Math.floor(random() * count))
          if (signal !== 'SIGKILL') continue
          points++
          kills++
        }
        await goesOn(root, `${name} killed at ${at} of ${count}`, keeps)
      }
    },
    LONG,
  )

  it('was killed often enough', () => {
    process.stderr.write(`SIGKILL: ${points} points\n`)
    expect(points).toBeGreaterThan(effort({ quick: 5, usual: 20, nightly: 2_000 }))
  })
})

interface Loop {
  readonly acknowledged: { readonly series: string; readonly row: string }[]
  readonly failed: string[]
  kills: number
}

/** Commits rows until enough were acknowledged or it is told to end; each commit is a process that may be killed. */
async function commitRows(
  root: string,
  loop: Loop,
  who: number,
  next: () => number | undefined,
  killSoon: () => number | undefined,
): Promise<void> {
  for (let round = next(); round !== undefined; round = next()) {
    const series = round % 2 === 0 ? 'shared' : `own/${who}`
    const row = `${round * 100 + who},${round}`
    const child = spawn(
      'node',
      [PROGRAM, '-R', root, 'write', series, '--create', '--commit', '-m', row],
      {
        env: { ...isolated, ...someone },
        stdio: ['pipe', 'ignore', 'pipe'],
      },
    )
    child.stdin.on('error', () => undefined)
    child.stdin.end(`k,v\n${row}\n`)
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const soon = killSoon()
    const timer = soon === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), soon)
    const [code, signal] = await new Promise<[number | null, string | null]>((done) =>
      child.on('close', (...ended) => done(ended)),
    )
    clearTimeout(timer)
    if (signal === 'SIGKILL') loop.kills++
    else if (code === 0) loop.acknowledged.push({ series, row })
    else loop.failed.push(`${code}: ${stderr}`)
  }
}

/** Every acknowledged row is there, in one commit of its own. */
async function hasAll(root: string, { acknowledged }: Loop): Promise<void> {
  const series = new Map<string, Set<string>>()
  for (const one of new Set(acknowledged.map((row) => row.series))) {
    const { stdout } = await varve(['-R', root, 'read', one])
    series.set(one, new Set(stdout.trimEnd().split('\n')))
  }
  const lost = acknowledged.filter((one) => !series.get(one.series)!.has(one.row))
  expect(lost).toEqual([])
  const { stdout } = await varve(['-R', root, 'log', '--format', '%s'])
  const messages = stdout.trimEnd().split('\n')
  const twice = messages.filter((message, i) => messages.indexOf(message) !== i)
  expect(twice).toEqual([])
  for (const { row } of acknowledged) expect(messages).toContain(row)
  const checked = await varve(['-R', root, 'fsck'])
  expect([checked.exitCode, checked.exitCode === 0 ? '' : checked.stdout + checked.stderr]).toEqual(
    [0, ''],
  )
}

/** A repository with the series that all write to: making one at once with others is a conflict. */
async function newShared(name: string): Promise<string> {
  const root = join(folder, name)
  await varve(['init', '--bare', root])
  const first = ['-R', root, 'write', 'shared', '--create', '--commit', '-m', 'first']
  const { exitCode } = await varve(first, { env: someone, input: 'k,v\n-1,0\n' })
  expect(exitCode).toBe(0)
  return root
}

describe('writers at once', () => {
  it(
    'that are killed at any moment lose nothing that was acknowledged',
    async () => {
      const root = await newShared('killed.varve')
      const kills = effort({ quick: 4, usual: 20, nightly: 1_000 })
      const loop: Loop = { acknowledged: [], failed: [], kills: 0 }
      const loops = Array.from({ length: 4 }, (_, who) => {
        let round = 0
        const next = () => (loop.kills >= kills ? undefined : round++)
        return commitRows(root, loop, who, next, () =>
          random() < 0.5 ? random() * 500 : undefined,
        )
      })
      await Promise.all(loops)
      process.stderr.write(
        `kill -9: ${loop.kills} kills, ${loop.acknowledged.length} commits acknowledged\n`,
      )
      // The keys are each writer's own: there is nothing to be in conflict about.
      expect(loop.failed).toEqual([])
      await hasAll(root, loop)
    },
    LONG,
  )

  it(
    'lose nothing and write nothing twice, also where one of them is stopped meanwhile',
    async () => {
      const root = await newShared('many.varve')
      const writers = effort({ quick: 2, usual: 4, nightly: 8 })
      const each = effort({ quick: 3, usual: 5, nightly: 50 })
      const loop: Loop = { acknowledged: [], failed: [], kills: 0 }
      const loops = Array.from({ length: writers }, (_, who) => {
        let round = 0
        return commitRows(
          root,
          loop,
          who,
          () => (round < each ? round++ : undefined),
          () => undefined,
        )
      })
      // One that has begun to write sleeps while the others fill the log; then a checkpoint covers its number.
      const sleeper = spawn(
        'node',
        [PROGRAM, '-R', root, 'write', 'asleep', '--create', '--commit', '-m', 'asleep'],
        {
          env: { ...isolated, ...someone },
          stdio: ['pipe', 'ignore', 'inherit'],
        },
      )
      sleeper.stdin.write('k,v\n1,1\n')
      await new Promise((done) => setTimeout(done, 200 + random() * 400))
      sleeper.kill('SIGSTOP')
      await Promise.all(loops)
      expect((await varve(['-R', root, 'gc', '-q'], { env: someone })).exitCode).toBe(0)
      sleeper.kill('SIGCONT')
      sleeper.stdin.end()
      const code = await new Promise((done) => sleeper.on('close', done))
      expect(code).toBe(0)
      loop.acknowledged.push({ series: 'asleep', row: '1,1' })
      // The keys are each writer's own: there is nothing to be in conflict about.
      expect(loop.failed).toEqual([])
      expect(loop.acknowledged).toHaveLength(writers * each + 1)
      const { stdout } = await varve(['-R', root, 'read', 'asleep'])
      expect(stdout).toBe('k,v\n1,1\n')
      await hasAll(root, {
        ...loop,
        acknowledged: loop.acknowledged.filter(({ series }) => series !== 'asleep'),
      })
      expect(readdirSync(join(root, 'tmp'))).toEqual([])
    },
    LONG,
  )
})
