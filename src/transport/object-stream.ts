import { hash } from 'node:crypto'
import { ByteReader, ByteWriter, varintLength } from '../core/bytes.ts'
import { ID_BYTES, type Id, objectKinds } from '../core/id.ts'
import { isValue } from '../core/objects.ts'
import { type CutId, idWidth } from '../storage/cut-ids.ts'
import type { PackRecord } from '../storage/pack-record.ts'
import { badPeer } from './frames.ts'

// Objects on their way: one record after another, each with its length before it. A record is as in a pack, without
// what the receiver finds out by itself: the id, the depth, the checksum.
//
//   varint   length of what follows
//   u8       bits 0–3 the kind, as in a pack; 0x20 a base that was sent; 0x40 another base; 0x80 ids were cut out
//   u8       method
//   varint   length of the canonical bytes
//   (varint) 0x20: how many objects before this one the base was sent
//   (32)     0x40: id of the base, which the receiver has
//   (list)   0x80: bytes since the id before (varint); 0 for the base's own id, else how many objects before
//   …        body

const KIND_MASK = 0x0f
const UNKNOWN_FLAG = 0x10
const HAS_NEAR_BASE = 0x20
const HAS_FAR_BASE = 0x40
const HAS_CUTS = 0x80

/** The longest canonical bytes of an object that moves: one value of 64 MiB and what surrounds it. */
export const OBJECT_LIMIT = 65 * 1024 * 1024
/** … and of its record. */
const RECORD_LIMIT = OBJECT_LIMIT + 1024 * 1024

/** A record as it moves, before anything of it is believed. */
export type MovingRecord = Omit<PackRecord, 'id' | 'depth' | 'parameters'>

/**
 * The bytes of a record, in two pieces of which the second is its body.
 * @param placeOf the number of an object that was sent before
 */
export function encodeMoving(
  record: MovingRecord,
  place: number,
  placeOf: (id: Id) => number | undefined,
): readonly [Uint8Array, Uint8Array] {
  const { base, cuts = NO_CUTS, body } = record
  if (base === undefined && cuts.length === 0) return [wholeHead(record), body]
  const near = base === undefined ? undefined : placeOf(base)
  const head = new ByteWriter(64 + 4 * cuts.length)
    .u8(
      (objectKinds.indexOf(record.kind) + 1) |
        (base === undefined ? 0 : near === undefined ? HAS_FAR_BASE : HAS_NEAR_BASE) |
        (cuts.length === 0 ? 0 : HAS_CUTS),
    )
    .u8(record.method)
    .varint(record.length)
  if (base !== undefined) {
    if (near === undefined) head.id(base)
    else head.varint(place - near)
  }
  if (cuts.length > 0) head.varint(cuts.length)
  for (const { gap, id } of cuts) head.varint(gap).varint(id === base ? 0 : place - placeOf(id)!)
  const start = head.finish()
  const length = new ByteWriter(LONGEST_LENGTH).varint(start.length + body.length).finish()
  return [Buffer.concat([length, start]), body]
}

const NO_CUTS: readonly CutId[] = []
const LONGEST_LENGTH = 8

/** What stands before the body of a record that refers to nothing. */
function wholeHead({ kind, method, length, body }: MovingRecord): Uint8Array {
  const start = 2 + varintLength(length)
  return new ByteWriter(varintLength(start + body.length) + start)
    .varint(start + body.length)
    .u8(objectKinds.indexOf(kind) + 1)
    .u8(method)
    .varint(length)
    .finish()
}

/** Whether the bytes of a record say that it is a column that refers to nothing. */
export function isWholeColumn([flags]: Uint8Array): boolean {
  return flags === COLUMN_KIND
}

const COLUMN_KIND = objectKinds.indexOf('column') + 1

/** @param sent the ids of the objects that came before, in their order */
export function decodeMoving(bytes: Uint8Array, sent: IdList): MovingRecord {
  const reader = new ByteReader(bytes, 'bad-peer')
  const flags = reader.u8()
  const kind = objectKinds[(flags & KIND_MASK) - 1]
  if (kind === undefined || flags & UNKNOWN_FLAG) throw badPeer(`an object of kind ${flags}`)
  const method = reader.u8()
  const length = reader.varint()
  if (length > OBJECT_LIMIT) throw badPeer(`an object of ${length} bytes`, { limit: OBJECT_LIMIT })
  const back = (distance: number): Id => {
    if (distance < 1 || distance > sent.length) throw badPeer('it refers to what was not sent')
    return sent.at(sent.length - distance)
  }
  if (flags & HAS_NEAR_BASE && flags & HAS_FAR_BASE) throw badPeer('an object with two bases')
  const base =
    flags & HAS_NEAR_BASE ? back(reader.varint()) : flags & HAS_FAR_BASE ? reader.id() : undefined
  if ((flags & (HAS_NEAR_BASE | HAS_FAR_BASE | HAS_CUTS)) === 0) {
    return { kind, method, length, body: reader.bytes(reader.remaining) }
  }
  const count = flags & HAS_CUTS ? reader.varint() : 0
  if (count > 0 && isValue(kind)) throw badPeer('ids cut out of values')
  // Each takes two bytes at least, and stands for as many as an id has.
  if (count * 2 > reader.remaining || count * idWidth(kind) > length) throw badPeer('too many ids')
  const cuts: CutId[] = []
  for (let i = 0; i < count; i++) {
    const gap = reader.varint()
    if (gap > length) throw badPeer('an id stands outside of its object')
    const code = reader.varint()
    const id = code === 0 ? base : back(code)
    if (id === undefined) throw badPeer('it refers to a base that it does not have')
    cuts.push({ gap, id })
  }
  return {
    kind,
    method,
    length,
    body: reader.bytes(reader.remaining),
    ...(base !== undefined && { base }),
    ...(cuts.length > 0 && { cuts }),
  }
}

