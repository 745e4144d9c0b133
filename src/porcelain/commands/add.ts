import type { Context } from '../../cli/context.ts'
import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { hasCode } from '../../core/errors.ts'
import { checkCollectionName } from '../../core/names.ts'
import type { OpenOptions, Reading } from '../../formats/table.ts'
import { seriesOfFile } from '../../plumbing/file-names.ts'
import { type FoundTable, findTables } from '../../plumbing/find-tables.ts'
import { type AddedFile, addFiles } from '../add-files.ts'
import { changesText } from '../change-summary.ts'
import { changingOptions, indexOf, schemaOptions, typesOf } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { inputProgress } from './input-progress.ts'
import { noteSettled } from './note-settled.ts'
import { readingOf, readingOptions } from './reading-options.ts'

/** Of more tables the files are counted, not the bytes. */
const FEW_TABLES = 20

export const addCommand = defineCommand({
  name: 'add',
  usage: 'add [<options>] <path>...',
  summary: 'Make series equal to files of tables, for the next commit',
  description: [
    'A file in the work tree is the series of the same name: weather/hourly.csv is weather/hourly, and',
    'so is weather/hourly.parquet. Its ending says the format; varve keeps it in that format. A file from',
    'elsewhere goes by its own name, or by what --as says, and gets no file in the work tree. Of a folder',
    'all files with such an ending are added, but .txt and .json, also those in folders inside.',
    '',
    'What is said about how a file in the work tree is written down (--delimiter, --null and so on) holds',
    'for it from then on, until another add says otherwise, or varve writes it. With --columns the file is',
    "not the series' own: written by varve, it would lose the other columns.",
    '',
    'The columns of a new series are inferred from the whole file, unless --schema or the collection',
    'says what they are. A series that is there keeps its own; a new column is added, and a type that',
    'does not hold a value is widened where that loses nothing. A column that the file lacks is',
    'dropped only with --drop-columns.',
    '',
    'The series becomes equal to the file: rows that are not in it vanish. When that is more than 10',
    'rows and more than 1 % of them, --allow-deletes is needed. To lay rows over what is there, use',
    'write.',
    '',
    'Up to 500 files are added all or not at all. More are staged 500 at a time: when one of them cannot',
    'be read, or the command is interrupted, those before stay staged, and the next add skips them, as',
    'it does all files that were added as they are, also those from elsewhere: it says how many.',
    'With --commit all of them are one commit, or nothing is done.',
  ].join('\n'),
  examples: [
    { command: 'varve add ../brent-daily.csv', about: 'the series brent-daily' },
    { command: 'varve add .', about: 'all tables in the work tree' },
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
    const isMany = tables.length > FEW_TABLES
    const label = tables.length === 1 ? `reading ${tables[0]!.name}` : 'reading'
    const bytes = isMany ? undefined : inputProgress(context, label)
    const files = isMany
      ? context.progress({ label: 'adding', unit: 'files', total: tables.length })
      : undefined
    const reading = readingOf(args, context)
    let staged = 0
    try {
      const result = await addFiles(
        repo,
        named(tables, args.as).map((table) => {
          const added = toAdd(table, reading, context)
          return bytes === undefined ? added : { ...added, input: bytes.watch(added.input) }
        }),
        {
          ...given({
            index: indexOf(args.index),
            duplicates: args.duplicates,
            schema: args.schema,
            commit,
          }),
          types: typesOf(args.type),
          allowDeletes: args.allowDeletes,
          dropColumns: args.dropColumns,
          dryRun: args.dryRun,
          signal: context.abort,
          inParts: true,
          onSettled: (settled) => noteSettled(context, settled),
          onSeries: () => files?.add(1),
          onStaged: (tables) => {
            staged = tables
          },
        },
      )
      files?.done()
      if (isMany && result.known > 0) {
        const known = result.known.toLocaleString('en-US')
        const all = tables.length.toLocaleString('en-US')
        context.note(`${known} of ${all} files were added before: unchanged`)
      }
      for (const { series, file } of missing) {
        context.note(`${file} is gone; varve rm ${series} removes the series`)
      }
      return result
    } catch (error) {
      if (staged > 0 && hasCode(error, 'interrupted')) {
        files?.done()
        const all = tables.length.toLocaleString('en-US')
        const done = staged.toLocaleString('en-US')
        context.note(`${done} of ${all} files are staged: the same command goes on from there`)
      }
      throw error
    } finally {
      bytes?.done()
      files?.done()
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
    file: table.file && seriesOfFile(table.file) === series ? table.file : undefined,
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

function toAdd(table: FoundTable, reading: Reading, context: Context): AddedFile {
  const { series, file, name, absolute, stamp } = table
  const bytes = stamp?.size
  const input = {
    name,
    bytes,
    once: bytes === undefined,
    reading,
    open: (options?: OpenOptions) => context.readFile(absolute, options),
    ...(bytes !== undefined && {
      range: (from: number, to: number) => context.readRange(absolute, from, to),
    }),
  }
  // Rewritten, the file would lose the columns that were left out.
  if (file !== undefined && reading.columns === undefined) return { series, file, input }
  return { series, input, ...(stamp !== undefined && { source: { file: absolute, stamp } }) }
}
