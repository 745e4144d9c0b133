import { ByteReader, ByteWriter, equalBytes } from '../bytes.ts'
import type { Column } from '../column.ts'
import { decodeColumn, encodeColumn } from '../column-codec.ts'
import { bytesOf, rawColumn } from '../column-layout.ts'
import { VarveError } from '../errors.ts'
import { likelyFactors, type Multiplication } from './factor.ts'

// The difference between two columns of doubles, of as many rows, one of which is a stretch of the
// other times a factor (docs/format/delta.md):
//
//   u8      decimals that products are rounded to; 255: they are not
//   f64     the factor, finite and not zero
//   varint  rows before the first that is multiplied
//   varint  rows that are multiplied
//   varint  how many of those are not the product; of each, varint rows since the one before (or the
//           first multiplied) and the value's bytes
//
// All other rows, zeros, nulls and NaN are as they were.

const NOT_ROUNDED = 255
const MAX_DECIMALS = 15
const WIDTH = 8
/** Fewer rows are told as shortly without. */
const FEW = 16
/** One row of so many may be other than the product. */
const EXCEPTIONS = 16
/** Where no more than one of so many is, no better factor is looked for. */
const NEARLY_ALL = 1024

/** What makes a column of `base`; undefined where that is no multiplication. */
export function encodeFactorDelta(column: Column, base: Column): Uint8Array | undefined {
  if (column.type !== 'float64' || base.type !== 'float64' || column.length !== base.length) {
    return undefined
  }
  if (!sameNulls(column, base)) return undefined
  const fresh = column.values as Float64Array
  const before = base.values as Float64Array
  let from = 0
  let to = fresh.length
  while (from < to && same(fresh[from]!, before[from]!)) from++
  while (to > from && same(fresh[to - 1]!, before[to - 1]!)) to--
  if (to - from < FEW) return undefined
  const found = bestFactor(before, fresh, from, to)
  if (found === undefined) return undefined
  const bytes = bytesOf(fresh)
  const writer = new ByteWriter()
    .u8(found.decimals ?? NOT_ROUNDED)
    .bytes(bytesOf(Float64Array.of(found.factor)))
    .varint(from)
    .varint(to - from)
    .varint(found.others.length)
  let last = from
  for (const row of found.others) {
    writer.varint(row - last).bytes(bytes.subarray(row * WIDTH, (row + 1) * WIDTH))
    last = row
  }
  return writer.finish()
}

/** The factor that leaves the fewest rows unexplained, and those; undefined where they are many. */
function bestFactor(
  before: Float64Array,
  fresh: Float64Array,
  from: number,
  to: number,
): (Multiplication & { readonly others: readonly number[] }) | undefined {
  const rows = to - from
  let best: (Multiplication & { others: readonly number[] }) | undefined
  for (const found of likelyFactors(before, fresh, from, to)) {
    const product = multiply(before, from, to, found)
    const most = best?.others.length ?? Math.floor(rows / EXCEPTIONS) + 1
    const others: number[] = []
    for (let i = 0; i < rows && others.length < most; i++) {
      if (!same(product[i]!, fresh[from + i]!)) others.push(from + i)
    }
    if (others.length < most) best = { ...found, others }
    if (others.length * NEARLY_ALL <= rows) break
  }
  return best
}

/** Whether two doubles are the same to the bit; of NaN there is one. */
function same(a: number, b: number): boolean {
  return a === b ? a !== 0 || 1 / a === 1 / b : Number.isNaN(a) && Number.isNaN(b)
}

function sameNulls({ validity: a }: Column, { validity: b }: Column): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b)
}

function multiply(
  values: Float64Array,
  from: number,
  to: number,
  { factor, decimals }: Multiplication,
): Float64Array {
  const product = values.slice(from, to)
  const power = 10 ** (decimals ?? 0)
  for (let i = 0; i < product.length; i++) {
    const value = product[i]!
    if (value === 0 || Number.isNaN(value)) continue
    product[i] =
      decimals === undefined ? value * factor : Math.floor(value * factor * power + 0.5) / power
  }
  return product
}

/** The column that a difference makes of its base; `corrupt-object` where it is none. */
export function decodeFactorDelta(body: Uint8Array, base: Uint8Array, length: number): Uint8Array {
  if (base.length !== length) throw corrupt('another length')
  const { type, validity, values, length: rows } = decodeColumn(base)
  if (type !== 'float64') throw corrupt('not of doubles')
  const reader = new ByteReader(body)
  const code = reader.u8()
  const factor = new Float64Array(reader.bytes(WIDTH).slice().buffer)[0]!
  if (code !== NOT_ROUNDED && code > MAX_DECIMALS) throw corrupt('too many decimals')
  if (!Number.isFinite(factor) || factor === 0) throw corrupt('no factor')
  const from = reader.varint()
  const to = from + reader.varint()
  if (to > rows) throw corrupt('rows behind the last')
  const result = new Float64Array(values as Float64Array)
  const decimals = code === NOT_ROUNDED ? undefined : code
  result.set(multiply(result, from, to, { factor, decimals }), from)
  const count = reader.varint()
  if (count * (WIDTH + 1) > reader.remaining) throw corrupt('cut short')
  const bytes = bytesOf(result)
  for (let i = 0, row = from; i < count; i++) {
    row += reader.varint()
    if (row >= to) throw corrupt('a row behind the last')
    bytes.set(reader.bytes(WIDTH), row * WIDTH)
  }
  reader.expectEnd()
  return encodeColumn(rawColumn(type, rows, result, validity))
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', `a multiplied column is wrong: ${reason}`)
}
