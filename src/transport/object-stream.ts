import { hash } from 'node:crypto'
import { ByteReader, ByteWriter } from '../core/bytes.ts'
import { ID_BYTES, type Id, idToBytes, objectKinds } from '../core/id.ts'
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
  const { base, cuts = [], body } = record
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

const LONGEST_LENGTH = 8

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
  const count = flags & HAS_CUTS ? reader.varint() : 0
  if (count > 0 && (kind === 'blob' || kind === 'column')) throw badPeer('ids cut out of values')
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

/** Takes records out of pieces of any size, which must not change afterwards. Holds one record and one piece. */
export class RecordSplitter {
  #rest: Uint8Array = new Uint8Array(0)
  #pieces: Uint8Array[] = []
  #waiting = 0
  #needed = 1

  /** Whether a record has begun that has not ended. */
  get isInside(): boolean {
    return this.#rest.length > 0 || this.#waiting > 0
  }

  *push(piece: Uint8Array): Generator<Uint8Array> {
    this.#pieces.push(piece)
    this.#waiting += piece.length
    if (this.#rest.length + this.#waiting < this.#needed) return
    const joined = this.#rest.length === 0 && this.#pieces.length === 1
    let rest = joined
      ? this.#pieces[0]!
      : new Uint8Array(Buffer.concat([this.#rest, ...this.#pieces]))
    this.#pieces = []
    this.#waiting = 0
    for (;;) {
      const head = readLength(rest)
      const end = head === undefined ? undefined : head.start + head.length
      this.#needed = end ?? rest.length + 1
      if (end === undefined || rest.length < end) break
      yield rest.subarray(head!.start, end)
      rest = rest.subarray(end)
    }
    this.#rest = rest
  }
}

function readLength(bytes: Uint8Array): { start: number; length: number } | undefined {
  let length = 0
  for (let at = 0, scale = 1; at < bytes.length; at++, scale *= 0x80) {
    const byte = bytes[at]!
    length += (byte & 0x7f) * scale
    if (length > RECORD_LIMIT || at === 4) throw badPeer('an object is too long', { length })
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
  #hash: Uint8Array
  #count: number

  constructor(from: StreamPlace = START) {
    this.#hash = from.hash
    this.#count = from.count
  }

  add(id: Id): void {
    const both = Buffer.concat([this.#hash, idToBytes(id)])
    this.#hash = hash('sha256', both, 'buffer')
    this.#count++
  }

  get place(): StreamPlace {
    return { count: this.#count, hash: this.#hash }
  }
}

/** A place in a stream of objects: how many come before it, and which. */
export interface StreamPlace {
  readonly count: number
  /** 32 bytes. */
  readonly hash: Uint8Array
}

export const START: StreamPlace = { count: 0, hash: new Uint8Array(ID_BYTES) }
