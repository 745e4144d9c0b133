import { VarveError } from '../core/errors.ts'

const PART = /^[a-z0-9_-][a-z0-9._-]*$/

/**
 * Checks a name of the storage seam: `/`-separated parts of `[a-z0-9._-]`, none of which begins
 * with a dot. Names reach storage from log entries and peers too, so every implementation asks.
 */
export function checkStorageName(name: string): void {
  if (!name.split('/').every((part) => PART.test(part))) {
    throw new VarveError('invalid-name', `not a storage name: ${JSON.stringify(name)}`)
  }
}

/** Checks a prefix given to `list`: a name followed by `/`. */
export function checkStoragePrefix(prefix: string): void {
  if (!prefix.endsWith('/')) {
    throw new VarveError('invalid-name', `not a storage prefix: ${JSON.stringify(prefix)}`)
  }
  checkStorageName(prefix.slice(0, -1))
}
