import { codeSize } from './entropy.ts'
import {
  ALL_RULES,
  delta,
  likelyRules,
  middleStep,
  type Residuals,
  type Rule,
} from './integer-rules.ts'
import { type Kernels, planeStride } from './kernels.ts'
import { likelyLowBits, lowLength, MOST_LOW_BITS, takeLowBits } from './low-bits.ts'
import type { PartReader } from './part-reader.ts'
import { type NewParts, type Parts, SPARSE } from './parts.ts'
import { readPlanes, toPlanes } from './planes.ts'
import { commonDivisor, exactNumber, type Steps, TWO_32 } from './steps.ts'

// Integers: whole numbers v[0], v[1] … of up to 64 bits, in units of their common divisor g, as what
// is left of them once a simple rule has guessed each.
//
//   u8      bits 0–1 order, or 3 where low bits lie apart, bits 2–4 number of planes, 0x20: divisor follows, 0x40: the first value
//           has 8 bytes, 0x80: step follows
//   signed  f, the first value (8 bytes: two's complement)
//   varint  g, 2 or more; 1 unless it follows
//   signed  s, the step; 0 unless it follows
//   u8      where low bits lie apart: bits 0–1 order, bits 2–4 how many low bits each residual has
//   …       the planes of the residuals r without those, highest first, each a stream; the low bits, a stream
//
// | order | value | residuals |
// |---|---|---|
// | 0 | v[i] = f + g · (s · i + r[i]) | one a value, not negative |
// | 1 | v[0] = f; v[i] = v[i−1] + g · (s + r[i]) | from v[1] on, zigzag |
// | 2 | v[0] = f; v[1] = f + g · s; v[i] − v[i−1] = v[i−1] − v[i−2] + g · r[i] | from v[2] on, zigzag |
//
// Sums are taken modulo 2^64. Constant and linear columns have no planes.

/** In place of an order. */
const LOW_APART = 3
const HAS_DIVISOR = 0x20
const WIDE_FIRST = 0x40
const HAS_STEP = 0x80

/** Up to this many values every rule is tried in full. */
const TRY_ALL = 2048
/** It is tried for so many values and more whether low bits are better apart. */
const LOW_BITS_FROM = 256
/** They are taken apart where that takes at most this share of the bytes that they take together. */
const WORTH = 0.998
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
  const source = { units, divisor, first, middle: middleStep(units, kernels), kernels }
  const write = (residuals: Residuals): Written => {
    const { values: left, from, bytes, order } = residuals
    const planes = toPlanes(left, from, bytes, order > 0, kernels)
    const parts = writeParts(values, divisor, residuals, planes, NO_LOW_BITS, newParts)
    return { parts, residuals, planes }
  }
  if (isLine) {
    const whole = delta(source)
    return whole && write(whole).parts
  }
  const orApart = (written: Written): Written =>
    lowBitsApart(values, divisor, written, newParts) ?? written
  const best = (chosen: readonly Rule[], all: boolean): Written | undefined => {
    const found = chosen.flatMap((rule) => rule(source) ?? [])
    const written = (all ? found : likeliest(found, newParts)).map(write)
    return shortest(newParts.thorough ? written.map(orApart) : written)
  }
  const ofAll = newParts.thorough || count <= TRY_ALL
  let found = ofAll ? best(ALL_RULES, true) : best(likelyRules(source), false)
  const settled = found !== undefined && found.parts.separateSize() * SPARSE >= count
  if (!ofAll && !settled) found = best(ALL_RULES, true)
  return found && (newParts.thorough ? found : orApart(found)).parts
}

