// Doubles that are short decimals, and the integers they are with a power of ten (`decimals.ts` in the
// core).

const LIMIT: f64 = 2251799813685248 // 2^51
const MOST_STEP: f64 = 9007199254740991 // 2^53 − 1

/**
 * Writes k of each double with value k / power, and the numbers of those that have none to
 * `exceptions`. Returns how many these are; it stops once there are more than half.
 */
export function scale(
  source: usize,
  target: usize,
  count: i32,
  power: f64,
  exceptions: usize,
): i32 {
  const by = f64x2.splat(power)
  const half = f64x2.splat(0.5)
  const limit = f64x2.splat(LIMIT)
  const most = count >> 1
  let found = 0
  for (let i = 0; i < count; i += 2) {
    const at = (<usize>i) << 3
    const value = v128.load(source + at)
    const k = f64x2.floor(f64x2.add(f64x2.mul(value, by), half))
    v128.store(target + at, k)
    // By bits: −0 is not 0. NaN and the infinities are not below the limit.
    const same = i64x2.eq(f64x2.div(k, by), value)
    const short = f64x2.lt(f64x2.abs(k), limit)
    const mask = i64x2.bitmask(v128.and(same, short))
    if (mask === 3) continue
    if ((mask & 1) === 0) {
      store<u32>(exceptions + ((<usize>found) << 2), <u32>i)
      found++
    }
    if ((mask & 2) === 0 && i + 1 < count) {
      store<u32>(exceptions + ((<usize>found) << 2), <u32>i + 1)
      found++
    }
    if (found > most) return found
  }
  return found
}

/** 64-bit integers divided by a power of ten, as doubles, in place. */
export function unscale(values: usize, count: i32, power: f64): void {
  const by = f64x2.splat(power)
  for (let i = 0; i < count; i += 2) {
    const at = values + ((<usize>i) << 3)
    const k = f64x2.replace_lane(f64x2.splat(<f64>load<i64>(at)), 1, <f64>load<i64>(at, 8))
    v128.store(at, f64x2.div(k, by))
  }
}

/**
 * Goes by steps from each double, as the k / power that is nearest, in place: k is 0 where it is not below 2^51, and so
 * is what is no step.
 */
export function goDecimals(values: usize, steps: usize, count: i32, power: f64): void {
  const by = f64x2.splat(power)
  const half = f64x2.splat(0.5)
  const limit = f64x2.splat(LIMIT)
  const most = f64x2.splat(MOST_STEP)
  for (let i = 0; i < count; i += 2) {
    const at = (<usize>i) << 3
    const k = f64x2.floor(f64x2.add(f64x2.mul(v128.load(values + at), by), half))
    const step = v128.load(steps + at)
    const isStep = v128.and(f64x2.eq(f64x2.floor(step), step), f64x2.le(f64x2.abs(step), most))
    const from = v128.and(k, f64x2.lt(f64x2.abs(k), limit))
    v128.store(values + at, f64x2.div(f64x2.add(from, v128.and(step, isStep)), by))
  }
}

/** 64-bit integers as doubles, in place. */
export function toDoubles(values: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = values + ((<usize>i) << 3)
    store<f64>(at, <f64>load<i64>(at))
  }
}
