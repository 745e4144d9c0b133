import { createHash, hash } from 'node:crypto'
import { ByteReader, ByteWriter, equalBytes, varintLength } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, idToBytes, type ObjectKind, objectKinds } from '../core/id.ts'
import { isValue } from '../core/objects.ts'
import { type CutId, idWidth } from './cut-ids.ts'
import { lengthLimit } from './pack-encoding.ts'
import { type Soon, soon } from './soon.ts'

// A record of a pack: one object, in an envelope that can be read without knowing its encoding. The
// object's own id and the record's length are in the index of the pack.
//
//   0        1  bits 0–3 the kind: 1 blob, 2 column, 3 columns, 4 segments, 5 series, 6 settings,
//               7 tree, 8 commit, 9 tag
//               0x10: parameters follow; 0x20: a base in this pack; 0x40: a base elsewhere;
//               0x80: ids were cut out
//   1        1  the method
//   2        …  length of the canonical bytes, varint
//           (…) 0x20: the base's position in the pack, as a distance
//          (32) 0x40: id of the base
//           (…) 0x20, 0x40: how many bases one after another lead to an object that is whole, varint
//           (…) 0x10: parameters: varint length, bytes
//           (…) 0x80: list of: bytes since the id before (varint); 0 for the base's own id, else the
//               position of the id in the pack, as a distance
//            …  body
//            8  first bytes of SHA-256 over the object's id, its base's, those cut out, and all above
//
// A distance is from the position of the record itself back to another, as a zigzag varint.

export const CHECKSUM_BYTES = 8
/** To copy what is not longer costs less than to hash it in parts. */
const HASHED_AT_ONCE = 16 * 1024
/** What is hashed is put together here, and hashed before anything else runs. */
const together = Buffer.allocUnsafeSlow(HASHED_AT_ONCE)
const KIND_MASK = 0x0f
const HAS_PARAMETERS = 0x10
const HAS_NEAR_BASE = 0x20
const HAS_FAR_BASE = 0x40
const HAS_CUTS = 0x80
const NO_CUTS: readonly CutId[] = []

export interface PackRecord {
  readonly id: Id
  readonly kind: ObjectKind
  /** Which transformation the body went through: see `pack-encoding.ts`. */
  readonly method: number
  /** Of the canonical bytes. */
  readonly length: number
  /** What the body is a difference to. */
  readonly base?: Id
  /** Where in the record's own pack the base is; only of a record that says so. */
  readonly basePosition?: number
  /** How many bases one after another lead to an object that is whole, from 1; only with a base. */
  readonly depth?: number
  readonly parameters?: Uint8Array
  /** The ids that are left out of what the body stands for, in their order. */
  readonly cuts?: readonly CutId[]
  readonly body: Uint8Array
}

/** The first bytes of SHA-256: enough against damage, which is all that these sums are for. */
export function checksum(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  if (length <= HASHED_AT_ONCE) {
    let end = 0
    for (const part of parts) {
      together.set(part, end)
      end += part.length
    }
    // As text, because that comes out of OpenSSL faster than a Buffer does.
    const text = hash('sha256', together.subarray(0, end), 'hex')
    return Buffer.from(text.slice(0, 2 * CHECKSUM_BYTES), 'hex')
  }
  const sum = createHash('sha256')
  for (const part of parts) sum.update(part)
  return sum.digest().subarray(0, CHECKSUM_BYTES)
}

/**
 * The bytes of a record that stands at `position` of a pack.
 *
 * @param positionOf where in the pack an id is; every id that is cut out must have a place there
 */
export function encodeRecord(
  record: PackRecord,
  position: number,
  positionOf: (id: Id) => number | undefined,
  options: EncodeRecordOptions = {},
): Uint8Array {
  const { base, parameters, cuts = NO_CUTS } = record
  if (base === undefined && parameters === undefined && cuts.length === 0) {
    return finishRecord(record, wholeStart(record), options)
  }
  const near = base === undefined ? undefined : positionOf(base)
  const head = new ByteWriter(64 + (parameters?.length ?? 0) + 4 * cuts.length)
    .u8(
      (objectKinds.indexOf(record.kind) + 1) |
        (parameters === undefined ? 0 : HAS_PARAMETERS) |
        (base === undefined ? 0 : near === undefined ? HAS_FAR_BASE : HAS_NEAR_BASE) |
        (cuts.length === 0 ? 0 : HAS_CUTS),
    )
    .u8(record.method)
    .varint(record.length)
  if (base !== undefined) {
    if (near === undefined) head.id(base)
    else head.varint(zigzag(position - near))
    head.varint(record.depth ?? 1)
  }
  if (parameters !== undefined) head.lengthPrefixed(parameters)
  if (cuts.length > 0) head.varint(cuts.length)
  for (const { gap, id } of cuts) {
    head.varint(gap).varint(id === base ? 0 : zigzag(position - placeOf(id, positionOf)))
  }
  return finishRecord(record, head.finish(), options)
}

