import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, type ColumnType, columnTypes } from '../../src/core/column.ts'
import { ColumnBuilder, columnOf } from '../../src/core/column-builder.ts'
import {
  canonicalLength,
  decodeColumn,
  decodeColumnOnce,
  encodeColumn,
} from '../../src/core/column-codec.ts'
import { columnsEqual, sliceColumn } from '../../src/core/column-ops.ts'
import { hasCode } from '../../src/core/errors.ts'
import { anyColumn, anyValues, scalarsOf } from '../support/columns.ts'
import { toldAs } from '../support/errors.ts'

const corrupt = toldAs('corrupt-object')

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
}

describe('encodeColumn and decodeColumn', () => {
  it.each(columnTypes)('give back every %s value bit for bit', (type) => {
    fc.assert(
      fc.property(anyValues(type), (values) => {
        const column = columnOf(type, values)
        const decoded = decodeColumn(encodeColumn(column))
        expect(decoded.length).toBe(values.length)
        expect(columnsEqual(decoded, column)).toBe(true)
        for (const [row, value] of scalarsOf(decoded).entries()) {
          if (!(value instanceof Uint8Array)) expect(value).toBe(values[row])
          else expect(value).toEqual(values[row])
        }
      }),
      { numRuns: 300 },
    )
  })

  it('read bytes at any alignment, and Buffers', () => {
    fc.assert(
      fc.property(anyColumn, fc.nat(9), (column, shift) => {
        const encoded = encodeColumn(column)
        const shifted = Buffer.alloc(encoded.length + shift + 3, 0xaa)
        shifted.set(encoded, shift)
        const decoded = decodeColumn(shifted.subarray(shift, shift + encoded.length))
        expect(columnsEqual(decoded, column)).toBe(true)
        expect(Buffer.isBuffer(decoded.values)).toBe(false)
      }),
    )
  })

  it('share memory where it is aligned', () => {
    const encoded = encodeColumn(columnOf('float64', [1, null]))
    expect(decodeColumn(encoded).values.buffer).toBe(encoded.buffer)
    const shifted = new Uint8Array(encoded.length + 8)
    shifted.set(encoded, 8)
    expect(decodeColumn(shifted.subarray(8)).values.buffer).toBe(shifted.buffer)
  })

  it('know the length beforehand, of any part', () => {
    fc.assert(
      fc.property(anyColumn, fc.nat(70), fc.nat(70), (column, x, y) => {
        const from = Math.min(x, y, column.length)
        const to = Math.min(Math.max(x, y), column.length)
        const length = encodeColumn(sliceColumn(column, from, to)).length
        expect(canonicalLength(column, from, to)).toBe(length)
      }),
      { numRuns: 3000 },
    )
  })

  it('know the length of a part, wherever in the column the only null is', () => {
    const values: (number | null)[] = Array.from({ length: 40 }, (_, row) => row)
    for (let row = 0; row < 40; row++) {
      const column = columnOf('int8', values.with(row, null))
      for (let from = 0; from < 40; from++) {
        for (const to of [from, from + 1, from + 8, from + 9, 40]) {
          if (to > 40) continue
          const bitmap = from <= row && row < to ? 8 : 0
          expect(canonicalLength(column, from, to)).toBe(8 + bitmap + to - from)
        }
      }
    }
  })

  it('look at the same bytes once, and at each number of rows that is allowed', () => {
    const encoded = encodeColumn(columnOf('int8', [1, 2, 3])).slice()
    const column = decodeColumnOnce(encoded)
    expect(decodeColumnOnce(encoded)).toBe(column)
    expect(decodeColumnOnce(encoded, { maxRows: 3 })).toBe(column)
    expect(() => decodeColumnOnce(encoded, { maxRows: 2 })).toThrow(corrupt)
    expect(decodeColumnOnce(encoded.slice())).not.toBe(column)
  })

  it.each(['float64', 'float32'] as const)(
    'turn every NaN of a %s column into the canonical one',
    (type) => {
      const wide = type === 'float64'
      const fill = wide ? (0xfff8_0000_dead_beefn as never) : (0xffc1_2345 as never)
      const array = wide ? new BigUint64Array(2).fill(fill) : new Uint32Array(2).fill(fill)
      const values = wide ? new Float64Array(array.buffer) : new Float32Array(array.buffer)
      const builder = new ColumnBuilder(type)
      builder.appendNumber(values[0]!)
      builder.appendNumber(Number.NaN)
      const encoded = Buffer.from(encodeColumn(builder.finish())).toString('hex')
      expect(encoded.slice(16)).toBe((wide ? '000000000000f87f' : '0000c07f').repeat(2))
    },
  )
})

