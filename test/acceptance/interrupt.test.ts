import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import { openRepositoryParts, type Repository } from '../../src/plumbing/repository.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { openPrivateFiles } from '../../src/storage/private-files.ts'
import { openWorkTree } from '../../src/storage/work-tree.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { isolated, PROGRAM, someone, varve } from '../support/program.ts'
import { mountSmall } from '../support/small-disk.ts'
import { temporaryFolder } from '../support/temporary.ts'

const HOOK = resolve(import.meta.dirname, '../support/fault-hook.js')
const isLarge = process.env.VARVE_TEST_SIZE === 'large'

const values = (count: number, factor: number): string =>
  `t,v\n${Array.from({ length: count }, (_, i) => `${i},${(i * factor) % 1_000}\n`).join('')}`

let folder: string
let base: string
beforeAll(async () => {
  folder = temporaryFolder()
  base = join(folder, 'base')
  await varve(['init', base])
  const run = (...args: string[]) => varve(args, { cwd: base, env: someone })
  mkdirSync(join(base, 'c'))
  for (const [name, factor] of [
    ['a', 3],
    ['b', 7],
    ['c/d', 11],
  ] as const) {
    writeFileSync(join(base, `${name}.csv`), values(2_000, factor))
  }
  await run('add', '.')
  await run('commit', '-m', 'one')
  writeFileSync(join(base, 'b.csv'), values(2_100, 13))
  await run('add', 'b.csv')
  await run('commit', '-m', 'two')
  writeFileSync(join(folder, 'rows.csv'), 't,v\n5,55\n5000,1\n')
  writeFileSync(join(folder, 'a.csv'), values(1_999, 17))
  const many = Array.from({ length: 90 }, (_, i) => `${'abx'[i % 3]},${i},${i}\n`)
  writeFileSync(join(folder, 'many.csv'), `name,t,v\n${many.join('')}`)
})

interface Trial {
  readonly name: string
  readonly args: readonly string[]
  /** What is done to the repository before. */
  readonly prepare?: (root: string) => Promise<unknown>
  /** Done again, it is something else. */
  readonly once?: boolean
}

const commit = (root: string, ...args: string[]) => varve(args, { cwd: root, env: someone })
const trials: readonly Trial[] = [
  {
    name: 'add',
    args: ['add', '.', '--allow-deletes'],
    prepare: async (root) => {
      cpSync(join(folder, 'a.csv'), join(root, 'a.csv'))
      cpSync(join(folder, 'a.csv'), join(root, 'c', 'new.csv'))
    },
  },
  { name: 'write', args: ['write', 'b', '../rows.csv'] },
  { name: 'write --commit', args: ['write', 'b', '../rows.csv', '--commit', '-m', 'rows'] },
  {
    name: 'write --split-by',
    args: ['write', '--split-by', 'name', '--into', 'c/', '--create', '../many.csv'],
  },
  {
    name: 'commit',
    args: ['commit', '-m', 'three'],
    prepare: (root) => commit(root, 'write', 'b', '../rows.csv'),
  },
  { name: 'checkout', args: ['checkout', '-q', 'main~1'] },
  { name: 'delete', args: ['delete', 'b', '--from', '100', '--to', '200'] },
  { name: 'restore', args: ['restore', '--source', 'main~1', 'b'] },
  { name: 'mv', args: ['mv', 'b', 'x/y'], once: true },
]

/** All that a user sees of a repository: where HEAD is, what is staged, and the files. */
interface Seen {
  readonly head: string | undefined
  readonly commit: string | undefined
  readonly staged: string
  readonly files: Map<string, string>
}

async function open<T>(root: string, look: (repo: Repository) => Promise<T>): Promise<T> {
  const data = join(root, '.varve')
  const storage = openFileSystemStorage(data)
  try {
    const repo = await openRepositoryParts({
      storage,
      privateFiles: openPrivateFiles(data),
      workTree: openWorkTree(root, join(data, 'tmp')),
    })
    return await look(repo)
  } finally {
    await storage.close()
  }
}

async function see(root: string): Promise<Seen> {
  return open(root, async (repo) => {
    const { ref, id } = await headState(repo)
    const { state } = await readIndex(repo)
    return { head: ref, commit: id, staged: state.tree, files: fingerprint(root, ['.varve']) }
  })
}

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stderr: string
}

