import { VarveError } from './errors.ts'

export type WhereTokenKind =
  | 'name'
  | 'quoted-name'
  | 'text'
  | 'value'
  | 'comparison'
  | '('
  | ')'
  | 'other'
  | 'end'

export interface WhereToken {
  readonly kind: WhereTokenKind
  /** What it stands for: of quoted ones without their quotes. */
  readonly text: string
  /** As it is written, for messages. */
  readonly shown: string
  /** Where it begins in the condition. */
  readonly at: number
}

export const comparisons = ['=', '!=', '<>', '<', '<=', '>', '>='] as const
export type Comparison = (typeof comparisons)[number]

const SPACE = /\s+/y
const COMPARISON = /[=!<>]+/y
const TEXT = /'((?:[^']|'')*)'/y
const QUOTED_NAME = /"((?:[^"]|"")*)"/y
// A number, a date or a time: nothing here is ever calculated, so that all of it is one value.
const VALUE = /(?:[+-]?\.?|@-?)\d[\w.:+-]*|[+-](?:infinity|inf)(?![\w.])/iy
const NAME = /[\p{L}_$][\p{L}\p{M}\p{N}_.$-]*/uy

/**
 * Cuts a condition into its words, the last of kind `end`; a character that begins none is of kind
 * `other`. `usage` for a quotation without an end, or a comparison that there is not.
 */
export function tokeniseWhere(source: string): WhereToken[] {
  const tokens: WhereToken[] = []
  let at = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(source)
  }
  for (;;) {
    at += match(SPACE)?.[0].length ?? 0
    if (at === source.length) break
    const token = tokenAt(source, at, match)
    tokens.push(token)
    at += token.shown.length
  }
  tokens.push({ kind: 'end', text: '', shown: 'the end', at })
  return tokens
}

function tokenAt(
  source: string,
  at: number,
  match: (pattern: RegExp) => RegExpExecArray | null,
): WhereToken {
  const first = source[at]!
  if (first === '(' || first === ')') return { kind: first, text: first, shown: first, at }
  const comparison = match(COMPARISON)?.[0]
  if (comparison !== undefined) {
    if ((comparisons as readonly string[]).includes(comparison)) {
      return { kind: 'comparison', text: comparison, shown: comparison, at }
    }
    const expected = comparisons.join(' ')
    throw whereError(source, at, comparison, expected, comparison === '==' ? 'write =' : undefined)
  }
  const text = match(TEXT)
  if (text !== null) {
    return { kind: 'text', text: text[1]!.replaceAll("''", "'"), shown: text[0], at }
  }
  const quoted = match(QUOTED_NAME)
  if (quoted !== null) {
    const name = quoted[1]!.replaceAll('""', '"')
    return { kind: 'quoted-name', text: name, shown: quoted[0], at }
  }
  if (first === "'" || first === '"') {
    throw whereError(source, at, source.slice(at), `another ${first} where it ends`)
  }
  const value = match(VALUE)?.[0]
  if (value !== undefined) return { kind: 'value', text: value, shown: value, at }
  const name = match(NAME)?.[0]
  if (name !== undefined) return { kind: 'name', text: name, shown: name, at }
  const character = String.fromCodePoint(source.codePointAt(at)!)
  return { kind: 'other', text: character, shown: character, at }
}

const LONGEST = 40

/** The error for a condition that cannot be understood: where, what was found, what was expected. */
export function whereError(
  source: string,
  at: number,
  found: string,
  expected: string,
  hint?: string,
): VarveError {
  const column = [...source.slice(0, at)].length + 1
  const short = found.length > LONGEST ? `${found.slice(0, LONGEST - 1)}…` : found
  return new VarveError(
    'usage',
    `--where, character ${column}: found ${short}, expected ${expected}`,
    {
      data: { where: source, column, found: short, expected },
      ...(hint !== undefined && { hint }),
    },
  )
}
