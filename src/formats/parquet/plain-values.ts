import { bitmapBytes, getBit, setBit } from '../../core/bits.ts'
import { type Column, isNull } from '../../core/column.ts'
import { bytesOf } from '../../core/column-layout.ts'

/** The values of a column that are no nulls, one after another as Parquet's PLAIN has them. */
export function plainValues(column: Column): Uint8Array {
  const { type, length, validity, values, offsets } = column
  switch (type) {
    case 'null':
      return new Uint8Array(0)
    case 'bool': {
      if (validity === undefined) return (values as Uint8Array).subarray(0, bitmapBytes(length))
      const bits = new Uint8Array(bitmapBytes(length))
      let count = 0
      for (let row = 0; row < length; row++) {
        if (isNull(column, row)) continue
        if (getBit(values as Uint8Array, row)) setBit(bits, count)
        count++
      }
      return bits.subarray(0, bitmapBytes(count))
    }
    case 'int8':
    case 'int16':
    case 'uint8':
    case 'uint16':
      return packed(Int32Array.from(values as Int8Array), column)
    case 'string':
    case 'binary':
    case 'json':
      return withLengths(column, values as Uint8Array, offsets!)
    default:
      return packed(values, column)
  }
}

/** The bytes of values of fixed width without those under a null. */
function packed(values: ArrayBufferView, column: Column): Uint8Array {
  const bytes = bytesOf(values)
  const { validity, length } = column
  if (validity === undefined) return bytes
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  const each = words.length / length
  const target = new Uint32Array(words.length)
  let at = 0
  for (let row = 0; row < length; row++) {
    if (((validity[row >> 3]! >> (row & 7)) & 1) === 0) continue
    target[at++] = words[row * each]!
    if (each === 2) target[at++] = words[row * 2 + 1]!
  }
  return bytesOf(target.subarray(0, at))
}

function withLengths(column: Column, values: Uint8Array, offsets: Uint32Array): Uint8Array {
  const { length, validity } = column
  const start = offsets[0]!
  const bytes = new Uint8Array(offsets[length]! - start + 4 * length)
  let at = 0
  for (let row = 0; row < length; row++) {
    if (validity !== undefined && isNull(column, row)) continue
    const from = offsets[row]!
    const to = offsets[row + 1]!
    const size = to - from
    bytes[at++] = size
    bytes[at++] = size >> 8
    bytes[at++] = size >> 16
    bytes[at++] = size >> 24
    if (size > 24) {
      bytes.set(values.subarray(from, to), at)
      at += size
    } else for (let i = from; i < to; i++) bytes[at++] = values[i]!
  }
  return bytes.subarray(0, at)
}
