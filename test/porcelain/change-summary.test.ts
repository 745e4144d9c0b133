import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { parseSchemaText, schemaToJson } from '../../src/core/schema-codec.ts'
import {
  changesText,
  generatedMessage,
  type SeriesChange,
  schemaLine,
} from '../../src/porcelain/change-summary.ts'

const id = 'a'.repeat(64) as Id

function change(series: string, rest: Partial<SeriesChange> = {}): SeriesChange {
  return {
    series,
    state: 'changed',
    id,
    rows: 1234,
    counts: { appended: 1, backfilled: 0, revised: 2, deleted: 3 },
    schema: schemaToJson(parseSchemaText('Date:date Price:float64')),
    first: ['1987-05-20'],
    last: ['2026-08-18'],
    schemaChanges: [],
    emptyRows: 0,
    ...rest,
  }
}

describe('changesText', () => {
  const text = (...series: SeriesChange[]) => changesText({ series, dryRun: false })

  it('shows a key that is the empty string', () => {
    expect(text(change('a', { state: 'new', first: ['', 1], last: ['b', 2] }))).toContain(
      'a: new, 1,234 rows, "", 1 to b, 2',
    )
  })

  it('says what happened to each series', () => {
    expect(
      text(
        change('a', { state: 'new', emptyRows: 1 }),
        change('b', { emptyRows: 2 }),
        change('c', { state: 'unchanged' }),
      ),
    ).toBe(
      [
        'a: new, 1,234 rows, 1987-05-20 to 2026-08-18',
        '  Date:date Price:float64, index Date',
        '  1 empty row skipped',
        'b: +1 ~2 -3',
        '  2 empty rows skipped',
        'c: unchanged',
      ].join('\n'),
    )
  })

  it('names each way in which columns changed', () => {
    const schemaChanges = [
      { kind: 'added', column: { name: 'x', type: 'int8' } },
      { kind: 'dropped', column: { name: 'y', type: 'int8' } },
      { kind: 'renamed', from: 'p', to: 'q' },
      { kind: 'retyped', name: 'v', from: 'int8', to: 'int16' },
      { kind: 'reordered', columns: ['v', 'k'] },
      { kind: 'index', from: ['k'], to: ['k', 'l'] },
      { kind: 'duplicates', allowed: true },
    ] as const
    expect(text(change('a', { schemaChanges })).split('\n').slice(1)).toEqual([
      '  new column x:int8',
      '  column dropped: y',
      '  column p is q now',
      '  column v: int8 is int16 now',
      '  columns in a new order: v k',
      '  index k is k, l now',
      '  duplicates are allowed now',
    ])
  })

  it('counts the new and the unchanged together where there are very many', () => {
    const many = (state: 'new' | 'unchanged') =>
      Array.from({ length: 80 }, (_, n) => change(`s${n}`, { state }))
    expect(text(...many('new'), change('odd'), ...many('unchanged'))).toBe(
      ['odd: +1 ~2 -3', '80 series new, 98,720 rows', '80 series unchanged, 98,720 rows'].join(
        '\n',
      ),
    )
  })

  it('names those that did not change where they are few, and counts them where they are not', () => {
    const same = (count: number) =>
      Array.from({ length: count }, (_, i) => change(`s${i}`, { state: 'unchanged', rows: 2 }))
    expect(text(...same(20)).split('\n')).toHaveLength(20)
    expect(text(...same(21), change('odd'), change('own', { state: 'new' }))).toBe(
      [
        'odd: +1 ~2 -3',
        'own: new, 1,234 rows, 1987-05-20 to 2026-08-18',
        '  Date:date Price:float64, index Date',
        '21 series unchanged, 42 rows',
      ].join('\n'),
    )
  })

  it('writes out control characters of keys', () => {
    const odd = change('a', {
      state: 'new',
      first: ['a\nb: unchanged', 1],
      last: ['\u001b[31mred'],
    })
    expect(text(odd)).toContain('a: new, 1,234 rows, a\\nb: unchanged, 1 to \\x1b[31mred\n')
  })

  it('shows the first of many columns', () => {
    const columns = Array.from({ length: 2000 }, (_, n) => `c${n}:int8`).join(' ')
    expect(schemaLine(schemaToJson(parseSchemaText(columns)))).toMatch(
      /^c0:int8 .* c19:int8 and 1,980 more, index c0$/,
    )
  })
})

describe('generatedMessage', () => {
  it('sums up what changed', () => {
    const same = change('x', { state: 'unchanged' })
    expect(generatedMessage([change('a'), same])).toBe('a: +1 ~2 -3\n')
    expect(generatedMessage([change('a'), change('b'), same])).toBe('2 series: +2 ~4 -6\n')
  })
})
