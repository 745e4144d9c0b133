import type { Context } from '../../cli/context.ts'
import { given, type Options, usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { VarveError } from '../../core/errors.ts'
import { escapeControl } from '../../core/names.ts'
import type { Frame } from '../../core/schema.ts'
import { openZoneUnlessUtc, type Zone } from '../../core/zone.ts'
import { compress, type Packing, packingOfName } from '../../formats/compress.ts'
import { tableFormats, type WriteTableOptions } from '../../formats/table.ts'
import { formatOfName, openFormat } from '../../formats/table-formats.ts'
import { framesToJson, frameToJsonLines } from '../frame-json.ts'
import type { ReadRowsResult } from '../read-rows.ts'

const outputFormats = [...tableFormats, 'table', 'json'] as const
type OutputFormat = (typeof outputFormats)[number]

const BINARY: ReadonlySet<OutputFormat> = new Set(['parquet', 'arrow', 'arrow-file'])

/** Where rows go, and as what. */
export function outputOptions<T>(y: Options<T>) {
  return y
    .option('format', {
      choices: outputFormats,
      describe: 'As what: by the ending of FILE unless given, else read.format, else CSV',
    })
    .option('output', {
      alias: 'o',
      value: 'file',
      complete: 'file',
      describe: 'Write to this file, whole or not at all; .gz and .zst are packed',
    })
    .option('force', {
      type: 'boolean',
      describe: "Write over a file that is a series' own",
    })
    .option('all', {
      type: 'boolean',
      describe: 'A table on a terminal has all rows, not only what a screen has room for',
    })
    .option('header', {
      type: 'boolean',
      default: true,
      describe: 'Print the names of the columns; --no-header leaves them out',
    })
    .option('delimiter', {
      value: 'char',
      describe: 'CSV: between the columns: a comma unless given, a tab in a .tsv file',
    })
}

interface OutputArguments {
  readonly format: OutputFormat | undefined
  readonly output: string | undefined
  readonly all: boolean
  readonly header: boolean
  readonly delimiter: string | undefined
  readonly limit: number | undefined
  readonly tail: number | undefined
}

/** Where rows go, once all that was said about it has been put together. */
export interface Output {
  /** `json-lines` is what `--json` prints. */
  readonly format: OutputFormat | 'json-lines'
  /** Undefined for standard output. */
  readonly file: string | undefined
  readonly packing: Packing | undefined
  readonly header: boolean
  readonly delimiter: string | undefined
  /** The most rows that a table shows: a screen of them, unless the user said how many. */
  readonly screen: number | undefined
}

/** Reads {@link outputOptions}; `usage` where they do not go together. */
export async function outputOf(args: OutputArguments, context: Context): Promise<Output> {
  const file = args.output === undefined || args.output === '-' ? undefined : args.output
  const packing = file === undefined ? undefined : packingOfName(file)
  const format = await formatOfOutput(args, file, context)
  const { header } = args
  let { delimiter } = args
  if (delimiter !== undefined && format !== 'csv') {
    throw usageError(`--delimiter is for CSV, and this is ${format}`)
  }
  if (!header && format !== 'csv' && format !== 'table') {
    throw usageError(`--no-header is for CSV and tables, and this is ${format}`)
  }
  if (/\.tsv(\.gz|\.zst)?$/i.test(file ?? '')) delimiter ??= '\t'
  const binary = BINARY.has(format as OutputFormat)
  if (binary && packing !== undefined) {
    throw usageError(
      `${file}: ${format} is not packed once more`,
      'leave the ending away: what needs it is packed inside',
    )
  }
  if (binary && file === undefined && context.stdoutIsTerminal) {
    throw usageError(`${format} is not for a terminal`, '-o FILE writes it to a file')
  }
  const asked = args.all || args.limit !== undefined || args.tail !== undefined
  const screen =
    format === 'table' && file === undefined && context.stdoutIsTerminal && !asked
      ? Math.max(context.screenRows - LINES_AROUND, 1)
      : undefined
  return { format, file, packing, header, delimiter, screen }
}

/** The names of the columns, what is said of rows and columns that are left out, the prompt. */
const LINES_AROUND = 4

async function formatOfOutput(
  { format }: OutputArguments,
  file: string | undefined,
  context: Context,
): Promise<Output['format']> {
  if (file === undefined) {
    if (!context.json) return format ?? configured(context)
    if (format === undefined || format === 'ndjson') return 'json-lines'
    throw usageError(`--json prints an object a row: it does not go with --format ${format}`)
  }
  if (format !== undefined) return format
  const plain = file.replace(/\.(?:gz|zst)$/i, '')
  if (/\.json$/i.test(plain)) return 'json'
  const named = formatOfName(file)
  if (named !== undefined) return named
  const ending = /[^./\\](\.[^./\\]+)$/.exec(plain)?.[1]
  if (ending === undefined) return configured(context)
  throw usageError(
    `the ending ${ending} says no format`,
    `--format is one of ${outputFormats.join(', ')}`,
  )
}

async function configured(context: Context): Promise<OutputFormat> {
  const format = (await context.config()).get('read.format') ?? 'csv'
  const found = outputFormats.find((known) => known === format)
  if (found !== undefined) return found
  throw new VarveError('invalid-value', `read.format is ${JSON.stringify(format)}`, {
    data: { key: 'read.format', value: format, expected: outputFormats },
    hint: 'varve config set read.format csv',
  })
}

/** What was written to a file. */
export interface WrittenFile {
  readonly file: string
  readonly format: string
  readonly rows: number
  readonly bytes: number
}

/** Some rows of a table for people. */
export interface TablePage {
  text(style: Style): string
}

/** Writes rows to where they go: bytes and pages to be printed, or a file and what is in it. */
export async function* writeRows(
  found: ReadRowsResult,
  output: Output,
  context: Context,
  zone: string | undefined,
): AsyncGenerator<Uint8Array | TablePage | WrittenFile, void, void> {
  let rows = 0
  const frames = async function* () {
    for await (const frame of found.frames()) {
      rows += frame.rows
      yield frame
    }
  }
  const { file, packing, format } = output
  if (file === undefined) {
    if (format === 'table') yield* tablePages(found, output, await openZoneUnlessUtc(zone))
    else yield* bytesOf(found, frames(), output, zone)
    return
  }
  const pieces = bytesOf(found, frames(), output, zone)
  const packed = packing === undefined ? pieces : compress(pieces, packing)
  const bytes = await context.writeFile(file, packed)
  if (!context.quiet || context.json) yield { file, format, rows, bytes }
}

async function* bytesOf(
  { schema }: ReadRowsResult,
  frames: AsyncIterable<Frame>,
  { format, header, delimiter }: Output,
  zoneName: string | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const zone = await openZoneUnlessUtc(zoneName)
  switch (format) {
    case 'json':
      yield* framesToJson(frames, zone)
      return
    case 'json-lines':
      for await (const frame of frames) yield Buffer.from(frameToJsonLines(frame, zone))
      return
    case 'table': {
      const { TextTable } = await import('../../formats/text-table.ts')
      const table = new TextTable(schema, given({ header, zone }))
      for await (const frame of frames) yield Buffer.from(linesOf(table.page(frame)))
      return
    }
    default: {
      const options: WriteTableOptions = given({ header, delimiter, zone: zoneName })
      yield* (await openFormat(format)).write(schema, frames, options)
    }
  }
}

const linesOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

async function* tablePages(
  found: ReadRowsResult,
  output: Output,
  zone: Zone | undefined,
): AsyncGenerator<TablePage, void, void> {
  const { TextTable } = await import('../../formats/text-table.ts')
  const { frameFromRows, sliceFrame } = await import('../../core/frame.ts')
  const { header, screen = Number.POSITIVE_INFINITY } = output
  let table: InstanceType<typeof TextTable> | undefined
  // How wide it may be is known only where it is printed.
  const page = (frame: Frame): TablePage => ({
    text(style) {
      const width = style.terminal ? style.columns : undefined
      table ??= new TextTable(found.schema, given({ header, width, style, zone }))
      return linesOf(table.page(frame))
    },
  })
  let shown = 0
  let more = false
  for await (const frame of found.frames()) {
    const rows = Math.min(frame.rows, screen - shown)
    more = rows < frame.rows
    if (rows > 0) yield page(sliceFrame(frame, 0, rows))
    shown += rows
    if (more) break
  }
  if (shown === 0) yield page(frameFromRows(found.schema, []))
  yield {
    text: (style) => {
      const notes = shown === 0 ? ['no rows'] : []
      if (more) notes.push('… more rows: --all prints them, --tail the last ones')
      const hidden = table?.hidden ?? []
      if (hidden.length > 0) notes.push(hiddenNote(hidden, style.columns))
      return linesOf(notes.map((note) => style.dim(note)))
    },
  }
}

function hiddenNote(names: readonly string[], width: number): string {
  const note = `… more columns (--select names those to print): ${names.map((name) => escapeControl(name)).join(', ')}`
  return note.length > width ? `${note.slice(0, width - 1)}…` : note
}
