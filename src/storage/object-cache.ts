import type { Id } from '../core/id.ts'
import type { ReadObject } from './read-chain.ts'

/** Bytes that an object takes besides its own: its id, its place in the cache, and what V8 keeps of it. */
const OVERHEAD = 512

/** Decoded objects, the least recently read forgotten first. */
export class ObjectCache {
  #limit: number
  readonly #largest: number
  /** In order of use, the oldest first. */
  readonly #objects = new Map<Id, ReadObject>()
  #bytes = 0

  /**
   * @param limit bytes of memory to take
   * @param largest bytes of an object that is worth keeping
   */
  constructor(limit: number, largest: number) {
    this.#limit = limit
    this.#largest = largest
  }

  get(id: Id): ReadObject | undefined {
    const object = this.#objects.get(id)
    if (object !== undefined) {
      this.#objects.delete(id)
      this.#objects.set(id, object)
    }
    return object
  }

  /** The objects that are chosen, the least recently read first. */
  *entries(isChosen: (id: Id) => boolean): Iterable<[Id, ReadObject]> {
    for (const [id, object] of this.#objects) if (isChosen(id)) yield [id, object]
  }

  /** From now on it takes no more memory than this, in bytes. */
  limit(bytes: number): void {
    this.#limit = bytes
    this.#makeRoom()
  }

  clear(): void {
    this.#objects.clear()
    this.#bytes = 0
  }

  add(id: Id, object: ReadObject): void {
    const { bytes } = object
    if (bytes.length > this.#largest || this.#objects.has(id)) return
    // A view would keep all that it is a view of.
    const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
    this.#objects.set(id, { ...object, bytes: own })
    this.#bytes += bytes.length + OVERHEAD
    this.#makeRoom()
  }

  #makeRoom(): void {
    if (this.#bytes <= this.#limit) return
    // Many at once: to find the first of a Map takes the longer, the more were removed before it.
    const left = this.#limit - this.#limit / 8
    for (const [oldest, { bytes: old }] of this.#objects) {
      if (this.#bytes <= left) break
      this.#objects.delete(oldest)
      this.#bytes -= old.length + OVERHEAD
    }
  }
}
