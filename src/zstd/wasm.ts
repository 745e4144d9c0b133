import { VarveError } from '../core/errors.ts'
import { unpackFrames } from './frames.ts'
import type { ZstdLibrary } from './library.ts'

/** What one call may have in its memory, which ends at 2 GiB and grows where there is room. */
const MOST_BYTES = 900 * 1024 * 1024
const NO_DICTIONARY = new Uint8Array(0)

/**
 * zstd as WebAssembly, on every Node: half as fast, and for less than 900 MiB at once. It has no
 * parameters but the level.
 */
export async function openWasm(): Promise<ZstdLibrary> {
  const module = await import('@bokuweb/zstd-wasm')
  await module.init()
  const compressor = module.createCCtx()
  const decompressor = module.createDCtx()
  const compressWith = (dictionary: Uint8Array, bytes: Uint8Array, level: number): Uint8Array => {
    checkRoom(2 * bytes.length + dictionary.length)
    return module.compressUsingDict(compressor, bytes, dictionary, level)
  }
  const decompressWith = (
    dictionary: Uint8Array,
    target: Uint8Array,
    frames: Uint8Array,
  ): number => {
    checkRoom(target.length + frames.length + dictionary.length)
    return unpackFrames(target, frames, (frame, most) =>
      module.decompressUsingDict(decompressor, frame, dictionary, { defaultHeapSize: most }),
    )
  }
  return {
    name: 'WebAssembly',
    compress: (bytes, level) => compressWith(NO_DICTIONARY, bytes, level),
    compressNoise: (bytes) => compressWith(NO_DICTIONARY, bytes, 1),
    compressWith,
    decompress: (target, frames) => decompressWith(NO_DICTIONARY, target, frames),
    decompressWith,
  }
}

function checkRoom(bytes: number): void {
  if (bytes <= MOST_BYTES) return
  throw new VarveError('too-large', `${bytes} bytes are too many for zstd in WebAssembly`, {
    hint: 'use Node 24, or install varve where zstd-napi can be built',
    data: { bytes, most: MOST_BYTES },
  })
}
