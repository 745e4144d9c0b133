import { VarveError } from '../core/errors.ts'
import { openServedRoot } from '../storage/served-root.ts'
import type { Service } from '../transport/carrier.ts'
import { refuseExchange, serveExchanges } from '../transport/serve-exchange.ts'
import type { ServedRepository } from '../transport/served-repository.ts'
import type { Repository } from './repository.ts'
import { readServePolicy } from './serve-policy.ts'

export type { Service } from '../transport/carrier.ts'

export interface ServeStdioOptions {
  /** Opens what is to be served; what fails here is the answer to whoever asks. */
  readonly open: () => Promise<Repository>
  readonly client: ServedRepository['client']
  readonly now: ServedRepository['now']
  readonly readOnly?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Answers requests for a repository, one after another, until there are no more. */
export async function* serveStdio(
  service: Service,
  requests: AsyncIterable<Uint8Array>,
  { open, client, now, readOnly, signal }: ServeStdioOptions,
): AsyncGenerator<Uint8Array> {
  let place: ServedRepository
  try {
    const repo = await open()
    place = { repo, policy: { ...(await readServePolicy(repo)), readOnly }, client, now }
  } catch (error) {
    if (error instanceof VarveError) yield* refuseExchange(error)
    throw error
  }
  yield* serveExchanges(place, service, requests, { signal })
}

/**
 * Where the repository is that somebody named by a path: in a folder that they are held to, where there is one. The
 * path may be given from the root of that folder, or whole.
 */
export function placeBelow(root: string, path: string): string {
  const served = openServedRoot(root)
  const parts = path.replace(/\/+$/, '')
  const inside = parts === served.folder ? '' : withoutStart(parts, `${served.folder}/`)
  const found = served.find(inside ?? parts.replace(/^\/+/, ''))
  if (found !== undefined) return found.workTree ?? found.folder
  throw new VarveError('not-a-repository', `${path} is not a repository that is served here`, {
    data: { path },
  })
}

function withoutStart(text: string, start: string): string | undefined {
  return text.startsWith(start) ? text.slice(start.length) : undefined
}

/** What a client asked for over ssh: `varve upload-pack 'PATH'`. `usage` for anything else. */
export function parseRemoteCommand(text: string): {
  readonly service: Service
  readonly path: string
} {
  const found = /^(?:\S*\/)?varve (upload-pack|receive-pack) ([\s\S]+)$/.exec(text)
  const path = found?.[2] === undefined ? undefined : wordOfShell(found[2])
  if (found?.[1] === undefined || path === undefined) {
    throw new VarveError('usage', 'this account serves varve upload-pack and receive-pack alone', {
      data: { command: text },
    })
  }
  return { service: found[1] as Service, path }
}

/** One word as a shell reads it; undefined where that would be several, or something else than a word. */
function wordOfShell(text: string): string | undefined {
  if (!/^(?:'[^']*'|\\['! ]|[\w@%+=:,./~-])+$/.test(text)) return undefined
  return text.replace(
    /'([^']*)'|\\(.)/g,
    (_, quoted?: string, escaped?: string) => quoted ?? escaped!,
  )
}
