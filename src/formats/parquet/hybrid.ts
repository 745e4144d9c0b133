import { copyBits, setBit } from '../../core/bits.ts'
import { kernelsOf } from '../../core/encoding/kernels.ts'

// Parquet's hybrid of runs and packed bits, for definition levels, booleans and places in a
// dictionary. A run begins with a varint h. Even: the value that follows, in as few bytes as the
// width needs, h / 2 times. Odd: (h − 1) / 2 groups of 8 values, bit by bit, least significant first.

const CUT_SHORT = 'a page is cut short'
/** Fewer numbers are unpacked before a kernel has been handed them. */
const LEAST_FOR_KERNEL = 64

/** Reads numbers of `width` bits from `at` to `end` (exclusive), in pieces. */
export class HybridReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  readonly #width: number
  #at: number
  /** Values left in the run. */
  #left = 0
  #packed = false
  #value = 0
  /** Of a packed run: its first byte, and values taken from it. */
  #start = 0
  #taken = 0

  constructor(bytes: Uint8Array, at: number, end: number, width: number) {
    if (width > 32) throw new Error(`numbers of ${width} bits in a page`)
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.#width = width
  }

  /** The next `target.length` values; quickest where `target` is an array of the kernels. */
  read(target: Uint32Array): void {
    for (let at = 0; at < target.length; ) {
      const count = Math.min(this.#run(), target.length - at)
      if (this.#packed) this.#unpack(target, at, count)
      else target.fill(this.#value, at, at + count)
      this.#left -= count
      this.#taken += count
      at += count
    }
  }

  /** The next `count` values of 1 bit, as a bitmap. */
  readBits(count: number): Uint8Array {
    const target = new Uint8Array(Math.ceil(count / 8))
    for (let at = 0; at < count; ) {
      const some = Math.min(this.#run(), count - at)
      if (this.#packed) {
        if (this.#start + Math.ceil((this.#taken + some) / 8) > this.#end)
          throw new Error(CUT_SHORT)
        copyBits(this.#bytes.subarray(this.#start), this.#taken, some, target, at)
      } else if (this.#value !== 0) {
        setBits(target, at, some)
      }
      this.#left -= some
      this.#taken += some
      at += some
    }
    return target
  }

  /** Values left in the present run, or the next that has any. */
  #run(): number {
    while (this.#left === 0) {
      const head = this.#varint()
      this.#packed = (head & 1) === 1
      this.#taken = 0
      if (this.#packed) {
        this.#start = this.#at
        this.#left = Math.floor(head / 2) * 8
        // The last group may be cut off behind the last value that counts.
        this.#at = Math.min(this.#end, this.#at + Math.floor(head / 2) * this.#width)
      } else {
        this.#left = Math.floor(head / 2)
        this.#value = 0
        for (let i = 0; i < Math.ceil(this.#width / 8); i++) {
          if (this.#at >= this.#end) throw new Error(CUT_SHORT)
          this.#value += this.#bytes[this.#at++]! * 2 ** (8 * i)
        }
      }
    }
    return this.#left
  }

  #unpack(target: Uint32Array, from: number, count: number): void {
    const width = this.#width
    if (width === 0) {
      target.fill(0, from, from + count)
      return
    }
    const bytes = this.#bytes
    const bits = this.#taken * width
    if (this.#start + Math.ceil((bits + count * width) / 8) > this.#end) throw new Error(CUT_SHORT)
    let at = this.#start + Math.floor(bits / 8)
    let shift = bits % 8
    const kernels = count < LEAST_FOR_KERNEL ? undefined : kernelsOf(target)
    if (kernels !== undefined) {
      kernels.scope(() => {
        const packed = bytes.subarray(at, at + Math.ceil((shift + count * width) / 8))
        const source = kernels.copyOf(packed).byteOffset
        kernels.run.unpackPlaces(source, shift, width, count, target.byteOffset + 4 * from)
      })
      return
    }
    if (width > 24) {
      for (let i = from; i < from + count; i++) {
        let value = 0
        for (let bit = 0; bit < width; bit++) {
          if (((bytes[at]! >> shift) & 1) === 1) value += 2 ** bit
          shift = (shift + 1) & 7
          if (shift === 0) at++
        }
        target[i] = value
      }
      return
    }
    const mask = (1 << width) - 1
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    // A value and the bits in front of it fit into four bytes, where there are as many.
    const quick = Math.floor(((bytes.length - at - 4) * 8 - shift) / width)
    const ahead = from + Math.max(0, Math.min(count, quick))
    let bit = shift
    for (let i = from; i < ahead; i++) {
      target[i] = (view.getUint32(at + (bit >>> 3), true) >>> (bit & 7)) & mask
      bit += width
    }
    at += bit >>> 3
    shift = bit & 7
    let held = shift === 0 ? 0 : 8 - shift
    let word = shift === 0 ? 0 : bytes[at++]! >>> shift
    for (let i = ahead; i < from + count; i++) {
      while (held < width) {
        word |= bytes[at++]! << held
        held += 8
      }
      target[i] = word & mask
      word >>>= width
      held -= width
    }
  }

  #varint(): number {
    let value = 0
    for (let i = 0; i < 5; i++) {
      if (this.#at >= this.#end) throw new Error(CUT_SHORT)
      const byte = this.#bytes[this.#at++]!
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return value
    }
    throw new Error('a run of absurd length in a page')
  }
}

/** Sets `count` bits from `at` on. */
function setBits(target: Uint8Array, at: number, count: number): void {
  const end = at + count
  let bit = at
  while (bit < end && (bit & 7) !== 0) setBit(target, bit++)
  const whole = (end - bit) >> 3
  target.fill(0xff, bit >> 3, (bit >> 3) + whole)
  for (bit += whole * 8; bit < end; bit++) setBit(target, bit)
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0
  for (let bits = byte; bits > 0; bits >>= 1) count += bits & 1
  return count
})

/** How many bits of a bitmap with zero padding are 1. */
export function countOnes(bits: Uint8Array): number {
  let count = 0
  for (let i = 0; i < bits.length; i++) count += ONES[bits[i]!]!
  return count
}
