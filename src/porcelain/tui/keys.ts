/** Keys that have no character, by how their sequence ends: `\x1b[A`, `\x1bOA`. */
const byFinal: ReadonlyMap<string, string> = new Map([
  ['A', 'up'],
  ['B', 'down'],
  ['C', 'right'],
  ['D', 'left'],
  ['F', 'end'],
  ['H', 'home'],
  ['M', 'enter'],
  ['Z', 'shift-tab'],
])

/** And by their number: `\x1b[5~`. */
const byNumber: ReadonlyMap<number, string> = new Map([
  [1, 'home'],
  [3, 'delete'],
  [4, 'end'],
  [5, 'page-up'],
  [6, 'page-down'],
  [7, 'home'],
  [8, 'end'],
])

const controls: ReadonlyMap<string, string> = new Map([
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\b', 'backspace'],
  ['\x7f', 'backspace'],
  [' ', 'space'],
])

const SEQUENCE = /^\x1b(?:\[([\d;:<=>?]*)[ -/]*([@-~])|O([ -~]))/
const UNFINISHED = /^\x1b(?:\[[\d;:<=>?]*[ -/]*|O)?$/
/** No sequence of a key is longer: what goes on beyond is none. */
const LONGEST = 32

/**
 * The keys that a terminal sent, in order: a character stands for itself, others have names (`enter`, `ctrl-d`,
 * `page-up`). Sequences of no known key are left out.
 *
 * @returns the keys, and what may be the beginning of one that has not arrived whole
 */
export function parseKeys(text: string): {
  readonly keys: readonly string[]
  readonly rest: string
} {
  const keys: string[] = []
  let at = 0
  while (at < text.length) {
    if (text[at] === '\x1b') {
      const ahead = text.slice(at, at + LONGEST)
      if (UNFINISHED.test(ahead) && ahead.length < LONGEST) return { keys, rest: ahead }
      const sequence = SEQUENCE.exec(ahead)
      const key = sequence === null ? 'esc' : keyOf(sequence)
      if (key !== undefined) keys.push(key)
      at += sequence === null ? 1 : sequence[0].length
      continue
    }
    const character = String.fromCodePoint(text.codePointAt(at)!)
    const key = characterKey(character)
    if (key !== undefined) keys.push(key)
    at += character.length
  }
  return { keys, rest: '' }
}

/** What {@link parseKeys} left over, after nothing more came: a lone escape is the key of that name. */
export function keysOfRest(rest: string): readonly string[] {
  if (rest === '') return []
  return ['esc', ...parseKeys(rest.slice(1)).keys]
}

function keyOf([, parameters = '', final, afterO]: RegExpExecArray): string | undefined {
  if (afterO !== undefined) return byFinal.get(afterO)
  const [number, modifier] = parameters.split(';').map(Number)
  const name = final === '~' ? byNumber.get(number ?? 0) : byFinal.get(final!)
  if (name === undefined) return undefined
  return modifier === 5 ? `ctrl-${name}` : name
}

function characterKey(character: string): string | undefined {
  const named = controls.get(character)
  if (named !== undefined) return named
  const code = character.codePointAt(0)!
  if (code >= 1 && code <= 26) return `ctrl-${String.fromCharCode(code + 96)}`
  return code < 32 || (code >= 0x7f && code < 0xa0) ? undefined : character
}
