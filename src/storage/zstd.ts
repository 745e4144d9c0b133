import { VarveError } from '../core/errors.ts'
import type { ZstdLibrary } from '../zstd/library.ts'
import { loadZstdLibrary } from '../zstd/load.ts'

/** zstd, one call at a time. */
export interface Zstd {
  /** `bytes` as one zstd frame, or undefined where that would not be smaller. */
  compress(bytes: Uint8Array, level: number): Uint8Array | undefined
  /** The same for bytes that are mostly noise, as the differences of numbers are: no short matches. */
  compressNoise(bytes: Uint8Array): Uint8Array | undefined
  /**
   * `bytes` as one zstd frame that refers to a dictionary, or undefined where that would not be
   * smaller. The dictionary is raw content: its first byte is 0, so that it is never taken for one
   * of zstd's own.
   */
  compressWith(dictionary: Uint8Array, bytes: Uint8Array, level: number): Uint8Array | undefined
  /** Exactly `length` bytes; throws where the frame does not hold just as many. */
  decompress(frame: Uint8Array, length: number): Uint8Array
  /** As `decompress`, into bytes of that length. */
  decompressInto(frame: Uint8Array, target: Uint8Array): void
  /** As `decompress`, for a frame that refers to this dictionary. */
  decompressWith(dictionary: Uint8Array, frame: Uint8Array, length: number): Uint8Array
}

let loaded: Promise<Zstd> | undefined

/** Loads a library the first time something is compressed: many commands never need it. */
export function loadZstd(): Promise<Zstd> {
  loaded ??= loadZstdLibrary().then(zstdOf)
  return loaded
}

/** zstd as objects are stored with it, by any library. */
function zstdOf(library: ZstdLibrary): Zstd {
  return {
    compress: (bytes, level) => ifSmaller(bytes, library.compress(bytes, level)),
    compressNoise: (bytes) => ifSmaller(bytes, library.compressNoise(bytes)),
    compressWith: (dictionary, bytes, level) =>
      ifSmaller(bytes, library.compressWith(dictionary, bytes, level)),
    decompress: (frame, length) =>
      filled(new Uint8Array(length), (target) => library.decompress(target, frame)),
    decompressInto(frame, target) {
      filled(target, () => library.decompress(target, frame))
    },
    decompressWith: (dictionary, frame, length) =>
      filled(new Uint8Array(length), (target) => library.decompressWith(dictionary, target, frame)),
  }
}

/** The frame to keep; the library uses its buffer again. */
function ifSmaller(bytes: Uint8Array, frame: Uint8Array): Uint8Array | undefined {
  return frame.length < bytes.length ? frame.slice() : undefined
}

/** What `decompress` writes into a target: just as many bytes as it has. */
function filled(target: Uint8Array, decompress: (target: Uint8Array) => number): Uint8Array {
  const { length } = target
  let found: number
  try {
    found = decompress(target)
  } catch (cause) {
    if (cause instanceof VarveError) throw cause
    throw new VarveError('corrupt-object', 'a zstd frame cannot be read', { cause })
  }
  if (found !== length) {
    throw new VarveError('corrupt-object', `a zstd frame holds ${found} bytes, not ${length}`)
  }
  return target
}
