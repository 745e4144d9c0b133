import { command, commandTable } from './cli/command-table.ts'
import { plumbingCommands } from './plumbing/commands/entries.ts'
import { porcelainCommands } from './porcelain/commands/entries.ts'

/** Every command. Its module is imported when it is called, not before. */
export const commands = commandTable([
  command('about', 'completion', 'Print the completion script of a shell', () =>
    import('./cli/commands/completion.ts').then((m) => m.completionCommand),
  ),
  command('about', 'config', 'Read and change configuration', () =>
    import('./cli/commands/config.ts').then((m) => m.configCommand),
  ),
  command('about', 'help', 'Show how to use varve or one of its commands', () =>
    import('./cli/commands/help.ts').then((m) => m.helpCommand),
  ),
  command('about', 'version', 'Show the version', () =>
    import('./cli/commands/version.ts').then((m) => m.versionCommand),
  ),
  ...porcelainCommands,
  ...plumbingCommands,
])
