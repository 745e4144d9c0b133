import { createHash } from 'node:crypto'
import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { encodeBody, lengthLimit } from './pack-encoding.ts'
import { encodeIndex, PACK_MAGIC, type RecordPlace } from './pack-index.ts'
import { encodeRecord } from './pack-record.ts'
import type { Storage, StorageWriter } from './storage.ts'

/** Records are gathered up to this many bytes between writes. */
const WRITE_SIZE = 1 << 20

/** Where a pack lives in storage. */
export function packPath(name: string): string {
  return `packs/${name}.pack`
}

/**
 * Writes one pack: records as they come, then the index and the footer. It asks nothing of storage
 * before the first megabyte, and nothing of it is visible before `publish`.
 */
export class PackWriter {
  readonly #storage: Storage
  readonly #hash = createHash('sha256')
  readonly #places = new Map<Id, RecordPlace>()
  /** Records not yet handed to storage, which include those on their way there. */
  readonly #unwritten = new Map<Id, Uint8Array>()
  #gathered: Uint8Array[] = [PACK_MAGIC]
  #gatheredBytes = PACK_MAGIC.length
  #gatheredIds: Id[] = []
  #length = PACK_MAGIC.length
  #writer: StorageWriter | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** Records so far. */
  get records(): number {
    return this.#places.size
  }

  /** Bytes of the pack so far: of the whole file once it is published. */
  get length(): number {
    return this.#length
  }

  has(id: Id): boolean {
    return this.#places.has(id)
  }

  ids(): Iterable<Id> {
    return this.#places.keys()
  }

  /** Adds an object unless it is there. Waits for the disk once much has gathered. */
  async add(id: Id, kind: ObjectKind, canonical: Uint8Array, level: number): Promise<void> {
    if (canonical.length > lengthLimit(kind)) {
      throw new VarveError('too-large', `an object of ${canonical.length} bytes is too large`, {
        data: { length: canonical.length, limit: lengthLimit(kind) },
      })
    }
    const encoded = await encodeBody(kind, canonical, level)
    this.addRecord(id, encodeRecord({ id, kind, length: canonical.length, ...encoded }))
    if (this.#gatheredBytes >= WRITE_SIZE) await this.#flush()
  }

  /** Adds a record that is already in its final form. */
  addRecord(id: Id, record: Uint8Array): void {
    if (this.#places.has(id)) return
    this.#places.set(id, { offset: this.#length, length: record.length })
    this.#unwritten.set(id, record)
    this.#gatheredIds.push(id)
    this.#gather(record)
  }

  /** The record of an object added before, or undefined. */
  async record(id: Id): Promise<Uint8Array | undefined> {
    const unwritten = this.#unwritten.get(id)
    if (unwritten !== undefined) return unwritten
    const place = this.#places.get(id)
    return place && this.#writer?.range(place.offset, place.length)
  }

  /** Writes index and footer and publishes the pack. Returns its name. */
  async publish(): Promise<string> {
    this.#gather(encodeIndex(this.#places, this.#length))
    await this.#flush()
    const hash = this.#hash.digest()
    const writer = await this.#openWriter()
    await writer.write(hash)
    this.#length += hash.length
    const name = hash.toString('hex')
    await writer.publish(packPath(name))
    return name
  }

  async discard(): Promise<void> {
    this.#places.clear()
    this.#unwritten.clear()
    this.#gathered = []
    // A failed write has been reported to whoever waited for it.
    await this.#writing.catch(() => undefined)
    await this.#writer?.discard()
  }

  #gather(bytes: Uint8Array): void {
    this.#gathered.push(bytes)
    this.#gatheredBytes += bytes.length
    this.#length += bytes.length
  }

  /** Writes what has gathered, after what is being written. */
  #flush(): Promise<void> {
    const ids = this.#gatheredIds
    const bytes = this.#gathered.length === 1 ? this.#gathered[0]! : Buffer.concat(this.#gathered)
    this.#gathered = []
    this.#gatheredIds = []
    this.#gatheredBytes = 0
    this.#writing = this.#writing.then(async () => {
      const writer = await this.#openWriter()
      this.#hash.update(bytes)
      await writer.write(bytes)
      for (const id of ids) this.#unwritten.delete(id)
    })
    return this.#writing
  }

  async #openWriter(): Promise<StorageWriter> {
    this.#writer ??= await this.#storage.create()
    return this.#writer
  }
}
