import { ByteWriter } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { hashObject, ID_BYTES, type Id, idFromBytes } from '../core/id.ts'
import { FOOTER_BYTES, PACK_MAGIC, type PackFooter, readFooter, widthOf } from './pack-index.ts'
import {
  decodeRecord,
  findRecordEnd,
  type IdsAt,
  type PackRecord,
  parseRecord,
} from './pack-record.ts'
import { packPath } from './pack-writer.ts'
import { type ChainOptions, type FoundRecord, readChain } from './read-chain.ts'
import type { Storage } from './storage.ts'

/** A record whose end is not known is looked for within so many bytes. */
const SEARCHED = 1 << 20

/**
 * The records of a damaged pack that verify. Its index is believed as far as records confirm it: an id there that is
 * wrong is known by the object's own, a place that is wrong by the checksum of the record that it cuts.
 */
export class SalvagedPack {
  readonly name: string
  readonly #storage: Storage
  readonly #ids: Id[]
  /** Where each record ends. */
  readonly #ends: number[]
  readonly #positions = new Map<Id, number>()
  /** Positions of records that verified. */
  readonly #good = new Set<number>()

  private constructor(storage: Storage, name: string, ids: Id[], ends: number[]) {
    this.#storage = storage
    this.name = name
    this.#ids = ids
    this.#ends = ends
  }

  /**
   * Finds the records that verify.
   * @param find what an object is made of, where another pack has that
   */
  static async open(
    storage: Storage,
    name: string,
    find: ChainOptions['find'],
  ): Promise<SalvagedPack> {
    const { ids, ends } = await readIndexLeniently(storage, name)
    const pack = new SalvagedPack(storage, name, ids, ends)
    await pack.#findGood(find)
    return pack
  }

  /** How many records the pack seems to have. */
  get records(): number {
    return this.#ids.length
  }

