import fs from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { VarveError } from '../core/errors.ts'

/** Whoever read the output went away; not an error, the end of the work. */
export class BrokenPipe extends VarveError {
  constructor() {
    super('io', 'the reader of the output went away')
  }
}

const CHUNK_BYTES = 64 * 1024
/** How long a piece that is not large yet waits for more: who asks a question must get its answer. */
const IDLE_MS = 20

/**
 * Writes to a stream in large pieces and waits when it is full, so that a slow reader slows the
 * producer down instead of filling memory. Where nothing more comes, it does not wait for a piece
 * to be large.
 */
export class Output {
  readonly stream: NodeJS.WritableStream
  #pending: (string | Uint8Array)[] = []
  #pendingBytes = 0
  #failure: Error | undefined
  /** The write under way, and all before it. */
  #written: Promise<void> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  /** Ends the write that waits for the reader. */
  #giveUp: ((reason: Error) => void) | undefined
  #file: ReturnType<typeof fileOf> | undefined
  /** Whether each write is seen at once, as on a terminal. */
  readonly immediate: boolean

  /** @param abort ends a write that waits for a reader; what is done is reported all the same */
  constructor(stream: NodeJS.WritableStream, immediate: boolean, abort?: AbortSignal) {
    this.stream = stream
    this.immediate = immediate
    abort?.addEventListener('abort', () => this.#giveUp?.(abort.reason))
    stream.on('error', (error) => {
      this.#failure ??= writeError(error)
    })
  }

  /**
   * Resolves when more can be written: a large piece may still be on its way while the next is made. The bytes
   * must not change before `flush`.
   */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (chunk.length === 0) return
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.immediate) return this.flush()
    // A failure is kept, and thrown at the next write.
    const flush = (): void => void this.flush().catch(() => undefined)
    if (this.#pendingBytes < CHUNK_BYTES) {
      this.#idle ??= setTimeout(flush, IDLE_MS)
      return
    }
    const before = this.#written
    flush()
    return before
  }

  flush(): Promise<void> {
    clearTimeout(this.#idle)
    this.#idle = undefined
    this.#written = this.#written.then(() => this.#writePending())
    return this.#written
  }

  async #writePending(): Promise<void> {
    if (this.#pendingBytes > 0) {
      const pieces = joinPieces(this.#pending)
      this.#pending = []
      this.#pendingBytes = 0
      for (const piece of pieces) await this.#send(piece)
      // A pipe is written at once, and without a pause no signal would ever be noticed.
      await setImmediate()
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async #send(piece: string | Uint8Array): Promise<void> {
    if (typeof piece !== 'string' && piece.length >= CHUNK_BYTES) {
      this.#file ??= fileOf(this.stream)
      if (this.#file !== 'none') return this.#sendApart(this.#file.fd, piece)
    }
    return new Promise((resolve, reject) => {
      this.#giveUp = (reason) => {
        this.#failure ??= reason
        reject(reason)
      }
      this.stream.write(piece, (error) => {
        this.#giveUp = undefined
        if (error === null || error === undefined) return resolve()
        this.#failure ??= writeError(error)
        reject(this.#failure)
      })
    })
  }

  /** Writes to a file in libuv's pool: the stream would keep this thread waiting. */
  async #sendApart(fd: number, piece: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < piece.length; ) {
        at += (await writeInPool(fd, piece, at, piece.length - at)).bytesWritten
      }
    } catch (error) {
      this.#failure ??= writeError(error as NodeJS.ErrnoException)
      throw this.#failure
    }
  }
}

const writeInPool = promisify(fs.write)

/** The descriptor of a stream that is a regular file, as the standard output often is. */
function fileOf(stream: NodeJS.WritableStream): { readonly fd: number } | 'none' {
  const { fd } = stream as { readonly fd?: unknown }
  if (typeof fd !== 'number') return 'none'
  try {
    return fs.fstatSync(fd).isFile() ? { fd } : 'none'
  } catch {
    // The stream says what is wrong with it.
    return 'none'
  }
}

/** Runs of text become one string; bytes stay as they are. */
function joinPieces(pieces: readonly (string | Uint8Array)[]): (string | Uint8Array)[] {
  const joined: (string | Uint8Array)[] = []
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece
      continue
    }
    if (text !== '') joined.push(text)
    text = ''
    joined.push(piece)
  }
  if (text !== '') joined.push(text)
  return joined
}

function writeError(error: NodeJS.ErrnoException): Error {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return new BrokenPipe()
  const code = error.code === 'ENOSPC' ? 'disk-full' : 'io'
  return new VarveError(code, `cannot write the output: ${error.message}`, { cause: error })
}
