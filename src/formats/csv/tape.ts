import type { KeptBytes } from './kept-bytes.ts'
import type { ByteSource } from './stream.ts'

/**
 * Keeps what is read of a source until it is told to stop; who stops reading does not end it. Closing it lets go of
 * both.
 */
export function recorded(source: ByteSource, kept: KeptBytes) {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let isOn = true
  const bytes = async function* (): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const { value, done } = await iterator.next()
      if (done === true) return
      if (isOn) await kept.add(value)
      yield value
    }
  }
  return {
    bytes,
    /** What was kept, then what is still to come. */
    async *again(): AsyncGenerator<Uint8Array, void, void> {
      yield* kept.read()
      yield* bytes()
    },
    stop(): void {
      isOn = false
    },
    async close(): Promise<void> {
      await kept.discard()
      await iterator.return?.()
    },
  }
}
