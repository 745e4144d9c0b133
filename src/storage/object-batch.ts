import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { bytesOfKind, isValue, type ObjectWriter, type PutOptions } from '../core/objects.ts'
import { Encoder, type Encoding } from './encoder.ts'
import { ObjectCache } from './object-cache.ts'
import type { ObjectStore } from './object-store.ts'
import { PackWriter } from './pack-writer.ts'
import {
  type FoundRecord,
  MAX_DEPTH,
  MAX_WALKED,
  type ReadObject,
  readChain,
} from './read-chain.ts'
import { Turns } from './turns.ts'

export interface BatchOptions {
  /** Ends the batch with `interrupted` at the next put or at publish. */
  readonly signal?: AbortSignal
  /** zstd level, 1 unless told. */
  readonly level?: number
}

/**
 * Objects other than values are small, and many are read together: of so many differences one is stored whole. `gc` makes
 * longer chains, as it stores the newest version whole.
 */
const MOST_LINKS = 50
/** Bytes of objects that are at hand when others are put in their place. */
const RECENT_BYTES = 16 * 1024 * 1024
/**
 * Up to so many bytes a batch, of objects up to this long, are rather stored again than looked for wherever they may be:
 * most commits are smaller, and in what they store is nothing that was there before.
 */
const CHEAP_BYTES = 16 * 1024

/**
 * New objects on their way into one pack. What the store or the batch has is not written again.
 * Reads see the store and the batch. After `publish` or `discard` the batch takes nothing more.
 */
export class ObjectBatch implements ObjectWriter {
  readonly #store: ObjectStore
  readonly #pack: PackWriter
  readonly #signal: AbortSignal | undefined
  readonly #level: number
  readonly #encoder: Encoder
  readonly #turns = new Turns()
  /** What was read of late: what is read here is what is edited, and so what is new differs from. */
  readonly #recent = new ObjectCache(RECENT_BYTES, RECENT_BYTES)
  #done = false

  constructor(store: ObjectStore, options: BatchOptions) {
    this.#store = store
    this.#pack = new PackWriter(store.storage)
    this.#signal = options.signal
    this.#level = options.level ?? 1
    this.#encoder = new Encoder(this.#level)
  }

  /** Objects that are new. */
  get objects(): number {
    return this.#pack.records
  }

  /** Bytes that the new objects take so far. */
  get bytes(): number {
    return this.#pack.length
  }

  async put(kind: ObjectKind, canonical: Uint8Array, options: PutOptions = {}): Promise<Id> {
    this.#check()
    const encoding = this.#encoder.start(kind, canonical, options.later === true)
    // One after another in the order of the calls, whichever is ready first.
    return this.#turns.run(() => this.#add(kind, canonical, encoding, options.base))
  }

  expect(bytes: number): void {
    this.#encoder.expect(bytes)
  }

  async #add(
    kind: ObjectKind,
    canonical: Uint8Array,
    encoding: Encoding,
    baseId: Id | undefined,
  ): Promise<Id> {
    const id = await encoding.id
    this.#check()
    if (await this.hasAtHand(id, this.#isCheap(canonical))) {
      encoding.done(false)
      return id
    }
    const found = baseId && (await this.#readBase(baseId, kind, canonical.length))
    const base = baseId && found && { id: baseId, bytes: found.bytes, depth: found.depth }
    const depth = await this.#pack.add(id, kind, canonical, this.#level, base, encoding.body)
    encoding.done(true)
    if (!isValue(kind)) {
      const walked = canonical.length + (depth === 0 ? 0 : (found?.walked ?? 0))
      this.#recent.add(id, { kind, bytes: canonical, depth, walked })
    }
    return id
  }

  /** What an object may be a difference to; undefined where reading that would take too long. */
  async #readBase(id: Id, kind: ObjectKind, length: number): Promise<ReadObject | undefined> {
    try {
      const base = await this.#read(id)
      const most = isValue(kind) ? MAX_DEPTH : MOST_LINKS
      const fits = base.depth < most && base.walked + length <= MAX_WALKED
      return fits && base.kind === kind ? base : undefined
    } catch (error) {
      // What is damaged or gone is no reason not to store what is new: that is whole, then.
      if (error instanceof VarveError) return undefined
      throw error
    }
  }

  async has(id: Id): Promise<boolean> {
    return this.#pack.has(id) || (await this.#store.has(id))
  }

  /** As the store's. */
  async hasAtHand(id: Id, isCheap = false): Promise<boolean> {
    return this.#pack.has(id) || (await this.#store.hasAtHand(id, isCheap))
  }

  #isCheap({ length }: Uint8Array): boolean {
    return length <= CHEAP_BYTES && this.#pack.length <= CHEAP_BYTES
  }

  async read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    return bytesOfKind(id, await this.#read(id), kind)
  }

  readAny(id: Id): Promise<ReadObject> {
    return this.#read(id)
  }

  /**
   * Publishes the new objects as one pack, durably, and returns its name; undefined when there
   * was nothing new. The pack counts once a ref log entry names it.
   */
  async publish(): Promise<string | undefined> {
    this.#check()
    this.#done = true
    // What nobody waits for any more may be in the middle of its turn.
    return this.#turns.run(() => this.#publish())
  }

  async #publish(): Promise<string | undefined> {
    this.#encoder.close()
    if (this.#pack.records === 0) return undefined
    try {
      const name = await this.#pack.publish(await this.#store.retired())
      // Who goes on where this ends begins with what is new.
      const objects = this.#recent.entries((id) => this.#pack.has(id))
      this.#store.adopt(name, this.#pack.length, { end: this.#pack.end, objects })
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
    this.#encoder.close()
    await this.#turns.run(() => this.#pack.discard())
  }

  async #read(id: Id): Promise<ReadObject> {
    const recent = this.#recent.get(id)
    if (recent !== undefined) return recent
    const own = await this.#findOwn(id)
    const object =
      own === undefined
        ? await this.#store.readAny(id)
        : await readChain(own, {
            find: async (base) => (await this.#findOwn(base)) ?? this.#store.readAny(base),
          })
    this.#recent.add(id, object)
    return object
  }

  async #findOwn(id: Id): Promise<FoundRecord | undefined> {
    const record = await this.#pack.record(id)
    return record && { record, pack: 'being written' }
  }

  #check(): void {
    if (this.#signal?.aborted) {
      throw new VarveError('interrupted', 'interrupted: nothing was changed')
    }
    if (this.#done) throw new VarveError('io', 'a batch of objects was used after its end')
  }
}
