import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { execa } from 'execa'

export const PROGRAM = resolve(import.meta.dirname, '../../bin/varve.js')

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly input?: string | Uint8Array
}

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** A name, an address and a date, so that ids are the same everywhere. */
export const someone = {
  VARVE_AUTHOR_NAME: 'Ada Lovelace',
  VARVE_AUTHOR_EMAIL: 'ada@example.com',
  VARVE_AUTHOR_DATE: '@1700000000 +0000',
  VARVE_COMMITTER_NAME: 'Ada Lovelace',
  VARVE_COMMITTER_EMAIL: 'ada@example.com',
  VARVE_COMMITTER_DATE: '@1700000000 +0000',
}

/** Runs the built program as a user would, knowing nothing of the machine's own configuration. */
export function varve(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return runProgram(PROGRAM, args, options)
}

/** As {@link varve}, for another script. */
export async function runProgram(
  script: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const { cwd = tmpdir(), env = {}, input } = options
  const result = await execa('node', [script, ...args], {
    cwd,
    env: { ...isolated, ...env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  })
  return {
    stdout: result.stdout,
    stderr: result.stderr,
    exitCode: result.exitCode ?? -1,
  }
}

/** An environment without the user's own settings. */
export const isolated = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
}
