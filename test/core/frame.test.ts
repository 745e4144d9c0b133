import { describe, expect, it } from 'vitest'
import type { Column } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
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

  it('gives the same values one form, whoever made the columns', () => {
    const payload = new Float64Array(3)
    new Uint32Array(payload.buffer).set([1, 0x7ff8_1234, 0, 0x3ff0_0000, 7, 7])
    const odd: Column[] = [
      { type: 'int8', length: 3, values: Int8Array.of(1, 2, 3), validity: Uint8Array.of(0xff) },
      { type: 'float64', length: 3, values: payload, validity: Uint8Array.of(0b011) },
      { type: 'bool', length: 3, values: Uint8Array.of(0xfe), validity: Uint8Array.of(0b110) },
      {
        type: 'string',
        length: 3,
        values: Buffer.from('abc'),
        offsets: Uint32Array.of(0, 1, 2, 3),
        validity: Uint8Array.of(0b101),
      },
      { type: 'null', length: 3, values: new Uint8Array(3), validity: Uint8Array.of(0) },
    ]
    const made = makeFrame(parseSchemaText('k:int8 f:float64 b:bool s:string n:null'), odd)
    const plain = [
      columnOf('int8', [1, 2, 3]),
      columnOf('float64', [Number.NaN, 1, null]),
      columnOf('bool', [null, true, true]),
      columnOf('string', ['a', null, 'c']),
      columnOf('null', [null, null, null]),
    ]
    expect(made.columns.map(encodeColumn)).toEqual(plain.map(encodeColumn))
    expect(payload[2]).not.toBe(0)
  })

  it('refuses columns whose arrays are not what their type says', () => {
    const values = Uint8Array.of(0xe9, 0x20)
    const broken: Column[] = [
      { type: 'float64', length: 2, values: Float32Array.of(1, 2) },
      { type: 'float64', length: 2, values: Float64Array.of(1) },
      { type: 'bool', length: 2, values: new Uint8Array(0) },
      { type: 'bool', length: 2, values: new Uint8Array(1), validity: new Uint8Array(0) },
      { type: 'string', length: 2, values },
      { type: 'string', length: 2, values, offsets: Uint32Array.of(0, 1) },
      { type: 'binary', length: 2, values, offsets: Uint32Array.of(0, 2, 1) },
      { type: 'string', length: 2, values, offsets: Uint32Array.of(0, 1, 2) },
    ]
    for (const column of broken) {
      const text = parseSchemaText(`k:int8 v:${column.type}`)
      expect(() => makeFrame(text, [columnOf('int8', [1, 2]), column])).toThrow(/^column v is not/)
    }
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
