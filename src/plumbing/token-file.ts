import { VarveError } from '../core/errors.ts'
import { changeSecretFile, readSecretFile, secretFileStamp } from '../storage/secret-file.ts'
import {
  createToken,
  formatTokens,
  type NewToken,
  parseTokens,
  type Token,
} from '../transport/tokens.ts'

export type { Token, TokenScope } from '../transport/tokens.ts'

/** The tokens of a file; `file-not-found` where there is none. */
export async function listTokens(path: string): Promise<Token[]> {
  const tokens = await readTokens(path)
  if (tokens === undefined) throw noTokens(path)
  return tokens
}

/** Adds a token to a file, which is made where there is none. Its secret is nowhere else. */
export async function addToken(
  path: string,
  wanted: NewToken,
): Promise<{ secret: string; token: Token }> {
  const created = createToken(wanted)
  await changeSecretFile(path, (bytes) => {
    const tokens = bytes === undefined ? [] : tokensIn(bytes, path)
    return Buffer.from(formatTokens([...tokens, created.token]))
  })
  return created
}

/** Removes a token by its id, or all of a name; `file-not-found` where there is none such. */
export async function removeTokens(path: string, idOrName: string): Promise<Token[]> {
  const isMeant = ({ id, name }: Token) => id === idOrName || name === idOrName
  let removed: Token[] = []
  await listTokens(path)
  await changeSecretFile(path, (bytes) => {
    if (bytes === undefined) throw noTokens(path)
    const tokens = tokensIn(bytes, path)
    removed = tokens.filter(isMeant)
    if (removed.length === 0) throw noToken(path, idOrName)
    return Buffer.from(formatTokens(tokens.filter((token) => !isMeant(token))))
  })
  return removed
}

/** The tokens of a file as they are at each call; it is read again where it was replaced. */
export function watchTokens(path: string): () => Promise<readonly Token[]> {
  let known: { stamp: string; tokens: readonly Token[] } | undefined
  return async () => {
    if (known === undefined || secretFileStamp(path) !== known.stamp) {
      const file = await readSecretFile(path, 'write')
      if (file === undefined) throw noTokens(path)
      known = { stamp: file.stamp, tokens: tokensIn(file.bytes, path) }
    }
    return known.tokens
  }
}

async function readTokens(path: string): Promise<Token[] | undefined> {
  const file = await readSecretFile(path, 'write')
  return file && tokensIn(file.bytes, path)
}

function tokensIn(bytes: Uint8Array, path: string): Token[] {
  return parseTokens(Buffer.from(bytes).toString('utf8'), path)
}

function noToken(path: string, idOrName: string): VarveError {
  return new VarveError(
    'file-not-found',
    `no token has the id or the name ${JSON.stringify(idOrName)}`,
    {
      data: { path, token: idOrName },
      hint: `varve serve token list --tokens ${path}`,
    },
  )
}

function noTokens(path: string): VarveError {
  return new VarveError('file-not-found', `there is no file of tokens ${path}`, {
    data: { path },
    hint: '`varve serve token create` makes one',
  })
}
