import type { ColumnType } from '../core/column.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { checkSchema } from '../core/schema-codec.ts'
import { inferCsv, readCsv, readCsvHeader } from '../formats/csv/index.ts'
import { sortFrames } from '../formats/sort-frames.ts'
import { temporarySpill } from '../plumbing/series-files.ts'

/** A table of rows from outside: a file, or standard input. */
export interface InputTable {
  /** What messages call it. */
  readonly name: string
  /** Its size, where that is known. */
  readonly bytes?: number | undefined
  /** Whether it can be opened only once, as standard input. */
  readonly once?: boolean | undefined
  open(): AsyncIterable<Uint8Array>
  /** Told how many times it is about to be read, if more than once: for progress. */
  willRead?(times: number): void
}

/** A table up to this size is held in memory while it is looked at. */
const HELD_BYTES = 1024 * 1024

/** The same table, read once however often it is opened, where it is small. */
export function held(input: InputTable): InputTable {
  const { willRead: _, ...table } = input
  if (input.once === true || input.bytes === undefined || input.bytes > HELD_BYTES) return input
  let pieces: Promise<Uint8Array[]> | undefined
  return {
    ...table,
    async *open() {
      pieces ??= all(input.open())
      yield* await pieces
    },
  }
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return pieces
}

/** The rows of a table, typed and in the order of their keys. */
export interface InputRows {
  /** What messages call the table. */
  readonly name: string
  /** The columns that the rows have. */
  readonly schema: Schema
  /** The rows, once. `bad-input`, with the place, at the first thing that is wrong. */
  frames(): AsyncIterable<Frame>
  /** Rows left out because all their cells were empty; known when the frames have ended. */
  emptyRows(): number
  /** Lets go of what was set aside. Safe at any time. */
  discard(): Promise<void>
}

export interface InferOptions {
  /** Names of the index columns; the first column when not given. */
  readonly index?: readonly string[] | undefined
  readonly duplicates?: boolean | undefined
  /** Types that are given for some columns. */
  readonly types?: ReadonlyMap<string, ColumnType> | undefined
  /** Columns known already: only the others are inferred, and come after them. */
  readonly known?: Schema | undefined
  /** Whether known value columns may be missing. */
  readonly subset?: boolean | undefined
}

/** Reads a table twice (what can be opened only once is set aside): for the types, for the rows. */
export async function inferRows(input: InputTable, options: InferOptions): Promise<InputRows> {
  const source = input.once === true ? input.open() : () => input.open()
  const spill = temporarySpill()
  if (input.once !== true) input.willRead?.(2)
  const found = await inferCsv(source, { file: input.name, ...options, spill })
  const { schema, sorted, emptyRows } = found
  try {
    checkSchema(schema)
  } catch (error) {
    await found.discard()
    throw error
  }
  return {
    name: input.name,
    schema,
    frames: () => sortFrames(found.frames(), schema, { spill, sorted }),
    emptyRows: () => emptyRows,
    discard: () => found.discard(),
  }
}

/** Reads a table once under a schema whose columns, all of them and no others, it must have. */
export function typedRows(input: InputTable, schema: Schema): InputRows {
  let emptyRows = 0
  const onEmptyRows = (count: number): void => {
    emptyRows = count
  }
  return {
    name: input.name,
    schema,
    frames: () => {
      const frames = readCsv(input.open(), { schema, file: input.name, onEmptyRows })
      return sortFrames(frames, schema, { spill: temporarySpill() })
    },
    emptyRows: () => emptyRows,
    discard: async () => undefined,
  }
}

/** As {@link typedRows} for a table that may lack value columns: its schema is without them. */
export async function subsetRows(input: InputTable, schema: Schema): Promise<InputRows> {
  let emptyRows = 0
  const onEmptyRows = (count: number): void => {
    emptyRows = count
  }
  const options = { schema, file: input.name, subset: true, onEmptyRows }
  const frames = readCsv(input.open(), options)
  const first = await frames.next()
  if (first.done === true) throw noRows(input.name)
  const all = async function* () {
    yield first.value
    yield* frames
  }
  return {
    name: input.name,
    schema: first.value.schema,
    frames: () => sortFrames(all(), first.value.schema, { spill: temporarySpill() }),
    emptyRows: () => emptyRows,
    discard: async () => {
      await frames.return()
    },
  }
}

/** The names of a table's columns, for one that can be opened again. */
export async function headerOf(input: InputTable): Promise<readonly string[]> {
  return readCsvHeader(input.open(), { file: input.name })
}

/** The error for a table with a header alone. */
export function noRows(file: string): VarveError {
  const found = 'a header and no rows'
  return new VarveError('bad-input', `${file}:2:1: expected rows, found ${found}`, {
    data: { file, line: 2, column: 1, found, expected: 'rows' },
    hint: 'varve create makes a series without rows, varve delete removes rows',
  })
}

/** What a `bad-input` about one cell says; undefined for any other error. */
export function cellFaultOf(error: unknown): { field: string; value: string } | undefined {
  if (!hasCode(error, 'bad-input')) return undefined
  const { field, value } = error.data
  return typeof field === 'string' && typeof value === 'string' ? { field, value } : undefined
}
