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

/** The number of the process that has made such a name; undefined for any other. */
export function processOf(name: string): number | undefined {
  const pid = /^(\d+)-[0-9a-f]{16}$/.exec(name)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

/** Whether a process of this number runs here. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
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
  const fd = await withPath('open', folder, () => fs.openSync(folder, 'r'))
  try {
    await fsyncFile(fd, folder, observer)
  } finally {
    fs.closeSync(fd)
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
    fs.mkdirSync(folder)
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
  for (let done = 0; done < bytes.length; ) {
    const written = writeSome(fd, bytes, done, path)
    done += written instanceof Promise ? await written : written
  }
}

/** As {@link writeFully}, to a pipe or a terminal, which takes bytes when it likes: others have their turn meanwhile. */
export async function writeToPipe(fd: number, bytes: Uint8Array, path: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += await writeApart(fd, bytes, done, path)
}

/**
 * Up to this many bytes are read and written in the calling thread: 3 µs from and to the cache, not 40 through libuv's
 * pool.
 */
const SYNC_LIMIT = 128 * 1024

function writeSome(
  fd: number,
  bytes: Uint8Array,
  at: number,
  path: string,
): number | Promise<number> {
  const length = bytes.length - at
  if (length > SYNC_LIMIT) return writeApart(fd, bytes, at, path)
  try {
    return fs.writeSync(fd, bytes, at, length, null)
  } catch (error) {
    throw fileError(error, 'write', path)
  }
}

/** Writes in libuv's pool. */
function writeApart(fd: number, bytes: Uint8Array, at: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, at, bytes.length - at, null, (error, written) => {
      if (error) reject(fileError(error, 'write', path))
      else resolve(written)
    })
  })
}

/** The longest record has some more than what an object of it may hold. A file with holes says any length. */
const MOST_READ = 2 ** 32

/** `length` bytes from `offset`; `io` when the file ends before, `too-large` where memory could not hold them. */
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
  if (length > MOST_READ) throw tooMany(path, length, MOST_READ)
  return readExactly(fd, offset, length, path)
}

async function readExactly(
  fd: number,
  offset: number,
  length: number,
  path: string,
): Promise<Uint8Array> {
  // Not from Buffer's pool: what is kept for long must not keep 8 KiB of others alive. All of it is written over.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
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

function tooMany(path: string, length: number, limit: number): VarveError {
  return new VarveError('too-large', `cannot read ${path}: ${length} bytes are too many at once`, {
    data: { path, length, limit },
  })
}

function readSome(
  fd: number,
  into: Uint8Array,
  at: number,
  length: number,
  position: number,
  path: string,
): number | Promise<number> {
  if (length <= SYNC_LIMIT) {
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

/** Longer files are not read whole: no part of a log and no index is that long. */
const MOST_WHOLE = 2 ** 30

/** The whole file, or undefined when there is none; `too-large` where it has more than a GiB. */
export async function readWhole(path: string): Promise<Uint8Array | undefined> {
  let fd: number
  try {
    // The end of the log is asked for again and again: to be told so is cheaper than a failure.
    if (fs.statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
    fd = fs.openSync(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, 'read', path)
  }
  try {
    const { size } = fs.fstatSync(fd)
    if (size > MOST_WHOLE) throw tooMany(path, size, MOST_WHOLE)
    return await readExactly(fd, 0, size, path)
  } catch (error) {
    throw fileError(error, 'read', path)
  } finally {
    fs.closeSync(fd)
  }
}

/** Names in a folder, for tidying up: none where it may be written to and not listed. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'EACCES' || systemCode(error) === 'EPERM') return []
    throw fileError(error, 'list', folder)
  }
}

/**
 * Removes what crashed writers left in a folder of temporary files. Only files last written before a
 * time (milliseconds since 1970) go: a younger one may belong to somebody at work.
 */
export async function sweepTemporaryFiles(folder: string, before: number): Promise<number> {
  let names: string[]
  try {
    names = fs.readdirSync(folder)
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
