import type { ColumnFacts } from '../core/column-facts.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { hashObject, type Id, type ObjectKind } from '../core/id.ts'
import { bytesOfKind, isValue, type ObjectReader } from '../core/objects.ts'
import type { CheckedColumn } from '../storage/check-column.ts'
import { type BegunColumn, ColumnChecker } from '../storage/column-checker.ts'
import { decodeObject } from '../storage/decode-object.ts'
import type { LogState } from '../storage/log-state.ts'
import { ObjectCache } from '../storage/object-cache.ts'
import { isDelta } from '../storage/pack-encoding.ts'
import type { PackReader } from '../storage/pack-reader.ts'
import { PackWriter } from '../storage/pack-writer.ts'
import {
  type FoundRecord,
  MAX_DEPTH,
  MAX_WALKED,
  type ReadObject,
  readChain,
} from '../storage/read-chain.ts'
import { type Soon, soon } from '../storage/soon.ts'
import { badPeer } from './frames.ts'
import {
  decodeMoving,
  IdList,
  isWholeColumn,
  type MovingRecord,
  RunningHash,
  START,
  type StreamPlace,
} from './object-stream.ts'
import type { LocalRepository } from './remote-session.ts'
import { markOf, type StagedPart } from './transfer-mark.ts'

export interface ReceiverOptions {
  /** What an earlier attempt brought, from the beginning of the stream. */
  readonly parts?: readonly StagedPart[] | undefined
  readonly maxObjects?: number | undefined
}

/** A pack is closed at so many bytes: what a process that is killed has received up to there is kept. */
const PART_BYTES = 64 * 1024 * 1024
/** Bytes of objects at hand for what is made of them and for looking through them. */
const RECENT_BYTES = 32 * 1024 * 1024
const RECENT_OBJECT = 4 * 1024 * 1024
const LEVEL = 1
/** Columns whose facts are kept, some 250 bytes each: others are read again. */
const MOST_FACTS = 250_000

/** Records that wait for those before them, and the bytes of those among them that are no whole columns. */
const MOST_WAITING = 512
const MOST_WAITING_BYTES = 4 * 1024 * 1024

/** A whole column that is being looked through, or a record that is looked at when all before it have their ids. */
type Arriving =
  | { readonly moving: MovingRecord; readonly begun: BegunColumn; readonly kept: () => void }
  | { readonly bytes: Uint8Array }

/**
 * Objects as they come in, each of them hashed before it is kept. They lie in packs that the ref log does not name and, until
 * one is closed, in a file that nobody sees. What an object is made of must have come before it, or be in packs
 * that count.
 */
export class ObjectReceiver implements ObjectReader {
  readonly #repo: LocalRepository
  #state: LogState
  readonly #maxObjects: number
  /** Closed packs of this transfer. */
  readonly #packs: PackReader[] = []
  readonly #recent = new ObjectCache(RECENT_BYTES, RECENT_OBJECT)
  readonly #counted = new Set<Id>()
  readonly #checker = new ColumnChecker({ withSum: true })
  readonly #facts = new Map<Id, ColumnFacts>()
  /** In the order in which they came. */
  readonly #arriving: Arriving[] = []
  #waitingBytes = 0
  readonly #sent = new IdList()
  readonly #hash: RunningHash
  #writer: PackWriter
  /** Where the pack that is written begins. */
  #from: StreamPlace
  #done = false

  constructor(repo: LocalRepository, state: LogState, options: ReceiverOptions = {}) {
    this.#repo = repo
    this.#state = state
    this.#maxObjects = options.maxObjects ?? Number.POSITIVE_INFINITY
    const parts = options.parts ?? []
    for (const { pack } of parts) this.#packs.push(pack)
    this.#from = parts.at(-1)?.to ?? START
    this.#hash = new RunningHash(this.#from)
    this.#writer = new PackWriter(repo.storage)
  }

  /** Objects that came in this run. */
  get objects(): number {
    return this.#sent.length
  }

  get place(): StreamPlace {
    return this.#hash.place
  }

