/** What a part of a layout reads. */
export type PartKind =
  | 'year'
  | 'shortYear'
  | 'month'
  | 'monthName'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'half'
  | 'offset'
  | 'weekday'
  | 'literal'
  | 'optional'

export interface Part {
  readonly kind: PartKind
  /** Of a literal, its byte. A space stands for any number of them, at least one. */
  readonly byte?: number
  /** Of what may be missing, the parts. */
  readonly parts?: readonly Part[]
  /** Of a number, whether it has two digits always, for another one stands beside it. */
  readonly fixed?: boolean
}

const NUMBERS: ReadonlySet<PartKind> = new Set([
  'year',
  'shortYear',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'fraction',
])

export function isNumber(part: Part | undefined): boolean {
  return part !== undefined && NUMBERS.has(part.kind)
}

const DIRECTIVES: ReadonlyMap<string, PartKind | string> = new Map([
  ['Y', 'year'],
  ['y', 'shortYear'],
  ['m', 'month'],
  ['b', 'monthName'],
  ['B', 'monthName'],
  ['h', 'monthName'],
  ['d', 'day'],
  ['e', 'day'],
  ['H', 'hour'],
  ['I', 'hour'],
  ['k', 'hour'],
  ['l', 'hour'],
  ['M', 'minute'],
  ['S', 'second'],
  ['f', 'fraction'],
  ['p', 'half'],
  ['P', 'half'],
  ['z', 'offset'],
  ['Z', 'offset'],
  ['a', 'weekday'],
  ['A', 'weekday'],
])
const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['T', '%H:%M:%S'],
  ['R', '%H:%M'],
  ['D', '%m/%d/%y'],
  ['F', '%Y-%m-%d'],
  ['n', ' '],
  ['t', ' '],
])

/** The parts of a layout as C's strptime has them: `%d/%m/%Y`. Undefined where it is none. */
export function parseDirectives(text: string): Part[] | undefined {
  const long = text.replace(/%[-0_^#]?([TRDFnt])/g, (_, letter: string) => SHORTHANDS.get(letter)!)
  const parts: Part[] = []
  for (let at = 0; at < long.length; at++) {
    if (long[at] !== '%') {
      parts.push(literal(long[at]!))
      continue
    }
    if (/[-0_^#]/.test(long[at + 1] ?? '')) at++
    const letter = long[++at]
    if (letter === '%') parts.push(literal('%'))
    else {
      const kind = DIRECTIVES.get(letter ?? '')
      if (kind === undefined) return undefined
      parts.push({ kind: kind as PartKind })
    }
  }
  return parts.some(({ byte }) => byte !== undefined && byte > 0x7e) ? undefined : withWidths(parts)
}

/** The parts of a layout as `DD.MM.YYYY[ HH:mm]`. Undefined where it is none. */
export function parseLetters(text: string): Part[] | undefined {
  const stack: Part[][] = [[]]
  const kinds: PartKind[] = []
  const add = (part: Part): void => {
    stack.at(-1)!.push(part)
    if (part.kind !== 'literal') kinds.push(part.kind)
  }
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at)
    const quoted = /^'([^']*)'/.exec(rest)
    const run = /^([A-Za-z])\1*/.exec(rest)?.[0] ?? ''
    if (rest[0] === '[') {
      stack.push([])
      at++
    } else if (rest[0] === ']') {
      const parts = stack.pop()!
      if (stack.length === 0) return undefined
      stack.at(-1)!.push({ kind: 'optional', parts })
      at++
    } else if (quoted !== null) {
      for (const character of quoted[1]!) add(literal(character))
      at += quoted[0].length
    } else if (run === '') {
      add(literal(rest[0]!))
      at++
    } else if (/^[ap]m/i.test(rest)) {
      add({ kind: 'half' })
      at += 2
    } else if (/^(UTC|GMT)/.test(rest)) {
      add({ kind: 'offset' })
      at += 3
    } else if (run === 'T') {
      add(literal('T'))
      at++
    } else {
      const kind = kindOf(run, kinds, text.slice(at + run.length))
      if (kind === undefined) return undefined
      add({ kind })
      at += run.length
    }
  }
  if (stack.length !== 1) return undefined
  const ascii = /^[\t\x20-\x7e]*$/.test(text)
  return ascii ? withWidths(stack[0]!) : undefined
}

/** What a run of one letter means; months and minutes are told apart by what is around them. */
function kindOf(run: string, before: readonly PartKind[], after: string): PartKind | undefined {
  if (/^y{4}$/i.test(run)) return 'year'
  if (/^y{2}$/i.test(run)) return 'shortYear'
  if (/^m{3,4}$/i.test(run)) return 'monthName'
  if (/^m{1,2}$/i.test(run)) {
    const last = before.at(-1)
    const inTime = last === 'hour' || (run[0] === 'm' && /^[^A-Za-z]*s/i.test(after))
    return inTime ? 'minute' : 'month'
  }
  if (/^(d{3,4}|E{1,4})$/.test(run)) return 'weekday'
  if (/^d{1,2}$/i.test(run)) return 'day'
  if (/^h{1,2}$/i.test(run)) return 'hour'
  if (/^f+$/i.test(run) || /^S{3,9}$/.test(run) || (/^S+$/.test(run) && before.at(-1) === 'second'))
    return 'fraction'
  if (/^s{1,2}$/i.test(run)) return 'second'
  if (/^(a|A|tt)$/.test(run)) return 'half'
  return /^[zZxX]{1,3}$/.test(run) ? 'offset' : undefined
}

function literal(character: string): Part {
  return { kind: 'literal', byte: character.charCodeAt(0) }
}

/** Marks the numbers that stand beside a number. */
function withWidths(parts: readonly Part[], before?: Part, after?: Part): Part[] {
  return parts.map((part, at) => {
    const last = parts[at - 1] ?? before
    const next = parts[at + 1] ?? after
    if (part.kind === 'optional') {
      return { ...part, parts: withWidths(part.parts!, last, next) }
    }
    const isBeside = isNumber(last) || startsWithNumber(next)
    return isNumber(part) && isBeside ? { ...part, fixed: true } : part
  })
}

function startsWithNumber(part: Part | undefined): boolean {
  return part?.kind === 'optional' ? startsWithNumber(part.parts![0]) : isNumber(part)
}
