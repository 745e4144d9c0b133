import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Frame } from '../../src/core/schema.ts'
import { typedFormat } from '../../src/formats/typed-table.ts'
import { frameFloors } from '../../src/library/frame-floors.ts'
import { framesTable } from '../../src/library/tables.ts'
import { schemaOf } from '../support/series.ts'

const schema = schemaOf('t:timestamp_ns v:float64 name:string')
const frame = (times: readonly bigint[]): Frame =>
  frameFromRows(
    schema,
    times.map((time, i) => [time, i, 'x']),
  )

describe('frameFloors', () => {
  it('are no more than any later value, and there wherever values only rise', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.bigInt({ min: -20n, max: 20n }), { maxLength: 4 }), { maxLength: 4 }),
        fc.boolean(),
        (lists, sort) => {
          const all = lists.flat()
          if (sort) all.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
          const rest = [...all]
          const frames = lists.map((list) => frame(rest.splice(0, list.length)))

          const floors = frameFloors(frames, 0)

          const rises = all.every((time, i) => i === 0 || all[i - 1]! <= time)
          for (const [row, time] of all.entries()) {
            expect(floors.get(row)).toBe(rises ? time : undefined)
          }
          expect(floors.get(all.length)).toBeUndefined()
        },
      ),
    )
  })

  it('are not looked for among floats, texts and nulls', () => {
    const frames = [frame([1n, 2n])]
    const gaps = frameFromRows(schemaOf('v:int64 t:int64'), [
      [1n, 1n],
      [2n, null],
    ])

    expect(frameFloors(frames, 1).get(0)).toBeUndefined()
    expect(frameFloors(frames, 2).get(0)).toBeUndefined()
    expect(frameFloors([gaps], 1).get(0)).toBeUndefined()
  })

  it('let rows in order be handed on before the last have come', async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => BigInt(i))
    const input = framesTable(schema, [frame(rows), frame([40_000n])])
    const format = typedFormat(({ typed }) => typed!())

    const { frames } = await format.infer(input, {})

    const floors: boolean[] = []
    for await (const piece of frames()) floors.push(piece.floor !== undefined)
    expect(floors).toEqual([true, true, false])
  })
})
