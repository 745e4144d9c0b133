import { describe, expect, it } from 'vitest'
import { type Column, type ColumnType, columnTypes } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import {
  canonicaliseNaN,
  firstInvalidText,
  formFault,
  shapeFault,
} from '../../src/core/column-check.ts'
import { MAX_VALUE_BYTES, newValues } from '../../src/core/column-layout.ts'
import { kernelsFor } from '../../src/core/encoding/kernels.ts'

const texts = (
  offsets: number[],
  bytes: string | number[],
  type: ColumnType = 'string',
): Column => ({
  type,
  length: 2,
  values: typeof bytes === 'string' ? Uint8Array.from(Buffer.from(bytes)) : Uint8Array.from(bytes),
  offsets: Uint32Array.from(offsets),
})

describe('a column', () => {
  it.each(columnTypes)('of %s that was built has no fault', (type) => {
    for (const length of [0, 3]) {
      const column = columnOf(type, Array(length).fill(null))
      expect([shapeFault(column), formFault(column)]).toEqual([undefined, undefined])
    }
  })

  const shaped = columnTypes.filter((type) => !['null', 'string', 'binary', 'json'].includes(type))
  it.each(shaped)('of %s cannot be read from other arrays than its own', (type) => {
    const column = (count: number): Column => ({ type, length: 9, values: newValues(type, count) })
    const count = type === 'bool' ? 2 : 9
    expect(shapeFault(column(count))).toBeUndefined()
    for (const wrong of [0, count - 1, count + 1]) {
      expect(shapeFault(column(wrong))).toBe('wrong length')
    }
    const values =
      type === 'uint8' || type === 'bool' ? new Int8Array(count) : new Uint8Array(count)
    expect(shapeFault({ type, length: 9, values })).toBe('wrong length')
    expect(shapeFault({ ...column(count), offsets: new Uint32Array(10) })).toBe(
      'offsets of values that all have one length',
    )
  })

  it('has a bit for each row in its validity, whatever its type', () => {
    for (const type of ['int8', 'string'] as const) {
      const column = columnOf(type, Array(9).fill(null))
      for (const bytes of [0, 1, 3]) {
        expect(shapeFault({ ...column, validity: new Uint8Array(bytes) })).toBe(
          'a validity bitmap of another length',
        )
      }
      expect(shapeFault({ ...column, validity: new Uint8Array(2) })).toBeUndefined()
    }
  })

  it.each<[string, Column]>([
    ['none', { type: 'string', length: 2, values: new Uint8Array(0) }],
    ['too few', texts([0, 2], 'ab')],
    ['too many', texts([0, 1, 2, 2], 'ab')],
    ['a first that is not 0', texts([1, 1, 2], 'ab')],
    ['a last before the end', texts([0, 1, 1], 'ab')],
    ['a last behind the end', texts([0, 1, 3], 'ab')],
    ['one that falls', texts([0, 3, 2], 'ab')],
  ])('of text has one offset more than rows, which rise from 0 to the end: not %s', (_, column) => {
    expect(shapeFault(column)).toBe('wrong offsets')
  })

  it('of text holds bytes', () => {
    expect(shapeFault(texts([0, 0, 2], 'ab'))).toBeUndefined()
    expect(shapeFault({ ...texts([0, 1, 2], 'ab'), values: new Int8Array(2) })).toBe('wrong length')
  })

  it('has no value that is longer than values may be', () => {
    const values = new Uint8Array(MAX_VALUE_BYTES + 1)
    const column = (first: number): Column => ({
      ...texts([0, first, values.length], [], 'binary'),
      values,
    })
    expect(shapeFault(column(1))).toBeUndefined()
    expect(shapeFault(column(MAX_VALUE_BYTES))).toBeUndefined()
    expect(shapeFault(column(0))).toBe('wrong offsets')
    expect(shapeFault(column(values.length))).toBe('wrong offsets')
  })

  it('of text is UTF-8 in each row; one of bytes need not be', () => {
    expect(shapeFault(texts([0, 2, 4], 'éé'))).toBeUndefined()
    for (const type of ['string', 'json'] as const) {
      expect(shapeFault(texts([0, 1, 2], 'é', type))).toBe('text is not valid UTF-8')
    }
    expect(shapeFault(texts([0, 1, 2], 'é', 'binary'))).toBeUndefined()
  })

  it('of nulls is bare', () => {
    const bare: Column = { type: 'null', length: 2, values: new Uint8Array(0) }
    expect([shapeFault(bare), formFault(bare)]).toEqual([undefined, undefined])
    for (const more of [
      { validity: Uint8Array.of(0) },
      { offsets: Uint32Array.of(0) },
      { values: Uint8Array.of(0) },
    ]) {
      expect(shapeFault({ ...bare, ...more })).toBeUndefined()
      expect(formFault({ ...bare, ...more })).toBe('bytes in a column of nulls')
    }
  })

  it('has no bits behind its last row', () => {
    const bools = (...bytes: number[]): Column => ({
      type: 'bool',
      length: 9,
      values: Uint8Array.from(bytes),
    })
    expect(formFault(bools(255, 1))).toBeUndefined()
    expect(formFault(bools(0, 2))).toBe('padding bits')
    const values = new Int8Array(9)
    const valid = (...bytes: number[]): Column => ({
      type: 'int8',
      length: 9,
      values,
      validity: Uint8Array.from(bytes),
    })
    expect(formFault(valid(254, 1))).toBeUndefined()
    expect(formFault(valid(254, 3))).toBe('padding bits')
    expect(formFault(valid(255, 1))).toBe('a validity bitmap without a null')
    // Of another type the same bytes are values.
    expect(formFault({ type: 'uint8', length: 2, values: Uint8Array.of(0, 2) })).toBeUndefined()
  })

  const numeric = shaped.filter((type) => type !== 'bool')
  it.each(numeric)('of %s has zeros under its nulls', (type) => {
    const length = 20
    const nulls = [0, 7, 8, 17, 19]
    const validity = new Uint8Array(3)
    for (let row = 0; row < length; row++) {
      if (!nulls.includes(row)) validity[row >> 3]! |= 1 << (row & 7)
    }
    const width = newValues(type, 1).byteLength
    for (let row = 0; row < length; row++) {
      for (const at of [row * width, (row + 1) * width - 1]) {
        const values = newValues(type, length)
        new Uint8Array(values.buffer)[at] = 1
        const fault = formFault({ type, length, values, validity })
        // A double or a float of these bits is a number, and none is a NaN.
        expect(fault).toBe(nulls.includes(row) ? 'a value under a null' : undefined)
      }
    }
  })

  it('has a value only where it is not null, behind eight rows without one, too', () => {
    const values = new Int16Array(18)
    const column: Column = {
      type: 'int16',
      length: 18,
      values,
      validity: Uint8Array.of(255, 255, 1),
    }
    expect(formFault(column)).toBeUndefined()
    values[17] = 1
    expect(formFault(column)).toBe('a value under a null')
  })

  it('of bools has none under its nulls', () => {
    const column = (values: number): Column => ({
      type: 'bool',
      length: 3,
      values: Uint8Array.of(values),
      validity: Uint8Array.of(0b101),
    })
    expect([0b000, 0b001, 0b100, 0b101].map((bits) => formFault(column(bits)))).toEqual(
      Array(4).fill(undefined),
    )
    for (const bits of [0b010, 0b111]) expect(formFault(column(bits))).toBe('a value under a null')
    const long = (...bits: number[]): Column => ({
      type: 'bool',
      length: 16,
      values: Uint8Array.from(bits),
      validity: Uint8Array.of(1, 1),
    })
    expect(formFault(long(1, 1))).toBeUndefined()
    for (const bits of [long(1, 2), long(2, 1)]) {
      expect(formFault(bits)).toBe('a value under a null')
    }
  })

  it('of text has nothing under its nulls', () => {
    const nullable = (offsets: number[], valid: number): Column => ({
      ...texts(offsets, 'ab'),
      validity: Uint8Array.of(valid),
    })
    expect(formFault(nullable([0, 0, 2], 0b10))).toBeUndefined()
    expect(formFault(nullable([0, 2, 2], 0b01))).toBeUndefined()
    expect(formFault(nullable([0, 1, 2], 0b10))).toBe('a value under a null')
    expect(formFault(nullable([0, 1, 2], 0b01))).toBe('a value under a null')
  })
})

