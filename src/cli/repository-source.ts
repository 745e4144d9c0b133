import { join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import type { Surroundings } from '../plumbing/open-sftp.ts'
import type { Repository, RepositoryConfig, RepositoryParts } from '../plumbing/repository.ts'
import type { PrivateFiles } from '../storage/private-files.ts'
import type { Config, ConfigLayer } from './config.ts'
import { configKey } from './config-keys.ts'
import { isFar, openFarStorage } from './far-storage.ts'
import { type Account, isSafeRepository, unsafeRepository } from './safe-directory.ts'

export type { Repository } from '../plumbing/repository.ts'

export interface RepositoryLocation {
  readonly cwd: string
  /** What `-R` or VARVE_REPO says. */
  readonly named: string | undefined
  /** What VARVE_INDEX_FILE says: an index to use instead of the repository's own. */
  readonly indexFile?: string | undefined
  readonly account: Account
  /** For what is far away. */
  readonly surroundings: () => Promise<Surroundings>
}

export interface FoundRepository {
  /** The folder that holds the repository's data. */
  readonly folder: string
  /** The folder of its work tree; undefined for one that has none. */
  readonly workTree: string | undefined
  readonly configFile: string
}

/**
 * Where the repository is: the one that is named, else the nearest one above `cwd`. Undefined also for one far away:
 * it has no folder here.
 */
export async function findRepository(
  location: RepositoryLocation,
): Promise<FoundRepository | undefined> {
  if (location.named !== undefined && isFar(location.named)) return undefined
  const [{ findRepositoryFolder, repositoryFolderAt }, { folderAtLocation }] = await Promise.all([
    import('../storage/repository-folder.ts'),
    import('../storage/location.ts'),
  ])
  const found =
    location.named === undefined
      ? findRepositoryFolder(location.cwd)
      : repositoryFolderAt(
          folderAtLocation(
            location.named,
            location.cwd,
            '-R takes a path or a file://, s3:// or sftp:// URL',
          ),
        )
  if (found === undefined) return undefined
  const { folder, workTree } = found
  return { folder, workTree, configFile: join(folder, 'config') }
}

/** Opens the repository at a location; `not-a-repository` when there is none. */
export async function openFoundRepository(
  location: RepositoryLocation,
  config: Config,
): Promise<Repository> {
  const { openRepositoryParts } = await import('../plumbing/repository.ts')
  return openRepositoryParts(await foundParts(location, config))
}

/** As {@link openFoundRepository}, but its ref log is not looked at: it may be damaged. */
export async function assembleFoundRepository(
  location: RepositoryLocation,
  config: Config,
): Promise<Repository> {
  const { assembleRepository } = await import('../plumbing/repository.ts')
  return assembleRepository(await foundParts(location, config))
}

async function foundParts(location: RepositoryLocation, config: Config): Promise<RepositoryParts> {
  const { named } = location
  if (named !== undefined && isFar(named)) return farParts(named, config, location)
  const found = await findRepository(location)
  if (found === undefined) throw notARepository(location)
  // Who names a repository means that one; of its configuration what it says of pushes counts then.
  if (location.named === undefined && !isSafeRepository(found, location.account, config)) {
    throw unsafeRepository(found)
  }
  return repositoryParts(found, config, location.indexFile)
}

/** What a repository in these folders is made of, whether it is there already or not. */
export async function repositoryParts(
  place: Pick<FoundRepository, 'folder' | 'workTree'>,
  layers: Config,
  indexFile?: string,
): Promise<RepositoryParts> {
  const config = await configOf(place.folder, layers)
  // Loaded here, as commands that need no repository have no need of storage either.
  const { openFileSystemStorage } = await import('../storage/file-system.ts')
  const storage = openFileSystemStorage(place.folder)
  if (place.workTree === undefined) return { storage, config }
  const [{ openPrivateFiles }, { openWorkTree }] = await Promise.all([
    import('../storage/private-files.ts'),
    import('../storage/work-tree.ts'),
  ])
  const temporary = join(place.folder, 'tmp')
  const own = openPrivateFiles(place.folder)
  return {
    storage,
    privateFiles: indexFile === undefined ? own : await withIndex(own, indexFile, temporary),
    workTree: openWorkTree(place.workTree, temporary),
    config,
  }
}

/** What a repository in a bucket or an account elsewhere is made of, whether it is there already or not. */
export async function farParts(
  url: string,
  config: Config,
  { surroundings }: Pick<RepositoryLocation, 'surroundings'>,
): Promise<RepositoryParts> {
  const { storage, files } = await openFarStorage(url, config, await surroundings())
  return { storage, farFiles: files, config: await configOf(undefined, config, storage.location) }
}

/** The layers as configuration of a repository: in whose own file, where it has a folder here, changes are made. */
async function configOf(
  folder: string | undefined,
  { layers }: Config,
  location = '',
): Promise<RepositoryConfig> {
  const { repositoryConfig } = await import('../plumbing/repository-config.ts')
  const file = folder === undefined ? undefined : join(folder, 'config')
  const of = (scope: ConfigLayer['scope'], origin?: string) =>
    layers
      .filter((layer) => layer.scope === scope && (origin ?? layer.origin) === layer.origin)
      .flatMap(({ entries }) => entries)
  return repositoryConfig({
    weaker: of('global'),
    // Not that of a repository around one that is about to be made.
    own: file === undefined ? [] : of('local', file),
    write: async (change) => {
      if (file !== undefined) {
        return (await import('./config-layers.ts')).changeConfigFile(file, change)
      }
      if (change('') !== '') throw farConfigStays(location)
      return ''
    },
    stronger: of('command'),
    defaultOf: (key) => configKey(key)?.default,
  })
}

/** The error for a change of the configuration of a repository that is worked on from afar. */
export function farConfigStays(location: string): VarveError {
  return new VarveError('refused', `the configuration of ${location} cannot be changed from here`, {
    data: { url: location },
    hint: 'remotes and upstreams are those of a clone; what may be pushed there its file config says (docs/sharing.md)',
  })
}

/** Private files with an index somewhere else, as scripts want that build a tree on the side. */
async function withIndex(
  own: PrivateFiles,
  path: string,
  temporary: string,
): Promise<PrivateFiles> {
  const { openVersionedFile } = await import('../storage/versioned-file.ts')
  const index = openVersionedFile(path, temporary)
  return { ...own, versioned: (name) => (name === 'index' ? index : own.versioned(name)) }
}

function notARepository(location: RepositoryLocation): VarveError {
  const where = location.named ?? location.cwd
  return new VarveError('not-a-repository', `there is no varve repository at ${where}`, {
    data: { path: where },
    hint: '`varve init` makes one',
  })
}
