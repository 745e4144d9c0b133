import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../../src/core/bytes.ts'
import type { ColumnType, Scalar } from '../../../src/core/column.ts'
import { columnOf } from '../../../src/core/column-builder.ts'
import { decodeColumn, encodeColumn } from '../../../src/core/column-codec.ts'
import { decodeColumnBody, encodeColumnBody } from '../../../src/core/encoding/body.ts'
import { kernelsFor } from '../../../src/core/encoding/kernels.ts'
import { loadZstd } from '../../../src/storage/zstd.ts'
import { anyColumn, anyType, anyValue, doubleOfBits, floatOfBits } from '../../support/columns.ts'
import { variedColumns } from '../../support/varied-columns.ts'

const zstd = await loadZstd()

/** Encodes, decodes, compares; the length of the body, or undefined where nothing was gained. */
function roundTrip(canonical: Uint8Array): number | undefined {
  const body = encodeColumnBody(canonical, 3, zstd)
  if (body === undefined) return undefined
  expect(body.length).toBeLessThan(canonical.length)
  if (!equalBytes(decodeColumnBody(body, canonical.length, zstd), canonical)) {
    throw new Error('other bytes came back')
  }
  // What lies there from before must not shine through.
  const kernels = kernelsFor(0, canonical.length)
  kernels.bytes(canonical.length + 64).fill(0xa5)
  if (!equalBytes(decodeColumnBody(body, canonical.length, zstd, true), canonical)) {
    throw new Error('other bytes came back to where they need not last')
  }
  return body.length
}

const bytesOf = (type: ColumnType, values: readonly Scalar[]): Uint8Array =>
  encodeColumn(columnOf(type, values))

/** How many bytes a column of these values takes. */
const sizeOf = (type: ColumnType, values: readonly Scalar[]): number | undefined =>
  roundTrip(bytesOf(type, values))

const times = <T>(count: number, value: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => value(i))

describe('what an encoding gives back', () => {
  it('is what it was given, for any column', () => {
    fc.assert(
      fc.property(anyColumn, (column) => void roundTrip(encodeColumn(column))),
      { numRuns: 1500 },
    )
  })

  it('is so for columns of few distinct values, in runs, with many nulls', () => {
    const columns = anyType
      .filter((type) => type !== 'null')
      .chain((type) =>
        fc.tuple(
          fc.constant(type),
          fc.array(fc.option(anyValue(type), { freq: 3 }), { minLength: 1, maxLength: 5 }),
          fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 90 })), { maxLength: 40 }),
        ),
      )
    fc.assert(
      fc.property(columns, ([type, values, runs]) => {
        const all = runs.flatMap(([at, count]) => times(count, () => values[at % values.length]!))
        roundTrip(bytesOf(type, all))
      }),
      { numRuns: 600 },
    )
  })

  it('is so for one number again and again, with others among it', () => {
    const columns = fc.constantFrom<ColumnType>('float64', 'float32', 'int64', 'int16')
    fc.assert(
      fc.property(
        columns.chain((type) => fc.tuple(fc.constant(type), anyValue(type), anyValue(type))),
        fc.constantFrom(0, -12.25, 0.5, 1e9),
        fc.integer({ min: 2, max: 400 }),
        fc.array(fc.nat(399), { maxLength: 3 }),
        ([type, value, other], short, count, places) => {
          const usual = type.startsWith('float') ? short : value
          roundTrip(
            bytesOf(
              type,
              times(count, (i) => (places.includes(i) ? other : usual)),
            ),
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is so for sums of any steps, with any divisor, from any start', () => {
    const steps = fc.oneof(
      fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 300 }),
      fc.array(fc.constantFrom(0, 1, 1000), { maxLength: 300 }),
      fc.array(fc.maxSafeInteger(), { maxLength: 40 }),
    )
    const starts = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    const divisors = fc.constantFrom(1n, 7n, 1000n, 3_600_000_000_000n, 2n ** 51n)
    fc.assert(
      fc.property(
        steps,
        starts,
        divisors,
        fc.constantFrom<ColumnType>('int64', 'uint64'),
        (...all) => {
          const [list, start, divisor, type] = all
          let value = start
          const values = list.map((step) => {
            value = BigInt.asIntN(64, value + BigInt(step) * divisor)
            return type === 'int64' ? value : BigInt.asUintN(64, value)
          })
          roundTrip(bytesOf(type, values))
        },
      ),
      { numRuns: 800 },
    )
  })

  it('is so for decimals, nearly decimals, and their neighbours', () => {
    const value = fc
      .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.nat(12))
      .map(([k, e]) => k / 10 ** e)
    const odd = fc.constantFrom(-0, 0, Number.NaN, Infinity, -Infinity, 5e-324, 2 ** 51, 2 ** 53)
    const neighbour = value.map((v) => {
      const bits = new BigUint64Array(Float64Array.of(v).buffer)[0]!
      return doubleOfBits(bits ^ 1n)
    })
    const values = fc.array(fc.oneof({ weight: 20, arbitrary: value }, odd, neighbour), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(values, (list) => {
        roundTrip(bytesOf('float64', list))
        roundTrip(bytesOf('float32', list.map(Math.fround)))
      }),
      { numRuns: 400 },
    )
  })

  it('is so for long columns of many kinds', () => {
    for (const { canonical } of variedColumns(9000)) roundTrip(canonical)
  })

  it('is so for bytes that are no proper column, or they are not encoded at all', () => {
    const canonical = bytesOf('int32', [...times(99, (i) => i), null])
    for (let at = 0; at < 60; at++) {
      for (const change of [1, 0x80, 0xff]) {
        const bytes = canonical.slice()
        bytes[at]! ^= change
        roundTrip(bytes)
      }
    }
    for (let length = 0; length < canonical.length; length++) roundTrip(canonical.slice(0, length))
  })

  it('does not depend on where the bytes lie in memory', () => {
    const canonical = bytesOf(
      'float64',
      times(500, (i) => i / 100),
    )
    const shifted = new Uint8Array(canonical.length + 3).subarray(3)
    shifted.set(canonical)
    expect(encodeColumnBody(shifted, 3, zstd)).toEqual(encodeColumnBody(canonical, 3, zstd))
    expect(roundTrip(shifted)).toBe(roundTrip(canonical))
  })

  it('can be decoded as a column', () => {
    const values = times(300, (i) => (i % 7 === 0 ? null : BigInt(i) * 1_000_000_007n))
    const canonical = bytesOf('timestamp_ns', values)
    const body = encodeColumnBody(canonical, 3, zstd)!
    const column = decodeColumn(decodeColumnBody(body, canonical.length, zstd))
    expect(encodeColumn(column)).toEqual(canonical)
  })
})

