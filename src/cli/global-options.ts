import { type Arguments, usageError } from './define-command.ts'
import { type DeclaredOption, Options } from './options.ts'
import type { Token } from './tokenise.ts'

export interface GlobalOptions {
  /** `-C`, in order: each is relative to the one before. */
  readonly directories: readonly string[]
  /** `-c key=value`, in order. */
  readonly settings: readonly string[]
  /** `-R`. */
  readonly repository: string | undefined
  readonly json: boolean
  readonly color: 'auto' | 'always' | 'never' | undefined
  readonly pager: boolean
  readonly quiet: boolean
  readonly help: boolean
  readonly version: boolean
}

/** Options of every command, before or after its name unless the command has one of its own. */
export const globalOptions: readonly DeclaredOption[] = new Options<object>()
  .option('C', {
    describe: 'Run as if started in this folder; each further -C starts from the one before',
    array: true,
    value: 'dir',
    complete: 'file',
  })
  .option('c', {
    describe: 'Set a configuration key for this command alone',
    array: true,
    value: '<key>=<value>',
    complete: 'config-key',
  })
  .option('R', {
    describe: 'The repository to use: a path or a URL (default: $VARVE_REPO, else by folder)',
    value: 'repository',
    complete: 'file',
  })
  .option('json', {
    describe: 'Print JSON: one document, or one object a line where there is a stream of them',
    type: 'boolean',
  })
  .option('color', {
    describe: 'Colour the output: auto, always or never',
    choices: ['auto', 'always', 'never'],
    optionalValue: 'always',
    negated: 'never',
    value: 'when',
  })
  .option('pager', { describe: 'Never start a pager', type: 'boolean', default: true })
  .option('quiet', {
    alias: 'q',
    describe: 'Print no notes, no progress and no report of what was done',
    type: 'boolean',
  })
  .option('help', { alias: 'h', describe: 'Show how to use the command', type: 'boolean' }).declared

/** Only before a command, where it stands for `varve version`. */
export const versionOption: DeclaredOption = {
  name: 'version',
  alias: 'v',
  describe: 'Show the version',
  type: 'boolean',
  hidden: true,
}

/** The value of each global option among `tokens`, the later ones first in line. */
export function readGlobalOptions(tokens: readonly Token[]): GlobalOptions {
  const last: Arguments = {}
  const lists: Record<string, string[]> = { C: [], c: [] }
  for (const { option, value } of tokens) {
    if (option.choices !== undefined && !option.choices.includes(String(value))) {
      throw usageError(`--${option.name} is one of ${option.choices.join(', ')}, not "${value}"`)
    }
    if (option.array === true) lists[option.name]!.push(String(value))
    else last[option.name] = value
  }
  return {
    directories: lists.C!,
    settings: lists.c!,
    repository: last.R as string | undefined,
    json: last.json === true,
    color: last.color as GlobalOptions['color'],
    pager: last.pager !== false,
    quiet: last.quiet === true,
    help: last.help === true,
    version: last.version === true,
  }
}
