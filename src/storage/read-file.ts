import { Buffer } from 'node:buffer'
import fs from 'node:fs'
import { promisify } from 'node:util'
import { VarveError } from '../core/errors.ts'
import { letOthersRun } from './event-loop.ts'
import { fileError, systemCode, withPath } from './file-errors.ts'
import { isNamedPipe, openPipe } from './open-pipe.ts'

export interface ReadFileOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether a piece may be one that holds only until the next is asked for: of a large file that is faster. */
  readonly isLent?: boolean | undefined
}

const READ_SIZE = 1 << 18
/** Of a piece that is read while the one before it is in use. */
const LENT_SIZE = 1 << 20

export interface FoundPath {
  readonly kind: 'file' | 'folder' | 'stream'
  /** Bytes. */
  readonly size: number
  /** Last modification, nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly inode: bigint
}

/** What is at a path anywhere, links followed; `stream` is what can be read once, as a pipe. */
export function lookAtPath(path: string): FoundPath | undefined {
  try {
    const found = fs.statSync(path, { bigint: true })
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'stream'
    const { mtimeNs, ino: inode } = found
    return { kind, size: Number(found.size), mtimeNs, inode }
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw fileError(error, 'look at', path)
  }
}

/**
 * The bytes of any file, in pieces that are the reader's own unless they are lent. `bad-input` where it ends before it did when
 * it was opened: somebody is writing it anew.
 */
export async function* readFile(
  path: string,
  options: ReadFileOptions = {},
): AsyncIterable<Uint8Array> {
  // A regular file answers at once: for a short one, another thread would take longer to be asked. A pipe may not
  // answer for a long time.
  const kind = lookAtPath(path)?.kind
  if (kind === 'stream' && isNamedPipe(path)) {
    yield* readPipe(path, options.signal)
    return
  }
  const source = kind === 'file' ? openNow(path, options) : await openLater(path)
  let read = 0
  try {
    for (;;) {
      await letOthersRun()
      checkSignal(options.signal)
      const piece = await withPath('read', path, () => source.next())
      read += piece.length
      if (piece.length === 0) break
      yield piece
    }
    if (read < source.size) throw cutShort(path, read, source.size)
  } finally {
    await source.close()
  }
}

/** The bytes `from` to `to` (exclusive) of a file, fewer where it ends. */
export async function readFileRange(path: string, from: number, to: number): Promise<Uint8Array> {
  await letOthersRun()
  let fd: number
  try {
    fd = fs.openSync(path, 'r')
  } catch (error) {
    throw notOpened(error, path)
  }
  try {
    const bytes = new Uint8Array(to - from)
    let count = 0
    while (count < bytes.length) {
      const read = await withPath('read', path, () =>
        fs.readSync(fd, bytes, count, bytes.length - count, from + count),
      )
      if (read === 0) break
      count += read
    }
    return bytes.subarray(0, count)
  } finally {
    fs.closeSync(fd)
  }
}

interface OpenSource {
  /** Bytes that there were when it was opened, where that is known; else 0. */
  readonly size: number
  /** The next bytes; none at the end. */
  next(): Uint8Array | Promise<Uint8Array>
  close(): void | Promise<void>
}

function openNow(path: string, { isLent }: ReadFileOptions): OpenSource {
  let fd: number
  try {
    fd = fs.openSync(path, 'r')
  } catch (error) {
    throw notOpened(error, path)
  }
  // No more memory than there is to read: thousands of small files are read one after another.
  const { size } = fs.fstatSync(fd)
  if (isLent && size > LENT_SIZE) return new ReadAhead(fd, size)
  let left = size
  return {
    size,
    next() {
      const piece = new Uint8Array(Math.min(Math.max(left, 4096), READ_SIZE))
      const count = fs.readSync(fd, piece)
      left -= count
      return piece.subarray(0, count)
    },
    close: () => fs.closeSync(fd),
  }
}

/** Reads a piece in libuv's pool while the one before it is in use: two buffers take turns. */
class ReadAhead implements OpenSource {
  readonly size: number
  readonly #fd: number
  #next = Buffer.allocUnsafeSlow(LENT_SIZE)
  #lent = Buffer.allocUnsafeSlow(LENT_SIZE)
  /** Into `#next`. */
  #reading: Promise<number>

  constructor(fd: number, size: number) {
    this.size = size
    this.#fd = fd
    this.#reading = this.#read()
  }

  async next(): Promise<Uint8Array> {
    const count = await this.#reading
    const piece = this.#next
    this.#next = this.#lent
    this.#lent = piece
    if (count > 0) this.#reading = this.#read()
    return piece.subarray(0, count)
  }

  async close(): Promise<void> {
    await this.#reading.catch(() => undefined)
    fs.closeSync(this.#fd)
  }

  #read(): Promise<number> {
    const reading = readInPool(this.#fd, this.#next, 0, LENT_SIZE, null).then(
      ({ bytesRead }) => bytesRead,
    )
    // Told to who asks for it.
    reading.catch(() => undefined)
    return reading
  }
}

const readInPool = promisify(fs.read)

async function openLater(path: string): Promise<OpenSource> {
  let handle: fs.promises.FileHandle
  try {
    handle = await fs.promises.open(path, 'r')
  } catch (error) {
    throw notOpened(error, path)
  }
  return {
    size: 0,
    async next() {
      const piece = new Uint8Array(READ_SIZE)
      const { bytesRead } = await handle.read(piece, 0, piece.length, null)
      return piece.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}

/** Whoever writes may be silent for long: an abort is answered at once. */
async function* readPipe(
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  checkSignal(signal)
  const pipe = await openPipe(path, 'read', signal).catch((error: unknown) => {
    throw notOpened(error, path)
  })
  try {
    for await (const piece of pipe) yield piece
  } catch (error) {
    checkSignal(signal)
    throw fileError(error, 'read', path)
  } finally {
    pipe.destroy()
  }
  checkSignal(signal)
}

function cutShort(path: string, read: number, size: number): VarveError {
  return new VarveError('bad-input', `${path} was cut short while it was read`, {
    data: { path, read, size },
    hint: 'run it again when nobody writes the file any more',
  })
}

function notOpened(error: unknown, path: string): unknown {
  if (systemCode(error) !== 'ENOENT') return fileError(error, 'read', path)
  return new VarveError('file-not-found', `no file ${path}`, { data: { path }, cause: error })
}

export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new VarveError('interrupted', 'interrupted: nothing was changed')
}
