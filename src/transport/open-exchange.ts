import type { Carrier, ExchangeOptions, Service } from './carrier.ts'
import { END_FRAME, FrameReader } from './frames.ts'

/** An exchange that is going on: its answer, and how much has moved. */
export interface OpenExchange {
  readonly frames: FrameReader
  /** Bytes of frames so far, of both directions. */
  readonly bytes: number
  /** Whether the end of the request was handed over: then the other side may have acted on it. */
  readonly isSent: boolean
  /** Gives the rest of the answer up. */
  close(): Promise<void>
}

export function openExchange(
  carrier: Carrier,
  service: Service,
  request: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ExchangeOptions = {},
): OpenExchange {
  let sent = 0
  let isSent = false
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of request) {
      sent += piece.length
      // Who has the last piece may act on it, and not ask for more.
      isSent ||= piece === END_FRAME
      yield piece
    }
  }
  const frames = new FrameReader(carrier.exchange(service, counted(), options))
  return {
    frames,
    get bytes() {
      return sent + frames.bytes
    },
    get isSent() {
      return isSent
    },
    close: () => frames.close(),
  }
}