/** The same with the low bits apart; undefined where that is hardly shorter. */
function lowBitsApart(
  values: Steps,
  divisor: number,
  { parts, residuals, planes }: Written,
  newParts: NewParts,
): Written | undefined {
  const { kernels, thorough } = newParts
  const lowest = planes.at(-1)
  if (lowest === undefined || (lowest.length < LOW_BITS_FROM && !thorough)) return undefined
  const bits = likelyLowBits(lowest, kernels)
  if (bits === 0) return undefined
  const { planes: above, low } = takeLowBits(planes, bits, kernels)
  const most = parts.codedSize() * WORTH
  const lowestAbove = above.at(-1)
  const least = lowestAbove === undefined ? 0 : codeSize(lowestAbove, kernels)
  if (low.length + least > most) return undefined
  const apart = writeParts(values, divisor, residuals, above, { bits, low }, newParts)
  if (apart.separateSize() > most) return undefined
  return { parts: apart, residuals, planes }
}

/** Parts, and what they were made of. */
interface Written {
  readonly parts: Parts
  readonly residuals: Residuals
  readonly planes: readonly Uint8Array[]
}

interface LowBits {
  readonly bits: number
  readonly low: Uint8Array
}

const NO_LOW_BITS: LowBits = { bits: 0, low: new Uint8Array(0) }

function shortest(candidates: readonly Written[]): Written | undefined {
  let best: Written | undefined
  for (const found of candidates) {
    if (best === undefined || found.parts.size() < best.parts.size()) best = found
  }
  return best
}

function writeParts(
  values: Steps,
  divisor: number,
  { order, step, offset }: Residuals,
  planes: readonly Uint8Array[],
  { bits, low: lowBits }: LowBits,
  newParts: NewParts,
): Parts {
  const parts = newParts()
  const [low, high] = add(values.low, values.high, offset * divisor)
  const first = exactNumber(low, high)
  parts.u8(
    (bits > 0 ? LOW_APART : order) |
      (planes.length << 2) |
      (divisor > 1 ? HAS_DIVISOR : 0) |
      (first === undefined ? WIDE_FIRST : 0) |
      (step === 0 ? 0 : HAS_STEP),
  )
  if (first === undefined) parts.u32(low).u32(high)
  else parts.signed(first)
  if (divisor > 1) parts.varint(divisor)
  if (step !== 0) parts.signed(step)
  if (bits > 0) parts.u8(order | (bits << 2))
  for (const plane of planes) {
    if (bits > 0) parts.scattered(plane)
    else parts.stream(plane)
  }
  return parts.noise(lowBits)
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

/** What stands before the planes of integers. */
export interface IntegersHead {
  /** The first value, as halves. */
  readonly low: number
  readonly high: number
  readonly divisor: number
  readonly step: number
  readonly order: number
  readonly planes: number
  readonly lowBits: number
}

export function readIntegersHead(reader: PartReader): IntegersHead {
  const form = reader.u8()
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
  const apart = (form & 3) === LOW_APART
  const rest = apart ? reader.u8() : form & 3
  const order = rest & 3
  const lowBits = rest >> 2
  if (order === 3 || lowBits > MOST_LOW_BITS || (apart && lowBits === 0)) {
    throw reader.error('integers of an unknown order')
  }
  return { low, high, divisor, step, order, planes: (form >> 2) & 7, lowBits }
}

/** The integer that all of them are, as the nearest double; undefined where they are not all the same. */
export function soleInteger(head: IntegersHead): number | undefined {
  const { low, high, step, planes, lowBits } = head
  return step === 0 && planes === 0 && lowBits === 0 ? (high | 0) * TWO_32 + low : undefined
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
  head = readIntegersHead(reader),
): Uint32Array {
  const { kernels } = reader
  const { low, high, divisor, step, order, planes, lowBits: bits } = head
  const length = count - Math.min(order, count)
  const target = room === undefined ? kernels.words(2 * count) : wordsOf(room)
  kernels.scope(() => {
    const stride = planeStride(length)
    const placed = readPlanes(reader, planes, length)
    const lowBits = kernels.bytes(lowLength(bits, length))
    reader.streamInto(lowBits)
    const behind = (bits * length) & 7
    if (behind !== 0 && lowBits.at(-1)! >> behind !== 0) throw reader.error('bits behind the last')
    const block = kernels.doubles(BLOCK)
    kernels.run.sumPlanes(
      placed.byteOffset,
      stride,
      planes,
      lowBits.byteOffset,
      bits,
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
