import { type Column, isNull } from '../../core/column.ts'
import { bytesOf, rawColumn, valueWidth } from '../../core/column-layout.ts'

/** Beyond so many values, or bytes of them, a dictionary does not pay. */
const MOST_VALUES = 1 << 14
const MOST_BYTES = 1 << 20
const NONE = 0xffff_ffff

/** The distinct values of a column chunk in the order that they come, each with its place. */
export class Dictionary {
  readonly #type: Column['type']
  /** Places by hash: open addressing. */
  #slots = new Uint32Array(1 << 10).fill(NONE)
  #count = 0
  /** Words of values of fixed width; bytes of the others. */
  #words = new Uint32Array(256)
  #bytes = new Uint8Array(1 << 10)
  #offsets = new Uint32Array(64)

  constructor(type: Column['type']) {
    this.#type = type
  }

  /** Whether a dictionary can be made of a type's values. */
  static takes({ type, offsets }: Column): boolean {
    return offsets !== undefined || valueWidth(type) >= 4
  }

  get size(): number {
    return this.#count
  }

  /** The distinct values. */
  get values(): Column {
    if (valueWidth(this.#type) === 0) {
      const offsets = this.#offsets.slice(0, this.#count + 1)
      const bytes = this.#bytes.slice(0, offsets[this.#count])
      return rawColumn(this.#type, this.#count, bytes, undefined, offsets)
    }
    const width = valueWidth(this.#type) / 4
    const words = this.#words.slice(0, this.#count * width)
    const values = width === 2 ? new BigInt64Array(words.buffer) : new Int32Array(words.buffer)
    return rawColumn(this.#type, this.#count, values, undefined)
  }

  /**
   * The places of a column's values that are no nulls; undefined where there are so many that a
   * dictionary does not pay. It is not to be used any more then.
   */
  places(column: Column): Uint32Array | undefined {
    const places = new Uint32Array(column.length)
    const count =
      column.offsets === undefined
        ? this.#fixed(column, places)
        : this.#bytesPlaces(column, column.offsets, places)
    return count === -1 ? undefined : places.subarray(0, count)
  }

  #fixed(column: Column, places: Uint32Array): number {
    const { length, validity } = column
    const bytes = bytesOf(column.values)
    const source = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
    const width = valueWidth(this.#type) / 4
    let slots = this.#slots
    let mask = slots.length - 1
    let words = this.#words
    let count = 0
    for (let row = 0; row < length; row++) {
      if (validity !== undefined && isNull(column, row)) continue
      const low = source[row * width]!
      const high = width === 2 ? source[row * 2 + 1]! : 0
      let slot = hash(low, high) & mask
      let place = slots[slot]!
      while (place !== NONE) {
        if (words[place * width] === low && (width === 1 || words[place * 2 + 1] === high)) break
        slot = (slot + 1) & mask
        place = slots[slot]!
      }
      if (place === NONE) {
        if (this.#count === MOST_VALUES) return -1
        place = this.#count++
        if ((place + 1) * width > words.length) {
          words = this.#moreWords()
        }
        words[place * width] = low
        if (width === 2) words[place * 2 + 1] = high
        slots[slot] = place
        if (this.#count * 2 > slots.length) {
          slots = this.#moreSlots((at) =>
            hash(words[at * width]!, width === 2 ? words[at * 2 + 1]! : 0),
          )
          mask = slots.length - 1
        }
      }
      places[count++] = place
    }
    return count
  }

  #bytesPlaces(column: Column, offsets: Uint32Array, places: Uint32Array): number {
    const { length, validity } = column
    const source = column.values as Uint8Array
    let slots = this.#slots
    let bytes = this.#bytes
    let starts = this.#offsets
    let count = 0
    for (let row = 0; row < length; row++) {
      if (validity !== undefined && isNull(column, row)) continue
      const from = offsets[row]!
      const to = offsets[row + 1]!
      const mask = slots.length - 1
      let slot = hashBytes(source, from, to) & mask
      let place = slots[slot]!
      while (place !== NONE) {
        let at = starts[place]!
        if (starts[place + 1]! - at === to - from) {
          let i = from
          while (i < to && source[i] === bytes[at]) {
            i++
            at++
          }
          if (i === to) break
        }
        slot = (slot + 1) & mask
        place = slots[slot]!
      }
      if (place === NONE) {
        place = this.#append(source, from, to, slot)
        if (place === NONE) return -1
        slots = this.#slots
        bytes = this.#bytes
        starts = this.#offsets
      }
      places[count++] = place
    }
    return count
  }

  /** A new value, whose place goes into a slot; none where there are too many. */
  #append(source: Uint8Array, from: number, to: number, slot: number): number {
    const at = this.#offsets[this.#count]!
    const end = at + to - from
    if (this.#count === MOST_VALUES || end > MOST_BYTES) return NONE
    if (end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      bytes.set(this.#bytes)
      this.#bytes = bytes
    }
    this.#bytes.set(source.subarray(from, to), at)
    const place = this.#count++
    if (this.#count === this.#offsets.length) {
      const offsets = new Uint32Array(this.#offsets.length * 2)
      offsets.set(this.#offsets)
      this.#offsets = offsets
    }
    this.#offsets[this.#count] = end
    this.#slots[slot] = place
    if (this.#count * 2 > this.#slots.length) {
      this.#moreSlots((i) => hashBytes(this.#bytes, this.#offsets[i]!, this.#offsets[i + 1]!))
    }
    return place
  }

  #moreWords(): Uint32Array<ArrayBuffer> {
    const words = new Uint32Array(this.#words.length * 2)
    words.set(this.#words)
    this.#words = words
    return words
  }

  #moreSlots(hashOf: (place: number) => number): Uint32Array<ArrayBuffer> {
    const slots = new Uint32Array(this.#slots.length * 2).fill(NONE)
    const mask = slots.length - 1
    for (let place = 0; place < this.#count; place++) {
      let slot = hashOf(place) & mask
      while (slots[slot] !== NONE) slot = (slot + 1) & mask
      slots[slot] = place
    }
    this.#slots = slots
    return slots
  }
}

function hash(low: number, high: number): number {
  let mixed = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b_3c6d)
  return mixed ^ (mixed >>> 13)
}

function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let mixed = 0x811c_9dc5
  for (let i = from; i < to; i++) mixed = Math.imul(mixed ^ bytes[i]!, 0x0100_0193)
  return mixed ^ (mixed >>> 15)
}

/** Numbers of so many bits, bit by bit, least significant first, in groups of 8: one packed run. */
export function packPlaces(places: Uint32Array, width: number): Uint8Array {
  const groups = Math.ceil(places.length / 8)
  const head: number[] = [width]
  let rest = groups * 2 + 1
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) | 0x80)
  head.push(rest)
  const bytes = new Uint8Array(head.length + groups * width)
  bytes.set(head)
  let at = head.length
  let held = 0
  let bits = 0
  for (let i = 0; i < places.length; i++) {
    held |= places[i]! << bits
    bits += width
    while (bits >= 8) {
      bytes[at++] = held
      held >>>= 8
      bits -= 8
    }
  }
  if (bits > 0) bytes[at] = held
  return bytes
}
