import { highPairs, highWords, lowPairs, lowWords } from './lanes'

// Byte planes (`planes.ts` in the core): plane p of values of `bytes` bytes, the highest first, begins at
// `planes + p · stride`. Memory behind arrays and planes, up to 16 values, may be read and overwritten.

@inline
function zigzag32(v: v128): v128 {
  return v128.xor(i32x4.shl(v, 1), i32x4.shr_s(v, 31))
}

@inline
function lowBytes(a: v128, b: v128, c: v128, d: v128): v128 {
  const mask = i32x4.splat(255)
  return i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_u(v128.and(a, mask), v128.and(b, mask)),
    i16x8.narrow_i32x4_u(v128.and(c, mask), v128.and(d, mask)),
  )
}

@inline
function fourSigned(at: usize): v128 {
  return v128.shuffle<i32>(
    i32x4.trunc_sat_f64x2_s_zero(v128.load(at)),
    i32x4.trunc_sat_f64x2_s_zero(v128.load(at, 16)),
    0,
    1,
    4,
    5,
  )
}

@inline
function fourUnsigned(at: usize): v128 {
  return v128.shuffle<i32>(
    i32x4.trunc_sat_f64x2_u_zero(v128.load(at)),
    i32x4.trunc_sat_f64x2_u_zero(v128.load(at, 16)),
    0,
    1,
    4,
    5,
  )
}

/** The planes of doubles that are whole and fit `bytes` bytes, in zigzag form where `zigzag`. */
export function toPlanes(
  values: usize,
  count: i32,
  bytes: i32,
  zigzag: bool,
  planes: usize,
  stride: usize,
): void {
  if (bytes > 4) {
    widePlanes(values, count, bytes, zigzag, planes, stride)
    return
  }
  const last = bytes - 1
  for (let i = 0; i < count; i += 16) {
    const at = values + (<usize>i << 3)
    let a: v128, b: v128, c: v128, d: v128
    if (zigzag) {
      a = zigzag32(fourSigned(at))
      b = zigzag32(fourSigned(at + 32))
      c = zigzag32(fourSigned(at + 64))
      d = zigzag32(fourSigned(at + 96))
    } else {
      a = fourUnsigned(at)
      b = fourUnsigned(at + 32)
      c = fourUnsigned(at + 64)
      d = fourUnsigned(at + 96)
    }
    let to = planes + <usize>last * stride + <usize>i
    v128.store(to, lowBytes(a, b, c, d))
    for (let plane = 1; plane < bytes; plane++) {
      const shift = plane << 3
      to -= stride
      v128.store(
        to,
        lowBytes(
          i32x4.shr_u(a, shift),
          i32x4.shr_u(b, shift),
          i32x4.shr_u(c, shift),
          i32x4.shr_u(d, shift),
        ),
      )
    }
  }
}

function widePlanes(
  values: usize,
  count: i32,
  bytes: i32,
  zigzag: bool,
  planes: usize,
  stride: usize,
): void {
  const last = planes + <usize>(bytes - 1) * stride
  for (let i = 0; i < count; i++) {
    let value = <i64>load<f64>(values + (<usize>i << 3))
    if (zigzag) value = (value << 1) ^ (value >> 63)
    let to = last + <usize>i
    for (let plane = 0; plane < bytes; plane++) {
      store<u8>(to, <u8>value)
      value >>>= 8
      to -= stride
    }
  }
}

/** The bytes of values of `width` bytes as planes: that of the last bytes first. */
export function split(values: usize, count: i32, width: i32, planes: usize, stride: usize): void {
  if (width === 8) {
    split8(values, count, planes, stride)
    return
  }
  for (let byte = 0; byte < width; byte++) {
    const to = planes + <usize>(width - 1 - byte) * stride
    let at = values + <usize>byte
    for (let i = 0; i < count; i++, at += width) store<u8>(to + <usize>i, load<u8>(at))
  }
}

@inline
function evenBytes(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
}

@inline
function oddBytes(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
}

