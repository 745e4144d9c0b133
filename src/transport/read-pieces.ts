import type { Readable } from 'node:stream'

/** Bytes that have come and were not taken, above which the other side has to wait. */
export const READ_AHEAD = 256 * 1024

/**
 * What comes of a stream, in the pieces in which it comes: a loop over the stream itself asks for each of them anew and, where
 * several have come, puts them together first. Throws what ends it early. Whoever stops before the end destroys it.
 */
export async function* readPieces(readable: Readable): AsyncGenerator<Uint8Array, void> {
  let pieces: Uint8Array[] = []
  let bytes = 0
  let isEnded = readable.readableEnded
  let isClosed = readable.destroyed
  let failure: Error | undefined
  let wake: (() => void) | undefined
  const onData = (piece: Uint8Array): void => {
    pieces.push(piece)
    bytes += piece.length
    if (bytes >= READ_AHEAD) readable.pause()
    wake?.()
  }
  const onEnd = (): void => {
    isEnded = true
    wake?.()
  }
  const onError = (error: Error): void => {
    failure = error
    wake?.()
  }
  const onClose = (): void => {
    isClosed = true
    wake?.()
  }
  readable.on('error', onError).on('end', onEnd).on('close', onClose).on('data', onData)
  readable.resume()
  try {
    for (;;) {
      if (pieces.length > 0) {
        const taken = pieces
        pieces = []
        bytes = 0
        if (readable.isPaused()) readable.resume()
        yield* taken
      } else if (failure !== undefined) throw failure
      else if (isEnded) return
      else if (isClosed) throw readable.errored ?? new Error('the stream was closed early')
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
      }
    }
  } finally {
    readable.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onError)
    if (!isEnded) readable.destroy()
  }
}
