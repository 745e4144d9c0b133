import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'

/** A place in a text: its line and the character in that line, both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A place in a table that is no text: a row, from 1, and the name of a column. */
export interface Cell {
  readonly row: number
  readonly field: string
}

export interface BadInputFacts {
  readonly file: string
  /** Where; absent where it is the table as a whole. */
  readonly place?: Place | Cell | undefined
  /** What is there, as the message says it: `"abc"`, `2 cells`, `the end of the input`. */
  readonly found: string
  /** What had to be there: `float64`, `3 cells`. */
  readonly expected: string
  /** Why it is not, where that is not plain. */
  readonly reason?: string | undefined
  readonly hint?: string | undefined
  /** Further facts for programs. */
  readonly data?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * `prices.csv:17:12: expected float64, found "abc"`, with the same facts in `data`; of a cell
 * `prices.parquet, row 17, column "price": …`.
 */
export function badInput(facts: BadInputFacts): VarveError {
  const { file, place, found, expected, reason } = facts
  const why = reason === undefined ? '' : ` (${reason})`
  const where = escapeControl(file) + placeText(place)
  return new VarveError('bad-input', `${where}: expected ${expected}, found ${found}${why}`, {
    data: { file, ...place, found, expected, ...facts.data },
    ...(facts.hint === undefined ? {} : { hint: facts.hint }),
    ...(facts.cause === undefined ? {} : { cause: facts.cause }),
  })
}

function placeText(place: Place | Cell | undefined): string {
  if (place === undefined) return ''
  if ('line' in place) return `:${place.line}:${place.column}`
  return `, row ${place.row}, column ${quoteText(place.field)}`
}

/** A cell's text as a message shows it: in quotes, escaped, cut to 60 characters. */
export function quoteText(text: string): string {
  const short = text.length > 60 ? `${[...text.slice(0, 116)].slice(0, 57).join('')}…` : text
  return escapeControl(JSON.stringify(short))
}
