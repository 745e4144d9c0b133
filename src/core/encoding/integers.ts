import {
  ALL_RULES,
  delta,
  likelyRules,
  middleStep,
  type Residuals,
  type Rule,
} from './integer-rules.ts'
import { type Kernels, planeStride } from './kernels.ts'
import type { PartReader } from './part-reader.ts'
import { type NewParts, type Parts, SPARSE } from './parts.ts'
import { readPlanes, toPlanes } from './planes.ts'
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
/** Values that the kernel decodes at a time. */
const BLOCK = 512

/**
 * The shortest encoding of whole numbers, of which there is at least one; undefined where they are
 * too far apart.
 */
export function encodeIntegers(
  stepsOf: (kernels: Kernels) => Steps | undefined,
  newParts: NewParts,
): Parts | undefined {
  return newParts.kernels.scope(() => {
    const steps = stepsOf(newParts.kernels)
    return steps && encodeSteps(steps, newParts)
  })
}

/** `values.steps` is overwritten. */
function encodeSteps(values: Steps, newParts: NewParts): Parts | undefined {
  const { kernels } = newParts
  const units = values.steps
  const count = units.length
  const isLine = kernels.run.firstOther(units.byteOffset, 2, count, units[1]!) >= count
  const divisor = commonDivisor(isLine ? units.subarray(0, 2) : units, kernels) || 1
  if (divisor > 1) kernels.run.divide(units.byteOffset, count, divisor)
  const number = exactNumber(values.low, values.high)
  const first = number === undefined ? undefined : Math.floor(number / divisor)
  const source = { units, divisor, first, middle: middleStep(units), kernels }
  const write = (residuals: Residuals): Parts => writeParts(values, divisor, residuals, newParts)
  if (isLine) {
    const whole = delta(source)
    return whole && write(whole)
  }
  const best = (chosen: readonly Rule[], all: boolean): Parts | undefined => {
    const found = chosen.flatMap((rule) => rule(source) ?? [])
    return shortest((all ? found : likeliest(found, newParts)).map(write))
  }
  if (newParts.thorough || count <= TRY_ALL) return best(ALL_RULES, true)
  const parts = best(likelyRules(source), false)
  const settled = parts !== undefined && parts.separateSize() * SPARSE >= count
  return settled ? parts : best(ALL_RULES, true)
}

function shortest(candidates: readonly Parts[]): Parts | undefined {
  let best: Parts | undefined
  for (const parts of candidates) if (best === undefined || parts.size() < best.size()) best = parts
  return best
}

function writeParts(
  values: Steps,
  divisor: number,
  residuals: Residuals,
  newParts: NewParts,
): Parts {
  const { order, step, offset, from, bytes } = residuals
  const parts = newParts()
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
  const planes = toPlanes(residuals.values, from, bytes, order > 0, newParts.kernels)
  for (const plane of planes) parts.stream(plane)
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
    const taken = sample(values, from, newParts.kernels)
    const planes = toPlanes(taken, 0, bytes, order > 0, newParts.kernels)
    for (const plane of planes) parts.stream(plane)
    return parts.separateSize()
  })
  const limit = Math.min(...sizes) * 1.05
  return found.filter((_, i) => sizes[i]! <= limit)
}

function sample(values: Float64Array, from: number, kernels: Kernels): Float64Array {
  const taken = kernels.doubles(SAMPLE_BLOCKS * SAMPLE_ROWS)
  const room = values.length - from - SAMPLE_ROWS
  for (let block = 0; block < SAMPLE_BLOCKS; block++) {
    const at = from + Math.floor((room * block) / (SAMPLE_BLOCKS - 1))
    taken.set(values.subarray(at, at + SAMPLE_ROWS), block * SAMPLE_ROWS)
  }
  return taken
}

/**
 * Decodes integers: 64-bit values as halves, low first, in an array of the kernels. What they take there
 * the caller gives back.
 * @param room for them, of the kernels
 */
export function decodeIntegers(
  reader: PartReader,
  count: number,
  room?: ArrayBufferView,
): Uint32Array {
  const { kernels } = reader
  const form = reader.u8()
  const order = form & 3
  const bytes = (form >> 2) & 7
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
  const length = count - Math.min(order, count)
  const target = room === undefined ? kernels.words(2 * count) : wordsOf(room)
  kernels.scope(() => {
    const stride = planeStride(length)
    const placed = readPlanes(reader, bytes, length)
    const block = kernels.doubles(BLOCK)
    kernels.run.sumPlanes(
      placed.byteOffset,
      stride,
      bytes,
      target.byteOffset,
      count,
      order,
      low,
      high,
      divisor,
      step,
      block.byteOffset,
    )
  })
  return target
}

function wordsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4)
}

/** Integers that are exact as doubles. */
export function decodeNumbers(reader: PartReader, count: number): Float64Array {
  const { kernels } = reader
  return kernels.scope(() => {
    const { buffer, byteOffset } = decodeIntegers(reader, count)
    kernels.run.toDoubles(byteOffset, count)
    return new Float64Array(buffer, byteOffset, count).slice()
  })
}
