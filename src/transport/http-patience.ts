/** Milliseconds that a peer may keep us waiting, whatever it sends. */
const PATIENCE_MS = 30_000
/** Bytes a second, above which waiting for a peer costs none of that. */
const SLOWEST = 1024
/** Waiting is looked at in stretches of so many milliseconds or one piece. */
const STRETCH_MS = 1_000

/**
 * How long the other side of a connection may still be waited for: {@link PATIENCE_MS}, and a second more for each KiB that
 * it took or gave. Time in which it is not waited for does not count. What was taken may lie in buffers on the way: for one
 * piece nobody is waited for much longer than the piece is worth, whatever was taken before.
 */
export class Patience {
  #waitedMs = 0
  #bytes = 0
  #waiting: { readonly since: number; readonly bytes: number } | undefined
  /** Of the stretch that is now. */
  #recentMs = 0
  #recentBytes = 0
  readonly #onEnd: () => void

  /** @param onEnd called when a wait takes too long */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /**
   * Bytes a second that the peer takes or gives of late, at most, as the piece that is waited for may be about to be taken;
   * undefined where it was not waited for long enough to say.
   */
  get pace(): number | undefined {
    const lasts = this.#lastsMs()
    const piece = this.#waiting?.bytes ?? 0
    // What went before may have gone into a buffer.
    if (lasts >= STRETCH_MS) return (piece / lasts) * 1000
    const milliseconds = this.#recentMs + lasts
    if (milliseconds < STRETCH_MS) return undefined
    return ((this.#recentBytes + piece) / milliseconds) * 1000
  }

  moved(bytes: number): void {
    this.#bytes += bytes
    this.#recentBytes += bytes
  }

  /**
   * Waits for the peer.
   * @param bytes of what it is to take, where it is to take something
   */
  async during<T>(wait: Promise<T>, bytes?: number): Promise<T> {
    const inAll = PATIENCE_MS + (this.#bytes / SLOWEST) * 1000 - this.#waitedMs
    const forThis = bytes === undefined ? inAll : PATIENCE_MS + (bytes / SLOWEST) * 1000
    const left = Math.min(inAll, forThis, 2 ** 31 - 1)
    const timer = setTimeout(this.#onEnd, Math.max(1, left))
    if (this.#recentMs >= STRETCH_MS) this.#recentMs = this.#recentBytes = 0
    this.#waiting = { since: performance.now(), bytes: bytes ?? 0 }
    try {
      return await wait
    } finally {
      clearTimeout(timer)
      const lasted = this.#lastsMs()
      this.#waitedMs += lasted
      this.#recentMs += lasted
      this.#waiting = undefined
    }
  }

  #lastsMs(): number {
    return this.#waiting === undefined ? 0 : performance.now() - this.#waiting.since
  }
}
