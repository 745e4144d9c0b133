// What is left of steps once a rule has guessed each (`integer-rules.ts`). The least and the most of it,
// 0 included, are left in `bounds`, two doubles.

/** The sums of `units[1]` − step … to `units[i]` − step. */
export function level(units: usize, target: usize, count: i32, step: f64, bounds: usize): void {
  let sum: f64 = 0
  let least: f64 = 0
  let most: f64 = 0
  store<f64>(target, 0)
  for (let i = 1; i < count; i++) {
    const at = <usize>i << 3
    sum += load<f64>(units + at) - step
    store<f64>(target + at, sum)
    least = min(least, sum)
    most = max(most, sum)
  }
  store<f64>(bounds, least)
  store<f64>(bounds, most, 8)
}

/** The sum of `units[1]` and all after it. */
export function total(units: usize, count: i32): f64 {
  let a = f64x2.splat(0)
  let b = f64x2.splat(0)
  let i = 1
  for (; i + 3 < count; i += 4) {
    const at = units + (<usize>i << 3)
    a = f64x2.add(a, v128.load(at))
    b = f64x2.add(b, v128.load(at, 16))
  }
  const both = f64x2.add(a, b)
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)
  for (; i < count; i++) sum += load<f64>(units + (<usize>i << 3))
  return sum
}

/** Subtracts from all of them, in place; what is behind the last may be changed. */
export function subtract(values: usize, count: i32, amount: f64): void {
  const by = f64x2.splat(amount)
  for (let i = 0; i < count; i += 2) {
    const at = values + (<usize>i << 3)
    v128.store(at, f64x2.sub(v128.load(at), by))
  }
}

/** `units[i]` − step, from 1 on. */
export function differences(
  units: usize,
  target: usize,
  count: i32,
  step: f64,
  bounds: usize,
): void {
  const by = f64x2.splat(step)
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  let i = 1
  for (; i + 1 < count; i += 2) {
    const at = <usize>i << 3
    const r = f64x2.sub(v128.load(units + at), by)
    v128.store(target + at, r)
    low = f64x2.pmin(low, r)
    high = f64x2.pmax(high, r)
  }
  let least = min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1))
  let most = max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1))
  for (; i < count; i++) {
    const at = <usize>i << 3
    const r = load<f64>(units + at) - step
    store<f64>(target + at, r)
    least = min(least, r)
    most = max(most, r)
  }
  store<f64>(target, 0)
  store<f64>(bounds, least)
  store<f64>(bounds, most, 8)
}

/** `units[i]` − `units[i − 1]`, from 2 on. */
export function changes(units: usize, target: usize, count: i32, bounds: usize): void {
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  let i = 2
  for (; i + 1 < count; i += 2) {
    const at = <usize>i << 3
    const r = f64x2.sub(v128.load(units + at), v128.load(units + at - 8))
    v128.store(target + at, r)
    low = f64x2.pmin(low, r)
    high = f64x2.pmax(high, r)
  }
  let least = min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1))
  let most = max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1))
  for (; i < count; i++) {
    const at = <usize>i << 3
    const r = load<f64>(units + at) - load<f64>(units + at - 8)
    store<f64>(target + at, r)
    least = min(least, r)
    most = max(most, r)
  }
  store<f64>(target, 0)
  store<f64>(target, 0, 8)
  store<f64>(bounds, least)
  store<f64>(bounds, most, 8)
}

/**
 * The steps cut into `parts` stretches of `length`, a multiple of 4 of them: for each, three doubles at
 * `target`: the sum of its steps, the least sum from its start, and the least where `middle` is taken off
 * each step.
 */
export function walk(units: usize, length: i32, parts: i32, middle: f64, target: usize): void {
  const off = f64x2.replace_lane(f64x2.splat(0), 1, middle)
  const span = <usize>length << 3
  for (let part = 0; part < parts; part += 4) {
    // Four stretches side by side: a sum waits for the one before it.
    const start = units + <usize>part * span
    let a = f64x2.splat(0)
    let b = a
    let c = a
    let d = a
    let leastA = a
    let leastB = a
    let leastC = a
    let leastD = a
    for (let at: usize = 0; at < span; at += 8) {
      a = f64x2.add(a, f64x2.sub(v128.load_splat<f64>(start + at), off))
      b = f64x2.add(b, f64x2.sub(v128.load_splat<f64>(start + span + at), off))
      c = f64x2.add(c, f64x2.sub(v128.load_splat<f64>(start + 2 * span + at), off))
      d = f64x2.add(d, f64x2.sub(v128.load_splat<f64>(start + 3 * span + at), off))
      leastA = f64x2.pmin(leastA, a)
      leastB = f64x2.pmin(leastB, b)
      leastC = f64x2.pmin(leastC, c)
      leastD = f64x2.pmin(leastD, d)
    }
    const to = target + <usize>part * 24
    keep(to, a, leastA)
    keep(to + 24, b, leastB)
    keep(to + 48, c, leastC)
    keep(to + 72, d, leastD)
  }
}

@inline
function keep(at: usize, sum: v128, least: v128): void {
  store<f64>(at, f64x2.extract_lane(sum, 0))
  v128.store(at + 8, least)
}
