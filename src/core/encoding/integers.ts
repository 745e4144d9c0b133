import {
  ALL_RULES,
  delta,
  likelyRules,
  middleStep,
  type Residuals,
  type Rule,
} from './integer-rules.ts'
import type { PartReader } from './part-reader.ts'
import { type NewParts, type Parts, SPARSE } from './parts.ts'
import { fromPlanes, toPlanes } from './planes.ts'
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
  const source = { units, divisor, first, middle: middleStep(units) }
  const write = (residuals: Residuals): Parts => writeParts(values, divisor, residuals, newParts())
  if (isLine(units)) {
    const whole = delta(source)
    return whole && write(whole)
  }
  const best = (chosen: readonly Rule[], all: boolean): Parts | undefined => {
    const found = chosen.flatMap((rule) => rule(source) ?? [])
    return shortest((all ? found : likeliest(found, newParts)).map(write))
  }
  if (newParts.thorough || units.length <= TRY_ALL) return best(ALL_RULES, true)
  const parts = best(likelyRules(source), false)
  const settled = parts !== undefined && parts.separate().length * SPARSE >= units.length
  return settled ? parts : best(ALL_RULES, true)
}

function isLine(units: Float64Array): boolean {
  for (let i = 2; i < units.length; i++) if (units[i] !== units[1]) return false
  return true
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
