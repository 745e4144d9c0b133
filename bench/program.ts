import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

/** The project; the benchmark is started there by `npm run bench`. */
export const ROOT = process.cwd()
export const PROGRAM = resolve(ROOT, 'bin/varve.js')

/** The command line of `varve …`. */
export function varve(...args: readonly string[]): string[] {
  return [process.execPath, PROGRAM, ...args]
}

/** Whether there is such a command of varve. */
export function canRun(command: string): boolean {
  return spawnSync(process.execPath, [PROGRAM, command, '--help']).status === 0
}
