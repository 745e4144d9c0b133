import { ID_BYTES, type Id, idToBytes } from '../core/id.ts'

/** An id that was cut out of an object's canonical bytes. */
export interface CutId {
  /** Bytes between the end of the id cut out before, or the beginning, and this one. */
  readonly gap: number
  readonly id: Id
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

  /** The ids that stand in `bytes`, from the beginning; none overlaps another. */
  find(bytes: Uint8Array, also?: Id): CutId[] {
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
export function withoutIds(bytes: Uint8Array, cuts: readonly CutId[]): Uint8Array {
  const rest = new Uint8Array(bytes.length - cuts.length * ID_BYTES)
  let from = 0
  let to = 0
  for (const { gap } of cuts) {
    rest.set(bytes.subarray(from, from + gap), to)
    from += gap + ID_BYTES
    to += gap
  }
  rest.set(bytes.subarray(from), to)
  return rest
}

/** The opposite of {@link withoutIds}. The gaps come to no more than there is. */
export function withIds(rest: Uint8Array, cuts: readonly CutId[]): Uint8Array {
  const bytes = new Uint8Array(rest.length + cuts.length * ID_BYTES)
  let from = 0
  let to = 0
  for (const { gap, id } of cuts) {
    bytes.set(rest.subarray(from, from + gap), to)
    bytes.set(idToBytes(id), to + gap)
    from += gap
    to += gap + ID_BYTES
  }
  bytes.set(rest.subarray(from), to)
  return bytes
}
