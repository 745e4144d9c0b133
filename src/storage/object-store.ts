import { rowsOperations } from '../core/encoding/delta-rows.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { hashObject, type Id, type ObjectKind } from '../core/id.ts'
import { bytesOfKind, type ObjectReader, type RowsFrom } from '../core/objects.ts'
import { DecodedChains } from './decoded-chains.ts'
import { type BatchOptions, ObjectBatch } from './object-batch.ts'
import { ObjectCache } from './object-cache.ts'
import { ROWS_DELTA } from './pack-encoding.ts'
import { PackReader, type VerifyOptions } from './pack-reader.ts'
import type { PackRecord } from './pack-record.ts'
import { PackSet } from './pack-set.ts'
import { packPath } from './pack-writer.ts'
import type { FoundRecord, ReadObject } from './read-chain.ts'
import { type Soon, soon } from './soon.ts'
import type { Storage } from './storage.ts'
import { ValueCache } from './value-cache.ts'

export interface ObjectStoreOptions {
  /** Memory for small decoded objects, in bytes: 32 MiB unless told. */
  readonly cacheBytes?: number
  /** `always`: compare the SHA-256 of every object read with its id, not the checksum alone. */
  readonly verify?: 'checksum' | 'always'
  /** Names of packs that must never count again, as of now: a pack that is written gets none of them. */
  readonly retired?: (() => Promise<ReadonlySet<string>>) | undefined
}

export interface PackSummary {
  /** SHA-256 in hex, the name without folder and ending. */
  readonly name: string
  /** Bytes of the file. */
  readonly size: number
  readonly objects: number
}

/** What need not be read of a pack, as it was just written. */
export interface WrittenPack {
  readonly end?: Uint8Array | undefined
  readonly objects?: Iterable<readonly [Id, ReadObject]> | undefined
}

export interface ObjectSummary {
  readonly id: Id
  readonly kind: ObjectKind
  /** Of the canonical bytes. */
  readonly length: number
  /** Bytes that the object takes in its pack. */
  readonly stored: number
  readonly pack: string
}

/** Larger objects are read too rarely twice to keep them. */
const LARGEST = 256 * 1024
const SMALL_PACK_BYTES = 64 * 1024
/** What an object takes in a pack of few, on average. */
const OBJECT_BYTES = 400

/** Opens the objects of a storage. Nothing is read before something is asked for. */
export function openObjectStore(storage: Storage, options: ObjectStoreOptions = {}): ObjectStore {
  return new ObjectStore(storage, options)
}

/**
 * The objects of a repository: all that is in its packs, named by the ref log or not yet. Bytes
 * that are handed out are shared and must not be changed.
 */
export class ObjectStore implements ObjectReader {
  readonly storage: Storage
  /** Names of packs that must never count again. */
  readonly retired: () => Promise<ReadonlySet<string>>
  readonly #cache: ObjectCache
  readonly #values: ValueCache
  readonly #verify: boolean
  readonly #packs: PackSet
  readonly #chains: DecodedChains

