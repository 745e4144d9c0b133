import { hasCode, VarveError } from '../core/errors.ts'
import { type Arguments, type Command, usageError } from './define-command.ts'
import { optionHabits } from './git-habits.ts'
import { globalOptions } from './global-options.ts'
import { camelCase, type DeclaredOption, type DeclaredPositional, spell } from './options.ts'
import { spellingsOf, type Token, type Tokens, tokenise } from './tokenise.ts'

export interface ParsedArguments {
  readonly args: Arguments
  /** Global options that were given after the command's name. */
  readonly globals: readonly Token[]
}

/**
 * What `run` of a command gets for a command line; a `usage` error when it cannot be read.
 * `prefix` is what stands before the command in messages: `config ` before `get`.
 */
export async function parseArguments(
  command: Command,
  argv: readonly string[],
  prefix = '',
): Promise<ParsedArguments> {
  const { declared } = command.options
  const tokens = tokeniseFor(command, argv, prefix)
  const globals = tokens.options.filter(({ option }) => globalOptions.includes(option))
  if (globals.some(({ option, value }) => option.name === 'help' && value === true)) {
    return { args: {}, globals }
  }
  const own = tokens.options.filter(({ option }) => !globalOptions.includes(option))
  refuseTogether(command, own)
  // Loading yargs takes longer than much else.
  if (mayBeObjectedTo(command, own)) await judgeWithYargs(command, own)
  const args: Arguments = {}
  for (const option of declared) {
    const given = own.filter((token) => token.option === option).map(({ value }) => value)
    args[camelCase(option.name)] = optionValue(option, given)
  }
  Object.assign(args, bindWords(command, tokens.words, tokens.trailing, prefix))
  return { args, globals }
}

/** An option that the command does not have is an error with a hint, whichever it is. */
function tokeniseFor(command: Command, argv: readonly string[], prefix: string): Tokens {
  const { declared, positionals } = command.options
  const verbatim = positionals[0]?.verbatim === true
  try {
    const tokens = tokenise(argv, spellingsOf(globalOptions, declared), verbatim)
    return verbatim ? { ...tokens, words: tokens.rest } : tokens
  } catch (error) {
    if (!hasCode(error, 'usage') || error.hint !== undefined) throw error
    const { option } = error.data
    if (option === undefined) throw error
    const name = `${prefix}${command.name}`
    const habit = optionHabits.get(`${name} ${String(option)}`)
    const hint = habit ?? `\`varve help ${name}\` lists its options`
    throw new VarveError('usage', error.message, { data: { option }, hint })
  }
}

/** Two options that exclude each other are named as they were given: `--no-ff`. */
function refuseTogether({ options }: Command, own: readonly Token[]): void {
  const spelled = (name: string) => {
    const token = own.findLast(({ option }) => option.name === name)
    return token && (token.value === false ? `--no-${name}` : `--${name}`)
  }
  for (const [one, other] of options.exclusive) {
    const pair = [spelled(one), spelled(other)]
    if (!pair.includes(undefined))
      throw usageError(`${pair.join(' and ')} cannot be given together`)
  }
}

/**
 * Whether there is anything about the options that yargs may have to say: one with choices, one that is
 * missing, one that needs another.
 */
function mayBeObjectedTo({ options }: Command, own: readonly Token[]): boolean {
  const given = new Set(own.map(({ option }) => option.name))
  return (
    own.some(({ option }) => option.choices !== undefined) ||
    options.declared.some(({ name, demandOption }) => demandOption === true && !given.has(name)) ||
    options.implied.some(([one]) => given.has(one))
  )
}

/**
 * Lets yargs judge the options: choices, required ones, implications. It is handed one
 * `--name=value` each, so that its own ideas of numbers, dots and dashes do not come into play.
 */
