import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../src/core/column.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import { TextTable, type TextTableOptions } from '../../src/formats/text-table.ts'
import { anyType, anyValue, anyValues } from '../support/columns.ts'
import { schemaOf } from '../support/series.ts'

function linesOf(schema: string, rows: readonly Scalar[][], options: TextTableOptions = {}) {
  const shape = schemaOf(schema)
  const table = new TextTable(shape, options)
  return { lines: table.page(frameFromRows(shape, rows)), hidden: table.hidden }
}

describe('a table for people', () => {
  it('has numbers to the right, the rest to the left, nulls as a dot', () => {
    const { lines } = linesOf('day:date price:float64 n:int64 ok:bool note:string', [
      [0, 9.5, 12345n, true, 'a'],
      [1, -10, null, null, ''],
      [2, null, 1n, false, null],
    ])
    expect(lines).toEqual([
      'day         price      n  ok     note',
      '1970-01-01    9.5  12345  true   a',
      '1970-01-02    -10      ·  ·',
      '1970-01-03      ·      1  false  ·',
    ])
  })

  it('measures what a terminal shows, not characters', () => {
    const { lines } = linesOf('t:int64 __proto__:string x:string', [
      [1n, '日本', 'a'],
      [2n, '😀', 'b'],
      [3n, 'e\u0301', 'c'],
      [4n, '👩‍👩‍👧', 'd'],
    ])
    expect(lines.map((line) => stringWidth(line.slice(0, -1)))).toEqual(Array(5).fill(14))
    expect(lines[0]).toBe('t  __proto__  x')
  })

  it('writes control characters out, so that no cell moves another or colours it', () => {
    const { lines } = linesOf('t:int64 "a\u0007":string', [[1n, 'x\x1b[31m\ny\u202e']])
    expect(lines).toEqual(['t  "a\\x07"', '1  x\\x1b[31m\\ny\\u202e'])
  })

  it('cuts long text and says so, and never a number', () => {
    const long = 'x'.repeat(5_000_000)
    const { lines } = linesOf('t:int64 a:string b:binary c:json', [
      [9_223_372_036_854_775_807n, long, new Uint8Array(1_000_000), JSON.stringify(long)],
    ])
    const cells = lines[1]!.split('  ')
    expect(cells[0]).toBe('9223372036854775807')
    expect(cells.slice(1).map((cell) => cell.length)).toEqual([48, 48, 48])
    expect(cells.slice(1).every((cell) => cell.endsWith('…'))).toBe(true)
  })

  it('makes texts narrower to fit, then leaves columns out from the last on', () => {
    const rows: Scalar[][] = [[0, 'a'.repeat(30), 'b'.repeat(30), 1.5, 2.5]]
    const schema = 'day:date first:string second:string third:float64 fourth:float64'
    const wide = linesOf(schema, rows, { width: 100 })
    expect(wide.hidden).toEqual([])
    const middle = linesOf(schema, rows, { width: 60 })
    expect(middle.hidden).toEqual([])
    expect(middle.lines[1]).toContain('…')
    const narrow = linesOf(schema, rows, { width: 45 })
    expect(narrow.hidden).toEqual(['fourth'])
    expect(linesOf(schema, rows, { width: 4 })).toEqual({
      lines: ['day', '197…'],
      hidden: ['first', 'second', 'third', 'fourth'],
    })
  })

  it('never is wider than the terminal, whatever is in it', () => {
    const table = fc
      .array(anyType, { minLength: 1, maxLength: 5 })
      .chain((types) =>
        fc.tuple(
          fc.constant(types),
          fc.array(
            fc.tuple(...types.map((type) => anyValues(type).map((some) => some[0] ?? null))),
          ),
          fc.integer({ min: 1, max: 120 }),
        ),
      )
    fc.assert(
      fc.property(table, ([types, rows, width]) => {
        const columns = types.map((type, i) => ({ name: `c${i}`, type }))
        const schema = { columns, indexCount: 1, duplicates: false }
        // The index of these holds nulls, too: frames are built by hand.
        const body = { columns: [{ name: 't', type: 'int8' as const }, ...columns] }
        const frame = frameFromRows(
          { ...schema, ...body },
          rows.map((row) => [1, ...row]),
        )
        const lines = new TextTable(frame.schema, { width }).page(frame)
        expect(lines).toHaveLength(rows.length + 1)
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
      }),
      { numRuns: 300 },
    )
  })

  it('goes on in the columns that the first page has, wider where a number needs it', () => {
    const schema = schemaOf('t:int64 note:string v:float64')
    const table = new TextTable(schema)
    table.page(frameFromRows(schema, [[1n, 'ab', 1]]))
    expect(table.page(frameFromRows(schema, [[1000n, 'abcdefgh', 2]]))).toEqual(['1000  abc…  2'])
  })

  it('marks the names and the nulls, outside what is measured', () => {
    const style = { bold: (text: string) => `<${text}>`, dim: (text: string) => `(${text})` }
    const { lines } = linesOf('t:int64 v:float64', [[10n, null]], { style })
    expect(lines).toEqual([' <t>  <v>', '10  (·)'])
    expect(linesOf('t:int64', [[1n]], { header: false }).lines).toEqual(['1'])
  })

  it('shows any value of any type on one line', () => {
    const cell = anyType
      .filter((type) => type !== 'null')
      .chain((type) => anyValue(type).map((value) => ({ type, value })))
    fc.assert(
      fc.property(cell, ({ type, value }) => {
        const { lines } = linesOf(`t:int8 v:${type}`, [[1, value]])
        expect(lines.join('\n').split('\n')).toHaveLength(2)
        expect(lines.join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
      }),
    )
  })
})
