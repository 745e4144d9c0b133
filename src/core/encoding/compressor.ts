/** A general compressor, given from outside: the core knows no library for it. */
export interface Compressor {
  /** `bytes` as one zstd frame, or undefined where that would not be smaller. */
  compress(bytes: Uint8Array, level: number): Uint8Array | undefined
  /** The same for bytes that are mostly noise, at the least cost. */
  compressNoise(bytes: Uint8Array): Uint8Array | undefined
  /**
   * `bytes` as one zstd frame that refers to a dictionary, or undefined where that would not be
   * smaller. The dictionary is raw content: its first byte is 0, so that it is never taken for one
   * of zstd's own. All of it is within reach of every byte.
   */
  compressWith(dictionary: Uint8Array, bytes: Uint8Array, level: number): Uint8Array | undefined
  /** Exactly `length` bytes; `corrupt-object` where the frame does not hold just as many. */
  decompress(frame: Uint8Array, length: number): Uint8Array
  /** As `decompress`, into bytes of that length. */
  decompressInto(frame: Uint8Array, target: Uint8Array): void
  /** As `decompress`, for a frame that refers to this dictionary. */
  decompressWith(dictionary: Uint8Array, frame: Uint8Array, length: number): Uint8Array
}
