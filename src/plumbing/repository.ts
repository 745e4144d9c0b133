import { VarveError } from '../core/errors.ts'
import { type ObjectStore, openObjectStore } from '../storage/object-store.ts'
import type { PrivateFiles } from '../storage/private-files.ts'
import { openRefLog, type RefLog } from '../storage/ref-log.ts'
import type { Storage } from '../storage/storage.ts'
import type { WorkTree } from '../storage/work-tree.ts'
import { transactionRules } from './complete-transaction.ts'
import { type RepositoryConfig, repositoryConfig } from './repository-config.ts'

export type { LogState } from '../storage/log-state.ts'
export type { RepositoryConfig } from './repository-config.ts'

/** A repository that is open: what every operation is given. */
export interface Repository {
  /** The shared part: packs and the ref log. */
  readonly storage: Storage
  readonly objects: ObjectStore
  readonly refs: RefLog
  /** HEAD, index, config and merge state of one work tree; absent where there is none. */
  readonly privateFiles?: PrivateFiles
  /** The folder with the series' files; absent in a bare repository. */
  readonly workTree?: WorkTree
  readonly config: RepositoryConfig
}

export interface RepositoryParts {
  readonly storage: Storage
  readonly privateFiles?: PrivateFiles | undefined
  readonly workTree?: WorkTree | undefined
  readonly config?: RepositoryConfig | undefined
}

/**
 * Puts a repository together from its parts without looking at them: for one that is about to be
 * made. {@link openRepositoryParts} is for one that is there.
 */
export function assembleRepository(parts: RepositoryParts): Repository {
  const config = parts.config ?? repositoryConfig()
  const verify = config.get('core.verify') === 'always' ? 'always' : 'checksum'
  const retired = async () => (await refs.state()).retired
  const objects = openObjectStore(parts.storage, { verify, retired })
  const refs = openRefLog(parts.storage, transactionRules(objects))
  return {
    storage: parts.storage,
    objects,
    refs,
    config,
    ...(parts.privateFiles !== undefined && { privateFiles: parts.privateFiles }),
    ...(parts.workTree !== undefined && { workTree: parts.workTree }),
  }
}

/**
 * Opens the repository that a storage holds. `not-a-repository` when its log has no entry,
 * `unsupported-format` when it asks for something this version does not know.
 */
export async function openRepositoryParts(parts: RepositoryParts): Promise<Repository> {
  const repo = assembleRepository(parts)
  if ((await repo.refs.state()).number === 0) {
    const path = parts.storage.location.replace(/(?<=[^/])\/$/, '')
    const isFar = /^[a-z][a-z0-9]*:\/\//.test(path)
    const make = isFar
      ? `varve init --bare ${/^[\w@%+=:,./~-]+$/.test(path) ? path : 'URL'}`
      : 'varve init'
    throw new VarveError('not-a-repository', `${path} is not a repository`, {
      data: { path },
      hint: `\`${make}\` makes one`,
    })
  }
  return repo
}

/** Lets go of what the repository has open. */
export async function closeRepository(repo: Repository): Promise<void> {
  await repo.storage.close()
}

/** Whether it has no work tree: then every changing command commits. */
export function isBare(repo: Repository): boolean {
  return repo.workTree === undefined
}
