import type { ColumnType } from '../column.ts'
import { bytesOf, valueWidth, viewValues } from '../column-layout.ts'
import { decodeDecimals, encodeDecimals, likelyExponents } from './decimals.ts'
import { decodeDictionary, dictionaryEstimate, encodeDictionary } from './dictionary.ts'
import { decodeIntegers, encodeIntegers } from './integers.ts'
import type { Kernels } from './kernels.ts'
import type { PartReader } from './part-reader.ts'
import { type NewParts, type Parts, SPARSE } from './parts.ts'
import { decodeSplit, encodeSplit } from './split.ts'
import { type Steps, stepsOfHalves, stepsOfNumbers } from './steps.ts'

// Values of a fixed width, those of nulls left out: u8 which encoding, then what it says.

export const INTEGERS = 1
export const DECIMALS = 2
const SPLIT = 3
export const DICTIONARY = 4
/** Split, of which some planes have differences: u8 which. */
const SPLIT_STEPS = 5

/** Up to this many values every encoding is tried in full. */
const TRY_ALL = 2048
/** What takes no more bytes than this has nothing left to gain. */
const SMALL = 64

type Encode = () => Parts | undefined

/**
 * The shortest encoding of values, of which there is at least one.
 * @param given aligned for every width
 */
export function encodeFixed(
  type: ColumnType,
  given: Uint8Array,
  newParts: NewParts,
): Parts | undefined {
  const width = valueWidth(type)
  const bytes = newParts.kernels.copyOf(given)
  const numeric = encodeNumeric(type, bytes, newParts)
  const few = newParts.thorough || bytes.length / width <= TRY_ALL
  let most = Number.POSITIVE_INFINITY
  if (numeric !== undefined && !few) {
    const size = numeric.separateSize()
    const sparse = size * SPARSE * width < bytes.length
    if (
      size < SMALL ||
      (!sparse && dictionaryEstimate(bytes, width, newParts.kernels) > size * 1.05)
    )
      return numeric
    if (!sparse) most = size
  }
  const encodeEntries = (entries: Uint8Array): Parts | undefined =>
    encodeNumeric(type, newParts.kernels.copyOf(entries), newParts)
  const dictionary: Encode = () => {
    const encoded = encodeDictionary(bytes, width, newParts, { encodeEntries, most })
    return encoded && newParts().u8(DICTIONARY).append(encoded)
  }
  return shortest([() => numeric, dictionary])
}

function encodeNumeric(type: ColumnType, bytes: Uint8Array, newParts: NewParts): Parts | undefined {
  const width = valueWidth(type)
  const count = bytes.length / width
  const split: Encode = () => {
    const { streams, steps } = encodeSplit(bytes, width, newParts)
    const parts = newParts()
    if (steps === 0) parts.u8(SPLIT)
    else parts.u8(SPLIT_STEPS).u8(steps)
    return parts.append(streams)
  }
  const few = newParts.thorough || count <= TRY_ALL
  // Little was gained: perhaps these are not numbers at all.
  const poor = (parts: Parts): boolean => parts.separateSize() > bytes.length * 0.6
  const withSplit = (candidates: readonly Encode[], clear: boolean): Parts | undefined => {
    const found = shortest(candidates)
    const settled = found !== undefined && clear && !few && !poor(found)
    return settled ? found : shortest([() => found, split])
  }
  if (type !== 'float64' && type !== 'float32') {
    return withSplit([() => encodeWhole(type, bytes, newParts)], true)
  }
  const floats = viewValues(type, bytes.buffer, bytes.byteOffset, count) as Float64Array
  const { likely, clear } = likelyExponents(floats)
  const candidates = likely.map<Encode>((exponent) => () => {
    const decimals = encodeDecimals(floats, exponent, newParts)
    return decimals && newParts().u8(DECIMALS).append(decimals)
  })
  return withSplit(candidates, clear)
}

function shortest(candidates: readonly Encode[]): Parts | undefined {
  let best: Parts | undefined
  for (const candidate of candidates) {
    const parts = candidate()
    if (parts === undefined) continue
    if (best === undefined || parts.size() < best.size()) best = parts
  }
  return best
}

function encodeWhole(type: ColumnType, bytes: Uint8Array, newParts: NewParts): Parts | undefined {
  const stepsOf = (kernels: Kernels): Steps | undefined =>
    valueWidth(type) === 8
      ? stepsOfHalves(halves(bytes), kernels)
      : stepsOfNumbers(numbers(type, bytes), kernels)
  const integers = encodeIntegers(stepsOf, newParts)
  return integers && newParts().u8(INTEGERS).append(integers)
}

function halves(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}

/** The values of a type up to 32 bits. */
function numbers(type: ColumnType, bytes: Uint8Array): Int32Array {
  const count = bytes.length / valueWidth(type)
  return viewValues(type, bytes.buffer, bytes.byteOffset, count) as Int32Array
}

/** Fills `target`, which is aligned for every width and not empty, with values. */
export function decodeFixed(reader: PartReader, type: ColumnType, target: Uint8Array): void {
  const encoding = reader.u8()
  if (encoding !== DICTIONARY) {
    decodeNumeric(reader, encoding, type, target)
    return
  }
  decodeDictionary(reader, valueWidth(type), target, (entries) =>
    decodeNumeric(reader, reader.u8(), type, entries),
  )
}

/** What of 64-bit values fits a narrower type. */
function takeLow(integers: Uint32Array, target: Int32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = integers[2 * i]!
}

function decodeNumeric(
  reader: PartReader,
  encoding: number,
  type: ColumnType,
  target: Uint8Array,
): void {
  const width = valueWidth(type)
  const count = target.length / width
  const float = type === 'float64' || type === 'float32'
  if (encoding === SPLIT) {
    decodeSplit(reader, width, target, 0)
  } else if (encoding === SPLIT_STEPS) {
    const steps = reader.u8()
    if (steps >> width !== 0) throw reader.error('differences of bytes that values do not have')
    decodeSplit(reader, width, target, steps)
  } else if (encoding === DECIMALS && float) {
    const floats = viewValues(type, target.buffer, target.byteOffset, count)
    decodeDecimals(reader, floats as Float64Array)
  } else if (encoding === INTEGERS && !float) {
    const { kernels } = reader
    if (width === 8 && kernels.owns(target)) {
      decodeIntegers(reader, count, target)
      return
    }
    kernels.scope(() => {
      const integers = decodeIntegers(reader, count)
      if (width === 8) target.set(bytesOf(integers))
      else takeLow(integers, numbers(type, target))
    })
  } else {
    throw reader.error(`values of the unknown encoding ${encoding}`)
  }
}
