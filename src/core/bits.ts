// Bitmaps: bit i is bit (i mod 8), counted from the least significant, of byte ⌊i / 8⌋.

/** Bytes that `count` bits take. */
export function bitmapBytes(count: number): number {
  return Math.ceil(count / 8)
}

/** The bits of the last byte that are in use, as a mask; 0xff where it is full. */
export function lastByteMask(count: number): number {
  return (count & 7) === 0 ? 0xff : (1 << (count & 7)) - 1
}

export function getBit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3]! >> (index & 7)) & 1) === 1
}

export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3]! |= 1 << (index & 7)
}

/** Whether all of the first `count` bits are 1. */
export function allOnes(bits: Uint8Array, count: number): boolean {
  const whole = count >> 3
  for (let i = 0; i < whole; i++) if (bits[i] !== 0xff) return false
  return (count & 7) === 0 || (bits[whole]! & lastByteMask(count)) === lastByteMask(count)
}

/** Whether all bits of the bitmap behind the first `count` are 0. */
export function isZeroBehind(bits: Uint8Array, count: number): boolean {
  const used = bitmapBytes(count)
  if (used > 0 && (bits[used - 1]! & ~lastByteMask(count)) !== 0) return false
  for (let i = used; i < bits.length; i++) if (bits[i] !== 0) return false
  return true
}

/** A bitmap of `count` ones with zero padding. */
export function ones(count: number): Uint8Array {
  const bits = new Uint8Array(bitmapBytes(count)).fill(0xff)
  if (bits.length > 0) bits[bits.length - 1]! &= lastByteMask(count)
  return bits
}

/** Bits `from` to `to` (exclusive) as a bitmap of their own, with zero padding. */
export function sliceBits(bits: Uint8Array, from: number, to: number): Uint8Array {
  const result = new Uint8Array(bitmapBytes(to - from))
  copyBits(bits, from, to - from, result, 0)
  return result
}

/** Copies `count` bits into a target whose bits from `at` on are still zero. */
export function copyBits(
  source: Uint8Array,
  from: number,
  count: number,
  target: Uint8Array,
  at: number,
): void {
  let done = 0
  // Bit by bit up to a byte of the target, then byte by byte, then the bits that are left.
  while (done < count && ((at + done) & 7) !== 0) {
    if (getBit(source, from + done)) setBit(target, at + done)
    done++
  }
  const shift = (from + done) & 7
  let byte = (from + done) >> 3
  let out = (at + done) >> 3
  const whole = (count - done) >> 3
  if (shift === 0) {
    target.set(source.subarray(byte, byte + whole), out)
  } else {
    for (let i = 0; i < whole; i++, byte++, out++) {
      target[out] = (source[byte]! >> shift) | (source[byte + 1]! << (8 - shift))
    }
  }
  for (done += whole * 8; done < count; done++) {
    if (getBit(source, from + done)) setBit(target, at + done)
  }
}
