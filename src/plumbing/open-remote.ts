import type { Carrier } from '../transport/carrier.ts'
import { openLocalCarrier } from '../transport/local-carrier.ts'
import { openRemoteSession } from '../transport/open-session.ts'
import type { RemoteSession } from '../transport/remote-session.ts'
import type { RemoteUrl } from '../transport/remote-url.ts'
import type { Client, ServePolicy } from '../transport/served-repository.ts'
import { bundleAt, openBundleSession } from './bundle.ts'
import type { LocalRepository } from './connect.ts'
import type { Repository } from './repository.ts'
import { readServePolicy } from './serve-policy.ts'

/** Begins a conversation with the repository, or the bundle, at a URL whose path is absolute. */
export async function openRemote(
  repo: LocalRepository,
  url: RemoteUrl,
  openCarrier: (url: RemoteUrl) => Promise<Carrier>,
): Promise<RemoteSession> {
  if (url.kind === 'path' && (await bundleAt(url.path)) !== undefined) {
    return openBundleSession(repo, url.path)
  }
  return openRemoteSession(repo, await openCarrier(url))
}

/** Who asks a repository of this machine, and when. */
export interface LocalClient {
  readonly client: Client
  readonly now: () => { readonly seconds: number; readonly offsetMinutes: number }
  /** For messages. */
  readonly location: string
}

/**
 * A carrier to a repository that this process has opened, which is served as if it were far away: what its
 * configuration says of pushes holds, and what its work tree stands on is left alone. Closing it closes the repository.
 */
export function carryTo(repo: Repository, { client, now, location }: LocalClient): Carrier {
  const close = () => repo.storage.close()
  const carrierWith = (policy: ServePolicy) =>
    openLocalCarrier({ repo, policy, client, now }, { location, close })
  let writing: Promise<Carrier> | undefined
  return {
    ...carrierWith({ readOnly: true }),
    async *exchange(service, request, options) {
      if (service === 'upload-pack') {
        yield* carrierWith({ readOnly: true }).exchange(service, request, options)
      } else {
        // Far away that is a request or three, which a fetch has no need of.
        writing ??= readServePolicy(repo).then(carrierWith)
        yield* (await writing).exchange(service, request, options)
      }
    },
  }
}
