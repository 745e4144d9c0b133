import { VarveError } from '../core/errors.ts'
import { hashObject, type Id, type ObjectKind } from '../core/id.ts'
import type { ObjectWriter, StoredObject } from '../core/objects.ts'
import { decodeObject } from './decode-object.ts'
import type { ObjectStore } from './object-store.ts'
import { PackWriter } from './pack-writer.ts'

export interface BatchOptions {
  /** Ends the batch with `interrupted` at the next put or at publish. */
  readonly signal?: AbortSignal
  /** zstd level, 1 unless told. */
  readonly level?: number
}

/**
 * New objects on their way into one pack. What the store or the batch has is not written again.
 * Reads see the store and the batch. After `publish` or `discard` the batch takes nothing more.
 */
export class ObjectBatch implements ObjectWriter {
  readonly #store: ObjectStore
  readonly #pack: PackWriter
  readonly #signal: AbortSignal | undefined
  readonly #level: number
  #done = false

  constructor(store: ObjectStore, options: BatchOptions) {
    this.#store = store
    this.#pack = new PackWriter(store.storage)
    this.#signal = options.signal
    this.#level = options.level ?? 1
  }

  /** Objects that are new. */
  get objects(): number {
    return this.#pack.records
  }

  /** Bytes that the new objects take so far. */
  get bytes(): number {
    return this.#pack.length
  }

  async put(kind: ObjectKind, canonical: Uint8Array): Promise<Id> {
    this.#check()
    const id = hashObject(kind, canonical)
    if (!(await this.hasAtHand(id))) {
      await this.#pack.add(id, kind, canonical, this.#level)
    }
    return id
  }

  async has(id: Id): Promise<boolean> {
    return this.#pack.has(id) || (await this.#store.has(id))
  }

  /** As the store's. */
  async hasAtHand(id: Id): Promise<boolean> {
    return this.#pack.has(id) || (await this.#store.hasAtHand(id))
  }

  async read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    const found = await this.#readOwn(id)
    if (found === undefined) return this.#store.read(id, kind)
    if (found.kind !== kind) {
      throw new VarveError('corrupt-object', `object ${id} is a ${found.kind}, not a ${kind}`, {
        data: { id, kind: found.kind, expected: kind },
      })
    }
    return found.bytes
  }

  async readAny(id: Id): Promise<StoredObject> {
    return (await this.#readOwn(id)) ?? this.#store.readAny(id)
  }

  /**
   * Publishes the new objects as one pack, durably, and returns its name; undefined when there
   * was nothing new. The pack counts once a ref log entry names it.
   */
  async publish(): Promise<string | undefined> {
    this.#check()
    this.#done = true
    if (this.#pack.records === 0) return undefined
    try {
      const name = await this.#pack.publish()
      this.#store.adopt(name, this.#pack.length)
      return name
    } catch (error) {
      await this.#pack.discard()
      throw error
    }
  }

  /** Forgets the new objects and leaves nothing behind. Safe after `publish`. */
  async discard(): Promise<void> {
    if (this.#done) return
    this.#done = true
    await this.#pack.discard()
  }

  async #readOwn(id: Id): Promise<StoredObject | undefined> {
    if (!this.#pack.has(id)) return undefined
    const record = await this.#pack.record(id)
    return record && decodeObject(record, 'being written')
  }

  #check(): void {
    if (this.#signal?.aborted) {
      throw new VarveError('interrupted', 'interrupted: nothing was changed')
    }
    if (this.#done) throw new VarveError('io', 'a batch of objects was used after its end')
  }
}
