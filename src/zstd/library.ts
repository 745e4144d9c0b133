/** What zstd is done with. */
export type ZstdName = 'zstd-napi' | 'node:zlib' | 'WebAssembly'

/**
 * A zstd library, one call at a time. Each of them reads what any other has written. A dictionary
 * is raw content: its first byte is 0, so that it is never taken for one of zstd's own.
 *
 * What a call returns is valid until the next one.
 */
export interface ZstdLibrary {
  readonly name: ZstdName
  /** `bytes` as one frame that says how many they are. */
  compress(bytes: Uint8Array, level: number): Uint8Array
  /** The same for bytes that are mostly noise, as the differences of numbers are: no short matches. */
  compressNoise(bytes: Uint8Array): Uint8Array
  /** As `compress`, referring to a dictionary. */
  compressWith(dictionary: Uint8Array, bytes: Uint8Array, level: number): Uint8Array
  /**
   * Unpacks one frame or several into `target` and returns how many bytes they were. An `Error`
   * where they are damaged, cut, followed by something else, or would not fit.
   */
  decompress(target: Uint8Array, frames: Uint8Array): number
  /** As `decompress`, of frames that refer to this dictionary. */
  decompressWith(dictionary: Uint8Array, target: Uint8Array, frames: Uint8Array): number
}
