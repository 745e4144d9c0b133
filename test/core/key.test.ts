import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes } from '../../src/core/bytes.ts'
import { type ColumnType, columnTypes, type Scalar } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { hasCode } from '../../src/core/errors.ts'
import {
  branchBit,
  decodeKey,
  encodeKeyPrefix,
  encodeKeys,
  isIndexType,
  type Keys,
} from '../../src/core/key.ts'
import { anyValue } from '../support/columns.ts'
import { toldAs } from '../support/errors.ts'

const indexTypes = columnTypes.filter(isIndexType)
const anyIndexType = fc.constantFrom(...indexTypes)

/** Any value that an index column may hold. */
function anyPart(type: ColumnType): fc.Arbitrary<Scalar> {
  return anyValue(type).filter((value) => !Number.isNaN(value))
}

/** Types of index columns, and rows of values. */
const anyTuples = (rows: number) =>
  fc
    .array(anyIndexType, { minLength: 1, maxLength: 3 })
    .chain((types) =>
      fc.tuple(
        fc.constant(types),
        fc.array(fc.tuple(...types.map(anyPart)), { minLength: rows, maxLength: rows }),
      ),
    )

function keysOf(
  types: readonly ColumnType[],
  rows: readonly (readonly Scalar[])[],
  ranks?: Uint32Array,
): Keys {
  const columns = types.map((type, i) =>
    columnOf(
      type,
      rows.map((row) => row[i]!),
    ),
  )
  return encodeKeys(columns, ranks)
}

/** The order that values have on their own: an oracle that knows nothing of bytes. */
function compareValues(a: Scalar, b: Scalar): number {
  if (typeof a === 'string') return compareCharacters([...a], [...(b as string)])
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array)
  const x = a as number | bigint | boolean
  const y = b as number | bigint | boolean
  return x < y ? -1 : x > y ? 1 : 0
}

