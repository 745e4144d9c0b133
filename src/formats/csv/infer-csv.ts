import type { ColumnType } from '../../core/column.ts'
import type { Schema } from '../../core/schema.ts'
import type { Spill } from '../../core/spill.ts'
import { badInput } from '../bad-input.ts'
import { checkTypes, inferredSchema } from '../inferred-schema.ts'
import { checkIndex, knownIn, withoutRowsHint } from '../map-columns.ts'
import type { SourceFrame } from '../source-frame.ts'
import { cellFault, indexFault } from './cell-faults.ts'
import type { DateLayout } from './date-layout.ts'
import { ColumnGuess } from './guess.ts'
import { type CsvHeader, checkIsHeader, readHeader } from './header.ts'
import { KeptBytes } from './kept-bytes.ts'
import { readCsv } from './read-csv.ts'
import { checkGiven, isTemporal } from './settle-layouts.ts'
import { type ByteSource, type CsvDialect, CsvStream } from './stream.ts'

const MEMORY_BYTES = 64 * 1024 * 1024

export interface InferCsvOptions extends CsvDialect {
  /** Names of the index columns, in the order that sorts; the first column when not given. */
  readonly index?: readonly string[] | undefined
  /** Whether the schema is to allow equal keys. */
  readonly duplicates?: boolean | undefined
  /**
   * Columns whose type is known already. They take the schema's types, index and order; only the
   * other columns are inferred, and come after them.
   */
  readonly known?: Schema | undefined
  /** Whether known value columns may be missing: they are then left out of the schema. */
  readonly subset?: boolean | undefined
  /** Types of some of the other columns, by name: these are not inferred. */
  readonly types?: ReadonlyMap<string, ColumnType> | undefined
  /** Where what does not fit the memory limit waits, when the source can be read only once. */
  readonly spill?: Spill | undefined
  /** Bytes of the source kept in memory at most; 64 MiB when not given. */
  readonly memoryLimit?: number | undefined
}

export interface InferredCsv {
  readonly schema: Schema
  readonly rows: number
  /** Rows skipped because all their cells were empty; they are not in `rows`. */
  readonly emptyRows: number
  /** Whether the rows are in the order of their keys for sure; equal keys may be there. */
  readonly sorted: boolean
  readonly delimiter: string
  /** By column, how dates are written that are not ISO 8601. */
  readonly layouts: ReadonlyMap<string, DateLayout>
  /** The rows under `schema`. Once. Afterwards, or when it is left early, nothing is kept. */
  frames(): AsyncGenerator<SourceFrame, void, void>
  /** Lets go of what was kept, where `frames` is not to be called. */
  discard(): Promise<void>
}

/**
 * Finds the narrowest type of every column of a table by reading all of it, and reads it again
 * under those types. A source given as a function is opened twice; any other is read once and kept
 * meanwhile. Types are inferred as `docs/csv.md` says. `bad-input` where the input is no table, has
 * no rows, has a null in the index, or a date that does not exist in a column of dates.
 */
export async function inferCsv(
  source: ByteSource | (() => ByteSource),
  options: InferCsvOptions = {},
): Promise<InferredCsv> {
  const kept = new KeptBytes(options.memoryLimit ?? MEMORY_BYTES, options.spill)
  try {
    const guessed = await guess(
      typeof source === 'function' ? source() : keep(source, kept),
      options,
    )
    return {
      ...guessed,
      async *frames() {
        const again = typeof source === 'function' ? source() : kept.read()
        try {
          const { schema, delimiter, layouts } = guessed
          yield* readCsv(again, { ...dialectIn(options), schema, delimiter, layouts })
        } finally {
          await kept.discard()
        }
      },
      discard: () => kept.discard(),
    }
  } catch (error) {
    await kept.discard()
    throw error
  }
}

async function* keep(source: ByteSource, kept: KeptBytes): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    await kept.add(chunk)
    yield chunk
  }
}

type Guessed = Omit<InferredCsv, 'frames' | 'discard'>

function spaced({ file, places }: CsvHeader): Error {
  return badInput({
    file,
    place: places[0],
    found: 'spaces',
    expected: 'a comma, a semicolon, a tab or | between the cells',
    hint: "--delimiter ' ' says that spaces are",
  })
}

