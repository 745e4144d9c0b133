import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { fileError, systemCode, withPath } from './file-errors.ts'

/** Told the path of every fsync, before it: for counting them and for tests that cut the power. */
export type SyncObserver = (path: string) => void

/** A name that no other writer has: the process, then chance. */
export function temporaryName(): string {
  return `${process.pid}-${randomBytes(8).toString('hex')}`
}

export function fsyncFile(fd: number, path: string, observer?: SyncObserver): Promise<void> {
  observer?.(path)
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => {
      if (error) reject(fileError(error, 'flush to disk', path))
      else resolve()
    })
  })
}

/** Makes the names in a folder durable. Windows has no such call; its names are journalled. */
export async function fsyncFolder(folder: string, observer?: SyncObserver): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await withPath('open', folder, () => fs.promises.open(folder, 'r'))
  try {
    await fsyncFile(handle.fd, folder, observer)
  } finally {
    await handle.close()
  }
}

function isFolder(path: string): Promise<boolean> {
  return withPath('look at', path, () => {
    return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  })
}

/** Creates a folder and its parents, each one durable in the folder above it. */
export async function makeFolder(folder: string, observer?: SyncObserver): Promise<void> {
  try {
    await fs.promises.mkdir(folder)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST' && (await isFolder(folder))) return
    if (code !== 'ENOENT' || dirname(folder) === folder) {
      throw fileError(error, 'create the folder', folder)
    }
    await makeFolder(dirname(folder), observer)
    return makeFolder(folder, observer)
  }
  await fsyncFolder(dirname(folder), observer)
}

/**
 * Gives a finished temporary file its name, unless the name is taken: false then. Atomic, as
 * link(2) is. The temporary name stays; the folder is not flushed.
 */
export async function linkFile(temporary: string, path: string): Promise<boolean> {
  try {
    fs.linkSync(temporary, path)
    return true
  } catch (error) {
    const code = systemCode(error)
    // Over NFS the answer can be lost and the call repeated: a second link means it had worked.
    const found = await withPath('look at', temporary, () => {
      return fs.statSync(temporary, { throwIfNoEntry: false })
    })
    if (found?.nlink === 2) return true
    if (code === 'EEXIST') return false
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS') {
      // Nothing else that Node offers is both exclusive and whole after a crash.
      throw new VarveError('io', `the file system of ${dirname(path)} has no hard links`, {
        data: { path, system: code },
        hint: 'varve publishes with hard links instead of locks: keep the repository on another file system',
        cause: error,
      })
    }
    throw fileError(error, 'create', path)
  }
}

/** Writes all of `bytes` at the file's position. */
export async function writeFully(fd: number, bytes: Uint8Array, path: string): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    done += await new Promise<number>((resolve, reject) => {
      fs.write(fd, bytes, done, bytes.length - done, null, (error, written) => {
        if (error) reject(fileError(error, 'write', path))
        else resolve(written)
      })
    })
  }
}

/** Up to this many bytes are read in the calling thread: 3 µs from the cache, not 40 through libuv's pool. */
const SYNC_READ_LIMIT = 128 * 1024

/** `length` bytes from `offset`; `io` when the file ends before. */
export async function readFully(
  fd: number,
  offset: number,
  length: number,
  path: string,
): Promise<Uint8Array> {
  const size = fs.fstatSync(fd).size
  if (offset < 0 || length < 0 || offset + length > size) {
    throw new VarveError('io', `cannot read ${path}: it ends before byte ${offset + length}`, {
      data: { path, offset, length, size },
    })
  }
  // Not from Buffer's pool: what is kept for long must not keep 8 KiB of others alive.
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const count = await readSome(fd, bytes, done, length - done, offset + done, path)
    if (count === 0) {
      throw new VarveError('io', `cannot read ${path}: it was cut short`, { data: { path } })
    }
    done += count
  }
  return bytes
}

function readSome(
  fd: number,
  into: Uint8Array,
  at: number,
  length: number,
  position: number,
  path: string,
): number | Promise<number> {
  if (length <= SYNC_READ_LIMIT) {
    try {
      return fs.readSync(fd, into, at, length, position)
    } catch (error) {
      throw fileError(error, 'read', path)
    }
  }
  return new Promise((resolve, reject) => {
    fs.read(fd, into, at, length, position, (error, count) => {
      if (error) reject(fileError(error, 'read', path))
      else resolve(count)
    })
  })
}

/** Removes a file; without effect when it is not there. */
export async function removeFile(path: string): Promise<void> {
  try {
    fs.unlinkSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, 'remove', path)
  }
}

/** The whole file, or undefined when there is none. */
export async function readWhole(path: string): Promise<Uint8Array | undefined> {
  let fd: number
  try {
    fd = fs.openSync(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, 'read', path)
  }
  try {
    return await readFully(fd, 0, fs.fstatSync(fd).size, path)
  } catch (error) {
    throw fileError(error, 'read', path)
  } finally {
    fs.closeSync(fd)
  }
}

/**
 * Removes what crashed writers left in a folder of temporary files. Only files last written before a
 * time (milliseconds since 1970) go: a younger one may belong to somebody at work.
 */
export async function sweepTemporaryFiles(folder: string, before: number): Promise<number> {
  let names: string[]
  try {
    names = await fs.promises.readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0
    throw fileError(error, 'list', folder)
  }
  let removed = 0
  for (const name of names) {
    const path = join(folder, name)
    const found = fs.lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined || !found.isFile() || found.mtimeMs >= before) continue
    await removeFile(path)
    removed++
  }
  return removed
}
