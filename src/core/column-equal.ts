import { getBit } from './bits.ts'
import { compareBytes } from './bytes.ts'
import { type Column, isBytesType, isNull } from './column.ts'
import { bytesOf, halvesOf, valueWidth } from './column-layout.ts'

/** Whether two columns are the same, bit for bit: type, rows, nulls, values (−0 is not +0). */
export function columnsEqual(a: Column, b: Column): boolean {
  if (a === b) return true
  return (
    a.type === b.type &&
    a.length === b.length &&
    sameBytes(a.validity, b.validity) &&
    sameBytes(a.offsets, b.offsets) &&
    sameBytes(a.values, b.values)
  )
}

function sameBytes(a: ArrayBufferView | undefined, b: ArrayBufferView | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.byteLength === b.byteLength && compareBytes(bytesOf(a), bytesOf(b)) === 0
}

/** Compares row `i` of one column with row `j` of another. */
export type RowEquality = (i: number, j: number) => boolean

/**
 * A function that tells whether a row of `a` and a row of `b` hold the same value, bit for bit
 * (null is neither NaN nor empty, −0 is not +0). Columns of different types hold nothing in common
 * but nulls.
 */
export function rowEquality(a: Column, b: Column): RowEquality {
  const values = valueEquality(a, b)
  if (a.validity === undefined && b.validity === undefined && a.type === b.type) return values
  return (i, j) => {
    const none = isNull(a, i)
    if (none !== isNull(b, j)) return false
    return none || values(i, j)
  }
}

function valueEquality(a: Column, b: Column): RowEquality {
  if (a.type !== b.type) return () => false
  if (a.type === 'null') return () => true
  if (a.type === 'bool') {
    const x = a.values as Uint8Array
    const y = b.values as Uint8Array
    return (i, j) => getBit(x, i) === getBit(y, j)
  }
  if (isBytesType(a.type)) return bytesEquality(a, b)
  if (valueWidth(a.type) === 8) {
    const x = halvesOf(a.values)
    const y = halvesOf(b.values)
    return (i, j) => x[2 * i] === y[2 * j] && x[2 * i + 1] === y[2 * j + 1]
  }
  // Floats by their bits: NaN equals NaN, −0 differs from +0.
  const x = a.type === 'float32' ? halvesOf(a.values) : a.values
  const y = b.type === 'float32' ? halvesOf(b.values) : b.values
  return (i, j) => x[i] === y[j]
}

function bytesEquality(a: Column, b: Column): RowEquality {
  const x = a.values as Uint8Array
  const y = b.values as Uint8Array
  const from = a.offsets!
  const to = b.offsets!
  return (i, j) => {
    const start = from[i]!
    const other = to[j]!
    const count = from[i + 1]! - start
    if (count !== to[j + 1]! - other) return false
    if (count > 64) {
      return compareBytes(x.subarray(start, start + count), y.subarray(other, other + count)) === 0
    }
    for (let k = 0; k < count; k++) if (x[start + k] !== y[other + k]) return false
    return true
  }
}

/** Whether row `i` of `a` and row `j` of `b` are the same; {@link rowEquality} for many rows. */
export function valuesEqualAt(a: Column, i: number, b: Column, j: number): boolean {
  return rowEquality(a, b)(i, j)
}

/**
 * Sets a mark where rows that follow each other, from `i` of `a` and from `j` of `b` on, do not hold the
 * same value as {@link rowEquality} has it; one row a mark. Returns whether any does not.
 */
export function markDifferences(
  a: Column,
  i: number,
  b: Column,
  j: number,
  marks: Uint8Array,
): boolean {
  let differ = false
  if (isWide(a) && isWide(b) && a.type === b.type) {
    const x = halvesOf(a.values)
    const y = halvesOf(b.values)
    for (let n = 0, at = 2 * i, to = 2 * j; n < marks.length; n++, at += 2, to += 2) {
      if (x[at] === y[to] && x[at + 1] === y[to + 1]) continue
      marks[n] = 1
      differ = true
    }
    return differ
  }
  const equal = rowEquality(a, b)
  for (let n = 0; n < marks.length; n++) {
    if (equal(i + n, j + n)) continue
    marks[n] = 1
    differ = true
  }
  return differ
}

function isWide({ type, validity }: Column): boolean {
  return validity === undefined && valueWidth(type) === 8
}
