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
}

export type Rule = (source: RuleSource) => Residuals | undefined

/** Bits a value of each rule's residuals, over blocks of the values. */
function sampleBits({ units, middle }: RuleSource): [number, number, number, number, number] {
  const blocks = 16
  const rows = 64
  const starts = Array.from({ length: blocks }, (_, block) =>
    Math.max(1, Math.floor(((units.length - rows) * block) / (blocks - 1))),
  )
  // Sums up to each block, and the least of all: the ends of what order 0 has to cover.
  const sums = new Float64Array(blocks)
  let sum = 0
  let least = 0
  let leastOff = 0
  for (let i = 1, block = 0; i < units.length; i++) {
    if (i === starts[block]) sums[block++] = sum
    sum += units[i]!
    if (sum < least) least = sum
    const off = sum - middle * i
    if (off < leastOff) leastOff = off
  }
  const bits: [number, number, number, number, number] = [0, 0, 0, 0, 0]
  const negative: [number, number, number, number, number] = [0, 0, 0, 0, 0]
  for (let block = 0; block < blocks; block++) {
    let value = sums[block]!
    const start = starts[block]!
    for (let i = start; i < start + rows; i++) {
      const unit = units[i]!
      const change = unit - units[i - 1]!
      value += unit
      bits[0] += bitLength(value - least)
      bits[1] += bitLength(value - middle * i - leastOff)
      bits[2] += bitLength(Math.abs(unit - middle))
      bits[3] += bitLength(Math.abs(change))
      bits[4] += bitLength(Math.abs(unit))
      if (unit < middle) negative[2]++
      if (change < 0) negative[3]++
      if (unit < 0) negative[4]++
    }
  }
  for (let i = 0; i < bits.length; i++) {
    const share = negative[i]! / (blocks * rows)
    // What it takes to know the signs.
    const signs = share === 0 || share === 1 ? 0 : -share * Math.log2(share)
    const others = share === 0 || share === 1 ? 0 : -(1 - share) * Math.log2(1 - share)
    bits[i] = bits[i]! / (blocks * rows) + signs + others
  }
  // The same as those without a step.
  if (middle === 0) bits[1] = bits[4] = Number.POSITIVE_INFINITY
  return bits
}

function bitLength(value: number): number {
  return value < TWO_32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / TWO_32)
}

/** The middle one of some steps. */
export function middleStep(units: Float64Array): number {
  if (units.length < 2) return 0
  const count = Math.min(units.length - 1, 65)
  const taken = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    taken[i] = units[1 + Math.floor(((units.length - 2) * i) / Math.max(1, count - 1))]!
  }
  taken.sort()
  const middle = taken[count >> 1]!
  return Math.abs(middle) < RESIDUAL_LIMIT ? middle : 0
}

const flat: Rule = (source) => level(source, 0, source.first)

/** Along the line of the middle step. */
const line: Rule = (source) =>
  source.middle === 0 ? undefined : level(source, source.middle, undefined)

function level(
  { units, divisor }: RuleSource,
  step: number,
  first: number | undefined,
): Residuals | undefined {
  const values = new Float64Array(units.length)
  let sum = 0
  let least = 0
  let most = 0
  for (let i = 1; i < units.length; i++) {
    sum += units[i]! - step
    values[i] = sum
    if (sum < least) least = sum
    if (sum > most) most = sum
  }
  if (!(most < RESIDUAL_LIMIT / 2 && least > -RESIDUAL_LIMIT / 2)) return undefined
  const bytes = bytesFor(most - least)
  // From 0 on where that costs no plane: then it does not depend on the least value.
  const zero = first !== undefined && first + least >= 0 && bytesFor(first + most) === bytes
  const offset = zero ? -first : least
  if (Math.abs(offset * divisor) >= RESIDUAL_LIMIT) return undefined
  if (offset !== 0) for (let i = 0; i < values.length; i++) values[i]! -= offset
  return { order: 0, step, offset, values, from: 0, bytes }
}

/** Around the middle step: steps that scatter to both sides. */
export const delta: Rule = ({ units, middle }) => differences(units, middle)

/** From 0 on: steps that are waiting times, for example. */
const plainDelta: Rule = ({ units, middle }) => (middle === 0 ? undefined : differences(units, 0))

function differences(units: Float64Array, step: number): Residuals | undefined {
  const values = new Float64Array(units.length)
  let least = 0
  let most = 0
  for (let i = 1; i < units.length; i++) {
    const residual = units[i]! - step
    values[i] = residual
    if (residual < least) least = residual
    else if (residual > most) most = residual
  }
  return signedResiduals(1, step, values, least, most)
}

const delta2: Rule = ({ units }) => {
  if (units.length < 3) return undefined
  const step = units[1]!
  const values = new Float64Array(units.length)
  let previous = step
  let least = 0
  let most = 0
  for (let i = 2; i < units.length; i++) {
    const unit = units[i]!
    const residual = unit - previous
    values[i] = residual
    previous = unit
    if (residual < least) least = residual
    else if (residual > most) most = residual
  }
  return signedResiduals(2, step, values, least, most)
}

function signedResiduals(
  order: 1 | 2,
  step: number,
  values: Float64Array,
  least: number,
  most: number,
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
