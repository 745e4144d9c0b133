import fs from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { VarveError } from '../core/errors.ts'
import {
  fsyncFile,
  fsyncFolder,
  linkFile,
  makeFolder,
  readFully,
  readWhole,
  removeFile,
  type SyncObserver,
  sweepTemporaryFiles,
  temporaryName,
  writeFully,
} from './durable.ts'
import { fileError, systemCode, withPath } from './file-errors.ts'
import { FileHandles } from './file-handles.ts'
import type { Storage, StorageEntry, StorageWriter } from './storage.ts'
import { checkStorageName, checkStoragePrefix } from './storage-name.ts'

export interface FileSystemOptions {
  /** Files kept open for reading. */
  readonly openFiles?: number
  readonly onSync?: SyncObserver
}

/**
 * Storage in a folder. An object is written to `tmp/`, flushed, linked to its name and the folder
 * of the name flushed, in that order: whole and durable, or not there. What a crash leaves in
 * `tmp/` is harmless.
 */
export function openFileSystemStorage(folder: string, options: FileSystemOptions = {}): Storage {
  return new FileSystemStorage(resolve(folder), options)
}

class FileSystemStorage implements Storage {
  readonly location: string
  readonly observer: SyncObserver | undefined
  readonly #handles: FileHandles
  /** The folder, with a separator at its end. */
  readonly #root: string

  constructor(folder: string, options: FileSystemOptions) {
    this.location = folder
    this.#root = join(folder, sep)
    this.observer = options.onSync
    this.#handles = new FileHandles(options.openFiles ?? 16)
  }

  path(name: string): string {
    checkStorageName(name)
    return this.#pathOf(name)
  }

  /** The path of a name or a folder of names: both are checked, so there is nothing in them to be resolved. */
  #pathOf(name: string): string {
    return this.#root + (sep === '/' ? name : name.replaceAll('/', sep))
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return readWhole(this.path(name))
  }

  async range(name: string, offset: number, length: number): Promise<Uint8Array> {
    const path = this.path(name)
    return this.#handles.use(path, (fd) => readFully(fd, offset, length, path))
  }

  async size(name: string): Promise<number | undefined> {
    const path = this.path(name)
    try {
      return fs.statSync(path, { throwIfNoEntry: false })?.size
    } catch (error) {
      throw fileError(error, 'look at', path)
    }
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    if ((await this.size(name)) !== undefined) {
      // As where another is first: the name may not be on disk yet, and the caller will rely on it.
      await fsyncFolder(dirname(this.path(name)), this.observer)
      return false
    }
    const writer = await this.create()
    try {
      await writer.write(bytes)
      return await writer.publish(name)
    } finally {
      await writer.discard()
    }
  }

  async create(): Promise<StorageWriter> {
    const folder = join(this.location, 'tmp')
    const path = join(folder, temporaryName())
    try {
      return new FileSystemWriter(this, path, fs.openSync(path, 'wx+', 0o666))
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileError(error, 'create', path)
    }
    await makeFolder(folder, this.observer)
    return withPath(
      'create',
      path,
      () => new FileSystemWriter(this, path, fs.openSync(path, 'wx+', 0o666)),
    )
  }

  async list(prefix: string): Promise<StorageEntry[]> {
    checkStoragePrefix(prefix)
    const found: StorageEntry[] = []
    await this.#collect(prefix.slice(0, -1), found)
    return found
  }

  async #collect(name: string, found: StorageEntry[]): Promise<void> {
    const folder = this.#pathOf(name)
    let entries: fs.Dirent[]
    try {
      entries = fs.readdirSync(folder, { withFileTypes: true })
    } catch (error) {
      const code = systemCode(error)
      if (code === 'ENOENT' || code === 'ENOTDIR') return
      throw fileError(error, 'list', folder)
    }
    for (const entry of entries) {
      const child = `${name}/${entry.name}`
      if (entry.isDirectory()) {
        await this.#collect(child, found)
        continue
      }
      // It may have been deleted since the folder was read.
      const path = folder + sep + entry.name
      const stat = await withPath('look at', path, () =>
        fs.statSync(path, { throwIfNoEntry: false }),
      )
      if (stat?.isFile()) found.push({ name: child, size: stat.size, modified: stat.mtimeMs })
    }
  }

  async delete(name: string): Promise<void> {
    const path = this.path(name)
    this.#handles.forget(path)
    await removeFile(path)
  }

  sweep(before: number): Promise<number> {
    return sweepTemporaryFiles(join(this.location, 'tmp'), before)
  }

  async close(): Promise<void> {
    this.#handles.closeAll()
  }
}

/** A long file is flushed while it is written, so many bytes at a time: at its end little is left to wait for. */
const FLUSH_BYTES = 8 * 1024 * 1024

class FileSystemWriter implements StorageWriter {
  readonly #storage: FileSystemStorage
  readonly #path: string
  #fd: number | undefined
  /** Bytes written since a flush began. */
  #unflushed = 0
  /** The flush under way. The system may tell of a failure once: it stays, and nothing is published after it. */
  #flushing: Promise<void> | undefined

  constructor(storage: FileSystemStorage, path: string, fd: number) {
    this.#storage = storage
    this.#path = path
    this.#fd = fd
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeFully(this.#open(), bytes, this.#path)
    this.#unflushed += bytes.length
    if (this.#unflushed < FLUSH_BYTES || this.#flushing !== undefined) return
    this.#unflushed = 0
    const flushing = fsyncFile(this.#open(), this.#path, this.#storage.observer)
    this.#flushing = flushing
    const done = (): void => {
      this.#flushing = undefined
    }
    flushing.then(done, () => undefined)
  }

  async range(offset: number, length: number): Promise<Uint8Array> {
    return readFully(this.#open(), offset, length, this.#path)
  }

  async publish(name: string): Promise<boolean> {
    const target = this.#storage.path(name)
    const observer = this.#storage.observer
    try {
      await this.#flushing
      await fsyncFile(this.#open(), this.#path, observer)
      let won: boolean
      if (fs.existsSync(dirname(target))) won = await linkFile(this.#path, target)
      else {
        await makeFolder(dirname(target), observer)
        won = await linkFile(this.#path, target)
      }
      // Also where another writer was first: its name may not be on disk yet, and the caller will
      // rely on it.
      await fsyncFolder(dirname(target), observer)
      return won
    } finally {
      await this.discard()
    }
  }

  async discard(): Promise<void> {
    if (this.#fd === undefined) return
    const fd = this.#fd
    this.#fd = undefined
    // Its number is another file's as soon as it is closed.
    await this.#flushing?.catch(() => undefined)
    fs.closeSync(fd)
    await removeFile(this.#path)
  }

  #open(): number {
    if (this.#fd === undefined) {
      throw new VarveError('io', `${this.#path} was written to after it was closed`)
    }
    return this.#fd
  }
}
