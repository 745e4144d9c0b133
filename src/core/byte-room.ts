/** Buffers are made in steps of this many bytes, so that they serve again for what is a little longer. */
const STEP = 64 * 1024
/** Bytes that wait to serve again, at most. */
const MOST_SPARE = 16 * 1024 * 1024

/**
 * Memory for bytes that are needed one after another, each for a short time: what was given back serves again. V8
 * collects all that there is each time that some dozens of megabytes of new buffers were made.
 */
export class ByteRoom {
  readonly #taken = new WeakSet<Uint8Array>()
  readonly #spare: ArrayBufferLike[] = []
  #bytes = 0

  /** `length` bytes of any content. */
  take(length: number): Uint8Array {
    const at = this.#spare.findIndex(({ byteLength }) => byteLength >= length)
    const buffer =
      at >= 0 ? this.#spare.splice(at, 1)[0]! : new ArrayBuffer(Math.ceil(length / STEP) * STEP)
    if (at >= 0) this.#bytes -= buffer.byteLength
    const bytes = new Uint8Array(buffer, 0, length)
    this.#taken.add(bytes)
    return bytes
  }

  /** Takes bytes back that nobody looks at any more; others than those from here are left alone. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes
    if (!this.#taken.delete(bytes) || this.#bytes + buffer.byteLength > MOST_SPARE) return
    this.#spare.push(buffer)
    this.#bytes += buffer.byteLength
  }
}