/** Runs the program with something that happens at one of its changes to the file system. */
function faulty(root: string, args: readonly string[], fault: string, more = {}): Promise<Ended> {
  const child = spawn('node', ['--import', HOOK, PROGRAM, ...args], {
    cwd: root,
    env: { ...isolated, ...someone, ...more, VARVE_TEST_FAULT: fault },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, stderr })),
  )
}

/** The repository that a trial begins with, in a folder of its own. */
function copy(prepared: string): string {
  const root = join(folder, 'trial')
  rmSync(root, { recursive: true, force: true })
  cpSync(prepared, root, { recursive: true, preserveTimestamps: true })
  return root
}

const leftInTmp = (root: string) => readdirSync(join(root, '.varve', 'tmp'))

/** A few of the moments 1 … count, other ones at each run; all of them in the large test. */
function moments(count: number, wanted: number): number[] {
  const all = Array.from({ length: count }, (_, i) => i + 1)
  if (isLarge) return all
  return all.sort(() => Math.random() - 0.5).slice(0, wanted)
}

describe.each(trials)('$name', ({ name, args, prepare, once = false }) => {
  let prepared: string
  let before: Seen
  let after: Seen
  let count = 0
  beforeAll(async () => {
    prepared = join(folder, `prepared-${name.replaceAll(/\W/g, '')}`)
    cpSync(base, prepared, { recursive: true, preserveTimestamps: true })
    await prepare?.(prepared)
    before = await see(prepared)
    const root = copy(prepared)
    const report = join(folder, 'count')
    const { code, stderr } = await faulty(root, args, 'count', { VARVE_TEST_REPORT: report })
    expect({ code, stderr: stderr.replaceAll(/^varve: .*\n/gm, '') }).toEqual({
      code: 0,
      stderr: '',
    })
    count = Number(readFileSync(report, 'utf8'))
    expect(count).toBeGreaterThan(10)
    after = await see(root)
    expect(after).not.toEqual(before)
  })

  /** After it failed all is as before, and the same command does what it should have done. */
  async function recovers(root: string, what: string): Promise<void> {
    expect([what, await see(root)]).toEqual([what, before])
    const again = await varve(args, { cwd: root, env: someone })
    expect([what, again.exitCode, again.stderr.match(/bug/)]).toEqual([what, 0, null])
    expect([what, await see(root)]).toEqual([what, after])
  }

  async function isSound(root: string): Promise<void> {
    const { exitCode, stdout, stderr } = await varve(['fsck'], { cwd: root })
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 })
  }

  it('is not done, or done, when Ctrl-C comes', async () => {
    const codes = new Set<number | null>()
    for (const at of moments(count, 5)) {
      const root = copy(prepared)
      const what = `interrupted at ${at} of ${count}`
      const { code, stderr } = await faulty(root, args, `interrupt:${at}`)
      codes.add(code)
      expect([what, [0, 130].includes(code ?? -1), stderr.match(/bug/)]).toEqual([what, true, null])
      expect(leftInTmp(root)).toEqual([])
      if (code === 130) await recovers(root, what)
      else expect([what, await see(root)]).toEqual([what, after])
      if (isLarge) await isSound(root)
    }
    await isSound(join(folder, 'trial'))
  }, 300_000)

  it('is not done when the disk is full', async () => {
    for (const at of moments(count, 3)) {
      const root = copy(prepared)
      const what = `no space from ${at} of ${count}`
      const { code, stderr } = await faulty(root, args, `full:${at}`)
      if (code !== 0) {
        expect([what, code, stderr]).toEqual([what, 8, expect.stringMatching(/no space left/)])
        expect(leftInTmp(root)).toEqual([])
        await recovers(root, what)
      } else expect([what, await see(root)]).toEqual([what, after])
    }
    await isSound(join(folder, 'trial'))
  }, 300_000)

  it('can be done again when it was killed', async () => {
    for (const at of moments(count, 2)) {
      const root = copy(prepared)
      const what = `killed at ${at} of ${count}`
      const { signal } = await faulty(root, args, `kill:${at}`)
      expect([what, signal]).toEqual([what, 'SIGKILL'])
      const seen = await see(root)
      const again = () => varve(args, { cwd: root, env: someone })
      if (once && seen.staged === after.staged) {
        // What was moved is no longer there to be moved; a file that was not yet moved is asked for.
        expect([what, (await again()).exitCode]).toEqual([what, 3])
        await varve(['checkout', '--files', 'x/y'], { cwd: root, env: someone })
        rmSync(join(root, 'b.csv'), { force: true })
      } else {
        // What was committed is not committed once more.
        const done = name === 'commit' && seen.commit === after.commit
        expect([what, (await again()).exitCode]).toEqual([what, done ? 1 : 0])
      }
      expect([what, await see(root)]).toEqual([what, after])
      await isSound(root)
    }
  }, 300_000)
})

