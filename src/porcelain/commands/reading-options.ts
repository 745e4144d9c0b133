import type { Context } from '../../cli/context.ts'
import { given, type Options, usageError } from '../../cli/define-command.ts'
import { parseNameList } from '../../core/name-list.ts'
import {
  type DstChoice,
  dstChoices,
  type Reading,
  type TableFormatName,
  tableFormats,
} from '../../formats/table.ts'

const DECIMALS = ['.', ','] as const

/** How a table is written down: for every command that reads tables. */
export function readingOptions<T>(y: Options<T>) {
  return y
    .option('format', {
      choices: tableFormats,
      describe: 'The format of the table; by the ending of its name unless given, else CSV',
    })
    .option('header', {
      type: 'boolean',
      tristate: true,
      describe: 'The first line names the columns; --no-header: it is data, columns are c1, c2, …',
    })
    .option('delimiter', {
      alias: 'd',
      value: 'char',
      describe: 'CSV: what separates cells; found from the first lines unless given',
    })
    .option('decimal', {
      choices: DECIMALS,
      describe: 'CSV: the mark in front of a fraction: a point unless given',
    })
    .option('skip', {
      value: 'lines',
      coerce: parseSkip,
      describe: 'CSV: so many lines at the beginning are left out',
    })
    .option('columns', {
      array: true,
      value: 'columns',
      coerce: parseColumns,
      describe: 'Only these columns of the table, separated by commas',
    })
    .option('rename', {
      array: true,
      value: 'old=new',
      coerce: parseRename,
      describe: 'Another name for a column of the table; may be repeated',
    })
    .option('null', {
      array: true,
      value: 'texts',
      coerce: (text) => text.split(','),
      describe: 'What stands for no value, as NA or NA,-; may be repeated',
    })
    .option('date-format', {
      value: 'layout',
      describe: 'How dates are written, as DD/MM/YYYY, "DD.MM.YYYY HH:mm:ss" or epoch_ms',
    })
    .option('tz', {
      value: 'zone',
      describe: 'The zone of times without an offset, as Europe/Brussels: UTC unless given',
    })
    .option('dst', {
      choices: dstChoices,
      describe:
        'Which of the two a time is that clocks show twice: found from the order if not given',
    })
}

/** What {@link readingOptions} were given. */
export function readingOf(
  args: {
    readonly format: TableFormatName | undefined
    readonly header: boolean | undefined
    readonly delimiter: string | undefined
    readonly decimal: '.' | ',' | undefined
    readonly skip: number | undefined
    readonly columns: readonly (readonly string[])[]
    readonly rename: readonly (readonly [from: string, to: string])[]
    readonly null: readonly (readonly string[])[]
    readonly dateFormat: string | undefined
    readonly tz: string | undefined
    readonly dst: DstChoice | undefined
  },
  context: Pick<Context, 'note'>,
): Reading {
  const { format, header, delimiter, decimal, skip, dateFormat, tz, dst } = args
  return given({
    format,
    header,
    delimiter,
    decimal,
    skip,
    columns: args.columns.length === 0 ? undefined : args.columns.flat(),
    rename: args.rename.length === 0 ? undefined : renamed(args.rename),
    nulls: args.null.length === 0 ? undefined : args.null.flat(),
    dateFormat,
    zone: tz,
    dst,
    onNotice: (text: string) => context.note(text),
  })
}

/** Names of columns, as {@link parseNameList} reads them. */
export const parseColumns = parseNameList

function parseSkip(text: string): number {
  const lines = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(lines)) {
    throw usageError(`not a number of lines: ${text}`, 'as in --skip 3')
  }
  return lines
}

function parseRename(text: string): readonly [from: string, to: string] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) {
    throw usageError(`not a new name: ${text}`, 'as in --rename Close=close')
  }
  return [text.slice(0, at), text.slice(at + 1)]
}

function renamed(pairs: readonly (readonly [from: string, to: string])[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const [from, to] of pairs) {
    if (names.has(from)) throw usageError(`--rename ${from} is given twice`)
    names.set(from, to)
  }
  return names
}
