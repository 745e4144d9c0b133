import { type CommandEntry, command } from '../../cli/command-table.ts'

/** The porcelain commands, for the command table. */
export const porcelainCommands: readonly CommandEntry[] = [
  command('start', 'init', 'Make an empty repository', () =>
    import('./init.ts').then((m) => m.initCommand),
  ),
  command('start', 'clone', 'Make a repository with what another one has', () =>
    import('./clone.ts').then((m) => m.cloneCommand),
  ),
  command('change', 'add', 'Make series equal to files of tables, for the next commit', () =>
    import('./add.ts').then((m) => m.addCommand),
  ),
  command('change', 'write', 'Lay rows over a series, for the next commit', () =>
    import('./write.ts').then((m) => m.writeCommand),
  ),
  command('change', 'delete', 'Delete rows of a series, for the next commit', () =>
    import('./delete.ts').then((m) => m.deleteCommand),
  ),
  command('change', 'create', 'Make an empty series, or give a collection a schema', () =>
    import('./create.ts').then((m) => m.createCommand),
  ),
  command('change', 'schema', 'Show and change what the rows of a series are made of', () =>
    import('./schema.ts').then((m) => m.schemaCommand),
  ),
  command('change', 'mv', 'Give a series or a collection another name', () =>
    import('./mv.ts').then((m) => m.mvCommand),
  ),
  command('change', 'rm', 'Remove whole series', () => import('./rm.ts').then((m) => m.rmCommand)),
  command('change', 'commit', 'Record what is staged as a commit', () =>
    import('./commit.ts').then((m) => m.commitCommand),
  ),
  command('examine', 'status', 'Show what is staged, what changed in files, and what is new', () =>
    import('./status.ts').then((m) => m.statusCommand),
  ),
  command('examine', 'diff', 'Show what changed, row by row', () =>
    import('./diff.ts').then((m) => m.diffCommand),
  ),
  command('examine', 'log', 'Show commits, the latest first', () =>
    import('./log.ts').then((m) => m.logCommand),
  ),
  command('examine', 'tui', 'Browse history on the whole terminal, with charts', () =>
    import('./tui.ts').then((m) => m.tuiCommand),
  ),
  command('examine', 'show', 'Show a commit, a tag, what is in a tree, or what a series is', () =>
    import('./show.ts').then((m) => m.showCommand),
  ),
  command('examine', 'blame', 'Show which commit last changed each row', () =>
    import('./blame.ts').then((m) => m.blameCommand),
  ),
  command('examine', 'history', 'Show every value that a point ever had', () =>
    import('./history.ts').then((m) => m.historyCommand),
  ),
  command('examine', 'vintages', 'Show what was known at several times, side by side', () =>
    import('./vintages.ts').then((m) => m.vintagesCommand),
  ),
  command('examine', 'read', 'Print the rows of a series, now or as they were', () =>
    import('./read.ts').then((m) => m.readCommand),
  ),
  command('examine', 'plot', 'Draw the values of a series as a chart', () =>
    import('./plot.ts').then((m) => m.plotCommand),
  ),
  command('examine', 'validate', 'Check series against the quality rules in their settings', () =>
    import('./validate.ts').then((m) => m.validateCommand),
  ),
  command('examine', 'ls', 'List series', () => import('./ls.ts').then((m) => m.lsCommand)),
  command('share', 'remote', 'Manage the repositories that are known by a name', () =>
    import('./remote.ts').then((m) => m.remoteCommand),
  ),
  command('share', 'fetch', 'Bring what another repository has, and change no branch', () =>
    import('./fetch.ts').then((m) => m.fetchCommand),
  ),
  command('share', 'pull', 'Fetch, and merge what the branch follows', () =>
    import('./pull.ts').then((m) => m.pullCommand),
  ),
  command('share', 'push', 'Give another repository what it lacks, and move its branches', () =>
    import('./push.ts').then((m) => m.pushCommand),
  ),
  command('share', 'bundle', 'Move branches and tags in a file, where there is no connection', () =>
    import('./bundle.ts').then((m) => m.bundleCommand),
  ),
  command('share', 'archive', 'Write series of a revision as a tar archive of tables', () =>
    import('./archive.ts').then((m) => m.archiveCommand),
  ),
  command('share', 'serve', 'Serve repositories over HTTP', () =>
    import('./serve.ts').then((m) => m.serveCommand),
  ),
  command('share', 'import', 'Take over what another program keeps', () =>
    import('./import.ts').then((m) => m.importCommand),
  ),
  command('history', 'branch', 'List, make, rename, copy and delete branches', () =>
    import('./branch.ts').then((m) => m.branchCommand),
  ),
  command('history', 'switch', 'Go to another branch', () =>
    import('./switch.ts').then((m) => m.switchCommand),
  ),
  command('history', 'checkout', 'Go to a branch or a commit, or put series back', () =>
    import('./checkout.ts').then((m) => m.checkoutCommand),
  ),
  command('history', 'restore', 'Put series back as they were, whole or in part', () =>
    import('./restore.ts').then((m) => m.restoreCommand),
  ),
  command('history', 'reset', 'Move the branch to a commit, or unstage series', () =>
    import('./reset.ts').then((m) => m.resetCommand),
  ),
  command('history', 'merge', 'Merge a branch, cell by cell', () =>
    import('./merge.ts').then((m) => m.mergeCommand),
  ),
  command('history', 'revert', 'Take back what commits changed, with new commits', () =>
    import('./replay.ts').then((m) => m.revertCommand),
  ),
  command('history', 'cherry-pick', 'Make the changes of commits here, too', () =>
    import('./replay.ts').then((m) => m.cherryPickCommand),
  ),
  command('history', 'bisect', 'Find the commit that changed something, by halving', () =>
    import('./bisect.ts').then((m) => m.bisectCommand),
  ),
  command('history', 'tag', 'List, make and delete tags', () =>
    import('./tag.ts').then((m) => m.tagCommand),
  ),
  command('history', 'reflog', 'Show where a branch, or HEAD, has been', () =>
    import('./reflog.ts').then((m) => m.reflogCommand),
  ),
  command('history', 'undo', 'Take back the last operation', () =>
    import('./undo.ts').then((m) => m.undoCommand),
  ),
  command('maintain', 'gc', 'Store everything as densely as it can be', () =>
    import('./gc.ts').then((m) => m.gcCommand),
  ),
  command('maintain', 'prune', 'Remove what nothing needs and is old enough', () =>
    import('./prune.ts').then((m) => m.pruneCommand),
  ),
  command('maintain', 'trim', 'Forget old history, and keep the data', () =>
    import('./trim.ts').then((m) => m.trimCommand),
  ),
  command('maintain', 'purge', 'Remove data from all of history, for good', () =>
    import('./purge.ts').then((m) => m.purgeCommand),
  ),
  command('maintain', 'fsck', 'Check everything that is stored, and repair it', () =>
    import('./fsck.ts').then((m) => m.fsckCommand),
  ),
]
