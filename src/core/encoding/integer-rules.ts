import type { Kernels } from './kernels.ts'
import { bytesFor, RESIDUAL_LIMIT } from './planes.ts'
import { TWO_32 } from './steps.ts'

// The rules by which the values of `integers.ts` are guessed, and which of them are worth a try.

/** What one rule leaves of the values. */
export interface Residuals {
  readonly order: 0 | 1 | 2
  readonly step: number
  /** Of order 0: from the first value to f, in units of the divisor. */
  readonly offset: number
  readonly values: Float64Array
  readonly from: number
  readonly bytes: number
}

/** What all rules know of the values. */
export interface RuleSource {
  /** The steps in units of the divisor. */
  readonly units: Float64Array
  readonly divisor: number
  /** How often the divisor goes into the first value: order 0 may begin that much lower. */
  readonly first: number | undefined
  /** The middle one of some steps. */
  readonly middle: number
  readonly kernels: Kernels
}

export type Rule = (source: RuleSource) => Residuals | undefined

/** Stretches of the steps, and how many steps at the start of each are looked at. */
const STRETCHES = 16
const SAMPLE_ROWS = 64

/** Bits a value of each rule's residuals, over blocks of the values. */
function sampleBits({ units, middle, kernels }: RuleSource): number[] {
  const length = Math.floor((units.length - 1) / STRETCHES)
  const walked = kernels.doubles(3 * STRETCHES)
  kernels.run.walk(units.byteOffset + 8, length, STRETCHES, middle, walked.byteOffset)
  const [least, leastOff] = leastSums(walked, middle * length)
  const bits = [0, 0, 0, 0, 0]
  const negative = [0, 0, 0, 0, 0]
  let value = 0
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const start = 1 + stretch * length
    let sum = value
    value += walked[3 * stretch]!
    for (let i = start; i < start + SAMPLE_ROWS; i++) {
      const unit = units[i]!
      const change = unit - units[i - 1]!
      sum += unit
      bits[0]! += bitLength(sum - least)
      bits[1]! += bitLength(sum - middle * i - leastOff)
      bits[2]! += bitLength(Math.abs(unit - middle))
      bits[3]! += bitLength(Math.abs(change))
      bits[4]! += bitLength(Math.abs(unit))
      if (unit < middle) negative[2]!++
      if (change < 0) negative[3]!++
      if (unit < 0) negative[4]!++
    }
  }
  for (let i = 0; i < bits.length; i++) {
    const share = negative[i]! / (STRETCHES * SAMPLE_ROWS)
    // What it takes to know the signs.
    const signs = share === 0 || share === 1 ? 0 : -share * Math.log2(share)
    const others = share === 0 || share === 1 ? 0 : -(1 - share) * Math.log2(1 - share)
    bits[i] = bits[i]! / (STRETCHES * SAMPLE_ROWS) + signs + others
  }
  // The same as those without a step.
  if (middle === 0) bits[1] = bits[4] = Number.POSITIVE_INFINITY
  return bits
}

/** The least of all sums, and of those along the line: the ends of what order 0 has to cover. */
function leastSums(walked: Float64Array, rise: number): [least: number, leastOff: number] {
  let sum = 0
  let least = 0
  let leastOff = 0
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    least = Math.min(least, sum + walked[3 * stretch + 1]!)
    leastOff = Math.min(leastOff, sum - rise * stretch + walked[3 * stretch + 2]!)
    sum += walked[3 * stretch]!
  }
  return [least, leastOff]
}

function bitLength(value: number): number {
  return value < TWO_32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / TWO_32)
}

/**
 * The step from which most others are not far: the middle one, or of many, where they scatter about it, their
 * mean. Times that jitter about a grid are on its line then, and those with gaps on that between gaps.
 */
