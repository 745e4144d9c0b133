import { resolve } from 'node:path'
import type { Signature } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import { type Connect, parseRemoteUrl } from '../plumbing/connect.ts'
import type { Config } from './config.ts'
import type { Clock } from './context.ts'
import {
  findRepository,
  openFoundRepository,
  type RepositoryLocation,
} from './repository-source.ts'

export interface ConnectParts {
  readonly location: RepositoryLocation
  /** The configuration of the repository at another place. */
  readonly configAt: (location: RepositoryLocation) => Promise<Config>
  /** Whom a repository of this machine names for a push. */
  readonly identity: () => Promise<Signature>
  readonly now: () => Clock
}

/** How commands reach other repositories: those of this machine in process. */
export function connector({ location, configAt, identity, now }: ConnectParts): Connect {
  return async (repo, { url: text, configured }) => {
    const { openRemote, carryTo } = await import('../plumbing/open-remote.ts')
    const parsed = parseRemoteUrl(text)
    const base = configured ? await baseOf(location) : location.cwd
    const url = parsed.kind === 'path' ? { ...parsed, path: resolve(base, parsed.path) } : parsed
    return openRemote(repo, url, async (there) => {
      if (there.kind !== 'path') {
        throw new VarveError('refused', `varve cannot reach ${there.kind}:// yet: ${text}`, {
          data: { url: text },
          hint: 'a path and the file of a bundle can be reached',
        })
      }
      const place = { ...location, named: there.path, indexFile: undefined }
      const other = await openFoundRepository(place, await configAt(place))
      const { name, email } = await identity()
      return carryTo(other, { client: { name, email }, now, location: text })
    })
  }
}

/** Where a relative path in configuration begins: the top of the work tree, or a bare repository's folder. */
async function baseOf(location: RepositoryLocation): Promise<string> {
  const found = await findRepository(location)
  return found?.workTree ?? found?.folder ?? location.cwd
}
