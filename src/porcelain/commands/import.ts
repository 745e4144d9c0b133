import { defineCommand, defineCommandGroup, given } from '../../cli/define-command.ts'
import { findLakotaExport } from '../../plumbing/find-lakota-export.ts'
import { changesText } from '../change-summary.ts'
import { importLakotaExport } from '../import-lakota-export.ts'
import { changingOptions } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { importGitCommand } from './import-git.ts'
import { importTableCommand, importVintagesCommand } from './import-published.ts'

const lakotaExport = defineCommand({
  name: 'lakota-export',
  usage: 'lakota-export [<options>] <folder>',
  summary: 'Make series equal to the tables that `lakota export` wrote',
  examples: [
    {
      command: 'varve import lakota-export ../export --dry-run',
      about: 'what would be new, and what would change?',
    },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('folder', { demandOption: true, complete: 'file' })
        .option('into', {
          value: 'collection/',
          complete: 'series',
          describe: 'The collection that everything goes to',
        })
        .option('duplicates', {
          type: 'boolean',
          describe: 'Rows with equal keys are allowed in new series',
        })
        .option('allow-deletes', {
          type: 'boolean',
          describe: 'Any number of rows may vanish from series that are there',
        }),
    ),
  run: async (args, context) => {
    const repo = await context.repository()
    const commit = await commitRequest(context, repo, args)
    const found = await findLakotaExport({
      given: args.folder,
      absolute: context.resolve(args.folder),
    })
    for (const file of found.others) context.note(`${file} is no table of a collection: left out`)
    const total = found.collections.reduce((sum, { tables }) => sum + tables.length, 0)
    const progress = context.progress({ label: 'importing', unit: 'series', total })
    try {
      return await importLakotaExport(repo, {
        found,
        tableOf: ({ name, absolute, bytes }) => ({
          name,
          bytes,
          open: (options) => context.readFile(absolute, options),
          range: (from, to) => context.readRange(absolute, from, to),
        }),
        onSeries: () => progress.add(1),
        allowDeletes: args.allowDeletes,
        dryRun: args.dryRun,
        signal: context.abort,
        ...given({ into: args.into, duplicates: args.duplicates || undefined, commit }),
      })
    } finally {
      progress.done()
    }
  },
  toText: (result) => changesText(result),
})

export const importCommand = defineCommandGroup({
  name: 'import',
  summary: 'Take over what another program keeps',
  description: [
    'import git takes the history of the tables in a git repository, import vintages a folder of tables',
    'that were published again and again, import table rows that say when they were published. Each',
    'commit is dated as it was known then.',
    '',
    'import lakota-export takes the folder that `lakota export` writes: a folder a collection, with',
    '_schema.json and a CSV or Parquet file a series. collection/label becomes the path of the series,',
    'its columns, types and index are what the schema says, and its times are UTC. Nothing is',
    'inferred. A series that is there becomes equal to its table, as with add.',
    '',
    '_schema.json names the columns of all tables beside it, with their numpy types; those with idx',
    "are the index, the codecs are Lakota's own:",
    '',
    '  {"kind": null, "columns": {"timestamp": {"dt": "datetime64[s]", "codecs": [], "idx": true},',
    '                             "value": {"dt": "f8", "codecs": [], "idx": false}}}',
    '',
    'varve import lakota-export ../export --commit makes one commit of it all.',
  ].join('\n'),
  examples: [
    { command: 'varve import git ../oil-prices', about: 'all tables there, with their history' },
    { command: 'varve import vintages ../publications', about: '2024-05-31/brent.csv, …' },
    {
      command: 'varve import lakota-export ../export --into lakota/ --commit -m "from Lakota"',
      about: 'everything, in a collection',
    },
  ],
  subcommands: [importGitCommand, importVintagesCommand, importTableCommand, lakotaExport],
})
