import { Buffer, isUtf8 } from 'node:buffer'
import { type ErrorCode, VarveError } from './errors.ts'
import { ID_BYTES, type Id, idFromBytes, idToBytes } from './id.ts'

// Multi-byte numbers are little-endian. A varint is unsigned LEB128: seven bits a byte, least
// significant first, the top bit set on all but the last byte, in as few bytes as the number needs.

const encoder = new TextEncoder()
const LONG = 32

/** Appends numbers, bytes and text to a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array
  /** Made when it is needed: most of what is written has no such numbers. */
  #view: DataView | undefined
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    const at = this.#grow(1)
    this.#bytes[at] = value
    return this
  }

  u16(value: number): this {
    const at = this.#grow(2)
    this.#numbers.setUint16(at, value, true)
    return this
  }

  u32(value: number): this {
    const at = this.#grow(4)
    this.#numbers.setUint32(at, value, true)
    return this
  }

  u64(value: bigint): this {
    const at = this.#grow(8)
    this.#numbers.setBigUint64(at, value, true)
    return this
  }

  /** A whole number from 0 to 2^53 − 1. */
  varint(value: number): this {
    let rest = value
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    return this.u8(rest)
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** A varint length, then the bytes. */
  lengthPrefixed(bytes: Uint8Array): this {
    return this.varint(bytes.length).bytes(bytes)
  }

  /** A varint length in bytes, then the text as UTF-8. */
  text(text: string): this {
    return this.lengthPrefixed(encoder.encode(text))
  }

  /** The 32 raw bytes of an id. */
  id(id: Id): this {
    return this.bytes(idToBytes(id))
  }

  /** All that was written. The writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length)
  }

  #grow(count: number): number {
    const at = this.#length
    this.#length = at + count
    if (this.#length > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      bytes.set(this.#bytes)
      this.#bytes = bytes
      this.#view = undefined
    }
    return at
  }

  get #numbers(): DataView {
    this.#view ??= new DataView(this.#bytes.buffer)
    return this.#view
  }
}

/** How many bytes a varint takes. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  return length
}

/** Reads what {@link ByteWriter} wrote. Whatever does not fit is an error with the given code. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #code: ErrorCode
  /** Made when it is needed: most bytes hold no such numbers. */
  #view: DataView | undefined
  #at = 0

  /** @param code of the error thrown for bytes that are cut short or not canonical */
  constructor(bytes: Uint8Array, code: ErrorCode = 'corrupt-object') {
    // Never a Buffer, so that the views handed out are plain bytes too.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#code = code
  }

  /** Bytes already read. */
  get position(): number {
    return this.#at
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!
  }

  u16(): number {
    return this.#numbers.getUint16(this.#take(2), true)
  }

  u32(): number {
    return this.#numbers.getUint32(this.#take(4), true)
  }

  u64(): bigint {
    return this.#numbers.getBigUint64(this.#take(8), true)
  }

  /** A whole number up to 2^53 − 1, written in as few bytes as it needs. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 1; count <= 8; count++) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      scale *= 0x80
      if (byte < 0x80) {
        if (byte === 0 && count > 1) throw this.error('a number is written in too many bytes')
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
    }
    throw this.error('a number is too large')
  }

  /** A view, not a copy, of the next `count` bytes. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count)
    return this.#bytes.subarray(at, at + count)
  }

  /** A varint length, then as many bytes (a view). */
  lengthPrefixed(): Uint8Array {
    return this.bytes(this.varint())
  }

  /** A varint length, then as many bytes of valid UTF-8. */
  text(): string {
    const bytes = this.lengthPrefixed()
    if (!isUtf8(bytes)) throw this.error('text is not valid UTF-8')
    return bytesToText(bytes)
  }

  id(): Id {
    return idFromBytes(this.bytes(ID_BYTES))
  }

  /** Throws unless everything has been read. */
  expectEnd(): void {
    if (this.remaining !== 0) throw this.error(`${this.remaining} bytes too many`)
  }

  /** The error to throw for content that is wrong at the present position. */
  error(reason: string): VarveError {
    return new VarveError(this.#code, `bad bytes: ${reason}`, { data: { position: this.#at } })
  }

  get #numbers(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes
    this.#view ??= new DataView(buffer, byteOffset, byteLength)
    return this.#view
  }

  #take(count: number): number {
    const at = this.#at
    if (count > this.#bytes.length - at) throw this.error('cut short')
    this.#at = at + count
    return at
  }
}

/** Order of raw bytes: negative, 0 or positive. A prefix comes before what it begins. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  if (shared > LONG) return Buffer.compare(a, b)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0
}

export function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

/** A copy of pieces, one behind another. */
export function endToEnd(pieces: readonly Uint8Array[]): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.concat(pieces)
  return new Uint8Array(buffer, byteOffset, length)
}

/** The text of bytes that are known to be UTF-8, a BOM included. */
export function bytesToText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

export function textToBytes(text: string): Uint8Array {
  return encoder.encode(text)
}
