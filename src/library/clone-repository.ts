import { join, resolve } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { type Connect, parseRemoteUrl } from '../plumbing/connect.ts'
import { makeRepositoryFolder } from '../plumbing/init-repository.ts'
import { linkPacksOf } from '../plumbing/link-packs.ts'
import { repositoryFolderOf } from '../plumbing/local-repository.ts'
import { carryTo, openRemote } from '../plumbing/open-remote.ts'
import { type CloneOptions, clone } from '../porcelain/clone.ts'
import { REPOSITORY_FOLDER } from '../storage/work-path.ts'
import {
  isBareName,
  type OpenedRepository,
  type OpenRepositoryOptions,
  openRepository,
  type Person,
  partsIn,
} from './open-repository.ts'

export interface LocalConnectOptions {
  /** Whom the other repository names for a push. */
  readonly person?: Person | undefined
  /** The clock of the machine unless given. */
  readonly now?: (() => Date) | undefined
  /** Where relative paths begin: the folder of the process unless given. */
  readonly base?: string | undefined
}

/**
 * How operations reach other repositories of this machine, by path or `file:` URL, and files of bundles: what
 * `fetch`, `pull` and `push` take as `connect`. `refused` for other kinds of URLs.
 */
export function localConnect(options: LocalConnectOptions = {}): Connect {
  const { person = { name: 'unknown', email: 'unknown' }, now = () => new Date() } = options
  return async (repo, { url: text }) => {
    const parsed = parseRemoteUrl(text)
    const path = parsed.kind === 'path' ? resolve(options.base ?? '.', parsed.path) : undefined
    if (path === undefined) {
      throw new VarveError('refused', `localConnect() does not reach ${parsed.kind}://`, {
        data: { url: text },
      })
    }
    return openRemote(repo, { kind: 'path', path }, async () => {
      const other = await openRepository(path)
      const client = { name: person.name, email: person.email }
      const clock = () => ({ seconds: Math.floor(now().getTime() / 1000), offsetMinutes: 0 })
      return carryTo(other, { client, now: clock, location: text })
    })
  }
}

export interface CloneRepositoryOptions
  extends Pick<OpenRepositoryOptions, 'author' | 'committer' | 'now' | 'bare' | 'config'>,
    Omit<CloneOptions, 'url' | 'connect' | 'who' | 'link'> {
  /** {@link localConnect} unless given. */
  readonly connect?: Connect | undefined
  /** Share the packs of a repository of this file system by hard links; it does unless false. */
  readonly hardlinks?: boolean | undefined
}

/**
 * Makes a repository in a new or empty folder with what another one has, and opens it. Where it fails, the folder
 * goes again.
 */
export async function cloneRepository(
  url: string,
  folder: string,
  options: CloneRepositoryOptions = {},
): Promise<OpenedRepository> {
  const { author, now = () => new Date(), hardlinks = true, config, ...rest } = options
  const committer = options.committer ?? author ?? { name: 'unknown', email: 'unknown' }
  const root = resolve(folder)
  const bare = options.bare ?? isBareName(root)
  const path = bare ? root : join(root, REPOSITORY_FOLDER)
  const parsed = parseRemoteUrl(url)
  const there = parsed.kind === 'path' ? resolve(parsed.path) : url
  const source = parsed.kind === 'path' ? repositoryFolderOf(there) : undefined
  const made = await makeRepositoryFolder(root, path)
  try {
    const parts = await partsIn({ folder: path, ...(!bare && { workTree: root }) }, { config })
    const { repo } = await clone(parts, {
      ...rest,
      url: there,
      connect: options.connect ?? localConnect({ person: committer, now }),
      who: { ...committer, seconds: Math.floor(now().getTime() / 1000), offsetMinutes: 0 },
      link: hardlinks && source !== undefined ? (ids) => linkPacksOf(source, path, ids) : undefined,
    })
    await repo.storage.close()
    return await openRepository(root, { author, committer, now, config })
  } catch (error) {
    await made.discard()
    throw error
  }
}