describe('decodeColumn of bytes that are not canonical', () => {
  const cases: [string, string][] = [
    ['nothing', ''],
    ['a header cut short', '0b000000 010000'],
    ['an unknown type', '14000000 00000000'],
    ['an unknown flag', '06020000 01000000 05'],
    ['a reserved byte', '06000100 01000000 05'],
    ['a missing value', '05000000 01000000 01020304050607'],
    ['a value too many', '06000000 01000000 0506'],
    ['4 billion rows without bytes', '05000000 ffffffff'],
    ['4 billion strings without bytes', '11000000 ffffffff 00000000'],
    ['4 billion nulls without bytes', '05010000 ffffffff'],
    ['4 billion bools without bytes', '01000000 ffffffff 01'],
    ['bytes after nulls', '00000000 01000000 00'],
    ['nulls with a bitmap', '00010000 01000000 0000000000000000'],
    ['a bitmap without a null', '06010000 01000000 0100000000000000 05'],
    ['a bitmap without rows', '06010000 00000000'],
    ['padding bits in a bitmap', '06010000 02000000 0500000000000000 0500'],
    ['padding bytes in a bitmap', '06010000 02000000 0100000000000001 0500'],
    ['a value under a null', '06010000 02000000 0100000000000000 0507'],
    ['a late value under a null', `07010000 09000000 ff00000000000000 ${'0500'.repeat(8)} 0001`],
    ['a bool under a null', '01010000 02000000 0100000000000000 02'],
    ['padding bits of bools', '01000000 02000000 04'],
    ['a NaN of its own', '0b000000 01000000 010000000000f87f'],
    ['a negative NaN', '0b000000 01000000 000000000000f8ff'],
    ['a float32 NaN of its own', '0a000000 01000000 0100c07f'],
    ['a first offset that is not 0', '11000000 01000000 01000000 02000000 6162'],
    ['offsets that fall', '11000000 02000000 00000000 02000000 01000000 61'],
    ['a last offset before the end', '11000000 01000000 00000000 01000000 6162'],
    ['a last offset past the end', '11000000 01000000 00000000 03000000 6162'],
    ['text under a null', '11010000 01000000 0000000000000000 00000000 01000000 61'],
    ['invalid UTF-8', '11000000 01000000 00000000 01000000 ff'],
    ['a surrogate', '11000000 01000000 00000000 03000000 eda080'],
    ['a character cut in two', '11000000 02000000 00000000 01000000 02000000 c3a9'],
    ['invalid UTF-8 in json', '13000000 01000000 00000000 01000000 ff'],
  ]
  it.each(cases)('refuses %s', (_, hex) => {
    expect(() => decodeColumn(bytes(hex))).toThrow(corrupt)
  })

  it.each([0, 1, 2, 3, 4, 5, 6])('refuses a NaN of its own in row %i of 7', (row) => {
    const values = Float64Array.from({ length: 7 }, (_, i) => (i % 2 === 0 ? -i : Infinity))
    const column: Column = { type: 'float64', length: 7, values }
    expect(decodeColumn(encodeColumn(column)).length).toBe(7)
    new Uint32Array(values.buffer).set([1, 0x7ff8_0000], 2 * row)
    expect(() => decodeColumn(encodeColumn(column))).toThrow(corrupt)
  })

  it('takes the same bytes where they are right', () => {
    expect(scalarsOf(decodeColumn(bytes('06010000 02000000 0100000000000000 0500')))).toEqual([
      5,
      null,
    ])
    expect(scalarsOf(decodeColumn(bytes('12000000 01000000 00000000 01000000 ff')))).toEqual([
      Uint8Array.of(255),
    ])
    expect(scalarsOf(decodeColumn(bytes('11000000 01000000 00000000 02000000 c3a9')))).toEqual([
      'é',
    ])
  })

  it('refuses more rows than the caller allows', () => {
    const encoded = encodeColumn(columnOf('int8', [1, 2, 3]))
    expect(decodeColumn(encoded, { maxRows: 3 }).length).toBe(3)
    expect(() => decodeColumn(encoded, { maxRows: 2 })).toThrow(corrupt)
    expect(() => decodeColumn(bytes('00000000 ffffffff'), { maxRows: 9 })).toThrow(corrupt)
  })

  it('either refuses damaged bytes or reads what encodes to just them', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(anyColumn, damage, fc.integer({ min: -9, max: 9 }), (column, edits, cut) => {
        const whole = encodeColumn(column)
        const damaged = new Uint8Array(Math.max(0, whole.length + (cut % 3)))
        damaged.set(whole.subarray(0, damaged.length))
        for (const [at, byte] of edits) {
          // Half of all damage goes to the header and what follows it.
          const span = at % 2 === 0 ? Math.min(24, damaged.length) : damaged.length
          damaged[(at >> 1) % Math.max(span, 1)] = byte
        }
        expectExactOrCorrupt(damaged)
      }),
      { numRuns: 4000 },
    )
  })

  it('either refuses random bytes or reads what encodes to just them', () => {
    const header = fc.tuple(
      fc.constantFrom(...columnTypes.keys()),
      fc.nat(1),
      fc.nat(20),
      fc.uint8Array({ maxLength: 200 }),
    )
    fc.assert(
      fc.property(header, ([type, flags, rows, rest]) => {
        expectExactOrCorrupt(Uint8Array.from([type, flags, 0, 0, rows, 0, 0, 0, ...rest]))
      }),
      { numRuns: 2000 },
    )
  })

  function expectExactOrCorrupt(given: Uint8Array): void {
    try {
      expect(encodeColumn(decodeColumn(given))).toEqual(given)
    } catch (error) {
      if (!hasCode(error, 'corrupt-object')) throw error
    }
  }
})

