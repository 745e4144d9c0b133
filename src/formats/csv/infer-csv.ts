import type { ColumnType } from '../../core/column.ts'
import type { ColumnSpec, Schema } from '../../core/schema.ts'
import type { Spill } from '../../core/spill.ts'
import { badInput } from '../bad-input.ts'
import { checkIndex, knownIn, missingColumn } from '../map-columns.ts'
import type { SourceFrame } from '../source-frame.ts'
import { cellFault, indexFault } from './cell-faults.ts'
import { ColumnGuess } from './guess.ts'
import { type CsvHeader, readHeader } from './header.ts'
import { KeptBytes } from './kept-bytes.ts'
import { readCsv } from './read-csv.ts'
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
          yield* readCsv(again, {
            schema: guessed.schema,
            file: options.file,
            delimiter: guessed.delimiter,
          })
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

async function guess(source: ByteSource, options: InferCsvOptions): Promise<Guessed> {
  const stream = await CsvStream.open(source, { ...options, blankIsNull: false })
  try {
    const header = await readHeader(stream)
    const known = options.known && knownIn(header, options.known, options)
    const index =
      known === undefined ? checkIndex(header, options.index ?? [header.names[0]!]) : indexOf(known)
    for (const name of options.types?.keys() ?? []) {
      if (!header.names.includes(name)) throw missingColumn(header, name, index.includes(name))
    }
    const knownNames = new Set(known?.columns.map((column) => column.name))
    const guesses = new Map<number, ColumnGuess>()
    for (const [cell, name] of header.names.entries()) {
      const isIndex = index.includes(name)
      const isTyped = knownNames.has(name) || options.types?.has(name) === true
      // An index is watched for its order even where its type is known.
      if (isIndex || !isTyped) guesses.set(cell, new ColumnGuess(name, isIndex))
    }
    const rows = await observe(stream, header, index, guesses)
    const schema = schemaOf(header, index, guesses, { ...options, known })
    const first = guesses.get(header.names.indexOf(index[0]!))!
    return {
      schema,
      rows,
      emptyRows: stream.tokenizer.emptyRecords,
      sorted: index.length === 1 && first.isSortedAs(schema.columns[0]!.type),
      delimiter: stream.delimiter,
    }
  } finally {
    await stream.close()
  }
}

async function observe(
  stream: CsvStream,
  header: CsvHeader,
  index: readonly string[],
  guesses: ReadonlyMap<number, ColumnGuess>,
): Promise<number> {
  const { tokenizer } = stream
  const indexCells = index.map((name) => header.names.indexOf(name)).sort((a, b) => a - b)
  let total = 0
  for (;;) {
    const rows = await stream.next()
    if (rows === 0) break
    for (const [cell, guess] of guesses) guess.observe(tokenizer, cell, rows)
    let good = rows
    let fault = -1
    for (const cell of indexCells) {
      const read = indexFault(tokenizer, cell, good, 'string')
      if (read < good) fault = cell
      good = read
    }
    if (fault !== -1) throw cellFault(tokenizer, good, fault, 'null', true, header.names[fault])
    total += rows
  }
  if (total === 0) {
    throw badInput({
      file: header.file,
      place: { line: tokenizer.line, column: 1 },
      found: 'a header and no rows',
      expected: 'rows to find the types of the columns from',
      hint: 'give the types: --schema "time:timestamp_s value:float64"',
    })
  }
  return total
}

function indexOf(schema: Schema): string[] {
  return schema.columns.slice(0, schema.indexCount).map((column) => column.name)
}

function schemaOf(
  header: CsvHeader,
  index: readonly string[],
  guesses: ReadonlyMap<number, ColumnGuess>,
  options: InferCsvOptions,
): Schema {
  const { known } = options
  const columns: ColumnSpec[] = known === undefined ? [] : [...known.columns]
  const specOf = (cell: number): ColumnSpec => {
    const name = header.names[cell]!
    const given = options.types?.get(name)
    if (given !== undefined) return { name, type: given }
    const guess = guesses.get(cell)!
    const fault = guess.fault()
    if (fault !== undefined) throw fault
    return { name, type: guess.type() }
  }
  if (known === undefined) {
    for (const name of index) columns.push(specOf(header.names.indexOf(name)))
  }
  const placed = new Set(columns.map((column) => column.name))
  for (const [cell, name] of header.names.entries()) {
    if (!placed.has(name)) columns.push(specOf(cell))
  }
  return {
    columns,
    indexCount: index.length,
    duplicates: known?.duplicates ?? options.duplicates ?? false,
  }
}
