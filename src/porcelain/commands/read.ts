import type { Context } from '../../cli/context.ts'
import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { writeCsv } from '../../formats/csv/index.ts'
import { describeAsOf } from '../describe-as-of.ts'
import { frameToJsonLines } from '../frame-json.ts'
import { readSeriesRows } from '../read-rows.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'

export const readCommand = defineCommand({
  name: 'read',
  usage: 'read [<options>] [<rev>:]<series>',
  summary: 'Print the rows of a series, now or as they were',
  description: [
    'Prints CSV: a header, then the rows in the order of their keys. --json prints an object a row.',
    'Without a revision these are the rows that the next commit will hold.',
    '',
    '--from and --to are about data time. A bound that is a partial date is a period: --from 2026-08',
    'starts with August, --to 2026-08 ends with it; a full instant is taken under --closed.',
    '--as-of is about commit time: what was known then. A bare date means the end of that day, UTC.',
  ].join('\n'),
  examples: [
    { command: 'varve read brent-daily --from 2026-08', about: 'from August on' },
    { command: 'varve read HEAD~1:brent-daily --tail 5', about: 'as it was one commit ago' },
    { command: 'varve read brent-daily --as-of 2026-08-20', about: 'what was known that evening' },
  ],
  options: (y) =>
    boundsOptions(
      y
        .positional('series', { demandOption: true, complete: 'series' })
        .option('rev', {
          complete: 'revision',
          describe: 'The revision to read; the name is then taken as it is',
        })
        .option('as-of', { value: 'when', describe: 'Read what was known at that time' }),
    )
      .option('columns', {
        alias: 'c',
        value: 'names',
        describe: 'Only these value columns, separated by commas',
      })
      .option('limit', {
        alias: 'n',
        type: 'number',
        value: 'rows',
        describe: 'The first rows only',
      })
      .option('tail', { type: 'number', value: 'rows', describe: 'The last rows only' })
      .option('header', {
        type: 'boolean',
        default: true,
        describe: 'Print the names of the columns; --no-header leaves them out',
      })
      .option('delimiter', {
        value: 'char',
        describe: 'Between the columns: a comma unless given',
      }),
  run: async function* (args, context) {
    const repo = await context.repository()
    const now = context.now()
    const columns = args.columns?.split(',')
    const rows = (name: string, value: number | undefined) => {
      if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value
      throw usageError(`${name} takes a whole number of rows`)
    }
    const found = await readSeriesRows(repo, {
      name: args.series,
      now,
      ...boundsOf(args),
      ...given({
        rev: args.rev,
        asOf: args.asOf === undefined ? undefined : parseWhen(args.asOf, now),
        columns,
        limit: rows('--limit', args.limit),
        tail: rows('--tail', args.tail),
      }),
    })
    const { asOf } = found.series
    if (asOf !== undefined) context.note(describeAsOf(asOf))
    const progress = rowProgress(context, found.rows)
    try {
      if (context.json) {
        for await (const frame of found.frames()) {
          yield Buffer.from(frameToJsonLines(frame))
          progress.add(frame.rows)
        }
        return
      }
      const counted = async function* () {
        for await (const frame of found.frames()) {
          yield frame
          progress.add(frame.rows)
        }
      }
      const { header, delimiter } = args
      yield* writeCsv(found.schema, counted(), given({ header, delimiter }))
    } finally {
      progress.done()
    }
  },
  toText: () => '',
  raw: true,
  pager: true,
})

/** None where the rows themselves are on the screen. */
function rowProgress(context: Context, total: number) {
  const progress = context.progress({ label: 'reading', unit: 'rows', total })
  return context.stdoutIsTerminal ? { add() {}, done: () => progress.done() } : progress
}
