import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import { parseNameList } from '../../core/name-list.ts'
import { parseSchemaText } from '../../core/schema-codec.ts'
import { mkseries, mkseriesOfCsv, parseSeriesColumn, type SeriesColumn } from '../mkseries.ts'
import type { Repository } from '../repository.ts'
import { objectId } from './object-argument.ts'

export const mkseriesCommand = defineCommand({
  name: 'mkseries',
  usage: [
    'mkseries --column <name>:<type>:<id>... [--index <columns>] [--duplicates]',
    'mkseries --stdin --schema <columns> [--index <columns>] [--duplicates]',
  ],
  summary: 'Make a series of stored columns, or of rows',
  description: [
    'Sorts the rows by key, cuts them into segments and prints the id of the series. Columns are',
    'given by the ids that hash-object --type printed; they may be of any length, and are read from',
    'the right, so that a name may hold colons. Values of a narrower type are widened.',
    '',
    'With --stdin the rows are CSV with a header, and --schema names the columns and their types.',
  ].join('\n'),
  examples: [
    {
      command: 'varve mkseries --column Date:date:$t --column Price:float64:$v --index Date',
      about: 'a series of two stored columns',
    },
    {
      command: "varve mkseries --stdin --schema 'Date:date Price:float64' < a.csv",
      about: 'the same series from a CSV file',
    },
  ],
  options: (y) =>
    y
      .option('column', {
        array: true,
        value: 'name:type:id',
        describe: 'A column; index columns are put first, the others keep this order',
      })
      .option('index', {
        array: true,
        value: 'columns',
        describe:
          'An index column, or several separated by commas, one with a comma in double quotes (default: the first column)',
      })
      .option('duplicates', { type: 'boolean', describe: 'Take rows with equal keys' })
      .option('stdin', { type: 'boolean', describe: 'Read rows as CSV from standard input' })
      .option('schema', {
        value: 'columns',
        describe: 'Names and types: "Date:date Price:float64"',
      })
      .option('delimiter', {
        alias: 'd',
        value: 'char',
        describe: 'What separates cells (default: found from the first lines)',
      })
      .conflicts('column', 'stdin')
      .implies('stdin', 'schema')
      .implies('schema', 'stdin')
      .implies('delimiter', 'stdin'),
  run: async ({ column, index, duplicates, schema, delimiter }, context) => {
    const repo = await context.repository()
    const signal = context.abort
    if (schema !== undefined) {
      const parsed = parseSchemaText(schema, { duplicates, ...indexOf(index, []) })
      return mkseriesOfCsv(repo.objects, context.stdin, parsed, { delimiter, signal })
    }
    if (column.length === 0) throw usageError('it takes --column for each column, or --stdin')
    const columns = await storedColumns(repo, context, column)
    const names = columns.map(({ name }) => name)
    return mkseries(repo.objects, columns, { duplicates, signal, ...indexOf(index, names) })
  },
  toText: ({ id }) => id,
})

/** The names given: several at once are separated by commas, unless a column is called just so, or they are in quotes. */
function indexOf(
  given: readonly string[],
  columns: readonly string[],
): { index?: readonly string[] } {
  if (given.length === 0) return {}
  return { index: given.flatMap((text) => (columns.includes(text) ? text : parseNameList(text))) }
}

async function storedColumns(
  repo: Repository,
  context: Context,
  texts: readonly string[],
): Promise<SeriesColumn[]> {
  const columns: SeriesColumn[] = []
  for (const { id, ...column } of texts.map(parseSeriesColumn)) {
    columns.push({ ...column, id: await objectId(repo, context, id) })
  }
  return columns
}
