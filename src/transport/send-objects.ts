import { equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { isValue, type StoredObject } from '../core/objects.ts'
import { IdFinder, withoutIds } from '../storage/cut-ids.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { encodeBody, encodeDifference, isDelta } from '../storage/pack-encoding.ts'
import type { PackRecord } from '../storage/pack-record.ts'
import { type Soon, soon } from '../storage/soon.ts'
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
  #finder: IdFinder | undefined
  /** How many of the planned objects were looked at. */
  #planned = 0
  /** Values that wait for what they are differences to, which comes from the end. */
  readonly #chain: PlannedObject[] = []
  readonly #loaded = new LoadedRecords((id) => this.#stored(id))
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

  /** The next of the records that are left, in pieces; undefined after the last. */
  next(): Soon<readonly Uint8Array[] | undefined> {
    if (this.#signal?.aborted) throw new VarveError('interrupted', 'interrupted')
    const chained = this.#chain.pop()
    if (chained !== undefined) {
      return soon(this.#loaded.take(chained.id), (stored) => this.#send(chained, stored))
    }
    const object = this.#nextPlanned()
    if (object === undefined) return undefined
    return soon(this.#stored(object.id), (stored) => {
      const base = isValue(object.kind) ? stored?.base : undefined
      if (base === undefined || !this.#comesFirst(base)) return this.#send(object, stored)
      return this.#sendFirstOf(object, stored!)
    })
  }

  #nextPlanned(): PlannedObject | undefined {
    const { objects } = this.#plan
    while (this.#planned < objects.length) {
      const object = objects[this.#planned++]!
      if (!this.#isDone(object.id)) return object
    }
    return undefined
  }

  #isDone(id: Id): boolean {
    return this.#places.has(id) || this.#skipped.has(id)
  }

  /** Whether what is made of an object has to wait for it. */
  #comesFirst(base: Id): boolean {
    return this.#plan.has(base) && !this.#isDone(base)
  }

  /** What a value is a difference to is sent before it, and so on. */
  async #sendFirstOf(object: PlannedObject, stored: PackRecord): Promise<readonly Uint8Array[]> {
    this.#loaded.keep(object.id, stored)
    const baseOf = async (id: Id): Promise<Id | undefined> => (await this.#loaded.load(id))?.base
    const chain = await chainOf(object, baseOf, (base) => this.#comesFirst(base))
    this.#chain.push(...chain)
    const first = this.#chain.pop()!
    return this.#send(first, await this.#loaded.take(first.id))
  }

  #send(object: PlannedObject, stored: PackRecord | undefined): Soon<readonly Uint8Array[]> {
    if (stored !== undefined && this.#goesAsStored(object, stored))
      return this.#sent(object, stored)
    return this.#recordOf(object, stored).then((record) => this.#sent(object, record))
  }

  #sent({ id }: PlannedObject, record: MovingRecord): readonly Uint8Array[] {
    const place = this.#places.size
    const pieces = encodeMoving(record, place, (other) => this.#places.get(other))
    this.#places.set(id, place)
    this.#finder?.add(id)
    this.#hash.add(id)
    return pieces
  }

  async #resume(staged: readonly StreamPlace[]): Promise<void> {
    const places = new Map(staged.map((place) => [place.count, place]))
    const last = Math.max(0, ...places.keys())
    if (last === 0 || last > this.#plan.objects.length) return
    const hash = new RunningHash()
    const passed: Id[] = []
    const done = new Set<Id>()
    for await (const { id } of this.#inOrder(done)) {
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

  /** The objects in the order in which they are sent: as planned, but what values are differences to comes before them. */
  async *#inOrder(done: ReadonlySet<Id>): AsyncGenerator<PlannedObject> {
    const baseOf = (id: Id): Promise<Id | undefined> => this.#objects.baseOf(id)
    const comesFirst = (base: Id): boolean => this.#plan.has(base) && !done.has(base)
    for (const object of this.#plan.objects) {
      if (done.has(object.id)) continue
      if (isValue(object.kind)) yield* (await chainOf(object, baseOf, comesFirst)).reverse()
      else yield object
    }
  }

  #receiverHas(id: Id): boolean {
    return this.#places.has(id) || this.#skipped.has(id) || this.#plan.held.has(id)
  }

  #goesAsStored(object: PlannedObject, stored: PackRecord): boolean {
    if (!this.#canCopy(stored)) return false
    const isGood = object.base === undefined || stored.base !== undefined
    return isGood || (isValue(object.kind) && stored.body.length <= SHORT)
  }

  async #recordOf(object: PlannedObject, stored: PackRecord | undefined): Promise<MovingRecord> {
    const { kind, bytes } = await this.#objects.readAny(object.id)
    const base = await this.#baseOf(object, bytes.length)
    if (isValue(object.kind)) return this.#value(kind, bytes, base, stored)
    return this.#structure(kind, bytes, base)
  }

  /** The record as it lies in a pack; undefined where it cannot be read there. */
  #stored(id: Id): Soon<PackRecord | undefined> {
    const found = this.#objects.recordOf(id)
    // Packs are put together by others: then the object is read from where it is by then.
    return found instanceof Promise ? found.catch(unlessTold) : found
  }

  #canCopy({ base, parameters, method, cuts }: PackRecord): boolean {
    if (parameters !== undefined || isDelta(method) !== (base !== undefined)) return false
    if (base !== undefined && !this.#receiverHas(base)) return false
    return cuts === undefined || cuts.every(({ id }) => id === base || this.#places.has(id))
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

  /** Knows what was sent. Most clones do without: all goes as it is stored. */
  #openFinder(): IdFinder {
    if (this.#finder !== undefined) return this.#finder
    this.#finder = new IdFinder()
    for (const id of this.#places.keys()) this.#finder.add(id)
    return this.#finder
  }

  async #structure(
    kind: MovingRecord['kind'],
    bytes: Uint8Array,
    base: (StoredObject & { readonly id: Id }) | undefined,
  ): Promise<MovingRecord> {
    const { length } = bytes
    const finder = this.#openFinder()
    const cuts = finder.find(kind, bytes)
    const whole = {
      kind,
      length,
      ...(await encodeBody(kind, withoutIds(kind, bytes, cuts), LEVEL)),
      ...(cuts.length > 0 && { cuts }),
    }
    const difference = base && (await encodeDifference(kind, bytes, base.bytes, LEVEL))
    if (difference === undefined || difference.body.length > length) return whole
    const id = base!.id
    const without = finder.find(kind, difference.body, id)
    const body = withoutIds(kind, difference.body, without)
    const reference = this.#places.has(id) ? 3 : 32
    const cost = body.length + 3 * without.length + reference
    if (cost >= whole.body.length + 3 * cuts.length) return whole
    const { method } = difference
    return { kind, length, method, body, base: id, ...(without.length > 0 && { cuts: without }) }
  }
}

/**
 * A value, what it is stored as a difference to, and so on, as long as that has to be sent before it.
 * @param baseOf what an object is stored as a difference to
 */
async function chainOf(
  object: PlannedObject,
  baseOf: (id: Id) => Promise<Id | undefined>,
  comesFirst: (base: Id) => boolean,
): Promise<PlannedObject[]> {
  const chain = [object]
  const passed = new Set([object.id])
  for (;;) {
    const base = await baseOf(chain.at(-1)!.id)
    if (base === undefined || passed.has(base) || !comesFirst(base)) return chain
    passed.add(base)
    chain.push({ id: base, kind: object.kind, base: undefined })
  }
}

function unlessTold(error: unknown): undefined {
  if (!(error instanceof VarveError)) throw error
}

/** Records that were looked at for their bases, until they are sent; of a long chain the last ones are read again. */
class LoadedRecords {
  readonly #read: (id: Id) => Soon<PackRecord | undefined>
  readonly #records = new Map<Id, PackRecord | undefined>()
  #bytes = 0

  constructor(read: (id: Id) => Soon<PackRecord | undefined>) {
    this.#read = read
  }

  async load(id: Id): Promise<PackRecord | undefined> {
    if (this.#records.has(id)) return this.#records.get(id)
    const record = await this.#read(id)
    this.keep(id, record)
    return record
  }

  keep(id: Id, record: PackRecord | undefined): void {
    if (this.#bytes >= MOST_LOADED) return
    this.#records.set(id, record)
    this.#bytes += record?.body.length ?? 0
  }

  take(id: Id): Soon<PackRecord | undefined> {
    if (!this.#records.has(id)) return this.#read(id)
    const record = this.#records.get(id)
    this.#records.delete(id)
    this.#bytes -= record?.body.length ?? 0
    return record
  }
}

const MOST_LOADED = 8 * 1024 * 1024
