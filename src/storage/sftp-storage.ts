import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2'
import { VarveError } from '../core/errors.ts'
import { temporaryName } from './durable.ts'
import { type FarFile, type FarStorage, farFileTooLarge, MOST_FAR_FILE } from './far-files.ts'
import { OpenFiles } from './sftp-open-files.ts'
import { codeOf, inPieces, NO_SUCH_FILE, SftpRequests } from './sftp-requests.ts'
import { type Spooled, SpooledWriter } from './spooled-writer.ts'
import type { Storage, StorageEntry, StorageWriter } from './storage.ts'
import { checkStorageName, checkStoragePrefix } from './storage-name.ts'

/** Folders within each other that a listing goes into; varve has one. */
const DEEPEST = 3
/** Files in a listing. */
const MOST_LISTED = 5_000_000

export interface SftpPlace {
  /** For messages: ends with a slash. */
  readonly location: string
  /** The folder there. */
  readonly folder: string
  /** Ends the connection. */
  readonly close: () => void
}

/**
 * Storage in a folder of an account that is reached by SFTP, without varve on the other side. A name is taken by a
 * hard link, as in a folder of this machine: `refused` where the server has no extension for that (OpenSSH has). What is
 * written is flushed there by another extension, where the server has it.
 */
export function openSftpStorage(sftp: SFTPWrapper, place: SftpPlace): FarStorage {
  const storage = new SftpStorage(sftp, place)
  const { location } = storage
  return { storage, files: { location, read: (name) => storage.readOwn(name) } }
}

class SftpStorage implements Storage {
  readonly location: string
  readonly #sftp: SFTPWrapper
  readonly #folder: string
  readonly #end: () => void
  readonly #requests: SftpRequests
  readonly #open: OpenFiles
  #probed: Promise<void> | undefined

  constructor(sftp: SFTPWrapper, { location, folder, close }: SftpPlace) {
    this.location = location
    this.#sftp = sftp
    this.#requests = new SftpRequests(sftp, location)
    this.#open = new OpenFiles(this.#requests)
    this.#folder = folder
    this.#end = close
  }

