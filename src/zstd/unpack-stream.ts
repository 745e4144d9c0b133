import { loadZstdLibrary } from './load.ts'
import { loadBinding } from './native.ts'

const PIECE_BYTES = 256 * 1024

/** What was read is not whole zstd frames. */
export class ZstdDamage extends Error {
  /** Whether it is right so far and ends too early. */
  readonly isCut: boolean

  constructor(isCut: boolean, cause?: unknown) {
    super(isCut ? 'the end of a zstd frame is missing' : 'no zstd frame', { cause })
    this.isCut = isCut
  }
}

/**
 * What is in zstd frames that follow each other, in pieces, so that no more than a few are held however
 * much there is. {@link ZstdDamage} where they are damaged or cut.
 */
export async function* unpackZstd(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const { name } = await loadZstdLibrary()
  yield* name === 'zstd-napi' ? unpackNative(pieces) : unpackInJavaScript(pieces)
}

async function* unpackNative(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const { DCtx } = await loadBinding()
  const context = new DCtx()
  let isInFrame = true
  for await (const piece of pieces) {
    let rest = piece
    for (let isFull = false; rest.length > 0 || isFull; ) {
      const target = Buffer.allocUnsafe(PIECE_BYTES)
      let step: readonly [hint: number, produced: number, consumed: number]
      try {
        step = context.decompressStream(target, rest)
      } catch (cause) {
        throw new ZstdDamage(false, cause)
      }
      const [hint, produced, consumed] = step
      if (produced > 0) yield target.subarray(0, produced)
      rest = rest.subarray(consumed)
      isInFrame = hint !== 0
      isFull = isInFrame && produced === target.length
    }
  }
  if (isInFrame) throw new ZstdDamage(true)
}

/** Node's own stream ends with the first frame, and WebAssembly has none. Checksums are not looked at. */
export async function* unpackInJavaScript(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const { Decompress, ZstdErrorCode } = await import('fzstd')
  let unpacked: Uint8Array[] = []
  const stream = new Decompress((content) => {
    if (content.length > 0) unpacked.push(content)
  })
  const push = (piece: Uint8Array, isLast: boolean): Uint8Array[] => {
    try {
      stream.push(piece, isLast)
    } catch (cause) {
      throw new ZstdDamage((cause as { code?: number }).code === ZstdErrorCode.UnexpectedEOF, cause)
    }
    const content = unpacked
    unpacked = []
    return content
  }
  let isEmpty = true
  for await (const piece of pieces) {
    isEmpty &&= piece.length === 0
    // A short piece at a time: what it holds is handed over before the next is unpacked.
    for (let at = 0; at < piece.length; at += PUSHED_BYTES) {
      yield* push(piece.slice(at, at + PUSHED_BYTES), false)
    }
  }
  if (isEmpty) throw new ZstdDamage(true)
  yield* push(new Uint8Array(0), true)
}

const PUSHED_BYTES = 4096
