import { VarveError } from './errors.ts'
import { type Comparison, tokeniseWhere, type WhereToken, whereError } from './where-tokens.ts'

/** The name of a column, and where it stands in the condition. */
export interface WhereName {
  readonly name: string
  /** As it is written. */
  readonly shown: string
  readonly at: number
}

/** A value as it is written. */
export interface WhereLiteral {
  readonly text: string
  readonly shown: string
  readonly quoted: boolean
  readonly at: number
}

/** A condition on rows as it is written, before the columns are known. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | {
      readonly kind: 'compare'
      readonly column: WhereName
      readonly comparison: Comparison
      readonly literal: WhereLiteral
    }
  | { readonly kind: 'null' | 'nan'; readonly column: WhereName }

export interface Where {
  readonly source: string
  readonly condition: Condition
}

/** Parentheses and `not`s inside one another. */
const MAX_DEPTH = 100

const KEYWORDS = new Set(['and', 'or', 'not', 'is', 'null', 'nan', 'true', 'false'])
const NUMBER_WORDS = new Set(['inf', 'infinity', 'nan', 'true', 'false'])
/** What SQL has and a condition has not, and how it is said. */
const OTHERWISE: ReadonlyMap<string, string> = new Map([
  ['between', 'write a >= 1 and a <= 2'],
  ['like', "texts are compared whole: a = 'dry', or a >= 'dr' and a < 'ds' for a beginning"],
  ['ilike', "texts are compared whole and to the letter: a = 'dry' or a = 'Dry'"],
  ['not', 'not stands in front: not a = 1'],
  ['isnull', 'write a is null'],
])

const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '!=': '!=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

/** What a hint repeats of a list of values. */
const MOST_SHOWN = 4

const OTHER = 'a name with other characters goes in double quotes, text in single ones'

/**
 * Reads a condition on rows (`docs/where.md`):
 *
 *     condition = both { "or" both }
 *     both      = one { "and" one }
 *     one       = "not" one | "(" condition ")" | test
 *     test      = column comparison value | value comparison column
 *               | column "is" [ "not" ] ( "null" | "nan" )
 *
 * `usage` with the place, what was found and what was expected.
 */
export function parseWhere(source: string): Where {
  if (source.trim() === '') {
    throw new VarveError('usage', '--where is empty', {
      data: { where: source },
      hint: 'a condition is written like "temp > 30 and rain = 0"',
    })
  }
  return { source, condition: new Parser(source).parse() }
}

