import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isolated, PROGRAM, type Ran, someone } from './program.ts'
import { temporaryFolder } from './temporary.ts'

export interface Measured extends Ran {
  /** The most memory that the process held at a time, in MiB. */
  readonly peak: number
  readonly seconds: number
}

export interface MeasureOptions {
  readonly cwd: string
  /** A file for its standard output, which is not kept then. */
  readonly output?: string
}

let count = 0

/** Runs the built program and says how much memory it took. */
export async function measured(
  args: readonly string[],
  { cwd, output }: MeasureOptions,
): Promise<Measured> {
  const report = join(temporaryFolder(), `peak-${count++}`)
  const began = performance.now()
  // The file itself: through this process its bytes would be kept in memory.
  const file = output === undefined ? undefined : openSync(output, 'w')
  const child = spawn('node', ['--import', reportingTo(report), PROGRAM, ...args], {
    cwd,
    env: { ...isolated, ...someone },
    stdio: ['ignore', file ?? 'pipe', 'pipe'],
  })
  if (file !== undefined) closeSync(file)
  const pieces: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] }
  child.stdout?.on('data', (piece: Buffer) => pieces.stdout.push(piece))
  child.stderr?.on('data', (piece: Buffer) => pieces.stderr.push(piece))
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return {
    stdout: Buffer.concat(pieces.stdout).toString(),
    stderr: Buffer.concat(pieces.stderr).toString(),
    exitCode: exitCode ?? -1,
    peak: Number(readFileSync(report, 'utf8')) / 1024,
    seconds: (performance.now() - began) / 1000,
  }
}

/** A module that writes the peak in KiB to a file when the process ends. */
function reportingTo(file: string): string {
  // What resourceUsage says begins with the parent's size, from before exec.
  const script = `import { readFileSync, writeFileSync } from 'node:fs'
    process.on('exit', () => {
      const [, peak] = process.platform === 'linux'
        ? /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
        : ['', process.resourceUsage().maxRSS]
      writeFileSync(${JSON.stringify(file)}, String(peak))
    })`
  return `data:text/javascript,${encodeURIComponent(script)}`
}