describe('a command that waits', () => {
  /** Starts the program, does something while it runs, then presses Ctrl-C. */
  async function interrupted(args: readonly string[], meanwhile: string[]): Promise<Ended> {
    const root = copy(base)
    const before = await see(root)
    const child = spawn('node', [PROGRAM, ...args], {
      cwd: root,
      env: { ...isolated, ...someone },
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.stdin.on('error', () => undefined)
    for (const text of meanwhile) child.stdin.write(text)
    // The output is not read on, so that whoever writes it waits.
    if (args[0] === 'read') await new Promise((resolve) => child.stdout.once('readable', resolve))
    else await new Promise((resolve) => setTimeout(resolve, 700))
    child.kill('SIGINT')
    const ended = await new Promise<Ended>((resolve) => {
      child.on('exit', (code, signal) => resolve({ code, signal, stderr }))
    })
    expect(await see(root)).toEqual(before)
    expect(leftInTmp(root)).toEqual([])
    return ended
  }

  it('for who writes a named pipe ends with 130, and nothing has changed', async () => {
    const pipe = join(folder, 'pipe.csv')
    execFileSync('mkfifo', [pipe])
    const ended = await interrupted(['add', pipe], [])
    expect(ended).toEqual({ code: 130, signal: null, stderr: '' })
  })

  it('for rows ends with 130, and nothing has changed', async () => {
    const rows = ['t,v\n', ...Array.from({ length: 2_000 }, (_, i) => `${i},-1\n`)]
    const ended = await interrupted(['write', 'b', '--commit'], rows)
    expect(ended).toEqual({ code: 130, signal: null, stderr: '' })
  })

  it('for a reader ends with 130 as well', async () => {
    await varve(['init', '--bare', join(folder, 'large.varve')])
    writeFileSync(join(folder, 'large.csv'), values(200_000, 7))
    const large = ['-R', join(folder, 'large.varve')]
    await varve([...large, 'write', 'x', join(folder, 'large.csv'), '--create'], { env: someone })
    const ended = await interrupted(['read', ...large, 'x'], [])
    expect(ended).toEqual({ code: 130, signal: null, stderr: '' })
  })
})

describe('a disk that is really full', () => {
  let mount: string | undefined
  beforeAll(() => {
    const path = join(folder, 'small')
    mkdirSync(path)
    if (mountSmall(path)) mount = path
  })
  afterAll(() => {
    if (mount !== undefined) execFileSync('umount', [mount])
  })

  it('leaves the repository as it was, and the command works once there is room', async (context) => {
    if (mount === undefined) return context.skip()
    const root = join(mount, 'repository')
    cpSync(base, root, { recursive: true })
    const before = await see(root)
    // Noise, which does not compress: some 3 MB in the store and 12 in the file.
    const noise = Array.from({ length: 500_000 }, (_, i) => `${i},${Math.sin(i * 997) / 3}\n`)
    const rows = join(folder, 'noise.csv')
    writeFileSync(rows, `t,v\n${noise.join('')}`)
    const run = (...args: string[]) => varve(args, { cwd: root, env: someone })
    for (const args of [
      ['write', 'b', rows],
      ['write', 'b', rows, '--commit'],
      ['add', rows],
    ]) {
      const { exitCode, stderr } = await run(...args)
      expect([exitCode, stderr]).toEqual([8, expect.stringContaining('no space left on the disk')])
      expect(await see(root)).toEqual(before)
      expect(leftInTmp(root)).toEqual([])
    }
    expect((await run('fsck')).exitCode).toBe(0)
    execFileSync('mount', ['-o', 'remount,size=100m', mount])
    expect((await run('write', 'b', rows, '--commit', '-m', 'room')).exitCode).toBe(0)
    expect(readFileSync(join(root, 'b.csv'), 'utf8')).toBe(readFileSync(rows, 'utf8'))
    expect((await run('fsck')).exitCode).toBe(0)
  }, 60_000)
})
