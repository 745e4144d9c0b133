import { isAscii, isUtf8 } from 'node:buffer'
import { allOnes, bitmapBytes, isZeroBehind } from './bits.ts'
import { type Column, isBytesType } from './column.ts'
import { bytesOf, halvesOf, MAX_VALUE_BYTES, newValues, valueWidth } from './column-layout.ts'
import { kernelsOf } from './encoding/kernels.ts'

// There is one form of the same values (docs/format/column.md), and an id stands for it. These are
// its rules, for a column as it lies in memory.

/**
 * What keeps the values of a column from being read: arrays that do not fit its type or its rows,
 * text that is not UTF-8. Undefined where nothing does.
 */
export function shapeFault(column: Column): string | undefined {
  const { type, length, validity, values, offsets } = column
  if (type === 'null') return undefined
  if (validity !== undefined && validity.length !== bitmapBytes(length)) {
    return 'a validity bitmap of another length'
  }
  if (isBytesType(type)) return offsetsFault(column)
  if (offsets !== undefined) return 'offsets of values that all have one length'
  const count = type === 'bool' ? bitmapBytes(length) : length
  const kind = newValues(type, 0).constructor as new () => unknown
  const fits = values instanceof kind && values.length === count
  return fits ? undefined : 'wrong length'
}

function offsetsFault({ type, length, values, offsets }: Column): string | undefined {
  if (!(values instanceof Uint8Array)) return 'wrong length'
  if (offsets?.length !== length + 1) return 'wrong offsets'
  if (offsets[0] !== 0 || offsets[length] !== values.length) return 'wrong offsets'
  let previous = 0
  for (let row = 1; row <= length; row++) {
    const next = offsets[row]!
    if (next < previous || next - previous > MAX_VALUE_BYTES) return 'wrong offsets'
    previous = next
  }
  if (type !== 'binary' && firstInvalidText(values, offsets, length) !== -1) {
    return 'text is not valid UTF-8'
  }
  return undefined
}

/** What else than its values a column has in it that can be read; undefined where nothing is. */
export function formFault(column: Column): string | undefined {
  const { type, length, validity, values, offsets } = column
  if (type === 'null') {
    const isBare = validity === undefined && offsets === undefined && values.length === 0
    return isBare ? undefined : 'bytes in a column of nulls'
  }
  if (type === 'bool' && !isZeroBehind(values as Uint8Array, length)) return 'padding bits'
  if (validity !== undefined) {
    if (!isZeroBehind(validity, length)) return 'padding bits'
    if (allOnes(validity, length)) return 'a validity bitmap without a null'
    if (!isZeroUnderNull(column, validity)) return 'a value under a null'
  }
  const isStray =
    (type === 'float64' && strayNaN64(values as Float64Array)) ||
    (type === 'float32' && strayNaN32(values as Float32Array))
  return isStray ? 'a NaN that is not the canonical one' : undefined
}

/** The first row whose bytes are not valid UTF-8, or −1. */
export function firstInvalidText(values: Uint8Array, offsets: Uint32Array, rows: number): number {
  if (isAscii(values)) return -1
  // The whole is valid and no cut falls inside a character: then every part is valid.
  let cut = !isUtf8(values)
  for (let row = 1; row < rows && !cut; row++) cut = (values[offsets[row]!]! & 0xc0) === 0x80
  if (!cut) return -1
  for (let row = 0; row < rows; row++) {
    if (!isUtf8(values.subarray(offsets[row], offsets[row + 1]))) return row
  }
  return -1
}

function isZeroUnderNull({ type, length, values, offsets }: Column, validity: Uint8Array): boolean {
  if (type === 'bool') {
    return validity.every((byte, i) => ((values[i] as number) & ~byte) === 0)
  }
  const bytes = bytesOf(values)
  const width = valueWidth(type)
  for (let row = 0; row < length; row++) {
    const byte = validity[row >> 3]!
    if (byte === 0xff) row |= 7
    else if (((byte >> (row & 7)) & 1) === 0) {
      if (offsets !== undefined && offsets[row] !== offsets[row + 1]) return false
      for (let i = row * width; i < (row + 1) * width; i++) if (bytes[i] !== 0) return false
    }
  }
  return true
}

function strayNaN64(values: Float64Array): boolean {
  const kernels = kernelsOf(values)
  if (kernels !== undefined) return kernels.run.strayNaN(values.byteOffset, values.length) !== 0
  if (!mayHaveNaN(values)) return false
  const halves = halvesOf(values)
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]) && (halves[2 * i] !== 0 || halves[2 * i + 1] !== NAN64_HIGH)) {
      return true
    }
  }
  return false
}

/** Whether there is a NaN or an infinity: most columns have neither, and that is found out quickly. */
function mayHaveNaN(values: Float64Array): boolean {
  const even = values.length & ~3
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < even; i += 4) {
    a += values[i]! * 0
    b += values[i + 1]! * 0
    c += values[i + 2]! * 0
    d += values[i + 3]! * 0
  }
  for (let i = even; i < values.length; i++) a += values[i]! * 0
  return Number.isNaN(a + b + c + d)
}

function strayNaN32(values: Float32Array): boolean {
  const bits = halvesOf(values)
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & 0x7fff_ffff) > 0x7f80_0000 && bits[i] !== NAN32) return true
  }
  return false
}

/** The canonical NaN: 0x7ff8000000000000, as a float32 0x7fc00000. */
const NAN64_HIGH = 0x7ff8_0000
const NAN32 = 0x7fc0_0000

/** Turns every NaN among floats into the canonical one, in place. */
export function canonicaliseNaN(values: Float32Array | Float64Array): void {
  const halves = halvesOf(values)
  const wide = values instanceof Float64Array
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue
    if (wide) {
      halves[2 * i] = 0
      halves[2 * i + 1] = NAN64_HIGH
    } else {
      halves[i] = NAN32
    }
  }
}
