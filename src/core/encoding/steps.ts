/**
 * Whole numbers as their first value, in two's complement of 64 bits, and the differences from each to
 * the next: exact doubles, so that 64-bit values never pass through a `number` themselves.
 */
export interface Steps {
  readonly low: number
  readonly high: number
  /** As long as the values; the first is 0. */
  readonly steps: Float64Array
}

export const TWO_32 = 0x1_0000_0000
/** Differences whose upper half is below this are exact as doubles, and their sums of two. */
const HALF_LIMIT = 2 ** 20 - 1

/** Of whole numbers that are exact doubles below 2^52. There is at least one. */
export function stepsOfNumbers(values: ArrayLike<number>): Steps {
  const steps = new Float64Array(values.length)
  const first = values[0]!
  let previous = first
  for (let i = 1; i < steps.length; i++) {
    const value = values[i]!
    steps[i] = value - previous
    previous = value
  }
  return { low: first >>> 0, high: Math.floor(first / TWO_32) >>> 0, steps }
}

/** Of 64-bit values as halves, low first; undefined where a difference is not exact as a double. */
export function stepsOfHalves(halves: Uint32Array): Steps | undefined {
  const steps = new Float64Array(halves.length >>> 1)
  let low = halves[0]!
  let high = halves[1]!
  let largest = 0
  for (let i = 1; i < steps.length; i++) {
    const nextLow = halves[2 * i]!
    const nextHigh = halves[2 * i + 1]!
    const upper = (nextHigh - high) | 0
    // The bits of all upper differences, negative ones inverted.
    largest |= upper ^ (upper >> 31)
    steps[i] = upper * TWO_32 + (nextLow - low)
    low = nextLow
    high = nextHigh
  }
  if (largest > HALF_LIMIT) return undefined
  return { low: halves[0]!, high: halves[1]!, steps }
}

/** The value as a number where it is surely exact, taken as signed. */
export function exactNumber(low: number, high: number): number | undefined {
  const value = (high | 0) * TWO_32 + low
  return Math.abs(value) < 2 ** 52 ? value : undefined
}

/** The largest whole number that divides all steps; 0 where all are 0. */
export function commonDivisor(steps: Float64Array): number {
  let divisor = 0
  for (let i = 1; i < steps.length; i++) {
    const step = steps[i]!
    if (step === 0) continue
    if (divisor === 0) {
      divisor = Math.abs(step)
    } else {
      // Exact below 2^53: a quotient that is not whole is further from it than its rounding.
      const quotient = step / divisor
      if (quotient !== Math.floor(quotient)) divisor = greatestCommonDivisor(divisor, step)
    }
    if (divisor === 1) return 1
  }
  return divisor
}

function greatestCommonDivisor(a: number, b: number): number {
  let x = Math.abs(a)
  let y = Math.abs(b)
  while (y !== 0) [x, y] = [y, x % y]
  return x
}
