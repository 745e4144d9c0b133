import type { Context } from '../../cli/context.ts'
import { defineCommand, given, type Options, usageError } from '../../cli/define-command.ts'
import { withoutFormat } from '../../formats/table-formats.ts'
import { findVintages } from '../../plumbing/find-vintages.ts'
import { count } from '../change-summary.ts'
import { importTable } from '../import-table.ts'
import { importVintages, type KnownAtFrom } from '../import-vintages.ts'
import { type Published, publicationText } from '../publish.ts'
import { indexOf, schemaOptions, typesOf } from './changing-options.ts'
import { isStandardInput, namedInput } from './named-input.ts'
import { readingOf, readingOptions } from './reading-options.ts'

function publishingOptions<T>(y: Options<T>) {
  return y
    .option('message', {
      alias: 'm',
      value: 'text',
      describe: 'What messages begin with, before the date: "Publication" unless given',
    })
    .option('dry-run', { alias: 'n', type: 'boolean', describe: 'Only say what would happen' })
}

export const importVintagesCommand = defineCommand({
  name: 'vintages',
  usage: 'vintages [<options>] <folder>',
  summary: 'Commit tables that were published again and again, at their dates',
  description: [
    'One commit a publication, in the order of their dates: each series in it becomes equal to its table.',
    'Author and committer date are when it was published, so that --as-of reads what was known then.',
    'Only publications that are newer than what a series has are taken: run it again for the next ones.',
    'Where a table cannot be read, the publications before it are committed and stay.',
    '',
    'The date is in the name of the file or of a folder that it is in, and the rest of the name is the',
    'series: 2024-05-31/brent.csv, brent_20240531T1030.csv, 00001-1539591600/brent.csv. Dates without a',
    'time are midnight, UTC. --known-at-from says otherwise.',
  ].join('\n'),
  examples: [
    { command: 'varve import vintages ../publications', about: 'a folder a publication' },
    {
      command: 'varve import vintages ../cpi --series cpi --known-at-from modified',
      about: 'files of one series, by when they were saved',
    },
    {
      command: 'varve import vintages ../prices --known-at-from column:published',
      about: 'the latest value in a column says when',
    },
  ],
  report: true,
  options: (y) =>
    readingOptions(
      schemaOptions(
        publishingOptions(
          y
            .positional('folder', { demandOption: true, complete: 'file' })
            .option('known-at-from', {
              value: 'what',
              coerce: parseKnownAtFrom,
              describe: 'What says when: name (unless given), modified, or column:NAME',
            })
            .option('series', { complete: 'series', describe: 'The series that all files are of' })
            .option('into', {
              value: 'collection/',
              complete: 'series',
              describe: 'The collection that everything goes to',
            }),
        ),
      ),
    ),
  run: async (args, context) => {
    const repo = await context.repository()
    const { folder } = args
    const files = await findVintages({ given: folder, absolute: context.resolve(folder) })
    const reading = readingOf(args, context)
    const progress = context.progress({ label: 'importing', unit: 'commits' })
    try {
      const result = await importVintages(repo, {
        files,
        tableOf: ({ name, absolute, bytes }) => ({
          name,
          bytes,
          reading,
          open: (options) => context.readFile(absolute, options),
          range: (from, to) => context.readRange(absolute, from, to),
        }),
        from: args.knownAtFrom ?? { kind: 'name' },
        types: typesOf(args.type),
        dryRun: args.dryRun,
        signal: context.abort,
        author: await context.identity('author'),
        committer: await context.identity('committer'),
        onTotal: (total) => progress.total(total),
        onPublication: () => progress.add(1),
        ...given({
          series: args.series,
          into: args.into,
          index: indexOf(args.index),
          duplicates: args.duplicates,
          schema: args.schema,
          message: args.message,
        }),
      })
      noteKnown(context, result, 'tables')
      return result
    } finally {
      progress.done()
    }
  },
  toText: (result) => publishedText(result),
  toJson: (result) => publishedJson(result),
})

