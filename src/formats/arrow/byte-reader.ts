/** Takes pieces of known sizes off a stream of bytes. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #expected: number
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0
  #position = 0
  #ended = false
  #taken: Uint8Array[] | undefined = []

  /** `bytes` is how many there should be: that many are made room for at once. */
  constructor(source: AsyncIterable<Uint8Array>, bytes = 0) {
    this.#source = source[Symbol.asyncIterator]()
    this.#expected = bytes
  }

  /** How many were taken. */
  get position(): number {
    return this.#position
  }

  /** The next `count` bytes in memory of their own, or fewer where they end before. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    // A size that was read from outside is believed as far as there can be bytes for it.
    const likely = Math.max(FIRST_BYTES, this.#expected - this.#position)
    let taken = new Uint8Array(Math.min(count, likely))
    let length = 0
    while (length < count && (await this.#more())) {
      if (length === taken.length) {
        const larger = new Uint8Array(Math.min(count, 2 * length))
        larger.set(taken)
        taken = larger
      }
      const piece = Math.min(this.#chunk.length - this.#at, taken.length - length)
      taken.set(this.#chunk.subarray(this.#at, this.#at + piece), length)
      length += piece
      this.#at += piece
      this.#position += piece
    }
    const whole = length === taken.length ? taken : taken.slice(0, length)
    this.#taken?.push(whole)
    return whole
  }

  /** Keeps nothing of what is taken any more: `again` cannot be called then. */
  forget(): void {
    this.#taken = undefined
  }

  /** All bytes from the first on, those too that were taken. */
  async *again(): AsyncGenerator<Uint8Array, void, void> {
    yield* this.#taken!
    this.forget()
    while (await this.#more()) {
      yield this.#chunk.subarray(this.#at)
      this.#at = this.#chunk.length
    }
  }

  /** Passes over the next `count` bytes; false where there are fewer. */
  async skip(count: number): Promise<boolean> {
    let left = count
    while (left > 0 && (await this.#more())) {
      const piece = Math.min(this.#chunk.length - this.#at, left)
      left -= piece
      this.#at += piece
      this.#position += piece
    }
    return left === 0
  }

  /**
   * Passes over all that is left; returns its last `count` bytes, how many there were, and whether
   * they were zeros alone.
   */
  async rest(count: number): Promise<{ tail: Uint8Array; length: number; isZero: boolean }> {
    let tail = new Uint8Array(0)
    let isZero = true
    const before = this.#position
    while (await this.#more()) {
      const chunk = this.#chunk.subarray(this.#at)
      this.#position += chunk.length
      this.#at = this.#chunk.length
      isZero &&= chunk.every((byte) => byte === 0)
      const joined = new Uint8Array(tail.length + Math.min(chunk.length, count))
      joined.set(tail)
      joined.set(chunk.subarray(Math.max(0, chunk.length - count)), tail.length)
      tail = joined.slice(-count)
    }
    return { tail, length: this.#position - before, isZero }
  }

  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#source.return?.()
  }

  async #more(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      if (this.#ended) return false
      const next = await this.#source.next()
      if (next.done === true) {
        this.#ended = true
        return false
      }
      this.#chunk = next.value
      this.#at = 0
    }
    return true
  }
}

const FIRST_BYTES = 64 * 1024
