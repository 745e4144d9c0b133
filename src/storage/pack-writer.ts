import { createHash, randomBytes } from 'node:crypto'
import { VarveError } from '../core/errors.ts'
import { hashObject, ID_BYTES, type Id, type ObjectKind } from '../core/id.ts'
import { isValue } from '../core/objects.ts'
import { type CutId, IdFinder, withoutIds } from './cut-ids.ts'
import { type EncodedBody, encodeBody, encodeDifference, lengthLimit } from './pack-encoding.ts'
import { encodeIndex, PACK_MAGIC } from './pack-index.ts'
import { decodeRecord, encodeRecord, type PackRecord } from './pack-record.ts'
import type { Soon } from './soon.ts'
import type { Storage, StorageWriter } from './storage.ts'

/** Records are gathered up to this many bytes between writes. */
const WRITE_SIZE = 1 << 20
/** Room for them, which is made in steps, and serves again once they are written. */
const LEAST_ROOM = 1 << 12
const ROOM = WRITE_SIZE + (1 << 18)

/** No object takes fewer bytes whole, or not by enough to try. */
const SURELY_SHORTER = 80
/** A difference makes reading longer: it has to be shorter by this. */
const WORTH = 0.9

/** What an object may be stored as a difference to. */
export interface Base {
  readonly id: Id
  /** Its canonical bytes; it is of the same kind. */
  readonly bytes: Uint8Array
  /** Differences that lead to it from an object that is whole. */
  readonly depth: number
}

/** The parts of a record that depend on how an object is stored. */
type Encoded = Pick<PackRecord, 'method' | 'body' | 'base' | 'depth'> & {
  readonly cuts: readonly CutId[]
}

/** Where a pack is written to; where it can be read there, what has its name already is looked at. */
export type PackTarget = Pick<Storage, 'create'> & Partial<Pick<Storage, 'size' | 'range'>>

/** An object that no pack has. */
export function newMark(): { readonly id: Id; readonly bytes: Uint8Array } {
  const bytes = randomBytes(16)
  return { id: hashObject('blob', bytes), bytes }
}

/** Where a pack lives in storage. */
export function packPath(name: string): string {
  return `packs/${name}.pack`
}

/**
 * Writes one pack: records as they come, then the index and the footer. It asks nothing of storage
 * before the first megabyte, and nothing of it is visible before `publish`.
 */
export class PackWriter {
  readonly #storage: PackTarget
  readonly #hash = createHash('sha256')
  /** The position of each id. */
  readonly #positions = new Map<Id, number>()
  readonly #ids: Id[] = []
  /** Where each record ends. */
  readonly #ends: number[] = []
  readonly #planned: ReadonlyMap<Id, number> | undefined
  readonly #finder = new IdFinder()
  /** What is on its way to storage, the oldest first, and where in the pack it begins. */
  readonly #leaving: { readonly start: number; readonly bytes: Uint8Array }[] = []
  /** What has gathered, and room behind it. */
  #room: Uint8Array = new Uint8Array(LEAST_ROOM)
  #gathered = 0
  /** Room that serves again: while one is filled, one waits for another to be written. */
  readonly #spare: Uint8Array[] = []
  #length = 0
  #writer: StorageWriter | undefined
  #writing: Promise<void> = Promise.resolve()
  #end: Uint8Array | undefined

  /**
   * @param planned the positions of all that the pack is going to hold, where they are known: then
   *   records can refer to those that come after them, and must come in that order
   */
  constructor(storage: PackTarget, planned?: ReadonlyMap<Id, number>) {
    this.#storage = storage
    this.#planned = planned
    for (const id of planned?.keys() ?? []) this.#finder.add(id)
    this.#take(PACK_MAGIC.length).set(PACK_MAGIC)
  }

  /** Records so far. */
  get records(): number {
    return this.#ids.length
  }

  /** Bytes of the pack so far: of the whole file once it is published. */
  get length(): number {
    return this.#length
  }

  /** What stands behind the records of a pack that was published. */
  get end(): Uint8Array | undefined {
    return this.#end
  }

  has(id: Id): boolean {
    return this.#positions.has(id)
  }

  ids(): Iterable<Id> {
    return this.#ids
  }

