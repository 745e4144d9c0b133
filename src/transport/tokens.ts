import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'

// Tokens let people in over HTTP. One reads `varve_ID_SECRET`: ID is 12 hexadecimal digits that name it, SECRET is 32
// random bytes in base64url. The file of tokens keeps, a line each, what one must know to recognise it:
//
//   {"id":"…","name":"…","repositories":["prices/*"],"scope":"read","created":…,"expires":…,"sha256":"…"}
//
// `sha256` is that of the whole token in hexadecimal. So much randomness needs no slow hash.

export interface Token {
  /** 12 hexadecimal digits. */
  readonly id: string
  /** Whose, or for what: the log of a push says it. */
  readonly name: string
  /** Patterns: a path below the root, `PATH/*` for all below it, `*` for all. */
  readonly repositories: readonly string[]
  readonly scope: TokenScope
  /** Seconds since 1970. */
  readonly created: number
  readonly expires?: number | undefined
  /** Of the token as it is sent, in hexadecimal. */
  readonly sha256: string
}

/** `write` includes `read`. */
export type TokenScope = 'read' | 'write'

const TOKEN = /^varve_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/
const MOST_NAME = 100

export interface NewToken {
  readonly name: string
  readonly repositories: readonly string[]
  readonly scope: TokenScope
  readonly created: number
  readonly expires?: number | undefined
}

/** A new token: what is given to its owner, once, and what the file keeps. */
export function createToken(wanted: NewToken): { secret: string; token: Token } {
  const id = randomBytes(6).toString('hex')
  const secret = `varve_${id}_${randomBytes(32).toString('base64url')}`
  const token = checkToken(
    { ...wanted, id, sha256: sha256(secret).toString('hex') },
    'the new token',
  )
  return { secret, token }
}

/** The token that this text is, or undefined: not known, or past its time. */
export function recogniseToken(
  tokens: readonly Token[],
  given: string,
  now: number,
): Token | undefined {
  const id = TOKEN.exec(given)?.[1]
  const found = tokens.find((token) => token.id === id)
  const hash = sha256(given)
  // Compared also where the id is not known: which ids there are cannot be told by how long it takes.
  const isSame = timingSafeEqual(
    hash,
    found === undefined ? sha256('') : Buffer.from(found.sha256, 'hex'),
  )
  if (!isSame || found === undefined) return undefined
  return found.expires !== undefined && found.expires <= now ? undefined : found
}

/** Whether a token lets its owner do this with a repository, named by its path below the root. */
export function tokenAllows(token: Token, repository: string, wanted: TokenScope): boolean {
  if (wanted === 'write' && token.scope !== 'write') return false
  return token.repositories.some((pattern) => fitsPattern(pattern, repository))
}

function fitsPattern(pattern: string, repository: string): boolean {
  if (pattern === '*') return true
  return pattern.endsWith('/*')
    ? repository.startsWith(pattern.slice(0, -1))
    : repository === pattern
}

/** The lines of a file of tokens. */
export function formatTokens(tokens: readonly Token[]): string {
  return tokens.map((token) => `${JSON.stringify(token)}\n`).join('')
}

/** Reads a file of tokens; `bad-input` with the line where it is none. */
export function parseTokens(text: string, file: string): Token[] {
  const tokens: Token[] = []
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return
    const where = `${file}, line ${index + 1}`
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw badToken(where, 'it is not JSON')
    }
    if (typeof value !== 'object' || value === null) throw badToken(where, 'it is not a token')
    tokens.push(checkToken(value as Record<string, unknown>, where))
  })
  return tokens
}

function checkToken(value: { readonly [key in keyof Token]?: unknown }, where: string): Token {
  const { id, name, repositories, scope, created, expires, sha256: hash } = value
  if (typeof id !== 'string' || !/^[0-9a-f]{12}$/.test(id)) throw badToken(where, 'id')
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) throw badToken(where, 'sha256')
  if (
    typeof name !== 'string' ||
    name === '' ||
    name.length > MOST_NAME ||
    escapeControl(name) !== name
  ) {
    throw badToken(where, `name: text of 1 to ${MOST_NAME} characters that can be seen`)
  }
  if (scope !== 'read' && scope !== 'write') throw badToken(where, 'scope: read or write')
  if (!isTime(created)) throw badToken(where, 'created')
  if (expires !== undefined && !isTime(expires)) throw badToken(where, 'expires')
  if (!Array.isArray(repositories) || repositories.length === 0 || !repositories.every(isPattern)) {
    throw badToken(where, 'repositories: paths below the root such as prices, prices/* or *')
  }
  return {
    id,
    name,
    repositories,
    scope,
    created,
    ...(expires !== undefined && { expires }),
    sha256: hash,
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isPattern(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    (value === '*' ||
      value
        .replace(/\/\*$/, '')
        .split('/')
        .every(
          (part) => part !== '' && part !== '.' && part !== '..' && !/[*\\]|\p{Cc}/u.test(part),
        ))
  )
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function badToken(where: string, expected: string): VarveError {
  return new VarveError('bad-input', `${where}: not a token: ${expected}`, {
    data: { where, expected },
    hint: '`varve serve token create` makes one',
  })
}
