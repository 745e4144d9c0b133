import * as zlib from 'node:zlib'
import { unpackFrames } from './frames.ts'
import type { ZstdLibrary } from './library.ts'

/** What `node:zlib` has since Node 22.15; dictionaries since 22.19 and 24.6. */
interface NodeZstd {
  zstdCompressSync?(bytes: Uint8Array, options: NodeZstdOptions): Uint8Array
  zstdDecompressSync(bytes: Uint8Array, options: NodeZstdOptions): Uint8Array
  readonly constants: Readonly<Record<string, number>>
}
interface NodeZstdOptions {
  readonly params?: Readonly<Record<number, number>>
  readonly dictionary?: Uint8Array
  readonly chunkSize?: number
  readonly maxOutputLength?: number
}

const { zstdCompressSync, zstdDecompressSync, constants } = zlib as unknown as NodeZstd

/** Windows up to this size are read whatever the frame holds, as zstd itself does. */
const LEAST_WINDOW_LOG = 27
const MOST_WINDOW_LOG = 31
/** The least that `node:zlib` takes as the size of its buffer. */
const LEAST_CHUNK = 64

/** zstd as Node has it; undefined where it has none, or none with dictionaries. */
export function openNode(): ZstdLibrary | undefined {
  if (zstdCompressSync === undefined) return undefined
  const compress = (
    bytes: Uint8Array,
    settings: Readonly<Record<string, number>>,
    options: NodeZstdOptions = {},
  ): Uint8Array => {
    const named = Object.entries(settings).map(([name, value]) => [
      constants[`ZSTD_c_${name}`]!,
      value,
    ])
    const frame = zstdCompressSync(bytes, { ...options, params: Object.fromEntries(named) })
    // No Buffer: its `slice` would not copy.
    return new Uint8Array(frame.buffer, frame.byteOffset, frame.length)
  }
  const decompress = (
    target: Uint8Array,
    frames: Uint8Array,
    options: NodeZstdOptions = {},
  ): number =>
    unpackFrames(target, frames, (frame, most) =>
      zstdDecompressSync(frame, {
        ...options,
        params: { [constants.ZSTD_d_windowLogMax!]: windowLog(most, LEAST_WINDOW_LOG) },
        chunkSize: Math.max(LEAST_CHUNK, most),
        maxOutputLength: Math.max(1, most),
      }),
    )
  const library: ZstdLibrary = {
    name: 'node:zlib',
    compress: (bytes, level) => compress(bytes, { compressionLevel: level }),
    compressNoise: (bytes) => compress(bytes, { compressionLevel: 1, minMatch: 7, hashLog: 12 }),
    compressWith(dictionary, bytes, level) {
      const reach = Math.max(bytes.length, dictionary.length)
      const settings = { compressionLevel: level, windowLog: windowLog(reach, 10) }
      return compress(bytes, settings, { dictionary })
    },
    decompress: (target, frames) => decompress(target, frames),
    decompressWith: (dictionary, target, frames) => decompress(target, frames, { dictionary }),
  }
  return heedsDictionaries(library) ? library : undefined
}

function windowLog(length: number, least: number): number {
  return Math.min(MOST_WINDOW_LOG, Math.max(least, Math.ceil(Math.log2(length + 1))))
}

/** Older ones take the option and pass over it in silence. */
function heedsDictionaries(library: ZstdLibrary): boolean {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * i * 37) & 255)
  return library.compressWith(bytes, bytes, 1).length < bytes.length
}