/** Order of code points, which is that of UTF-8. */
function compareCharacters(a: readonly string[], b: readonly string[]): number {
  for (const [i, character] of a.entries()) {
    if (i >= b.length) return 1
    const difference = character.codePointAt(0)! - b[i]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function compareTuples(a: readonly Scalar[], b: readonly Scalar[]): number {
  for (const [i, value] of a.entries()) {
    const order = compareValues(value, b[i]!)
    if (order !== 0) return order
  }
  return 0
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('encodeKeys', () => {
  it.each(indexTypes)('orders keys of %s as their values', (type) => {
    fc.assert(
      fc.property(anyPart(type), anyPart(type), (a, b) => {
        const keys = keysOf([type], [[a], [b]])
        const order = Math.sign(compareValues(a, b))
        expect(Math.sign(keys.compare(0, keys, 1))).toBe(order)
        expect(Math.sign(compareBytes(keys.at(0), keys.at(1)))).toBe(order)
      }),
      { numRuns: 1000 },
    )
  })

  it('orders keys of several columns as their values one after another', () => {
    fc.assert(
      fc.property(anyTuples(2), ([types, rows]) => {
        const keys = keysOf(types, rows)
        const order = Math.sign(compareTuples(rows[0]!, rows[1]!))
        expect(Math.sign(keys.compare(0, keys, 1))).toBe(order)
        expect(Math.sign(compareBytes(keys.at(0), keys.at(1)))).toBe(order)
      }),
      { numRuns: 2000 },
    )
  })

  it('never gives a key that another begins with', () => {
    fc.assert(
      fc.property(anyTuples(2), ([types, rows]) => {
        const keys = keysOf(types, rows)
        const [a, b] = [keys.at(0), keys.at(1)]
        if (hex(a) !== hex(b)) {
          expect(hex(a).startsWith(hex(b)) || hex(b).startsWith(hex(a))).toBe(false)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is undone by decodeKey, ranks included', () => {
    fc.assert(
      fc.property(anyTuples(1), fc.nat(0xffff_ffff), ([types, rows], rank) => {
        // −0 is +0 in a key.
        const values = rows[0]!.map((value) => (Object.is(value, -0) ? 0 : value))
        expect(decodeKey(keysOf(types, rows).at(0), types, false)).toEqual({ values })
        const ranked = keysOf(types, rows, Uint32Array.of(rank)).at(0)
        expect(decodeKey(ranked, types, true)).toEqual({ values, rank })
      }),
      { numRuns: 1000 },
    )
  })

  it('orders rows with equal values by rank', () => {
    for (const type of ['int8', 'string'] as const) {
      const value = type === 'int8' ? 1 : 'a'
      const keys = keysOf([type], [[value], [value]], Uint32Array.of(255, 256))
      expect(keys.compare(0, keys, 1)).toBeLessThan(0)
    }
  })

  it('has the same keys with ranks, by the key, in a slice and all of them', () => {
    const anyRow = fc.tuple(fc.integer({ min: -2, max: 2 }), fc.nat(3))
    const anyRows = fc.array(anyRow, { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(anyRows, fc.nat(19), (rows, some) => {
        const ranks = Uint32Array.from(rows, ([, rank]) => rank)
        const wide = (): Keys =>
          keysOf(
            ['int64'],
            rows.map(([value]) => [BigInt(value)]),
            ranks,
          )
        const narrow = keysOf(['int8'], rows, ranks)
        const last = rows.length - 1
        const from = Math.min(some, last)
        const keys = wide()
        for (let i = 0; i < rows.length; i++) expect(keys.at(i)).toEqual(narrow.at(i))
        expect(keys.slice(from, rows.length).at(0)).toEqual(narrow.at(from))
        expect(keys.branchBit(from, keys, last)).toBe(narrow.branchBit(from, narrow, last))
        expect(wide().slice(from, rows.length).order()).toEqual(
          narrow.slice(from, rows.length).order(),
        )
        expect(keys.compare(from, keys, last)).toBe(narrow.compare(from, narrow, last))
        expect(keys.firstNotAscending()).toBe(narrow.firstNotAscending())
        expect(keys.at(last)).toEqual(narrow.at(last))
      }),
    )
  })

  it('takes the two zeros for one key and orders all other doubles', () => {
    const values = [-Infinity, -1e300, -1, -5e-324, -0, 0, 5e-324, 1, 1e300, Infinity]
    for (const type of ['float64', 'float32'] as const) {
      const fitting = values.filter((v) => type === 'float64' || Math.fround(v) === v)
      const keys = keysOf(
        [type],
        fitting.map((value) => [value]),
      )
      const zero = fitting.indexOf(0)
      expect(keys.compare(zero, keys, zero + 1)).toBe(0)
      expect(keys.firstDescending()).toBe(keys.length)
      expect(keys.firstNotAscending()).toBe(zero + 1)
    }
  })

  it('sorts 😀 after U+FFFF', () => {
    const keys = keysOf(['string'], [['😀'], ['\uFFFF'], ['\uFFFF\u0001'], ['z']])
    expect([...keys.order()]).toEqual([3, 1, 2, 0])
  })

  it('refuses nulls, NaN, json and null columns', () => {
    const bad = toldAs('bad-input')
    const at2 = expect.objectContaining({ code: 'bad-input', data: { row: 2 } })
    expect(() => encodeKeys([columnOf('int8', [1, 2, null])])).toThrow(at2)
    expect(() => encodeKeys([columnOf('float64', [1, 2, Number.NaN])])).toThrow(at2)
    expect(() => encodeKeys([columnOf('float32', [1, 2, Number.NaN])])).toThrow(at2)
    expect(() => encodeKeys([columnOf('json', ['1'])])).toThrow(bad)
    expect(() => encodeKeys([columnOf('null', [null])])).toThrow(bad)
  })

  it('refuses keys of more than 1 KiB', () => {
    const long = (length: number) => columnOf('string', ['a', 'x'.repeat(length)])
    expect(encodeKeys([long(1022)]).at(1).length).toBe(1024)
    expect(() => encodeKeys([long(1023)])).toThrow(
      expect.objectContaining({ code: 'bad-input', data: { length: 1025, row: 1 } }),
    )
    const told = toldAs('bad-input')
    expect(() => encodeKeys([columnOf('binary', [new Uint8Array(512)])])).toThrow(told)
    const columns = (count: number) => Array(count).fill(columnOf('int8', [1]))
    expect(encodeKeys(columns(128)).at(0).length).toBe(1024)
    expect(() => encodeKeys(columns(129))).toThrow(told)
    expect(() => encodeKeys(columns(128), Uint32Array.of(1))).toThrow(told)
    expect(() => encodeKeys([long(1019)], Uint32Array.of(1, 2))).toThrow(told)
    expect(encodeKeys([long(1018)], Uint32Array.of(1, 2)).at(1).length).toBe(1024)
  })
})

describe('encodeKeyPrefix', () => {
  it('is what keys with these first values begin with', () => {
    fc.assert(
      fc.property(anyTuples(1), fc.nat(3), ([types, rows], count) => {
        const key = keysOf(types, rows).at(0)
        const prefix = encodeKeyPrefix(types, rows[0]!.slice(0, count))
        expect(hex(key).startsWith(hex(prefix))).toBe(true)
        if (count >= types.length) expect(prefix).toEqual(key)
      }),
    )
  })

  it('refuses values that are no index values', () => {
    expect(() => encodeKeyPrefix(['int8'], [300])).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    )
    for (const values of [[null], [Number.NaN], [1, 2]]) {
      expect(() => encodeKeyPrefix(['float64'], values)).toThrow(toldAs('bad-input'))
    }
    const half = 'x'.repeat(510)
    expect(encodeKeyPrefix(['string', 'string'], [half, half])).toHaveLength(1024)
    expect(() => encodeKeyPrefix(['string', 'string'], [half, `${half}x`])).toThrow(
      toldAs('bad-input'),
    )
  })
})

describe('decodeKey', () => {
  it('either refuses bytes or gives values that encode to just them', () => {
    const near = anyTuples(1).chain(([types, rows]) =>
      fc.tuple(
        fc.constant(types),
        fc.constant(keysOf(types, rows).at(0)),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 2 }),
        fc.integer({ min: -2, max: 1 }),
      ),
    )
    fc.assert(
      fc.property(near, ([types, key, edits, grow]) => {
        const bytes = new Uint8Array(Math.max(0, key.length + grow))
        bytes.set(key.subarray(0, bytes.length))
        for (const [at, byte] of edits) bytes[at % Math.max(1, bytes.length)] = byte
        try {
          const { values } = decodeKey(bytes, types, false)
          expect(keysOf(types, [values]).at(0)).toEqual(bytes)
        } catch (error) {
          if (!hasCode(error, 'corrupt-object')) throw error
        }
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['a bool of 2', '02', 'bool'],
    ['a number cut short', '80000000000000', 'int64'],
    ['bytes behind the end', '800000000000000000', 'int64'],
    ['a number that is too large', '8000000000000080', 'int8'],
    ['a negative unsigned number', '7fffffffffffffff', 'uint32'],
    ['−0', '7fffffffffffffff', 'float64'],
    ['NaN', 'fff8000000000000', 'float64'],
    ['a double as a float32', 'bfb999999999999a', 'float32'],
    ['text without its end', '6161', 'string'],
    ['a zero byte that is not escaped', '0001', 'string'],
    ['text that is not UTF-8', 'ff0000', 'string'],
  ] as const)('refuses %s', (_, bytes, type) => {
    expect(() => decodeKey(Buffer.from(bytes, 'hex'), [type], false)).toThrow(
      toldAs('corrupt-object'),
    )
  })
})

describe('Keys', () => {
  const lists = anyTuples(40)

  it('sorts, cuts and takes rows as their bytes do', () => {
    fc.assert(
      fc.property(lists, fc.nat(40), fc.nat(40), ([types, rows], x, y) => {
        const keys = keysOf(types, rows)
        const sorted = keys.take(keys.order())
        expect(sorted.firstDescending()).toBe(40)
        const all = Array.from({ length: 40 }, (_, i) => hex(keys.at(i)))
        const expected = all.map((_, i) => i).sort((a, b) => compareBytes(keys.at(a), keys.at(b)))
        expect([...keys.order()]).toEqual(expected)
        const from = Math.min(x, y)
        const slice = sorted.slice(from, Math.max(x, y))
        expect(Array.from({ length: slice.length }, (_, i) => hex(slice.at(i)))).toEqual(
          expected.slice(from, Math.max(x, y)).map((row) => all[row]),
        )
      }),
    )
  })

  it('finds bounds as counting does', () => {
    fc.assert(
      fc.property(lists, fc.nat(39), fc.nat(3), ([types, rows], row, parts) => {
        const keys = keysOf(types, rows)
        const sorted = keys.take(keys.order())
        const probe = encodeKeyPrefix(types, rows[row]!.slice(0, parts))
        const all = Array.from({ length: 40 }, (_, i) => sorted.at(i))
        const less = all.filter((key) => compareBytes(key, probe) < 0).length
        const within = all.filter((key) => hex(key).startsWith(hex(probe))).length
        expect(sorted.lowerBound(probe)).toBe(less)
        expect(sorted.upperBound(probe)).toBe(less + within)
      }),
    )
  })

  it('finds where keys stop ascending', () => {
    const small = fc.array(fc.nat(5), { maxLength: 12 })
    fc.assert(
      fc.property(small, fc.constantFrom('int16' as const, 'string' as const), (list, type) => {
        const rows = list.map((n) => [type === 'string' ? String(n) : n])
        const keys = keysOf([type], rows)
        const first = (test: (a: number, b: number) => boolean) => {
          const at = list.findIndex((n, i) => i > 0 && test(list[i - 1]!, n))
          return at === -1 ? list.length : at
        }
        expect(keys.firstNotAscending()).toBe(first((a, b) => a >= b))
        expect(keys.firstDescending()).toBe(first((a, b) => a > b))
      }),
    )
  })

  it('gives the same branching bit as the bytes, the first that differs', () => {
    fc.assert(
      fc.property(anyTuples(2), ([types, rows]) => {
        const keys = keysOf(types, rows)
        const bit = keys.branchBit(0, keys, 1)
        expect(bit).toBe(branchBit(keys.at(0), keys.at(1)))
        const bits = [0, 1].map((i) =>
          Array.from(keys.at(i), (byte) => byte.toString(2).padStart(8, '0')).join(''),
        )
        expect(bit).toBe([...bits[0]!].findIndex((digit, i) => digit !== bits[1]![i]))
      }),
      { numRuns: 1000 },
    )
    expect(branchBit(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(8)
  })

  it('sorts many rows stably', () => {
    const count = 20_000
    let state = 7
    const next = (limit: number) => {
      state = (state * 48_271) % 0x7fff_ffff
      return state % limit
    }
    const rows = Array.from({ length: count }, () => [
      BigInt(next(2)) * 2n ** 62n - BigInt(next(5000)),
      next(3),
    ])
    const keys = keysOf(['int64', 'uint8'], rows)
    const order = keys.order()
    for (let i = 1; i < count; i++) {
      const step = compareTuples(rows[order[i - 1]!]!, rows[order[i]!]!)
      if (step > 0 || (step === 0 && order[i - 1]! >= order[i]!)) expect.fail(`row ${i}`)
    }
    expect(new Set(order).size).toBe(count)
  })
})
