import {
  decodeIntegers,
  decodeNumbers,
  encodeIntegers,
  readIntegersHead,
  soleInteger,
} from './integers.ts'
import type { Kernels } from './kernels.ts'
import type { PartReader } from './part-reader.ts'
import type { NewParts, Parts } from './parts.ts'
import { stepsOfNumbers } from './steps.ts'

// Decimals: floats that are short decimals, as integers k with value k / 10^e rounded to the type. It
// is bit-exact: what does not come back to the last bit (−0, NaN and the infinities among it) is an
// exception, whose k is that of the value before.
//
//   u8      e, 0 to 15
//   varint  number of exceptions x
//   …       where they are: x rising integers (only where x > 0)
//   …       their bytes: a stream of x values (only where x > 0)
//   …       k of each value, as integers

const POWERS = Array.from({ length: 16 }, (_, e) => 10 ** e)
/** Whole numbers below this times a power of ten round to the nearest in one step. */
const LIMIT = 2 ** 51
/** Every float32 is a decimal of some nine digits: only those of up to six are short. */
const NARROW_LIMIT = 10 ** 6
const SAMPLE = 256

type Floats = Float32Array | Float64Array

/** Digits behind the point that one value needs; −1 where 15 are not enough. */
function digitsOf(value: number, narrow: boolean): number {
  const limit = narrow ? NARROW_LIMIT : LIMIT
  for (let e = 0; e < POWERS.length; e++) {
    const k = Math.floor(value * POWERS[e]! + 0.5)
    const back = narrow ? Math.fround(k / POWERS[e]!) : k / POWERS[e]!
    if (Object.is(back, value)) return Math.abs(k) < limit ? e : -1
  }
  return -1
}

export interface Exponents {
  /** Those worth trying, the most promising first. */
  readonly likely: readonly number[]
  /** Whether all of the sample are short decimals. */
  readonly clear: boolean
}

/** How many digits behind the point the values have, by a sample of them. */
export function likelyExponents(values: Floats): Exponents {
  const narrow = values instanceof Float32Array
  const found = new Array<number>(POWERS.length).fill(0)
  const count = Math.min(values.length, SAMPLE)
  let short = 0
  let finite = 0
  for (let i = 0; i < count; i++) {
    const value = values[Math.floor((i * (values.length - 1)) / Math.max(1, count - 1))]!
    if (!Number.isFinite(value)) continue
    finite++
    const digits = digitsOf(value, narrow)
    if (digits === -1) {
      if (finite === 32 && short === 0) break
      continue
    }
    found[digits]!++
    short++
  }
  if (short === 0 || short < finite / 4) return { likely: [], clear: false }
  const most = found.findLastIndex((number) => number > 0)
  let covered = 0
  const usual = found.findIndex((number) => {
    covered += number
    return covered >= short * 0.9
  })
  return { likely: usual === most ? [most] : [most, usual], clear: short === finite }
}

/** @param values where the kernels have them, if they are of 8 bytes */
export function encodeDecimals(
  values: Floats,
  exponent: number,
  newParts: NewParts,
): Parts | undefined {
  return newParts.kernels.scope(() => {
    const count = values.length
    const whole = newParts.kernels.doubles(count)
    const exceptions =
      values instanceof Float32Array
        ? scaleNarrow(values, POWERS[exponent]!, whole)
        : scale(values, POWERS[exponent]!, whole, newParts.kernels)
    // Most values would have to be written twice.
    if (exceptions.length > count / 2) return undefined
    const parts = newParts().u8(exponent).varint(exceptions.length)
    if (exceptions.length > 0) {
      bridge(whole, exceptions)
      const places = encodeIntegers((kernels) => stepsOfNumbers(exceptions, kernels), newParts)
      if (places === undefined) return undefined
      parts.append(places).stream(bytesAt(values, exceptions))
    }
    const integers = encodeIntegers((kernels) => stepsOfNumbers(whole, kernels), newParts)
    return integers && parts.append(integers)
  })
}

function scale(
  values: Float64Array,
  power: number,
  whole: Float64Array,
  kernels: Kernels,
): Uint32Array {
  const { length } = values
  const exceptions = kernels.words(length)
  const { byteOffset } = exceptions
  const found = kernels.run.scale(values.byteOffset, whole.byteOffset, length, power, byteOffset)
  return exceptions.subarray(0, found)
}

function scaleNarrow(values: Float32Array, power: number, whole: Float64Array): number[] {
  const exceptions: number[] = []
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const k = Math.floor(value * power + 0.5)
    const exact = Math.fround(k / power) === value
    if (exact && k < LIMIT && k > -LIMIT && (k !== 0 || 1 / value > 0)) whole[i] = k
    else exceptions.push(i)
  }
  return exceptions
}

/** Gives exceptions the number before them; those at the start the first that there is. */
function bridge(whole: Float64Array, exceptions: ArrayLike<number>): void {
  let lead = 0
  while (exceptions[lead] === lead) lead++
  if (lead < whole.length) whole.fill(whole[lead]!, 0, lead)
  for (let i = 0; i < exceptions.length; i++) {
    const at = exceptions[i]!
    if (at > 0) whole[at] = whole[at - 1]!
  }
}

function bytesAt(values: Floats, places: ArrayLike<number>): Uint8Array {
  const stride = values.BYTES_PER_ELEMENT >>> 2
  const taken = new Uint32Array(places.length * stride)
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length * stride)
  for (let i = 0; i < places.length; i++) {
    for (let k = 0; k < stride; k++) taken[i * stride + k] = source[places[i]! * stride + k]!
  }
  return new Uint8Array(taken.buffer)
}

export function decodeDecimals(reader: PartReader, target: Floats): void {
  const { kernels } = reader
  const power = POWERS[reader.u8()]
  if (power === undefined) throw reader.error('an unknown power of ten')
  const count = reader.count(target.length)
  const width = target.BYTES_PER_ELEMENT
  const places = count > 0 ? decodeNumbers(reader, count) : NO_PLACES
  const patterns = count > 0 ? reader.stream(count * width) : NO_BYTES
  const head = readIntegersHead(reader)
  const sole = soleInteger(head)
  if (sole === undefined) {
    kernels.scope(() => {
      const room = width === 8 && kernels.owns(target) ? target : undefined
      const { buffer, byteOffset } = decodeIntegers(reader, target.length, room, head)
      // Only this step is rounded, and to float32 where that is the type: k may need more bits than it has.
      kernels.run.unscale(byteOffset, target.length, power)
      if (room === undefined) target.set(new Float64Array(buffer, byteOffset, target.length))
    })
  } else {
    target.fill(sole / power)
  }
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
  for (let i = 0; i < count; i++) {
    const place = places[i]!
    if (!(place >= 0 && place < target.length)) throw reader.error('an exception outside')
    for (let k = 0; k < width; k++) bytes[place * width + k] = patterns[i * width + k]!
  }
}

const NO_PLACES = new Float64Array(0)
const NO_BYTES: Uint8Array = new Uint8Array(0)