  /** The ids of the records that verify, in their order. */
  *ids(): Iterable<Id> {
    for (const [position, id] of this.#ids.entries()) {
      if (this.#good.has(position)) yield id
    }
  }

  /** The record of an object, verified; undefined where the pack has none that is. */
  async record(id: Id): Promise<FoundRecord | undefined> {
    const position = this.#positions.get(id)
    if (position === undefined) return undefined
    return { record: await this.#read(position, id), pack: this.name }
  }

  /** Ids that were wrong can be known once others are: it is gone through them as long as that helps. */
  async #findGood(find: ChainOptions['find']): Promise<void> {
    for (let before = -1; before < this.#good.size; ) {
      before = this.#good.size
      for (let position = 0; position < this.records; position++) {
        if (this.#good.has(position)) continue
        const id =
          (await this.#verifies(position)) ??
          (await this.#findEnd(position)) ??
          (await this.#findId(position, find))
        if (id === undefined) continue
        this.#ids[position] = id
        this.#good.add(position)
        this.#positions.set(id, position)
      }
    }
  }

  async #verifies(position: number): Promise<Id | undefined> {
    const id = this.#ids[position]!
    try {
      await this.#read(position, id)
      return id
    } catch (error) {
      return ignoring(error)
    }
  }

  /** Looks for the end of a record where the index has another. */
  async #findEnd(position: number): Promise<Id | undefined> {
    const id = this.#ids[position]!
    const start = this.#startOf(position)
    const stop = this.#endBehind(position, start)
    if (stop === undefined) return undefined
    try {
      const length = Math.min(stop - start, SEARCHED)
      const bytes = await this.#storage.range(packPath(this.name), start, length)
      const end = await findRecordEnd(bytes, id, position, this.#idsAt)
      if (end === undefined) return undefined
      this.#ends[position] = start + end
      return id
    } catch (error) {
      return ignoring(error)
    }
  }

  /** Where one of the records after a position ends, the first that does so behind a byte. */
  #endBehind(position: number, byte: number): number | undefined {
    for (let other = position + 1; other < this.#ends.length; other++) {
      if (this.#ends[other]! > byte) return this.#ends[other]
    }
    return undefined
  }

  #startOf(position: number): number {
    return position === 0 ? PACK_MAGIC.length : this.#ends[position - 1]!
  }

  /** The id that the bytes have, where the index has another. */
  async #findId(position: number, find: ChainOptions['find']): Promise<Id | undefined> {
    try {
      const bytes = await this.#bytesOf(position)
      const record = await parseRecord(bytes, this.#ids[position]!, position, this.#idsAt)
      const object = await readChain(
        { record, pack: this.name },
        {
          find: async (base, of, isPassed) =>
            (isPassed(this.name) ? undefined : await this.record(base)) ?? find(base, of, isPassed),
        },
      )
      const id = hashObject(object.kind, object.bytes)
      await this.#read(position, id)
      return id
    } catch (error) {
      return ignoring(error)
    }
  }

  async #read(position: number, id: Id): Promise<PackRecord> {
    return decodeRecord(await this.#bytesOf(position), id, position, this.#idsAt)
  }

  readonly #idsAt: IdsAt = (positions) =>
    positions.map((position) => {
      const id = this.#ids[position]
      if (id === undefined) throw new VarveError('corrupt-object', 'it refers to what is not there')
      return id
    })

  #bytesOf(position: number): Promise<Uint8Array> {
    const start = this.#startOf(position)
    const length = this.#ends[position]! - start
    if (length < 0) throw new VarveError('corrupt-object', 'it ends before it begins')
    return this.#storage.range(packPath(this.name), start, length)
  }
}

/** Ids and ends as the index has them, its checksums not looked at. */
async function readIndexLeniently(
  storage: Storage,
  name: string,
): Promise<{ ids: Id[]; ends: number[] }> {
  const ids: Id[] = []
  const ends: number[] = []
  const path = packPath(name)
  const size = (await storage.size(path)) ?? 0
  const shape = await findIndex(storage, path, size)
  if (shape === undefined) return { ids, ends }
  const { records, indexStart, indexLength, endWidth } = shape
  const index = Buffer.from(await storage.range(path, indexStart, indexLength))
  for (let position = 0; position < records; position++) {
    ids.push(idFromBytes(index, position * ID_BYTES))
    ends.push(index.readUIntLE(records * ID_BYTES + position * endWidth, endWidth))
  }
  return { ids, ends }
}

/** Where the footer says that the index is, or where it must be for the last record to end where it begins. */
async function findIndex(
  storage: Storage,
  path: string,
  size: number,
): Promise<PackFooter | undefined> {
  if (size < PACK_MAGIC.length + FOOTER_BYTES) return undefined
  const own = await storage.range(path, size - FOOTER_BYTES, FOOTER_BYTES)
  const said = await ifItFits(storage, path, size, own)
  if (said !== undefined) return said
  const most = Math.floor(size / (ID_BYTES + 2))
  for (let records = 1; records <= most; records++) {
    const orderWidth = widthOf(records - 1)
    for (let endWidth = 1; endWidth <= 6; endWidth++) {
      const footer = new ByteWriter(FOOTER_BYTES).u32(records).u8(endWidth).u8(orderWidth).finish()
      const found = await ifItFits(storage, path, size, footer)
      if (found !== undefined) return found
    }
  }
  return undefined
}

async function ifItFits(
  storage: Storage,
  path: string,
  size: number,
  footer: Uint8Array,
): Promise<PackFooter | undefined> {
  const shape = await attempt(async () => readFooter(footer, size))
  if (shape === undefined || shape.records === 0) return undefined
  const { records, endWidth, indexStart } = shape
  // Ends are as wide as the last of them needs: most that does not fit is known without a look.
  if (endWidth !== widthOf(indexStart)) return undefined
  const at = indexStart + records * ID_BYTES + (records - 1) * endWidth
  const end = Buffer.from(await storage.range(path, at, endWidth)).readUIntLE(0, endWidth)
  return end === indexStart ? shape : undefined
}

async function attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    return ignoring(error)
  }
}

/** What cannot be read is what this is about: an error of the machine is not. */
function ignoring(error: unknown): undefined {
  if (error instanceof VarveError && error.code !== 'interrupted') return undefined
  throw error
}
