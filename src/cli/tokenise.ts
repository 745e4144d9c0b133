import { VarveError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { aliasesOf, type DeclaredOption, spell } from './options.ts'

/** One option as it was given; `false` is `--no-x`. */
export interface Token {
  readonly option: DeclaredOption
  readonly value: string | boolean
}

export interface Tokens {
  readonly options: readonly Token[]
  readonly words: readonly string[]
  /** The words after `--`; undefined when there was none. */
  readonly trailing: readonly string[] | undefined
  /** With `stopAtWord`: the first word and all that follows it. */
  readonly rest: readonly string[]
}

/** Which option a spelling (`n`, `max-count`) means. */
export type Spellings = ReadonlyMap<string, DeclaredOption>

/** Every way to spell these options. Of two with the same spelling the later one has it. */
export function spellingsOf(...lists: readonly (readonly DeclaredOption[])[]): Spellings {
  const spellings = new Map<string, DeclaredOption>()
  for (const option of lists.flat()) {
    for (const name of [option.name, ...aliasesOf(option)]) spellings.set(name, option)
  }
  return spellings
}

/**
 * Cuts a command line into options and words the way git does: a value may begin with a dash
 * (`-m "- item"`), letters may be joined (`-am text`) and may touch their value (`-n5`).
 */
export function tokenise(
  args: readonly string[],
  spellings: Spellings,
  stopAtWord = false,
): Tokens {
  const options: Token[] = []
  const words: string[] = []
  let trailing: readonly string[] | undefined
  let at = 0

  const lookup = (spelling: string): DeclaredOption => {
    const option = spellings.get(spelling)
    if (option === undefined) throw unknownOption(spelling, spellings)
    return option
  }
  const nextValue = (spelling: string): string => {
    const value = args[at]
    if (value === undefined) throw new VarveError('usage', `${spell(spelling)} needs a value`)
    at++
    return value
  }

  const long = (text: string) => {
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    const value = equals < 0 ? undefined : text.slice(equals + 1)
    const negatedName = name.startsWith('no-') ? name.slice(3) : undefined
    if (!spellings.has(name) && negatedName !== undefined && value === undefined) {
      const option = spellings.get(negatedName)
      if (option !== undefined && (option.type === 'boolean' || option.negated !== undefined)) {
        options.push({ option, value: option.negated ?? false })
        return
      }
    }
    const option = lookup(name)
    if (isFlag(option)) {
      if (value !== undefined) throw new VarveError('usage', `--${name} takes no value`)
      options.push({ option, value: true })
    } else {
      options.push({ option, value: value ?? option.optionalValue ?? nextValue(name) })
    }
  }

  const short = (letters: string) => {
    for (let index = 0; index < letters.length; index++) {
      const letter = letters[index]!
      const option = lookup(letter)
      if (isFlag(option)) {
        options.push({ option, value: true })
        continue
      }
      const touching = letters.slice(index + 1)
      const value = touching !== '' ? touching : (option.optionalValue ?? nextValue(letter))
      options.push({ option, value })
      return
    }
  }

  while (at < args.length) {
    const arg = args[at]!
    if (arg === '--') {
      trailing = args.slice(at + 1)
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      if (stopAtWord) return { options, words, trailing, rest: args.slice(at) }
      words.push(arg)
      at++
      continue
    }
    at++
    const counted = /^-\d+$/.test(arg) ? digitsOption(spellings) : undefined
    if (counted !== undefined) options.push({ option: counted, value: arg.slice(1) })
    else if (arg.startsWith('--')) long(arg.slice(2))
    else short(arg.slice(1))
  }
  return { options, words, trailing, rest: [] }
}

function isFlag(option: DeclaredOption): boolean {
  return option.type === 'boolean' || option.type === 'count'
}

function digitsOption(spellings: Spellings): DeclaredOption | undefined {
  return [...spellings.values()].find((option) => option.digits === true)
}

function unknownOption(spelling: string, spellings: Spellings): VarveError {
  const shown = [...spellings].filter(([, option]) => option.hidden !== true).map(([name]) => name)
  const near = spelling.length === 1 ? undefined : nearest(spelling, shown)
  return new VarveError('usage', `unknown option ${spell(spelling)}`, {
    data: { option: spell(spelling) },
    ...(near === undefined ? {} : { hint: `did you mean ${spell(near)}?` }),
  })
}
