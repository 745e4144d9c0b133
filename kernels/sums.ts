import { highPairs, highWords, lowPairs, lowWords } from './lanes'
import { spread } from './low-bits'

// Whole numbers from their planes and low bits (`integers.ts` in the core). Planes lie as in `planes.ts`; low bits, at most
// 7 of each, stand one behind another; up to 24 bytes behind them may be read.

const BLOCK: i32 = 512

/**
 * Undoes planes and the rule `order` (`integers.ts`), into 64-bit integers at `target`. The planes are of
 * all values but the first `order`.
 * @param low the lowest `bits` bits of all of them, where `bits` is not 0
 * @param block room for 512 integers
 */
export function sumPlanes(
  planes: usize,
  stride: usize,
  bytes: i32,
  low: usize,
  bits: i32,
  target: usize,
  count: i32,
  order: i32,
  firstLow: u32,
  firstHigh: u32,
  divisor: f64,
  step: f64,
  block: usize,
): void {
  const g = <i64>divisor
  let value: i64 = (<i64>firstHigh << 32) | <i64>firstLow
  let unit: i64 = <i64>step
  const start = min(order, count)
  if (start > 0) store<i64>(target, value)
  if (start > 1) {
    value += unit * g
    store<i64>(target, value, 8)
  }
  let line: i64 = 0
  for (let from = start; from < count; from += BLOCK) {
    const length = min(BLOCK, count - from)
    const at = <usize>(from - start)
    unpack(planes + at, stride, bytes, low + (at >> 3) * bits, bits, length, order > 0, block)
    const to = target + (<usize>from << 3)
    const end = <usize>length << 3
    if (order === 1) {
      for (let at: usize = 0; at < end; at += 8) {
        value += (unit + load<i64>(block + at)) * g
        store<i64>(to + at, value)
      }
    } else if (order === 0) {
      for (let at: usize = 0; at < end; at += 8) {
        store<i64>(to + at, value + (line + load<i64>(block + at)) * g)
        line += unit
      }
    } else {
      for (let at: usize = 0; at < end; at += 8) {
        unit += load<i64>(block + at)
        value += unit * g
        store<i64>(to + at, value)
      }
    }
  }
}

/** Numbers from planes and their low bits, undoing zigzag where `zigzag`, as 64-bit integers. */
function unpack(
  planes: usize,
  stride: usize,
  bytes: i32,
  low: usize,
  bits: i32,
  count: i32,
  zigzag: bool,
  target: usize,
): void {
  const width = (bytes << 3) + bits
  if (width === 0) memory.fill(target, 0, <usize>count << 3)
  else if (width <= 16) unpackNarrow(planes, stride, bytes, low, bits, count, zigzag, target)
  else if (width <= 32) unpackMiddle(planes, stride, bytes, low, bits, count, zigzag, target)
  else unpackWide(planes, stride, bytes, low, bits, count, zigzag, target)
}

/** Of 16 bits at most. */
function unpackNarrow(
  planes: usize,
  stride: usize,
  bytes: i32,
  low: usize,
  bits: i32,
  count: i32,
  zigzag: bool,
  target: usize,
): void {
  const zero = i16x8.splat(0)
  const last = planes + (bytes === 2 ? stride : 0)
  let at = low
  for (let i: usize = 0; i < <usize>count; i += 16, at += 2 * bits) {
    let p = zero
    let q = zero
    if (bytes > 0) {
      const plane = v128.load(last + i)
      const high = bytes === 2 ? v128.load(planes + i) : zero
      p = lowPairs(plane, high)
      q = highPairs(plane, high)
    }
    if (bits > 0) {
      const lowest = spread(at, bits)
      p = v128.or(i16x8.shl(p, bits), i16x8.extend_low_i8x16_u(lowest))
      q = v128.or(i16x8.shl(q, bits), i16x8.extend_high_i8x16_u(lowest))
    }
    const to = target + (i << 3)
    eight(p, zigzag, to)
    eight(q, zigzag, to + 64)
  }
}