describe('the size of an encoded column', () => {
  it('is some bytes where all values are equal or on a line', () => {
    const n = 10_000
    expect(
      sizeOf(
        'timestamp_ns',
        times(n, (i) => 1_700_000_000_000_000_000n + BigInt(i) * 10n ** 9n),
      ),
    ).toBeLessThan(32)
    expect(
      sizeOf(
        'int64',
        times(n, (i) => 2n ** 63n - 1n - BigInt(i)),
      ),
    ).toBeLessThan(32)
    expect(
      sizeOf(
        'date',
        times(n, (i) => i - 5000),
      ),
    ).toBeLessThan(20)
    expect(
      sizeOf(
        'float64',
        times(n, () => 66.02),
      ),
    ).toBeLessThan(20)
    expect(
      sizeOf(
        'float64',
        times(n, (i) => (i - 300) / 4),
      ),
    ).toBeLessThan(20)
    expect(
      sizeOf(
        'float32',
        times(n, () => Math.fround(0.1)),
      ),
    ).toBeLessThan(40)
    expect(
      sizeOf(
        'uint8',
        times(n, () => 255),
      ),
    ).toBeLessThan(20)
    expect(
      sizeOf(
        'int32',
        times(n, () => null),
      ),
    ).toBeLessThan(20)
    expect(
      sizeOf(
        'bool',
        times(n, () => true),
      ),
    ).toBeLessThan(12)
  })

  it('is bytes a gap where a regular time has gaps', () => {
    const day = 86_400n
    const weekdays = times(2600, (i) => BigInt(Math.floor(i / 5) * 7 + (i % 5)) * day)
    expect(sizeOf('timestamp_s', weekdays)).toBeLessThan(80)
  })

  it('hardly grows with a few exceptions', () => {
    const clean = times(8000, (i) => Math.round(5000 + 100 * Math.sin(i / 50)) / 100)
    const odd = [Number.NaN, -0, Infinity, 0.1 + 0.2, 5e-324]
    const dirty = clean.map((value, i) => (i % 1601 === 0 ? odd[i / 1601]! : value))
    expect(sizeOf('float64', dirty)! - sizeOf('float64', clean)!).toBeLessThan(130)
  })

  it('is never more than that of the bytes themselves, noise included', () => {
    let bits = 12345
    const noise = times(3000, () => {
      bits = (Math.imul(bits, 1_103_515_245) + 12_345) >>> 0
      return floatOfBits(bits)
    }).filter((value) => !Number.isNaN(value))
    sizeOf('float32', noise)
  })
})
