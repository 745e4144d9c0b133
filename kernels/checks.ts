// What columns are looked through for, once they are decoded.

/**
 * The first of 64-bit integers, from `values[from]` on, that does not exceed the one before it by `least` (0: it may be
 * equal; 1); `count` where all do. They order as signed numbers once the bits of `turn` are turned in their upper
 * halves. `from` is at least 1.
 */
export function firstBelow(values: usize, from: i32, count: i32, least: i32, turn: u32): i32 {
  const turned = <i64>(<u64>turn << 32)
  const by = i64x2.splat(turned)
  let i = from
  for (; i + 3 < count; i += 4) {
    const at = values + ((<usize>i) << 3)
    const a = v128.xor(v128.load(at - 8), by)
    const b = v128.xor(v128.load(at), by)
    const c = v128.xor(v128.load(at + 8), by)
    const d = v128.xor(v128.load(at + 16), by)
    // Nearly all keys rise: where they need not, it is looked at closely below.
    const rises = v128.and(i64x2.gt_s(b, a), i64x2.gt_s(d, c))
    if (i64x2.all_true(rises)) continue
    if (least === 1) break
    if (v128.any_true(v128.or(i64x2.gt_s(a, b), i64x2.gt_s(c, d)))) break
  }
  for (; i < count; i++) {
    const at = values + ((<usize>i) << 3)
    const before = load<i64>(at - 8) ^ turned
    const value = load<i64>(at) ^ turned
    if (value < before || (least === 1 && value === before)) return i
  }
  return count
}

const CANONICAL_NAN: i64 = 0x7ff8000000000000

/** Whether among doubles there is a NaN that is not the canonical one. */
export function strayNaN(values: usize, count: i32): bool {
  const canonical = i64x2.splat(CANONICAL_NAN)
  let stray = i64x2.splat(0)
  let i = 0
  for (; i + 3 < count; i += 4) {
    const at = values + ((<usize>i) << 3)
    const a = v128.load(at)
    const b = v128.load(at, 16)
    stray = v128.or(stray, v128.and(f64x2.ne(a, a), i64x2.ne(a, canonical)))
    stray = v128.or(stray, v128.and(f64x2.ne(b, b), i64x2.ne(b, canonical)))
  }
  if (v128.any_true(stray)) return true
  for (; i < count; i++) {
    const bits = load<i64>(values + ((<usize>i) << 3))
    if (isNaN(reinterpret<f64>(bits)) && bits !== CANONICAL_NAN) return true
  }
  return false
}
