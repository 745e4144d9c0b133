import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { CompressionCodec } from 'hyparquet'
import { canHold } from '../../zstd/frames.ts'
import { loadZstdLibrary } from '../../zstd/load.ts'

/** Packs and unpacks pages. All of it throws an `Error` where bytes are not what they must be. */
export interface Codecs {
  /** Exactly `length` bytes, the caller's to keep; room for them is made when the bytes may hold them. */
  unpack(codec: CompressionCodec, bytes: Uint8Array, length: number): Uint8Array
  /** A zstd frame; the caller's to keep. */
  pack(bytes: Uint8Array): Uint8Array
}

/** The most that an LZ4 block grows by: a byte of length stands for 255. */
const LZ4_RATIO = 255

/** Codecs that a library of their own unpacks. */
const FOREIGN: readonly CompressionCodec[] = ['SNAPPY', 'LZ4', 'LZ4_RAW']

/** Loads what packs pages, and what unpacks those of the given codecs. */
export async function loadCodecs(codecs: ReadonlySet<CompressionCodec>): Promise<Codecs> {
  const zstd = await loadZstdLibrary()
  const foreign = FOREIGN.some((codec) => codecs.has(codec))
    ? (await import('hyparquet-compressors')).compressors
    : {}

  const unpackers: Partial<
    Record<CompressionCodec, (bytes: Uint8Array, length: number) => Uint8Array>
  > = {
    UNCOMPRESSED: (bytes) => bytes.slice(),
    ZSTD(bytes, length) {
      if (!canHold(bytes, length)) throw new Error('a zstd frame of another length')
      const target = new Uint8Array(length)
      return target.subarray(0, zstd.decompress(target, bytes))
    },
    SNAPPY(bytes, length) {
      if (snappyLength(bytes) !== length) throw new Error('a snappy block of another length')
      return foreign.SNAPPY!(bytes, length)
    },
    GZIP: (bytes, length) => gunzipSync(bytes, { maxOutputLength: Math.max(length, 1) }),
    BROTLI: (bytes, length) =>
      brotliDecompressSync(bytes, { maxOutputLength: Math.max(length, 1) }),
    LZ4: (bytes, length) => foreign.LZ4!(bytes, withinLz4(bytes, length)),
    LZ4_RAW: (bytes, length) => foreign.LZ4_RAW!(bytes, withinLz4(bytes, length)),
  }

  return {
    unpack(codec, bytes, length) {
      const unpack = unpackers[codec]
      if (unpack === undefined) throw new Error(`the compression ${codec} is not known`)
      const unpacked = length === 0 ? new Uint8Array(0) : unpack(bytes, length)
      if (unpacked.length !== length) {
        throw new Error(`a page of ${unpacked.length} bytes where ${length} are declared`)
      }
      return unpacked
    },
    pack: (bytes) => zstd.compress(bytes, 1).slice(),
  }
}

/** The length that a snappy block declares: a varint in front. */
function snappyLength(bytes: Uint8Array): number {
  let length = 0
  for (let i = 0; i < 5 && i < bytes.length; i++) {
    length += (bytes[i]! & 0x7f) * 2 ** (7 * i)
    if (bytes[i]! < 0x80) return length
  }
  return -1
}

function withinLz4(bytes: Uint8Array, length: number): number {
  if (length > LZ4_RATIO * bytes.length + 64) throw new Error('an LZ4 block of another length')
  return length
}
