import type { Context } from '../../cli/context.ts'
import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { checkCollectionName } from '../../core/names.ts'
import type { Reading } from '../../formats/table.ts'
import { type FoundTable, findTables } from '../../plumbing/find-tables.ts'
import { fileOfSeries } from '../../plumbing/series-files.ts'
import { type AddedFile, addFiles } from '../add-files.ts'
import { changesText } from '../change-summary.ts'
import { changingOptions, schemaOptions, typesOf } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { type InputProgress, inputProgress } from './input-progress.ts'
import { readingOf, readingOptions } from './reading-options.ts'

export const addCommand = defineCommand({
  name: 'add',
  usage: 'add [<options>] <path>...',
  summary: 'Make series equal to CSV files, for the next commit',
  description: [
    'A file in the work tree is the series of the same name: weather/hourly.csv is weather/hourly. A',
    'file from elsewhere goes by its own name, or by what --as says, and gets no file in the work',
    'tree. Of a folder all CSV files in it are added, also those in folders inside.',
    '',
    'The columns of a new series are inferred from the whole file, unless --schema or the collection',
    'says what they are. A series that is there keeps its own; a new column is added, and a type that',
    'does not hold a value is widened where that loses nothing. A column that the file lacks is',
    'dropped only with --drop-columns.',
    '',
    'The series becomes equal to the file: rows that are not in it vanish. When that is more than 10',
    'rows and more than 1 % of them, --allow-deletes is needed. To lay rows over what is there, use',
    'write.',
  ].join('\n'),
  examples: [
    { command: 'varve add ../brent-daily.csv', about: 'the series brent-daily' },
    { command: 'varve add .', about: 'all CSV files in the work tree' },
    { command: 'varve add ../export --as weather/', about: 'a folder, as a collection' },
    {
      command: 'varve add ticks.csv --index time,symbol --duplicates',
      about: 'with its own index',
    },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      readingOptions(
        schemaOptions(
          y
            .positional('path', { demandOption: true, array: true, complete: 'file' })
            .option('as', {
              value: 'series',
              complete: 'series',
              describe: 'The name of the series; with / at the end, the collection they go to',
            })
            .option('allow-deletes', {
              type: 'boolean',
              describe: 'Any number of rows may vanish',
            })
            .option('drop-columns', {
              type: 'boolean',
              describe: 'Drop the columns that the file does not have',
            }),
        ),
      ),
    ).conflicts('schema', 'type'),
  run: async (args, context) => {
    const repo = await context.repository()
    const commit = await commitRequest(context, repo, args)
    const paths = args.path.map((path) => ({ given: path, absolute: context.resolve(path) }))
    const { tables, missing } = await findTables(repo, paths)
    const label = tables.length === 1 ? `reading ${tables[0]!.name}` : 'reading'
    const progress = inputProgress(context, label)
    const reading = readingOf(args, context)
    try {
      const result = await addFiles(
        repo,
        named(tables, args.as).map((table) => toAdd(table, reading, context, progress)),
        {
          ...given({ index: args.index, duplicates: args.duplicates, schema: args.schema, commit }),
          types: typesOf(args.type),
          allowDeletes: args.allowDeletes,
          dropColumns: args.dropColumns,
          dryRun: args.dryRun,
          signal: context.abort,
        },
      )
      for (const series of missing) {
        context.note(`${fileOfSeries(series)} is gone; varve rm ${series} removes the series`)
      }
      return result
    } finally {
      progress.done()
    }
  },
  toText: (result) => changesText(result),
})

/** The tables under the names that `--as` gives them. */
function named(tables: readonly FoundTable[], as: string | undefined): readonly FoundTable[] {
  if (as === undefined) return tables
  const rename = (table: FoundTable, series: string): FoundTable => ({
    ...table,
    series,
    file: table.file === fileOfSeries(series) ? table.file : undefined,
  })
  if (as.endsWith('/')) {
    const collection = checkCollectionName(as)
    return tables.map((table) => rename(table, `${collection}/${table.series}`))
  }
  if (tables.length > 1) {
    throw usageError(
      `--as ${as} names one series, and there are ${tables.length} files`,
      `--as ${as}/ puts them into a collection`,
    )
  }
  return tables.map((table) => rename(table, as))
}

function toAdd(
  table: FoundTable,
  reading: Reading,
  context: Context,
  progress: InputProgress,
): AddedFile {
  const { series, file, name, absolute, bytes } = table
  const input = {
    name,
    bytes,
    once: bytes === undefined,
    reading,
    open: () => context.readFile(absolute),
    ...(bytes !== undefined && {
      range: (from: number, to: number) => context.readRange(absolute, from, to),
    }),
  }
  return { series, file, input: progress.watch(input) }
}