  /**
   * Adds an object unless it is there, as a difference to `base` where that is much shorter. Waits for
   * the disk once much has gathered. Returns the depth of what is stored.
   *
   * @param encode how all of its bytes are stored, where that is known already
   */
  async add(
    id: Id,
    kind: ObjectKind,
    canonical: Uint8Array,
    level: number,
    base?: Base,
    encode: () => Promise<EncodedBody> = () => encodeBody(kind, canonical, level),
  ): Promise<number> {
    if (canonical.length > lengthLimit(kind)) {
      throw new VarveError('too-large', `an object of ${canonical.length} bytes is too large`, {
        data: { length: canonical.length, limit: lengthLimit(kind) },
      })
    }
    const difference = base && (await this.#difference(kind, canonical, level, base))
    const cost = difference === undefined ? 0 : this.#costOf(difference)
    if (difference === undefined || cost > SURELY_SHORTER) {
      const whole = await this.#whole(kind, canonical, level, encode)
      if (difference === undefined || cost > WORTH * this.#costOf(whole)) {
        await this.addRecord({ id, kind, length: canonical.length, ...whole })
        return 0
      }
    }
    await this.addRecord({ id, kind, length: canonical.length, ...difference })
    return difference.depth ?? 0
  }

  async #whole(
    kind: ObjectKind,
    canonical: Uint8Array,
    level: number,
    encode: () => Promise<EncodedBody>,
  ): Promise<Encoded> {
    const cuts = this.cutsOf(kind, canonical)
    if (cuts.length === 0) return { cuts, ...(await encode()) }
    return { cuts, ...(await encodeBody(kind, withoutIds(kind, canonical, cuts), level)) }
  }

