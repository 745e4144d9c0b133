import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2'
import { VarveError } from '../core/errors.ts'
import { temporaryName } from './durable.ts'
import { type Spooled, SpooledWriter } from './spooled-writer.ts'
import type { Storage, StorageEntry, StorageWriter } from './storage.ts'
import { checkStorageName, checkStoragePrefix } from './storage-name.ts'

/** Bytes asked for or sent at a time; servers take no more than 256 KiB. */
const PIECE = 32 * 1024
/** Pieces that are on their way at a time. */
const AT_ONCE = 32
/** Files kept open for reading. */
const OPEN_FILES = 16

const NO_SUCH_FILE = 2
const PERMISSION_DENIED = 3

type Done<T> = (error?: Error | null, value?: T) => void

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
export function openSftpStorage(sftp: SFTPWrapper, place: SftpPlace): Storage {
  return new SftpStorage(sftp, place)
}

class SftpStorage implements Storage {
  readonly location: string
  readonly #sftp: SFTPWrapper
  readonly #folder: string
  readonly #end: () => void
  /** Open for reading, the one used last at the end. */
  readonly #open = new Map<string, Promise<Buffer>>()
  #probed: Promise<void> | undefined

  constructor(sftp: SFTPWrapper, { location, folder, close }: SftpPlace) {
    this.location = location
    this.#sftp = sftp
    this.#folder = folder
    this.#end = close
  }