  #path(name: string): string {
    checkStorageName(name)
    return `${this.#folder}/${name}`
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return this.#whole(this.#path(name), Number.POSITIVE_INFINITY)
  }

  readOwn(name: FarFile): Promise<Uint8Array | undefined> {
    return this.#whole(`${this.#folder}/${name}`, MOST_FAR_FILE)
  }

  async #whole(path: string, most: number): Promise<Uint8Array | undefined> {
    let handle: Buffer
    try {
      handle = await this.#requests.openFile(path)
    } catch (error) {
      if (codeOf(error) === NO_SUCH_FILE) return undefined
      throw error
    }
    try {
      const { size } = await this.#requests.call<Stats>('look at', path, (done) =>
        this.#sftp.fstat(handle, done),
      )
      const name = path.slice(this.#folder.length + 1)
      if (size > most) throw farFileTooLarge(`${this.location}${name}`)
      const bytes = await this.#requests.read(handle, path, 0, size)
      if (bytes === undefined) throw this.#tooShort(name, 0, size)
      return bytes
    } finally {
      this.#requests.close(handle)
    }
  }

  async range(name: string, offset: number, length: number): Promise<Uint8Array> {
    const path = this.#path(name)
    if (length === 0) {
      const size = await this.size(name)
      if (size !== undefined && offset <= size) return new Uint8Array(0)
    }
    if (offset < 0 || length <= 0) throw this.#tooShort(name, offset, length)
    const bytes = await this.#open.using(path, (handle) =>
      this.#requests.read(handle, path, offset, length),
    )
    if (bytes === undefined) throw this.#tooShort(name, offset, length)
    return bytes
  }

  #tooShort(name: string, offset: number, length: number): VarveError {
    const path = `${this.location}${name}`
    return new VarveError('io', `${path} has no ${length} bytes from ${offset}`, {
      data: { path, offset, length },
    })
  }

  async size(name: string): Promise<number | undefined> {
    const path = this.#path(name)
    try {
      return (
        await this.#requests.call<Stats>('look at', path, (done) => this.#sftp.stat(path, done))
      ).size
    } catch (error) {
      if (codeOf(error) === NO_SUCH_FILE) return undefined
      throw error
    }
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    if ((await this.size(name)) !== undefined) return false
    const writer = await this.create()
    await writer.write(bytes)
    return writer.publish(name)
  }

  async create(): Promise<StorageWriter> {
    return new SpooledWriter((name, spooled) => this.#publish(name, spooled))
  }

  async #publish(name: string, spooled: Spooled): Promise<boolean> {
    const path = this.#path(name)
    this.#probed ??= this.#probe()
    await this.#probed
    const temporary = this.#path(`tmp/${temporaryName()}`)
    const handle = await this.#withFolders(temporary, () =>
      this.#requests.call<Buffer>('create', temporary, (done) =>
        this.#sftp.open(temporary, 'wx', done),
      ),
    )
    try {
      await inPieces(spooled.length, async (at, length) => {
        const bytes = Buffer.from(await spooled.range(at, length))
        await this.#requests.call<void>('write', temporary, (done) =>
          this.#sftp.write(handle, bytes, 0, length, at, done),
        )
      })
      await this.#requests.flush(handle, temporary)
      await this.#requests.call<void>('close', temporary, (done) => this.#sftp.close(handle, done))
      return await this.#link(temporary, path, name)
    } finally {
      // What became of the name is the answer; a sweep takes what cannot be removed now.
      await this.#remove(temporary).catch(() => undefined)
    }
  }

  async #link(temporary: string, path: string, name: string): Promise<boolean> {
    try {
      await this.#withFolders(path, () =>
        this.#requests.call<void>('publish', path, (done) =>
          this.#sftp.ext_openssh_hardlink(temporary, path, done),
        ),
      )
    } catch (error) {
      // The protocol has one code for all that fails.
      if ((await this.size(name)) === undefined) throw error
      return false
    }
    // The name, too: file systems with a journal write it with the file that it belongs to.
    const handle = await this.#requests.openFile(path)
    await this.#requests.flush(handle, path)
    await this.#requests.call<void>('close', path, (done) => this.#sftp.close(handle, done))
    return true
  }

  /** Runs again, once, after the folders above a path were made, where they are not there. */
  async #withFolders<T>(path: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (codeOf(error) !== NO_SUCH_FILE) throw error
    }
    const parts = path.slice(this.#folder.length + 1).split('/')
    for (let depth = 0; depth < parts.length; depth++) {
      const folder = [this.#folder, ...parts.slice(0, depth)].join('/')
      // One that is there fails like all else; what is wrong with it shows in what follows.
      await this.#requests
        .call<void>('make', folder, (done) => this.#sftp.mkdir(folder, done))
        .catch(() => undefined)
    }
    return run()
  }

  async list(prefix: string): Promise<StorageEntry[]> {
    checkStoragePrefix(prefix)
    const found: StorageEntry[] = []
    await this.#collect(prefix.slice(0, -1), found)
    return found
  }

  /** A server may say what it likes: of folders within folders no more are looked into than varve makes. */
  async #collect(name: string, found: StorageEntry[], depth = 1): Promise<void> {
    const path = `${this.#folder}/${name}`
    let entries: FileEntryWithStats[]
    try {
      entries = await this.#requests.call<FileEntryWithStats[]>('list', path, (done) =>
        this.#sftp.readdir(path, done),
      )
    } catch (error) {
      if (codeOf(error) === NO_SUCH_FILE) return
      throw error
    }
    for (const { filename, attrs } of entries) {
      if (filename === '.' || filename === '..') continue
      const child = `${name}/${filename}`
      if (attrs.isDirectory()) {
        if (depth < DEEPEST) await this.#collect(child, found, depth + 1)
      } else if (attrs.isFile()) {
        if (found.length === MOST_LISTED) {
          throw new VarveError(
            'too-large',
            `${this.location}${name} has more than ${MOST_LISTED} files`,
            {
              data: { path: `${this.location}${name}`, limit: MOST_LISTED },
            },
          )
        }
        // What no time is told of is never old.
        const modified = (attrs.mtime ?? Number.POSITIVE_INFINITY) * 1000
        found.push({ name: child, size: attrs.size, modified })
      }
    }
  }

  async delete(name: string): Promise<void> {
    const path = this.#path(name)
    this.#open.forget(path)
    await this.#remove(path)
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#requests.call<void>('remove', path, (done) => this.#sftp.unlink(path, done))
    } catch (error) {
      if (codeOf(error) !== NO_SUCH_FILE) throw error
    }
  }

  async sweep(before: number): Promise<number> {
    let removed = 0
    for (const { name, modified } of await this.list('tmp/')) {
      if (modified >= before) continue
      await this.delete(name)
      removed++
    }
    return removed
  }

  async close(): Promise<void> {
    this.#end()
  }

  /** Asks whether the server can link: it has to be known before anything is sent. */
  async #probe(): Promise<void> {
    const nothing = `${this.#folder}/no-such-file`
    try {
      await this.#requests.call<void>('link', nothing, (done) =>
        this.#sftp.ext_openssh_hardlink(nothing, nothing, done),
      )
    } catch (error) {
      if (codeOf(error) !== undefined) return
      throw new VarveError('refused', `the server of ${this.location} cannot make hard links`, {
        data: { path: this.location },
        hint: "varve writes over SFTP to servers with OpenSSH's extension hardlink@openssh.com",
        cause: error,
      })
    }
  }
}