@inline
function eight(given: v128, zigzag: bool, to: usize): void {
  let v = given
  let top = i16x8.splat(0)
  if (zigzag) {
    top = i16x8.neg(v128.and(v, i16x8.splat(1)))
    v = v128.xor(i16x8.shr_u(v, 1), top)
  }
  // Two bytes and their sign, as four.
  four(lowWords(v, top), to)
  four(highWords(v, top), to + 32)
}

@inline
function four(v: v128, to: usize): void {
  v128.store(to, i64x2.extend_low_i32x4_s(v))
  v128.store(to, i64x2.extend_high_i32x4_s(v), 16)
}

/** Of 17 to 32 bits. */
function unpackMiddle(
  planes: usize,
  stride: usize,
  bytes: i32,
  low: usize,
  bits: i32,
  count: i32,
  zigzag: bool,
  target: usize,
): void {
  const zero = i16x8.splat(0)
  const last = planes + <usize>(bytes - 1) * stride
  let from = low
  for (let i: usize = 0; i < <usize>count; i += 16, from += 2 * bits) {
    const at = last + i
    const p0 = v128.load(at)
    const p1 = v128.load(at - stride)
    const p2 = bytes > 2 ? v128.load(at - 2 * stride) : zero
    const p3 = bytes > 3 ? v128.load(at - 3 * stride) : zero
    const a = lowPairs(p0, p1)
    const b = highPairs(p0, p1)
    const c = lowPairs(p2, p3)
    const d = highPairs(p2, p3)
    let p = lowWords(a, c)
    let q = highWords(a, c)
    let r = lowWords(b, d)
    let s = highWords(b, d)
    if (bits > 0) {
      const lowest = spread(from, bits)
      const e = i16x8.extend_low_i8x16_u(lowest)
      const f = i16x8.extend_high_i8x16_u(lowest)
      p = v128.or(i32x4.shl(p, bits), i32x4.extend_low_i16x8_u(e))
      q = v128.or(i32x4.shl(q, bits), i32x4.extend_high_i16x8_u(e))
      r = v128.or(i32x4.shl(r, bits), i32x4.extend_low_i16x8_u(f))
      s = v128.or(i32x4.shl(s, bits), i32x4.extend_high_i16x8_u(f))
    }
    const to = target + (i << 3)
    if (zigzag) {
      four(signed(p), to)
      four(signed(q), to + 32)
      four(signed(r), to + 64)
      four(signed(s), to + 96)
    } else {
      fourUnsignedTo(p, to)
      fourUnsignedTo(q, to + 32)
      fourUnsignedTo(r, to + 64)
      fourUnsignedTo(s, to + 96)
    }
  }
}

/** From zigzag form. */
@inline
function signed(v: v128): v128 {
  return v128.xor(i32x4.shr_u(v, 1), i32x4.neg(v128.and(v, i32x4.splat(1))))
}

@inline
function fourUnsignedTo(v: v128, to: usize): void {
  v128.store(to, i64x2.extend_low_i32x4_u(v))
  v128.store(to, i64x2.extend_high_i32x4_u(v), 16)
}

function unpackWide(
  planes: usize,
  stride: usize,
  bytes: i32,
  low: usize,
  bits: i32,
  count: i32,
  zigzag: bool,
  target: usize,
): void {
  const mask = (<u64>1 << <u64>bits) - 1
  for (let i = 0; i < count; i++) {
    let value: i64 = 0
    for (let plane = 0; plane < bytes; plane++) {
      value = (value << 8) | <i64>load<u8>(planes + <usize>plane * stride + <usize>i)
    }
    if (bits > 0) {
      const bit = i * bits
      const lowest = <u64>load<u16>(low + <usize>(bit >> 3)) >> <u64>(bit & 7)
      value = (value << <i64>bits) | <i64>(lowest & mask)
    }
    if (zigzag) value = (value >>> 1) ^ -(value & 1)
    store<i64>(target + (<usize>i << 3), value)
  }
}
