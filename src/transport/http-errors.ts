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
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
])
/** What is wrong with a certificate whoever signed it, and what to do then. */
const FAULTY: ReadonlyMap<string, readonly [fault: string, hint: string]> = new Map([
  ['CERT_HAS_EXPIRED', ['has expired', 'whoever runs the server has to renew it']],
  ['CERT_NOT_YET_VALID', ['is not valid yet', "is this machine's clock right?"]],
])

/** A connection that failed; `hasBegun` where an answer had begun. */
export function connectionFault(location: string, error: unknown, hasBegun: boolean): unknown {
  if (error instanceof VarveError || !(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (error.name === 'AbortError') return error
  // A fault of ours has no code of the system.
  if (code === undefined) return error
  const data = { url: location, system: code }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongName(location, error, data)
  const faulty = FAULTY.get(code)
  if (faulty !== undefined) {
    const [fault, hint] = faulty
    const message = `the certificate of ${location} ${fault}`
    return new VarveError('untrusted-host', message, { data, hint, cause: error })
  }
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

/** The server shows a certificate of other names than the one that it was called by. */
function wrongName(location: string, error: Error, data: Record<string, string>): VarveError {
  const { cert } = error as { cert?: { subjectaltname?: unknown } }
  const listed = typeof cert?.subjectaltname === 'string' ? cert.subjectaltname : ''
  const names = listed
    .split(', ')
    .flatMap((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1] ?? [])
  const shown = escapeControl(names.join(', ').slice(0, MOST_MESSAGE))
  const found = shown === '' ? 'of another name' : `for ${shown}`
  return new VarveError('untrusted-host', `${location} shows a certificate that is ${found}`, {
    data: { ...data, names: shown },
    hint: 'call it by a name of its certificate; or whoever runs the server needs one for this name',
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