class Parser {
  readonly #source: string
  readonly #tokens: readonly WhereToken[]
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
    this.#tokens = tokeniseWhere(source)
  }

  parse(): Condition {
    const condition = this.#condition()
    if (this.#token.kind !== 'end') throw this.#expected('"and", "or" or the end')
    return condition
  }

  get #token(): WhereToken {
    return this.#tokens[this.#at]!
  }

  #condition(): Condition {
    return this.#joined('or', () => this.#joined('and', () => this.#one()))
  }

  #joined(kind: 'and' | 'or', part: () => Condition): Condition {
    const parts = [part()]
    while (this.#take(kind)) parts.push(part())
    return parts.length === 1 ? parts[0]! : { kind, parts }
  }

  #one(): Condition {
    if (this.#take('not')) return this.#inside(() => ({ kind: 'not', part: this.#one() }))
    if (this.#token.kind !== '(') return this.#test()
    return this.#inside(() => {
      this.#at++
      const condition = this.#condition()
      if (this.#token.kind !== ')') throw this.#expected('"and", "or" or )')
      this.#at++
      return condition
    })
  }

  #inside(parse: () => Condition): Condition {
    if (++this.#depth > MAX_DEPTH) {
      throw new VarveError('usage', `--where is nested more than ${MAX_DEPTH} deep`, {
        data: { where: this.#source, limit: MAX_DEPTH },
      })
    }
    const condition = parse()
    this.#depth--
    return condition
  }

  #test(): Condition {
    const column = this.#column()
    if (column === undefined) {
      const literal = this.#literal('a column')
      const comparison = MIRRORED[this.#comparison('a comparison')]
      const mirrored = this.#column()
      if (mirrored === undefined) throw this.#expected('a column')
      return { kind: 'compare', column: mirrored, comparison, literal }
    }
    if (this.#take('is')) {
      const negated = this.#take('not')
      const kind = this.#take('null') ? 'null' : this.#take('nan') ? 'nan' : undefined
      if (kind === undefined) throw this.#expected(negated ? 'null or nan' : 'null, nan or "not"')
      return negated ? { kind: 'not', part: { kind, column } } : { kind, column }
    }
    if (this.#isWord('in')) throw this.#expected('a comparison or "is"', this.#oneOf(column))
    const comparison = this.#comparison('a comparison or "is"')
    return { kind: 'compare', column, comparison, literal: this.#literal('a value') }
  }

  /** The column that is named next, if one is. */
  #column(): WhereName | undefined {
    const { kind, text, shown, at } = this.#token
    const isName = kind === 'quoted-name' || (kind === 'name' && !KEYWORDS.has(text.toLowerCase()))
    if (!isName) return undefined
    this.#at++
    return { name: text, shown, at }
  }

  #comparison(expected: string): Comparison {
    const { kind, text } = this.#token
    if (kind !== 'comparison') {
      throw this.#expected(
        expected,
        kind === 'name' ? OTHERWISE.get(text.toLowerCase()) : undefined,
      )
    }
    this.#at++
    return text as Comparison
  }

  #literal(expected: string): WhereLiteral {
    const { kind, text, shown, at } = this.#token
    const word = text.toLowerCase()
    const bare = kind === 'value' || (kind === 'name' && NUMBER_WORDS.has(word))
    if (!bare && kind !== 'text') throw this.#expected(expected, this.#literalHint(expected))
    this.#at++
    return { text, shown, quoted: kind === 'text', at }
  }

  #literalHint(expected: string): string | undefined {
    const { kind, text } = this.#token
    if (expected !== 'a value') {
      return kind === 'name' ? `a column called ${text} goes in double quotes` : undefined
    }
    if (kind === 'name' && text.toLowerCase() === 'null')
      return 'nothing equals null: write "is null"'
    if (kind === 'name') return `text goes in single quotes: '${text}'`
    return kind === 'quoted-name' ? 'text goes in single quotes' : undefined
  }

  /** How `a in (1, 2)` is said here, with the values that are there. */
  #oneOf({ shown }: WhereName): string {
    const values: string[] = []
    for (const { kind, shown } of this.#tokens.slice(this.#at + 1)) {
      if (kind === 'value' || kind === 'text' || kind === 'name') values.push(shown)
      else if (kind !== '(' && shown !== ',') break
    }
    const tests = (values.length > 1 ? values : ['1', '2']).map((value) => `${shown} = ${value}`)
    return tests.length > MOST_SHOWN
      ? `write ${tests.slice(0, MOST_SHOWN).join(' or ')} or …`
      : `write ${tests.join(' or ')}`
  }

  #take(keyword: string): boolean {
    if (!this.#isWord(keyword)) return false
    this.#at++
    return true
  }

  #isWord(keyword: string): boolean {
    const { kind, text } = this.#token
    return kind === 'name' && text.toLowerCase() === keyword
  }

  #expected(expected: string, hint?: string): VarveError {
    const { kind, shown, at } = this.#token
    return whereError(this.#source, at, shown, expected, kind === 'other' ? OTHER : hint)
  }
}

/** The columns that a condition is about, each once. */
export function columnsOfWhere({ condition }: Where): ReadonlySet<string> {
  const names = new Set<string>()
  const collect = (part: Condition): void => {
    if ('part' in part) collect(part.part)
    else if ('parts' in part) part.parts.forEach(collect)
    else names.add(part.column.name)
  }
  collect(condition)
  return names
}
