import { defineCommand, given } from '../../cli/define-command.ts'
import { removeSeries } from '../move-series.ts'
import { changingOptions } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { appliedJson, committed } from './committed.ts'

export const rmCommand = defineCommand({
  name: 'rm',
  summary: 'Remove whole series',
  description: [
    'Removes series from the next commit, and their files from the work tree. What commits hold of',
    'them stays. To remove rows, use delete.',
    '',
    'As git does, it refuses where something would be lost: a series that is staged and not committed',
    'so, or a file that was changed by hand. --cached takes a series from the index and leaves its file,',
    'where that holds what is staged; --force removes it all the same.',
  ].join('\n'),
  examples: [
    { command: 'varve rm brent-daily', about: 'one series' },
    { command: 'varve rm --cached brent-daily', about: 'but keep brent-daily.csv' },
    { command: 'varve rm -r sensors/', about: 'a collection with all that is in it' },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('series', { demandOption: true, array: true, complete: 'series' })
        .option('recursive', { alias: 'r', type: 'boolean', describe: 'Also collections' })
        .option('cached', {
          type: 'boolean',
          describe: 'Only from the index: the files stay, and are not those of series any more',
        })
        .option('force', {
          alias: 'f',
          type: 'boolean',
          describe: 'Also what is staged and was never committed, and files changed by hand',
        }),
    ),
  run: async (args, context) => {
    const repo = await context.repository()
    return removeSeries(repo, {
      names: args.series,
      recursive: args.recursive,
      cached: args.cached,
      force: args.force,
      dryRun: args.dryRun,
      signal: context.abort,
      ...given({ commit: await commitRequest(context, repo, args) }),
    })
  },
  toText: ({ result, commit }) =>
    result.removed.map((path) => `rm ${path}`).join('\n') + committed(commit),
  toJson: appliedJson,
})
