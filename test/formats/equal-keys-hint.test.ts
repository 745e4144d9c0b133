import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../src/core/column.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import { equalKeysHint, tellingApart } from '../../src/formats/equal-keys-hint.ts'
import { schemaOf } from './csv/support.ts'

/** What is said about two rows of one key. */
function hint(columns: string, index: string[], one: Scalar[], other: Scalar[]): string {
  const frame = frameFromRows(schemaOf(columns, index), [one, other])
  return equalKeysHint(tellingApart({ frame, row: 0 }, { frame, row: 1 }))
}

describe('two rows of one key', () => {
  it('are told apart by a time, which comes first', () => {
    const said = hint(
      'symbol:string price:float64 date:date',
      ['symbol'],
      ['AAPL', 1, 10],
      ['AAPL', 2, 11],
    )
    expect(said).toContain('--index date,symbol, or')
  })

  it('are told apart by a text where they are of one time', () => {
    const said = hint('date:date price:float64 symbol:string', ['date'], [1, 1, 'A'], [1, 2, 'B'])
    expect(said).toContain('--index date,symbol, or')
  })

  it('are told apart by the first column that differs otherwise', () => {
    const said = hint(
      'year:int64 same:string quarter:float64 gdp:float64',
      ['year'],
      [1959n, 'x', 1, 2710.3],
      [1959n, 'x', 2, 2778.8],
    )
    expect(said).toContain('--index year,quarter, or')
  })

  it('are the same, so that only equal keys can be allowed', () => {
    const said = hint(
      'k:int64 v:float64 s:string',
      ['k'],
      [1n, Number.NaN, null],
      [1n, Number.NaN, null],
    )
    expect(said).toContain('the same in every column')
    expect(said).not.toContain('--index')
  })

  it('are for a series that is there, whose index stays', () => {
    const said = equalKeysHint(['date', 'symbol'], true)
    expect(said).toContain('leave one of the two rows out')
    expect(said).toContain('make a new series, --index date,symbol')
    expect(said).not.toContain('--duplicates')
    expect(equalKeysHint(undefined, true)).not.toContain('--')
  })

  it('have names that a shell would split', () => {
    const optionFor = (name: string) => hint(`k:int64 ${name}:date`, ['k'], [1n, 1], [1n, 2])
    expect(optionFor('Flight;Date')).toContain("--index 'Flight;Date,k', or")
    expect(optionFor("'when'")).toContain(`--index "'when',k", or`)
    expect(optionFor("$'")).toContain(`--index '$'\\'',k', or`)
    expect(optionFor('"a,b"')).toContain(`--index '"a,b",k', or`)
  })
})
