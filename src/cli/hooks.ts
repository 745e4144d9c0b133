import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import type { RunHook } from '../porcelain/hooks.ts'
import type { Config } from './config.ts'

export interface HookPlace {
  readonly config: Config
  /** The user's home, which `~/` stands for. */
  readonly home: string
  /** Where hooks run: the top of the work tree, or the folder of a bare repository. */
  readonly cwd: string
  /** Further environment variables for them. */
  readonly env: Readonly<Record<string, string>>
  readonly abort: AbortSignal
  readonly warn: (text: string, hint?: string) => void
}

/**
 * Runs hooks from the folder that `core.hooksPath` names. Only the user's own file and `-c` say it:
 * what comes with a repository, its configuration too, never names a program to run here.
 */
export function hookRunner(place: HookPlace): RunHook {
  return async (name, { args = [], stdin = '' } = {}) => {
    const folder = hooksFolder(place)
    if (folder === undefined) return
    const file = join(folder, name)
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return
    if (!isExecutable(file)) {
      place.warn(`the hook ${file} is not executable: left out`, `chmod +x ${file}`)
      return
    }
    const { execa } = await import('execa')
    // As with git, what a hook prints is for the user: standard output is the command's own.
    const { failed, exitCode, originalMessage } = await execa(file, args, {
      cwd: place.cwd,
      env: place.env,
      input: stdin,
      stdout: 2,
      stderr: 2,
      reject: false,
      cancelSignal: place.abort,
    })
    place.abort.throwIfAborted()
    if (!failed) return
    const why = exitCode === undefined ? originalMessage : `exit code ${exitCode}`
    throw new VarveError('refused', `the hook ${name} failed: ${escapeControl(why ?? '')}`, {
      data: { hook: name, file, exitCode: exitCode ?? null },
      ...(name.startsWith('post-') ? {} : { hint: '--no-verify goes on without asking it' }),
    })
  }
}

function hooksFolder({ config, home }: HookPlace): string | undefined {
  const own = config.layers.filter(({ scope }) => scope !== 'local').flatMap((one) => one.entries)
  const value = own.findLast(({ key }) => key === 'core.hookspath')?.value
  if (value === undefined || value === '') return undefined
  const folder = value.startsWith('~/') ? join(home, value.slice(2)) : value
  if (isAbsolute(folder)) return folder
  throw new VarveError('invalid-value', `core.hooksPath is ${JSON.stringify(value)}`, {
    data: { key: 'core.hooksPath', value },
    hint: 'it is the same folder for every repository: a whole path, or one from ~/',
  })
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
