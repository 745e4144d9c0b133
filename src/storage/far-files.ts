import { VarveError } from '../core/errors.ts'
import type { Storage } from './storage.ts'

/**
 * What a repository far away has beside the seam, as far as it can be read from here: the files that belong to it alone.
 */
export interface FarFiles {
  /** For messages: ends with a slash. */
  readonly location: string
  /** A file of its folder; undefined where there is none. `too-large` for more than a megabyte. */
  read(name: FarFile): Promise<Uint8Array | undefined>
}

/** The last is there where the folder is that of a work tree, and the repository within it. */
export type FarFile = 'config' | 'HEAD' | '.varve/HEAD'

/** A storage far away, and the repository's own files beside it. */
export interface FarStorage {
  readonly storage: Storage
  readonly files: FarFiles
}

/** Neither a configuration nor HEAD is anywhere near as large. */
export const MOST_FAR_FILE = 1024 * 1024

/** Those of a repository in a bucket: a configuration, where somebody has put one there. */
export function bucketFiles(storage: Storage): FarFiles {
  const { location } = storage
  return {
    location,
    async read(name) {
      if (name !== 'config') return undefined
      const size = await storage.size(name)
      if (size === undefined) return undefined
      if (size > MOST_FAR_FILE) throw farFileTooLarge(`${location}${name}`)
      return storage.get(name)
    },
  }
}

export function farFileTooLarge(path: string): VarveError {
  return new VarveError('too-large', `${path} has more than ${MOST_FAR_FILE} bytes`, {
    data: { path, limit: MOST_FAR_FILE },
  })
}
