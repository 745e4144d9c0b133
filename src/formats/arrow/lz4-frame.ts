// LZ4 frames, read into a given room: the JavaScript libraries for them neither check where a match
// reaches nor stop at the end of what they write to, which bytes from outside need.
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md

const MAGIC = 0x184d2204
const UNCOMPRESSED = 0x8000_0000
const MIN_MATCH = 4

/** Reads one frame that holds just as many bytes as `target`; throws a `RangeError` otherwise. */
export function decompressLz4Frame(frame: Uint8Array, target: Uint8Array): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('no LZ4 frame')
  const flags = view.getUint8(4)
  if (flags >> 6 !== 1) throw new RangeError('an LZ4 frame of another version')
  const blockSums = (flags & 0x10) !== 0
  const contentSize = (flags & 0x08) !== 0
  const dictionary = (flags & 0x01) !== 0
  if (dictionary) throw new RangeError('an LZ4 frame with a dictionary')
  let at = 7 + (contentSize ? 8 : 0)
  let filled = 0
  for (;;) {
    const word = view.getUint32(at, true)
    at += 4
    if (word === 0) break
    const size = word & ~UNCOMPRESSED
    if (at + size > frame.length) throw new RangeError('an LZ4 block is cut off')
    const block = frame.subarray(at, at + size)
    if ((word & UNCOMPRESSED) === 0) filled = decompressBlock(block, target, filled)
    else {
      target.set(block, filled)
      filled += size
    }
    at += size + (blockSums ? 4 : 0)
  }
  if (filled !== target.length) throw new RangeError('an LZ4 frame of another length')
}

/** Reads a block to `from` on, where matches may reach what is before; returns where it ends. */
function decompressBlock(block: Uint8Array, target: Uint8Array, from: number): number {
  const end = block.length
  let at = 0
  let out = from
  while (at < end) {
    const token = block[at++]!
    let literals = token >> 4
    if (literals === 15) {
      let more = 255
      while (more === 255 && at < end) {
        more = block[at++]!
        literals += more
      }
    }
    if (literals > end - at || literals > target.length - out) throw beyond()
    if (literals > 16) target.set(block.subarray(at, at + literals), out)
    else for (let i = 0; i < literals; i++) target[out + i] = block[at + i]!
    at += literals
    out += literals
    if (at === end) break
    if (end - at < 2) throw beyond()
    const offset = block[at]! | (block[at + 1]! << 8)
    at += 2
    let length = token & 15
    if (length === 15) {
      let more = 255
      while (more === 255 && at < end) {
        more = block[at++]!
        length += more
      }
    }
    length += MIN_MATCH
    if (offset === 0 || offset > out || length > target.length - out) throw beyond()
    // What is copied may begin with what it copied just before.
    if (offset >= length) target.copyWithin(out, out - offset, out - offset + length)
    else for (let i = 0; i < length; i++) target[out + i] = target[out - offset + i]!
    out += length
  }
  return out
}

function beyond(): RangeError {
  return new RangeError('an LZ4 block reaches beyond its bytes')
}
