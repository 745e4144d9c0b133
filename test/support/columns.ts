import fc from 'fast-check'
import { type Column, type ColumnType, columnTypes, type Scalar } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { scalarAt } from '../../src/core/column-ops.ts'
import { numberRange } from '../../src/core/scalar.ts'
import { anyCodePoint } from './any-code-point.ts'

/** The double with these 64 bits. */
export function doubleOfBits(bits: bigint): number {
  return new Float64Array(new BigUint64Array([bits]).buffer)[0]!
}

/** The float32 with these 32 bits. */
export function floatOfBits(bits: number): number {
  return new Float32Array(new Uint32Array([bits]).buffer)[0]!
}

const doubles = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(doubleOfBits),
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 5e-324, -5e-324, 2 ** 53, 0.1),
)

const floats = fc.oneof(
  fc.nat(0xffff_ffff).map(floatOfBits),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 2 ** -149, Math.fround(0.1)),
)

const text = fc.oneof(
  fc.string({ unit: anyCodePoint, maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', '\0', 'a', 'a\0', 'a\0b', '\uFFFF', '😀', 'é', '\u0001'),
)

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(fc.constantFrom(0, 1, 0xff), { maxLength: 4 }).map((list) => Uint8Array.from(list)),
)

/** Any value of a type, its limits often; never null. */
export function anyValue(type: ColumnType): fc.Arbitrary<Exclude<Scalar, null>> {
  const range = numberRange(type)
  if (range !== undefined) {
    const [min, max] = range
    return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, 0, 1, max - 1))
  }
  switch (type) {
    case 'bool':
      return fc.boolean()
    case 'float64':
      return doubles
    case 'float32':
      return floats
    case 'string':
      return text
    case 'json':
      return fc.json({ maxDepth: 2 }).filter((json) => !/\p{Surrogate}/u.test(json))
    case 'binary':
      return bytes
    case 'uint64':
      return wide(0n, 2n ** 64n - 1n)
    default:
      return wide(-(2n ** 63n), 2n ** 63n - 1n)
  }
}

function wide(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  return fc.oneof(
    fc.bigInt({ min, max }),
    fc.constantFrom(min, max, 0n, 1n, max - 1n, min + 1n, 0xffff_ffffn, 0x1_0000_0000n),
  )
}

/** Values of a type for a whole column: with many nulls, few or none. */
export function anyValues(type: ColumnType, maxLength = 70): fc.Arbitrary<Scalar[]> {
  if (type === 'null') return fc.array(fc.constant(null), { maxLength })
  const value = anyValue(type)
  return fc.oneof(
    fc.array(value, { maxLength }),
    fc.array(fc.option(value, { freq: 2 }), { maxLength }),
    fc.array(fc.option(value, { freq: 20 }), { maxLength }),
  )
}

export const anyType: fc.Arbitrary<ColumnType> = fc.constantFrom(...columnTypes)

/** A column of any type. */
export const anyColumn: fc.Arbitrary<Column> = anyType.chain((type) =>
  anyValues(type).map((values) => columnOf(type, values)),
)

/** All values of a column. */
export function scalarsOf(column: Column): Scalar[] {
  return Array.from({ length: column.length }, (_, row) => scalarAt(column, row))
}