export const importTableCommand = defineCommand({
  name: 'table',
  usage: 'table [<options>] --known-at <column> [--series <name>] <file>',
  summary: 'Commit rows that say when they were published, at those dates',
  description: [
    'A column says when each row was published. One commit a publication: its rows are laid over the',
    'series, so that a row which is published again is revised. The column itself is left out. Only',
    'publications that are newer than what the series has are taken. `-` for the file is standard input.',
    'Where a publication fails, those before it are committed and stay.',
    '',
    'With --split-by the rows of a publication go to many series in a collection, called by the values of',
    'another column.',
  ].join('\n'),
  examples: [
    {
      command: 'varve import table cpi-vintages.csv --known-at realtime_start --series cpi',
      about: 'columns date, realtime_start, value',
    },
    {
      command:
        'varve import table all.parquet --known-at published --split-by station --series obs/',
      about: 'a series for each station',
    },
  ],
  report: true,
  options: (y) =>
    readingOptions(
      schemaOptions(
        publishingOptions(
          y
            .positional('file', { demandOption: true, complete: 'file' })
            .option('known-at', {
              value: 'column',
              demandOption: true,
              describe: 'The column that says when a row was published',
            })
            .option('series', {
              complete: 'series',
              describe:
                'The series, called like the file unless given; with --split-by the collection',
            })
            .option('split-by', {
              value: 'column',
              describe: 'The column whose values name the series',
            }),
        ),
      ),
    ),
  run: async (args, context) => {
    if (args.schema !== undefined || args.duplicates !== undefined) {
      throw usageError('import table takes --index and --type, not --schema or --duplicates')
    }
    const repo = await context.repository()
    const { file } = args
    if (isStandardInput(file) && args.series === undefined) {
      throw usageError('rows of standard input need a name', '--series NAME')
    }
    const series = args.series ?? withoutFormat(file.replace(/^.*[/\\]/, ''))
    const progress = context.progress({ label: 'importing', unit: 'commits' })
    try {
      const result = await importTable(repo, {
        input: namedInput(context, file, readingOf(args, context)),
        knownAt: args.knownAt,
        series,
        types: typesOf(args.type),
        dryRun: args.dryRun,
        signal: context.abort,
        author: await context.identity('author'),
        committer: await context.identity('committer'),
        onPublication: () => progress.add(1),
        ...given({ splitBy: args.splitBy, index: indexOf(args.index), message: args.message }),
      })
      noteKnown(context, result, 'publications')
      return result
    } finally {
      progress.done()
    }
  },
  toText: (result) => publishedText(result),
  toJson: (result) => publishedJson(result),
})

function parseKnownAtFrom(text: string): KnownAtFrom {
  if (text === 'name' || text === 'modified') return { kind: text }
  if (text.startsWith('column:') && text.length > 'column:'.length) {
    return { kind: 'column', column: text.slice('column:'.length) }
  }
  throw usageError(`not what says when: ${text}`, 'one of name, modified, column:NAME')
}

function noteKnown(context: Context, { known, published }: Result, what: string): void {
  if (known > 0) {
    context.note(`${known.toLocaleString('en-US')} ${what} left out: the series have later ones`)
  }
  const late = published.filter(({ knownFrom }) => knownFrom !== undefined)
  const [first] = late
  if (first?.knownFrom === undefined) return
  const older = `${count(late.length, 'publication')} older than the commit before`
  context.note(`${older}: --as-of shows them from ${publicationText(first.knownFrom)} on`)
}

interface Result {
  readonly published: readonly Published[]
  readonly known: number
  readonly dryRun: boolean
}

function publishedText({ published, dryRun }: Result): string {
  const [first, last] = [published[0], published.at(-1)]
  if (first === undefined || last === undefined) return 'nothing new'
  const range = `${publicationText(first.seconds)} to ${publicationText(last.seconds)}`
  const made = published.filter(({ commit }) => commit !== undefined).length
  const publications = `${count(published.length, 'publication')}, ${range}`
  if (dryRun) return `${publications}: dry run`
  return `${publications}: ${count(made, 'commit')}`
}

function publishedJson({ published, known, dryRun }: Result) {
  return {
    publications: published.map(({ seconds, series, commit, knownFrom }) => ({
      at: publicationText(seconds),
      series,
      commit: commit ?? null,
      ...(knownFrom !== undefined && { knownFrom: publicationText(knownFrom) }),
    })),
    known,
    dryRun,
  }
}
