import { defineCommand, given } from '../../cli/define-command.ts'
import { changesText } from '../change-summary.ts'
import { type WriteMode, writeModes, writeSeries } from '../write-series.ts'
import { changingOptions, schemaOptions, typesOf } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { inputProgress } from './input-progress.ts'
import { readingOf, readingOptions } from './reading-options.ts'

export const writeCommand = defineCommand({
  name: 'write',
  usage: 'write [<options>] <series> [<file>]',
  summary: 'Lay rows over a series, for the next commit',
  description: [
    'Reads CSV from standard input, or from a file, and lays its rows over the series. Rows need not',
    'be sorted. A table with some of the columns updates those and leaves the others as they are.',
    '',
    'Modes: upsert (rows with the same key are replaced, others added, nothing else is touched);',
    'replace-range (all rows between the first and the last key of the input are replaced); append',
    '(every key must be past the end); replace (all rows are replaced).',
    '',
    'A series that is not there yet is made with --create, a column with --add-column.',
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
  ],
  report: true,
  options: (y) =>
    changingOptions(
      readingOptions(
        schemaOptions(
          y
            .positional('series', { demandOption: true, complete: 'series' })
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
            }),
        ),
      ),
    ).conflicts('schema', 'type'),
  run: async (args, context) => {
    const repo = await context.repository()
    const commit = await commitRequest(context, repo, args)
    const fromFile = args.file !== undefined && args.file !== '-'
    const isTyped = !fromFile && context.stdinIsTerminal
    if (isTyped) {
      context.note('reading rows from the terminal: a header first; Ctrl-D ends them')
    }
    const name = fromFile ? args.file! : '<stdin>'
    const progress = inputProgress(context, `reading ${fromFile ? name : 'rows'}`)
    try {
      const open = () => (fromFile ? context.readFile(name) : context.stdin)
      const input = { name, once: true, reading: readingOf(args, context), open }
      return await writeSeries(repo, {
        ...given({ index: args.index, duplicates: args.duplicates, schema: args.schema, commit }),
        series: args.series,
        // A bar would be drawn over what is being typed.
        input: isTyped ? input : progress.watch(input),
        mode: args.mode as WriteMode | undefined,
        create: args.create,
        addColumns: args.addColumn,
        types: typesOf(args.type),
        dryRun: args.dryRun,
        signal: context.abort,
      })
    } finally {
      progress.done()
    }
  },
  toText: (result) => changesText(result),
})
