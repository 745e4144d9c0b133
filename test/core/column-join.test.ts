import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteRoom } from '../../src/core/byte-room.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { allRows, joinRows } from '../../src/core/column-join.ts'
import { sliceColumn } from '../../src/core/column-ops.ts'
import { anyType, anyValues, scalarsOf } from '../support/columns.ts'

const parts = anyType.chain((type) =>
  fc.tuple(
    fc.constant(type),
    fc.array(fc.tuple(anyValues(type, 20), fc.nat(20), fc.nat(20), fc.nat(3)), {
      minLength: 1,
      maxLength: 5,
    }),
  ),
)

describe('joinRows', () => {
  it('gives the rows one after another, and the canonical bytes of a column that has them', () => {
    // What serves again holds what was there before.
    const room = new ByteRoom()
    fc.assert(
      fc.property(parts, ([type, lists]) => {
        const wanted = lists.map(([values, x, y, skip]) => {
          // A slice, whose values do not begin where their memory does.
          const first = Math.min(skip, values.length)
          const column = sliceColumn(columnOf(type, values), first, values.length)
          const from = Math.min(x, y, column.length)
          const to = Math.min(Math.max(x, y), column.length)
          return { column, from, to, values: values.slice(first + from, first + to) }
        })
        const joined = joinRows(wanted)
        const expected = columnOf(
          type,
          wanted.flatMap(({ values }) => values),
        )
        expect(scalarsOf(joined)).toEqual(scalarsOf(expected))
        expect(encodeColumn(joined)).toEqual(encodeColumn(expected))
        const canonical = encodeColumn(joinRows(wanted, room))
        expect(canonical).toEqual(encodeColumn(expected))
        room.give(canonical)
      }),
      { numRuns: 1000 },
    )
  })

  it('leaves a column that is whole as it is', () => {
    const column = columnOf('string', ['a', null, 'bc'])
    expect(joinRows([allRows(column)])).toBe(column)
  })
})
