import { fileURLToPath } from 'node:url'
import { hasCode, VarveError } from '../core/errors.ts'

/** Where another repository is, as the user names it. */
export type RemoteUrl = PathUrl | SshUrl | HttpUrl | BucketUrl

/** A folder of this machine, or a bundle file: who opens it looks. */
export interface PathUrl {
  readonly kind: 'path'
  /** As given, so it may be relative; absolute where it was a `file:` URL. */
  readonly path: string
}

export interface SshUrl {
  readonly kind: 'ssh' | 'sftp'
  readonly user: string | undefined
  /** A name, an alias of ssh's configuration, or an address without brackets. */
  readonly host: string
  readonly port: number | undefined
  /** Absolute, or relative to the home folder of the account. */
  readonly path: string
}

export interface HttpUrl {
  readonly kind: 'http'
  /** `https://host[:port]`, in the form that origins are compared in. */
  readonly origin: string
  /** Behind the origin: `/` or `/prices`, percent-encoded, no slash at the end. */
  readonly path: string
  readonly isSecure: boolean
}

export interface BucketUrl {
  readonly kind: 's3'
  readonly bucket: string
  /** Without slashes around it; empty for the whole bucket. */
  readonly prefix: string
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const DRIVE = /^[a-z]:[\\/]/i
const HELPER = /^[a-z0-9]+::/i
/** `host:path`, `user@host:path`, `[::1]:path`: a colon before the first slash. */
const SCP = /^(?:([^/@[\]]*)@)?(\[[^/\]]*\]|[^/:[\]]*):(.*)$/s
// What a shell, ssh's %h and %r or a URL could take for something else is not in these.
// Classes of Unicode, made when they are needed: each takes a fifth of a millisecond to set up.
const aHost = () => /^(?!-)[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u
const aUser = () => /^[\p{L}\p{N}_][\p{L}\p{N}._@+-]*$/u
const ADDRESS = /^[0-9a-f:.]+(?:%[a-z0-9._-]+)?$/i
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

/**
 * Reads the URL of a remote repository: a path, `file://`, `ssh://`, `host:path`, `http://`, `https://`,
 * `sftp://`, `s3://`. As in git, `host:path` is ssh unless a slash is before the colon; a single letter and
 * a slash behind it, as in `C:/data`, is a drive.
 *
 * Refused with `invalid-value`: what could be taken for an option, control characters, credentials. The
 * error shows no user, password or query of a URL.
 */
export function parseRemoteUrl(text: string): RemoteUrl {
  if (text === '') throw badUrl(text, 'it is empty')
  if (CONTROL.test(text)) throw badUrl(text, 'it has control characters')
  if (text.startsWith('-')) throw badUrl(text, 'it begins with a dash, as options do')
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined) return parseScheme(scheme, text)
  if (DRIVE.test(text)) return { kind: 'path', path: text }
  if (HELPER.test(text)) throw badUrl(text, 'varve has no remote helpers')
  const scp = SCP.exec(text)
  if (scp === null) return { kind: 'path', path: text }
  const [, user, host, path] = scp as unknown as [string, string | undefined, string, string]
  return sshUrl('ssh', text, { user, host, port: '', path })
}

/** The URL as text: what messages and configuration show. It never holds a credential. */
export function formatRemoteUrl(url: RemoteUrl): string {
  switch (url.kind) {
    case 'path':
      return url.path
    case 'http':
      return url.path === '/' ? `${url.origin}/` : `${url.origin}${url.path}`
    case 's3':
      return `s3://${url.bucket}${url.prefix === '' ? '' : `/${url.prefix}`}`
    default: {
      const host = url.host.includes(':') ? `[${url.host}]` : url.host
      const user = url.user === undefined ? '' : `${url.user}@`
      const port = url.port === undefined ? '' : `:${url.port}`
      const path = url.path.startsWith('/') ? url.path : `/~/${url.path}`
      return `${url.kind}://${user}${host}${port}${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`
    }
  }
}

/** A URL's text without user, password, query and fragment: for messages about one that cannot be read. */
export function redactUrl(text: string): string {
  return text
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1***@')
    .replace(/^[^/@]*:[^/@]*@/, '***@')
    .replace(/[?#].*$/s, '?***')
}

/**
 * The text of a URL as it may be shown: as it is where it can be read, as that holds no credentials; one that somebody
 * has written into a file by hand {@link redactUrl}.
 */
export function shownUrl(text: string): string {
  try {
    parseRemoteUrl(text)
    return text
  } catch (error) {
    if (hasCode(error, 'invalid-value')) return redactUrl(text)
    throw error
  }
}

function parseScheme(scheme: string, text: string): RemoteUrl {
  switch (scheme) {
    case 'file':
      return { kind: 'path', path: pathOfFileUrl(text) }
    case 'ssh':
    case 'sftp':
      return parseSsh(scheme, text)
    case 'http':
    case 'https':
      return parseHttp(text)
    case 's3':
      return parseBucket(text)
    default:
      throw badUrl(text, `varve does not know ${scheme}://`)
  }
}

function pathOfFileUrl(text: string): string {
  try {
    return fileURLToPath(text)
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof URIError)) throw error
    throw badUrl(text, 'it names no folder of this machine')
  }
}

