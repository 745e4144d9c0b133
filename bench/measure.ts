import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one run of a program took. */
export interface Cost {
  readonly seconds: number
  /** Of all threads, user and system. */
  readonly cpuSeconds: number
  /** The most memory that it had at once. */
  readonly peakBytes: number
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Record<string, string>
  /** Files for its standard input and output; nothing and nowhere unless given. */
  readonly stdin?: string
  readonly stdout?: string
}

/** Without the machine's own configuration. */
const environment = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  LC_ALL: 'C.UTF-8',
  ...identity('VARVE'),
  ...identity('GIT'),
}

function identity(program: string): Record<string, string> {
  return Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) => [
      [`${program}_${role}_NAME`, 'Ada'],
      [`${program}_${role}_EMAIL`, 'ada@example.org'],
    ]),
  )
}

/** Runs a program to its end; an error when it fails. */
export function run(
  command: readonly string[],
  { cwd, env = {}, stdin, stdout }: RunOptions,
): Cost {
  const costs = join(tmpdir(), `varve-bench-${process.pid}.cost`)
  // GNU time knows the memory, but CPU time in hundredths of a second alone; bash has thousandths.
  const timed = ['/usr/bin/time', '-o', `${costs}.memory`, '-f', '%M', ...command]
  const [from, to] = [stdin, stdout].map((path) => JSON.stringify(path ?? '/dev/null'))
  const script = `TIMEFORMAT='%3U %3S'; exec 3>&2; { time "$@" < ${from} > ${to} 2>&3; } 2> "${costs}"`
  const began = process.hrtime.bigint()
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', ...timed], {
    cwd,
    env: { ...environment, ...env },
    encoding: 'utf8',
  })
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  if (status !== 0) throw new Error(`${command.join(' ')} failed:\n${stderr}`)
  const [memory, cpu] = [`${costs}.memory`, costs].map((path) => {
    const text = readFileSync(path, 'utf8')
    rmSync(path)
    return text.trim().split(' ').map(Number)
  }) as [number[], number[]]
  return { seconds, cpuSeconds: cpu[0]! + cpu[1]!, peakBytes: memory[0]! * 1024 }
}

/** Each figure the median of several runs. */
export function medianCost(costs: readonly Cost[]): Cost {
  return {
    seconds: median(costs.map((cost) => cost.seconds)),
    cpuSeconds: median(costs.map((cost) => cost.cpuSeconds)),
    peakBytes: median(costs.map((cost) => cost.peakBytes)),
  }
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Bytes of a file, or of all files in a folder. */
export function sizeOf(path: string): number {
  const found = statSync(path)
  if (!found.isDirectory()) return found.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** What is in a folder, as lengths of files and as blocks of the file system. */
export function stored(path: string): { storedBytes: number; blockBytes: number } {
  return { storedBytes: sizeOf(path), blockBytes: blocksOf(path) }
}

/** How much larger something became. */
export function grownBy(before: ReturnType<typeof stored>, after: typeof before): typeof before {
  return {
    storedBytes: after.storedBytes - before.storedBytes,
    blockBytes: after.blockBytes - before.blockBytes,
  }
}

function blocksOf(path: string): number {
  const found = statSync(path)
  const own = found.blocks * 512
  if (!found.isDirectory()) return own
  return readdirSync(path).reduce((sum, name) => sum + blocksOf(join(path, name)), own)
}

/** What something takes in this program; memory is not told apart here. */
export async function costOf(action: () => Promise<unknown>): Promise<Omit<Cost, 'peakBytes'>> {
  const began = process.hrtime.bigint()
  const before = process.cpuUsage()
  await action()
  const { user, system } = process.cpuUsage(before)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  return { seconds, cpuSeconds: (user + system) / 1e6 }
}

export function hasTool(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}
