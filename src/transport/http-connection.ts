import { X509Certificate } from 'node:crypto'
import http, { type ClientRequest } from 'node:http'
import https from 'node:https'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import { isThisMachine } from './http-credentials.ts'
import { READ_AHEAD } from './read-pieces.ts'
import type { HttpUrl } from './remote-url.ts'
import type { CarrierConfig, Surroundings } from './surroundings.ts'

/** Milliseconds without a byte either way, after which a connection counts as lost. */
const IDLE_MS = 10 * 60 * 1000
const CONNECT_MS = 30_000

/** Whom certificates must be signed by: those whom Node trusts unless said. */
export interface Trusted {
  readonly ca?: Buffer
  /** Said, as the environment could else switch the check off. */
  readonly rejectUnauthorized?: true
}

/** Ends a request that cannot be connected, or on which nothing moves any more. */
export function watch(request: ClientRequest): void {
  request.once('socket', (socket) => {
    socket.setKeepAlive(true, CONNECT_MS)
    const timeOut = () =>
      request.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }))
    if (!socket.connecting) {
      request.setTimeout(IDLE_MS, timeOut)
      return
    }
    const timer = setTimeout(timeOut, CONNECT_MS)
    const done = () => clearTimeout(timer)
    socket.once('connect', () => {
      done()
      request.setTimeout(IDLE_MS, timeOut)
    })
    request.once('close', done)
  })
}

/** Where Linux and macOS keep the certificates of authorities. */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/**
 * Whom certificates must be signed by: `http.sslCAInfo`, SSL_CERT_FILE, else the system's, else those that Node brings.
 * Nothing switches the check off.
 */
export async function readAuthorities(
  config: CarrierConfig,
  { environment, readFile }: Surroundings,
): Promise<Trusted> {
  const named = config.get('http.sslCAInfo') ?? environment.SSL_CERT_FILE
  if (named) {
    const bytes = await readFile(named)
    if (bytes !== undefined) {
      checkCertificates(bytes, named)
      return { ca: Buffer.from(bytes), rejectUnauthorized: true }
    }
    throw new VarveError('file-not-found', `there is no file of certificates ${named}`, {
      data: { path: named },
    })
  }
  if (environment.NODE_EXTRA_CA_CERTS) return { rejectUnauthorized: true }
  for (const path of SYSTEM_AUTHORITIES) {
    const bytes = await readFile(path)
    if (bytes !== undefined) return { ca: Buffer.from(bytes), rejectUnauthorized: true }
  }
  return { rejectUnauthorized: true }
}

/** A file without certificates would trust nobody, and the fault seem to be the server's. */
function checkCertificates(bytes: Uint8Array, path: string): void {
  let fault = 'it has no line -----BEGIN CERTIFICATE-----'
  if (
    /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/.test(Buffer.from(bytes).toString('latin1'))
  ) {
    try {
      new X509Certificate(bytes)
      return
    } catch (error) {
      fault = escapeControl((error as Error).message)
    }
  }
  throw new VarveError('bad-input', `${path} holds no certificate: ${fault}`, {
    data: { path, reason: fault },
    hint: 'http.sslCAInfo, or SSL_CERT_FILE, names a file with the certificate of the authority, in PEM',
  })
}

export async function openAgent(
  url: HttpUrl,
  surroundings: Surroundings,
  config: CarrierConfig,
  tls: Trusted,
): Promise<http.Agent> {
  const settings = { keepAlive: true, highWaterMark: READ_AHEAD, ...tls }
  // Tokens go to this machine without TLS: on the way to a proxy anybody could read them.
  const isDirect = !url.isSecure && isThisMachine(url.origin)
  const proxy = isDirect
    ? undefined
    : config.get('http.proxy') || surroundings.proxyFor(`${url.origin}${url.path}`)
  if (proxy) {
    if (url.isSecure)
      return new (await import('https-proxy-agent')).HttpsProxyAgent(proxy, settings)
    return new (await import('http-proxy-agent')).HttpProxyAgent(proxy, settings)
  }
  return url.isSecure ? new https.Agent(settings) : new http.Agent(settings)
}
