import { type CommandEntry, command } from '../../cli/command-table.ts'

/** The porcelain commands, for the command table. */
export const porcelainCommands: readonly CommandEntry[] = [
  command('start', 'init', 'Make an empty repository', () =>
    import('./init.ts').then((m) => m.initCommand),
  ),
  command('examine', 'ls', 'List series', () => import('./ls.ts').then((m) => m.lsCommand)),
  command('examine', 'read', 'Print the rows of a series, now or as they were', () =>
    import('./read.ts').then((m) => m.readCommand),
  ),
]
