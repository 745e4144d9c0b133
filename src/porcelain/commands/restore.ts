import { defineCommand, usageError } from '../../cli/define-command.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { type RestoreResult, restore } from '../restore.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import { changingOptions } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { committed } from './committed.ts'
import { whileMoving } from './moving.ts'
import { parseColumns } from './reading-options.ts'

export const restoreCommand = defineCommand({
  name: 'restore',
  usage: [
    'restore <series>...',
    'restore --staged [--worktree] <series>...',
    'restore --source <rev> [--from <key>] [--to <key>] [--columns <names>] <series>...',
  ],
  summary: 'Put series back as they were, whole or in part',
  description: [
    'Without options, files become what the index holds: what was changed by hand is dropped. With',
    '--staged the index becomes what HEAD holds, and files stay.',
    '',
    'With --source, index and files become what a revision holds. --from, --to, --at and --columns',
    'narrow that to some rows and columns, and leave all others as they are.',
    '',
    'A series goes by its name or its file; a collection (sensors/) means all that is in it, and a',
    'dot means everything. What the index held before is brought back by undo.',
  ].join('\n'),
  examples: [
    { command: 'varve restore brent-daily.csv', about: 'drop what was changed in the file' },
    { command: 'varve restore --staged brent-daily', about: 'do not commit it yet' },
    {
      command: 'varve restore --source HEAD~3 brent-daily --from 2026-08 --to 2026-08',
      about: 'August as it was three commits ago',
    },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      boundsOptions(
        y
          .positional('series', { demandOption: true, array: true, complete: 'series' })
          .option('staged', { alias: 'S', type: 'boolean', describe: 'Put the index back' })
          .option('worktree', {
            alias: 'W',
            type: 'boolean',
            describe: 'With --staged: put files back too',
          })
          .option('source', {
            alias: 's',
            value: 'rev',
            complete: 'revision',
            describe: 'Take it from this revision',
          })
          .option('columns', {
            alias: 'c',
            array: true,
            value: 'names',
            coerce: parseColumns,
            describe: 'Only these value columns, separated by commas',
          }),
      ),
    ).conflicts('staged', 'commit'),
  run: async (args, context) => {
    const repo = await context.repository()
    const { series, staged, worktree, source } = args
    if (source === undefined && args.commit) {
      throw usageError('--commit goes with --source: files alone make no commit')
    }
    const commit = source === undefined ? undefined : await commitRequest(context, repo, args)
    const who = await logIdentity(context)
    return whileMoving(context, {}, (files) =>
      restore(repo, {
        ...files,
        ...boundsOf(args),
        ...{ series, staged, worktree, source },
        columns: args.columns.length === 0 ? undefined : args.columns.flat(),
        commit,
        dryRun: args.dryRun,
        who,
        now: context.now(),
      }),
    )
  },
  toText: (result, _style, { dryRun }) => restoreText(result, dryRun) + committed(result.commit),
})

/** What was put back, a line a series. */
export function restoreText(result: RestoreResult, dryRun = false): string {
  const { index, files, withoutFile } = result
  const lines = [...new Set([...index, ...files])].map((series) => {
    const places = [
      ...(index.includes(series) ? ['index'] : []),
      ...(files.includes(series) ? ['file'] : []),
    ]
    return `${dryRun ? 'would restore' : 'restored'} ${series} (${places.join(', ')})`
  })
  if (lines.length > 0) return lines.join('\n')
  if (withoutFile.length > 0) {
    const [first] = withoutFile
    return withoutFile.length === 1
      ? `nothing to restore: ${first} has no file (varve checkout --files ${first} writes it)`
      : `nothing to restore: ${withoutFile.length} series have no file (varve checkout --files ${first} … writes them)`
  }
  return 'nothing to restore'
}
