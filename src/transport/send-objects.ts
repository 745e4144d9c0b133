import { equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'
import { IdFinder, withoutIds } from '../storage/cut-ids.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { encodeBody, encodeDifference, isDelta } from '../storage/pack-encoding.ts'
import type { PackRecord } from '../storage/pack-record.ts'
import type { Plan, PlannedObject } from './missing-objects.ts'
import {
  encodeMoving,
  type MovingRecord,
  RunningHash,
  START,
  type StreamPlace,
} from './object-stream.ts'

/** zstd level of what is encoded for the way. */
const LEVEL = 3
/** Values stored in so few bytes are sent as they are: a difference would save little. */
const SHORT = 160
/** A difference is taken where it is shorter than this part of what there is. */
const WORTH = 0.9
/** Longer values are not tried as a difference: both would be held. */
const LONGEST_TRIED = 8 * 1024 * 1024

export interface SendOptions {
  /** Places up to which the receiver may have this very stream. */
  readonly staged?: readonly StreamPlace[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** Sends what a plan says, from where the receiver is. */
export class ObjectSender {
  readonly #objects: ObjectStore
  readonly #plan: Plan
  readonly #signal: AbortSignal | undefined
  /** Numbers of the objects sent, from 0 for the first of this run. */
  readonly #places = new Map<Id, number>()
  readonly #finder = new IdFinder()
  /** What the receiver had of this stream before this run. */
  readonly #skipped = new Set<Id>()
  #hash = new RunningHash()
  #from: StreamPlace = START

  private constructor(objects: ObjectStore, plan: Plan, signal: AbortSignal | undefined) {
    this.#objects = objects
    this.#plan = plan
    this.#signal = signal
  }

  static async begin(
    objects: ObjectStore,
    plan: Plan,
    options: SendOptions,
  ): Promise<ObjectSender> {
    const sender = new ObjectSender(objects, plan, options.signal)
    await sender.#resume(options.staged ?? [])
    return sender
  }

  /** Where this run begins. */
  get from(): StreamPlace {
    return this.#from
  }

  /** Where the stream is. */
  get place(): StreamPlace {
    return this.#hash.place
  }

  /** The records that are left, one after another, each in pieces. */
  async *records(): AsyncGenerator<readonly Uint8Array[]> {
    const loaded = new LoadedRecords((id) => this.#stored(id))
    const isDone = (id: Id): boolean => this.#places.has(id) || this.#skipped.has(id)
    const baseOf = async (id: Id): Promise<Id | undefined> => (await loaded.load(id))?.base
    for await (const object of this.#ordered(isDone, baseOf)) {
      if (this.#signal?.aborted) throw new VarveError('interrupted', 'interrupted')
      const place = this.#places.size
      const record = await this.#recordOf(object, await loaded.take(object.id))
      yield encodeMoving(record, place, (id) => this.#places.get(id))
      this.#places.set(object.id, place)
      if (object.kind !== 'blob') this.#finder.add(object.id)
      this.#hash.add(object.id)
    }
  }

  /**
   * The objects in the order in which they are sent: as planned, but what values are differences to comes before them.
   * @param isDone whether an object was sent
   * @param baseOf what an object is stored as a difference to
   */
  async *#ordered(
    isDone: (id: Id) => boolean,
    baseOf: (id: Id) => Promise<Id | undefined>,
  ): AsyncGenerator<PlannedObject> {
    for (const object of this.#plan.objects) {
      if (isDone(object.id)) continue
      const chain = [object]
      if (object.kind === 'column' || object.kind === 'blob') {
        const passed = new Set([object.id])
        for (;;) {
          const base = await baseOf(chain.at(-1)!.id)
          if (base === undefined || isDone(base) || passed.has(base) || !this.#plan.has(base)) break
          passed.add(base)
          chain.push({ id: base, kind: object.kind, base: undefined })
        }
      }
      yield* chain.reverse()
    }
  }

  async #resume(staged: readonly StreamPlace[]): Promise<void> {
    const places = new Map(staged.map((place) => [place.count, place]))
    const last = Math.max(0, ...places.keys())
    if (last === 0 || last > this.#plan.objects.length) return
    const hash = new RunningHash()
    const passed: Id[] = []
    const done = new Set<Id>()
    const baseOf = (id: Id): Promise<Id | undefined> => this.#objects.baseOf(id)
    for await (const { id } of this.#ordered((other) => done.has(other), baseOf)) {
      done.add(id)
      passed.push(id)
      hash.add(id)
      const { place } = hash
      const other = places.get(place.count)
      if (other !== undefined && equalBytes(other.hash, place.hash)) this.#from = place
      if (place.count === last) break
    }
    for (const id of passed.slice(0, this.#from.count)) this.#skipped.add(id)
    this.#hash = new RunningHash(this.#from)
  }

  #receiverHas(id: Id): boolean {
    return this.#places.has(id) || this.#skipped.has(id) || this.#plan.held.has(id)
  }

  async #recordOf(object: PlannedObject, stored: PackRecord | undefined): Promise<MovingRecord> {
    const isValue = object.kind === 'column' || object.kind === 'blob'
    if (stored !== undefined && this.#canCopy(stored)) {
      const isGood = object.base === undefined || stored.base !== undefined
      if (isGood || (isValue && stored.body.length <= SHORT)) return stored
    }
    const { kind, bytes } = await this.#objects.readAny(object.id)
    const base = await this.#baseOf(object, bytes.length)
    if (isValue) return this.#value(kind, bytes, base, stored)
    return this.#structure(kind, bytes, base)
  }

  /** The record as it lies in a pack; undefined where it cannot be read there. */
  async #stored(id: Id): Promise<PackRecord | undefined> {
    try {
      return await this.#objects.recordOf(id)
    } catch (error) {
      // Packs are put together by others: then the object is read from where it is by then.
      if (error instanceof VarveError) return undefined
      throw error
    }
  }

  #canCopy({ base, parameters, method, cuts = [] }: PackRecord): boolean {
    if (parameters !== undefined || isDelta(method) !== (base !== undefined)) return false
    if (base !== undefined && !this.#receiverHas(base)) return false
    return cuts.every(({ id }) => id === base || this.#places.has(id))
  }

  /** An earlier version that the receiver has. */
  async #baseOf(
    { base, kind }: PlannedObject,
    length: number,
  ): Promise<(StoredObject & { readonly id: Id }) | undefined> {
    if (base === undefined || !this.#receiverHas(base) || length > LONGEST_TRIED) return undefined
    const found = await this.#objects.readIfPresent(base)
    if (found?.kind !== kind || found.bytes.length > LONGEST_TRIED) return undefined
    return { id: base, ...found }
  }

  async #value(
    kind: MovingRecord['kind'],
    bytes: Uint8Array,
    base: (StoredObject & { readonly id: Id }) | undefined,
    stored: PackRecord | undefined,
  ): Promise<MovingRecord> {
    const difference = base && (await encodeDifference(kind, bytes, base.bytes, LEVEL))
    const isWhole = stored !== undefined && stored.base === undefined && this.#canCopy(stored)
    const whole = isWhole ? stored : await encodeBody(kind, bytes, LEVEL)
    const { method, body } = whole
    const isShorter = difference !== undefined && difference.body.length < WORTH * body.length
    if (isShorter) return { kind, length: bytes.length, ...difference, base: base!.id }
    return { kind, length: bytes.length, method, body }
  }

  async #structure(
    kind: MovingRecord['kind'],
    bytes: Uint8Array,
    base: (StoredObject & { readonly id: Id }) | undefined,
  ): Promise<MovingRecord> {
    const { length } = bytes
    const cuts = this.#finder.find(kind, bytes)
    const whole = {
      kind,
      length,
      ...(await encodeBody(kind, withoutIds(kind, bytes, cuts), LEVEL)),
      ...(cuts.length > 0 && { cuts }),
    }
    const difference = base && (await encodeDifference(kind, bytes, base.bytes, LEVEL))
    if (difference === undefined || difference.body.length > length) return whole
    const id = base!.id
    const without = this.#finder.find(kind, difference.body, id)
    const body = withoutIds(kind, difference.body, without)
    const reference = this.#places.has(id) ? 3 : 32
    const cost = body.length + 3 * without.length + reference
    if (cost >= whole.body.length + 3 * cuts.length) return whole
    const { method } = difference
    return { kind, length, method, body, base: id, ...(without.length > 0 && { cuts: without }) }
  }
}

/** Records that were looked at for their bases, until they are sent; of a long chain the last ones are read again. */
class LoadedRecords {
  readonly #read: (id: Id) => Promise<PackRecord | undefined>
  readonly #records = new Map<Id, PackRecord | undefined>()
  #bytes = 0

  constructor(read: (id: Id) => Promise<PackRecord | undefined>) {
    this.#read = read
  }

  async load(id: Id): Promise<PackRecord | undefined> {
    const record = await this.#read(id)
    if (this.#bytes < MOST_LOADED) {
      this.#records.set(id, record)
      this.#bytes += record?.body.length ?? 0
    }
    return record
  }

  async take(id: Id): Promise<PackRecord | undefined> {
    if (!this.#records.has(id)) return this.#read(id)
    const record = this.#records.get(id)
    this.#records.delete(id)
    this.#bytes -= record?.body.length ?? 0
    return record
  }
}

const MOST_LOADED = 8 * 1024 * 1024
