import type { SFTPWrapper } from 'ssh2'
import { VarveError } from '../core/errors.ts'

/** Bytes asked for or sent at a time; servers take no more than 256 KiB. */
const PIECE = 32 * 1024
/** Pieces that are on their way at a time. */
const AT_ONCE = 32
const END_OF_FILE = 1
export const NO_SUCH_FILE = 2
const PERMISSION_DENIED = 3

type Done<T> = (error?: Error | null, value?: T) => void

/** Requests to a server of files, as promises; a failure is `permission-denied`, `disconnected` or `io`. */
export class SftpRequests {
  readonly #sftp: SFTPWrapper
  readonly #location: string

  /** @param location for messages */
  constructor(sftp: SFTPWrapper, location: string) {
    this.#sftp = sftp
    this.#location = location
  }

  /** @param doing what fails where it does: `read` */
  call<T>(doing: string, path: string, ask: (done: Done<T>) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(sftpError(error, doing, path, this.#location))
      try {
        ask((error, value) => (error ? fail(error) : resolve(value as T)))
      } catch (error) {
        fail(error as Error)
      }
    })
  }

  openFile(path: string): Promise<Buffer> {
    return this.call<Buffer>('open', path, (done) => this.#sftp.open(path, 'r', done))
  }

  /** What becomes of it changes nothing any more. */
  close(handle: Buffer): void {
    const closed = this.call<void>('close', 'a file', (done) => this.#sftp.close(handle, done))
    closed.catch(() => undefined)
  }

  /** So many bytes; undefined where the file ends before. */
  async read(
    handle: Buffer,
    path: string,
    offset: number,
    length: number,
  ): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(length)
    let found = 0
    await inPieces(length, async (at, piece) => {
      const target = Buffer.from(bytes.buffer, at, piece)
      for (let read = 0; read < piece; ) {
        const got = await this.call<number>('read', path, (done) =>
          this.#sftp.read(handle, target, read, piece - read, offset + at + read, done),
        ).catch((error) => {
          if (codeOf(error) === END_OF_FILE) return 0
          throw error
        })
        if (got === 0) return
        read += got
        found += got
      }
    })
    return found === length ? bytes : undefined
  }

  async flush(handle: Buffer, path: string): Promise<void> {
    await this.call<void>('flush', path, (done) => {
      try {
        this.#sftp.ext_openssh_fsync(handle, done)
      } catch {
        // The server has no such extension: it flushes when it will.
        done()
      }
    })
  }
}

/** Runs for each piece of so many bytes, several at a time. */
export async function inPieces(
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
export function codeOf(error: unknown): number | undefined {
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
