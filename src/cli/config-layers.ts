import fs from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { isServeKey } from '../core/config-values.ts'
import { VarveError } from '../core/errors.ts'
import { Config, type ConfigLayer, commandLayer, layerOf } from './config.ts'
import type { GlobalOptions } from './global-options.ts'
import { findRepository, type RepositoryLocation } from './repository-source.ts'
import { isSafeRepository } from './safe-directory.ts'

/**
 * The user's file, the repository's file, then `-c`; absent files are empty. Of the file of a
 * repository of somebody else's only what it says of pushes counts: the rest could name programs to run.
 */
export async function loadConfig(where: {
  readonly env: (name: string) => string | undefined
  readonly location: RepositoryLocation
  readonly globals: GlobalOptions
}): Promise<Config> {
  const { location } = where
  const user = await fileLayer('global', userConfigFile(where.env))
  const command = commandLayer(where.globals.settings)
  const own = new Config([user, command])
  const found = await findRepository(location)
  if (found === undefined) return own
  const isSafe = isSafeRepository(found, location.account, own)
  // One that nobody named is refused: nothing of it is read.
  if (!isSafe && location.named === undefined) return own
  const local = await fileLayer('local', found.configFile)
  if (isSafe) return new Config([user, local, command])
  const entries = local.entries.filter(({ key }) => isServeKey(key))
  return new Config([user, { ...local, entries }, command])
}

/** `$XDG_CONFIG_HOME/varve/config`, else `~/.config/varve/config`. */
export function userConfigFile(env: (name: string) => string | undefined): string {
  const home = env('HOME') ?? homedir()
  return join(env('XDG_CONFIG_HOME') ?? join(home, '.config'), 'varve', 'config')
}

// Every command reads configuration. `node:fs/promises` takes longer to load than these files to read.

/** The text of a configuration file; empty when there is none. */
export async function readConfigFile(file: string): Promise<string> {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return ''
    const kind = code === 'EACCES' ? 'permission-denied' : 'io'
    throw new VarveError(kind, `cannot read ${file}: ${message}`, { cause: error })
  }
}

/** Changes the text of a configuration file, and returns what it is then. */
export async function changeConfigFile(
  file: string,
  change: (text: string) => string,
): Promise<string> {
  const before = await readConfigFile(file)
  const after = change(before)
  if (after !== before) await writeConfigFile(file, after)
  return after
}

/** Replaces a configuration file as a whole: a reader sees the old text or the new one. */
export async function writeConfigFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`
  try {
    fs.mkdirSync(dirname(file), { recursive: true })
    const descriptor = fs.openSync(temporary, 'w')
    try {
      fs.writeFileSync(descriptor, text)
      fs.fsyncSync(descriptor)
    } finally {
      fs.closeSync(descriptor)
    }
    fs.renameSync(temporary, file)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    const { code, message } = error as NodeJS.ErrnoException
    const kind = code === 'ENOSPC' ? 'disk-full' : code === 'EACCES' ? 'permission-denied' : 'io'
    throw new VarveError(kind, `cannot write ${file}: ${message}`, { cause: error })
  }
}

async function fileLayer(scope: 'global' | 'local', file: string): Promise<ConfigLayer> {
  return layerOf(scope, file, await readConfigFile(file))
}
