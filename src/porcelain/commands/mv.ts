import { defineCommand, given } from '../../cli/define-command.ts'
import { moveSeries } from '../move-series.ts'
import { changingOptions } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { appliedJson, committed } from './committed.ts'

export const mvCommand = defineCommand({
  name: 'mv',
  summary: 'Give a series or a collection another name',
  description: [
    'What is stored stays as it is, settings too; files in the work tree are renamed. A new name with',
    'a / at its end is the collection to move into.',
  ].join('\n'),
  examples: [
    { command: 'varve mv brent-daily oil/brent-daily', about: 'into a collection' },
    { command: 'varve mv sensors/ stations/', about: 'a collection under another one' },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('from', { demandOption: true, complete: 'series' })
        .positional('to', { demandOption: true, complete: 'series' }),
    ),
  run: async (args, context) => {
    const repo = await context.repository()
    return moveSeries(repo, {
      from: args.from,
      to: args.to,
      dryRun: args.dryRun,
      signal: context.abort,
      ...given({ commit: await commitRequest(context, repo, args) }),
    })
  },
  toText: ({ result, commit }) =>
    result.moved.map(({ from, to }) => `${from} → ${to}`).join('\n') + committed(commit),
  toJson: appliedJson,
})
