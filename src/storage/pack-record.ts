import { createHash } from 'node:crypto'
import { ByteReader, ByteWriter, equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { ID_BYTES, type Id, type ObjectKind, objectKinds } from '../core/id.ts'
import { lengthLimit } from './pack-encoding.ts'

// A record of a pack: one object, in an envelope that can be read without knowing its encoding.
//
//   0       32  id
//   32       1  kind: 1 blob, 2 column, 3 columns, 4 segments, 5 series, 6 settings, 7 tree,
//               8 commit, 9 tag
//   33       1  encoding: bits 0–5 the method; 0x40: parameters follow; 0x80: a base id follows
//   34       …  length of the canonical bytes, varint
//          (32) id of the object that the body is a difference to
//           (…) parameters: varint length, bytes
//            …  length of the body, varint
//            …  body
//            8  first bytes of SHA-256 over all of the above

export const CHECKSUM_BYTES = 8
const HAS_PARAMETERS = 0x40
const HAS_BASE = 0x80
const METHOD_MASK = 0x3f
/** Of an envelope without parameters. */
const ENVELOPE_ROOM = ID_BYTES + 2 + 8 + ID_BYTES + 8 + 8

export interface PackRecord {
  readonly id: Id
  readonly kind: ObjectKind
  /** Which transformation the body went through: see `pack-encoding.ts`. */
  readonly method: number
  /** Of the canonical bytes. */
  readonly length: number
  readonly base?: Id
  readonly parameters?: Uint8Array
  readonly body: Uint8Array
}

function kindCode(kind: ObjectKind): number {
  return objectKinds.indexOf(kind) + 1
}

/** The first bytes of SHA-256: enough against damage, which is all that these sums are for. */
export function checksum(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest().subarray(0, CHECKSUM_BYTES)
}

export function encodeRecord(record: PackRecord): Uint8Array {
  const { base, parameters, body } = record
  const envelope = new ByteWriter(ENVELOPE_ROOM + (parameters?.length ?? 0))
    .id(record.id)
    .u8(kindCode(record.kind))
    .u8(
      record.method |
        (base === undefined ? 0 : HAS_BASE) |
        (parameters === undefined ? 0 : HAS_PARAMETERS),
    )
    .varint(record.length)
  if (base !== undefined) envelope.id(base)
  if (parameters !== undefined) envelope.lengthPrefixed(parameters)
  const head = envelope.varint(body.length).finish()
  const bytes = new Uint8Array(head.length + body.length + CHECKSUM_BYTES)
  bytes.set(head)
  bytes.set(body, head.length)
  bytes.set(checksum(head, body), head.length + body.length)
  return bytes
}

/** The envelope's fields up to the body, from the first bytes of a record. */
export interface RecordHeader {
  readonly id: Id
  readonly kind: ObjectKind
  readonly method: number
  readonly length: number
  readonly base?: Id
  readonly parameters?: Uint8Array
  readonly bodyStart: number
  readonly bodyLength: number
}

/** Reads the envelope. What it says is trustworthy only after {@link decodeRecord}. */
export function readRecordHeader(bytes: Uint8Array): RecordHeader {
  const reader = new ByteReader(bytes, 'corrupt-object')
  const id = reader.id()
  const code = reader.u8()
  const kind = objectKinds[code - 1]
  const encoding = reader.u8()
  const length = reader.varint()
  const base = encoding & HAS_BASE ? reader.id() : undefined
  const parameters = encoding & HAS_PARAMETERS ? reader.lengthPrefixed() : undefined
  const bodyLength = reader.varint()
  if (kind === undefined) {
    throw new VarveError('unsupported-format', `an object of unknown kind ${code}`, {
      data: { id, kind: code },
    })
  }
  return {
    id,
    kind,
    method: encoding & METHOD_MASK,
    length,
    ...(base === undefined ? {} : { base }),
    ...(parameters === undefined ? {} : { parameters }),
    bodyStart: reader.position,
    bodyLength,
  }
}

/**
 * Reads a whole record and verifies its checksum before anything in it is believed.
 * `corrupt-object` when a byte is wrong.
 */
export function decodeRecord(bytes: Uint8Array): PackRecord {
  checkRecord(bytes)
  const header = readRecordHeader(bytes)
  const { bodyStart, bodyLength, ...rest } = header
  if (bodyStart + bodyLength + CHECKSUM_BYTES !== bytes.length) {
    throw new VarveError('corrupt-object', 'a record is not as long as it says')
  }
  if (rest.length > lengthLimit(rest.kind)) {
    throw new VarveError('corrupt-object', `an object of ${rest.length} bytes is too large`, {
      data: { id: rest.id, length: rest.length },
    })
  }
  return { ...rest, body: bytes.subarray(bodyStart, bodyStart + bodyLength) }
}

function checkRecord(bytes: Uint8Array): void {
  const end = bytes.length - CHECKSUM_BYTES
  if (end < ID_BYTES || !equalBytes(checksum(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw new VarveError('corrupt-object', 'the checksum of a record does not fit')
  }
}
