import { ByteReader } from '../bytes.ts'
import type { VarveError } from '../errors.ts'
import type { Compressor } from './compressor.ts'
import { frameCanHold } from './frame-bound.ts'
import type { Kernels } from './kernels.ts'
import { FRAME_MAGIC } from './parts.ts'

/** Reads what `Parts` packed; `corrupt-object` for whatever does not fit. */
export class PartReader {
  readonly kernels: Kernels
  readonly #reader: ByteReader
  readonly #zstd: Compressor
  readonly #joined: boolean

  /** @param plainLimit more bytes than this in a joined body are refused */
  constructor(
    packed: Uint8Array,
    joined: boolean,
    plainLimit: number,
    zstd: Compressor,
    kernels: Kernels,
  ) {
    this.kernels = kernels
    this.#zstd = zstd
    this.#joined = joined
    this.#reader = new ByteReader(packed)
    if (!joined) return
    const length = this.#reader.varint()
    if (length > plainLimit) throw this.#reader.error('more bytes than a column has')
    this.#reader = new ByteReader(this.#frame(this.#reader.remaining, length))
  }

  u8(): number {
    return this.#reader.u8()
  }

  varint(): number {
    return this.#reader.varint()
  }

  /** A varint that is not above `limit`. */
  count(limit: number): number {
    const value = this.#reader.varint()
    if (value > limit) throw this.#reader.error(`${value} where at most ${limit} can be`)
    return value
  }

  signed(): number {
    const value = this.#reader.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  u32(): number {
    return this.#reader.u32()
  }

  /** A stream of `length` bytes, which the caller has checked against the rows of the column. */
  stream(length: number): Uint8Array {
    if (length === 0) return NO_BYTES
    if (this.#joined) return this.#reader.bytes(length)
    const head = this.#reader.varint()
    if (head === 0) return this.#reader.bytes(length)
    if (head === 1) return new Uint8Array(length).fill(this.#reader.u8())
    return this.#frame(head, length)
  }

  error(reason: string): VarveError {
    return this.#reader.error(reason)
  }

  end(): void {
    this.#reader.expectEnd()
  }

  #frame(count: number, length: number): Uint8Array {
    const tail = this.#reader.bytes(count)
    if (!frameCanHold(count, length)) {
      throw this.#reader.error(`${count} bytes cannot stand for ${length}`)
    }
    const frame = new Uint8Array(FRAME_MAGIC.length + count)
    frame.set(FRAME_MAGIC)
    frame.set(tail, FRAME_MAGIC.length)
    return this.#zstd.decompress(frame, length)
  }
}

const NO_BYTES = new Uint8Array(0)
