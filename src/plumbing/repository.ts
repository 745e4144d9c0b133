import { VarveError } from '../core/errors.ts'
import type { FarFiles } from '../storage/far-files.ts'
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
  /** The repository's own files where it is far away; absent where it has a folder here. */
  readonly farFiles?: FarFiles
  readonly config: RepositoryConfig
}

export interface RepositoryParts {
  readonly storage: Storage
  readonly privateFiles?: PrivateFiles | undefined
  readonly workTree?: WorkTree | undefined
  readonly farFiles?: FarFiles | undefined
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
    ...(parts.farFiles !== undefined && { farFiles: parts.farFiles }),
  }
}

/**
 * Opens the repository that a storage holds. `not-a-repository` when its log has no entry,
 * `unsupported-format` when it asks for something this version does not know.
 */
export async function openRepositoryParts(parts: RepositoryParts): Promise<Repository> {
  const repo = assembleRepository(parts)
  if ((await repo.refs.state()).number === 0) throw await noRepository(repo)
  return repo
}

async function noRepository({ storage, farFiles }: Repository): Promise<VarveError> {
  const path = storage.location.replace(/(?<=[^/])\/$/, '')
  const url = /^[\w@%+=:,./~-]+$/.test(path) ? path : 'URL'
  const isAbove = (await farFiles?.read('.varve/HEAD')) !== undefined
  const hint = isAbove
    ? `it is a work tree, and its repository is ${url}/.varve`
    : farFiles === undefined
      ? 'a clone that was killed leaves such a folder: remove it and clone again; or `varve init` makes an empty one of it'
      : `\`varve init --bare ${url}\` makes one`
  return new VarveError('not-a-repository', `${path} is not a repository`, { data: { path }, hint })
}

/** Lets go of what the repository has open. */
export async function closeRepository(repo: Repository): Promise<void> {
  await repo.storage.close()
}

/** Whether it has no work tree: then every changing command commits. */
export function isBare(repo: Repository): boolean {
  return repo.workTree === undefined
}
