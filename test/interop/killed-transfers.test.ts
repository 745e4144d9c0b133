import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { addToken } from '../../src/plumbing/token-file.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { bareRepository } from '../support/carried.ts'
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts'
import { effort, SEARCH_LIMIT } from '../support/effort.ts'
import { isolated, PROGRAM, someone, varve } from '../support/program.ts'
import { hasSshd, startSshd } from '../support/sshd.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { commitRows, expectWhole, MAIN, tipOf } from '../support/transfer.ts'

/** At how many places of each transfer each end is killed. */
const POINTS = effort({ quick: 1, usual: 1, nightly: 40 })
/** Some 6.5 MB: more than may come again over ssh. */
const ROWS = 1_600_000
const MEBIBYTE = 1024 * 1024
/** What may come once more, and what the way adds: a mebibyte, a chunk, heads and ciphers. */
const AGAIN = 1.5 * MEBIBYTE

/** A way to repositories of this machine by which a real process serves them. */
interface Way {
  /** A URL of a repository in the folder that is served, through the proxy. */
  url(name: string): string
  /** What a client needs: of its environment, and of its configuration. */
  readonly env: Record<string, string>
  readonly config: Record<string, string>
  /** Bytes that the way itself may have taken and not handed on when it breaks. */
  readonly holds: number
  /** Ends the process that serves, as a power cut does; whoever asks next is served again. */
  killServer(): Promise<void>
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => child.once('exit', () => resolve()))

