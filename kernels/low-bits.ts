// Low bits of whole numbers, apart from their planes (`low-bits.ts` in the core).

/**
 * Takes the lowest `bits` bits, 1 to 7, from the numbers of planes: writes them to `target`, one behind another, least
 * significant bit first, and moves all others down by as many.
 */
export function takeLow(
  planes: usize,
  stride: usize,
  bytes: i32,
  count: i32,
  bits: i32,
  target: usize,
): void {
  const last = planes + <usize>(bytes - 1) * stride
  packBits(last, count, bits, target)
  for (let plane = bytes - 1; plane > 0; plane--) {
    const at = planes + <usize>plane * stride
    for (let i: usize = 0; i < <usize>count; i += 16) {
      const above = i8x16.shl(v128.load(at - stride + i), 8 - bits)
      v128.store(at + i, v128.or(i8x16.shr_u(v128.load(at + i), bits), above))
    }
  }
  for (let i: usize = 0; i < <usize>count; i += 16) {
    v128.store(planes + i, i8x16.shr_u(v128.load(planes + i), bits))
  }
}

/** So many bits at the beginning of each half, quarter and eighth of 64, of numbers of `bits` bits: all that is not 0. */
@inline
function halves(bits: i32): u64 {
  return ((<u64>1 << <u64>(4 * bits)) - 1)
}

@inline
function quarters(bits: i32): u64 {
  return ((<u64>1 << <u64>(2 * bits)) - 1) * 0x0000_0001_0000_0001
}

@inline
function eighths(bits: i32): u64 {
  return ((<u64>1 << <u64>bits) - 1) * 0x0001_0001_0001_0001
}

/** The low bits of bytes, eight at a time; bits behind the last are 0. Up to 8 bytes behind them are written. */
function packBits(bytes: usize, count: i32, bits: i32, target: usize): void {
  const eighth = eighths(bits)
  const quarter = quarters(bits)
  const half = halves(bits)
  let to = target
  for (let i = 0; i < count; i += 8, to += bits) {
    let x = load<u64>(bytes + <usize>i)
    if (count - i < 8) x &= (<u64>1 << (<u64>(count - i) << 3)) - 1
    x = (x & eighth) | ((x >> <u64>(8 - bits)) & (eighth << <u64>bits))
    x = (x & quarter) | ((x >> <u64>(16 - 2 * bits)) & (quarter << <u64>(2 * bits)))
    x = (x & half) | ((x >> <u64>(32 - 4 * bits)) & (half << <u64>(4 * bits)))
    store<u64>(to, x)
  }
}

/** 16 numbers of `bits` bits, 1 to 7, a byte each. */
@inline
export function spread(at: usize, bits: i32): v128 {
  let x = v128.load64_lane(at + bits, v128.load64_zero(at), 1)
  const half = i64x2.splat(halves(bits))
  x = v128.or(v128.and(x, half), i64x2.shl(v128.andnot(x, half), 32 - 4 * bits))
  const quarter = i64x2.splat(quarters(bits))
  const upper = i64x2.splat(quarters(bits) << 16)
  x = v128.or(v128.and(x, quarter), v128.and(i64x2.shl(x, 16 - 2 * bits), upper))
  const eighth = i64x2.splat(eighths(bits))
  const above = i64x2.splat(eighths(bits) << 8)
  return v128.or(v128.and(x, eighth), v128.and(i64x2.shl(x, 8 - bits), above))
}
