import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { hasTool } from './measure.ts'
import { PROGRAM, varve } from './program.ts'

// Servers on this machine that clones are made from, each a process of its own.

/** What the serving end took for one clone. */
export interface ServedCost {
  readonly cpuSeconds: number
  readonly peakBytes: number
}

export interface Serving {
  /** What to clone: the repository at a path below the folder that is served. */
  readonly url: (path: string) => string
  /** Further options of `clone`. */
  readonly options: readonly string[]
  readonly env: Record<string, string>
  /** Ends it, and says what it took. */
  readonly stop: () => Promise<ServedCost>
}

/** `varve serve` of the folder. */
export async function serveHttp(folder: string): Promise<Serving> {
  const args = ['serve', 'http', '--http', '127.0.0.1:0', '--root', folder]
  const { process, said } = await start(varve(...args), 'stdout', /listening on (http:\S+)/)
  return {
    url: (path) => `${said}/${path}`,
    options: [],
    env: {},
    stop: () => stop(process),
  }
}

/** Debian's sshd with keys of its own, which runs `varve upload-pack`; undefined where there is none. */
export async function serveSsh(folder: string, temporary: string): Promise<Serving | undefined> {
  if (!existsSync('/usr/sbin/sshd') || !hasTool('ssh') || !hasTool('ssh-keygen')) return undefined
  mkdirSync(temporary, { recursive: true })
  const inTemporary = (name: string): string => join(temporary, name)
  for (const name of ['host', 'user']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', inTemporary(name)])
  }
  const port = await freePort()
  const server = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${inTemporary('host')}`,
    `AuthorizedKeysFile ${inTemporary('user.pub')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
  ]
  writeFileSync(inTemporary('sshd_config'), `${server.join('\n')}\n`)
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const command = ['/usr/sbin/sshd', '-D', '-e', '-f', inTemporary('sshd_config')]
  const { process } = await start(command, 'stderr', /(Server listening)/)
  const [type, key] = readFileSync(inTemporary('host.pub'), 'utf8').split(' ')
  writeFileSync(inTemporary('known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`)
  const client = [
    'Host *',
    `  UserKnownHostsFile ${inTemporary('known_hosts')}`,
    `  IdentityFile ${inTemporary('user')}`,
    '  IdentitiesOnly yes',
    '  BatchMode yes',
  ]
  writeFileSync(inTemporary('config'), `${client.join('\n')}\n`)
  const cost = inTemporary('cost')
  const timed = `/usr/bin/time -o ${cost} -f '%U %S %M' ${globalThis.process.execPath} ${PROGRAM} upload-pack`
  return {
    url: (path) => `ssh://${userInfo().username}@127.0.0.1:${port}${join(folder, path)}`,
    options: ['--upload-pack', timed],
    env: { VARVE_SSH_COMMAND: `ssh -F ${inTemporary('config')}` },
    stop: async () => {
      await stop(process)
      const [user, system, peak] = readFileSync(cost, 'utf8').trim().split(' ').map(Number)
      rmSync(temporary, { recursive: true })
      return { cpuSeconds: user! + system!, peakBytes: peak! * 1024 }
    },
  }
}

/** `git daemon` of the folder. What the processes took that it starts is not known. */
export async function serveGit(folder: string): Promise<Pick<Serving, 'url' | 'stop'>> {
  const port = await freePort()
  const command = [
    ...['git', 'daemon', '--export-all', '--verbose', '--listen=127.0.0.1', `--port=${port}`],
    `--base-path=${folder}`,
  ]
  const { process } = await start(command, 'stderr', /(Ready to rumble)/)
  return { url: (path) => `git://127.0.0.1:${port}/${path}`, stop: () => stop(process) }
}

async function start(
  [program, ...args]: readonly string[],
  stream: 'stdout' | 'stderr',
  ready: RegExp,
): Promise<{ process: ChildProcess; said: string }> {
  const stdio = ['ignore', 'ignore', 'ignore'] as ('ignore' | 'pipe')[]
  stdio[stream === 'stdout' ? 1 : 2] = 'pipe'
  const process = spawn(program!, args, { stdio })
  const said = await new Promise<string>((resolve, reject) => {
    let text = ''
    process[stream]!.on('data', (piece: Buffer) => {
      text += piece.toString()
      const found = ready.exec(text)
      if (found !== null) resolve(found[1]!)
    })
    process.on('exit', () => reject(new Error(`${program} ended: ${text}`)))
  })
  return { process, said }
}

async function stop(process: ChildProcess): Promise<ServedCost> {
  const cost = costOf(process.pid!)
  const ended = new Promise((resolve) => process.once('exit', resolve))
  process.kill('SIGTERM')
  await ended
  return cost
}

/** Of a process that is still there: Linux alone tells that of others. */
function costOf(pid: number): ServedCost {
  if (!existsSync(`/proc/${pid}/stat`)) return { cpuSeconds: 0, peakBytes: 0 }
  const peak = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  // Behind the name, which may have spaces in it: user and system time are fields 14 and 15, in hundredths of a second.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return { cpuSeconds: ticks / 100, peakBytes: Number(peak?.[1] ?? 0) * 1024 }
}
