import type { Column, ValueArray } from '../column.ts'
import { halvesOf, valueWidth } from '../column-layout.ts'
import { likelyExponents } from './decimals.ts'
import { kernelsOf } from './kernels.ts'
import { TWO_32 } from './steps.ts'

/** Steps are whole numbers below this, so that they and the sums of two are exact. */
export const STEP_LIMIT = 2 ** 51
const HALF_LIMIT = 2 ** 19
const MOST = Number.MAX_SAFE_INTEGER
const POWERS = Array.from({ length: 16 }, (_, e) => 10 ** e)

/** How to go from one value of a type to another by a whole number. */
export interface Stepping {
  /** Decimals behind the point that a step counts in; 0 for whole numbers. */
  readonly exponent: number
  /** What leads from value `j` of `b` to value `i` of `a`; NaN where no step does. */
  between(a: ValueArray, i: number, b: ValueArray, j: number): number
  /** The same for `count` values that follow each other, into `steps` from `i` on. */
  betweenAll(
    a: ValueArray,
    i: number,
    b: ValueArray,
    j: number,
    steps: Float64Array,
    count: number,
  ): void
  /** Puts at `i` of `a` the value that is `step` from value `j` of `b`. */
  go(a: ValueArray, i: number, b: ValueArray, j: number, step: number): void
  /** The same for `count` values that follow each other, by steps from `first` on, see {@link wholeStep}. */
  goAll(
    a: ValueArray,
    i: number,
    b: ValueArray,
    j: number,
    steps: Float64Array,
    first: number,
    count: number,
  ): void
}

/** A step that is read: what is no whole number, or a greater one than any, is 0. */
export function wholeStep(step: number): number {
  return step <= MOST && step >= -MOST && Math.floor(step) === step ? step : 0
}

/** How to step between the values of a column; undefined where they are no short numbers. */
export function chooseStepping({ type, values }: Column): Stepping | undefined {
  if (type === 'float64' || type === 'float32') {
    const [exponent] = likelyExponents(values as Float64Array | Float32Array).likely
    return exponent === undefined ? undefined : decimalStepping(exponent)
  }
  return steppingOf(type, 0)
}

/** The stepping of a type; undefined where the type has none. */
export function steppingOf(type: Column['type'], exponent: number): Stepping | undefined {
  if (type === 'float64' || type === 'float32') return decimalStepping(exponent)
  const width = valueWidth(type)
  if (exponent !== 0 || width === 0) return undefined
  return width === 8 ? wideStepping() : narrow
}

const narrow: Stepping = {
  exponent: 0,
  between: (a, i, b, j) => (a[i] as number) - (b[j] as number),
  betweenAll(a, i, b, j, steps, count) {
    for (let n = 0; n < count; n++) steps[i + n] = (a[i + n] as number) - (b[j + n] as number)
  },
  go(a, i, b, j, step) {
    a[i] = (b[j] as number) + step
  },
  goAll(a, i, b, j, steps, first, count) {
    for (let n = 0; n < count; n++) a[i + n] = (b[j + n] as number) + wholeStep(steps[first + n]!)
  },
}

/** What leads from the 64-bit integer at `j` of `from` to that at `i` of `to`. */
function betweenWide(to: Uint32Array, i: number, from: Uint32Array, j: number): number {
  const upper = (to[2 * i + 1]! - from[2 * j + 1]!) | 0
  if (upper >= HALF_LIMIT || upper < -HALF_LIMIT) return Number.NaN
  return upper * TWO_32 + (to[2 * i]! - from[2 * j]!)
}

/** Puts the 64-bit integer at `j` of `from`, plus a step, at `i` of `to`. */
function goWide(to: Uint32Array, i: number, from: Uint32Array, j: number, step: number): void {
  const upper = Math.floor(step / TWO_32)
  const low = from[2 * j]! + (step - upper * TWO_32)
  const carry = low >= TWO_32 ? 1 : 0
  to[2 * i] = low >>> 0
  to[2 * i + 1] = (from[2 * j + 1]! + upper + carry) >>> 0
}

/** Of 64-bit integers as halves: the differences alone become numbers, where they are exact. */
function wideStepping(): Stepping {
  // The same few arrays come again and again.
  const halves = new Map<ValueArray, Uint32Array>()
  const of = (values: ValueArray): Uint32Array => {
    let found = halves.get(values)
    if (found === undefined) {
      found = halvesOf(values)
      halves.set(values, found)
    }
    return found
  }
  return {
    exponent: 0,
    between(a, i, b, j) {
      return betweenWide(of(a), i, of(b), j)
    },
    betweenAll(a, i, b, j, steps, count) {
      const from = of(b)
      const to = of(a)
      for (let n = 0; n < count; n++) steps[i + n] = betweenWide(to, i + n, from, j + n)
    },
    go(a, i, b, j, step) {
      goWide(of(a), i, of(b), j, step)
    },
    goAll(a, i, b, j, steps, first, count) {
      const from = of(b)
      const to = of(a)
      for (let n = 0; n < count; n++) goWide(to, i + n, from, j + n, wholeStep(steps[first + n]!))
    },
  }
}

function decimalStepping(exponent: number): Stepping {
  const power = POWERS[exponent]!
  const whole = (value: number): number => {
    const k = Math.floor(value * power + 0.5)
    return k < STEP_LIMIT && k > -STEP_LIMIT ? k : 0
  }
  const one = [new Float32Array(1), new Float64Array(1)] as const
  return {
    exponent,
    between(a, i, b, j) {
      const value = a[i] as number
      const k = whole(value)
      const probe = a instanceof Float32Array ? one[0] : one[1]
      probe[0] = k / power
      return Object.is(probe[0], value) ? k - whole(b[j] as number) : Number.NaN
    },
    betweenAll(a, i, b, j, steps, count) {
      if (a instanceof Float32Array) {
        for (let n = 0; n < count; n++) steps[i + n] = this.between(a, i + n, b, j + n)
        return
      }
      const [to, from] = [a as Float64Array, b as Float64Array]
      for (let n = 0; n < count; n++) {
        const value = to[i + n]!
        const k = whole(value)
        const exact = k / power === value && (k !== 0 || 1 / value > 0)
        steps[i + n] = exact ? k - whole(from[j + n]!) : Number.NaN
      }
    },
    go(a, i, b, j, step) {
      a[i] = (whole(b[j] as number) + step) / power
    },
    goAll(a, i, b, j, steps, first, count) {
      const kernels = b instanceof Float64Array ? kernelsOf(steps) : undefined
      if (kernels === undefined) {
        for (let n = 0; n < count; n++) this.go(a, i + n, b, j + n, wholeStep(steps[first + n]!))
        return
      }
      kernels.scope(() => {
        const values = kernels.doubles(count)
        values.set((b as Float64Array).subarray(j, j + count))
        const from = steps.byteOffset + 8 * first
        kernels.run.goDecimals(values.byteOffset, from, count, power)
        ;(a as Float64Array).set(values, i)
      })
    },
  }
}
