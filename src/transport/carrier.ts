/** What the far side is asked to be: one that gives objects, or one that takes them. */
export type Service = 'upload-pack' | 'receive-pack'

export interface ExchangeOptions {
  /** Ends the exchange; what was asked for is `interrupted`. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Moves requests to another repository, and its answers back. The protocol is a sequence of exchanges, each one request
 * and one answer; both are streams of frames that say themselves where they end (docs/protocol/wire.md). So over a
 * pair of pipes many exchanges follow each other, and over HTTP each is one POST.
 */
export interface Carrier {
  /** For messages: where the other repository is. Never holds a password or a token. */
  readonly location: string
  /**
   * One exchange. Pieces may have any size, and need not be those that the other side wrote. The answer is read as the
   * other side gives it, and not faster than the caller takes it; the request likewise. A caller that stops reading
   * the answer gives the exchange up.
   *
   * `disconnected` where the connection ends before the answer does; after that, another exchange may be asked for, for
   * which a carrier connects anew where it can.
   */
  exchange(
    service: Service,
    request: AsyncIterable<Uint8Array>,
    options?: ExchangeOptions,
  ): AsyncIterable<Uint8Array>
  /** Lets go of connections and processes. */
  close(): Promise<void>
}