  /**
   * Takes one record, whose bytes must not change afterwards, at once where nothing is to be waited for; `bad-peer` or
   * `corrupt-object` for what no sender may send, which may be an earlier one.
   *
   * @param takeBack is given bytes that nobody looks at any more
   */
  add(bytes: Uint8Array, takeBack: (bytes: Uint8Array) => void = () => undefined): Soon<void> {
    if (this.#hash.count + this.#arriving.length >= this.#maxObjects) {
      throw new VarveError('too-large', `more than ${this.#maxObjects} objects`, {
        data: { limit: this.#maxObjects },
      })
    }
    const moving = isWholeColumn(bytes) ? decodeMoving(bytes, this.#sent) : undefined
    if (moving !== undefined && !isDelta(moving.method)) {
      const kept = (): void => takeBack(bytes)
      this.#arriving.push({ moving, begun: this.#checker.begin(moving), kept })
    } else {
      this.#arriving.push({ bytes })
      this.#waitingBytes += bytes.length
    }
    return this.#makeRoom()
  }

  #makeRoom(): Soon<void> {
    while (this.#isFull) {
      const settled = this.#settleFirst()
      if (settled instanceof Promise) return settled.then(() => this.#makeRoom())
    }
  }

  get #isFull(): boolean {
    return (
      this.#checker.isFull ||
      this.#arriving.length > MOST_WAITING ||
      this.#waitingBytes > MOST_WAITING_BYTES
    )
  }

  /** Waits until all that was taken is known to be right, and has its number. */
  async settle(): Promise<void> {
    while (this.#arriving.length > 0) await this.#settleFirst()
  }

  #settleFirst(): Soon<void> {
    const first = this.#arriving.shift()!
    if ('bytes' in first) {
      this.#waitingBytes -= first.bytes.length
      return this.#decode(decodeMoving(first.bytes, this.#sent))
    }
    const { moving, begun, kept } = first
    const checked = begun.checked()
    if (!(checked instanceof Promise)) return this.#keepColumn(moving, checked, kept)
    return checked.catch(throwAsPeers).then((found) => this.#keepColumn(moving, found, kept))
  }

  #keepColumn(
    moving: MovingRecord,
    { id, facts, sum }: CheckedColumn,
    kept: () => void,
  ): Soon<void> {
    return soon(this.hasReceived(id), (isHere) => {
      if (isHere) throw cameTwice(id)
      if (facts !== undefined && this.#facts.size < MOST_FACTS) this.#facts.set(id, facts)
      const { kind, method, length, body } = moving
      const added = this.#writer.addRecord({ id, kind, method, length, body }, sum)
      kept()
      return soon(added, () => this.#added(id))
    })
  }

  async #decode(moving: MovingRecord): Promise<void> {
    const base = moving.base && (await this.#readBase(moving.base))
    const unnamed = { ...moving, id: '' as Id }
    const found = await decodeObject(unnamed, 'that is received', base).catch(throwAsPeers)
    const id = hashObject(found.kind, found.bytes)
    if (await this.hasReceived(id)) throw cameTwice(id)
    const depth = base === undefined ? 0 : base.depth + 1
    const walked = (base?.walked ?? 0) + found.bytes.length
    const object: ReadObject = { ...found, depth, walked }
    await this.#store(id, object, moving, base)
    this.#recent.add(id, object)
    await this.#added(id)
  }

  #added(id: Id): Soon<void> {
    this.#sent.push(id)
    this.#hash.add(id)
    return this.#writer.length >= PART_BYTES ? this.#closePart() : undefined
  }

  /** What is known of a column that came whole in this run. */
  factsOf(id: Id): ColumnFacts | undefined {
    return this.#facts.get(id)
  }

  async #store(
    id: Id,
    { kind, bytes, depth, walked }: ReadObject,
    { method, body, base }: ReturnType<typeof decodeMoving>,
    read: ReadObject | undefined,
  ): Promise<void> {
    const isShallow = depth <= MAX_DEPTH && walked <= MAX_WALKED
    if (isValue(kind)) {
      if (base === undefined) {
        return this.#writer.addRecord({ id, kind, method, length: bytes.length, body })
      }
      if (isShallow) {
        const record = { id, kind, method, length: bytes.length, body, base, depth }
        return this.#writer.addRecord(record)
      }
    }
    const from =
      base && read && isShallow ? { id: base, bytes: read.bytes, depth: depth - 1 } : undefined
    await this.#writer.add(id, kind, bytes, LEVEL, from)
  }

  async #readBase(id: Id): Promise<ReadObject> {
    const own = await this.#readReceived(id)
    if (own !== undefined) return own
    if (!(await this.isCounted(id)))
      throw badPeer(`object ${id}, which another is made of, is not here`)
    return this.#repo.objects.readAny(id)
  }