  #path(name: string): string {
    checkStorageName(name)
    return `${this.#folder}/${name}`
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const size = await this.size(name)
    return size === undefined ? undefined : this.range(name, 0, size)
  }

  async range(name: string, offset: number, length: number): Promise<Uint8Array> {
    const path = this.#path(name)
    const size = length === 0 ? await this.size(name) : undefined
    if (length === 0 && size !== undefined && offset <= size) return new Uint8Array(0)
    const bytes = new Uint8Array(Math.max(0, length))
    let found = 0
    const handle = offset < 0 || length <= 0 ? undefined : await this.#handleOf(name, path)
    if (handle !== undefined) {
      await inPieces(length, async (at, piece) => {
        const target = Buffer.from(bytes.buffer, at, piece)
        for (let read = 0; read < piece; ) {
          const got = await this.#call<number>('read', path, (done) =>
            this.#sftp.read(handle, target, read, piece - read, offset + at + read, done),
          ).catch((error) => {
            // The end of the file.
            if (codeOf(error) === 1) return 0
            throw error
          })
          if (got === 0) return
          read += got
          found += got
        }
      })
    }
    if (found === length && handle !== undefined) return bytes
    throw new VarveError('io', `${this.location}${name} has no ${length} bytes from ${offset}`, {
      data: { path: `${this.location}${name}`, offset, length },
    })
  }

  async size(name: string): Promise<number | undefined> {
    const path = this.#path(name)
    try {
      return (await this.#call<Stats>('look at', path, (done) => this.#sftp.stat(path, done))).size
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
      this.#call<Buffer>('create', temporary, (done) => this.#sftp.open(temporary, 'wx', done)),
    )
    try {
      await inPieces(spooled.length, async (at, length) => {
        const bytes = Buffer.from(await spooled.range(at, length))
        await this.#call<void>('write', temporary, (done) =>
          this.#sftp.write(handle, bytes, 0, length, at, done),
        )
      })
      await this.#flush(handle, temporary)
      await this.#call<void>('close', temporary, (done) => this.#sftp.close(handle, done))
      return await this.#link(temporary, path, name)
    } finally {
      await this.#remove(temporary)
    }
  }

  async #link(temporary: string, path: string, name: string): Promise<boolean> {
    try {
      await this.#withFolders(path, () =>
        this.#call<void>('publish', path, (done) =>
          this.#sftp.ext_openssh_hardlink(temporary, path, done),
        ),
      )
    } catch (error) {
      // The protocol has one code for all that fails.
      if ((await this.size(name)) === undefined) throw error
      return false
    }
    // The name, too: file systems with a journal write it with the file that it belongs to.
    const handle = await this.#call<Buffer>('open', path, (done) =>
      this.#sftp.open(path, 'r', done),
    )
    await this.#flush(handle, path)
    await this.#call<void>('close', path, (done) => this.#sftp.close(handle, done))
    return true
  }

  async #flush(handle: Buffer, path: string): Promise<void> {
    await this.#call<void>('flush', path, (done) => {
      try {
        this.#sftp.ext_openssh_fsync(handle, done)
      } catch {
        // The server has no such extension: it flushes when it will.
        done()
      }
    })
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
      await this.#call<void>('make', folder, (done) => this.#sftp.mkdir(folder, done)).catch(
        () => undefined,
      )
    }
    return run()
  }

  async list(prefix: string): Promise<StorageEntry[]> {
    checkStoragePrefix(prefix)
    const found: StorageEntry[] = []
    await this.#collect(prefix.slice(0, -1), found)
    return found
  }

  async #collect(name: string, found: StorageEntry[]): Promise<void> {
    const path = `${this.#folder}/${name}`
    let entries: FileEntryWithStats[]
    try {
      entries = await this.#call<FileEntryWithStats[]>('list', path, (done) =>
        this.#sftp.readdir(path, done),
      )
    } catch (error) {
      if (codeOf(error) === NO_SUCH_FILE) return
      throw error
    }
    for (const { filename, attrs } of entries) {
      const child = `${name}/${filename}`
      if (filename === '.' || filename === '..') continue
      if (attrs.isDirectory()) await this.#collect(child, found)
      else if (attrs.isFile()) {
        found.push({ name: child, size: attrs.size, modified: attrs.mtime * 1000 })
      }
    }
  }

  async delete(name: string): Promise<void> {
    const path = this.#path(name)
    this.#forget(name)
    await this.#remove(path)
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#call<void>('remove', path, (done) => this.#sftp.unlink(path, done))
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
    this.#open.clear()
    this.#end()
  }

  async #handleOf(name: string, path: string): Promise<Buffer> {
    const known = this.#open.get(name)
    this.#open.delete(name)
    const handle =
      known ?? this.#call<Buffer>('open', path, (done) => this.#sftp.open(path, 'r', done))
    this.#open.set(name, handle)
    handle.catch(() => this.#open.delete(name))
    const [oldest] = this.#open.keys()
    if (this.#open.size > OPEN_FILES) this.#forget(oldest!)
    return handle
  }

  #forget(name: string): void {
    const handle = this.#open.get(name)
    this.#open.delete(name)
    handle?.then((opened) => this.#sftp.close(opened, () => undefined)).catch(() => undefined)
  }

  /** Asks whether the server can link: it has to be known before anything is sent. */
  async #probe(): Promise<void> {
    const nothing = `${this.#folder}/no-such-file`
    try {
      await this.#call<void>('link', nothing, (done) =>
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

  /** A request as a promise; its failure is `permission-denied`, `disconnected` or `io`. */
  #call<T>(doing: string, path: string, ask: (done: Done<T>) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(sftpError(error, doing, path, this.location))
      try {
        ask((error, value) => (error ? fail(error) : resolve(value as T)))
      } catch (error) {
        fail(error as Error)
      }
    })
  }
}

/** Runs for each piece of so many bytes, several at a time. */
async function inPieces(
  length: number,
  run: (at: number, length: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < length) {
      const at = next
      next += PIECE
      await run(at, Math.min(PIECE, length - at))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** The protocol's code of a failed request; undefined where the server did not answer it. */
function codeOf(error: unknown): number | undefined {
  const { cause } = error as { cause?: { code?: unknown } }
  return typeof cause?.code === 'number' ? cause.code : undefined
}

function sftpError(error: Error, doing: string, path: string, location: string): VarveError {
  const { code } = error as { code?: unknown }
  const kind =
    code === PERMISSION_DENIED
      ? 'permission-denied'
      : typeof code === 'number'
        ? 'io'
        : 'disconnected'
  return new VarveError(kind, `cannot ${doing} ${path} of ${location}: ${error.message}`, {
    data: { path, location },
    cause: error,
  })
}