function split8(values: usize, count: i32, planes: usize, stride: usize): void {
  for (let i = 0; i < count; i += 16) {
    const at = values + (<usize>i << 3)
    const a = v128.load(at)
    const b = v128.load(at, 16)
    const c = v128.load(at, 32)
    const d = v128.load(at, 48)
    const e = v128.load(at, 64)
    const f = v128.load(at, 80)
    const g = v128.load(at, 96)
    const h = v128.load(at, 112)
    // By the parity of the byte's number, then of its half, then of its quarter.
    const even0 = evenBytes(a, b)
    const even1 = evenBytes(c, d)
    const even2 = evenBytes(e, f)
    const even3 = evenBytes(g, h)
    const odd0 = oddBytes(a, b)
    const odd1 = oddBytes(c, d)
    const odd2 = oddBytes(e, f)
    const odd3 = oddBytes(g, h)
    const bytes04a = evenBytes(even0, even1)
    const bytes04b = evenBytes(even2, even3)
    const bytes26a = oddBytes(even0, even1)
    const bytes26b = oddBytes(even2, even3)
    const bytes15a = evenBytes(odd0, odd1)
    const bytes15b = evenBytes(odd2, odd3)
    const bytes37a = oddBytes(odd0, odd1)
    const bytes37b = oddBytes(odd2, odd3)
    const to = planes + <usize>i
    v128.store(to, oddBytes(bytes37a, bytes37b))
    v128.store(to + stride, oddBytes(bytes26a, bytes26b))
    v128.store(to + 2 * stride, oddBytes(bytes15a, bytes15b))
    v128.store(to + 3 * stride, oddBytes(bytes04a, bytes04b))
    v128.store(to + 4 * stride, evenBytes(bytes37a, bytes37b))
    v128.store(to + 5 * stride, evenBytes(bytes26a, bytes26b))
    v128.store(to + 6 * stride, evenBytes(bytes15a, bytes15b))
    v128.store(to + 7 * stride, evenBytes(bytes04a, bytes04b))
  }
}

/** The opposite of `split`. */
export function join(planes: usize, stride: usize, count: i32, width: i32, values: usize): void {
  if (width === 8) {
    join8(planes, stride, count, values)
    return
  }
  for (let byte = 0; byte < width; byte++) {
    const from = planes + <usize>(width - 1 - byte) * stride
    let at = values + <usize>byte
    for (let i = 0; i < count; i++, at += width) store<u8>(at, load<u8>(from + <usize>i))
  }
}

function join8(planes: usize, stride: usize, count: i32, values: usize): void {
  for (let i = 0; i < count; i += 16) {
    const from = planes + <usize>i
    const p7 = v128.load(from)
    const p6 = v128.load(from + stride)
    const p5 = v128.load(from + 2 * stride)
    const p4 = v128.load(from + 3 * stride)
    const p3 = v128.load(from + 4 * stride)
    const p2 = v128.load(from + 5 * stride)
    const p1 = v128.load(from + 6 * stride)
    const p0 = v128.load(from + 7 * stride)
    const at = values + (<usize>i << 3)
    quads(lowPairs(p0, p1), lowPairs(p2, p3), lowPairs(p4, p5), lowPairs(p6, p7), at)
    quads(highPairs(p0, p1), highPairs(p2, p3), highPairs(p4, p5), highPairs(p6, p7), at + 64)
  }
}

@inline
function quads(p01: v128, p23: v128, p45: v128, p67: v128, at: usize): void {
  const low03 = lowWords(p01, p23)
  const low47 = lowWords(p45, p67)
  const high03 = highWords(p01, p23)
  const high47 = highWords(p45, p67)
  v128.store(at, v128.shuffle<i32>(low03, low47, 0, 4, 1, 5))
  v128.store(at, v128.shuffle<i32>(low03, low47, 2, 6, 3, 7), 16)
  v128.store(at, v128.shuffle<i32>(high03, high47, 0, 4, 1, 5), 32)
  v128.store(at, v128.shuffle<i32>(high03, high47, 2, 6, 3, 7), 48)
}
