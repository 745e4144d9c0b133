import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Column, ColumnType } from '../../../src/core/column.ts'
import { columnOf } from '../../../src/core/column-builder.ts'
import type { ColumnKind } from '../../../src/formats/parquet/column-kind.ts'
import { packPlaces } from '../../../src/formats/parquet/dictionary.ts'
import { valueReader } from '../../../src/formats/parquet/page-values.ts'
import { anyValues, scalarsOf } from '../../support/columns.ts'

/** Reads places of a page that refers to a dictionary. */
function readerOf(dictionary: Column, places: readonly number[], width: number) {
  const kind: ColumnKind = {
    physical: 'DOUBLE',
    width: 0,
    type: dictionary.type,
    as: 'same',
    local: false,
    optional: false,
  }
  return valueReader({
    kind,
    encoding: 'RLE_DICTIONARY',
    bytes: packPlaces(Uint32Array.from(places), width),
    count: places.length,
    dictionary,
    deltas: () => undefined,
  })
}

describe('values behind places in a dictionary', () => {
  const types: ColumnType[] = ['float64', 'timestamp_ns', 'int32', 'string', 'binary']
  const input = fc.constantFrom(...types).chain((type) =>
    anyValues(type, 40)
      .map((values) => values.filter((value) => value !== null))
      .filter((values) => values.length > 0)
      .chain((values) =>
        fc.record({
          type: fc.constant(type),
          values: fc.constant(values),
          places: fc.array(fc.nat({ max: values.length - 1 }), { minLength: 1, maxLength: 400 }),
          cut: fc.nat(400),
        }),
      ),
  )

  it('are those at the places, in pieces of any size', () => {
    fc.assert(
      fc.property(input, ({ type, values, places, cut }) => {
        const dictionary = columnOf(type, values)
        const reader = readerOf(dictionary, places, 6)
        const first = Math.min(cut, places.length)
        const read = [reader.read(first), reader.read(places.length - first)]
        const whole = scalarsOf(dictionary)
        expect(read.flatMap((column) => scalarsOf(column))).toEqual(
          places.map((place) => whole[place]),
        )
      }),
    )
  })

  it('are refused where a place is outside', () => {
    const dictionary = columnOf('float64', [1, 2, 3])
    const places = Array.from({ length: 100 }, (_, i) => i % 3)
    expect(() => readerOf(dictionary, [...places, 3], 2).read(101)).toThrow(
      'a page refers to entry 3 of a dictionary of 3',
    )
    expect(() => readerOf(dictionary, [2 ** 32 - 1, ...places], 32).read(101)).toThrow(
      'a page refers to entry 4294967295 of a dictionary of 3',
    )
  })
})
