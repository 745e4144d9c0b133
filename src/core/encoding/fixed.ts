import type { ColumnType } from '../column.ts'
import { valueWidth, viewValues } from '../column-layout.ts'
import { decodeDecimals, encodeDecimals, likelyExponents } from './decimals.ts'
import { decodeIntegers, encodeIntegers, sumHalves, sumNumbers } from './integers.ts'
import type { PartReader } from './part-reader.ts'
import type { Parts } from './parts.ts'
import { decodeSplit, encodeSplit } from './split.ts'
import { stepsOfHalves, stepsOfNumbers } from './steps.ts'

// Values of a fixed width, those of nulls left out: u8 which encoding, then what it says.

export const INTEGERS = 1
export const DECIMALS = 2
export const SPLIT = 3

/** Up to this many values every encoding is tried in full. */
const TRY_ALL = 2048

type Encode = () => Parts | undefined

/**
 * The shortest encoding of values, of which there is at least one.
 * @param bytes aligned for every width
 * @param lean whether the values are few enough, or close enough to what cannot be compressed, for the
 *   caller to look at other ways too
 */
export function encodeFixed(
  type: ColumnType,
  bytes: Uint8Array,
  newParts: () => Parts,
): Parts | undefined {
  const width = valueWidth(type)
  const count = bytes.length / width
  const split: Encode = () => encodeSplit(bytes, width, newParts().u8(SPLIT))
  if (type !== 'float64' && type !== 'float32') {
    const integers = encodeWhole(type, bytes, newParts)
    // Little was gained: perhaps these are not numbers at all.
    const poor = integers === undefined || integers.separate().length > bytes.length * 0.6
    return poor || count <= TRY_ALL ? shortest([() => integers, split]) : integers
  }
  const floats = viewValues(type, bytes.buffer, bytes.byteOffset, count) as Float64Array
  const { likely, clear } = likelyExponents(floats)
  const candidates = likely.map<Encode>((exponent) => () => {
    const decimals = encodeDecimals(floats, exponent, newParts)
    return decimals && newParts().u8(DECIMALS).append(decimals)
  })
  if (!clear || count <= TRY_ALL) candidates.push(split)
  return shortest(candidates)
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

function encodeWhole(
  type: ColumnType,
  bytes: Uint8Array,
  newParts: () => Parts,
): Parts | undefined {
  const width = valueWidth(type)
  const steps =
    width === 8
      ? stepsOfHalves(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4))
      : stepsOfNumbers(numbers(type, bytes))
  const integers = steps && encodeIntegers(steps, newParts)
  return integers && newParts().u8(INTEGERS).append(integers)
}

/** The values of a type up to 32 bits. */
function numbers(type: ColumnType, bytes: Uint8Array): Int32Array {
  const count = bytes.length / valueWidth(type)
  return viewValues(type, bytes.buffer, bytes.byteOffset, count) as Int32Array
}

/** Fills `target`, which is aligned for every width and not empty, with values. */
export function decodeFixed(reader: PartReader, type: ColumnType, target: Uint8Array): void {
  const width = valueWidth(type)
  const count = target.length / width
  const float = type === 'float64' || type === 'float32'
  const encoding = reader.u8()
  if (encoding === SPLIT) {
    decodeSplit(reader, width, target)
  } else if (encoding === DECIMALS && float) {
    const floats = viewValues(type, target.buffer, target.byteOffset, count)
    decodeDecimals(reader, floats as Float64Array)
  } else if (encoding === INTEGERS && !float) {
    const integers = decodeIntegers(reader, count)
    if (width < 8) sumNumbers(integers, numbers(type, target))
    else sumHalves(integers, new Uint32Array(target.buffer, target.byteOffset, 2 * count))
  } else {
    throw reader.error(`values of the unknown encoding ${encoding}`)
  }
}
