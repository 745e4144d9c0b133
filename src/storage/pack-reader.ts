import { createHash } from 'node:crypto'
import { equalBytes } from '../core/bytes.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { hashObject, ID_BYTES, type Id, idFromBytes } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'
import { aboutObject, damaged, decodeObject, named } from './decode-object.ts'
import {
  FOOTER_BYTES,
  INDEX_ENTRY_BYTES,
  PACK_MAGIC,
  PackIndex,
  PREFIX_DIGITS,
  type RecordPlace,
  readFooter,
} from './pack-index.ts'
import { decodeRecord, type PackRecord } from './pack-record.ts'
import { packPath } from './pack-writer.ts'
import type { Storage } from './storage.ts'

/** Enough for the index of 2,000 records: most packs open with one read. */
const TAIL_READ = 32 * 1024

/** One pack, opened for reading: its index is in memory, its records stay where they are. */
export class PackReader {
  readonly name: string
  readonly size: number
  readonly #storage: Storage
  readonly #index: PackIndex
  /** Where the records end and the index begins. */
  readonly #end: number

  private constructor(storage: Storage, name: string, size: number, index: PackIndex) {
    this.name = name
    this.size = size
    this.#storage = storage
    this.#index = index
    this.#end = size - FOOTER_BYTES - index.records * INDEX_ENTRY_BYTES
  }

  /** Opens a pack; `corrupt-pack` when its footer or index is not right. */
  static async open(storage: Storage, name: string, size: number): Promise<PackReader> {
    const path = packPath(name)
    const fail = (reason: string, cause?: unknown): VarveError =>
      new VarveError('corrupt-pack', `pack ${name} is damaged: ${reason}`, {
        data: { pack: name, location: storage.location },
        cause,
      })
    if (size < PACK_MAGIC.length + FOOTER_BYTES) throw fail('it is cut short')
    const tail = await storage.range(path, Math.max(0, size - TAIL_READ), Math.min(size, TAIL_READ))
    const footer = tail.subarray(tail.length - FOOTER_BYTES)
    try {
      const { records, indexStart, name: found } = readFooter(footer, size)
      if (found !== name) throw new VarveError('corrupt-pack', `its hash is ${found}`)
      const length = records * INDEX_ENTRY_BYTES
      const end = tail.length - FOOTER_BYTES
      const index =
        length <= end
          ? tail.slice(end - length, end)
          : await storage.range(path, indexStart, length)
      return new PackReader(storage, name, size, new PackIndex(index, footer))
    } catch (error) {
      if (hasCode(error, 'corrupt-pack')) throw fail(error.message, error)
      if (hasCode(error, 'unsupported-format')) throw named(error, `pack ${name}`)
      throw error
    }
  }

  get records(): number {
    return this.#index.records
  }

  /** The first bytes of every id, as numbers. */
  prefixes(): Iterable<number> {
    return this.#index.prefixes()
  }

