import type { Kernels } from './kernels.ts'

/**
 * Whole numbers as their first value, in two's complement of 64 bits, and the differences from each to
 * the next: exact doubles, so that 64-bit values never pass through a `number` themselves.
 */
export interface Steps {
  readonly low: number
  readonly high: number
  /** As long as the values; the first is 0. An array of the kernels. */
  readonly steps: Float64Array
}

export const TWO_32 = 0x1_0000_0000
/** Differences whose upper half is below this are exact as doubles, and their sums of two. */
const HALF_LIMIT = 2 ** 20 - 1

/** Of whole numbers that are exact doubles below 2^52. There is at least one. */
export function stepsOfNumbers(values: ArrayLike<number>, kernels: Kernels): Steps {
  const count = values.length
  const first = values[0]!
  const steps = kernels.doubles(count)
  const known = values instanceof Float64Array && kernels.owns(values) ? values : undefined
  const source = known ?? kernels.doubles(count)
  if (known === undefined) source.set(values)
  kernels.run.stepsOfNumbers(source.byteOffset, steps.byteOffset, count)
  return { low: first >>> 0, high: Math.floor(first / TWO_32) >>> 0, steps }
}

/**
 * Of 64-bit values as halves, low first, in an array of the kernels; undefined where a difference is not
 * exact as a double.
 */
export function stepsOfHalves(halves: Uint32Array, kernels: Kernels): Steps | undefined {
  const count = halves.length >>> 1
  const steps = kernels.doubles(count)
  const largest = kernels.run.stepsOfIntegers(halves.byteOffset, steps.byteOffset, count) >>> 0
  if (largest > HALF_LIMIT) return undefined
  return { low: halves[0]!, high: halves[1]!, steps }
}

/** The value as a number where it is surely exact, taken as signed. */
export function exactNumber(low: number, high: number): number | undefined {
  const value = (high | 0) * TWO_32 + low
  return Math.abs(value) < 2 ** 52 ? value : undefined
}

/** The largest whole number that divides all steps; 0 where all are 0. */
export function commonDivisor(steps: Float64Array, kernels: Kernels): number {
  const { run } = kernels
  const at = steps.byteOffset
  let next = run.firstOther(at, 1, steps.length, 0)
  if (next === steps.length) return 0
  let divisor = Math.abs(steps[next]!)
  while (divisor > 1) {
    next = run.firstIndivisible(at, next, steps.length, divisor)
    if (next === steps.length) return divisor
    divisor = greatestCommonDivisor(divisor, steps[next]!)
  }
  return 1
}

function greatestCommonDivisor(a: number, b: number): number {
  let x = Math.abs(a)
  let y = Math.abs(b)
  while (y !== 0) [x, y] = [y, x % y]
  return x
}
