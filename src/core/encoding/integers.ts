import type { PartReader } from './part-reader.ts'
import { type NewParts, type Parts, SPARSE } from './parts.ts'
import { bytesFor, fromPlanes, RESIDUAL_LIMIT, toPlanes } from './planes.ts'
import { commonDivisor, exactNumber, type Steps, TWO_32 } from './steps.ts'

// Integers: whole numbers v[0], v[1] … of up to 64 bits, in units of their common divisor g, as what
// is left of them once a simple rule has guessed each.
//
//   u8      bits 0–1 order, bits 2–4 number of planes, 0x20: divisor follows, 0x40: the first value
//           has 8 bytes, 0x80: step follows
//   signed  f, the first value (8 bytes: two's complement)
//   varint  g, 2 or more; 1 unless it follows
//   signed  s, the step; 0 unless it follows
//   …       the planes of the residuals r, highest first, each a stream
//
// | order | value | residuals |
// |---|---|---|
// | 0 | v[i] = f + g · (s · i + r[i]) | one a value, not negative |
// | 1 | v[0] = f; v[i] = v[i−1] + g · (s + r[i]) | from v[1] on, zigzag |
// | 2 | v[0] = f; v[1] = f + g · s; v[i] − v[i−1] = v[i−1] − v[i−2] + g · r[i] | from v[2] on, zigzag |
//
// Sums are taken modulo 2^64. Constant and linear columns have no planes.

const HAS_DIVISOR = 0x20
const WIDE_FIRST = 0x40
const HAS_STEP = 0x80

/** Up to this many values every rule is tried in full. */
const TRY_ALL = 2048
const SAMPLE_BLOCKS = 4
const SAMPLE_ROWS = 512

/** What one rule leaves of the values. */
interface Residuals {
  readonly order: 0 | 1 | 2
  readonly step: number
  /** Of order 0: from the first value to f, in units of the divisor. */
  readonly offset: number
  readonly values: Float64Array
  readonly from: number
  readonly bytes: number
}

/** What all rules know of the values. */
interface Source {
  /** The steps in units of the divisor. */
  readonly units: Float64Array
  readonly divisor: number
  /** How often the divisor goes into the first value: order 0 may begin that much lower. */
  readonly first: number | undefined
  /** The middle one of some steps. */
  readonly middle: number
}

type Rule = (source: Source) => Residuals | undefined

/**
 * The shortest encoding of whole numbers, of which there is at least one; undefined where they are
 * too far apart. `steps` is overwritten.
 */
export function encodeIntegers(values: Steps, newParts: NewParts): Parts | undefined {
  const units = values.steps
  const divisor = commonDivisor(units) || 1
  if (divisor > 1) for (let i = 1; i < units.length; i++) units[i]! /= divisor
  const number = exactNumber(values.low, values.high)
  const first = number === undefined ? undefined : Math.floor(number / divisor)
  const source = { units, divisor, first, middle: medianStep(units) }
  const write = (residuals: Residuals): Parts => writeParts(values, divisor, residuals, newParts())
  const simple = delta(source)
  if (simple?.bytes === 0) return write(simple)
  const best = (chosen: readonly Rule[], all: boolean): Parts | undefined => {
    const found = chosen.flatMap((rule) => (rule === delta ? simple : rule(source)) ?? [])
    return shortest((all ? found : likeliest(found, newParts)).map(write))
  }
  if (newParts.thorough || units.length <= TRY_ALL) return best(ALL, true)
  const parts = best(likelyRules(source), false)
  const sparse = parts !== undefined && parts.separate().length * SPARSE < units.length
  return sparse ? best(ALL, true) : parts
}

function shortest(candidates: readonly Parts[]): Parts | undefined {
  let best: Parts | undefined
  for (const parts of candidates) if (best === undefined || parts.size() < best.size()) best = parts
  return best
}

function writeParts(values: Steps, divisor: number, residuals: Residuals, parts: Parts): Parts {
  const { order, step, offset, from, bytes } = residuals
  const [low, high] = add(values.low, values.high, offset * divisor)
  const first = exactNumber(low, high)
  parts.u8(
    order |
      (bytes << 2) |
      (divisor > 1 ? HAS_DIVISOR : 0) |
      (first === undefined ? WIDE_FIRST : 0) |
      (step === 0 ? 0 : HAS_STEP),
  )
  if (first === undefined) parts.u32(low).u32(high)
  else parts.signed(first)
  if (divisor > 1) parts.varint(divisor)
  if (step !== 0) parts.signed(step)
  for (const plane of toPlanes(residuals.values, from, bytes, order > 0)) parts.stream(plane)
  return parts
}

function add(low: number, high: number, difference: number): [low: number, high: number] {
  const sum = low + difference
  const carry = Math.floor(sum / TWO_32)
  return [sum - carry * TWO_32, (high + carry) >>> 0]
}

