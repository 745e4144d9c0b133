import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VarveError } from '../core/errors.ts'

const URL_SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i

/**
 * The folder that a repository's location names: a path, taken from `base`, or a `file:` URL.
 * `refused` for another kind of URL, `usage` for one that names no folder here.
 *
 * @param hint what errors say can be done
 */
export function folderAtLocation(location: string, base: string, hint: string): string {
  const scheme = URL_SCHEME.exec(location)?.[1]?.toLowerCase()
  if (scheme === undefined) return resolve(base, location)
  const data = { repository: location }
  if (scheme !== 'file') {
    const message = `varve cannot work on a ${scheme} repository: ${location}`
    throw new VarveError('refused', message, { data, hint })
  }
  try {
    return fileURLToPath(location)
  } catch (error) {
    // Another host, or a path with an escaped slash or broken escapes.
    if (!(error instanceof TypeError || error instanceof URIError)) throw error
    const message = `not the URL of a folder here: ${location}`
    throw new VarveError('usage', message, { data, hint, cause: error })
  }
}
