import { join } from 'node:path'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { type ServeHttpOptions, serveHttp } from '../../src/plumbing/serve-http.ts'
import { addToken } from '../../src/plumbing/token-file.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import type { Carrier } from '../../src/transport/carrier.ts'
import { openCarrier } from '../../src/transport/open-carrier.ts'
import { parseRemoteUrl } from '../../src/transport/remote-url.ts'
import { ann } from './repositories.ts'
import { carrierConfig, type SurroundingsParts, surroundings } from './surroundings.ts'
import { temporaryFolder } from './temporary.ts'

/** A new bare repository in a folder. */
export async function bareRepository(root: string, name: string): Promise<Repository> {
  const folder = join(root, name)
  await initRepositoryFolder(folder)
  const storage = openFileSystemStorage(folder)
  await initRepository({ storage, who: ann(0) })
  return assembleRepository({ storage: openFileSystemStorage(folder) })
}

/** A carrier to a URL, by a machine that is made up. */
export function carrierTo(
  url: string,
  parts: SurroundingsParts & {
    config?: Record<string, string>
    program?: (service: string) => string
  } = {},
): Promise<Carrier> {
  return openCarrier(parseRemoteUrl(url), {
    surroundings: surroundings(parts),
    config: carrierConfig(parts.config),
    ...(parts.program && {
      uploadPack: parts.program('upload-pack'),
      receivePack: parts.program('receive-pack'),
    }),
    openPath: async () => {
      throw new Error('not a path')
    },
  })
}

export interface ServedFolder {
  readonly root: string
  readonly url: string
  /** A token that may push to all. */
  readonly token: string
  stop(): void
}

/** A folder that is served over HTTP on a port of this machine. */
export async function serveFolder(options: Partial<ServeHttpOptions> = {}): Promise<ServedFolder> {
  const root = temporaryFolder()
  const tokens = join(temporaryFolder(), 'tokens')
  const { secret } = await addToken(tokens, {
    name: 'ci',
    repositories: ['*'],
    scope: 'write',
    created: 1,
  })
  const stopping = new AbortController()
  const events = serveHttp({
    root,
    address: '127.0.0.1',
    port: 0,
    allowPush: true,
    isPrivate: false,
    tokens,
    hosts: [],
    trustProxy: false,
    now: () => ({ milliseconds: Date.now(), offsetMinutes: 0 }),
    signal: stopping.signal,
    ...options,
  })
  const { value } = await events.next()
  if (value?.kind !== 'listening') throw new Error('the server does not say that it listens')
  // Its log is read, and left.
  void (async () => {
    for await (const _ of events);
  })()
  return { root, url: value.url, token: secret, stop: () => stopping.abort() }
}