  /** Whether the pack holds this object. */
  async has(id: Id): Promise<boolean> {
    const { from, to } = this.#index.candidates(id)
    for (let entry = from; entry < to; entry++) {
      if ((await this.#idAt(entry)) === id) return true
    }
    return false
  }

  /** The object's record, its checksum verified; undefined when the pack does not hold it. */
  async record(id: Id): Promise<PackRecord | undefined> {
    const { from, to } = this.#index.candidates(id)
    for (let entry = from; entry < to; entry++) {
      const record = await this.recordAt(this.#index.place(entry), id)
      if (record.id === id) return record
    }
    return undefined
  }

  /** The record at a place of the index; `corrupt-object` naming `wanted` when it is damaged. */
  async recordAt(place: RecordPlace, wanted: string): Promise<PackRecord> {
    if (!this.#isAmongRecords(place)) throw damaged(wanted, this.name)
    const bytes = await this.#bytesAt(place)
    try {
      return decodeRecord(bytes)
    } catch (error) {
      throw aboutObject(error, wanted, this.name)
    }
  }

  /** The object's canonical bytes; undefined when the pack does not hold it. */
  async read(id: Id): Promise<StoredObject | undefined> {
    const record = await this.record(id)
    return record && decodeObject(record, this.name)
  }

  /** Ids that begin with these hex digits. */
  async find(digits: string): Promise<Id[]> {
    const { from, to } = this.#index.candidates(digits)
    const found: Id[] = []
    for (let entry = from; entry < to; entry++) {
      const id = await this.#idAt(entry)
      if (id.startsWith(digits)) found.push(id)
    }
    return found
  }

  /** Where every record is, in the order of the file. */
  places(): RecordPlace[] {
    const places = Array.from({ length: this.records }, (_, entry) => this.#index.place(entry))
    return places.sort((a, b) => a.offset - b.offset)
  }

  /** The records in the order of the file, each verified. Stops at the first that is damaged. */
  async *scan(): AsyncIterable<PackRecord & { stored: number }> {
    for (const place of this.places()) {
      const record = await this.recordAt(place, `at byte ${place.offset}`)
      yield { ...record, stored: place.length }
    }
  }

  async #idAt(entry: number): Promise<Id> {
    const place = this.#index.place(entry)
    if (place.length < ID_BYTES || !this.#isAmongRecords(place)) {
      throw damaged(this.#index.prefix(entry), this.name)
    }
    return idFromBytes(await this.#bytesAt({ offset: place.offset, length: ID_BYTES }))
  }

  /** The index is believed no further than its checksum: a hostile one has a right one too. */
  #isAmongRecords({ offset, length }: RecordPlace): boolean {
    return offset >= PACK_MAGIC.length && offset + length <= this.#end
  }

  async #bytesAt({ offset, length }: RecordPlace): Promise<Uint8Array> {
    return this.#storage.range(packPath(this.name), offset, length)
  }

  /**
   * Checks all there is to check: the hash of the file, that the index and the records agree,
   * every checksum, every encoding, every id. Returns what is wrong.
   */
  async verify(): Promise<VarveError[]> {
    const problems: VarveError[] = []
    const magic = await this.#bytesAt({ offset: 0, length: PACK_MAGIC.length })
    if (!equalBytes(magic, PACK_MAGIC)) problems.push(damaged('its first bytes', this.name))
    const hash = createHash('sha256')
    const end = this.size - ID_BYTES
    for (let at = 0; at < end; at += WINDOW) {
      hash.update(await this.#bytesAt({ offset: at, length: Math.min(WINDOW, end - at) }))
    }
    if (hash.digest('hex') !== this.name) {
      problems.push(new VarveError('corrupt-pack', `the hash of pack ${this.name} does not fit`))
    }
    let expected = PACK_MAGIC.length
    for (let entry = 0; entry < this.records; entry++) {
      try {
        await this.#verifyEntry(entry)
      } catch (error) {
        if (!(error instanceof VarveError)) throw error
        problems.push(error)
      }
    }
    for (const { offset, length } of this.places()) {
      if (offset !== expected) problems.push(damaged(`the record at byte ${offset}`, this.name))
      expected = offset + length
    }
    if (expected !== this.#end) {
      const reason = `its records end at byte ${expected}, its index begins at ${this.#end}`
      problems.push(new VarveError('corrupt-pack', `pack ${this.name} is damaged: ${reason}`))
    }
    return problems
  }

  async #verifyEntry(entry: number): Promise<void> {
    const prefix = this.#index.prefix(entry)
    const record = await this.recordAt(this.#index.place(entry), prefix)
    const sorted = entry === 0 || this.#index.prefix(entry - 1) <= prefix
    if (record.id.slice(0, PREFIX_DIGITS) !== prefix || !sorted) {
      throw damaged(record.id, this.name)
    }
    const { kind, bytes } = await decodeObject(record, this.name)
    if (hashObject(kind, bytes) !== record.id) {
      throw new VarveError('corrupt-object', `the bytes of object ${record.id} are not its own`, {
        data: { id: record.id, pack: this.name },
      })
    }
  }
}

const WINDOW = 1 << 20
