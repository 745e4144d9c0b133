import { isUtf8 } from 'node:buffer'
import { bytesToText } from './bytes.ts'
import type { ColumnType, Scalar } from './column.ts'
import { VarveError } from './errors.ts'
import { MAX_KEY_BYTES } from './keys.ts'
import { numberRange } from './scalar.ts'

export interface DecodedKey {
  /** One value for each index column. */
  readonly values: Scalar[]
  /** Among rows with equal values; only where duplicates are allowed. */
  readonly rank?: number
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', `a key's bytes are wrong: ${reason}`)
}

/**
 * The values that a key was made of; `corrupt-object` for bytes that no values give. A float −0 is
 * +0 in a key.
 */
export function decodeKey(
  bytes: Uint8Array,
  types: readonly ColumnType[],
  duplicates: boolean,
): DecodedKey {
  if (bytes.length > MAX_KEY_BYTES) throw corrupt('too long')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values: Scalar[] = []
  let at = 0
  const take = (count: number): number => {
    if (at + count > bytes.length) throw corrupt('cut short')
    at += count
    return at - count
  }
  for (const type of types) {
    if (type === 'bool') {
      const byte = bytes[take(1)]!
      if (byte > 1) throw corrupt('a bool that is neither 0 nor 1')
      values.push(byte === 1)
    } else if (type === 'string' || type === 'binary') {
      const end = endOfBytes(bytes, at)
      const value = unescapeZeros(bytes.subarray(at, end))
      if (type === 'string' && !isUtf8(value)) throw corrupt('text is not valid UTF-8')
      values.push(type === 'string' ? bytesToText(value) : value)
      at = end + 2
    } else {
      values.push(decodeEight(view.getBigUint64(take(8)), type))
    }
  }
  const rank = duplicates ? view.getUint32(take(4)) : undefined
  if (at !== bytes.length) throw corrupt('bytes behind its end')
  return rank === undefined ? { values } : { values, rank }
}

const SIGN = 1n << 63n

function decodeEight(bits: bigint, type: ColumnType): Scalar {
  if (type === 'uint64') return bits
  if (type === 'float32' || type === 'float64') return decodeFloat(bits, type)
  const value = BigInt.asIntN(64, bits ^ SIGN)
  const range = numberRange(type)
  if (range === undefined) return value
  const number = Number(value)
  if (number < range[0] || number > range[1]) throw corrupt(`out of range for ${type}`)
  return number
}

function decodeFloat(bits: bigint, type: ColumnType): number {
  const scratch = new DataView(new ArrayBuffer(8))
  scratch.setBigUint64(0, bits >= SIGN ? bits ^ SIGN : BigInt.asUintN(64, ~bits))
  const value = scratch.getFloat64(0)
  if (Number.isNaN(value) || Object.is(value, -0)) throw corrupt('a NaN or −0')
  if (type === 'float32' && Math.fround(value) !== value) throw corrupt('out of range for float32')
  return value
}

/** Where the 0000 is that ends the value which starts at `start`. */
function endOfBytes(bytes: Uint8Array, start: number): number {
  for (let at = start; at + 1 < bytes.length; at++) {
    if (bytes[at] !== 0) continue
    if (bytes[at + 1] === 0) return at
    if (bytes[at + 1] !== 0xff) throw corrupt('a zero byte that is neither escaped nor the end')
    at++
  }
  throw corrupt('cut short')
}

function unescapeZeros(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    result[length++] = bytes[at]!
    if (bytes[at] === 0) at++
  }
  return result.slice(0, length)
}
