import { createHash } from 'node:crypto'
import { equalBytes } from '../core/bytes.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { hashObject, type Id } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'
import type { BlockCache } from './block-cache.ts'
import { aboutObject } from './decode-object.ts'
import {
  checkFooter,
  FOOTER_BYTES,
  PACK_MAGIC,
  type PackFault,
  PackIndex,
  type RecordPlace,
  readFooter,
} from './pack-index.ts'
import { PagedIndex, wholeIndex } from './pack-pages.ts'
import { decodeRecord, type PackRecord, readBase } from './pack-record.ts'
import { packPath } from './pack-writer.ts'
import type { FoundRecord } from './read-chain.ts'
import { type Soon, soon } from './soon.ts'
import type { Storage } from './storage.ts'

/** Enough for the index of 900 records: most packs open with one read. */
const TAIL_READ = 32 * 1024
/** Bytes of a record in which its base stands. */
const HEAD = 64
/** Bytes of a file that are verified at a time. */
const WINDOW = 1 << 20

/** Where packs are read from. */
export type PackSource = Pick<Storage, 'location' | 'range'>

/** A record and the bytes that it takes in its pack. */
export type StoredRecord = PackRecord & { readonly stored: number }

export interface VerifyOptions {
  /** Whether the record of this object has been read and verified already. */
  readonly isVerified?: (id: Id) => boolean
  /** Told how many more bytes were read. */
  readonly onBytes?: (count: number) => void
}

/** One pack, opened for reading: its records stay where they are, and so does a long index. */
export class PackReader {
  readonly name: string
  readonly size: number
  readonly #storage: PackSource
  readonly #index: PackIndex
  readonly #blocks: BlockCache | undefined

  private constructor(
    storage: PackSource,
    name: string,
    size: number,
    index: PackIndex,
    blocks?: BlockCache,
  ) {
    this.name = name
    this.size = size
    this.#storage = storage
    this.#index = index
    this.#blocks = blocks
  }

  /**
   * Opens a pack; `corrupt-pack` when its footer or index is not right.
   * @param blocks keeps what is read of records; without, all is read from the storage
   */
  static async open(
    storage: PackSource,
    name: string,
    size: number,
    blocks?: BlockCache,
  ): Promise<PackReader> {
    const fault = faultIn(storage, name)
    try {
      const index = await openIndex(storage, name, size, fault)
      return new PackReader(storage, name, size, index, blocks)
    } catch (error) {
      if (!hasCode(error, 'corrupt-pack')) throw error
      // Its end cannot be read, or is that of another format: the beginning tells which.
      await checkVersion(storage, name, size)
      throw error.data.pack === undefined ? fault(error.message, error) : error
    }
  }

  /**
   * A pack that was just written, whose end is known and not read again; undefined where it is too long to be held.
   * @param end its index, and what follows that
   */
  static ofWritten(
    storage: PackSource,
    name: string,
    size: number,
    end: Uint8Array,
    blocks: BlockCache,
  ): PackReader | undefined {
    const shape = readFooter(end.subarray(end.length - FOOTER_BYTES), size)
    if (shape.sumsLength > 0) return undefined
    const index = wholeIndex(new Uint8Array(end.subarray(0, shape.indexLength)))
    const opened = new PackIndex(index, shape, faultIn(storage, name))
    return new PackReader(storage, name, size, opened, blocks)
  }

  get records(): number {
    return this.#index.records
  }

  /** Whether its index is in memory; else a look for an object that it has not reads a dozen pages. */
  get isIndexWhole(): boolean {
    return this.#index.isWhole
  }

  /** The first bytes of every id, as numbers. Only of a pack with a short index. */
  prefixes(): Iterable<number> {
    return this.#index.prefixes()
  }