/** The rules worth a look, by the length in bits of a sample of their residuals. */
function likelyRules(source: Source): Rule[] {
  const bits = sampleBits(source)
  const limit = Math.min(...bits) * 1.05 + 0.35
  return ALL.filter((_, i) => bits[i]! <= limit)
}

/** Those whose sample comes out shortest: several where it is not clear. */
function likeliest(found: readonly Residuals[], newParts: NewParts): readonly Residuals[] {
  if (found.length < 2) return found
  const sizes = found.map(({ values, from, bytes, order }) => {
    const parts = newParts()
    for (const plane of toPlanes(sample(values, from), 0, bytes, order > 0)) parts.stream(plane)
    return parts.separate().length
  })
  const limit = Math.min(...sizes) * 1.05
  return found.filter((_, i) => sizes[i]! <= limit)
}

function sample(values: Float64Array, from: number): Float64Array {
  const taken = new Float64Array(SAMPLE_BLOCKS * SAMPLE_ROWS)
  const room = values.length - from - SAMPLE_ROWS
  for (let block = 0; block < SAMPLE_BLOCKS; block++) {
    const at = from + Math.floor((room * block) / (SAMPLE_BLOCKS - 1))
    taken.set(values.subarray(at, at + SAMPLE_ROWS), block * SAMPLE_ROWS)
  }
  return taken
}

/** Bits a value of each rule's residuals, over blocks of the values. */
function sampleBits({ units, middle }: Source): [number, number, number, number] {
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
  const bits: [number, number, number, number] = [0, 0, 0, 0]
  for (let block = 0; block < blocks; block++) {
    let value = sums[block]!
    const start = starts[block]!
    for (let i = start; i < start + rows; i++) {
      const unit = units[i]!
      value += unit
      bits[0] += bitLength(value - least)
      bits[1] += bitLength(value - middle * i - leastOff)
      bits[2] += bitLength(2 * Math.abs(unit - middle))
      bits[3] += bitLength(2 * Math.abs(unit - units[i - 1]!))
    }
  }
  for (let i = 0; i < 4; i++) bits[i]! /= blocks * rows
  return bits
}

function bitLength(value: number): number {
  return value < TWO_32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / TWO_32)
}

/** The middle one of some steps. */
function medianStep(units: Float64Array): number {
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
  { units, divisor }: Source,
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

const delta: Rule = ({ units, middle: step }) => {
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
const ALL: readonly Rule[] = [flat, line, delta, delta2]

/** Where decoded integers begin, and by how much each differs from the one before. */
export function decodeIntegers(reader: PartReader, count: number): Steps {
  const form = reader.u8()
  const order = form & 3
  const planes = (form >> 2) & 7
  if (order === 3) throw reader.error('integers of an unknown order')
  let low: number
  let high: number
  if (form & WIDE_FIRST) {
    low = reader.u32()
    high = reader.u32()
  } else {
    const first = reader.signed()
    low = first >>> 0
    high = Math.floor(first / TWO_32) >>> 0
  }
  const divisor = form & HAS_DIVISOR ? reader.varint() : 1
  const step = form & HAS_STEP ? reader.signed() : 0
  const steps = new Float64Array(count)
  const from = Math.min(order, count)
  fromPlanes(
    Array.from({ length: planes }, () => reader.stream(count - from)),
    steps,
    from,
    order > 0,
  )
  if (order === 0) {
    const start = steps[0]! * divisor
    let previous = steps[0]!
    steps[0] = 0
    for (let i = 1; i < count; i++) {
      const residual = steps[i]!
      steps[i] = (step + residual - previous) * divisor
      previous = residual
    }
    ;[low, high] = add(low, high, start)
  } else if (order === 1) {
    for (let i = 1; i < count; i++) steps[i] = (step + steps[i]!) * divisor
  } else {
    let unit = step
    if (count > 1) steps[1] = unit * divisor
    for (let i = 2; i < count; i++) {
      unit += steps[i]!
      steps[i] = unit * divisor
    }
  }
  return { low, high, steps }
}

/** The values as halves, low first, of 64-bit values. */
export function sumHalves({ low, high, steps }: Steps, target: Uint32Array): void {
  let lower = low
  let upper = high
  for (let i = 0; i < steps.length; i++) {
    lower += steps[i]!
    const carry = Math.floor(lower / TWO_32)
    lower -= carry * TWO_32
    upper += carry
    target[2 * i] = lower
    target[2 * i + 1] = upper
  }
}

/** The values as doubles, which they fit: into an array of any width. */
export function sumNumbers({ low, high, steps }: Steps, target: { [index: number]: number }): void {
  let value = (high | 0) * TWO_32 + low
  for (let i = 0; i < steps.length; i++) {
    value += steps[i]!
    target[i] = value
  }
}
