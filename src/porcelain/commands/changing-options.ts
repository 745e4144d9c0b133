import { type Options, usageError } from '../../cli/define-command.ts'
import type { ColumnType } from '../../core/column.ts'
import { parseColumnType, parseQuoted } from '../../core/schema-codec.ts'
import { signatureOptions } from './commit-options.ts'
import { parseColumns } from './reading-options.ts'

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
      })
      .option('no-verify', {
        type: 'boolean',
        describe: 'Ask neither the pre-commit hook nor the quality rules',
      }),
  )
}

/** `--index`, `--duplicates`, `--schema` and `--type`, for commands that may make series. */
export function schemaOptions<T>(y: Options<T>) {
  return y
    .option('index', {
      array: true,
      value: 'columns',
      coerce: parseColumns,
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

/** The columns that `--index` names, however often it is given; undefined where it is not. */
export function indexOf(index: readonly (readonly string[])[]): readonly string[] | undefined {
  return index.length === 0 ? undefined : index.flat()
}

function parseColumn(text: string): { name: string; type: ColumnType } {
  return parseOneColumn(text, 'as in --type Price:float64, once for each column')
}

/** One column and its type, `name:type`; a name with a colon and a space may be in double quotes. */
export function parseOneColumn(text: string, hint: string): { name: string; type: ColumnType } {
  const colon = text.lastIndexOf(':')
  const written = text.slice(0, colon)
  const quoted = /^".*"$/s.test(written) ? parseQuoted(written) : undefined
  if (colon < 1 || (quoted === undefined && isSeveral(text))) {
    throw usageError(`not ${colon < 1 ? 'a' : 'one'} column: ${text}`, hint)
  }
  return { name: quoted ?? written, type: parseColumnType(text.slice(colon + 1)) }
}

/** Whether a text has what looks like a type in its midst: `t:date v:float64`, `t:date,v:float64`. */
export function isSeveral(text: string): boolean {
  return /:\w+[\s,]+\S/.test(text)
}
