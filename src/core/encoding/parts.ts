import { ByteWriter, endToEnd, lengthOf } from '../bytes.ts'
import type { Compressor } from './compressor.ts'
import { codeSize, encodeEntropy } from './entropy.ts'
import type { Kernels } from './kernels.ts'
import { encodeSparse } from './sparse.ts'

// What an encoder makes: *fields*, small numbers that the decoder needs first, and *streams*, bytes
// whose number the decoder knows by then. They stand in the order in which they are read. A body
// packs them in one of two ways, see `body.ts`; a stream that is packed alone is
//
//   varint  0: stored: the bytes follow
//           1: all bytes are equal: that byte
//           2: coded: varint length, `entropy.ts`
//           3: sparse: `sparse.ts`
//           n > 3: a zstd frame of n bytes without its first four
//
// An empty stream takes no bytes at all.

/** `28 b5 2f fd`, with which every zstd frame begins. */
export const FRAME_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)

/** In place of the length of a frame, none of which is so short. */
export const CODED = 2
export const SPARSE_BYTES = 3

/** Shorter streams gain nothing from a frame. */
const WORTH_COMPRESSING = 24
/** No frame of bytes that differ is much shorter. */
const SHORT = 20
/** What shrinks to less than one in so many is cheap to try in other ways too. */
export const SPARSE = 16
/** Up to this many bytes, and packed bytes, it is tried whether one frame for all parts is smaller. */
const JOIN_LIMIT = 64 * 1024
const JOIN_PACKED = 4 * 1024

interface Stream {
  readonly bytes: Uint8Array
  /** Whether they are text or the like, in which zstd finds more at its higher levels. */
  readonly text: boolean
  /** Whether zstd is not to look for repeats in them before they are coded. */
  readonly scattered: boolean
  packed?: Packed
}

/** A stream as it is packed alone: the numbers before its bytes, and those, which may be the stream's own. */
interface Packed {
  readonly head: Uint8Array
  readonly bytes: Uint8Array
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
    return this.#stream({ bytes, text: false, scattered: false })
  }

  /** The same for bytes that are known not to repeat. */
  scattered(bytes: Uint8Array): this {
    return this.#stream({ bytes, text: false, scattered: true })
  }

  /** The same for bytes from outside, which have more order than numbers do. */
  text(bytes: Uint8Array): this {
    return this.#stream({ bytes, text: true, scattered: false })
  }

  /** The same for bytes that are known to have no order at all: they are stored. */
  noise(bytes: Uint8Array): this {
    const packed = { head: STORED, bytes }
    return this.#stream({ bytes, text: false, scattered: true, packed })
  }

  #stream(stream: Stream): this {
    if (stream.bytes.length === 0) return this
    this.#flush()
    this.#joined = undefined
    this.#parts.push(stream)
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
    for (const part of this.#parts) size += this.#packedSize(part)
    return size
  }

  /** About the bytes of {@link separate}, its streams coded where that is shorter. */
  codedSize(): number {
    this.#flush()
    let size = 0
    for (const part of this.#parts) {
      const packed = this.#packedSize(part)
      const mayBeCoded = !(part instanceof Uint8Array) && this.#mayBeCoded(part)
      size += mayBeCoded ? Math.min(packed, codeSize(part.bytes, this.#kernels)) : packed
    }
    return size
  }

  /** Fields as they are, each stream packed alone: bytes that follow each other. */
  separate(): Uint8Array[] {
    this.#flush()
    return this.#parts.flatMap((part) => {
      if (part instanceof Uint8Array) return [part]
      const { head, bytes } = this.#coded(part) ?? this.#packed(part)
      return [head, bytes]
    })
  }

  /** All bytes end to end: varint their number, then one frame. Undefined where it cannot pay. */
  joined(): Uint8Array | undefined {
    if (this.#joined !== undefined) return this.#joined
    this.#flush()
    const plain = this.#parts.map((part) => (part instanceof Uint8Array ? part : part.bytes))
    const length = lengthOf(plain)
    if (length < WORTH_COMPRESSING || length > JOIN_LIMIT) return undefined
    // A frame's own bytes are all that joining saves: nothing beside thousands.
    if (this.separateSize() > JOIN_PACKED) return undefined
    const frame = this.#zstd.compress(endToEnd(plain), this.#level)
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

  #packed(stream: Stream): Packed {
    stream.packed ??= packStream(stream, this.#zstd, this.#level, this.#kernels)
    return stream.packed
  }

  #packedSize(part: Uint8Array | Stream): number {
    if (part instanceof Uint8Array) return part.length
    const { head, bytes } = this.#packed(part)
    return head.length + bytes.length
  }

  /** The code of a stream of numbers, where that is shorter than its frame. */
  #coded(stream: Stream): Packed | undefined {
    if (!this.#mayBeCoded(stream)) return undefined
    return codeStream(stream.bytes, this.#packedSize(stream), this.#kernels)
  }

  #mayBeCoded(stream: Stream): boolean {
    if (stream.text) return false
    const form = this.#packed(stream).head[0]!
    return form > SPARSE_BYTES && this.#packedSize(stream) <= stream.bytes.length
  }
}

const NOTHING = new Uint8Array(0)
const STORED = Uint8Array.of(0)

/** The code of bytes that take `packed` bytes otherwise; undefined where it is not worth while. */
function codeStream(bytes: Uint8Array, packed: number, kernels: Kernels): Packed | undefined {
  const code = encodeEntropy(bytes, packed, kernels)
  return code && { head: varints(CODED, code.length), bytes: code }
}

function packStream(
  { bytes, text, scattered }: Stream,
  zstd: Compressor,
  level: number,
  kernels: Kernels,
): Packed {
  if (allEqual(bytes)) return { head: Uint8Array.of(1, bytes[0]!), bytes: NOTHING }
  if (bytes.length < WORTH_COMPRESSING) return { head: STORED, bytes }
  const sparse = text ? undefined : encodeSparse(bytes, kernels)
  const asSparse = sparse && { head: Uint8Array.of(SPARSE_BYTES), bytes: sparse }
  if (asSparse !== undefined && asSparse.bytes.length <= SHORT) return asSparse
  const coded = scattered ? codeStream(bytes, bytes.length, kernels) : undefined
  if (coded !== undefined) return coded
  const frame = compress(bytes, text, zstd, level)
  if (frame === undefined) return asSparse ?? { head: STORED, bytes }
  const rest = frame.subarray(FRAME_MAGIC.length)
  if (asSparse !== undefined && asSparse.bytes.length <= rest.length) return asSparse
  return { head: varints(rest.length), bytes: rest }
}

function varints(...numbers: readonly number[]): Uint8Array {
  const writer = new ByteWriter(8)
  for (const number of numbers) writer.varint(number)
  return writer.finish()
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
