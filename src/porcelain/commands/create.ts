import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { parseSchemaText } from '../../core/schema-codec.ts'
import type { Json } from '../../core/settings.ts'
import { openZone } from '../../core/zone.ts'
import { createSeries } from '../create-series.ts'
import { changingOptions, indexOf, isSeveral } from './changing-options.ts'
import { commitRequest } from './commit-request.ts'
import { appliedJson, committed } from './committed.ts'
import { parseColumns } from './reading-options.ts'

export const createCommand = defineCommand({
  name: 'create',
  usage: 'create [<options>] <series>|<collection>/ <column>:<type>...',
  summary: 'Make an empty series, or give a collection a schema',
  description: [
    'With a / at its end the name is a collection, and the columns are those of every series that is',
    'made in it from then on: there a series needs none of its own. A series made by add or',
    'write --create needs no create.',
    '',
    'Types: bool; int8 … int64, uint8 … uint64; float32, float64; timestamp_s, _ms, _us, _ns; date;',
    'string; binary; json; null.',
  ].join('\n'),
  examples: [
    {
      command: 'varve create weather/hourly/ time:timestamp_s temp:float64 rain:float32',
      about: 'what every series in weather/hourly will have',
    },
    { command: 'varve create notes key:string text:string', about: 'an empty key-value series' },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('name', { demandOption: true, complete: 'series' })
        .positional('column', { array: true })
        .option('index', {
          array: true,
          value: 'columns',
          coerce: parseColumns,
          describe: 'The index columns, separated by commas: the first unless given',
        })
        .option('duplicates', { type: 'boolean', describe: 'Rows with equal keys are allowed' })
        .option('zone', {
          value: 'zone',
          describe: 'The time zone of the data, such as Europe/Brussels or +01:00',
        }),
    ),
  run: async (args, context) => {
    const repo = await context.repository()
    const index = indexOf(args.index)
    if (args.column.length === 0 && (index !== undefined || args.duplicates)) {
      throw usageError('--index and --duplicates need columns')
    }
    const schema =
      args.column.length === 0
        ? undefined
        : parseSchemaText(args.column.map(quoteName).join(' '), {
            duplicates: args.duplicates,
            ...given({ index }),
          })
    const settings =
      args.zone === undefined
        ? undefined
        : new Map<string, Json>([['zone', (await openZone(args.zone)).name]])
    return createSeries(repo, {
      name: args.name,
      dryRun: args.dryRun,
      signal: context.abort,
      ...given({ schema, settings, commit: await commitRequest(context, repo, args) }),
    })
  },
  toText: ({ result, commit }) =>
    `${result.name}: ${result.kind === 'series' ? 'new' : 'schema set'}${
      result.schema === null ? '' : `, ${result.schema}`
    }${committed(commit)}`,
  toJson: appliedJson,
})

/**
 * A word of the command line as an item of a schema's text: its name may hold spaces. One that has a
 * type in its midst, `t:date v:float64`, is several items, as in `--schema`.
 */
function quoteName(word: string): string {
  const colon = word.lastIndexOf(':')
  if (colon < 1 || word.startsWith('"') || isSeveral(word)) return word
  const name = word.slice(0, colon)
  return /[\s,"]/.test(name) ? JSON.stringify(name) + word.slice(colon) : word
}
