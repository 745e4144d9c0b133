import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import {
  concatFrames,
  frameFromRows,
  indexColumns,
  makeFrame,
  sliceFrame,
  takeFrame,
} from '../../src/core/frame.ts'
import type { Frame } from '../../src/core/schema.ts'
import { parseSchemaText } from '../../src/core/schema-codec.ts'
import { scalarsOf } from '../support/columns.ts'

const schema = parseSchemaText('t:float64 v:string')

function rowsOf(frame: Frame): unknown[][] {
  const columns = frame.columns.map(scalarsOf)
  return Array.from({ length: frame.rows }, (_, row) => columns.map((column) => column[row]))
}

describe('makeFrame', () => {
  it('turns −0 in the index into +0, and leaves it elsewhere', () => {
    const twice = parseSchemaText('t:float64 v:float64')
    const zeros = columnOf('float64', [-0, 1])
    const frame = makeFrame(twice, [zeros, zeros])
    expect(rowsOf(frame)).toEqual([
      [0, -0],
      [1, 1],
    ])
    expect(scalarsOf(zeros)).toEqual([-0, 1])
  })

  it('refuses null and NaN in the index, saying where', () => {
    const value = columnOf('string', ['a', 'b'])
    const at = { code: 'bad-input', data: { column: 't', row: 1 } }
    for (const bad of [null, Number.NaN]) {
      const index = columnOf('float64', [1, bad])
      expect(() => makeFrame(schema, [index, value])).toThrow(expect.objectContaining(at))
    }
  })

  it('refuses columns that do not fit the schema', () => {
    const index = columnOf('float64', [1])
    const mismatch = expect.objectContaining({ code: 'schema-mismatch' })
    expect(() => makeFrame(schema, [index])).toThrow(mismatch)
    expect(() => makeFrame(schema, [index, columnOf('json', ['1'])])).toThrow(mismatch)
    expect(() => makeFrame(schema, [index, columnOf('string', [])])).toThrow(mismatch)
  })
})

describe('frames', () => {
  const frame = frameFromRows(schema, [
    [1, 'a'],
    [2, null],
    [3, 'c'],
  ])

  it('are cut, joined and picked by rows', () => {
    expect(rowsOf(sliceFrame(frame, 1, 3))).toEqual([
      [2, null],
      [3, 'c'],
    ])
    const joined = concatFrames([sliceFrame(frame, 2, 3), sliceFrame(frame, 0, 1)])
    expect(rowsOf(joined)).toEqual([
      [3, 'c'],
      [1, 'a'],
    ])
    expect(rowsOf(takeFrame(frame, Uint32Array.of(1, 1)))).toEqual([
      [2, null],
      [2, null],
    ])
    expect(indexColumns(frame).map((column) => column.type)).toEqual(['float64'])
  })

  it('of different shapes are not joined', () => {
    const other = frameFromRows(parseSchemaText('t:float64'), [[1]])
    expect(() => concatFrames([frame, other])).toThrow(
      expect.objectContaining({ code: 'schema-mismatch' }),
    )
    expect(() => concatFrames([])).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })
})