/** Kills a process; false where there is none of this number any more. 0 would be the group of this one. */
function killed(pid: number): boolean {
  if (!(pid > 0)) throw new Error(`not the number of a process: ${pid}`)
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

let proxy: CountingProxy
const root = temporaryFolder()
/** A client without commits, and one with all of them. */
const [empty, filled] = [temporaryFolder(), temporaryFolder()]
const started: ChildProcess[] = []
let main: Id
let names = 0

beforeAll(async () => {
  proxy = await startCountingProxy()
  const repo = await bareRepository(root, 'origin')
  main = await commitRows(repo, { seconds: 100, rows: ROWS })
  await varve(['init'], { cwd: empty })
  await varve(['clone', join(root, 'origin'), '.', '--no-checkout'], { cwd: filled })
}, SEARCH_LIMIT)
afterAll(() => {
  proxy.close()
  for (const child of started) child.kill()
})

async function overHttp(): Promise<Way> {
  const tokens = join(temporaryFolder(), 'tokens')
  const wanted = { name: 'ci', repositories: ['*'], scope: 'write', created: 1 } as const
  const { secret } = await addToken(tokens, wanted)
  let server: ChildProcess
  const start = async (): Promise<void> => {
    const args = ['serve', '--http', '127.0.0.1:0', '--root', root, '--allow-push', '--json']
    server = spawn(process.execPath, [PROGRAM, ...args, '--tokens', tokens], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    started.push(server)
    const lines = createInterface({ input: server.stdout! })
    const [first] = (await new Promise<string[]>((resolve) => {
      lines.on('line', (line) => resolve([line]))
    })) as [string]
    proxy.leadTo(Number(new URL(JSON.parse(first).url).port))
  }
  await start()
  return {
    url: (name) => `http://127.0.0.1:${proxy.port}/${name}`,
    env: { VARVE_TOKEN: secret },
    config: {},
    holds: 0,
    async killServer() {
      const over = ended(server)
      server.kill('SIGKILL')
      await over
      await start()
    },
  }
}

async function overSsh(): Promise<Way> {
  const { port, user, command } = await startSshd()
  proxy.leadTo(port)
  const folder = temporaryFolder()
  const [script, pid] = [join(folder, 'far.sh'), join(folder, 'pid')]
  // Moved there whole: a file that is being written reads as empty.
  const noted = `echo $$ > ${pid}.new && mv ${pid}.new ${pid}`
  writeFileSync(script, `${noted}\nexec ${process.execPath} ${PROGRAM} "$@"\n`)
  return {
    url: (name) => `ssh://${user}@127.0.0.1:${proxy.port}${join(root, name)}`,
    env: { VARVE_SSH_COMMAND: `${command} -o HostKeyAlias=[127.0.0.1]:${port}` },
    config: {
      uploadPack: `sh ${script} upload-pack`,
      receivePack: `sh ${script} receive-pack`,
    },
    // The window of a channel: ssh and sshd end without handing on what they have.
    holds: 2 * MEBIBYTE,
    async killServer() {
      // What was sent may lie in ssh's buffers before the process that is to take it has begun.
      while (!killed(Number(readFileSync(pid, 'utf8')))) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}

/** Runs varve in a repository, as one that can be killed. */
function start(args: readonly string[], cwd: string, { env }: Way) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { ...isolated, ...someone, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (piece: Buffer) => {
    said.out += piece
  })
  child.stderr.on('data', (piece: Buffer) => {
    said.err += piece
  })
  const done = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, said, done }
}

/** A client, as another one is, of a repository in the folder that is served. */
async function newClient(way: Way, name: string, from: string): Promise<string> {
  const folder = temporaryFolder()
  cpSync(from, folder, { recursive: true })
  const programs = Object.entries(way.config).map(([key, value]) => `\t${key} = ${value}\n`)
  const fetch = '+refs/heads/*:refs/remotes/origin/*'
  const text = `[remote "origin"]\n\turl = ${way.url(name)}\n\tfetch = ${fetch}\n${programs.join('')}`
  writeFileSync(join(folder, '.varve/config'), text)
  return folder
}

const opened = (folder: string): Repository =>
  assembleRepository({ storage: openFileSystemStorage(folder) })

/** What a transfer takes, and how it goes on after one of the ends was killed in its middle. */
interface Transfer {
  readonly args: readonly string[]
  /** A client and the repository that it speaks to, before the transfer. */
  begin(way: Way): Promise<{ readonly folder: string; readonly far: Repository }>
  /** Whether all is there. */
  expectDone(folder: string, far: Repository): Promise<void>
  /** The end that receives: as long as it lives, what came is kept. */
  readonly receiver: 'client' | 'server'
}

const transfers: Record<string, Transfer> = {
  fetch: {
    args: ['fetch', 'origin', '--json'],
    async begin(way) {
      const folder = await newClient(way, 'origin', empty)
      return { folder, far: opened(join(root, 'origin')) }
    },
    async expectDone(folder) {
      expect(await tipOf(opened(join(folder, '.varve')), 'refs/remotes/origin/main')).toBe(main)
    },
    receiver: 'client',
  },
  push: {
    args: ['push', 'origin', `${MAIN}:refs/heads/pushed`, '--json'],
    async begin(way) {
      const name = `pushed-${names++}`
      const far = await bareRepository(root, name)
      return { folder: await newClient(way, name, filled), far }
    },
    async expectDone(_, far) {
      expect(await tipOf(far, 'refs/heads/pushed')).toBe(main)
    },
    receiver: 'server',
  },
}

const ways: [string, boolean, () => Promise<Way>][] = [
  ['http', true, overHttp],
  ['ssh', hasSshd, overSsh],
]

describe.each(ways)('a transfer over %s of which an end is killed', (_, isThere, open) => {
  let way: Way
  beforeAll(async () => {
    if (isThere) way = await open()
  })

  describe.skipIf(!isThere).each(Object.entries(transfers))('%s', (_name, transfer) => {
    it.each(['client', 'server'] as const)(
      'goes on, and ends right: the %s',
      {
        timeout: SEARCH_LIMIT,
      },
      async (victim) => {
        const { args, begin, expectDone, receiver } = transfer
        const whole = await begin(way)
        proxy.reset()
        const first = start(args, whole.folder, way)
        expect({ code: await first.done, ...first.said }).toMatchObject({ code: 0 })
        const total = proxy.bytes()
        await expectDone(whole.folder, whole.far)

        for (let point = 1; point <= POINTS; point++) {
          const { folder, far } = await begin(way)
          const before = (await far.refs.state()).refs
          // A single one is late, where what may come again is less than all.
          const share = POINTS === 1 ? 0.9 : point / (POINTS + 1)
          const at = Math.floor(total * share)
          const attempt = start(args, folder, way)
          const over = proxy.shutAfter(at, async () => {
            if (victim === 'server') return way.killServer()
            attempt.child.kill('SIGKILL')
            await attempt.done
          })
          await over
          expect(await attempt.done).not.toBe(0)
          expect((await far.refs.state()).refs).toEqual(before)
          await expectWhole(opened(join(folder, '.varve')))
          await expectWhole(far)

          proxy.reset()
          const next = start(args, folder, way)
          expect({ code: await next.done, ...next.said }).toMatchObject({ code: 0 })
          await expectDone(folder, far)
          await expectWhole(opened(join(folder, '.varve')))
          await expectWhole(far)
          if (victim !== receiver) {
            expect(proxy.bytes()).toBeLessThan(total - at + AGAIN + way.holds)
          }
        }
      },
    )
  })
})
