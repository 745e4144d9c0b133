import type { Carrier, ExchangeOptions, Service } from './carrier.ts'
import { FrameReader } from './frames.ts'

/** An exchange that is going on: its answer, and how much has moved. */
export interface OpenExchange {
  readonly frames: FrameReader
  /** Bytes of frames so far, of both directions. */
  readonly bytes: number
  /** Whether the request was handed over to its end: then the other side may have acted on it. */
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
      yield piece
    }
    isSent = true
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