/** A record from what stands before its body. */
function finishRecord(
  record: PackRecord,
  start: Uint8Array,
  { room = (length) => new Uint8Array(length), sum }: EncodeRecordOptions,
): Uint8Array {
  const { body } = record
  const bytes = room(start.length + body.length + CHECKSUM_BYTES)
  bytes.set(start)
  bytes.set(body, start.length)
  const covered = bytes.subarray(0, start.length + body.length)
  bytes.set(sum ?? checksum(idsOf(record), covered), covered.length)
  return bytes
}

export interface EncodeRecordOptions {
  /** Gives bytes to write to, which may hold anything. */
  readonly room?: ((length: number) => Uint8Array) | undefined
  /** The checksum, where it is known: {@link wholeRecordSum}. */
  readonly sum?: Uint8Array | undefined
}

type WholeRecord = Pick<PackRecord, 'id' | 'kind' | 'method' | 'length' | 'body'>

/** The checksum of a record without base, parameters and ids cut out, which is the same at every position. */
export function wholeRecordSum(record: WholeRecord): Uint8Array {
  return new Uint8Array(checksum(idToBytes(record.id), wholeStart(record), record.body))
}

/** What stands before the body of such a record. */
function wholeStart({ kind, method, length }: WholeRecord): Uint8Array {
  return new ByteWriter(2 + varintLength(length))
    .u8(objectKinds.indexOf(kind) + 1)
    .u8(method)
    .varint(length)
    .finish()
}

/** A record's fields as they stand, before any of it is believed. */
interface RecordFields {
  readonly kind: ObjectKind
  readonly method: number
  readonly length: number
  /** An id, or a position. */
  readonly base?: Id | number
  readonly depth: number
  readonly parameters?: Uint8Array
  /** `at`: a position, or undefined for the base's own id. */
  readonly cuts: readonly { readonly gap: number; readonly at: number | undefined }[]
  readonly body: Uint8Array
}

/**
 * Reads the record of object `id`, which stands at `position`, and verifies its checksum.
 * `corrupt-object` when a byte is wrong.
 *
 * @param idsAt the ids at positions of the pack, of which each is at least 0
 */
export function decodeRecord(
  bytes: Uint8Array,
  id: Id,
  position: number,
  idsAt: IdsAt,
): Soon<PackRecord> {
  return soon(parseRecord(bytes, id, position, idsAt), (record) => {
    const end = bytes.length - CHECKSUM_BYTES
    if (!equalBytes(checksum(idsOf(record), bytes.subarray(0, end)), bytes.subarray(end))) {
      throw wrong('the checksum of a record does not fit')
    }
    return record
  })
}

/** The ids at positions of a pack. */
export type IdsAt = (positions: readonly number[]) => Soon<readonly Id[]>

/**
 * Where the record ends that begins with these bytes, at one of their last bytes or before: found by its checksum.
 * Undefined where none fits.
 */
export async function findRecordEnd(
  bytes: Uint8Array,
  id: Id,
  position: number,
  idsAt: IdsAt,
): Promise<number | undefined> {
  const ids = idsOf(await parseRecord(bytes, id, position, idsAt))
  const sums = createHash('sha256').update(ids)
  for (let covered = 1; covered + CHECKSUM_BYTES <= bytes.length; covered++) {
    sums.update(bytes.subarray(covered - 1, covered))
    const sum = sums.copy().digest().subarray(0, CHECKSUM_BYTES)
    const end = covered + CHECKSUM_BYTES
    if (equalBytes(sum, bytes.subarray(covered, end))) return end
  }
  return undefined
}

/** As {@link decodeRecord}, but believes the bytes: for finding out which object a record is of. */
export function parseRecord(
  bytes: Uint8Array,
  id: Id,
  position: number,
  idsAt: IdsAt,
): Soon<PackRecord> {
  const fields = readFields(bytes, position)
  const positions: number[] = typeof fields.base === 'number' ? [fields.base] : []
  for (const { at } of fields.cuts) if (at !== undefined) positions.push(at)
  return soon(positions.length === 0 ? [] : idsAt(positions), (ids) => withIds(fields, id, ids))
}

