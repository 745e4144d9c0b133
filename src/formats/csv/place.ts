import { VarveError } from '../../core/errors.ts'
import { escapeControl } from '../../core/names.ts'
import { CR, LF } from './dialect.ts'

/** A place in a text: its line and the character in that line, both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** The place of byte `offset`, given that byte `start` begins line `line`. */
export function placeOf(bytes: Uint8Array, start: number, line: number, offset: number): Place {
  let lineStart = start
  let current = line
  for (let at = start; at < offset; at++) {
    if (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] !== LF)) {
      current++
      lineStart = at + 1
    }
  }
  let column = 1
  // Characters, not bytes: the trailing bytes of a UTF-8 sequence do not count.
  for (let at = lineStart; at < offset; at++) if ((bytes[at]! & 0xc0) !== 0x80) column++
  return { line: current, column }
}

export interface BadInputFacts {
  readonly file: string
  readonly place: Place
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

/** `prices.csv:17:12: expected float64, found "abc"`, with the same facts in `data`. */
export function badInput(facts: BadInputFacts): VarveError {
  const { file, place, found, expected, reason } = facts
  const where = `${escapeControl(file)}:${place.line}:${place.column}`
  const why = reason === undefined ? '' : ` (${reason})`
  return new VarveError('bad-input', `${where}: expected ${expected}, found ${found}${why}`, {
    data: { file, line: place.line, column: place.column, found, expected, ...facts.data },
    ...(facts.hint === undefined ? {} : { hint: facts.hint }),
    ...(facts.cause === undefined ? {} : { cause: facts.cause }),
  })
}

/** A cell's text as a message shows it: in quotes, escaped, cut to 60 characters. */
export function quoteText(text: string): string {
  const short = text.length > 60 ? `${[...text.slice(0, 116)].slice(0, 57).join('')}…` : text
  return escapeControl(JSON.stringify(short))
}
