import fs from 'node:fs'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'

/** How often the other end of a pipe is opened, in milliseconds, until our own has opened. */
const KNOCKING = 20

const openInPool = promisify(fs.open)

/** Whether to open what is at a path waits for somebody at its other end. */
export function isNamedPipe(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false
}

/**
 * An end of a named pipe, once somebody has opened the other one. An abort ends the wait for them, and for what they
 * read or write: the stream is destroyed then.
 */
export async function openPipe(
  path: string,
  end: 'read' | 'write',
  signal: AbortSignal | undefined,
): Promise<Socket> {
  const { Socket } = await import('node:net')
  const fd = await openEnd(path, end, signal)
  // No thread waits for who is silent at the other end: a process could not end before it.
  const pipe = new Socket({ fd, readable: end === 'read', writable: end === 'write' })
  const onAbort = (): void => {
    pipe.destroy()
  }
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort)
  pipe.once('close', () => signal?.removeEventListener('abort', onAbort))
  return pipe
}

/** Opened in libuv's pool. No call ends the wait of its thread: an abort opens the other end for a moment. */
async function openEnd(
  path: string,
  end: 'read' | 'write',
  signal: AbortSignal | undefined,
): Promise<number> {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = fs.constants
  const [own, other] = end === 'read' ? [O_RDONLY, O_WRONLY] : [O_WRONLY, O_RDONLY]
  let knocking: NodeJS.Timeout | undefined
  const knock = (): void => {
    try {
      fs.closeSync(fs.openSync(path, other | O_NONBLOCK))
    } catch {
      // The thread does not wait yet, or the pipe has gone: it is tried again.
    }
  }
  const onAbort = (): void => {
    knock()
    knocking = setInterval(knock, KNOCKING)
  }
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort)
  try {
    return await openInPool(path, own)
  } finally {
    clearInterval(knocking)
    signal?.removeEventListener('abort', onAbort)
  }
}
