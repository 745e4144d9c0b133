import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import type { SeriesConflicts } from '../../plumbing/merge-state.ts'
import { changesText } from '../change-summary.ts'
import { type WriteMode, writeModes } from '../laid-rows.ts'
import { writeSeries } from '../write-series.ts'
import { writeSplit } from '../write-split.ts'
import { changingOptions, indexOf, schemaOptions, typesOf } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { inputProgress } from './input-progress.ts'
import { isStandardInput, namedInput } from './named-input.ts'
import { noteSettled } from './note-settled.ts'
import { readingOf, readingOptions } from './reading-options.ts'

export const writeCommand = defineCommand({
  name: 'write',
  usage: [
    'write [<options>] <series> [<file>]',
    'write [<options>] --split-by <column> --into <collection> [<file>]',
  ],
  summary: 'Lay rows over a series, for the next commit',
  description: [
    'Reads CSV from standard input, or from a file, and lays its rows over the series. Rows need not',
    'be sorted. A table with some of the columns updates those and leaves the others as they are.',
    '',
    'Modes: upsert (rows with the same key are replaced, others added, nothing else is touched);',
    'replace-range (all rows between the first and the last key of the input are replaced); append',
    '(every key must be past the end); replace (all rows are replaced).',
    '',
    'What it did is printed as +appended ~revised -deleted. In +2/1, 2 rows are past the old end and 1',
    'is new before it (backfilled).',
    '',
    'A series that is not there yet is made with --create, a column with --add-column.',
    '',
    'With --split-by one table is laid over many series, in one change: the rows with the same value',
    'in that column over the series of that name in the collection that --into names. The column',
    'itself is left out. A text is the name as it is, a number or a date as varve read prints it. All',
    'new series get the same columns, those that series in the collection have where there are any. A',
    'value that cannot be a name is an error, and nothing is written.',
  ].join('\n'),
  examples: [
    {
      command: "printf 'Date,Price\\n2026-08-17,66.02\\n' | varve write brent-daily",
      about: 'correct one value',
    },
    { command: 'varve write brent-daily new.csv --commit -m "22 August"', about: 'and commit it' },
    {
      command: 'varve -R ../other.varve write s --create < rows.csv',
      about: 'without a work tree',
    },
    {
      command: 'varve write --split-by sensor --into sensors/ --create all.csv',
      about: 'a series for each sensor',
    },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      readingOptions(
        schemaOptions(
          y
            .positional('series', { complete: 'series' })
            .positional('file', { complete: 'file' })
            .option('mode', {
              choices: writeModes,
              describe: 'How rows are laid over: upsert unless given',
            })
            .option('create', { type: 'boolean', describe: 'Make the series if it is not there' })
            .option('add-column', {
              type: 'boolean',
              alias: 'add-columns',
              describe: 'Add the columns that the series does not have',
            })
            .option('split-by', {
              value: 'column',
              describe: 'Write many series: each value of the column names one',
            })
            .option('into', {
              value: 'collection',
              complete: 'series',
              describe: 'With --split-by: the collection that the series are in',
            }),
        ),
      ),
    )
      .conflicts('schema', 'type')
      .implies('split-by', 'into')
      .implies('into', 'split-by'),
  run: async (args, context) => {
    const repo = await context.repository()
    const commit = await commitRequest(context, repo, args)
    const { series, file } = namesIn(args)
    const isTyped = isStandardInput(file) && context.stdinIsTerminal
    if (isTyped) {
      context.note('reading rows from the terminal: a header first; Ctrl-D ends them')
    }
    const progress = inputProgress(context, `reading ${isStandardInput(file) ? 'rows' : file}`)
    try {
      const input = namedInput(context, file, readingOf(args, context))
      const options = {
        ...given({
          index: indexOf(args.index),
          duplicates: args.duplicates,
          schema: args.schema,
          commit,
        }),
        // A bar would be drawn over what is being typed.
        input: isTyped ? input : progress.watch(input),
        mode: args.mode as WriteMode | undefined,
        create: args.create,
        addColumns: args.addColumn,
        types: typesOf(args.type),
        dryRun: args.dryRun,
        signal: context.abort,
        onSettled: (settled: readonly SeriesConflicts[]) => noteSettled(context, settled),
      }
      const { splitBy, into } = args
      return splitBy === undefined || into === undefined
        ? await writeSeries(repo, { ...options, series: series! })
        : await writeSplit(repo, { ...options, splitBy, into })
    } finally {
      progress.done()
    }
  },
  toText: (result) => changesText(result),
})

/** What the words of the command line name: of a table that is split only a file. */
function namesIn({
  series,
  file,
  splitBy,
}: {
  readonly series: string | undefined
  readonly file: string | undefined
  readonly splitBy: string | undefined
}): { readonly series?: string; readonly file: string | undefined } {
  if (splitBy === undefined) {
    if (series === undefined) throw usageError('write needs the name of a series')
    return { series, file }
  }
  if (file !== undefined) {
    throw usageError(
      `--split-by takes one table, not ${series} and ${file}`,
      'the names of the series come from the column',
    )
  }
  return { file: series }
}
