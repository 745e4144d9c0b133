// Differences of neighbours, as doubles; the first is 0. Memory behind the arrays may be overwritten.

const MAGIC: f64 = 6755399441055744 // 2^52 + 2^51: the sum with an integer below 2^51 has its bits
const EXACT_HIGH: u32 = 1 << 18

/**
 * Of 64-bit integers. Returns the upper halves of all differences, negative ones inverted, or-ed: a
 * difference is exact where that is below 2^20.
 */
export function stepsOfIntegers(source: usize, target: usize, count: i32): u32 {
  const bits = i64x2.splat(reinterpret<i64>(MAGIC))
  const magic = f64x2.splat(MAGIC)
  let all = i64x2.splat(0)
  let i = 1
  for (; i + 1 < count; i += 2) {
    const at = source + ((<usize>i) << 3)
    const d = i64x2.sub(v128.load(at), v128.load(at - 8))
    all = v128.or(all, v128.xor(d, i64x2.shr_s(d, 63)))
    v128.store(target + ((<usize>i) << 3), f64x2.sub(i64x2.add(d, bits), magic))
  }
  let largest = i64x2.extract_lane(all, 0) | i64x2.extract_lane(all, 1)
  for (; i < count; i++) {
    const at = source + ((<usize>i) << 3)
    const d = load<i64>(at) - load<i64>(at - 8)
    largest |= d ^ (d >> 63)
    store<f64>(target + ((<usize>i) << 3), <f64>d)
  }
  store<f64>(target, 0)
  const high = <u32>(largest >>> 32)
  if (high < EXACT_HIGH) return high
  for (i = 1; i < count; i++) {
    const at = source + ((<usize>i) << 3)
    store<f64>(target + ((<usize>i) << 3), <f64>(load<i64>(at) - load<i64>(at - 8)))
  }
  return high
}

/** Of whole numbers as doubles. */
export function stepsOfNumbers(source: usize, target: usize, count: i32): void {
  // One more than there are may be written.
  for (let i = 1; i < count; i += 2) {
    const at = source + ((<usize>i) << 3)
    v128.store(target + ((<usize>i) << 3), f64x2.sub(v128.load(at), v128.load(at - 8)))
  }
  store<f64>(target, 0)
}

/** The first of `values[from]` and those after it that is not `value`; `count` where all are. */
export function firstOther(values: usize, from: i32, count: i32, value: f64): i32 {
  const wanted = f64x2.splat(value)
  let i = from
  for (; i + 1 < count; i += 2) {
    if (v128.any_true(f64x2.ne(v128.load(values + ((<usize>i) << 3)), wanted))) break
  }
  while (i < count && load<f64>(values + ((<usize>i) << 3)) === value) i++
  return i
}

/** The first of `values[from]` and those after it that `divisor` does not divide. */
export function firstIndivisible(values: usize, from: i32, count: i32, divisor: f64): i32 {
  const by = f64x2.splat(divisor)
  let i = from
  for (; i + 1 < count; i += 2) {
    // Exact below 2^53: a quotient that is not whole is further from it than its rounding.
    const quotient = f64x2.div(v128.load(values + ((<usize>i) << 3)), by)
    if (v128.any_true(f64x2.ne(quotient, f64x2.floor(quotient)))) break
  }
  for (; i < count; i++) {
    const quotient = load<f64>(values + ((<usize>i) << 3)) / divisor
    if (quotient !== floor(quotient)) break
  }
  return i
}

/** Divides in place; what is behind the last may be changed. */
export function divide(values: usize, count: i32, divisor: f64): void {
  const by = f64x2.splat(divisor)
  for (let i = 0; i < count; i += 2) {
    const at = values + ((<usize>i) << 3)
    v128.store(at, f64x2.div(v128.load(at), by))
  }
}
