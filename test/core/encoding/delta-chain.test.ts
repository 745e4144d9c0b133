import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../../src/core/column.ts'
import { columnOf } from '../../../src/core/column-builder.ts'
import { decodeColumn, encodeColumn } from '../../../src/core/column-codec.ts'
import { encodeDelta } from '../../../src/core/encoding/delta.ts'
import { decodeRowsChain } from '../../../src/core/encoding/delta-chain.ts'
import { hasCode } from '../../../src/core/errors.ts'
import { loadZstd } from '../../../src/storage/zstd.ts'
import { effort } from '../../support/effort.ts'

const zstd = await loadZstd()

const bytesOf = (type: ColumnType, values: readonly Scalar[]): Uint8Array =>
  encodeColumn(columnOf(type, values))

/** Replaces some values, puts some in, leaves some out. */
const anyEdit = fc.record({
  at: fc.nat(200),
  left: fc.nat(4),
  put: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 4 }),
})

/** A column and what one edit after another makes of it. */
const anyVersions = fc
  .record({
    first: fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 80 }),
    edits: fc.array(fc.array(anyEdit, { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 12,
    }),
  })
  .map(({ first, edits }) => {
    const versions = [first]
    for (const some of edits) {
      const next = [...versions.at(-1)!]
      for (const { at, left, put } of some) {
        const place = at % (next.length + 1)
        next.splice(place, left, ...put.map((more) => (next[place] ?? next.at(-1) ?? 0) + more))
      }
      versions.push(next)
    }
    return versions
  })

function chainOf(versions: readonly Uint8Array[]) {
  return versions.slice(1).flatMap((fresh, i) => {
    const delta = encodeDelta('column', fresh, versions[i]!, 1, zstd)
    return delta?.form === 'rows' ? [{ body: delta.body, length: fresh.length }] : []
  })
}

describe('differences of columns that follow one another', () => {
  it('make the last column of the first, as they do one by one', () => {
    fc.assert(
      fc.property(
        anyVersions,
        fc.constantFrom<[ColumnType, (value: number) => Scalar]>(
          ['float64', (value) => value / 100],
          ['int64', (value) => BigInt(value) * 86_400n],
          ['int16', (value) => value],
        ),
        (numbers, [type, toValue]) => {
          const versions = numbers.map((some) => bytesOf(type, some.map(toValue)))
          const links = chainOf(versions)
          if (links.length !== versions.length - 1) return
          expect(decodeRowsChain(links, decodeColumn(versions[0]!), zstd)).toEqual(versions.at(-1))
        },
      ),
      { numRuns: effort({ quick: 300, usual: 1000, nightly: 50_000 }) },
    )
  })

  it('make it also where thousands of rows moved by a step, some by none, behind rows put in and left out', () => {
    const types: [ColumnType, (value: number) => Scalar, Scalar][] = [
      ['float64', (value) => value / 100, Math.PI],
      ['float32', (value) => Math.fround(value / 4), Math.fround(Math.PI)],
      ['int64', (value) => BigInt(value) * 86_400n, 2n ** 62n],
      ['int16', (value) => value, -32_768],
    ]
    for (const [type, toValue, odd] of types) {
      const rows = Array.from({ length: 6000 }, (_, i) => Math.round(900 * Math.sin(i / 77)))
      const moved = rows.map((value, i) => (i < 4000 ? value + 7 : value))
      const longer = [...moved.slice(0, 10), 5, 5, ...moved.slice(10, 5990), 3, 2, 1]
      const lower = longer.map((value, i) => (i < 2000 ? value : value - 9))
      const versions = [rows, moved, longer, lower].map((some) => some.map(toValue))
      for (const row of [0, 17, 18, 3999, 4000]) versions[1]![row] = odd
      for (const row of [2000, 3000, lower.length - 1]) versions[3]![row] = odd
      const bytes = versions.map((values) => bytesOf(type, values))
      const links = chainOf(bytes)
      expect(links).toHaveLength(3)
      expect(decodeRowsChain(links, decodeColumn(bytes[0]!), zstd)).toEqual(bytes[3])
    }
  })

  it('are left to be made one by one where a value is null', () => {
    const versions = [
      [1.5, 2.5, 3.5, 4.5, 5.5],
      [1.5, 2.5, null, 4.5, 5.5],
      [1.5, 2.5, 9.5, 4.5, 5.5],
    ].map((values) => bytesOf('float64', values))
    expect(decodeRowsChain(chainOf(versions), decodeColumn(versions[0]!), zstd)).toBeUndefined()
  })

  it('are an error where they do not fit, never another column', () => {
    const rows = Array.from({ length: 100 }, (_, i) => i / 4)
    const versions = [rows, [...rows, 25], [...rows, 25, 26]].map((some) =>
      bytesOf('float64', some),
    )
    const links = chainOf(versions)
    expect(links).toHaveLength(2)
    const damaged = [
      [{ ...links[0]!, length: links[0]!.length + 8 }, links[1]!],
      [links[0]!, { ...links[1]!, body: links[1]!.body.subarray(0, -1) }],
      [links[0]!, { ...links[1]!, body: Uint8Array.of(1, 200, 1, 1, 1) }],
    ]
    for (const some of damaged) {
      let failure: unknown
      try {
        decodeRowsChain(some, decodeColumn(versions[0]!), zstd)
      } catch (error) {
        failure = error
      }
      expect(hasCode(failure, 'corrupt-object')).toBe(true)
    }
  })
})
