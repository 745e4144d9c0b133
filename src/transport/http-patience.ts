/** Milliseconds that a peer may keep us waiting, whatever it sends. */
const PATIENCE_MS = 30_000
/** Bytes a second, above which waiting for a peer costs none of that. */
const SLOWEST = 1024

/**
 * How long the other side of a connection may still be waited for: {@link PATIENCE_MS}, and a second more for each KiB that
 * it took or gave. Time in which it is not waited for does not count.
 */
export class Patience {
  #waitedMs = 0
  #bytes = 0
  #waitingSince: number | undefined
  readonly #onEnd: () => void

  /** @param onEnd called when a wait takes too long */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Milliseconds that the peer was waited for until now. */
  get waitedMs(): number {
    const since = this.#waitingSince
    return this.#waitedMs + (since === undefined ? 0 : performance.now() - since)
  }

  /** What the peer took and gave. */
  get bytes(): number {
    return this.#bytes
  }

  moved(bytes: number): void {
    this.#bytes += bytes
  }

  /** Waits for the peer. */
  async during<T>(wait: Promise<T>): Promise<T> {
    const left = PATIENCE_MS + (this.#bytes / SLOWEST) * 1000 - this.#waitedMs
    const timer = setTimeout(this.#onEnd, Math.max(1, Math.min(left, 2 ** 31 - 1)))
    this.#waitingSince = performance.now()
    try {
      return await wait
    } finally {
      clearTimeout(timer)
      this.#waitedMs = this.waitedMs
      this.#waitingSince = undefined
    }
  }
}
