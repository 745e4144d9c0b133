import { Transform, type TransformCallback } from 'node:stream'
import type { ZstdLibrary } from './library.ts'
import { loadZstdLibrary } from './load.ts'

const LEVEL = 3

/** A stream that packs what is written to it, as a file whose name ends in `.zst`. */
export async function zstdPacker(): Promise<Transform> {
  const library = await loadZstdLibrary()
  if (library.name !== 'zstd-napi') return new FramesPacker(library)
  const { CompressStream } = await import('zstd-napi')
  return new CompressStream({ compressionLevel: LEVEL, checksumFlag: true })
}

/** So much becomes one frame. */
const FRAME_BYTES = 4 * 1024 * 1024

/** For libraries that pack no streams: frames that follow each other. */
export class FramesPacker extends Transform {
  readonly #library: ZstdLibrary
  #pieces: Uint8Array[] = []
  #length = 0
  #isEmpty = true

  constructor(library: ZstdLibrary) {
    super()
    this.#library = library
  }

  override _transform(piece: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#pieces.push(piece)
    this.#length += piece.length
    if (this.#length >= FRAME_BYTES) this.#pushFrame()
    done()
  }

  override _flush(done: TransformCallback): void {
    if (this.#length > 0 || this.#isEmpty) this.#pushFrame()
    done()
  }

  #pushFrame(): void {
    this.push(this.#library.compress(Buffer.concat(this.#pieces), LEVEL).slice())
    this.#pieces = []
    this.#length = 0
    this.#isEmpty = false
  }
}
