import { textToBytes } from '../core/bytes.ts'
import { ID_BYTES, type Id, idToBytes, type ObjectKind } from '../core/id.ts'

/** An id that was cut out of an object's canonical bytes. */
export interface CutId {
  /** Bytes between the end of the id cut out before, or the beginning, and this one. */
  readonly gap: number
  readonly id: Id
}

const HEX_DIGITS = 2 * ID_BYTES

/** Bytes that an id takes in objects of a kind: those that are text name it in hex. */
export function idWidth(kind: ObjectKind): number {
  return kind === 'commit' || kind === 'tag' ? HEX_DIGITS : ID_BYTES
}

const SMALL_FILTER_BITS = 16
const LARGE_FILTER_BITS = 24
/** From so many ids on the larger filter pays for its 2 MiB. */
const MANY = 4096

/**
 * Finds ids in canonical bytes by their own bytes, without knowing what the object is: 32 bytes that
 * happen to be an id are as good as one that is meant.
 */
export class IdFinder {
  readonly #known = new Set<string>()
  #bits = SMALL_FILTER_BITS
  /** A bit for each beginning that an id has. */
  #filter = new Uint8Array(2 ** (SMALL_FILTER_BITS - 3))

  add(id: Id): void {
    this.#known.add(id)
    if (this.#known.size > MANY && this.#bits === SMALL_FILTER_BITS) {
      this.#bits = LARGE_FILTER_BITS
      this.#filter = new Uint8Array(2 ** (LARGE_FILTER_BITS - 3))
      for (const known of this.#known) this.#mark(known as Id)
      return
    }
    this.#mark(id)
  }

  /** The ids that stand in bytes of an object, from the beginning; none overlaps another. */
  find(kind: ObjectKind, bytes: Uint8Array, also?: Id): CutId[] {
    return idWidth(kind) === ID_BYTES ? this.#findRaw(bytes, also) : this.#findHex(bytes, also)
  }

  #findHex(bytes: Uint8Array, also: Id | undefined): CutId[] {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    const cuts: CutId[] = []
    let since = 0
    // One may follow another, or other digits, where what stood between them was left out.
    for (const { 0: digits, index } of text.matchAll(/[0-9a-f]{64,}/g)) {
      for (let at = 0; at + HEX_DIGITS <= digits.length; ) {
        const id = digits.slice(at, at + HEX_DIGITS) as Id
        if (id !== also && !this.#known.has(id)) {
          at++
          continue
        }
        cuts.push({ gap: index + at - since, id })
        at += HEX_DIGITS
        since = index + at
      }
    }
    return cuts
  }

  #findRaw(bytes: Uint8Array, also: Id | undefined): CutId[] {
    const cuts: CutId[] = []
    const other = also === undefined ? undefined : idToBytes(also)
    const large = this.#bits === LARGE_FILTER_BITS
    const filter = this.#filter
    let since = 0
    const last = bytes.length - ID_BYTES
    for (let at = 0; at <= last; ) {
      const two = (bytes[at]! << 8) | bytes[at + 1]!
      const start = large ? (two << 8) | bytes[at + 2]! : two
      const likely = (filter[start >> 3]! >> (start & 7)) & 1
      if (likely === 0 && !(other !== undefined && bytes[at] === other[0])) {
        at++
        continue
      }
      const id = Buffer.from(bytes.buffer, bytes.byteOffset + at, ID_BYTES).toString('hex') as Id
      if (id !== also && !this.#known.has(id)) {
        at++
        continue
      }
      cuts.push({ gap: at - since, id })
      at += ID_BYTES
      since = at
    }
    return cuts
  }

  #mark(id: Id): void {
    const start = Number.parseInt(id.slice(0, this.#bits / 4), 16)
    this.#filter[start >> 3]! |= 1 << (start & 7)
  }
}

/** What is left of an object's bytes. */
export function withoutIds(
  kind: ObjectKind,
  bytes: Uint8Array,
  cuts: readonly CutId[],
): Uint8Array {
  const width = idWidth(kind)
  const rest = new Uint8Array(bytes.length - cuts.length * width)
  let from = 0
  let to = 0
  for (const { gap } of cuts) {
    rest.set(bytes.subarray(from, from + gap), to)
    from += gap + width
    to += gap
  }
  rest.set(bytes.subarray(from), to)
  return rest
}

/** The opposite of {@link withoutIds}. The gaps come to no more than there is. */
export function withIds(kind: ObjectKind, rest: Uint8Array, cuts: readonly CutId[]): Uint8Array {
  const width = idWidth(kind)
  const bytes = new Uint8Array(rest.length + cuts.length * width)
  let from = 0
  let to = 0
  for (const { gap, id } of cuts) {
    bytes.set(rest.subarray(from, from + gap), to)
    bytes.set(width === ID_BYTES ? idToBytes(id) : textToBytes(id), to + gap)
    from += gap
    to += gap + width
  }
  bytes.set(rest.subarray(from), to)
  return bytes
}
