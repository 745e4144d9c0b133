import type { Service } from './carrier.ts'
import { recogniseToken, type Token, type TokenScope, tokenAllows } from './tokens.ts'

/** Whom a server lets do what. */
export interface AccessRules {
  readonly allowPush: boolean
  /** Reading needs a token too. */
  readonly isPrivate: boolean
  readonly tokens: readonly Token[]
}

/** The answer to a request, with what its sender may know. */
export type Access =
  | { readonly status: 200; readonly token: Token | undefined }
  | { readonly status: 401 | 403 | 404; readonly reason: string }

/**
 * Whether somebody may do this. Who may not even read a repository is told that there is none, so that its name stays
 * unknown.
 *
 * @param given the token that came, if one did
 * @param now seconds since 1970
 */
export function decideAccess(
  rules: AccessRules,
  request: { repository: string; service: Service; given: string | undefined },
  now: number,
): Access {
  const { repository, service, given } = request
  const wanted: TokenScope = service === 'receive-pack' ? 'write' : 'read'
  const token = given === undefined ? undefined : recogniseToken(rules.tokens, given, now)
  if (given !== undefined && token === undefined) {
    return { status: 401, reason: 'the token is not known here, or past its time' }
  }
  const isReadable =
    !rules.isPrivate || (token !== undefined && tokenAllows(token, repository, 'read'))
  if (wanted === 'read' && isReadable) return { status: 200, token }
  if (token === undefined && (wanted === 'read' || rules.allowPush)) {
    return { status: 401, reason: 'this needs a token' }
  }
  if (!isReadable) return { status: 404, reason: 'there is no such repository' }
  if (!rules.allowPush) return { status: 403, reason: 'this server takes no pushes' }
  return token !== undefined && tokenAllows(token, repository, 'write')
    ? { status: 200, token }
    : { status: 403, reason: 'the token does not let you push to this repository' }
}
