import { ByteWriter } from '../bytes.ts'
import type { Compressor } from './compressor.ts'
import { encodeEntropy } from './entropy.ts'
import type { Kernels } from './kernels.ts'

// What an encoder makes: *fields*, small numbers that the decoder needs first, and *streams*, bytes
// whose number the decoder knows by then. They stand in the order in which they are read. A body
// packs them in one of two ways, see `body.ts`; a stream that is packed alone is
//
//   varint  0: stored | 1: all bytes are equal | 2: coded              | n > 2: bytes of the frame
//   …       the bytes | that byte              | varint length, `entropy.ts` | a zstd frame without its first four bytes
//
// An empty stream takes no bytes at all.

/** `28 b5 2f fd`, with which every zstd frame begins. */
export const FRAME_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)

/** In place of the length of a frame, none of which is so short. */
export const CODED = 2

/** Shorter streams gain nothing from a frame. */
const WORTH_COMPRESSING = 24
/** What shrinks to less than one in so many is cheap to try in other ways too. */
export const SPARSE = 16
/** Up to this many bytes, and packed bytes, it is tried whether one frame for all parts is smaller. */
const JOIN_LIMIT = 64 * 1024
const JOIN_PACKED = 4 * 1024

interface Stream {
  readonly bytes: Uint8Array
  /** Whether they are text or the like, in which zstd finds more at its higher levels. */
  readonly text: boolean
  packed?: Uint8Array
}

/** Makes empty parts. */
export interface NewParts {
  (): Parts
  /** Whether everything is to be tried in full, which finds little more and takes far longer. */
  readonly thorough: boolean
  readonly kernels: Kernels
}

export function newPartsFor(
  zstd: Compressor,
  level: number,
  options: Pick<NewParts, 'thorough' | 'kernels'>,
): NewParts {
  return Object.assign(() => new Parts(zstd, level, options.kernels), options)
}

/** Fields and streams, in order, with what they take once packed. */
export class Parts {
  readonly #zstd: Compressor
  readonly #level: number
  readonly #kernels: Kernels
  readonly #parts: (Uint8Array | Stream)[] = []
  #fields: ByteWriter | undefined
  #joined: Uint8Array | undefined

  constructor(zstd: Compressor, level: number, kernels: Kernels) {
    this.#zstd = zstd
    this.#level = level
    this.#kernels = kernels
  }

  u8(value: number): this {
    this.#open().u8(value)
    return this
  }

  varint(value: number): this {
    this.#open().varint(value)
    return this
  }

  /** A whole number from −2^52 + 1 to 2^52 − 1: zigzag, varint. */
  signed(value: number): this {
    this.#open().varint(value < 0 ? -2 * value - 1 : 2 * value)
    return this
  }

  u32(value: number): this {
    this.#open().u32(value)
    return this
  }

  /** Bytes that are compressed; they must not change afterwards. */
  stream(bytes: Uint8Array): this {
    return this.#stream(bytes, false)
  }

  /** The same for bytes from outside, which have more order than numbers do. */
  text(bytes: Uint8Array): this {
    return this.#stream(bytes, true)
  }

  #stream(bytes: Uint8Array, text: boolean): this {
    if (bytes.length === 0) return this
    this.#flush()
    this.#joined = undefined
    this.#parts.push({ bytes, text })
    return this
  }

  /** All of other parts. */
  append(others: Parts): this {
    others.#flush()
    this.#flush()
    this.#joined = undefined
    this.#parts.push(...others.#parts)
    return this
  }

  /** Bytes that they take, in the better way. */
  size(): number {
    return Math.min(this.separateSize(), this.joined()?.length ?? Number.POSITIVE_INFINITY)
  }

  /** Bytes of {@link separate}, or some more: streams may yet be coded. */
  separateSize(): number {
    this.#flush()
    let size = 0
    for (const part of this.#parts) size += this.#packed(part).length
    return size
  }

  /** Fields as they are, each stream packed alone. */
  separate(): Uint8Array {
    this.#flush()
    return concatenate(this.#parts.map((part) => this.#coded(part) ?? this.#packed(part)))
  }

  /** All bytes end to end: varint their number, then one frame. Undefined where it cannot pay. */
  joined(): Uint8Array | undefined {
    if (this.#joined !== undefined) return this.#joined
    this.#flush()
    const plain = this.#parts.map((part) => (part instanceof Uint8Array ? part : part.bytes))
    const length = plain.reduce((sum, bytes) => sum + bytes.length, 0)
    if (length < WORTH_COMPRESSING || length > JOIN_LIMIT) return undefined
    // A frame's own bytes are all that joining saves: nothing beside thousands.
    if (this.separateSize() > JOIN_PACKED) return undefined
    const frame = this.#zstd.compress(concatenate(plain), this.#level)
    if (frame === undefined) return undefined
    this.#joined = new ByteWriter(frame.length + 4)
      .varint(length)
      .bytes(frame.subarray(FRAME_MAGIC.length))
      .finish()
    return this.#joined
  }

  #flush(): void {
    if (this.#fields === undefined) return
    this.#parts.push(this.#fields.finish())
    this.#fields = undefined
  }

  /** Fields since the last stream. */
  #open(): ByteWriter {
    this.#joined = undefined
    this.#fields ??= new ByteWriter(24)
    return this.#fields
  }

  #packed(part: Uint8Array | Stream): Uint8Array {
    if (part instanceof Uint8Array) return part
    part.packed ??= packStream(part, this.#zstd, this.#level)
    return part.packed
  }

  /** The code of a stream of numbers, where that is shorter than its frame. */
  #coded(part: Uint8Array | Stream): Uint8Array | undefined {
    if (part instanceof Uint8Array || part.text) return undefined
    const { length } = this.#packed(part)
    if (length === 2 || length > part.bytes.length) return undefined
    const code = encodeEntropy(part.bytes, length, this.#kernels)
    return code && withHead([CODED, code.length], code)
  }
}

function packStream({ bytes, text }: Stream, zstd: Compressor, level: number): Uint8Array {
  if (allEqual(bytes)) return Uint8Array.of(1, bytes[0]!)
  const frame = bytes.length < WORTH_COMPRESSING ? undefined : compress(bytes, text, zstd, level)
  if (frame === undefined) return concatenate([Uint8Array.of(0), bytes])
  return withHead([frame.length - FRAME_MAGIC.length], frame.subarray(FRAME_MAGIC.length))
}

function withHead(numbers: readonly number[], bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(bytes.length + 8)
  for (const number of numbers) writer.varint(number)
  return writer.bytes(bytes).finish()
}

function compress(
  bytes: Uint8Array,
  text: boolean,
  zstd: Compressor,
  level: number,
): Uint8Array | undefined {
  if (text) return zstd.compress(bytes, level)
  const frame = zstd.compressNoise(bytes)
  if (frame === undefined || frame.length * SPARSE > bytes.length) return frame
  // Hardly noise: then another look costs little and may find a half more.
  const other = zstd.compress(bytes, level)
  return other !== undefined && other.length < frame.length ? other : frame
}

function allEqual(bytes: Uint8Array): boolean {
  const first = bytes[0]
  for (let i = 1; i < bytes.length; i++) if (bytes[i] !== first) return false
  return true
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
