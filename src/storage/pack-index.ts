import { ByteWriter, equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { ID_BYTES, type Id, idFromBytes } from '../core/id.ts'
import { type IndexBytes, PAGE_BYTES } from './pack-pages.ts'
import { CHECKSUM_BYTES, checksum } from './pack-record.ts'
import { type Soon, whenRead } from './soon.ts'

// The end of a pack: its index, then a footer of fixed size. n is the number of records, and a
// position is that of a record among them, from 0.
//
//   index:
//     32 · n   the ids, in the order of the records
//     w  · n   where each record ends, from the start of the file, little-endian
//     v  · n   the positions in the order of the ids, little-endian
//   sums:
//     8        for each 4,096 bytes of the index, the last perhaps fewer: the first bytes of SHA-256;
//              only where the index is longer than 262,144 bytes
//   footer, 14 bytes:
//   0        4  n, little-endian
//   4        1  w
//   5        1  v
//   6        8  first bytes of SHA-256 over the first 8 bytes of the file, the sums (where there are
//               none, the index), and the 6 bytes above

/** `varvePK` and the version of the format. */
export const PACK_MAGIC = Uint8Array.of(0x76, 0x61, 0x72, 0x76, 0x65, 0x50, 0x4b, 0x02)
export const FOOTER_BYTES = 14
const CHECKED_FOOTER = 6
/** An index up to this long is read whole. */
const WHOLE_INDEX = 256 * 1024
const PREFIX_BYTES = 6
/** Of hex digits that are compared at first. */
export const PREFIX_DIGITS = PREFIX_BYTES * 2
const PREFIX_END = 2 ** (8 * PREFIX_BYTES)
const MAX_RECORDS = 0x0fff_ffff

export interface RecordPlace {
  readonly offset: number
  readonly length: number
}

/** Index, sums and footer. `ends[i]` is where record i ends in the file. */
export function encodeIndex(ids: readonly Id[], ends: readonly number[]): Uint8Array {
  const records = ids.length
  if (records > MAX_RECORDS) {
    throw new VarveError('too-large', `a pack cannot hold ${records} objects`)
  }
  const endWidth = widthOf(ends.at(-1) ?? 0)
  const orderWidth = widthOf(records - 1)
  const index = Buffer.allocUnsafe(records * (ID_BYTES + endWidth + orderWidth))
  const order = Array.from({ length: records }, (_, position) => position)
  order.sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1))
  let at = 0
  for (const id of ids) at += index.write(id, at, 'hex')
  for (const end of ends) at = index.writeUIntLE(end, at, endWidth)
  for (const position of order) at = index.writeUIntLE(position, at, orderWidth)
  const sums = index.length > WHOLE_INDEX ? sumsOf(index) : new Uint8Array(0)
  const footer = new ByteWriter(CHECKED_FOOTER).u32(records).u8(endWidth).u8(orderWidth).finish()
  return Buffer.concat([index, sums, footer, footerSum(sums.length > 0 ? sums : index, footer)])
}

/** What a pack's footer says, and where the parts of its end are. */
export interface PackFooter {
  readonly records: number
  readonly endWidth: number
  readonly orderWidth: number
  readonly indexStart: number
  readonly indexLength: number
  /** Bytes of sums after the index; 0 where it is read whole. */
  readonly sumsLength: number
}

/** Reads a pack's last {@link FOOTER_BYTES}; `corrupt-pack` when they cannot be of such a file. */
export function readFooter(bytes: Uint8Array, fileSize: number): PackFooter {
  const footer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records = footer.readUInt32LE(0)
  const endWidth = footer[4]!
  const orderWidth = footer[5]!
  const indexLength = records * (ID_BYTES + endWidth + orderWidth)
  const paged = indexLength > WHOLE_INDEX
  const sumsLength = paged ? Math.ceil(indexLength / PAGE_BYTES) * CHECKSUM_BYTES : 0
  const indexStart = fileSize - FOOTER_BYTES - sumsLength - indexLength
  const widths = endWidth >= 1 && endWidth <= 6 && orderWidth >= 1 && orderWidth <= 4
  if (!widths || records > MAX_RECORDS || indexStart < PACK_MAGIC.length) {
    throw new VarveError('corrupt-pack', 'the footer does not fit the file')
  }
  return { records, endWidth, orderWidth, indexStart, indexLength, sumsLength }
}

