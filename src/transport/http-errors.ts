import { type ErrorCode, VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'

/** What a server may say of itself; other words of its are not taken over. */
const FROM_SERVER: ReadonlySet<string> = new Set<ErrorCode>([
  'not-a-repository',
  'access-denied',
  'refused',
  'too-large',
  'bad-peer',
  'unreachable',
])
const MOST_MESSAGE = 500

/** An answer that is none of varve's, or says no. */
export function statusError(
  location: string,
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
): VarveError {
  const said = errorOf(body)
  const data = { url: location, status }
  const words = said.message === undefined ? `it answers ${status}` : said.message
  const hint = said.hint === undefined ? {} : { hint: said.hint }
  if (status >= 300 && status < 400) {
    const to =
      typeof headers.location === 'string'
        ? escapeControl(headers.location.slice(0, MOST_MESSAGE))
        : 'elsewhere'
    return new VarveError(
      'refused',
      `${location} sends us on, to ${to}, which varve does not follow`,
      {
        data: { ...data, to },
        hint: 'where you trust that address, use it: `varve remote set-url NAME URL`',
      },
    )
  }
  if (status === 401 || status === 403) {
    return new VarveError('access-denied', `${location}: ${words}`, { data, ...hint })
  }
  if (status === 404) {
    return new VarveError('not-a-repository', `there is no repository at ${location}`, {
      data,
      hint:
        said.code === undefined ? 'what answers there is no varve server' : 'or you may not see it',
    })
  }
  if (status === 421) {
    return new VarveError(
      'refused',
      `the server does not know the name it is called by: ${location}`,
      {
        data,
        hint: 'it is started with `varve serve --allow-host NAME`',
      },
    )
  }
  if (status === 429 || status >= 502) {
    const after = typeof headers['retry-after'] === 'string' ? headers['retry-after'] : undefined
    return new VarveError('unreachable', `${location} cannot answer now: ${words}`, {
      data,
      hint: /^\d{1,5}$/.test(after ?? '') ? `try again in ${after} s` : 'try again later',
    })
  }
  const code = said.code ?? (status === 413 ? 'too-large' : 'bad-peer')
  return new VarveError(code, `${location}: ${words}`, { data, ...hint })
}

/** Something answers, and it is no varve. */
export function notVarve(location: string, type: string | undefined): VarveError {
  const found = type === undefined ? '' : ` (its answer is ${escapeControl(type.slice(0, 100))})`
  return new VarveError('bad-peer', `what answers at ${location} is no varve server${found}`, {
    data: { url: location },
  })
}

const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** A connection that failed; `hasBegun` where an answer had begun. */
export function connectionFault(location: string, error: unknown, hasBegun: boolean): unknown {
  if (error instanceof VarveError || !(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (error.name === 'AbortError') return error
  // A fault of ours has no code of the system.
  if (code === undefined) return error
  const data = { url: location, system: code }
  if (UNTRUSTED.has(code)) {
    return new VarveError(
      'untrusted-host',
      `the certificate of ${location} is not trusted: ${code}`,
      {
        data,
        hint: 'http.sslCAInfo names a file with the certificate of the authority that signed it',
        cause: error,
      },
    )
  }
  if (
    hasBegun ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE'
  ) {
    return new VarveError('disconnected', `the connection to ${location} ended too early`, {
      data,
      cause: error,
    })
  }
  const hint = /^(EPROTO|ERR_SSL_|HPE_)/.test(code)
    ? { hint: 'is it https:// rather than http://, or the other way round?' }
    : {}
  return new VarveError('unreachable', `cannot reach ${location}: ${code}`, {
    data,
    ...hint,
    cause: error,
  })
}

function errorOf(body: string): { code?: ErrorCode; message?: string; hint?: string } {
  let error: unknown
  try {
    error = (JSON.parse(body) as { error?: unknown } | null)?.error
  } catch {
    return {}
  }
  if (typeof error !== 'object' || error === null) return {}
  const { code, message, hint } = error as Record<string, unknown>
  const text = (value: unknown) =>
    typeof value === 'string' ? escapeControl(value.slice(0, MOST_MESSAGE)) : undefined
  const said = { message: text(message), hint: text(hint) }
  return {
    ...(typeof code === 'string' && FROM_SERVER.has(code) && { code: code as ErrorCode }),
    ...(said.message !== undefined && { message: said.message }),
    ...(said.hint !== undefined && { hint: said.hint }),
  }
}
