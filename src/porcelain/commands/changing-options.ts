import { type Options, usageError } from '../../cli/define-command.ts'
import type { ColumnType } from '../../core/column.ts'
import { parseColumnType } from '../../core/schema-codec.ts'
import { signatureOptions } from './commit-options.ts'

/** `--commit` with all that goes with it, and `--dry-run`: for every command that changes series. */
export function changingOptions<T>(y: Options<T>) {
  return signatureOptions(
    y
      .option('dry-run', { alias: 'n', type: 'boolean', describe: 'Only say what would happen' })
      .option('commit', {
        type: 'boolean',
        describe: 'Commit this at once, and nothing else that is staged',
      })
      .option('message', {
        alias: 'm',
        array: true,
        describe: 'The message of that commit, or a paragraph of it; made up unless given',
      }),
  )
}

/** `--index`, `--duplicates`, `--schema` and `--type`, for commands that may make series. */
export function schemaOptions<T>(y: Options<T>) {
  return y
    .option('index', {
      value: 'columns',
      coerce: parseNames,
      describe: 'The index columns of a new series, separated by commas: the first unless given',
    })
    .option('duplicates', {
      type: 'boolean',
      tristate: true,
      describe: 'Rows with equal keys are allowed in a new series',
    })
    .option('schema', {
      value: 'columns',
      describe: 'The columns of a new series, as "time:timestamp_s temp:float64"',
    })
    .option('type', {
      array: true,
      value: 'column:type',
      coerce: parseColumn,
      describe: 'The type of one column; the others are inferred',
    })
}

/** Columns and their types, as operations want them. */
export function typesOf(
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
): ReadonlyMap<string, ColumnType> | undefined {
  if (columns.length === 0) return undefined
  return new Map(columns.map(({ name, type }) => [name, type]))
}

/** Names of columns, separated by commas. */
export function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.includes('')) throw usageError('--index takes names of columns, separated by commas')
  return names
}

function parseColumn(text: string): { name: string; type: ColumnType } {
  const colon = text.lastIndexOf(':')
  if (colon < 1) throw usageError(`not a column: ${text}`, 'as in --type Price:float64')
  return { name: text.slice(0, colon), type: parseColumnType(text.slice(colon + 1)) }
}