describe('ColumnBuilder', () => {
  it.each(columnTypes)('gives an empty %s column of a bare header (and offset)', (type) => {
    const encoded = encodeColumn(new ColumnBuilder(type).finish())
    expect(encoded.length).toBe(['string', 'binary', 'json'].includes(type) ? 12 : 8)
    expect(decodeColumn(encoded).length).toBe(0)
  })

  it('starts afresh after finish, whatever was in it', () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(...columnTypes)
          .chain((type) => fc.tuple(fc.constant(type), anyValues(type), anyValues(type))),
        fc.nat(80),
        ([type, first, second], capacity) => {
          const builder = new ColumnBuilder(type, capacity)
          for (const value of first) builder.append(value)
          const one = builder.finish()
          const kept = encodeColumn(one)
          for (const value of second) builder.append(value)
          expect(builder.length).toBe(second.length)
          expect(columnsEqual(builder.finish(), columnOf(type, second))).toBe(true)
          expect(encodeColumn(one)).toEqual(kept)
          for (const value of first) builder.append(value)
          builder.reset()
          for (const value of second) builder.append(value)
          expect(columnsEqual(builder.finish(), columnOf(type, second))).toBe(true)
        },
      ),
    )
  })

  it('takes 64-bit values as numbers and as halves', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const builder = new ColumnBuilder('int64')
        const bits = BigInt.asUintN(64, BigInt(value))
        builder.appendNumber(value)
        builder.appendBigInt(BigInt(value))
        builder.appendInt64(Number(bits & 0xffff_ffffn), Number(bits >> 32n))
        expect(scalarsOf(builder.finish())).toEqual(Array(3).fill(BigInt(value)))
      }),
    )
  })

  it('counts the bytes that its values take', () => {
    const builder = new ColumnBuilder('string')
    builder.append('é')
    builder.append(null)
    expect(builder.byteLength).toBe(canonicalLength(builder.finish()) - 16)
  })

  const wrong: [ColumnType, never][] = (
    [
      ['int8', 128],
      ['int8', 1.5],
      ['int8', '1'],
      ['uint32', -1],
      ['date', 2 ** 31],
      ['int64', 1],
      ['int64', 2n ** 63n],
      ['uint64', -1n],
      ['timestamp_ns', -(2n ** 63n) - 1n],
      ['float64', 1n],
      ['float32', 1e300],
      ['bool', 0],
      ['string', Uint8Array.of(1)],
      ['string', '\ud800'],
      ['binary', 'a'],
      ['null', 0],
    ] as const
  ).map(([type, value]) => [type, value as never])
  it.each(wrong)('refuses what is not a value of %s', (type, value) => {
    expect(() => columnOf(type, [value])).toThrow(
      expect.objectContaining({ code: 'invalid-value', data: expect.objectContaining({ type }) }),
    )
  })

  it('names the row whose text is not valid UTF-8', () => {
    const builder = new ColumnBuilder('string')
    builder.append('é')
    builder.appendBytes(Uint8Array.of(0xc3), 0, 1)
    builder.appendBytes(Uint8Array.of(0xa9), 0, 1)
    expect(() => builder.finish()).toThrow(
      expect.objectContaining({ code: 'invalid-value', data: { row: 1 } }),
    )
  })

  it('refuses a value of more than 64 MiB', () => {
    const builder = new ColumnBuilder('binary')
    const large = new Uint8Array(64 * 1024 * 1024 + 1)
    expect(() => builder.appendBytes(large, 0, large.length)).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    )
    builder.appendBytes(large, 1, large.length)
    expect(builder.length).toBe(1)
  })
})