async function guess(source: ByteSource, options: InferCsvOptions): Promise<Guessed> {
  const stream = await CsvStream.open(source, { ...options, blankIsNull: false })
  try {
    const header = await readHeader(stream, options)
    const isNew = options.known === undefined
    if (isNew && stream.isSpaced) throw spaced(header)
    if (isNew && options.header === undefined) checkIsHeader(header)
    const known = options.known && knownIn(header, options.known, options)
    const index =
      known === undefined ? checkIndex(header, options.index ?? [header.names[0]!]) : indexOf(known)
    checkTypes(header, index, options)
    const typed = new Map([
      ...(known?.columns ?? []).map(({ name, type }) => [name, type] as const),
      ...(options.types ?? []),
    ])
    const watched: WatchedColumn[] = []
    for (const [column, name] of header.names.entries()) {
      const type = typed.get(name)
      const temporal = type !== undefined && isTemporal(type)
      // An index is watched for its order, and dates for their layout, even where the type is known.
      if (type !== undefined && !temporal && !index.includes(name)) continue
      const isDated = type === undefined || temporal
      const guess = new ColumnGuess(name, index.includes(name), {
        decimal: options.decimal,
        layout: isDated ? options.dateFormat : undefined,
        temporal,
      })
      watched.push({ name, cell: header.cells[column]!, type, guess })
    }
    const rows = await observe(stream, header, index, watched)
    const layouts = layoutsOf(watched, options)
    const guesses = new Map(watched.map(({ name, guess }) => [name, guess]))
    const schema = inferredSchema(header, index, { ...options, known }, (name) =>
      guesses.get(name)!.type(),
    )
    const first = guesses.get(index[0]!)!
    for (const { type, guess } of watched) {
      const notice = type === undefined ? guess.notice() : undefined
      if (notice !== undefined) options.onNotice?.(notice)
    }
    return {
      schema,
      rows,
      layouts,
      emptyRows: stream.tokenizer.emptyRecords,
      sorted:
        index.length === 1 && first.isSortedAs(schema.columns[0]!.type, options.zone !== undefined),
      delimiter: stream.delimiter,
    }
  } finally {
    await stream.close()
  }
}

/** A column that is looked at cell by cell. */
interface WatchedColumn {
  readonly name: string
  readonly cell: number
  /** Its type, where that is known. */
  readonly type: ColumnType | undefined
  readonly guess: ColumnGuess
}

/** The layouts of dates by column. `bad-input` where they cannot be told. */
function layoutsOf(
  watched: readonly WatchedColumn[],
  { dateFormat }: CsvDialect,
): Map<string, DateLayout> {
  if (dateFormat !== undefined) checkGiven(watched, dateFormat)
  const layouts = new Map<string, DateLayout>()
  for (const { name, type, guess } of watched) {
    const isTyped = type !== undefined
    if (isTyped && !isTemporal(type)) continue
    const fault = isTyped ? guess.ambiguity() : guess.fault()
    if (fault !== undefined) throw fault
    const layout = isTyped ? guess.firstLayout() : guess.layout()
    if (layout !== undefined) layouts.set(name, layout)
  }
  return layouts
}

async function observe(
  stream: CsvStream,
  header: CsvHeader,
  index: readonly string[],
  watched: readonly WatchedColumn[],
): Promise<number> {
  const { tokenizer } = stream
  const cellOf = (name: string): number => header.cells[header.names.indexOf(name)]!
  const indexCells = index.map(cellOf).sort((a, b) => a - b)
  let total = 0
  for (;;) {
    const rows = await stream.next()
    if (rows === 0) break
    for (const { cell, guess } of watched) guess.observe(tokenizer, cell, rows)
    let good = rows
    let fault = -1
    for (const cell of indexCells) {
      const read = indexFault(tokenizer, cell, good, 'string')
      if (read < good) fault = cell
      good = read
    }
    if (fault !== -1) {
      const name = header.names[header.cells.indexOf(fault)]
      throw cellFault(tokenizer, good, fault, { type: 'null', index: true, name })
    }
    total += rows
  }
  if (total === 0) {
    throw badInput({
      file: header.file,
      place: { line: tokenizer.line, column: 1 },
      found: 'a header and no rows',
      expected: 'rows to find the types of the columns from',
      hint: withoutRowsHint(header.names),
    })
  }
  return total
}

function indexOf(schema: Schema): string[] {
  return schema.columns.slice(0, schema.indexCount).map((column) => column.name)
}

/** Of the options those that say how the table is written down. */
function dialectIn(options: InferCsvOptions): CsvDialect {
  const { index, duplicates, known, subset, types, spill, memoryLimit, ...dialect } = options
  return dialect
}
