import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { VarveError } from '../core/errors.ts'
import type { Config } from './config.ts'

/** What a command works on. */
export type Repository = unknown

export interface RepositoryLocation {
  readonly cwd: string
  /** What `-R` or VARVE_REPO says. */
  readonly named: string | undefined
}

export interface FoundRepository {
  /** The folder that holds the repository's data. */
  readonly folder: string
  /** The folder of its work tree; undefined for one that has none. */
  readonly workTree: string | undefined
  readonly configFile: string
}

/** Where the repository is: the one that is named, else the nearest one above `cwd`. */
export async function findRepository(
  location: RepositoryLocation,
): Promise<FoundRepository | undefined> {
  if (location.named !== undefined) {
    const folder = resolve(location.cwd, location.named)
    return foundAt(join(folder, '.varve'), folder) ?? foundAt(folder, undefined)
  }
  for (let folder = location.cwd; ; folder = dirname(folder)) {
    const found = foundAt(join(folder, '.varve'), folder) ?? foundAt(folder, undefined)
    if (found !== undefined) return found
    if (dirname(folder) === folder) return undefined
  }
}

function foundAt(folder: string, workTree: string | undefined): FoundRepository | undefined {
  const isOne = existsSync(join(folder, 'log')) || existsSync(join(folder, 'checkpoints'))
  return isOne ? { folder, workTree, configFile: join(folder, 'config') } : undefined
}

/** Opens the repository at a location; `not-a-repository` when there is none. */
export async function openFoundRepository(
  location: RepositoryLocation,
  _config: Config,
): Promise<Repository> {
  const found = await findRepository(location)
  if (found === undefined) throw notARepository(location)
  return found
}

function notARepository(location: RepositoryLocation): VarveError {
  const where = location.named ?? location.cwd
  return new VarveError('not-a-repository', `there is no varve repository at ${where}`, {
    data: { path: where },
    hint: '`varve init` makes one',
  })
}
