import { ByteRoom } from './byte-room.ts'
import type { Id, ObjectKind } from './id.ts'
import type { ObjectWriter, PutOptions } from './objects.ts'

const BYTES_AHEAD = 16 * 1024 * 1024

/** An id as soon as it is known. */
export type PendingId = () => Promise<Id>

/**
 * Puts objects without waiting for their ids, as long as they are not too many bytes together: then it
 * waits for the first of them.
 */
export class PutsAhead {
  readonly writer: ObjectWriter
  /** Memory for what is put: objects that lie there go back to it when their ids are known. */
  readonly room = new ByteRoom()
  readonly #limit: number
  readonly #pending: { readonly length: number; readonly id: Promise<Id> }[] = []
  #bytes = 0

  /** @param limit bytes of objects whose ids are not known yet; with 0 each is waited for */
  constructor(writer: ObjectWriter, limit = BYTES_AHEAD) {
    this.writer = writer
    this.#limit = limit
  }

  async put(kind: ObjectKind, canonical: Uint8Array, options: PutOptions): Promise<PendingId> {
    const id = this.writer.put(kind, canonical, { ...options, later: this.#limit > 0 })
    // Whoever asks for the id learns of it; until then nobody does.
    id.then(
      () => this.room.give(canonical),
      () => undefined,
    )
    this.#pending.push({ length: canonical.length, id })
    this.#bytes += canonical.length
    while (this.#bytes > this.#limit) {
      const first = this.#pending.shift()!
      this.#bytes -= first.length
      await first.id
    }
    return () => id
  }
}
