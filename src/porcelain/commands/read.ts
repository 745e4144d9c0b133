import type { Context } from '../../cli/context.ts'
import { defineCommand, given } from '../../cli/define-command.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { refuseSeriesFile } from '../../plumbing/find-tables.ts'
import { count } from '../change-summary.ts'
import { describeAsOf } from '../describe-as-of.ts'
import { namesMany, readManySeries } from '../read-many.ts'
import { readSeriesRows } from '../read-rows.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import { asksForKnown, knownOptions, readKnown } from './known-options.ts'
import { outputOf, outputOptions, writeRows } from './read-output.ts'
import { parseColumns } from './reading-options.ts'

export const readCommand = defineCommand({
  name: 'read',
  usage: 'read [<options>] [<rev>:]<series>...',
  summary: 'Print the rows of a series, now or as they were',
  description: [
    'Prints CSV: a header, then the rows in the order of their keys. --json prints an object a row.',
    'Without a revision these are the rows that the next commit will hold.',
    '',
    'Several series, or a collection with a / at its end, are read as one table: those of one series',
    'after those of another, in the order of their names, with a column called series in front: the',
    'whole name, and before it the revision where a word has one of its own (HEAD~1:a). Columns are',
    'joined by name, in a type that holds the values of all; what a series lacks is null.',
    '',
    '--from and --to are about data time. A bound that is a partial date is a period: --from 2026-08',
    'starts with August, --to 2026-08 ends with it; a full instant is taken under --closed.',
    '--as-of is about commit time: what was known then. A bare date means the end of that day, UTC.',
    '',
    '--where takes comparisons joined by and, or, not: "temp > 30 and rain = 0", "temp is null".',
    '--offset, --limit and --tail count the rows that are left.',
    '',
    '--all-vintages gives every row that a series ever had, with known_from and known_to: the commit',
    'times between which it was known so (known_to empty: it still is), ready for an as-of join.',
    '--first-print gives each row as it was first known, --lag 2d as it was known two days after its',
    'time (of a date: after the end of that day): what a backtest may read. Both have rows that were',
    'deleted later. Of rows older than the history that holds them nobody knows: --before-history',
    'says what becomes of them. All three read what is committed, along first parents.',
    '',
    'A table for people (--format table) has numbers to the right, nulls as ·, and on a terminal at',
    'most a screen of rows and the columns that fit.',
    '',
    "-o does not write over a series' own file in the work tree: it would be changed by hand then.",
  ].join('\n'),
  examples: [
    { command: 'varve read brent-daily --from 2026-08', about: 'from August on' },
    { command: 'varve read HEAD~1:brent-daily --tail 5', about: 'as it was one commit ago' },
    { command: 'varve read brent-daily --as-of 2026-08-20', about: 'what was known that evening' },
    {
      command: 'varve read sensors/ --where "temp > 30 and rain = 0"',
      about: 'hot and dry, of all',
    },
    {
      command: 'varve read sensors/ -o sensors.parquet',
      about: 'all in one file, for other tools',
    },
    { command: 'varve read brent-daily --format table', about: 'for the eye' },
    { command: 'varve read brent-daily --lag 2d --before-history drop', about: 'for a backtest' },
    {
      command: 'varve read brent-daily --all-vintages -o brent.parquet',
      about: 'all that was ever known',
    },
  ],
  options: (y) =>
    knownOptions(
      outputOptions(
        boundsOptions(
          y
            .positional('series', { demandOption: true, array: true, complete: 'series' })
            .option('rev', {
              complete: 'revision',
              describe: 'The revision to read; the names are then taken as they are',
            })
            .option('as-of', { value: 'when', describe: 'Read what was known at that time' })
            .option('tz', {
              value: 'zone',
              describe:
                'The zone of bounds and of what is printed; that of the series unless given',
            }),
        )
          .option('select', {
            alias: ['columns', 'c'],
            array: true,
            value: 'names',
            coerce: parseColumns,
            describe: 'Only these value columns, in this order, separated by commas',
          })
          .option('where', {
            value: 'condition',
            describe: 'Only rows of which this is true, as "temp > 30 and rain = 0"',
          })
          .option('offset', {
            type: 'number',
            value: 'rows',
            describe: 'Leave out so many rows at the beginning',
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
    const output = await outputOf(args, context)
    const repo = await context.repository()
    const { file } = output
    if (file !== undefined && !args.force) {
      await refuseSeriesFile(repo, { given: file, absolute: context.resolve(file) })
    }
    const now = context.now()
    const progress = rowProgress(context, output.file !== undefined)
    const options = {
      now,
      ...boundsOf(args),
      ...given({
        rev: args.rev,
        asOf: args.asOf === undefined ? undefined : parseWhen(args.asOf, now),
        columns: args.select.length === 0 ? undefined : args.select.flat(),
        where: args.where,
        zone: args.tz,
        offset: args.offset,
        limit: args.limit,
        tail: args.tail,
      }),
      onRows: (rows: number) => progress.add(rows),
      signal: context.abort,
    }
    if (asksForKnown(args)) {
      yield* readKnown(repo, args, options, output, context)
      return
    }
    const [name] = args.series
    const found = namesMany(args.series)
      ? await readManySeries(repo, { ...options, names: args.series })
      : await readOne(repo, { ...options, name: name! })
    for (const asOf of found.asOf) context.note(describeAsOf(asOf))
    if (found.rows !== undefined) progress.total(found.rows)
    try {
      yield* writeRows(found, output, context, found.zone)
    } finally {
      progress.done()
    }
  },
  toText: (item, style) => {
    if (item instanceof Uint8Array) return ''
    if ('text' in item) return item.text(style)
    return `${item.file}: ${count(item.rows, 'row')}`
  },
  raw: true,
  pager: ({ output }) => output === undefined || output === '-',
})

async function readOne(...[repo, options]: Parameters<typeof readSeriesRows>) {
  const found = await readSeriesRows(repo, options)
  const { asOf } = found.series
  return { ...found, asOf: asOf === undefined ? [] : [asOf] }
}

/** None where the rows themselves are on the screen. */
function rowProgress(context: Context, toFile: boolean) {
  const progress = context.progress({ label: 'reading', unit: 'rows' })
  if (!context.stdoutIsTerminal || toFile) return progress
  return { add() {}, total() {}, done: () => progress.done() }
}
