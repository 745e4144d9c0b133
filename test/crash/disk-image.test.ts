import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { effort } from '../support/effort.ts'
import { isolated, PROGRAM, someone, varve } from '../support/program.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { temporaryFolder } from '../support/temporary.ts'

const random = seededRandom(11)
const folder = temporaryFolder()
const mounted = new Set<string>()
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

function mountImage(image: string, at: string): void {
  mkdirSync(at, { recursive: true })
  // xfs refuses a second file system of the same name, which a copy has.
  const options = image.includes('xfs') ? 'loop,nouuid' : 'loop'
  run('mount', '-o', options, image, at)
  mounted.add(at)
}

function unmount(at: string): void {
  run('umount', at)
  mounted.delete(at)
}

afterAll(() => {
  for (const at of mounted) run('umount', at)
})

/** Makes and mounts a disk in a file; false, and says so, where that is not allowed here. */
function newDisk(kind: 'ext4' | 'xfs', image: string, at: string): boolean {
  try {
    run('truncate', '-s', kind === 'xfs' ? '320M' : '64M', image)
    run(`mkfs.${kind}`, '-q', image)
    mountImage(image, at)
    return true
  } catch (error) {
    const why = String(error).split('\n')[0]
    process.stderr.write(
      `SKIPPED: power cuts of a disk with ${kind}, which cannot be mounted here: ${why}\n`,
    )
    return false
  }
}

interface Writing {
  /** Commits the next thing, and says whether that was acknowledged. */
  readonly program: string
  args(number: number): string[]
  readonly input?: (number: number) => string
}

/** Commits again and again; while one runs all processes stand still and the disk is copied as it is then. */
async function cutWhileWriting(
  writing: Writing,
  image: string,
  cuts: number,
  check: (disk: string, acknowledged: number) => Promise<void>,
): Promise<void> {
  let acknowledged = 0
  let number = 0
  for (let cut = 0; cut < cuts; ) {
    const child = spawn(writing.program, writing.args(number), {
      env: { ...isolated, ...someone },
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(writing.input?.(number) ?? '')
    const ended = new Promise((done) => child.on('close', done))
    if (number % 3 === 2) {
      const delay = random() * 150
      const isRunning = await Promise.race([
        ended.then(() => false),
        new Promise<boolean>((done) => setTimeout(() => done(true), delay)),
      ])
      if (isRunning) child.kill('SIGSTOP')
      else acknowledged = number + 1
      const copy = `${image}.cut`
      run('cp', '--sparse=always', image, copy)
      child.kill('SIGCONT')
      const at = join(folder, 'cut')
      mountImage(copy, at)
      try {
        await check(at, acknowledged)
      } finally {
        unmount(at)
      }
      cut++
    }
    expect(await ended).toBe(0)
    number++
    acknowledged = number
  }
}

describe.each(['ext4', 'xfs'] as const)('a power cut of a disk with %s', (kind) => {
  const cuts = effort({ quick: 1, usual: 3, nightly: 100 })

  it('loses nothing that varve acknowledged', async (context) => {
    const image = join(folder, `varve-${kind}`)
    const at = join(folder, `mnt-varve-${kind}`)
    if (!newDisk(kind, image, at)) return context.skip()
    const root = join(at, 'x.varve')
    expect((await varve(['init', '--bare', root], { env: someone })).exitCode).toBe(0)
    let done = 0
    await cutWhileWriting(
      {
        program: process.execPath,
        args: () => [PROGRAM, '-R', root, 'write', 'a', '--create', '--commit'],
        input: (number) => `t,v\n${number},${number}\n`,
      },
      image,
      cuts,
      async (disk, acknowledged) => {
        const found = join(disk, 'x.varve')
        const args = ['-R', found]
        const { stdout, stderr } = await varve([...args, 'read', 'a'])
        const rows = stdout.trimEnd().split('\n').slice(1)
        const expected = Array.from({ length: acknowledged }, (_, i) => `${i},${i}`)
        expect([rows.slice(0, acknowledged), stderr]).toEqual([expected, ''])
        expect(rows.length).toBeLessThanOrEqual(acknowledged + 1)
        const checked = await varve([...args, 'fsck'])
        expect([
          checked.exitCode,
          checked.exitCode === 0 ? '' : checked.stdout + checked.stderr,
        ]).toEqual([0, ''])
        const next = ['write', 'next', '--create', '--commit']
        const again = await varve([...args, ...next], { env: someone, input: 't,v\n1,1\n' })
        expect([again.exitCode, again.stderr]).toEqual([0, expect.any(String)])
        done++
      },
    )
    unmount(at)
    process.stderr.write(`power cuts of ${kind}: ${done}, 0 lost\n`)
  }, 3_600_000)

  it('shows what git loses with its defaults, so that it is known to be a power cut', async (context) => {
    const image = join(folder, `git-${kind}`)
    const at = join(folder, `mnt-git-${kind}`)
    if (!newDisk(kind, image, at)) return context.skip()
    const root = join(at, 'git')
    run('git', 'init', '-q', root)
    writeFileSync(join(folder, 'empty'), '')
    let lost = 0
    let tried = 0
    const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.org']
    await cutWhileWriting(
      {
        program: 'git',
        args: (number) => [
          '-C',
          root,
          ...who,
          'commit',
          '-q',
          '--allow-empty',
          '-m',
          String(number),
        ],
      },
      image,
      cuts,
      async (disk, acknowledged) => {
        tried++
        try {
          const safe = ['-c', 'safe.directory=*', '-C', join(disk, 'git')]
          const count = Number(run('git', ...safe, 'rev-list', '--count', 'HEAD'))
          if (count < acknowledged) lost++
        } catch {
          lost++
        }
      },
    )
    unmount(at)
    process.stderr.write(`power cuts of ${kind} with git's defaults: lost in ${lost} of ${tried}\n`)
    expect(lost).toBeGreaterThan(0)
  }, 3_600_000)
})