/** Doubles, or floats, whose bits are these in one row. */
function withBits(rows: number, row: number, bits: bigint | number, fill: number) {
  const isWide = typeof bits === 'bigint'
  const values = isWide ? new Float64Array(rows).fill(fill) : new Float32Array(rows).fill(fill)
  if (isWide) new BigUint64Array(values.buffer)[row] = bits
  else new Uint32Array(values.buffer)[row] = bits
  return values
}

describe('a NaN', () => {
  const own = 0x7ff8_0000_0000_0000n
  const strays: (bigint | number)[] = [
    ...[own | 1n, own | (1n << 32n), own | (1n << 63n), 0x7ff0_0000_0000_0001n],
    ...[0x7fc0_0001, 0xffc0_0000, 0x7f80_0001, 0xff80_0001, 0x7fff_ffff],
  ]
  const columnWith = (values: Float32Array | Float64Array): Column => ({
    type: values instanceof Float64Array ? 'float64' : 'float32',
    length: values.length,
    values,
  })

  it('is the canonical one in every row', () => {
    for (const fill of [1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      for (const rows of [1, 4, 9]) {
        for (let row = 0; row < rows; row++) {
          for (const bits of [own, 0x7fc0_0000, 0xff80_0000, 0xfff0_0000_0000_0000n]) {
            expect(formFault(columnWith(withBits(rows, row, bits, fill)))).toBeUndefined()
          }
          for (const bits of strays) {
            expect(formFault(columnWith(withBits(rows, row, bits, fill)))).toBe(
              'a NaN that is not the canonical one',
            )
          }
        }
      }
    }
  })

  it('is the canonical one in the memory of kernels, too', () => {
    const values = kernelsFor(5).doubles(5)
    values.set([1, Number.NaN, 3, Number.POSITIVE_INFINITY, 5])
    expect(formFault(columnWith(values))).toBeUndefined()
    values.set(withBits(1, 0, own | 1n, 0), 4)
    expect(formFault(columnWith(values))).toBe('a NaN that is not the canonical one')
  })

  it('becomes the canonical one, and no other value changes', () => {
    for (const bits of strays) {
      const values = withBits(4, 2, bits, -0)
      values.set([Number.NEGATIVE_INFINITY, 1.5])
      canonicaliseNaN(values)
      expect(formFault(columnWith(values))).toBeUndefined()
      expect([...values]).toEqual([Number.NEGATIVE_INFINITY, 1.5, Number.NaN, -0])
    }
  })
})

describe('the first row whose text is not UTF-8', () => {
  const find = (rows: number[][]): number => {
    const offsets = Uint32Array.from(
      [0, ...rows.keys()].map((_, i) => rows.slice(0, i).flat().length),
    )
    return firstInvalidText(Uint8Array.from(rows.flat()), offsets, rows.length)
  }

  it.each<[string, number[][], number]>([
    ['not there where all is ASCII', [[0x61], [], [0x7f]], -1],
    ['not there where characters are whole', [[0xc3, 0xa9], [], [0xe2, 0x82, 0xac], [0x61]], -1],
    ['the one with a byte of none', [[0xc3, 0xa9], [0xff], [0xff]], 1],
    ['that with the first part of a character', [[0x61], [0xc3], [0xa9]], 1],
    ['the first', [[0xff], [0x61]], 0],
    ['the last', [[0xc3, 0xa9], [0x61], [0xc3]], 2],
    ['not there where there are no rows', [], -1],
  ])('is %s', (_, rows, expected) => {
    expect(find(rows)).toBe(expected)
  })
})