  constructor(storage: Storage, options: ObjectStoreOptions = {}) {
    this.storage = storage
    this.#packs = new PackSet(storage)
    const cacheBytes = options.cacheBytes ?? 32 * 1024 * 1024
    this.#cache = new ObjectCache(cacheBytes, LARGEST)
    this.#values = new ValueCache(cacheBytes)
    this.#chains = new DecodedChains({
      packs: this.#packs,
      cache: this.#cache,
      values: this.#values,
      search: (id, ask) => this.#search(id, ask),
    })
    this.#verify = options.verify === 'always'
    this.retired = options.retired ?? (async () => new Set())
  }

  async read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    return bytesOfKind(id, await this.readAny(id), kind)
  }

  /** Kind and canonical bytes of an object; `object-not-found` when it is not there. */
  async readAny(id: Id): Promise<ReadObject> {
    const found = await this.readIfPresent(id)
    if (found === undefined) {
      throw new VarveError('object-not-found', `no object ${id}`, { data: { id } })
    }
    return found
  }

  /** As {@link readAny}, its bytes verified by the id: of what is to be stored in place of what there is. */
  async readVerified(id: Id): Promise<ReadObject> {
    const found = await this.readAny(id)
    if (hashObject(found.kind, found.bytes) !== id) throw notItsOwn(id)
    return found
  }

  /** As {@link readAny}, but undefined when the object is not there. */
  async readIfPresent(id: Id): Promise<ReadObject | undefined> {
    const cached = this.#cached(id)
    if (cached !== undefined) return cached
    const record = this.#packs.peek(id, (pack) => recordIn(pack, id))
    const found = record instanceof Promise ? await record : record
    if (found !== undefined) {
      try {
        return await this.#readRecord(found)
      } catch (error) {
        // Another pack may have what this one has not.
        if (!(error instanceof VarveError)) throw error
      }
    }
    return this.#search(id, (pack) => this.#readFrom(pack, id))
  }

  /** Undefined also where every object read is to be compared with its id. */
  async rowsFrom(id: Id): Promise<RowsFrom | undefined> {
    if (this.#verify) return undefined
    const record = this.#values.linkOf(id) ?? (await this.recordOf(id))
    if (record?.base === undefined || record.method !== ROWS_DELTA) return undefined
    try {
      return { base: record.base, operations: rowsOperations(record.body) }
    } catch (error) {
      // Who reads the column is told.
      if (hasCode(error, 'corrupt-object')) return undefined
      throw error
    }
  }

  #cached(id: Id): ReadObject | undefined {
    return this.#cache.get(id) ?? this.#values.get(id)
  }

  /** Whether the object is there. Looks only at packs known so far unless `fresh`. */
  async has(id: Id, options: { fresh?: boolean } = {}): Promise<boolean> {
    return this.#has(id, (ask) =>
      options.fresh ? this.#search(id, ask) : this.#packs.search(id, ask),
    )
  }

  async #has(
    id: Id,
    search: (ask: (pack: PackReader) => Soon<true | undefined>) => Promise<true | undefined>,
  ): Promise<boolean> {
    if (this.#cached(id) !== undefined) return true
    try {
      return (await search((pack) => soon(pack.has(id), (has) => has || undefined))) === true
    } catch (error) {
      // What may lie in a damaged pack is as good as absent: whoever asks will write it again.
      if (hasCode(error, 'corrupt-pack') || hasCode(error, 'corrupt-object')) return false
      throw error
    }
  }

  /**
   * Whether the object is in one of the packs most likely to have it. For deciding whether to write
   * it: what is written again for want of a longer look costs its bytes and no more.
   * @param isCheap it costs so few bytes that only packs whose index is in memory are looked into, or soon opened
   */
  async hasAtHand(id: Id, isCheap = false): Promise<boolean> {
    return this.#has(id, (ask) => this.#packs.search(id, ask, isCheap ? 'near' : 'at-hand'))
  }

  /**
   * The name of a pack that holds the object, one that counts if any does; undefined when none does.
   * @param state which packs count, and which do no more: those are not meant
   */
  async packOf(
    id: Id,
    state?: { readonly packs: ReadonlySet<string>; readonly retired: ReadonlySet<string> },
  ): Promise<string | undefined> {
    let staged: string | undefined
    const ask = async (pack: PackReader): Promise<string | undefined> => {
      if (state?.retired.has(pack.name) || !(await pack.has(id))) return undefined
      if (state === undefined || state.packs.has(pack.name)) return pack.name
      staged ??= pack.name
      return undefined
    }
    return (await this.#packs.search(id, ask)) ?? staged ?? (await this.#search(id, ask)) ?? staged
  }

  /** The record of an object as it lies in whichever pack it is found in first; undefined where it is in none. */
  recordOf(id: Id): Soon<PackRecord | undefined> {
    const ask = (pack: PackReader) => pack.record(id)
    return soon(this.#packs.peek(id, ask), (found) => found ?? this.#search(id, ask))
  }

  /** The object that this one is stored as a difference to, in this pack or in whichever it is found. */
  async baseOf(id: Id, pack?: string): Promise<Id | undefined> {
    const found = await this.#search(id, async (other) => {
      const isMeant = pack === undefined || other.name === pack
      return isMeant && (await other.has(id)) ? { base: await other.baseOf(id) } : undefined
    })
    return found?.base
  }

  /** Ids that begin with these hex digits, sorted. */
  async find(hexPrefix: string): Promise<Id[]> {
    const digits = hexPrefix.toLowerCase()
    if (!/^[0-9a-f]{1,64}$/.test(digits)) return []
    await this.refresh()
    const found = new Set<Id>()
    for await (const pack of this.#packs.all()) {
      for (const id of await pack.find(digits)) found.add(id)
    }
    return [...found].sort()
  }

  /** Begins a batch of new objects, which become one pack. */
  async begin(options: BatchOptions = {}): Promise<ObjectBatch> {
    return new ObjectBatch(this, options)
  }

  /** The packs there are now, the newest first. */
  async packs(): Promise<PackSummary[]> {
    await this.refresh()
    const summaries: PackSummary[] = []
    for await (const { name, size, records } of this.#packs.all()) {
      summaries.push({ name, size, objects: records })
    }
    return summaries
  }

  /** About how many objects there are. Small packs are judged by their size, and not opened. */
  async countAbout(): Promise<number> {
    let objects = 0
    for (const pack of await this.#packs.known()) {
      const isSmall = pack.size < SMALL_PACK_BYTES
      objects += isSmall ? pack.size / OBJECT_BYTES : (await this.#packs.open(pack)).records
    }
    return Math.ceil(objects)
  }

  /** The names of the packs there are now, without opening them. */
  async packNames(): Promise<string[]> {
    await this.refresh()
    return (await this.#packs.known()).map(({ name }) => name)
  }

  /**
   * The names of the packs seen so far that are neither published nor retired, in no order. Every
   * pack that an object was found in has been seen, here or by a batch that left it out for that.
   */
  stagedPacks(published: ReadonlySet<string>, retired: ReadonlySet<string>): Promise<string[]> {
    return this.#packs.staged(published, retired)
  }

  /** Name and size of the packs known so far; none is opened. */
  async knownPacks(): Promise<readonly { readonly name: string; readonly size: number }[]> {
    return this.#packs.known()
  }

  /** Opens a known pack; undefined when there is none of that name. */
  async openPack(name: string): Promise<PackReader | undefined> {
    const pack = await this.#packs.get(name)
    return pack && this.#packs.open(pack)
  }

  /** Removes packs that count no more: others have what is needed of them. */
  async removePacks(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.storage.delete(packPath(name))
      this.#packs.retire(name)
    }
  }

  /** Every object of every pack; one that lies in two packs comes twice. Checksums are verified. */
  async *objects(): AsyncIterable<ObjectSummary> {
    await this.refresh()
    for await (const pack of this.#packs.all()) {
      for await (const record of pack.scan()) {
        const { id, kind, length, stored } = record
        yield { id, kind, length, stored, pack: pack.name }
      }
    }
  }

  /** All that is wrong with a pack: hash, index, checksums, encodings, ids. */
  async verifyPack(name: string, options: VerifyOptions = {}): Promise<VarveError[]> {
    const size = await this.storage.size(packPath(name))
    if (size === undefined) {
      throw new VarveError('file-not-found', `no pack ${name}`, { data: { pack: name } })
    }
    try {
      const pack = await PackReader.open(this.storage, name, size)
      return await pack.verify((found) => this.#chains.decode(found), options)
    } catch (error) {
      if (hasCode(error, 'corrupt-pack') || hasCode(error, 'unsupported-format')) return [error]
      throw error
    }
  }

  /**
   * From now on looks at no pack of these names, which count no more: not all that they hold need be in others, and
   * what is not is about to go.
   */
  exclude(names: ReadonlySet<string>): void {
    this.#packs.exclude(names)
    // Also what was read from a pack that has gone since.
    this.#cache.clear()
    this.#values.clear()
  }

  /** From now on small decoded objects take no more memory than this, in bytes: for who holds much else for long. */
  limitCache(bytes: number): void {
    this.#cache.limit(bytes)
  }

  /**
   * Takes a pack that was just published into the known ones, without listing them again.
   * @param written what is known of it: its index and footer, and small objects in it
   */
  adopt(name: string, size: number, written: WrittenPack = {}): void {
    this.#packs.adopt(name, size, written.end)
    for (const [id, object] of written.objects ?? []) this.#cache.add(id, object)
  }

  /** Looks for packs that were added or removed since. */
  async refresh(): Promise<void> {
    await this.#packs.refresh()
  }

  /** As the packs' own search; when none has an answer, they are listed once again. */
  async #search<T>(id: Id, ask: (pack: PackReader) => Soon<T | undefined>) {
    let failure: unknown
    try {
      const found = await this.#packs.search(id, ask)
      if (found !== undefined) return found
    } catch (error) {
      failure = error
    }
    if ((await this.#packs.refresh()) > 0) return this.#packs.search(id, ask)
    if (failure !== undefined) throw failure
    return undefined
  }

  async #readFrom(pack: PackReader, id: Id): Promise<ReadObject | undefined> {
    const found = await recordIn(pack, id)
    return found && this.#readRecord(found)
  }

  async #readRecord(first: FoundRecord): Promise<ReadObject> {
    const found = await this.#chains.decode(first)
    const { id } = first.record
    if (this.#verify && hashObject(found.kind, found.bytes) !== id) {
      throw notItsOwn(id, first.pack)
    }
    return found
  }
}

function recordIn(pack: PackReader, id: Id): Soon<FoundRecord | undefined> {
  return soon(pack.record(id), (record) => record && { record, pack: pack.name })
}

function notItsOwn(id: Id, pack?: string): VarveError {
  return new VarveError('corrupt-object', `the bytes of object ${id} are not its own`, {
    data: { id, ...(pack === undefined ? {} : { pack }) },
  })
}