  async #difference(
    kind: ObjectKind,
    canonical: Uint8Array,
    level: number,
    base: Base,
  ): Promise<Encoded | undefined> {
    const encoded = await encodeDifference(kind, canonical, base.bytes, level)
    if (encoded === undefined || encoded.body.length > canonical.length) return undefined
    const cuts = this.cutsOf(kind, encoded.body, base.id)
    const body = cuts.length === 0 ? encoded.body : withoutIds(kind, encoded.body, cuts)
    return { ...encoded, cuts, body, base: base.id, depth: base.depth + 1 }
  }

  /** About how many bytes of a record differ by how the object is stored. */
  #costOf({ cuts, body, base }: Encoded): number {
    const known = this.#planned ?? this.#positions
    const reference = base === undefined ? 0 : known.has(base) ? 3 : ID_BYTES + 1
    return reference + body.length + 3 * cuts.length
  }

  /** The ids in an object's bytes that need not be written again, as the pack holds them. */
  cutsOf(kind: ObjectKind, canonical: Uint8Array, base?: Id): CutId[] {
    return isValue(kind) ? [] : this.#finder.find(kind, canonical, base)
  }

  /**
   * Adds an object as it is to be stored, unless it is there. The ids cut out of it must be those of
   * objects that the pack holds, or is planned to hold, or its base's. A promise where the disk is to be waited for.
   *
   * @param sum the record's checksum, where it is known
   */
  addRecord(record: PackRecord, sum?: Uint8Array): Soon<void> {
    const { id } = record
    if (this.#positions.has(id)) return undefined
    const position = this.#ids.length
    if (this.#planned !== undefined && this.#planned.get(id) !== position) {
      throw new VarveError('io', `object ${id} is not planned at ${position}`)
    }
    const known = this.#planned ?? this.#positions
    const placeOf = (other: Id): number | undefined => known.get(other)
    const before = this.#writing
    const room = (length: number): Uint8Array => this.#take(length)
    encodeRecord(record, position, placeOf, { room, sum })
    this.#positions.set(id, position)
    this.#ids.push(id)
    if (this.#planned === undefined) this.#finder.add(id)
    this.#ends.push(this.#length)
    if (this.#gathered >= WRITE_SIZE) this.#flush()
    // What gathers next has room: what was written before it is waited for.
    return this.#writing === before ? undefined : before
  }

  /** The record of an object added before, or undefined. */
  async record(id: Id): Promise<PackRecord | undefined> {
    const position = this.#positions.get(id)
    if (position === undefined) return undefined
    const start = this.#ends[position - 1] ?? PACK_MAGIC.length
    const end = this.#ends[position]!
    const bytes = this.#unwritten(start, end) ?? (await this.#writer?.range(start, end - start))
    const idsAt = (positions: readonly number[]): Id[] => positions.map((at) => this.#ids[at]!)
    return bytes && decodeRecord(bytes, id, position, idsAt)
  }

  /** A copy of bytes that storage may not have yet; undefined where it has them. */
  #unwritten(start: number, end: number): Uint8Array | undefined {
    const from = this.#length - this.#gathered
    if (start >= from) return this.#room.slice(start - from, end - from)
    const leaving = this.#leaving.findLast((part) => start >= part.start)
    return leaving?.bytes.slice(start - leaving.start, end - leaving.start)
  }

  /**
   * Writes index and footer and publishes the pack. Returns its name. `corrupt-pack` where a file of that name is there
   * already, and is not what its name says: who relied on it would lose what was written.
   *
   * @param taken names that it must not have: with those it gets a mark, an object that no pack has
   */
  async publish(taken: ReadonlySet<string> = new Set()): Promise<string> {
    await this.#writing
    let index = encodeIndex(this.#ids, this.#ends)
    if (taken.size > 0 && taken.has(this.#nameWith(index))) {
      const { id, bytes } = newMark()
      await this.add(id, 'blob', bytes, 1)
      index = encodeIndex(this.#ids, this.#ends)
    }
    this.#end = index
    this.#take(index.length).set(index)
    await this.#flush()
    const writer = await this.#openWriter()
    const name = this.#hash.digest('hex')
    if (!(await writer.publish(packPath(name)))) await this.#checkOther(name)
    return name
  }

  /** Looks at what has the name already: just the same, written before, or what damage has made of that. */
  async #checkOther(name: string): Promise<void> {
    const found = await this.#hashOf(packPath(name))
    // Where it has gone meanwhile, the ref log says that it counts no more.
    if (found === undefined || found === name) return
    throw new VarveError('corrupt-pack', `pack ${name} is there already, and is damaged`, {
      data: { pack: name },
      hint: 'varve fsck --salvage moves it aside: then run the command again',
    })
  }

  async #hashOf(path: string): Promise<string | undefined> {
    const target = this.#storage
    const length = await target.size?.(path)
    if (length === undefined || target.range === undefined) return undefined
    const hash = createHash('sha256')
    try {
      for (let at = 0; at < length; at += WRITE_SIZE) {
        hash.update(await target.range(path, at, Math.min(WRITE_SIZE, length - at)))
      }
      return hash.digest('hex')
    } catch (error) {
      if ((await target.size?.(path)) === undefined) return undefined
      throw error
    }
  }

  /** The name that the pack would have as it is, once nothing is being written any more. */
  #nameWith(index: Uint8Array): string {
    const gathered = this.#room.subarray(0, this.#gathered)
    return this.#hash.copy().update(gathered).update(index).digest('hex')
  }

  async discard(): Promise<void> {
    this.#positions.clear()
    this.#leaving.length = 0
    this.#gathered = 0
    // A failed write has been reported to whoever waited for it.
    await this.#writing.catch(() => undefined)
    await this.#writer?.discard()
  }

  /** The next bytes of the pack, to be filled. */
  #take(length: number): Uint8Array {
    if (this.#gathered + length > this.#room.length) this.#makeRoom(length)
    const start = this.#gathered
    this.#gathered += length
    this.#length += length
    return this.#room.subarray(start, this.#gathered)
  }

  #makeRoom(length: number): void {
    if (this.#gathered + length > ROOM && this.#gathered > 0) this.#flush()
    const needed = this.#gathered + length
    if (needed <= this.#room.length) return
    const more = this.#length > WRITE_SIZE ? ROOM : Math.max(needed, 4 * this.#room.length)
    const size = needed > ROOM ? needed : Math.min(ROOM, more)
    const room = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
    room.set(this.#room.subarray(0, this.#gathered))
    this.#room = room
  }

  /** Writes what has gathered, after what is being written. */
  #flush(): Promise<void> {
    const room = this.#room
    const bytes = room.subarray(0, this.#gathered)
    this.#leaving.push({ start: this.#length - this.#gathered, bytes })
    this.#room = this.#spare.pop() ?? new Uint8Array(0)
    this.#gathered = 0
    this.#writing = this.#writing.then(async () => {
      const writer = await this.#openWriter()
      this.#hash.update(bytes)
      await writer.write(bytes)
      this.#leaving.shift()
      if (room.length === ROOM) this.#spare.push(room)
    })
    // A failure is told to whoever waits for what is written after it.
    this.#writing.catch(() => undefined)
    return this.#writing
  }

  async #openWriter(): Promise<StorageWriter> {
    this.#writer ??= await this.#storage.create()
    return this.#writer
  }
}