/**
 * Takes records out of pieces of any size, which must not change afterwards. Holds one record, one piece and some rooms of
 * records before, to serve again; many small pieces take no more room than their bytes.
 */
export class RecordSplitter {
  /** The length of a record, as far as it has come. */
  #length: Uint8Array = EMPTY
  /** Room for one that has begun, how much of it is there, and how much it is going to be. */
  #begun: Uint8Array | undefined
  #held = 0
  #needed = 0
  /** Rooms of records that were handed out, and those that serve again. */
  readonly #lent = new WeakSet<ArrayBufferLike>()
  readonly #spare: ArrayBufferLike[] = []

  /** Whether a record has begun that has not ended. */
  get isInside(): boolean {
    return this.#begun !== undefined || this.#length.length > 0
  }

  *push(piece: Uint8Array): Generator<Uint8Array> {
    let rest = piece
    while (rest.length > 0) {
      if (this.#begun === undefined) {
        const known = this.#length.length
        const start = known === 0 ? rest : Buffer.concat([this.#length, rest.subarray(0, LENGTH)])
        const head = readLength(start)
        if (head === undefined) {
          this.#length = start.slice()
          return
        }
        rest = rest.subarray(head.start - known)
        this.#length = EMPTY
        if (rest.length >= head.length) {
          yield rest.subarray(0, head.length)
          rest = rest.subarray(head.length)
          continue
        }
        this.#begun = this.#roomFor(Math.min(head.length, BEGUN))
        this.#held = 0
        this.#needed = head.length
      }
      const part = rest.subarray(0, this.#needed - this.#held)
      this.#hold(this.#begun, part)
      rest = rest.subarray(part.length)
      if (this.#held < this.#needed) return
      const record = this.#begun.subarray(0, this.#needed)
      this.#begun = undefined
      if (record.length >= LEAST_SPARE) this.#lent.add(record.buffer)
      yield record
    }
  }

  /** Takes back the room of a record that nobody looks at any more. */
  takeBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer) || buffer.byteLength > BEGUN) return
    if (this.#spare.length === MOST_SPARE) this.#spare.shift()
    this.#spare.push(buffer)
  }

  /** Bytes that may hold anything: as many, or up to twice as many, as a record may be kept for long. */
  #roomFor(length: number): Uint8Array {
    const fits = ({ byteLength }: ArrayBufferLike): boolean =>
      byteLength >= length && byteLength <= 2 * length
    const at = length < LEAST_SPARE ? -1 : this.#spare.findLastIndex(fits)
    const room = at < 0 ? Buffer.allocUnsafeSlow(length).buffer : this.#spare.splice(at, 1)[0]!
    return new Uint8Array(room)
  }

  #hold(begun: Uint8Array, part: Uint8Array): void {
    const end = this.#held + part.length
    let room = begun
    if (end > room.length) {
      room = this.#roomFor(Math.min(this.#needed, Math.max(end, 2 * room.length)))
      room.set(begun.subarray(0, this.#held))
    }
    room.set(part, this.#held)
    this.#begun = room
    this.#held = end
  }
}

const EMPTY = new Uint8Array(0)
/** Bytes that the length of a record may have. */
const LENGTH = 4
/** Room that is made for a record before any of it has come. */
const BEGUN = 1 << 20
/** Rooms of records that are no shorter serve again; so many wait for that, at most. */
const LEAST_SPARE = 1 << 16
const MOST_SPARE = 16

function readLength(bytes: Uint8Array): { start: number; length: number } | undefined {
  let length = 0
  for (let at = 0, scale = 1; at < bytes.length; at++, scale *= 0x80) {
    const byte = bytes[at]!
    length += (byte & 0x7f) * scale
    if (length > RECORD_LIMIT || at === LENGTH) throw badPeer('an object is too long', { length })
    if (byte < 0x80) {
      if (byte === 0) throw badPeer('an object without bytes, or a length in too many bytes')
      return { start: at + 1, length }
    }
  }
  return undefined
}

/** Ids by their number, 32 bytes each. */
export class IdList {
  #bytes = Buffer.alloc(1024 * ID_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(id: Id): void {
    const at = this.#length * ID_BYTES
    if (at === this.#bytes.length) {
      const bytes = Buffer.alloc(2 * at)
      this.#bytes.copy(bytes)
      this.#bytes = bytes
    }
    this.#bytes.write(id, at, 'hex')
    this.#length++
  }

  at(index: number): Id {
    return this.#bytes.toString('hex', index * ID_BYTES, (index + 1) * ID_BYTES) as Id
  }
}

/** Stands for the ids that were sent so far, in their order: a hash over the one before and the id. */
export class RunningHash {
  /** The hash, and room for an id. */
  readonly #both = Buffer.alloc(2 * ID_BYTES)
  #count: number

  constructor(from: StreamPlace = START) {
    this.#both.set(from.hash)
    this.#count = from.count
  }

  get count(): number {
    return this.#count
  }

  add(id: Id): void {
    this.#both.write(id, ID_BYTES, 'hex')
    this.#both.write(hash('sha256', this.#both, 'hex'), 0, 'hex')
    this.#count++
  }

  get place(): StreamPlace {
    return { count: this.#count, hash: new Uint8Array(this.#both.subarray(0, ID_BYTES)) }
  }
}

/** A place in a stream of objects: how many come before it, and which. */
export interface StreamPlace {
  readonly count: number
  /** 32 bytes. */
  readonly hash: Uint8Array
}

export const START: StreamPlace = { count: 0, hash: new Uint8Array(ID_BYTES) }