  /** Whether an object came with this transfer. */
  hasReceived(id: Id): Soon<boolean> {
    return this.#writer.has(id) || this.#isInPacks(id, 0)
  }

  /** @param from how many of the packs were asked already */
  #isInPacks(id: Id, from: number): Soon<boolean> {
    for (let i = from; i < this.#packs.length; i++) {
      const has = this.#packs[i]!.has(id)
      if (has instanceof Promise) return has.then((found) => found || this.#isInPacks(id, i + 1))
      if (has) return true
    }
    return false
  }

  /** Whether an object is in a pack that counts: then so is all that it leads to. */
  async isCounted(id: Id): Promise<boolean> {
    if (this.#counted.has(id)) return true
    const { objects, refs } = this.#repo
    for (;;) {
      const pack = await objects.packOf(id, this.#state)
      if (pack !== undefined && this.#state.packs.has(pack)) break
      // Packs are put together by others: then those count that took their place.
      const state = await refs.state()
      if (state.number === this.#state.number) return false
      this.#state = state
    }
    if (this.#counted.size < MOST_REMEMBERED) this.#counted.add(id)
    return true
  }

  async readAny(id: Id): Promise<ReadObject> {
    const own = await this.#readReceived(id)
    if (own !== undefined) return own
    if (!(await this.isCounted(id))) {
      throw new VarveError('object-not-found', `object ${id} is neither here nor was it sent`, {
        data: { id },
      })
    }
    return this.#repo.objects.readAny(id)
  }

  async read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    return bytesOfKind(id, await this.readAny(id), kind)
  }

  async #readReceived(id: Id): Promise<ReadObject | undefined> {
    const recent = this.#recent.get(id)
    if (recent !== undefined) return recent
    const own = await this.#findReceived(id)
    if (own === undefined) return undefined
    const found = await readChain(own, {
      find: async (base) =>
        this.#recent.get(base) ??
        (await this.#findReceived(base)) ??
        this.#repo.objects.readAny(base),
    })
    this.#recent.add(id, found)
    return found
  }

  async #findReceived(id: Id): Promise<FoundRecord | undefined> {
    const record = await this.#writer.record(id)
    if (record !== undefined) return { record, pack: 'that is received' }
    for (const pack of this.#packs) {
      const found = await pack.record(id)
      if (found !== undefined) return { record: found, pack: pack.name }
    }
    return undefined
  }

  async #closePart(): Promise<void> {
    const { place } = this.#hash
    await this.#writer.addRecord(markOf({ from: this.#from, to: place }))
    await this.#publish()
    this.#from = place
    this.#writer = new PackWriter(this.#repo.storage)
  }

  async #publish(): Promise<void> {
    const { objects } = this.#repo
    const name = await this.#writer.publish(await objects.retired())
    objects.adopt(name, this.#writer.length)
    const pack = await objects.openPack(name)
    if (pack === undefined) throw new VarveError('io', `pack ${name} is not there`)
    this.#packs.push(pack)
  }

  /** Keeps what came, for the next attempt. */
  async keep(): Promise<void> {
    if (this.#done) return
    await this.settle()
    this.#checker.close()
    this.#done = true
    if (this.#writer.records === 0) await this.#writer.discard()
    else await this.#closePart()
  }

  /** Publishes the rest. Returns the names of all packs of the transfer. */
  async finish(): Promise<string[]> {
    this.#checker.close()
    this.#done = true
    if (this.#writer.records === 0) await this.#writer.discard()
    else await this.#publish()
    return this.#packs.map(({ name }) => name)
  }

  /** Forgets what is in no closed pack. Safe after `keep` and `finish`. */
  async discard(): Promise<void> {
    this.#checker.close()
    if (this.#done) return
    this.#done = true
    await this.#writer.discard()
  }
}

function throwAsPeers(error: unknown): never {
  const isWrong = hasCode(error, 'corrupt-object') || hasCode(error, 'unsupported-format')
  throw isWrong ? badPeer(error.message) : error
}

function cameTwice(id: Id): VarveError {
  return badPeer(`object ${id} came twice`, { id })
}

/** Answers about what is in packs that count, some 150 bytes each. */
const MOST_REMEMBERED = 200_000
