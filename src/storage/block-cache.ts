import type { Storage } from './storage.ts'

/** Small records lie in packs in the order in which they were made: one that is read is seldom alone. */
const BLOCK = 32 * 1024
/** Longer ranges are read as they are. */
const LONGEST = BLOCK / 2
/** Blocks kept of all packs together, 4 MiB: the records of some thousand commits of a series. */
const KEPT = 128
/** Blocks of which it is known that they were asked for once. */
const SEEN = 4096

/**
 * Blocks of packs, of which what a name stands for never changes. A block is read whole when something of it is asked
 * for a second time: who reads one record here and one there reads no more than those.
 */
export class BlockCache {
  /** In order of use, the oldest first. */
  readonly #blocks = new Map<string, Uint8Array>()
  /** In order of use, the oldest first. */
  readonly #seen = new Set<string>()

  /** A view, not to be written to; at once where it is in memory. */
  range(
    storage: Pick<Storage, 'range'>,
    name: string,
    size: number,
    offset: number,
    length: number,
  ): Uint8Array | Promise<Uint8Array> {
    const number = Math.floor(offset / BLOCK)
    const start = number * BLOCK
    if (length > LONGEST || offset + length > start + BLOCK) {
      return storage.range(name, offset, length)
    }
    const key = `${number} ${name}`
    const block = this.#blocks.get(key)
    if (block !== undefined) {
      this.#blocks.delete(key)
      this.#blocks.set(key, block)
      return block.subarray(offset - start, offset - start + length)
    }
    if (!this.#seen.delete(key)) {
      this.#seen.add(key)
      if (this.#seen.size > SEEN)
        for (const oldest of this.#seen) {
          this.#seen.delete(oldest)
          break
        }
      return storage.range(name, offset, length)
    }
    return storage.range(name, start, Math.min(BLOCK, size - start)).then((bytes) => {
      this.#blocks.set(key, bytes)
      for (const oldest of this.#blocks.keys()) {
        if (this.#blocks.size <= KEPT) break
        this.#blocks.delete(oldest)
      }
      return bytes.subarray(offset - start, offset - start + length)
    })
  }
}
