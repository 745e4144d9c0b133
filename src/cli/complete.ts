import type { CommandTable } from './command-table.ts'
import type { Context } from './context.ts'
import type { Command } from './define-command.ts'
import { globalOptions } from './global-options.ts'
import { fallbackOf, optionTerm } from './help-text.ts'
import { aliasesOf, type Completion, type DeclaredOption, spell } from './options.ts'
import { resolveSubcommand } from './resolve-subcommand.ts'
import { type Spellings, spellingsOf } from './tokenise.ts'

export interface Candidate {
  readonly value: string
  readonly about: string
}

export interface Completions {
  readonly candidates: readonly Candidate[]
  /** Whether names of files fit here too. */
  readonly files: boolean
}

/** Looks up what fits where a value of this kind is wanted. */
export type CompletionSource = (
  kind: Exclude<Completion, 'file' | 'command' | 'config-key'>,
  typed: string,
) => Promise<readonly string[]>

const NOTHING: Completions = { candidates: [], files: false }

/**
 * What may follow on a command line. `words` are those after `varve`; the last one is the one
 * being typed, and may be empty.
 */
export async function complete(
  words: readonly string[],
  table: CommandTable,
  context: Context,
  source: CompletionSource,
): Promise<Completions> {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const start = skipOptions(before, spellingsOf(globalOptions))
  const value = (kind: Completion | undefined, text: string, lead = '') =>
    completeValue(kind, text, lead, { table, context, source })

  if (start.pending !== undefined) return value(start.pending.complete, typed)
  const name = start.words[0]
  if (name === undefined) {
    return typed.startsWith('-')
      ? completeOption(typed, globalOptions, value)
      : value('command', typed)
  }
  const entry = table.get(name)
  if (entry === undefined) return NOTHING
  const top = await entry.load()
  const rest = before.slice(before.indexOf(name, start.at) + 1)
  if (top.subcommands.length > 0 && rest.length === 0) {
    const own = fallbackOf(top)?.options.declared ?? []
    return typed.startsWith('-')
      ? completeOption(typed, [...own, ...globalOptions], value)
      : withFallback(top, typed, value)
  }
  const { command, argv } = resolveSubcommand(top, rest)
  return completeArgument(command, argv, typed, value)
}

type ValueCompleter = (
  kind: Completion | undefined,
  text: string,
  lead?: string,
) => Promise<Completions>

async function completeArgument(
  command: Command,
  argv: readonly string[],
  typed: string,
  value: ValueCompleter,
): Promise<Completions> {
  const { declared, positionals, trailing } = command.options
  const spellings = spellingsOf(globalOptions, declared)
  const line = skipOptions(argv, spellings, false)
  if (line.pending !== undefined) return optionValue(line.pending, typed, '', value)
  if (!line.ended && typed.startsWith('-')) {
    return completeOption(typed, [...declared, ...globalOptions], value)
  }
  if (line.ended && trailing !== undefined) return value(trailing.complete, typed)
  const index = line.words.length
  const many = positionals.findIndex(({ array }) => array === true)
  const positional = positionals[many >= 0 && index >= many ? many : index]
  if (positional?.choices !== undefined) return fitting(positional.choices, typed)
  const said = declared.find(
    ({ name, words }) =>
      words !== undefined &&
      argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`)),
  )
  return value(said?.words ?? positional?.complete, typed)
}

/** Option names, or the value in `--name=value`. */
async function completeOption(
  typed: string,
  options: readonly DeclaredOption[],
  value: ValueCompleter,
): Promise<Completions> {
  const equals = typed.indexOf('=')
  if (typed.startsWith('--') && equals > 0) {
    const option = spellingsOf(options).get(typed.slice(2, equals))
    if (option === undefined) return NOTHING
    return optionValue(option, typed.slice(equals + 1), typed.slice(0, equals + 1), value)
  }
  const candidates = options
    .filter((option) => option.hidden !== true)
    .flatMap((option) =>
      [option.name, ...aliasesOf(option)].map((name) => ({
        value: isNegatedFlag(option, name) ? `--no-${name}` : spell(name),
        about: option.describe,
      })),
    )
  return { candidates: candidates.filter((one) => one.value.startsWith(typed)), files: false }
}

function isNegatedFlag(option: DeclaredOption, name: string): boolean {
  return name.length > 1 && optionTerm(option).includes(`--no-${name}`)
}

function optionValue(
  option: DeclaredOption,
  text: string,
  lead: string,
  value: ValueCompleter,
): Promise<Completions> | Completions {
  return option.choices === undefined
    ? value(option.complete, text, lead)
    : fitting(option.choices, text, lead)
}

async function withFallback(
  group: Command,
  typed: string,
  value: ValueCompleter,
): Promise<Completions> {
  const named = group.subcommands
    .filter(({ hidden, name }) => !hidden && name.startsWith(typed))
    .map(({ name, summary }) => ({ value: name, about: summary }))
  const fallback = fallbackOf(group)
  if (fallback === undefined) return { candidates: named, files: false }
  const more = await value(fallback.options.positionals[0]?.complete, typed)
  return { candidates: [...named, ...more.candidates], files: more.files }
}

async function completeValue(
  kind: Completion | undefined,
  typed: string,
  lead: string,
  where: { table: CommandTable; context: Context; source: CompletionSource },
): Promise<Completions> {
  if (kind === undefined) return NOTHING
  if (kind === 'file') return { candidates: [], files: true }
  if (kind === 'command') {
    const shown = [...where.table.values()].filter(({ name }) => name.startsWith(typed))
    return {
      candidates: shown.map(({ name, summary }) => ({ value: lead + name, about: summary })),
      files: false,
    }
  }
  if (kind === 'config-key') {
    const { configKeys } = await import('./config-keys.ts')
    const names = [...configKeys.values()].map(({ name }) => name)
    return fitting(names, typed, lead)
  }
  const values =
    typeof kind === 'function' ? await kind(typed, where.context) : await where.source(kind, typed)
  return fitting(values, typed, lead)
}

function fitting(values: readonly string[], typed: string, lead = ''): Completions {
  const candidates = values
    .filter((value) => value.startsWith(typed))
    .map((value) => ({ value: lead + value, about: '' }))
  return { candidates, files: false }
}

interface Skipped {
  readonly words: readonly string[]
  /** The option whose value comes next. */
  readonly pending: DeclaredOption | undefined
  /** Whether `--` was met. */
  readonly ended: boolean
  /** Where the first word is. */
  readonly at: number
}

/** Sorts what was typed into options and words; unlike parsing it forgives everything. */
function skipOptions(args: readonly string[], spellings: Spellings, stop = true): Skipped {
  const words: string[] = []
  let pending: DeclaredOption | undefined
  for (const [at, arg] of args.entries()) {
    if (pending !== undefined) {
      pending = undefined
    } else if (arg === '--') {
      return { words: [...words, ...args.slice(at + 1)], pending, ended: true, at }
    } else if (arg.startsWith('-') && arg !== '-') {
      const name = arg.startsWith('--') ? arg.slice(2) : arg.slice(-1)
      const option = spellings.get(name)
      const takesNext =
        option?.type !== 'boolean' && option?.type !== 'count' && !option?.optionalValue
      if (option !== undefined && takesNext) pending = option
    } else {
      words.push(arg)
      if (stop) return { words, pending, ended: false, at }
    }
  }
  return { words, pending, ended: false, at: args.length }
}
