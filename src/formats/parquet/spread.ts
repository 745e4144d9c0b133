import { bitmapBytes, getBit, setBit } from '../../core/bits.ts'
import type { Column } from '../../core/column.ts'
import { bytesOf, newValues, rawColumn, valueWidth } from '../../core/column-layout.ts'

/** A column of `rows` rows: the values of `dense` where a bit of `validity` is 1, nulls elsewhere. */
export function spread(dense: Column, validity: Uint8Array, rows: number): Column {
  const { type, values } = dense
  if (type === 'null') return rawColumn('null', rows, values, undefined)
  if (dense.offsets !== undefined) {
    const offsets = new Uint32Array(rows + 1)
    let next = 0
    for (let row = 0; row < rows; row++) {
      if (((validity[row >> 3]! >> (row & 7)) & 1) === 1) next++
      offsets[row + 1] = dense.offsets[next]!
    }
    return rawColumn(type, rows, values, validity, offsets)
  }
  if (type === 'bool') {
    const bits = new Uint8Array(bitmapBytes(rows))
    let next = 0
    for (let row = 0; row < rows; row++) {
      if (getBit(validity, row) && getBit(values as Uint8Array, next++)) setBit(bits, row)
    }
    return rawColumn(type, rows, bits, validity)
  }
  const target = newValues(type, rows)
  const width = valueWidth(type)
  if (width >= 4)
    spreadWords(words(bytesOf(values)), words(bytesOf(target)), width / 4, validity, rows)
  else spreadBytes(bytesOf(values), bytesOf(target), width, validity, rows)
  return rawColumn(type, rows, target, validity)
}

function words({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength >> 2)
}

function spreadWords(
  from: Uint32Array,
  to: Uint32Array,
  width: number,
  validity: Uint8Array,
  rows: number,
): void {
  let next = 0
  for (let row = 0; row < rows; row++) {
    if (((validity[row >> 3]! >> (row & 7)) & 1) === 0) continue
    to[row * width] = from[next * width]!
    if (width === 2) to[row * 2 + 1] = from[next * 2 + 1]!
    next++
  }
}

function spreadBytes(
  from: Uint8Array,
  to: Uint8Array,
  width: number,
  validity: Uint8Array,
  rows: number,
): void {
  let next = 0
  for (let row = 0; row < rows; row++) {
    if (((validity[row >> 3]! >> (row & 7)) & 1) === 0) continue
    for (let i = 0; i < width; i++) to[row * width + i] = from[next * width + i]!
    next++
  }
}
