import { ByteWriter, equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { CHECKSUM_BYTES, checksum } from './pack-record.ts'

// The end of a pack: its index, sorted by id, then a footer of fixed size.
//
//   index, 16 bytes a record:
//   0        6  the first bytes of the id: they find candidates, the record's full id decides
//   6        6  position of the record in the file, little-endian
//   12       4  length of the record, little-endian
//
//   footer, 56 bytes:
//   0        4  records, little-endian
//   4        4  version of the format: 1, little-endian
//   8        8  position of the index in the file, little-endian
//   16       8  first bytes of SHA-256 over the index and the 16 bytes above
//   24      32  SHA-256 of all that stands before it in the file: also the pack's name

/** `varvePK` and the version of the format. */
export const PACK_MAGIC = Uint8Array.of(0x76, 0x61, 0x72, 0x76, 0x65, 0x50, 0x4b, 0x01)
export const INDEX_ENTRY_BYTES = 16
export const FOOTER_BYTES = 56
const PREFIX_BYTES = 6
/** Of hex digits that the index can tell apart. */
export const PREFIX_DIGITS = PREFIX_BYTES * 2
const CHECKED_FOOTER = 16
const VERSION = 1
const MAX_RECORDS = 0x0fff_ffff

export interface RecordPlace {
  readonly offset: number
  readonly length: number
}

/** The index and the footer up to its checksum; the pack's hash comes after them. */
export function encodeIndex(
  places: Iterable<readonly [id: string, place: RecordPlace]>,
  indexStart: number,
): Uint8Array {
  const sorted = [...places].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  if (sorted.length > MAX_RECORDS) {
    throw new VarveError('too-large', `a pack cannot hold ${sorted.length} objects`)
  }
  const size = sorted.length * INDEX_ENTRY_BYTES
  const index = Buffer.alloc(size)
  let at = 0
  for (const [id, { offset, length }] of sorted) {
    index.write(id.slice(0, PREFIX_DIGITS), at, 'hex')
    index.writeUIntLE(offset, at + 6, 6)
    index.writeUInt32LE(length, at + 12)
    at += INDEX_ENTRY_BYTES
  }
  const footer = new ByteWriter(CHECKED_FOOTER)
    .u32(sorted.length)
    .u32(VERSION)
    .u64(BigInt(indexStart))
  const start = footer.finish()
  return new ByteWriter(size + CHECKED_FOOTER + CHECKSUM_BYTES)
    .bytes(index)
    .bytes(start)
    .bytes(checksum(index, start))
    .finish()
}

export interface PackFooter {
  readonly records: number
  readonly indexStart: number
  /** SHA-256 of everything before it: the pack's name, in hex. */
  readonly name: string
}

/** Reads a pack's last {@link FOOTER_BYTES}; their checksum is verified with the index. */
export function readFooter(bytes: Uint8Array, fileSize: number): PackFooter {
  const footer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records = footer.readUInt32LE(0)
  const indexStart = Number(footer.readBigUInt64LE(8))
  const expected = fileSize - FOOTER_BYTES - records * INDEX_ENTRY_BYTES
  const version = footer.readUInt32LE(4)
  if (version !== VERSION && indexStart === expected) {
    throw new VarveError('unsupported-format', `it has version ${version} of the format`, {
      data: { version, supported: VERSION },
      hint: 'a newer varve wrote this repository: install that',
    })
  }
  if (version !== VERSION || indexStart !== expected || expected < PACK_MAGIC.length) {
    throw new VarveError('corrupt-pack', 'the footer does not fit the file')
  }
  return { records, indexStart, name: footer.toString('hex', CHECKED_FOOTER + CHECKSUM_BYTES) }
}

/** A pack's index, searched as it stands in the file. */
export class PackIndex {
  readonly records: number
  readonly #bytes: Buffer

  /** Verifies the checksum of index and footer. */
  constructor(index: Uint8Array, footer: Uint8Array) {
    const sum = checksum(index, footer.subarray(0, CHECKED_FOOTER))
    if (!equalBytes(sum, footer.subarray(CHECKED_FOOTER, CHECKED_FOOTER + CHECKSUM_BYTES))) {
      throw new VarveError('corrupt-pack', 'the checksum of the index does not fit')
    }
    this.records = index.length / INDEX_ENTRY_BYTES
    this.#bytes = Buffer.from(index.buffer, index.byteOffset, index.byteLength)
  }

  /** Entries whose ids may begin with these hex digits: [from, to). */
  candidates(digits: string): { from: number; to: number } {
    const known = digits.slice(0, PREFIX_DIGITS)
    const low = Number.parseInt(known.padEnd(PREFIX_DIGITS, '0'), 16)
    const high = Number.parseInt(known.padEnd(PREFIX_DIGITS, 'f'), 16)
    const from = this.#firstAtLeast(low)
    let to = from
    if (known.length < PREFIX_DIGITS) to = this.#firstAtLeast(high + 1)
    else while (to < this.records && this.#prefix(to) === low) to++
    return { from, to }
  }

  place(entry: number): RecordPlace {
    const at = entry * INDEX_ENTRY_BYTES
    return {
      offset: this.#bytes.readUIntLE(at + 6, 6),
      length: this.#bytes.readUInt32LE(at + 12),
    }
  }

  /** Hex digits that the id of this entry begins with. */
  prefix(entry: number): string {
    const at = entry * INDEX_ENTRY_BYTES
    return this.#bytes.toString('hex', at, at + PREFIX_BYTES)
  }

  /** The first bytes of every id, as numbers. */
  *prefixes(): Iterable<number> {
    for (let entry = 0; entry < this.records; entry++) yield this.#prefix(entry)
  }

  #prefix(entry: number): number {
    return this.#bytes.readUIntBE(entry * INDEX_ENTRY_BYTES, PREFIX_BYTES)
  }

  #firstAtLeast(prefix: number): number {
    let low = 0
    let high = this.records
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#prefix(middle) < prefix) low = middle + 1
      else high = middle
    }
    return low
  }
}
