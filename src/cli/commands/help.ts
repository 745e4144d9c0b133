import { type CommandTable, commandGroups, findCommand } from '../command-table.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { globalOptions } from '../global-options.ts'
import { helpText, optionRows } from '../help-text.ts'
import { subcommandError } from '../resolve-subcommand.ts'
import type { Style } from '../style.ts'

export const helpCommand = defineCommand({
  name: 'help',
  usage: 'help [<command> [<subcommand>]]',
  summary: 'Show how to use varve or one of its commands',
  options: (y) =>
    y.positional('words', {
      array: true,
      describe: 'A command, and a subcommand where it has some; all commands without',
      complete: 'command',
    }),
  pager: true,
  run: async ({ words }, context): Promise<HelpResult> => {
    const [name, ...more] = words
    if (name === undefined) return { commands: listCommands(context.commands) }
    let command = await findCommand(context.commands, name).load()
    let prefix = ''
    for (const word of more) {
      const next = command.subcommands.find((subcommand) => subcommand.name === word)
      if (next === undefined) throw subcommandError(command, word)
      prefix += `${command.name} `
      command = next
    }
    return { command, prefix }
  },
  toText: (result, style) =>
    'command' in result
      ? helpText(result.command, style, result.prefix)
      : overview(result.commands, style),
  toJson: (result) => ('command' in result ? describeCommand(result.command) : result),
})

type HelpResult =
  | { readonly commands: readonly ListedCommand[] }
  | { readonly command: Command; readonly prefix: string }

interface ListedCommand {
  readonly name: string
  readonly group: keyof typeof commandGroups
  readonly summary: string
}

function listCommands(table: CommandTable): ListedCommand[] {
  return [...table.values()].map(({ name, group, summary }) => ({ name, group, summary }))
}

function overview(commands: readonly ListedCommand[], style: Style): string {
  const parts = [
    `${style.bold('varve')}: version control for time series`,
    `${style.bold('Usage')}\n  varve [<options>] <command> [<arguments>]`,
  ]
  for (const [group, title] of Object.entries(commandGroups)) {
    const rows = commands
      .filter((command) => command.group === group)
      .map(({ name, summary }) => `  ${style.cyan(name.padEnd(18))}${summary}`)
    if (rows.length > 0) parts.push([style.bold(title), ...rows].join('\n'))
  }
  const options = optionRows(globalOptions).map(({ term, about }) => `  ${term.padEnd(18)}${about}`)
  parts.push([style.bold('options of every command'), ...options].join('\n'))
  parts.push('`varve help <command>` tells more.')
  return parts.join('\n\n')
}

function describeCommand(command: Command): unknown {
  const { name, usage, summary, description, examples, subcommands, options } = command
  return {
    name,
    summary,
    usage,
    description,
    arguments: options.positionals.map(({ name, describe, array, demandOption }) => ({
      name,
      describe,
      many: array === true,
      required: demandOption === true,
    })),
    options: optionRows(options.declared),
    subcommands: subcommands.map((subcommand) => subcommand.name),
    examples,
  }
}
