import { resolve } from 'node:path'

/** The project; the benchmark is started there by `npm run bench`. */
export const ROOT = process.cwd()
export const PROGRAM = resolve(ROOT, 'bin/varve.js')

/** The command line of `varve …`. */
export function varve(...args: readonly string[]): string[] {
  return [process.execPath, PROGRAM, ...args]
}
