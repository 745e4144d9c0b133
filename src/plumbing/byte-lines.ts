import { Buffer } from 'node:buffer'
import { MAX_VALUE_BYTES } from '../core/column-layout.ts'
import { VarveError } from '../core/errors.ts'

/** Lines end with a line feed; under `-z` with a NUL. */
export const LINE_FEED = 0x0a
export const NUL = 0x00

/** Gets bytes `start` to `end` of `bytes`, a line without its end. The bytes do not stay. */
export type LineSink = (bytes: Buffer, start: number, end: number) => void

/**
 * Cuts a stream into lines as it comes; the last one may lack its end. Holds one chunk and one
 * line at most; `too-large` for a line over 64 MiB (the longest value).
 */
export async function forEachLine(
  source: AsyncIterable<Uint8Array>,
  end: number,
  sink: LineSink,
): Promise<void> {
  const pieces: Uint8Array[] = []
  let pending = 0
  for await (const part of source) {
    const chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
    let from = 0
    let at = chunk.indexOf(end)
    if (at !== -1 && pending > 0) {
      const line = Buffer.concat([...pieces, chunk.subarray(0, at)])
      pieces.length = 0
      pending = 0
      sink(line, 0, line.length)
      from = at + 1
      at = chunk.indexOf(end, from)
    }
    for (; at !== -1; at = chunk.indexOf(end, from)) {
      sink(chunk, from, at)
      from = at + 1
    }
    if (from < chunk.length) {
      pending += chunk.length - from
      if (pending > MAX_VALUE_BYTES) {
        throw new VarveError('too-large', 'a line has more than 64 MiB', {
          data: { size: pending },
        })
      }
      pieces.push(chunk.subarray(from))
    }
  }
  if (pending > 0) {
    const line = Buffer.concat(pieces)
    sink(line, 0, line.length)
  }
}

/** The lines of a stream as text, one by one: for lists of names, not for data. */
export async function* textLines(
  source: AsyncIterable<Uint8Array>,
  end: number = LINE_FEED,
): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  for await (const part of source) {
    const chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
    let from = 0
    for (let at = chunk.indexOf(end); at !== -1; at = chunk.indexOf(end, from)) {
      pieces.push(chunk.subarray(from, at))
      yield Buffer.concat(pieces).toString('utf8')
      pieces = []
      from = at + 1
    }
    if (from < chunk.length) pieces.push(Buffer.from(chunk.subarray(from)))
  }
  if (pieces.length > 0) yield Buffer.concat(pieces).toString('utf8')
}

/** All of a stream in one piece; `too-large` past `limit` bytes. */
export async function readWhole(
  source: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of source) {
    size += piece.length
    if (size > limit) {
      throw new VarveError('too-large', `more than ${limit} bytes`, { data: { limit } })
    }
    pieces.push(piece)
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size)
}
