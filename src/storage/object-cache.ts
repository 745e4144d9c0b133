import type { Id } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'

/** A larger object is read too rarely twice to keep it. */
const LARGEST = 256 * 1024

/** Decoded small objects (not values), the least recently read forgotten first. */
export class ObjectCache {
  readonly #limit: number
  /** In order of use, the oldest first. */
  readonly #objects = new Map<Id, StoredObject>()
  #bytes = 0

  /** @param limit bytes to keep */
  constructor(limit: number) {
    this.#limit = limit
  }

  get(id: Id): StoredObject | undefined {
    const object = this.#objects.get(id)
    if (object !== undefined) {
      this.#objects.delete(id)
      this.#objects.set(id, object)
    }
    return object
  }

  add(id: Id, object: StoredObject): void {
    const { kind, bytes } = object
    if (kind === 'blob' || kind === 'column' || bytes.length > LARGEST) return
    if (this.#objects.has(id)) return
    // A view would keep all that it is a view of.
    const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
    this.#objects.set(id, { kind, bytes: own })
    this.#bytes += bytes.length
    for (const [oldest, { bytes: old }] of this.#objects) {
      if (this.#bytes <= this.#limit) break
      this.#objects.delete(oldest)
      this.#bytes -= old.length
    }
  }
}