async function judgeWithYargs(command: Command, tokens: readonly Token[]): Promise<void> {
  const { default: yargs } = await import('yargs')
  const { declared, implied } = command.options
  const parser = yargs([])
    .scriptName('varve')
    .locale('en')
    .updateStrings(wording)
    .help(false)
    .version(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .strict()
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'greedy-arrays': false,
      // There are options whose names begin with `no-`.
      'boolean-negation': false,
    })
    .fail((message, error) => {
      throw error !== undefined && error !== null && error.name !== 'YError'
        ? error
        : usageError(impliedText(message) ?? missingText(message.trim().replace(/\s*\n\s*/g, ' ')))
    })
  for (const option of declared) {
    parser.option(option.name, {
      type: option.type === 'boolean' || option.type === 'count' ? 'boolean' : 'string',
      ...(option.array === true ? { array: true } : {}),
      ...(option.choices === undefined ? {} : { choices: option.choices }),
      ...(option.demandOption === true ? { demandOption: true } : {}),
    })
  }
  for (const [one, other] of implied) parser.implies(one, other)
  const line = tokens.map(({ option, value }) => `--${option.name}=${value}`)
  await parser.parseAsync(line)
}

const wording = {
  'Invalid values:': 'unknown value:',
  'Argument: %s, Given: %s, Choices: %s': '--%s cannot be %s; it is one of %s',
  'Missing required argument: %s': { one: 'missing option: %s', other: 'missing options: %s' },
} as unknown as Record<string, string>

/** Yargs names options without their dashes. */
function missingText(message: string): string {
  return message.replace(/^(missing options?: )(.+)$/, (_, words: string, names: string) => {
    return (
      words +
      names
        .split(', ')
        .map((name) => spell(name))
        .join(', ')
    )
  })
}

/** Yargs lists what is missing as `one -> other`, a line each, under a heading. */
function impliedText(message: string): string | undefined {
  const missing = [...message.matchAll(/^ (\S+) -> (\S+)$/gm)]
  if (missing.length === 0) return undefined
  return missing.map(([, one, other]) => `--${one} needs --${other}`).join(', ')
}

function optionValue(option: DeclaredOption, given: readonly (string | boolean)[]): unknown {
  if (option.type === 'count') return given.length
  const last = given.at(-1)
  if (option.type === 'boolean') {
    return last ?? option.default ?? (option.tristate === true ? undefined : false)
  }
  const read = (text: string | boolean) => readValue(option, String(text))
  if (option.array === true) return given.length === 0 ? (option.default ?? []) : given.map(read)
  return last === undefined ? option.default : read(last)
}

function readValue(option: DeclaredOption, text: string): unknown {
  if (option.type === 'number') {
    const number = text.trim() === '' ? Number.NaN : Number(text)
    if (!Number.isFinite(number)) {
      throw usageError(`${spell(option.name)} takes a number, not ${JSON.stringify(text)}`)
    }
    return number
  }
  return option.coerce === undefined ? text : option.coerce(text)
}

/** Gives each word to its positional; one that takes many leaves enough for those after it. */
function bindWords(
  command: Command,
  words: readonly string[],
  trailing: readonly string[] | undefined,
  prefix: string,
): Arguments {
  const hint = `usage: varve ${prefix}${command.usage[0]}`
  const { positionals, trailing: after } = command.options
  const bound: Arguments = {}
  const required = positionals.filter(({ demandOption }) => demandOption === true)
  let left = [...words]
  if (after === undefined) left.push(...(trailing ?? []))
  else bound[camelCase(after.name)] = (trailing ?? []).map((word) => wordValue(after, word))
  const missing = required[left.length]
  if (missing !== undefined) throw usageError(`missing <${missing.name}>`, hint)
  positionals.forEach((positional, index) => {
    const needed = positionals.slice(index + 1).filter((later) => later.demandOption).length
    const free = Math.max(0, left.length - needed)
    const count = positional.array === true ? free : Math.min(1, free)
    const taken = left.slice(0, count).map((word) => wordValue(positional, word))
    left = left.slice(count)
    bound[camelCase(positional.name)] =
      positional.array === true ? taken : count === 0 ? positional.default : taken[0]
  })
  if (left.length > 0) {
    throw usageError(`unexpected argument ${JSON.stringify(left[0])}`, hint)
  }
  return bound
}

function wordValue(positional: DeclaredPositional, word: string): unknown {
  if (positional.choices !== undefined && !positional.choices.includes(word)) {
    const choices = positional.choices.join(', ')
    throw usageError(`<${positional.name}> is one of ${choices}, not ${JSON.stringify(word)}`)
  }
  return positional.coerce === undefined ? word : positional.coerce(word)
}
