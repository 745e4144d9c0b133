import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { VarveError } from '../core/errors.ts'
import {
  fsyncFolder,
  makeFolder,
  readWhole,
  removeFile,
  type SyncObserver,
  temporaryName,
} from './durable.ts'
import { withPath } from './file-errors.ts'
import {
  createMemoryVersionedFile,
  openVersionedFile,
  type VersionedFile,
  writeTemporary,
} from './versioned-file.ts'

/**
 * The private part of a repository folder: HEAD, index, config, the state of a merge. One work
 * tree's own; refs are never in it. Names are single parts of `[A-Za-z0-9._-]`.
 */
export interface PrivateFiles {
  /** For messages: where this is. */
  readonly location: string
  /** The whole file, or undefined when there is none. */
  read(name: string): Promise<Uint8Array | undefined>
  /** Replaces the file, atomically and durably. The last of several writers wins. */
  write(name: string, bytes: Uint8Array): Promise<void>
  /** Removes a file; without effect when it is not there. */
  remove(name: string): Promise<void>
  /** A file that is replaced by compare-and-swap, such as the index. */
  versioned(name: string): VersionedFile
}

export interface PrivateFilesOptions {
  readonly onSync?: SyncObserver
}

/** The private files in a repository's folder. */
export function openPrivateFiles(folder: string, options: PrivateFilesOptions = {}): PrivateFiles {
  const location = resolve(folder)
  const temporary = join(location, 'tmp')
  const { onSync } = options
  const pathOf = (name: string): string => join(location, checkPrivateName(name))
  return {
    location,
    read: async (name) => readWhole(pathOf(name)),
    async write(name, bytes) {
      const path = pathOf(name)
      await makeFolder(temporary, onSync)
      const written = join(temporary, temporaryName())
      await writeTemporary(written, bytes, onSync)
      try {
        await withPath('replace', path, () => fs.renameSync(written, path))
      } catch (error) {
        await removeFile(written)
        throw error
      }
      await fsyncFolder(location, onSync)
    },
    remove: async (name) => removeFile(pathOf(name)),
    versioned: (name) => openVersionedFile(pathOf(name), temporary, onSync),
  }
}

/** Private files that live as long as the process. */
export function createMemoryPrivateFiles(location = 'memory:'): PrivateFiles {
  const files = new Map<string, Uint8Array>()
  const versioned = new Map<string, VersionedFile>()
  return {
    location,
    async read(name) {
      const bytes = files.get(checkPrivateName(name))
      return bytes && new Uint8Array(bytes)
    },
    async write(name, bytes) {
      // Not slice, which copies nothing of a Buffer.
      files.set(checkPrivateName(name), new Uint8Array(bytes))
    },
    async remove(name) {
      files.delete(checkPrivateName(name))
    },
    versioned(name) {
      const file = versioned.get(checkPrivateName(name)) ?? createMemoryVersionedFile()
      versioned.set(name, file)
      return file
    },
  }
}

function checkPrivateName(name: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)) {
    throw new VarveError('invalid-name', `not a private file's name: ${JSON.stringify(name)}`)
  }
  return name
}
