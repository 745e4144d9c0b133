import type { Context } from '../../cli/context.ts'
import { defineCommand, defineCommandGroup, given } from '../../cli/define-command.ts'
import { parseColumnType, schemaToJson } from '../../core/schema-codec.ts'
import {
  type ChangeSchemaResult,
  changeSchema,
  type SchemaEdit,
  setSettings,
  showSchema,
} from '../change-schema.ts'
import { count, schemaLine } from '../change-summary.ts'
import { changingOptions, parseOneColumn } from './changing-options.ts'
import { type CommitArguments, commitRequest } from './commit-request.ts'
import { appliedJson, committed } from './committed.ts'
import { parseSetting } from './setting-values.ts'

const show = defineCommand({
  name: 'show',
  summary: 'Show the columns and settings of a series, or what a collection sets',
  examples: [
    { command: 'varve schema show brent-daily', about: 'columns, types and settings' },
    { command: 'varve schema show HEAD~1:brent-daily', about: 'as they were' },
  ],
  options: (y) =>
    y
      .positional('name', { demandOption: true, complete: 'series' })
      .option('rev', { complete: 'revision', describe: 'As it was at this revision' }),
  run: async ({ name, rev }, context) =>
    showSchema(await context.repository(), { name, now: context.now(), ...given({ rev }) }),
  toText: ({ name, kind, schema, rows, settings }) => {
    const lines = [rows === undefined ? `${name}  ${kind}` : `${name}  ${count(rows, 'row')}`]
    if (schema === undefined) lines.push('  no schema of its own')
    schema?.columns.forEach((column, i) => {
      const index = i < schema.indexCount ? '  index' : ''
      lines.push(`  ${column.name.padEnd(20)} ${column.type}${index}`)
    })
    if (schema?.duplicates) lines.push('  duplicates allowed')
    for (const [key, value] of settings) lines.push(`  ${key} = ${JSON.stringify(value)}`)
    return lines.join('\n')
  },
  toJson: ({ name, kind, schema, rows, settings }) => ({
    name,
    kind,
    ...(schema !== undefined && schemaToJson(schema)),
    ...(rows !== undefined && { rows }),
    settings: Object.fromEntries(settings),
  }),
})

interface EditArguments extends CommitArguments {
  readonly series: string
  readonly dryRun: boolean
}

async function edit(args: EditArguments, context: Context, change: SchemaEdit) {
  const repo = await context.repository()
  return changeSchema(repo, {
    series: args.series,
    edit: change,
    dryRun: args.dryRun,
    signal: context.abort,
    ...given({ commit: await commitRequest(context, repo, args) }),
  })
}

function editText({
  result,
  changed,
  commit,
}: {
  result: ChangeSchemaResult
  changed: boolean
  commit?: Parameters<typeof committed>[0]
}): string {
  const what = changed ? schemaLine(result.schema) : 'unchanged'
  return `${result.series}: ${what}${committed(commit)}`
}

const addColumn = defineCommand({
  name: 'add-column',
  usage: 'add-column [<options>] <series> <column>:<type>',
  summary: 'Add a value column: null in every row, or --default',
  examples: [
    { command: 'varve schema add-column brent-daily volume:int64', about: 'null in every row' },
    {
      command: 'varve schema add-column brent-daily source:string --default EIA',
      about: 'the same in every row',
    },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('series', { demandOption: true, complete: 'series' })
        .positional('column', { demandOption: true })
        .option('default', { value: 'value', describe: 'What every row gets' }),
    ),
  run: (args, context) => {
    const column = parseOneColumn(args.column, 'as in rain:float32; each column is added by itself')
    return edit(args, context, { kind: 'add-column', column, value: args.default })
  },
  toText: editText,
  toJson: appliedJson,
})

const drop = defineCommand({
  name: 'drop',
  summary: 'Drop value columns; history keeps them',
  examples: [
    {
      command: 'varve schema drop brent-daily volume --commit',
      about: 'drop it, in a commit of its own',
    },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('series', { demandOption: true, complete: 'series' })
        .positional('column', { demandOption: true, array: true }),
    ),
  run: (args, context) => edit(args, context, { kind: 'drop', columns: args.column }),
  toText: editText,
  toJson: appliedJson,
})

const rename = defineCommand({
  name: 'rename',
  summary: 'Give a column another name; its values stay as they are stored',
  examples: [
    {
      command: 'varve schema rename brent-daily Price price',
      about: 'the values stay as they are stored',
    },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('series', { demandOption: true, complete: 'series' })
        .positional('from', { demandOption: true })
        .positional('to', { demandOption: true }),
    ),
  run: (args, context) => edit(args, context, { kind: 'rename', from: args.from, to: args.to }),
  toText: editText,
  toJson: appliedJson,
})

const widen = defineCommand({
  name: 'widen',
  summary: 'Give a column a type that holds all its values and more',
  examples: [
    {
      command: 'varve schema widen trades size int64',
      about: 'from an int32 that has become too small',
    },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('series', { demandOption: true, complete: 'series' })
        .positional('column', { demandOption: true })
        .positional('type', { demandOption: true, coerce: parseColumnType }),
    ),
  run: (args, context) =>
    edit(args, context, { kind: 'widen', column: args.column, type: args.type }),
  toText: editText,
  toJson: appliedJson,
})

const set = defineCommand({
  name: 'set',
  usage: 'set [<options>] <name> <key>=<value>...',
  summary: 'Set settings of a series or collection; an empty value removes one',
  examples: [
    {
      command: 'varve schema set sensors/ zone=Europe/Brussels',
      about: 'for all series in sensors',
    },
    { command: 'varve schema set brent-daily zone=', about: 'without a setting of its own' },
  ],
  report: true,
  options: (y) =>
    changingOptions(
      y
        .positional('name', { demandOption: true, complete: 'series' })
        .positional('setting', { demandOption: true, array: true }),
    ),
  run: async (args, context) => {
    const repo = await context.repository()
    const settings = await Promise.all(args.setting.map(parseSetting))
    const values = new Map(settings.map(({ key, value }) => [key, value] as const))
    return setSettings(repo, {
      name: args.name,
      values,
      dryRun: args.dryRun,
      signal: context.abort,
      ...given({ commit: await commitRequest(context, repo, args) }),
    })
  },
  toText: ({ result, changed, commit }) => {
    const settings = Object.entries(result.settings)
      .filter(([key]) => key !== 'schema')
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
    const what = changed ? settings.join(', ') || 'no settings' : 'unchanged'
    return `${result.name}: ${what}${committed(commit)}`
  },
  toJson: appliedJson,
})

export const schemaCommand = defineCommandGroup({
  name: 'schema',
  summary: 'Show and change what the rows of a series are made of',
  description: [
    'Without a word before the name it shows the columns and settings. Changing one column leaves',
    'what is stored of the others as it is.',
  ].join('\n'),
  examples: [
    { command: 'varve schema brent-daily', about: 'its columns, index and settings' },
    { command: 'varve schema add-column brent-daily volume:int64', about: 'null in every row' },
    { command: 'varve schema set sensors/ zone=Europe/Brussels', about: 'for all in sensors' },
  ],
  subcommands: [show, addColumn, drop, rename, widen, set],
  fallback: 'show',
})