/** Verifies the footer's checksum: over the sums, or the index where there are none. */
export function checkFooter(covered: Uint8Array, footer: Uint8Array): void {
  const sum = footerSum(covered, footer.subarray(0, CHECKED_FOOTER))
  if (equalBytes(sum, footer.subarray(CHECKED_FOOTER))) return
  throw new VarveError('corrupt-pack', 'the checksum of the index does not fit')
}

function footerSum(covered: Uint8Array, footer: Uint8Array): Uint8Array {
  return checksum(PACK_MAGIC, covered, footer)
}

function sumsOf(index: Uint8Array): Uint8Array {
  const sums: Uint8Array[] = []
  for (let at = 0; at < index.length; at += PAGE_BYTES) {
    sums.push(checksum(index.subarray(at, at + PAGE_BYTES)))
  }
  return Buffer.concat(sums)
}

/** The bytes that a number needs, at least one. */
export function widthOf(value: number): number {
  let width = 1
  for (let limit = 256; value >= limit; limit *= 256) width++
  return width
}

/** Objects that others were seen to refer to, of which a pack's index remembers the places: some 2 MB. */
const REMEMBERED = 16_384
/** In an index of few a search is as good. */
const WORTH_REMEMBERING = 256

/** Makes an error that says of which pack it is. */
export type PackFault = (reason: string, cause?: unknown) => VarveError

/**
 * A pack's index, searched as it stands in the file. Its checksums say that it is as it was written,
 * not that it is right: what leads out of the pack is `corrupt-pack`.
 */
export class PackIndex {
  readonly records: number
  readonly #bytes: IndexBytes
  readonly #footer: PackFooter
  readonly #ends: number
  readonly #order: number
  readonly #fault: PackFault
  /** Positions of what records referred to by position: who has read them asks for that next. */
  readonly #referredTo = new Map<Id, number>()
  /** The position behind the one that was found last: who sends a pack asks for its objects in their order. */
  #next = Number.POSITIVE_INFINITY

  constructor(bytes: IndexBytes, footer: PackFooter, fault: PackFault) {
    this.#fault = fault
    this.records = footer.records
    this.#bytes = bytes
    this.#footer = footer
    this.#ends = this.records * ID_BYTES
    this.#order = this.#ends + this.records * footer.endWidth
  }

  /** Whether all of it is in memory. */
  get isWhole(): boolean {
    return this.#footer.sumsLength === 0
  }

  /** The position of an id; undefined when the pack does not hold it. */
  position(id: Id): Soon<number | undefined> {
    const known = this.#referredTo.get(id)
    if (known !== undefined) return known
    const low = Number.parseInt(id.slice(0, PREFIX_DIGITS), 16)
    let entry: number | undefined
    return whenRead(() => {
      if (this.#isNext(id, low)) return this.#found(this.#next)
      entry ??= this.#firstAtLeast(low)
      for (; entry < this.records; entry++) {
        const position = this.#positionAt(entry)
        const own = this.#idAt(position)
        if (own === id) return this.#found(position)
        if (own > id) break
      }
      return undefined
    })
  }

  /** Whether what follows what was found last is this id; nothing is read for it. */
  #isNext(id: Id, prefix: number): boolean {
    const next = this.#next
    if (next >= this.records || !this.#bytes.has(next * ID_BYTES, ID_BYTES)) return false
    return this.#prefixOf(next) === prefix && this.#idAt(next) === id
  }

  #found(position: number): number {
    this.#next = position + 1
    return position
  }