const AUTHORITY = /^[^:]+:\/\/(?:([^/@]*)@)?(\[[^/\]]*\]|[^/:@]*)(?::([^/]*))?(\/.*)?$/s

function parseSsh(kind: SshUrl['kind'], text: string): SshUrl {
  const match = AUTHORITY.exec(text)
  if (match === null) throw badUrl(text, `expected ${kind}://[user@]host[:port]/path`)
  const [, user, host = '', port = '', path = ''] = match
  if (user?.includes(':')) throw hasCredentials(text, 'ssh asks for a password itself')
  const decode = (part: string) => decoded(part, text)
  const folder = decode(path)
  return sshUrl(kind, text, {
    user: user === undefined ? undefined : decode(user),
    host,
    port,
    // As in git: `/~/x` is x in the home folder.
    path: folder.startsWith('/~/') ? folder.slice(3) : folder,
  })
}

interface SshParts {
  readonly user: string | undefined
  readonly host: string
  readonly port: string
  readonly path: string
}

function sshUrl(kind: SshUrl['kind'], text: string, parts: SshParts): SshUrl {
  const { user, port, path } = parts
  const host = parts.host.startsWith('[') ? parts.host.slice(1, -1) : parts.host
  const isAddress = parts.host.startsWith('[')
  if (!(isAddress ? ADDRESS : aHost()).test(host)) throw badUrl(text, 'its host is none')
  if (user !== undefined && !aUser().test(user)) throw badUrl(text, 'its user is none')
  if (port !== '' && (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535)) {
    throw badUrl(text, 'its port is none')
  }
  return {
    kind,
    user,
    host,
    port: port === '' ? undefined : Number(port),
    path: checkRemotePath(path, text),
  }
}

/** A path that another machine's command line is given, and its meaning there. */
function checkRemotePath(path: string, text: string): string {
  if (path === '' || path === '/') throw badUrl(text, 'it names no folder')
  if (CONTROL.test(path)) throw badUrl(text, 'it has control characters')
  if (path.startsWith('-')) throw badUrl(text, 'its path begins with a dash, as options do')
  if (path.startsWith('~/')) return checkRemotePath(path.slice(2), text)
  if (/^\/?~/.test(path)) throw badUrl(text, 'give the home folder of another account in full')
  return path
}

function parseHttp(text: string): HttpUrl {
  // `URL` would take the first part of the path for the host.
  if (/^https?:\/\/(?:\/|\\|$)/i.test(text)) throw badUrl(text, 'its host is none')
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw badUrl(text, 'expected https://host[:port]/path')
  }
  if (url.username !== '' || url.password !== '') {
    throw hasCredentials(text, 'give the token to a credential helper, a file or VARVE_TOKEN')
  }
  if (url.search !== '' || url.hash !== '') throw badUrl(text, 'it has a query or a fragment')
  checkHttpPath(url.pathname, text)
  return {
    kind: 'http',
    origin: url.origin,
    path: url.pathname.replace(/\/+$/, '') || '/',
    isSecure: url.protocol === 'https:',
  }
}

function checkHttpPath(path: string, text: string): void {
  for (const part of path.split('/')) {
    const name = decoded(part, text)
    if (/[/\\]/.test(name) || CONTROL.test(name)) throw badUrl(text, 'its path hides a separator')
  }
}

function parseBucket(text: string): BucketUrl {
  const [bucket = '', ...rest] = text.replace(SCHEME, '').split('/')
  if (bucket.includes('@')) throw hasCredentials(text, 'the AWS configuration has them')
  if (!BUCKET.test(bucket)) throw badUrl(text, 'its bucket is none')
  return { kind: 's3', bucket, prefix: rest.join('/').replace(/^\/+|\/+$/g, '') }
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw badUrl(text, 'a % in it is not followed by two hexadecimal digits')
  }
}

function badUrl(text: string, reason: string): VarveError {
  const url = redactUrl(text)
  return new VarveError(
    'invalid-value',
    `not the URL of a repository: ${JSON.stringify(url)}: ${reason}`,
    {
      data: { url, reason },
      hint: 'a path, ssh://host/path, host:path, https://host/path, sftp://host/path, s3://bucket/path',
    },
  )
}

function hasCredentials(text: string, hint: string): VarveError {
  const url = redactUrl(text)
  return new VarveError('invalid-value', `a URL may hold no credentials: ${url}`, {
    data: { url, reason: 'credentials' },
    hint,
  })
}
