import type { VarveError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { type Command, usageError } from './define-command.ts'
import { globalOptions } from './global-options.ts'
import { aliasesOf, type DeclaredOption, spell } from './options.ts'

export interface ResolvedCommand {
  readonly command: Command
  readonly argv: readonly string[]
  /** The words between `varve` and the command's name, with a space at the end. */
  readonly prefix: string
}

/** How options without a value are spelled. */
function flagsOf(options: readonly DeclaredOption[]): readonly string[] {
  return options
    .filter((option) => option.type === 'boolean')
    .flatMap((option) => [option.name, ...aliasesOf(option)])
    .flatMap((name) => [spell(name), `--no-${name}`])
}

const globalFlags = flagsOf(globalOptions)

/** Follows `config set` to the command it names; words that name none belong to the fallback. */
export function resolveSubcommand(command: Command, argv: readonly string[]): ResolvedCommand {
  let current = command
  let left = argv
  let prefix = ''
  while (current.subcommands.length > 0) {
    const { fallback } = current
    const meant = current.subcommands.find((subcommand) => subcommand.name === fallback)
    // `config --global list`: flags may stand before the subcommand's name.
    const known = new Set([...globalFlags, ...flagsOf(meant?.options.declared ?? [])])
    const end = left.findIndex((arg) => !known.has(arg))
    const flags = left.slice(0, end < 0 ? left.length : end)
    const word = left[flags.length]
    const named = current.subcommands.find((subcommand) => subcommand.name === word)
    if (named === undefined && (flags.includes('--help') || flags.includes('-h'))) break
    const next = named ?? meant
    if (next === undefined) throw subcommandError(current, word)
    if (named !== undefined) left = [...flags, ...left.slice(flags.length + 1)]
    prefix += `${current.name} `
    current = next
  }
  return { command: current, argv: left, prefix }
}

/** Why `varve config frob` cannot be: what was given, and what there is. */
export function subcommandError(command: Command, given: string | undefined): VarveError {
  const names = command.subcommands.filter(({ hidden }) => !hidden).map(({ name }) => name)
  if (given === undefined) return usageError(`${command.name} needs one of: ${names.join(', ')}`)
  const near = nearest(given, names)
  return usageError(
    `${command.name} has no subcommand ${JSON.stringify(given)}`,
    near === undefined
      ? `it has: ${names.join(', ')}`
      : `did you mean \`varve ${command.name} ${near}\`?`,
  )
}
