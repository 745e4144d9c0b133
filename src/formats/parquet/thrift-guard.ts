// Thrift's compact protocol, walked without building anything: what a decoder would make of the
// bytes is known before it does. A field is a byte (delta of the field's number, type), for delta 0
// the number as a varint, then the value; a struct ends with a zero byte.

const BYTE = 3
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const STRUCT = 12

/** The deepest that structs and lists of Parquet's metadata go into each other, with room. */
const MAX_DEPTH = 24

/** Thrown where the bytes end before the struct does. */
export class CutShort extends Error {
  constructor() {
    super('the metadata are cut short')
  }
}

/**
 * Walks the struct at `at` and returns the place behind it. An `Error` where it is none, or has more
 * than `most` values in it: a list of a million empty structs takes a million bytes, but many times
 * as many once decoded.
 */
export function walkStruct(bytes: Uint8Array, at: number, most: number): number {
  return new Walk(bytes, at, most).struct(0)
}

class Walk {
  readonly #bytes: Uint8Array
  #at: number
  #left: number

  constructor(bytes: Uint8Array, at: number, most: number) {
    this.#bytes = bytes
    this.#at = at
    this.#left = most
  }

  struct(depth: number): number {
    if (depth > MAX_DEPTH) throw new Error('the metadata are nested too deeply')
    for (;;) {
      const head = this.#byte()
      if ((head & 0x0f) === 0) return this.#at
      if (head >> 4 === 0) this.#varint()
      this.#value(head & 0x0f, depth, false)
    }
  }

  #value(type: number, depth: number, inList: boolean): void {
    if (--this.#left < 0) throw new Error('the metadata hold too many values')
    switch (type) {
      case 1:
      case 2:
        if (inList) this.#byte()
        return
      case BYTE:
        this.#byte()
        return
      case 4:
      case 5:
      case 6:
        this.#varint()
        return
      case DOUBLE:
        this.#skip(8)
        return
      case BINARY:
        this.#skip(this.#varint())
        return
      case LIST: {
        const head = this.#byte()
        const count = head >> 4 === 15 ? this.#varint() : head >> 4
        if (count > this.#bytes.length - this.#at) throw new CutShort()
        for (let i = 0; i < count; i++) this.#value(head & 0x0f, depth + 1, true)
        return
      }
      case STRUCT:
        this.struct(depth + 1)
        return
      default:
        throw new Error(`the metadata hold a value of an unknown type (${type})`)
    }
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw new CutShort()
    return this.#bytes[this.#at++]!
  }

  #varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw new Error('the metadata hold a number of too many bytes')
  }

  #skip(count: number): void {
    if (count > this.#bytes.length - this.#at) throw new CutShort()
    this.#at += count
  }
}