  /** Whether the pack holds this object. */
  has(id: Id): Soon<boolean> {
    return soon(this.#index.position(id), (position) => position !== undefined)
  }

  /** The object's record, its checksum verified; undefined when the pack does not hold it. */
  record(id: Id): Soon<PackRecord | undefined> {
    return soon(this.#index.position(id), (position) =>
      position === undefined ? undefined : this.recordAt(position, id),
    )
  }

  /** The record at a position, which is known to be that of `id` where that is given. */
  recordAt(position: number, id?: Id): Soon<StoredRecord> {
    return soon(id ?? this.#index.id(position), (own) =>
      soon(this.#index.place(position), (place) =>
        soon(this.#bytesAt(place), (bytes) => this.#decode(bytes, own, position)),
      ),
    )
  }

  #decode(bytes: Uint8Array, id: Id, position: number): Soon<StoredRecord> {
    const stored = (record: PackRecord): StoredRecord =>
      Object.assign(record, { stored: bytes.length })
    const failed = (error: unknown): never => {
      throw aboutObject(error, id, this.name)
    }
    try {
      const record = decodeRecord(bytes, id, position, (positions) => this.#ids(positions))
      return record instanceof Promise ? record.then(stored).catch(failed) : stored(record)
    } catch (error) {
      return failed(error)
    }
  }

  /** The base that a record names, or undefined; not verified. */
  async baseOf(id: Id): Promise<Id | undefined> {
    const position = await this.#index.position(id)
    if (position === undefined) return undefined
    const { offset, length } = await this.#index.place(position)
    const base = readBase(await this.#bytesAt({ offset, length: Math.min(length, HEAD) }), position)
    return typeof base === 'number' ? (await this.#ids([base]))[0] : base
  }

  /** Ids that begin with these hex digits. */
  find(digits: string): Promise<Id[]> {
    return this.#index.find(digits)
  }

  /** The ids in the order of the records. */
  async *ids(): AsyncIterable<Id> {
    for (let position = 0; position < this.records; position++) yield this.#index.id(position)
  }

  /** The records in the order of the file, each verified. Stops at the first that is damaged. */
  async *scan(): AsyncIterable<StoredRecord> {
    for (let position = 0; position < this.records; position++) yield this.recordAt(position)
  }

  /**
   * Checks all there is to check: the hash of the file, that the index and the records agree,
   * every checksum, every encoding, every id. Returns what is wrong.
   *
   * @param decode gives an object for its record, whose base may be in another pack
   * @param options what is known already
   */
  async verify(
    decode: (found: FoundRecord) => Promise<StoredObject>,
    { isVerified, onBytes }: VerifyOptions = {},
  ): Promise<VarveError[]> {
    const problems: VarveError[] = []
    const hash = createHash('sha256')
    for (let at = 0; at < this.size; at += WINDOW) {
      const length = Math.min(WINDOW, this.size - at)
      hash.update(await this.#bytesAt({ offset: at, length }))
      onBytes?.(length)
    }
    if (hash.digest('hex') !== this.name) {
      const message = `pack ${this.name} is damaged: its bytes are not those that its name says`
      problems.push(new VarveError('corrupt-pack', message, { data: { pack: this.name } }))
    }
    const attempt = async (check: () => Promise<void>): Promise<void> => {
      try {
        await check()
      } catch (error) {
        if (!(error instanceof VarveError)) throw error
        problems.push(error)
      }
    }
    await attempt(() => checkVersion(this.#storage, this.name, this.size))
    await attempt(async () => {
      problems.push(...(await this.#index.verify()))
    })
    for (let position = 0; position < this.records; position++) {
      await attempt(async () => {
        if (isVerified?.(await this.#index.id(position))) return
        await this.#verifyRecord(position, decode)
      })
    }
    return problems
  }

  async #verifyRecord(
    position: number,
    decode: (found: FoundRecord) => Promise<StoredObject>,
  ): Promise<void> {
    const record = await this.recordAt(position)
    const { kind, bytes } = await decode({ record, pack: this.name }).catch((error: unknown) => {
      throw aboutRecord(error, record.id)
    })
    if (hashObject(kind, bytes) !== record.id) {
      throw new VarveError('corrupt-object', `the bytes of object ${record.id} are not its own`, {
        data: { id: record.id, pack: this.name },
      })
    }
  }

  #ids(positions: readonly number[]): Soon<Id[]> {
    if (positions.some((position) => position >= this.records)) {
      throw new VarveError('corrupt-object', 'it refers to what is not in the pack')
    }
    return this.#index.ids(positions)
  }

  #bytesAt({ offset, length }: RecordPlace): Soon<Uint8Array> {
    const path = packPath(this.name)
    if (this.#blocks === undefined) return this.#storage.range(path, offset, length)
    return this.#blocks.range(this.#storage, path, this.size, offset, length)
  }
}

function faultIn({ location }: PackSource, name: string): PackFault {
  return (reason, cause) =>
    new VarveError('corrupt-pack', `pack ${name} is damaged: ${reason}`, {
      data: { pack: name, location },
      cause,
    })
}

/** An error that another object is the reason for, as one about the record that is made of it. */
function aboutRecord(error: unknown, id: Id): unknown {
  if (!(error instanceof VarveError) || error.data.id === id) return error
  const { id: damaged } = error.data
  return new VarveError(error.code, `object ${id} cannot be read: ${error.message}`, {
    data: { ...error.data, id, ...(typeof damaged === 'string' && { damaged }) },
    cause: error,
  })
}

async function openIndex(
  storage: PackSource,
  name: string,
  size: number,
  fault: PackFault,
): Promise<PackIndex> {
  const path = packPath(name)
  if (size < PACK_MAGIC.length + FOOTER_BYTES) throw fault('it is cut short')
  const tailStart = Math.max(0, size - TAIL_READ)
  const tail = await storage.range(path, tailStart, size - tailStart)
  const bytesAt = async (offset: number, length: number): Promise<Uint8Array> =>
    offset >= tailStart
      ? tail.slice(offset - tailStart, offset - tailStart + length)
      : storage.range(path, offset, length)
  const footer = tail.subarray(tail.length - FOOTER_BYTES)
  const shape = readFooter(footer, size)
  const { indexStart, indexLength, sumsLength } = shape
  if (sumsLength === 0) {
    const index = await bytesAt(indexStart, indexLength)
    checkFooter(index, footer)
    return new PackIndex(wholeIndex(index), shape, fault)
  }
  const sums = await bytesAt(indexStart + indexLength, sumsLength)
  checkFooter(sums, footer)
  const load = (at: number, length: number) => storage.range(path, indexStart + at, length)
  return new PackIndex(new PagedIndex(indexLength, sums, load, fault), shape, fault)
}

/** `unsupported-format` for a pack of another version, `corrupt-pack` for what is none. */
async function checkVersion(storage: PackSource, name: string, size: number): Promise<void> {
  const length = PACK_MAGIC.length
  const start = size < length ? new Uint8Array(0) : await storage.range(packPath(name), 0, length)
  const known = length - 1
  const supported = PACK_MAGIC[known]!
  const version = start[known]
  const isPack =
    start.length === length && equalBytes(start.subarray(0, known), PACK_MAGIC.subarray(0, known))
  if (isPack && version === supported) return
  if (!isPack || version === undefined) {
    throw new VarveError('corrupt-pack', `pack ${name} is damaged: it does not begin as it must`, {
      data: { pack: name, location: storage.location },
    })
  }
  throw new VarveError('unsupported-format', `pack ${name} has version ${version} of the format`, {
    data: { pack: name, version, supported },
    hint:
      version < supported
        ? 'a varve from before 1.0 wrote this repository: read it with that version'
        : 'a newer varve wrote this repository: install that',
  })
}