  /** Ids that begin with these hex digits, ascending. */
  async find(digits: string): Promise<Id[]> {
    const low = Number.parseInt(digits.slice(0, PREFIX_DIGITS).padEnd(PREFIX_DIGITS, '0'), 16)
    const found: Id[] = []
    const first = await whenRead(() => this.#firstAtLeast(low))
    for (let entry = first; entry < this.records; entry++) {
      const id = await whenRead(() => this.#idAt(this.#positionAt(entry)))
      if (id.startsWith(digits)) found.push(id)
      else if (id > digits) break
    }
    return found
  }

  /** The id at a position. */
  id(position: number): Soon<Id> {
    return whenRead(() => this.#idAt(position))
  }

  /** The ids at positions that a record refers to. */
  ids(positions: readonly number[]): Soon<Id[]> {
    const ids: Id[] = []
    if (this.#referredTo.size + positions.length > REMEMBERED) this.#referredTo.clear()
    return whenRead(() => {
      while (ids.length < positions.length) {
        const position = positions[ids.length]!
        const id = this.#idAt(position)
        ids.push(id)
        if (this.records > WORTH_REMEMBERING) this.#referredTo.set(id, position)
      }
      return ids
    })
  }

  /** Where the record at a position is. */
  place(position: number): Soon<RecordPlace> {
    if (position >= this.records) throw this.#fault(`it has no record ${position}`)
    return whenRead(() => {
      const offset = position === 0 ? PACK_MAGIC.length : this.#end(position - 1)
      const end = this.#end(position)
      if (offset < PACK_MAGIC.length || end < offset || end > this.#footer.indexStart) {
        throw this.#fault(`record ${position} is not among its records`)
      }
      return { offset, length: end - offset }
    })
  }

  /** The first bytes of every id, as numbers. Only of an index that is held whole. */
  *prefixes(): Iterable<number> {
    for (let position = 0; position < this.records; position++) {
      yield numberOf(this.#bytes.read(position * ID_BYTES, PREFIX_BYTES), 0, PREFIX_BYTES)
    }
  }

  /** What is wrong with the index itself: its order, and that its records leave no gap. */
  async verify(): Promise<VarveError[]> {
    const problems: VarveError[] = []
    let before = ''
    for (let entry = 0; entry < this.records; entry++) {
      const id = await whenRead(() => this.#idAt(this.#positionAt(entry)))
      if (id <= before) problems.push(this.#fault(`its ids are not in order at ${id}`))
      before = id
    }
    const end = () => (this.records === 0 ? PACK_MAGIC.length : this.#end(this.records - 1))
    const last = await whenRead(end)
    const { indexStart } = this.#footer
    if (last !== indexStart) {
      problems.push(
        this.#fault(`its records end at byte ${last}, its index begins at ${indexStart}`),
      )
    }
    return problems
  }

  #idAt(position: number): Id {
    if (position >= this.records) throw this.#fault(`it has no record ${position}`)
    return idFromBytes(this.#bytes.read(position * ID_BYTES, ID_BYTES))
  }

  #end(position: number): number {
    const { endWidth } = this.#footer
    return this.#number(this.#ends + position * endWidth, endWidth)
  }

  #positionAt(entry: number): number {
    const { orderWidth } = this.#footer
    return this.#number(this.#order + entry * orderWidth, orderWidth)
  }

  #number(at: number, width: number): number {
    return littleEndian(this.#bytes.read(at, width), width)
  }

  /** The first of the sorted entries whose id begins with at least this number. */
  #firstAtLeast(prefix: number): number {
    let low = 0
    let high = this.records
    let under = 0
    let over = PREFIX_END
    for (let step = 0; low < high; step++) {
      // Ids are spread evenly: where one must be is nearly known. Every third step halves, so that
      // ids that are not cannot make it long.
      const share = (prefix - under) / (over - under)
      const guess = step % 3 === 2 || !(share >= 0) ? 0.5 : share
      const middle = Math.min(high - 1, low + Math.floor((high - low) * guess))
      const found = this.#prefixOf(this.#positionAt(middle))
      if (found < prefix) {
        low = middle + 1
        under = found
      } else {
        high = middle
        over = found
      }
    }
    return low
  }

  #prefixOf(position: number): number {
    if (position >= this.records) throw this.#fault(`it has no record ${position}`)
    return numberOf(this.#bytes.read(position * ID_BYTES, PREFIX_BYTES), 0, PREFIX_BYTES)
  }
}

function numberOf(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = 0; i < width; i++) value = value * 256 + bytes[at + i]!
  return value
}

function littleEndian(bytes: Uint8Array, width: number): number {
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[i]!
  return value
}
