import { defineCommand, usageError } from '../../cli/define-command.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { switchBranch } from '../switch.ts'
import { noteFilesLeft, switchJson, switchText, whileMoving } from './moving.ts'

export const switchCommand = defineCommand({
  name: 'switch',
  usage: [
    'switch [<options>] (<branch> | -)',
    'switch [<options>] -c <new> [<start>]',
    'switch [<options>] --detach [<rev>]',
    'switch [<options>] --orphan <new>',
  ],
  summary: 'Go to another branch',
  description: [
    'Index and files become those of the branch. What is staged, and files changed by hand, go along',
    'where the branch has the same series there; otherwise nothing happens, and the series are named.',
    '',
    'A branch that is not here, and that one remote has, is made, and follows that: switch vendor-b',
    'after fetch is switch -c vendor-b origin/vendor-b.',
    '',
    '--orphan begins a branch without history: what is committed here goes from index and files, new',
    'series that are staged go along, and the next commit is the first one.',
    '',
    'Files are written for all series where they come to less than checkout.filesLimit.',
  ].join('\n'),
  examples: [
    { command: 'varve switch -c vendor-b', about: 'a new branch, here' },
    { command: 'varve switch main', about: 'and back' },
    { command: 'varve switch -', about: 'to where you were before' },
    { command: 'varve switch -c fix v1', about: 'a branch from an older state' },
  ],
  report: true,
  options: (y) =>
    y
      .positional('branch', { complete: 'branch', describe: 'A branch, or - for the one before' })
      .option('create', { alias: 'c', value: 'new', describe: 'Make this branch, and go there' })
      .option('force-create', {
        alias: 'C',
        value: 'new',
        describe: 'As --create, moving the branch if it exists',
      })
      .option('orphan', {
        value: 'new',
        describe: 'Go to a new branch without any history',
      })
      .option('detach', {
        alias: 'd',
        type: 'boolean',
        describe: 'Go to the commit itself, on no branch',
      })
      .option('track', {
        alias: 't',
        type: 'boolean',
        tristate: true,
        describe: 'A new branch follows where it starts: as it does if that is of a remote',
      })
      .option('guess', {
        type: 'boolean',
        default: true,
        describe: 'Make the branch where only one remote has it; --no-guess does not',
      })
      .option('force', {
        alias: ['f', 'discard-changes'],
        type: 'boolean',
        describe: 'Drop what is staged and what was changed in files',
      })
      .option('files', {
        type: 'boolean',
        default: true,
        describe: 'Write files where they are small enough; --no-files only those there are',
      })
      .conflicts('create', 'force-create', 'detach', 'orphan')
      .conflicts('force-create', 'detach', 'orphan')
      .conflicts('orphan', 'detach', 'track'),
  run: async (args, context) => {
    const create = args.create ?? args.forceCreate
    const { orphan } = args
    if (orphan !== undefined && args.branch !== undefined) {
      throw usageError('--orphan begins at no commit', `varve switch -c ${orphan} ${args.branch}`)
    }
    if ((args.branch ?? create ?? orphan) === undefined && !args.detach) {
      throw usageError('missing <branch>', 'varve branch lists them')
    }
    const repo = await context.repository()
    const who = await logIdentity(context)
    const result = await whileMoving(context, args, (files) =>
      switchBranch(repo, {
        ...files,
        target: args.branch,
        detach: args.detach,
        create,
        orphan,
        track: args.track,
        guess: args.guess,
        reset: args.forceCreate !== undefined,
        who,
        now: context.now(),
      }),
    )
    noteFilesLeft(context, result.files)
    return result
  },
  toText: (result) => switchText(result),
  toJson: (result) => switchJson(result),
})
