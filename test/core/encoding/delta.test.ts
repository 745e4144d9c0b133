import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../../src/core/bytes.ts'
import type { ColumnType, Scalar } from '../../../src/core/column.ts'
import { columnOf } from '../../../src/core/column-builder.ts'
import { encodeColumn } from '../../../src/core/column-codec.ts'
import { type Delta, decodeDelta, encodeDelta } from '../../../src/core/encoding/delta.ts'
import { hasCode } from '../../../src/core/errors.ts'
import type { ObjectKind } from '../../../src/core/id.ts'
import { loadZstd } from '../../../src/storage/zstd.ts'
import { anyType, anyValue } from '../../support/columns.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { variedColumns } from '../../support/varied-columns.ts'

const zstd = await loadZstd()

/** Encodes, decodes, compares; the length of the difference, or undefined where there is none. */
function roundTrip(kind: ObjectKind, fresh: Uint8Array, base: Uint8Array): number | undefined {
  const delta = encodeDelta(kind, fresh, base, 1, zstd)
  if (delta === undefined) return undefined
  expect(encodeDelta(kind, fresh, base, 1, zstd)).toEqual(delta)
  if (!equalBytes(decodeDelta(kind, delta, base, fresh.length, zstd), fresh)) {
    throw new Error('other bytes came back')
  }
  return delta.body.length
}

const bytesOf = (type: ColumnType, values: readonly Scalar[]): Uint8Array =>
  encodeColumn(columnOf(type, values))

const times = <T>(count: number, value: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => value(i))

/** Values, and the same with some replaced, put in, left out, swapped. */
const anyPair = anyType
  .filter((type) => type !== 'null')
  .chain((type) => {
    const value = fc.option(anyValue(type), { freq: 8 })
    const edit = fc.tuple(fc.nat(3), fc.nat(200), fc.array(value, { maxLength: 6 }))
    return fc.tuple(
      fc.constant(type),
      fc.oneof(
        fc.array(value, { maxLength: 60 }),
        fc
          .tuple(fc.array(value, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(5)))
          .map(([some, picks]) => picks.map((pick) => some[pick % some.length]!)),
      ),
      fc.array(edit, { maxLength: 5 }),
    )
  })
  .map(([type, values, edits]) => {
    const edited = [...values]
    for (const [kind, at, given] of edits) {
      const place = at % (edited.length + 1)
      if (kind === 0) edited.splice(place, given.length, ...given)
      else if (kind === 1) edited.splice(place, 0, ...given)
      else if (kind === 2) edited.splice(place, given.length)
      else edited.push(...edited.splice(place, given.length))
    }
    return { type, values, edited }
  })

