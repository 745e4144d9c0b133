import fs from 'node:fs'
import { resolve } from 'node:path'
import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Connect, parseRemoteUrl } from '../plumbing/connect.ts'
import type { Config } from './config.ts'
import type { Clock } from './context.ts'
import type { Host } from './host.ts'
import {
  findRepository,
  openFoundRepository,
  type RepositoryLocation,
} from './repository-source.ts'

export interface ConnectParts {
  readonly host: Host
  readonly location: RepositoryLocation
  readonly config: () => Promise<Config>
  /** The configuration of the repository at another place. */
  readonly configAt: (location: RepositoryLocation) => Promise<Config>
  /** Whom a repository of this machine names for a push. */
  readonly identity: () => Promise<Signature>
  readonly now: () => Clock
  readonly note: (text: string) => void
}

/** How commands reach other repositories: those of this machine and in a storage in process, others by a carrier. */
export function connector(parts: ConnectParts): Connect {
  const { host, location, config, configAt, identity, now, note } = parts
  return async (repo, { url: text, configured, uploadPack, receivePack }) => {
    const [{ openRemote, carryTo }, { openCarrier }, { surroundingsOf, carrierConfigOf }] =
      await Promise.all([
        import('../plumbing/open-remote.ts'),
        import('../plumbing/open-carrier.ts'),
        import('./surroundings.ts'),
      ])
    const parsed = parseRemoteUrl(text)
    const base = configured ? await baseOf(location) : location.cwd
    const url = parsed.kind === 'path' ? { ...parsed, path: resolve(base, parsed.path) } : parsed
    const options = {
      surroundings: await surroundingsOf(host, note),
      config: carrierConfigOf(await config()),
      uploadPack,
      receivePack,
      async openPath(named: string) {
        const place = { ...location, named, indexFile: undefined }
        const other = await openFoundRepository(place, await configAt(place)).catch((error) => {
          const isPath = parsed.kind === 'path' && hasCode(error, 'not-a-repository')
          throw isPath ? noSuchPlace(text, named) : error
        })
        const { name, email } = await identity()
        return carryTo(other, { client: { name, email }, now, location: text })
      },
    }
    return openRemote(repo, url, (there) => openCarrier(there, options))
  }
}

/** What was meant for a remote is taken for a path where none has that name. */
function noSuchPlace(text: string, path: string): VarveError {
  const data = { path, remote: text }
  if (/^[\w-]+$/.test(text)) {
    const message = `there is neither a remote "${text}" nor a varve repository at ${path}`
    const hint = `varve remote lists those there are, varve remote add ${text} URL makes one`
    return new VarveError('not-a-repository', message, { data, hint })
  }
  return fs.statSync(path, { throwIfNoEntry: false })?.isFile()
    ? new VarveError('not-a-repository', `${path} is neither a repository nor a bundle`, { data })
    : new VarveError('not-a-repository', `there is no varve repository at ${path}`, {
        data,
        hint: '`varve init` makes one',
      })
}

/** Where a relative path in configuration begins: the top of the work tree, or a bare repository's folder. */
async function baseOf(location: RepositoryLocation): Promise<string> {
  const found = await findRepository(location)
  return found?.workTree ?? found?.folder ?? location.cwd
}
