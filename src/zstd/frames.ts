// zstd's frames, as far as one must know them to tell where they end: RFC 8878, section 3.1.
//
// | bytes | frame | | bytes | block |
// |---|---|---|---|---|
// | 4 | magic | | 3 | bit 0: the last one; bits 1 and 2: kind; the rest: its length |
// | 1 | descriptor | | | the content; of a run (kind 1) a single byte |
// | 0, 1 | window, unless "single segment" | | | |
// | 0, 1, 2, 4 | id of the dictionary | | | |
// | 0, 1, 2, 4, 8 | length of the content | | | |
// | | blocks | | | |
// | 0, 4 | checksum | | | |

export interface Frame {
  readonly bytes: Uint8Array
  /** How many bytes the frame says that it holds; undefined where it does not say. */
  readonly contentLength: number | undefined
  /** More than this many cannot be in its blocks. */
  readonly mostContent: number
}

const MAGIC = 0xfd2f_b528
const SKIPPABLE = 0x184d_2a50
const RUN = 1
const RESERVED = 3
/** The most that one block holds. */
const BLOCK = 128 * 1024

/** The frames that `bytes` are, one after the other, without those that are to be skipped. */
export function* framesOf(bytes: Uint8Array): Generator<Frame, void, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let start = 0; start < bytes.length; ) {
    const { end, blocks } = frameAt(view, start)
    if (end > bytes.length) throw new Error('a zstd frame is cut')
    if (blocks > 0) {
      yield {
        bytes: bytes.subarray(start, end),
        contentLength: contentLength(view, start),
        mostContent: blocks * BLOCK,
      }
    }
    start = end
  }
}

/** Its end may lie behind the bytes where they are cut. A frame to be skipped has no blocks. */
function frameAt(view: DataView, start: number): { end: number; blocks: number } {
  if (view.byteLength - start < 8) throw new Error('a zstd frame is cut')
  const magic = view.getUint32(start, true)
  if ((magic & ~0xf) === SKIPPABLE) {
    return { end: start + 8 + view.getUint32(start + 4, true), blocks: 0 }
  }
  if (magic !== MAGIC) throw new Error('no zstd frame')
  const { headerLength, hasChecksum } = describe(view.getUint8(start + 4))
  let at = start + headerLength
  let blocks = 0
  for (let isLast = false; !isLast; ) {
    if (at + 3 > view.byteLength) throw new Error('a zstd frame is cut')
    const head = view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
    const kind = (head >> 1) & 3
    if (kind === RESERVED) throw new Error('a zstd block of no known kind')
    isLast = (head & 1) !== 0
    at += 3 + (kind === RUN ? 1 : head >> 3)
    blocks += 1
  }
  return { end: at + (hasChecksum ? 4 : 0), blocks }
}

function contentLength(view: DataView, start: number): number | undefined {
  const { headerLength, lengthBytes } = describe(view.getUint8(start + 4))
  const at = start + headerLength - lengthBytes
  if (lengthBytes === 1) return view.getUint8(at)
  if (lengthBytes === 2) return view.getUint16(at, true) + 256
  if (lengthBytes === 4) return view.getUint32(at, true)
  if (lengthBytes === 8) return Number(view.getBigUint64(at, true))
  return undefined
}

function describe(descriptor: number): {
  headerLength: number
  lengthBytes: number
  hasChecksum: boolean
} {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const lengthBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  return {
    headerLength: 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + lengthBytes,
    lengthBytes,
    hasChecksum: (descriptor & 4) !== 0,
  }
}

/** Whether frames can hold `length` bytes; an `Error` where they are no frames or cut. */
export function canHold(frames: Uint8Array, length: number): boolean {
  let most = 0
  for (const frame of framesOf(frames)) {
    most += Math.min(frame.contentLength ?? frame.mostContent, frame.mostContent)
  }
  return length <= most
}

/**
 * Unpacks frame by frame into `target` with what unpacks one that holds at most so many bytes, and
 * returns how many they were. What a frame says of its content is checked before and after.
 */
export function unpackFrames(
  target: Uint8Array,
  frames: Uint8Array,
  unpack: (frame: Uint8Array, most: number) => Uint8Array,
): number {
  let length = 0
  for (const { bytes, contentLength } of framesOf(frames)) {
    const rest = target.length - length
    if (contentLength !== undefined && contentLength > rest) throw new Error(DOES_NOT_FIT)
    const content = unpack(bytes, contentLength ?? rest)
    if (content.length > rest) throw new Error(DOES_NOT_FIT)
    if (contentLength !== undefined && content.length !== contentLength) {
      throw new Error('a zstd frame does not hold what it says')
    }
    target.set(content, length)
    length += content.length
  }
  return length
}

const DOES_NOT_FIT = 'a zstd frame holds more than there should be'
