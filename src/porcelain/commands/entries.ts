import { type CommandEntry, command } from '../../cli/command-table.ts'

/** The porcelain commands, for the command table. */
export const porcelainCommands: readonly CommandEntry[] = [
  command('change', 'commit', 'Record what is staged as a commit', () =>
    import('./commit.ts').then((m) => m.commitCommand),
  ),
  command('start', 'init', 'Make an empty repository', () =>
    import('./init.ts').then((m) => m.initCommand),
  ),
  command('change', 'add', 'Make series equal to CSV files, for the next commit', () =>
    import('./add.ts').then((m) => m.addCommand),
  ),
  command('change', 'write', 'Lay rows over a series, for the next commit', () =>
    import('./write.ts').then((m) => m.writeCommand),
  ),
  command('change', 'delete', 'Delete rows of a series, for the next commit', () =>
    import('./delete.ts').then((m) => m.deleteCommand),
  ),
  command('examine', 'diff', 'Show what changed, row by row', () =>
    import('./diff.ts').then((m) => m.diffCommand),
  ),
  command('examine', 'log', 'Show commits, the latest first', () =>
    import('./log.ts').then((m) => m.logCommand),
  ),
  command('examine', 'ls', 'List series', () => import('./ls.ts').then((m) => m.lsCommand)),
  command('examine', 'read', 'Print the rows of a series, now or as they were', () =>
    import('./read.ts').then((m) => m.readCommand),
  ),
  command('change', 'create', 'Make an empty series, or give a collection a schema', () =>
    import('./create.ts').then((m) => m.createCommand),
  ),
  command('change', 'mv', 'Give a series or a collection another name', () =>
    import('./mv.ts').then((m) => m.mvCommand),
  ),
  command('change', 'rm', 'Remove whole series', () => import('./rm.ts').then((m) => m.rmCommand)),
  command('change', 'schema', 'Show and change what the rows of a series are made of', () =>
    import('./schema.ts').then((m) => m.schemaCommand),
  ),
]
