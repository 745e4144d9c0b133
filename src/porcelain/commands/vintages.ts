import type { Context } from '../../cli/context.ts'
import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { type Duration, parseDuration } from '../../core/duration.ts'
import { refuseSeriesFile } from '../../plumbing/find-tables.ts'
import { count } from '../change-summary.ts'
import { describeAsOf } from '../describe-as-of.ts'
import { type VintagesOptions, type VintagesResult, vintages } from '../vintages.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import { outputOf, outputOptions, writeRows } from './read-output.ts'
import { versionOptions } from './version-options.ts'
import { noteVintages } from './vintage-notes.ts'

export const vintagesCommand = defineCommand({
  name: 'vintages',
  usage: 'vintages [<options>] [<rev>:]<series>',
  summary: 'Show what was known at several times, side by side',
  description: [
    'A matrix of one value column: a row for each key (data time), a column for each vintage (commit',
    'time). A vintage is each version of the series along first parents, named by when it was',
    'committed; --every month takes one a period, what was known at its end. A place is empty where the',
    'key was not known then.',
    '',
    '--from and --to are about data time; --since and --until about commit time. Periods are month,',
    'quarter, year, week (from Monday), day, or several, as 2w, 6h; in the zone of the series.',
    '',
    'Prints a table: on a terminal the latest vintages, as many as fit, and a screen of rows. --format',
    'and -o give CSV, JSON, Parquet and the other formats of read, with all vintages.',
  ].join('\n'),
  examples: [
    {
      command: 'varve vintages brent-daily --from 2026-08',
      about: 'August, as each publication had it',
    },
    {
      command: 'varve vintages cpi --every month --column index',
      about: 'what was known month by month',
    },
    {
      command: 'varve vintages cpi --every 1w --since 2026 -o cpi.parquet',
      about: 'for other tools',
    },
  ],
  options: (y) =>
    outputOptions(
      boundsOptions(
        versionOptions(
          y.positional('series', { type: 'string', demandOption: true, complete: 'series' }),
          'bounds and periods',
        )
          .option('column', {
            alias: 'c',
            value: 'name',
            describe: 'The value column; the only one unless given',
          })
          .option('every', { value: 'period', describe: 'One vintage a period: month, 1w, 1d, 6h' })
          .option('since', { value: 'when', describe: 'Only vintages from then on' })
          .option('until', { value: 'when', describe: 'Only vintages until then' })
          .option('last', {
            type: 'number',
            digits: true,
            value: 'n',
            describe: 'Only the latest n vintages',
          })
          .option('limit', {
            alias: 'n',
            type: 'number',
            value: 'rows',
            describe: 'The first rows only',
          })
          .option('tail', { type: 'number', value: 'rows', describe: 'The last rows only' }),
      ),
    ),
  run: async function* (args, context) {
    const isTable = args.format === undefined && args.output === undefined && !context.json
    const output = await outputOf({ ...args, format: isTable ? 'table' : args.format }, context)
    const repo = await context.repository()
    const { file } = output
    if (file !== undefined && !args.force) {
      await refuseSeriesFile(repo, { given: file, absolute: context.resolve(file) })
    }
    if (args.last === 0) throw usageError('--last takes a number above 0')
    const now = context.now()
    const when = (text: string | undefined) =>
      text === undefined ? undefined : parseWhen(text, now)
    const options: VintagesOptions = {
      now,
      name: args.series,
      ...boundsOf(args),
      ...given({
        rev: args.rev,
        asOf: when(args.asOf),
        since: when(args.since),
        until: when(args.until),
        zone: args.tz,
        column: args.column,
        every: args.every === undefined ? undefined : parseEvery(args.every),
        last: args.last,
        width: isTable && !args.all && context.stdoutIsTerminal ? context.screenColumns : undefined,
        limit: args.limit,
        tail: args.tail,
      }),
      signal: context.abort,
    }
    const found = await vintages(repo, options)
    if (found.loaded.found.asOf) context.note(describeAsOf(found.loaded.found.asOf))
    noteVintages(found, context)
    noteOlder(found, args.last, context)
    yield* writeRows(found, output, context, found.zone)
  },
  toText: (item, style) => {
    if (item instanceof Uint8Array) return ''
    if ('text' in item) return item.text(style)
    return `${item.file}: ${count(item.rows, 'row')}`
  },
  raw: true,
  pager: ({ output }) => output === undefined || output === '-',
})

function noteOlder({ more }: VintagesResult, last: number | undefined, context: Context): void {
  if (more > 0 && last === undefined) {
    context.note(`${count(more, 'earlier vintage')} not shown: --all shows them, --last N so many`)
  }
}

function parseEvery(text: string): Duration {
  const every = parseDuration(text, '--every')
  if (every.count === 0) throw usageError('--every takes a length above 0', 'as in month, 1w, 6h')
  return every
}
