import { defineCommand } from '../../cli/define-command.ts'
import { logCommand } from './log.ts'

export const tuiCommand = defineCommand({
  name: 'tui',
  usage: 'tui [<options>] [<rev> | <rev>..<rev>]... [--] [<series>...]',
  summary: 'Browse history on the whole terminal, with charts',
  description: [
    'The list of commits with what each changed. Enter goes into a commit, and from there to the chart',
    'of a series: before and after, laid over one another. Tab shows the rows that changed, and the rows',
    'as they are. ? says what else can be done wherever one is, Esc and q go back.',
    '',
    'What changes the repository is a capital letter and asks first.',
    '',
    'Revisions and series are as varve log takes them. Where there is no terminal, it is varve log.',
  ].join('\n'),
  examples: [
    { command: 'varve tui', about: 'the history of the branch' },
    { command: 'varve tui v1..', about: 'since a tag' },
    { command: 'varve tui -- brent-daily', about: 'one series' },
  ],
  options: (y) =>
    y
      .positional('revision', { array: true, complete: 'revision' })
      .afterDashes('series', { complete: 'series' }),
  run: async function* (args, context) {
    if (context.hasFullScreen && !context.json) {
      const { openViewer } = await import('./open-viewer.ts')
      await openViewer(context, args)
      return
    }
    const { parseArguments } = await import('../../cli/parse-arguments.ts')
    const log = (await parseArguments(logCommand, [...args.revision, '--', ...args.series])).args
    for await (const item of logCommand.run(log, context) as AsyncIterable<unknown>) {
      yield { item, log }
    }
  },
  toText: ({ item, log }, style) => logCommand.toText?.(item, style, log) ?? '',
  toJson: ({ item, log }) => logCommand.toJson?.(item, log),
})
