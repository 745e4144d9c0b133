import { isIP } from 'node:net'
import type { Service } from './carrier.ts'

/** What an HTTP request asks for. */
export type HttpTarget =
  | { readonly kind: 'health' }
  | { readonly kind: 'service'; readonly repository: string; readonly service: Service }
  | { readonly kind: 'repository'; readonly repository: string }

export const REQUEST_TYPE = 'application/x-varve-request'
export const ANSWER_TYPE = 'application/x-varve-answer'

const SERVICE = /^(.*)\/varve\/(upload-pack|receive-pack)$/s
const MOST_PATH = 1000

/**
 * Reads the target of a request: `/PATH/varve/SERVICE`. Undefined where it can be no repository's: another form than
 * a path, a part that is empty, `.`, `..` or hidden, a separator that was escaped, control characters. So no name that
 * comes out of here leads upwards or into a `.varve`.
 */
export function parseTarget(target: string): HttpTarget | undefined {
  if (target === '/healthz') return { kind: 'health' }
  if (!target.startsWith('/') || target.length > MOST_PATH || /[?#]/.test(target)) return undefined
  const service = SERVICE.exec(target)
  const repository = repositoryOf(service === null ? target.replace(/\/$/, '') : service[1]!)
  if (repository === undefined) return undefined
  return service === null
    ? { kind: 'repository', repository }
    : { kind: 'service', repository, service: service[2] as Service }
}

/** The path below the root, `/` between its parts; empty for the root itself. */
function repositoryOf(path: string): string | undefined {
  if (path === '') return ''
  const parts: string[] = []
  for (const part of path.slice(1).split('/')) {
    let name: string
    try {
      name = decodeURIComponent(part)
    } catch {
      return undefined
    }
    if (name === '' || name.startsWith('.') || /[/\\:]|\p{Cc}/u.test(name)) return undefined
    parts.push(name)
  }
  return parts.join('/')
}

/**
 * Whether a request may be meant for this server. A page of another site can make a browser send requests to any
 * address, under a name of that site: so names must be known. Addresses cannot be had that way.
 *
 * @param headers as they came, name and value in turn: a second Host is no way round
 */
export function isOwnHost(headers: readonly string[], names: ReadonlySet<string>): boolean {
  const hosts = headers.filter(
    (_, index) => headers[index - 1]?.toLowerCase() === 'host' && index % 2 === 1,
  )
  if (hosts.length !== 1) return false
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/i.exec(hosts[0]!)
  const host = match?.[1]?.toLowerCase().replace(/^\[|\]$/g, '')
  if (host === undefined) return false
  return isIP(host) !== 0 || host === 'localhost' || names.has(host)
}

/** The token of an `Authorization: Bearer` header. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(authorization ?? '')?.[1]
}