function withIds(fields: RecordFields, id: Id, ids: readonly Id[]): PackRecord {
  let next = 0
  const base = typeof fields.base === 'number' ? ids[next++] : fields.base
  const cuts = fields.cuts.map(({ gap, at }): CutId => {
    const cut = at === undefined ? base : ids[next++]
    if (cut === undefined) throw wrong('it refers to a base that it does not have')
    return { gap, id: cut }
  })
  const { kind, method, length, depth, parameters, body } = fields
  if (base === undefined && parameters === undefined && cuts.length === 0) {
    return { id, kind, method, length, body }
  }
  return {
    id,
    kind,
    method,
    length,
    body,
    ...(base === undefined ? {} : { base, depth }),
    ...(typeof fields.base === 'number' ? { basePosition: fields.base } : {}),
    ...(parameters === undefined ? {} : { parameters }),
    ...(cuts.length === 0 ? {} : { cuts }),
  }
}

/**
 * The base that a record at `position` names, by its position or its id, from the first bytes of it; not
 * verified. `corrupt-object` where no pack has such a position.
 */
export function readBase(start: Uint8Array, position: number): Id | number | undefined {
  const reader = new ByteReader(start, 'corrupt-object')
  const flags = reader.u8()
  reader.u8()
  reader.varint()
  if (flags & HAS_FAR_BASE) return reader.id()
  return flags & HAS_NEAR_BASE ? positionBack(position, reader.varint()) : undefined
}

function readFields(bytes: Uint8Array, position: number): RecordFields {
  if (bytes.length < CHECKSUM_BYTES) throw wrong('a record is cut short')
  const reader = new ByteReader(bytes.subarray(0, bytes.length - CHECKSUM_BYTES), 'corrupt-object')
  const flags = reader.u8()
  const kind = objectKinds[(flags & KIND_MASK) - 1]
  if (kind === undefined) throw wrong(`an object of unknown kind ${flags & KIND_MASK}`)
  const method = reader.u8()
  const length = reader.varint()
  if (length > lengthLimit(kind)) throw wrong(`an object of ${length} bytes is too large`)
  const near = (flags & HAS_NEAR_BASE) !== 0
  if (near && flags & HAS_FAR_BASE) throw wrong('it has two bases')
  const base = near
    ? positionBack(position, reader.varint())
    : flags & HAS_FAR_BASE
      ? reader.id()
      : undefined
  const depth = base === undefined ? 0 : reader.varint()
  if (base !== undefined && depth === 0) throw wrong('it has a base and none')
  const parameters = flags & HAS_PARAMETERS ? reader.lengthPrefixed() : undefined
  const count = flags & HAS_CUTS ? reader.varint() : 0
  if (count > 0 && isValue(kind)) throw wrong('ids cut out of values')
  // Each takes two bytes at least, and stands for 32.
  if (count * 2 > reader.remaining || count * idWidth(kind) > length) throw wrong('too many ids')
  const cuts: RecordFields['cuts'][number][] = []
  let rest = length - count * idWidth(kind)
  for (let i = 0; i < count; i++) {
    const gap = reader.varint()
    rest -= gap
    if (rest < 0) throw wrong('an id stands outside of the object')
    const code = reader.varint()
    cuts.push({ gap, at: code === 0 ? undefined : positionBack(position, code) })
  }
  return {
    kind,
    method,
    length,
    depth,
    cuts,
    body: reader.bytes(reader.remaining),
    ...(base === undefined ? {} : { base }),
    ...(parameters === undefined ? {} : { parameters }),
  }
}

/** The ids that a record's checksum covers: its own, its base's, those cut out of it. */
function idsOf({ id, base, cuts = NO_CUTS }: PackRecord): Uint8Array {
  if (base === undefined && cuts.length === 0) return idToBytes(id)
  return Buffer.from([id, base ?? '', ...cuts.map((cut) => cut.id)].join(''), 'hex')
}

function placeOf(id: Id, positionOf: (id: Id) => number | undefined): number {
  const position = positionOf(id)
  if (position === undefined) throw new VarveError('io', `the pack has no object ${id}`)
  return position
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

/** The position that a distance leads to from one. */
function positionBack(position: number, distance: number): number {
  const at = position - (distance % 2 === 0 ? distance / 2 : -(distance + 1) / 2)
  if (!Number.isSafeInteger(at) || at < 0) throw wrong('it refers to what is not in the pack')
  return at
}

function wrong(reason: string): VarveError {
  return new VarveError('corrupt-object', reason)
}