describe('a difference between columns', () => {
  it('makes one of the other, in both directions, whatever was edited', () => {
    fc.assert(
      fc.property(anyPair, ({ type, values, edited }) => {
        const base = bytesOf(type, values)
        const fresh = bytesOf(type, edited)
        expect(roundTrip('column', fresh, base)).toBeDefined()
        expect(roundTrip('column', base, fresh)).toBeDefined()
      }),
      { numRuns: 1500 },
    )
  })

  it('makes any column of a type of any other', () => {
    const pairs = anyType.chain((type) => {
      const values = fc.array(
        type === 'null' ? fc.constant(null) : fc.option(anyValue(type), { freq: 9 }),
      )
      return fc.tuple(fc.constant(type), values, values)
    })
    fc.assert(
      fc.property(pairs, ([type, a, b]) => {
        const delta = roundTrip('column', bytesOf(type, a), bytesOf(type, b))
        expect(delta === undefined).toBe(type === 'null')
      }),
      { numRuns: 500 },
    )
  })

  const columns = variedColumns(20_000, 5)
  const others = variedColumns(20_000, 6)

  it.each(columns.map(({ name, canonical }) => [name, canonical] as const))(
    '%s: a part of a longer or an earlier column takes next to nothing',
    (_, canonical) => {
      const other = others.find((column) => column.canonical[0] === canonical[0])!
      expect(roundTrip('column', canonical, canonical)).toBe(1)
      roundTrip('column', canonical, other.canonical)
    },
  )

  it('of one value among many is a few bytes, also where it is not as short as the others', () => {
    const values = times(30_000, (i) => Math.round(2000 + 900 * Math.sin(i / 77)) / 100)
    const base = bytesOf('float64', values)
    for (const odd of [17.31, 0.1 + 0.2, -0, Number.NaN, 1e300, null, 17.123456]) {
      const edited: Scalar[] = [...values]
      edited[12_345] = odd
      expect(roundTrip('column', bytesOf('float64', edited), base)).toBeLessThan(20)
    }
    const time = times(30_000, (i) => 10n ** 18n + BigInt(i) * 10n ** 9n)
    const moved = time.with(500, time[500]! + 1n)
    expect(roundTrip('column', bytesOf('timestamp_ns', moved), bytesOf('timestamp_ns', time))).toBe(
      7,
    )
  })

  it('of rows put in or left out in the middle, or at the end, is a few bytes', () => {
    const values = times(30_000, (i) => Math.round(2000 + 900 * Math.sin(i / 77)) / 100)
    const names = values.map((value, i) => (i % 9 === 0 ? null : `a name ${value}`))
    const lists: [ColumnType, Scalar[]][] = [
      ['float64', values],
      ['string', names],
      ['bool', values.map((value) => value > 20)],
    ]
    for (const [type, list] of lists) {
      const base = bytesOf(type, list)
      for (const edited of [
        list.toSpliced(12_345, 1),
        list.toSpliced(12_345, 0, list[77]!),
        [...list, list[3]!],
        list.slice(0, 15_000),
        list.toSpliced(20_000, 10).toSpliced(10, 0, list[5000]!).with(15_000, list[3]!),
      ]) {
        expect(roundTrip('column', bytesOf(type, edited), base)).toBeLessThan(100)
      }
    }
  })

  it('of values that all moved by the same is next to nothing', () => {
    const random = seededRandom(3)
    const values = times(20_000, () => Math.round(20_000 * random()))
    const base = bytesOf(
      'float64',
      values.map((value) => value / 100),
    )
    const shifted = bytesOf(
      'float64',
      values.map((value) => (value + 150) / 100),
    )
    expect(roundTrip('column', shifted, base)).toBeLessThan(100)
    const whole = bytesOf('int64', values.map(BigInt))
    const more = bytesOf(
      'int64',
      values.map((value) => BigInt(value) + 7n),
    )
    expect(roundTrip('column', more, whole)).toBeLessThan(100)
  })

  it('of values that were all multiplied is the factor, whatever else is among them', () => {
    const values = times(20_000, (i) => Math.round(2000 + 900 * Math.sin(i / 77)) / 100)
    const cents = (value: number): number => Math.round(value * 100) / 100
    const factor = fc.oneof(
      fc.constantFrom(1 / 3, 1 / 1.01, -1),
      fc.double({ min: 0.1, max: 9, noNaN: true }),
    )
    const short = fc.constantFrom(1.01, 0.5, 1000, 0.995)
    const odd = fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, null, 1e-310)
    fc.assert(
      fc.property(
        fc.oneof(
          fc.tuple(
            factor,
            fc.constant((value: number) => value),
          ),
          fc.tuple(short, fc.constant(cents)),
        ),
        fc.array(fc.tuple(fc.nat(19_999), odd), { maxLength: 5 }),
        fc.nat(9000),
        ([factor, round], odds, from) => {
          const before: Scalar[] = [...values]
          for (const [at, value] of odds) before[at] = value
          const edited = before.map((value, i) =>
            typeof value !== 'number' || i < from ? value : round(value * factor),
          )
          const base = bytesOf('float64', before)
          expect(encodeDelta('column', bytesOf('float64', edited), base, 1, zstd)?.form).toBe(
            'factor',
          )
          expect(roundTrip('column', bytesOf('float64', edited), base)).toBeLessThan(400)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('of texts of which each changed a little refers to them', () => {
    const random = seededRandom(4)
    const texts = times(2000, (i) => `{"station": "${i}", "level": ${Math.round(1e9 * random())}}`)
    const edited = texts.map((text) => text.replace('level', 'depth'))
    const delta = encodeDelta('column', bytesOf('json', edited), bytesOf('json', texts), 1, zstd)!
    expect(delta.form).toBe('dictionary')
    expect(roundTrip('column', bytesOf('json', edited), bytesOf('json', texts))).toBeLessThan(
      0.8 * bytesOf('json', edited).length,
    )
  })

  it('is none where the types differ', () => {
    expect(roundTrip('column', bytesOf('int32', [1]), bytesOf('int64', [1n]))).toBeUndefined()
  })
})

describe('a difference between bytes', () => {
  const kinds: ObjectKind[] = ['blob', 'series', 'tree', 'segments', 'columns', 'commit', 'tag']

  it('makes one of the other, whatever was edited', () => {
    const edits = fc.array(fc.tuple(fc.nat(5000), fc.nat(40), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.uint8Array({ maxLength: 3000 }),
        edits,
        (kind, base, changes) => {
          const list = [...base]
          for (const [at, left, put] of changes) list.splice(at % (list.length + 1), left, ...put)
          const edited = Uint8Array.from(list)
          roundTrip(kind, edited, base)
          roundTrip(kind, base, edited)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('is as short as what changed', () => {
    const random = seededRandom(9)
    const base = Uint8Array.from({ length: 9000 }, () => 256 * random())
    const edited = base.slice()
    for (const at of [100, 4000, 4100, 8999]) edited[at]! ^= 1
    expect(roundTrip('tree', edited, base)).toBeLessThan(30)
    const moved = Uint8Array.from([...base.slice(0, 700), 1, 2, 3, ...base.slice(900), 4])
    expect(roundTrip('tree', moved, base)).toBeLessThan(20)
  })

  it('to a base that begins as a dictionary of zstd does is read', () => {
    const random = seededRandom(8)
    const base = Uint8Array.from({ length: 9000 }, () => 256 * random())
    base.set([0x37, 0xa4, 0x30, 0xec])
    const edited = Uint8Array.from({ length: 4500 }, (_, i) => base[2 * i - (i % 90)]!)
    const delta = encodeDelta('blob', edited, base, 1, zstd)
    if (delta !== undefined) roundTrip('blob', edited, base)
    const shuffled = times(90, (i) => base.slice(100 * (89 - i), 100 * (90 - i)))
    const blob = Uint8Array.from(shuffled.flatMap((piece) => [...piece]))
    expect(encodeDelta('blob', blob, base, 1, zstd)?.form).toBe('dictionary')
    expect(roundTrip('blob', blob, base)).toBeLessThan(1000)
  })
})

/** Decodes what may be anything: it is bytes of the length, or a known error. */
function decode(kind: ObjectKind, delta: Delta, base: Uint8Array, length: number): void {
  try {
    expect(decodeDelta(kind, delta, base, length, zstd).length).toBe(length)
  } catch (error) {
    if (!hasCode(error, 'corrupt-object') && !hasCode(error, 'too-large')) throw error
  }
}

describe('a difference that has been tampered with', () => {
  it('is bytes of the declared length or corrupt', () => {
    const random = seededRandom(1)
    const [even, odd] = [variedColumns(300, 2), variedColumns(310, 2)]
    const pairs = variedColumns(300, 1).map(({ canonical, type }, i) => {
      const base = (i % 2 === 0 ? even : odd)[i]!
      return { fresh: canonical, base: base.canonical, type }
    })
    for (const { fresh, base } of pairs) {
      const delta = encodeDelta('column', fresh, base, 1, zstd)
      if (delta === undefined) continue
      for (let round = 0; round < 300; round++) {
        const body = delta.body.slice(0, Math.ceil(delta.body.length * Math.min(1, 4 * random())))
        for (let change = 0; change < 3; change++) {
          body[Math.floor(body.length * random() ** 4)] = Math.floor(256 * random())
        }
        const length = random() < 0.7 ? fresh.length : Math.floor(3 * fresh.length * random())
        decode('column', { form: delta.form, body }, base, length)
        decode('column', { form: 'dictionary', body }, base, length)
        decode('column', { form: 'factor', body }, base, length)
        decode('tree', { form: 'bytes', body }, base, length)
      }
    }
  })

  it('is corrupt where much is declared', () => {
    const body = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)
    for (const form of ['rows', 'bytes', 'dictionary', 'factor'] as const) {
      const base = bytesOf('int64', [1n, 2n])
      for (const length of [0, 24, 2 ** 24, 2 ** 40]) {
        expect(() => decodeDelta('column', { form, body }, base, length, zstd)).toThrow()
      }
    }
  })
})