export function middleStep(units: Float64Array, kernels: Kernels): number {
  if (units.length < 2) return 0
  const count = Math.min(units.length - 1, 65)
  const taken = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    taken[i] = units[1 + Math.floor(((units.length - 2) * i) / Math.max(1, count - 1))]!
  }
  taken.sort()
  const middle = taken[count >> 1]!
  if (!(Math.abs(middle) < RESIDUAL_LIMIT)) return 0
  let scatter = 0
  for (const step of taken) scatter += Math.abs(step - middle)
  if (scatter === 0 || count === units.length - 1) return middle
  const mean = Math.round(kernels.run.total(units.byteOffset, units.length) / (units.length - 1))
  return Math.abs(mean - middle) * count <= scatter ? mean : middle
}

const flat: Rule = (source) => level(source, 0, source.first)

/** Along the line of the middle step. */
const line: Rule = (source) =>
  source.middle === 0 ? undefined : level(source, source.middle, undefined)

function level(
  { units, divisor, kernels }: RuleSource,
  step: number,
  first: number | undefined,
): Residuals | undefined {
  const { values, least, most } = residualsBy(kernels, units.length, (target, bounds) =>
    kernels.run.level(units.byteOffset, target, units.length, step, bounds),
  )
  if (!(most < RESIDUAL_LIMIT / 2 && least > -RESIDUAL_LIMIT / 2)) return undefined
  const bytes = bytesFor(most - least)
  // From 0 on where that costs no plane: then it does not depend on the least value.
  const zero = first !== undefined && first + least >= 0 && bytesFor(first + most) === bytes
  const offset = zero ? -first : least
  if (Math.abs(offset * divisor) >= RESIDUAL_LIMIT) return undefined
  if (offset !== 0) kernels.run.subtract(values.byteOffset, values.length, offset)
  return { order: 0, step, offset, values, from: 0, bytes }
}

/** Around the middle step: steps that scatter to both sides. */
export const delta: Rule = (source) => differences(source, source.middle)

/** From 0 on: steps that are waiting times, for example. */
const plainDelta: Rule = (source) => (source.middle === 0 ? undefined : differences(source, 0))

function differences({ units, kernels }: RuleSource, step: number): Residuals | undefined {
  const found = residualsBy(kernels, units.length, (target, bounds) =>
    kernels.run.differences(units.byteOffset, target, units.length, step, bounds),
  )
  return signedResiduals(1, step, found)
}

const delta2: Rule = ({ units, kernels }) => {
  if (units.length < 3) return undefined
  const found = residualsBy(kernels, units.length, (target, bounds) =>
    kernels.run.changes(units.byteOffset, target, units.length, bounds),
  )
  return signedResiduals(2, units[1]!, found)
}

interface Found {
  readonly values: Float64Array
  readonly least: number
  readonly most: number
}

/** What a kernel makes, which leaves the least and the most of it. */
function residualsBy(
  kernels: Kernels,
  count: number,
  run: (target: number, bounds: number) => void,
): Found {
  const values = kernels.doubles(count)
  const bounds = kernels.doubles(2)
  run(values.byteOffset, bounds.byteOffset)
  return { values, least: bounds[0]!, most: bounds[1]! }
}

function signedResiduals(
  order: 1 | 2,
  step: number,
  { values, least, most }: Found,
): Residuals | undefined {
  const inside = most < RESIDUAL_LIMIT && least > -RESIDUAL_LIMIT
  if (!inside || Math.abs(step) >= RESIDUAL_LIMIT) return undefined
  const bytes = bytesFor(Math.max(2 * most, -2 * least - 1))
  return { order, step, offset: 0, values, from: Math.min(order, values.length), bytes }
}

/** In the order of {@link sampleBits}. */
export const ALL_RULES: readonly Rule[] = [flat, line, delta, delta2, plainDelta]

/** The rules worth a look, by the length in bits of a sample of their residuals. */
export function likelyRules(source: RuleSource): Rule[] {
  const bits = sampleBits(source)
  const limit = Math.min(...bits) * 1.02 + 0.25
  return ALL_RULES.filter((_, i) => bits[i]! <= limit)
}
