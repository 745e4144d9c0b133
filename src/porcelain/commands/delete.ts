import { defineCommand, given } from '../../cli/define-command.ts'
import { changesText } from '../change-summary.ts'
import { deleteRows } from '../delete-rows.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import { changingOptions } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'

export const deleteCommand = defineCommand({
  name: 'delete',
  usage: 'delete [<options>] <series> (--from <key> | --to <key> | --at <key>)',
  summary: 'Delete rows of a series, for the next commit',
  description: [
    'Deletes the rows between the bounds; one of them must be given. A bound that is a partial date',
    'is a period: --from 2026-08 starts with August, --to 2026-08 ends with it; a full instant is',
    'taken under --closed. To remove a whole series, use rm.',
  ].join('\n'),
  examples: [
    { command: 'varve delete brent-daily --at 2026-08-17', about: 'one day' },
    { command: 'varve delete brent-daily --to 1999', about: 'all up to the end of 1999' },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      boundsOptions(y.positional('series', { demandOption: true, complete: 'series' })),
    ),
  run: async (args, context) => {
    const repo = await context.repository()
    const { series, dryRun } = args
    return deleteRows(repo, {
      ...boundsOf(args),
      ...given({ commit: await commitRequest(context, repo, args) }),
      series,
      dryRun,
      signal: context.abort,
    })
  },
  toText: (result) => changesText(result),
})
