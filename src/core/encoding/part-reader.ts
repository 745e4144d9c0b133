import { ByteReader } from '../bytes.ts'
import type { VarveError } from '../errors.ts'
import type { Compressor } from './compressor.ts'
import { decodeEntropy, LONGEST_CODED } from './entropy.ts'
import { frameCanHold } from './frame-bound.ts'
import type { Kernels } from './kernels.ts'
import { CODED, FRAME_MAGIC, SPARSE_BYTES } from './parts.ts'
import { decodeSparse } from './sparse.ts'

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
    const frame = this.#frame(this.#reader.remaining, length)
    const plain = new Uint8Array(length)
    this.#zstd.decompressInto(frame, plain)
    this.#reader = new ByteReader(plain)
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
    return this.#stored(length, () => new Uint8Array(length))
  }

  /** As {@link stream}, of as many bytes as `target` has. */
  streamInto(target: Uint8Array): void {
    if (target.length === 0) return
    const stored = this.#stored(target.length, () => target)
    if (stored !== target) target.set(stored)
  }

  /** @param room for the bytes, asked for where they do not lie in the body */
  #stored(length: number, room: () => Uint8Array): Uint8Array {
    const head = this.#joined ? 0 : this.#reader.varint()
    if (head === 0) return this.#reader.bytes(length)
    if (head === 1) return room().fill(this.#reader.u8())
    if (head === CODED) {
      const code = this.#reader.varint()
      if (length > LONGEST_CODED)
        throw this.#reader.error('a code of a longer stream than there are')
      const target = room()
      decodeEntropy(this.#reader, code, target, this.kernels)
      return target
    }
    if (head === SPARSE_BYTES) {
      const target = room()
      decodeSparse(this.#reader, target)
      return target
    }
    const frame = this.#frame(head, length)
    const target = room()
    this.#zstd.decompressInto(frame, target)
    return target
  }

  error(reason: string): VarveError {
    return this.#reader.error(reason)
  }

  end(): void {
    this.#reader.expectEnd()
  }

  /** A frame of which so many bytes are stored, and which may stand for `length`: until the next one is asked for. */
  #frame(count: number, length: number): Uint8Array {
    const tail = this.#reader.bytes(count)
    if (!frameCanHold(count, length)) {
      throw this.#reader.error(`${count} bytes cannot stand for ${length}`)
    }
    const frame = roomFor(FRAME_MAGIC.length + count)
    frame.set(FRAME_MAGIC)
    frame.set(tail, FRAME_MAGIC.length)
    return frame
  }
}

const NO_BYTES = new Uint8Array(0)

/** Room that is taken for each frame costs more than to unpack it. */
let kept = new Uint8Array(0)
const MOST_KEPT = 1 << 20

function roomFor(length: number): Uint8Array {
  if (length > MOST_KEPT) return new Uint8Array(length)
  if (length > kept.length) kept = new Uint8Array(Math.min(MOST_KEPT, 2 * length))
  return kept.subarray(0, length)
}
