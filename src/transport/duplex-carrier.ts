import type { Readable, Writable } from 'node:stream'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Carrier, Service } from './carrier.ts'
import { disconnected, FrameReader, frameKinds } from './frames.ts'

/** Two ends of a connection to one service: a process, ssh, a socket. */
export interface Duplex {
  readonly readable: Readable
  readonly writable: Writable
  /**
   * What a connection that ended says about why, once it has ended: `undefined` where there is nothing to say beyond that.
   */
  readonly reason?: (() => Promise<VarveError | undefined>) | undefined
  /** Ends the connection. */
  readonly close: () => Promise<void>
}

export interface DuplexCarrierOptions {
  /** For messages. Never holds a password. */
  readonly location: string
  /** Connects to a service; asked again after a connection has ended, and for the other service. */
  readonly connect: (service: Service, signal?: AbortSignal) => Promise<Duplex>
}

interface Connection {
  readonly service: Service
  readonly duplex: Duplex
  readonly frames: FrameReader
}

/**
 * A carrier over pairs of byte streams, many exchanges over each, one after another. After an exchange that did not come
 * to its end the connection is closed, as nobody knows what is still on its way; the next exchange makes another.
 */
export function openDuplexCarrier({ location, connect }: DuplexCarrierOptions): Carrier {
  let open: Connection | undefined
  const end = async (): Promise<void> => {
    const { duplex } = open ?? {}
    open = undefined
    await duplex?.close()
  }
  const connection = async (service: Service, signal?: AbortSignal): Promise<Connection> => {
    // The other side may have ended one that nobody used for long.
    const isGone = open !== undefined && hasEnded(open.duplex)
    if (open?.service !== service || isGone) await end()
    if (open !== undefined) return open
    const duplex = await connect(service, signal)
    // A failure comes out where the streams are read and written.
    duplex.readable.on('error', () => undefined)
    duplex.writable.on('error', () => undefined)
    open = { service, duplex, frames: new FrameReader(readingOf(duplex)) }
    return open
  }
  return {
    location,
    async *exchange(service, request, { signal } = {}) {
      const { duplex, frames } = await connection(service, signal)
      const abort = (): void => {
        void end()
      }
      signal?.addEventListener('abort', abort, { once: true })
      let isWhole = false
      // What goes wrong with the writing is told by what is read: an answer may say why no more is taken.
      const writing = writeAll(duplex.writable, request, end)
      try {
        for (;;) {
          const frame = await frames.next()
          if (frame === undefined) throw disconnected()
          // Found out before it is handed on: who has the last frame asks for no more.
          const isLast = frame.kind === frameKinds.end
          if (isLast) isWhole = await isWritten(writing)
          yield frame.raw
          if (isLast || frame.kind === frameKinds.error) return
        }
      } catch (error) {
        if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
        throw hasCode(error, 'disconnected') ? await reasonOf(duplex, writing, error) : error
      } finally {
        signal?.removeEventListener('abort', abort)
        if (!isWhole) await end()
      }
    },
    close: end,
  }
}

function hasEnded({ readable, writable }: Duplex): boolean {
  return (
    readable.destroyed || readable.readableEnded || writable.destroyed || writable.writableEnded
  )
}

async function* readingOf({ readable }: Duplex): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of readable) yield piece as Uint8Array
  } catch (error) {
    throw disconnected(error)
  }
}

/**
 * Writes a request, as fast as it is taken. What stops it is returned, not thrown.
 * @param giveUp ends the connection: where the request itself fails, the other side would wait for its end
 */
async function writeAll(
  writable: Writable,
  request: AsyncIterable<Uint8Array>,
  giveUp: () => Promise<void>,
): Promise<unknown> {
  const pieces = request[Symbol.asyncIterator]()
  for (;;) {
    let next: IteratorResult<Uint8Array>
    try {
      next = await pieces.next()
    } catch (error) {
      await giveUp()
      return error
    }
    if (next.done) return undefined
    try {
      await writePiece(writable, next.value)
    } catch (error) {
      await pieces.return?.()
      return error
    }
  }
}

/** Whether a request whose answer has ended was taken whole. */
function isWritten(writing: Promise<unknown>): Promise<boolean> {
  const isTaken = writing.then((failure) => failure === undefined)
  // That the last of it is on its way may be told after the answer. Who answered early may never take the rest.
  const isLate = new Promise<false>((resolve) => setImmediate(() => resolve(false)))
  return Promise.race([isTaken, isLate])
}

/** Writes to a stream, waiting while its reader is behind; an error where it is closed. */
export function writePiece(writable: Writable, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (writable.destroyed || writable.writableEnded) {
      reject(disconnected())
      return
    }
    const onClose = (): void => reject(disconnected())
    writable.once('close', onClose)
    writable.write(piece, (error) => {
      writable.off('close', onClose)
      if (error) reject(disconnected(error))
      else resolve()
    })
  })
}

async function reasonOf(
  { reason }: Duplex,
  writing: Promise<unknown>,
  error: VarveError,
): Promise<unknown> {
  const told = await reason?.()
  if (told !== undefined) return told
  // What this side found wrong with its own request says more than that the other side hung up.
  const failure = await Promise.race([writing, Promise.resolve(undefined)])
  return failure instanceof VarveError && !hasCode(failure, 'disconnected') ? failure : error
}
