import { basename, join } from 'node:path'
import type { Signature } from '../core/commit.ts'
import { parseConfig } from '../core/config-file.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { branchRefName } from '../core/names.ts'
import { initRepository } from '../plumbing/init-repository.ts'
import {
  closeRepository,
  openRepositoryParts,
  type Repository,
  type RepositoryConfig,
  type RepositoryParts,
} from '../plumbing/repository.ts'
import { repositoryConfig } from '../plumbing/repository-config.ts'
import { openFileSystemStorage } from '../storage/file-system.ts'
import { folderAtLocation } from '../storage/location.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import { openPrivateFiles, type PrivateFiles } from '../storage/private-files.ts'
import {
  initRepositoryFolder,
  type RepositoryFolder,
  repositoryFolderAt,
} from '../storage/repository-folder.ts'
import { REPOSITORY_FOLDER } from '../storage/work-path.ts'
import { openWorkTree } from '../storage/work-tree.ts'

/** A name and an address, as commits record them. */
export interface Person {
  readonly name: string
  readonly email: string
}

export interface OpenRepositoryOptions {
  /** Make an empty repository where there is none. One in memory is always made. */
  readonly create?: boolean | undefined
  /**
   * Whether one that is made has no work tree: no files, no index, every change is a commit. It has
   * none where the location ends in `.varve`, unless told.
   */
  readonly bare?: boolean | undefined
  /** The first branch of one that is made: `main` unless told. */
  readonly initialBranch?: string | undefined
  /** Whose work the changes are. Needed to make a repository and to change one; nothing else says. */
  readonly author?: Person | undefined
  /** Who records them: the author unless told. */
  readonly committer?: Person | undefined
  /** Asked for the time of each change: the clock of the machine unless given. */
  readonly now?: (() => Date) | undefined
  /** Values of configuration keys, such as `core.verify`, before those of the repository's file. */
  readonly config?: ReadonlyMap<string, string> | undefined
}

/** Whose a change is, and how it is committed: what operations take as `commit`. */
export interface SignedCommit {
  readonly author: Signature
  readonly committer: Signature
  /** Absent where it is to be made of what changed. */
  readonly message?: string
}

/** A repository that `openRepository` opened: what every operation is given. */
export interface OpenedRepository extends Repository, AsyncDisposable {
  /**
   * Who records a change now: what operations that move refs take as `who`. `identity-unknown`
   * where opening did not say.
   */
  who(): Signature
  /**
   * Author and committer, now, and a message: what operations take as `commit`, and `commit` itself
   * as its options. Without a message it is made of what changed.
   */
  signed(message?: string): SignedCommit
  /** Lets go of what is open. `await using` does it too. */
  close(): Promise<void>
}

/**
 * Opens the repository at a path (or `file:` URL): a folder with a `.varve` in it, a `.varve` itself,
 * or a bare one. `memory:` is one of its own at every call, empty and bare, which goes when nobody
 * uses it any more. Nothing of the environment is read: no variable, no configuration of the user's.
 *
 * `not-a-repository` where there is none and none is to be made, `unsupported-format` where it asks
 * for what this version does not know.
 */
export async function openRepository(
  location: string | URL,
  options: OpenRepositoryOptions = {},
): Promise<OpenedRepository> {
  const sign = signers(options)
  const place = String(location)
  if (place === 'memory:') {
    const parts = { storage: createMemoryStorage(), config: await configOf(options.config) }
    return opened(await made(parts, options, sign), sign)
  }
  const root = folderAtLocation(place, '.', 'a repository is named by a path or a file:// URL')
  const found = repositoryFolderAt(root)
  if (found !== undefined) {
    const parts = await partsIn(found, options)
    try {
      return opened(await openRepositoryParts(parts), sign)
    } catch (error) {
      // A folder without an entry in its log: whoever made it did not come to the end.
      if (options.create !== true || !hasCode(error, 'not-a-repository')) throw error
      return opened(await made(parts, options, sign), sign)
    }
  }
  if (options.create !== true) {
    throw new VarveError('not-a-repository', `there is no varve repository at ${place}`, {
      data: { path: place },
      hint: 'create: true makes one',
    })
  }
  const bare = options.bare ?? isBareName(root)
  const folder = bare ? root : join(root, REPOSITORY_FOLDER)
  // Before a folder is made for it.
  sign.committer()
  branchRefName(options.initialBranch ?? 'main')
  await initRepositoryFolder(folder)
  const parts = await partsIn({ folder, ...(!bare && { workTree: root }) }, options)
  return opened(await made(parts, options, sign), sign)
}

/** Whether a folder is by its name that of a repository without a work tree. */
export function isBareName(root: string): boolean {
  const name = basename(root)
  return name.endsWith('.varve') && name !== REPOSITORY_FOLDER
}

interface Signers {
  committer(): Signature
  /** Both at the same moment. */
  both(): { readonly author: Signature; readonly committer: Signature }
}

function signers({ author, committer, now = () => new Date() }: OpenRepositoryOptions): Signers {
  const sign = (person: Person | undefined, seconds: number): Signature => {
    if (person !== undefined) {
      return { name: person.name, email: person.email, seconds, offsetMinutes: 0 }
    }
    throw new VarveError('identity-unknown', 'who changes the repository is not known', {
      hint: "openRepository(location, { author: { name: 'Ada', email: 'ada@example.org' } })",
    })
  }
  const seconds = () => Math.floor(now().getTime() / 1000)
  return {
    committer: () => sign(committer ?? author, seconds()),
    both() {
      const when = seconds()
      return { author: sign(author, when), committer: sign(committer ?? author, when) }
    },
  }
}

async function made(
  parts: RepositoryParts,
  { initialBranch }: OpenRepositoryOptions,
  { committer }: Signers,
): Promise<Repository> {
  const branch = initialBranch === undefined ? {} : { initialBranch }
  return (await initRepository({ ...parts, ...branch, who: committer() })).repo
}

function opened(repo: Repository, { committer, both }: Signers): OpenedRepository {
  const close = () => closeRepository(repo)
  return {
    ...repo,
    who: committer,
    signed: (message) => ({ ...both(), ...(message !== undefined && { message }) }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The parts of a repository in folders. */
export async function partsIn(
  { folder, workTree }: RepositoryFolder,
  options: Pick<OpenRepositoryOptions, 'config'>,
): Promise<RepositoryParts> {
  const privateFiles = openPrivateFiles(folder)
  const parts = {
    storage: openFileSystemStorage(folder),
    config: await configOf(options.config, privateFiles),
  }
  if (workTree === undefined) return parts
  return { ...parts, privateFiles, workTree: openWorkTree(workTree, join(folder, 'tmp')) }
}

/** The repository's own configuration, below what was given. */
async function configOf(
  given: ReadonlyMap<string, string> = new Map(),
  files?: PrivateFiles,
): Promise<RepositoryConfig> {
  const stronger = [...given].map(([key, value]) => ({ key, value }))
  if (files === undefined) return repositoryConfig({ stronger })
  const read = async () =>
    new TextDecoder().decode((await files.read('config')) ?? new Uint8Array())
  return repositoryConfig({
    stronger,
    own: parseConfig(await read(), join(files.location, 'config')),
    async write(change) {
      const text = change(await read())
      await files.write('config', new TextEncoder().encode(text))
      return text
    },
  })
}
