import { type ErrorCode, hasCode, VarveError } from '../core/errors.ts'
import type { Schema } from '../core/schema.ts'
import { checkSchema } from '../core/schema-codec.ts'
import type { Spill } from '../core/spill.ts'
import { badInput } from '../formats/bad-input.ts'
import { type SortOptions, sortFrames } from '../formats/sort-frames.ts'
import type { SourceFrame } from '../formats/source-frame.ts'
import type { InferOptions, InferredTable, InputTable, ReadTableOptions } from '../formats/table.ts'
import { formatOf, openReader, readAs } from '../formats/table-formats.ts'
import { temporarySpill } from '../plumbing/series-files.ts'
import { openShown } from '../plumbing/series-zone.ts'

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
  /** Where they are from. */
  readonly table: InputTable
  /** What messages call the table. */
  readonly name: string
  /** The columns that the rows have. */
  readonly schema: Schema
  /** The zone that the table itself names for its times. */
  readonly zone?: string | undefined
  /** The rows, once. `bad-input`, with the place, at the first thing that is wrong. */
  frames(): AsyncIterable<SourceFrame>
  /** Rows left out because all their cells were empty; known when the frames have ended. */
  emptyRows(): number
  /** Lets go of what was set aside. Safe at any time. */
  discard(): Promise<void>
}

/** Finds the types of a table's columns (what can be opened only once is set aside meanwhile). */
export async function inferRows(input: InputTable, options: InferOptions): Promise<InputRows> {
  const spill = temporarySpill()
  const format = await openReader(input)
  const found = await format.infer(input, { ...options, spill })
  try {
    return inferredRows(input, found, spill, options.known !== undefined)
  } catch (error) {
    await found.discard()
    throw error
  }
}

/**
 * As {@link inferRows} for who can take the rows twice: what `take` made of them is dropped, and it
 * gets them once more, where the types that the first rows suggested turn out to be others. So most
 * tables are read once. The rows are let go of afterwards.
 */
export async function takeInferred<R>(
  input: InputTable,
  options: InferOptions,
  take: (rows: InputRows) => Promise<R>,
): Promise<R> {
  const spill = temporarySpill()
  const format = await openReader(input)
  const found = await format.infer(input, { ...options, spill, mayGuess: true })
  const takeOnce = async (table: InferredTable): Promise<R> =>
    take({
      ...inferredRows(input, table, spill, options.known !== undefined),
      discard: async () => undefined,
    })
  try {
    if (found.settle === undefined) return await takeOnce(found)
    const [taken] = await Promise.allSettled([takeOnce(found)])
    if (taken.status === 'rejected' && !isOfRows(taken.reason)) throw taken.reason
    const settled = await found.settle()
    if (settled !== undefined) return await takeOnce(settled).finally(() => settled.discard())
    if (taken.status === 'rejected') throw taken.reason
    return taken.value
  } finally {
    await found.discard()
  }
}

/** Errors that no other types of the columns would spare. */
const OF_THE_MACHINE = new Set<ErrorCode>(['io', 'disk-full', 'permission-denied', 'interrupted'])

/** Whether rows that were taken for something else may be why it failed. */
function isOfRows(error: unknown): boolean {
  return error instanceof VarveError && !OF_THE_MACHINE.has(error.code)
}

/** The rows of a table whose types are found; who has them lets go of the table. */
function inferredRows(
  input: InputTable,
  found: InferredTable,
  spill: Spill,
  isKnown: boolean,
): InputRows {
  const { schema, sorted, zone } = found
  checkSchema(schema)
  return {
    table: input,
    name: input.name,
    schema,
    zone,
    frames: () => inOrder(input, found.frames(), schema, { spill, sorted, own: zone, isKnown }),
    emptyRows: () => found.emptyRows,
    discard: () => found.discard(),
  }
}

/** The same table, for a series of this schema: the names that its columns have or are to have. */
export function forSeries(input: InputTable, { columns }: Schema): InputTable {
  return readAs(input, { names: columns.map(({ name }) => name) })
}

/**
 * Reads a table once under a schema whose columns, all of them and no others, it must have.
 *
 * @param isKnown whether it is the schema of a series that is there
 */
export function typedRows(input: InputTable, schema: Schema, isKnown = true): InputRows {
  const { frames, emptyRows } = rowsUnder(input, { schema })
  return {
    table: input,
    name: input.name,
    schema,
    frames: () => inOrder(input, frames(), schema, { spill: temporarySpill(), isKnown }),
    emptyRows,
    discard: async () => undefined,
  }
}

/** As {@link typedRows} for a table that may lack value columns: its schema is without them. */
export async function subsetRows(input: InputTable, wanted: Schema): Promise<InputRows> {
  const rows = rowsUnder(input, { schema: wanted, subset: true })
  const frames = rows.frames()
  const first = await frames.next()
  if (first.done === true) throw noRows(input)
  const { schema } = first.value
  const all = async function* () {
    yield first.value
    yield* frames
  }
  return {
    table: input,
    name: input.name,
    schema,
    frames: () => inOrder(input, all(), schema, { spill: temporarySpill(), isKnown: true }),
    emptyRows: rows.emptyRows,
    discard: async () => {
      await frames.return()
    },
  }
}

/** Sorts the rows of a table; errors show times in the zone that it is read in, or names itself. */
async function* inOrder(
  { reading }: InputTable,
  frames: AsyncIterable<SourceFrame>,
  schema: Schema,
  { own, ...options }: SortOptions & { readonly own?: string | undefined },
): AsyncGenerator<SourceFrame, void, void> {
  const zone = await openShown(reading?.zone ?? own)
  yield* sortFrames(frames, schema, { ...options, zone })
}

function rowsUnder(input: InputTable, options: Pick<ReadTableOptions, 'schema' | 'subset'>) {
  let emptyRows = 0
  return {
    async *frames(): AsyncGenerator<SourceFrame, void, void> {
      const format = await openReader(input)
      const onEmptyRows = (count: number): void => {
        emptyRows = count
      }
      yield* format.read(input, { ...options, spill: temporarySpill(), onEmptyRows })
    },
    emptyRows: () => emptyRows,
  }
}

/** The names of a table's columns, for one that can be opened again. */
export async function headerOf(input: InputTable): Promise<readonly string[]> {
  return (await openReader(input)).columns(input, temporarySpill())
}

/** Whether a table is a text with a header in its first line. */
export function isCsv({ typed, ...table }: InputTable): boolean {
  return typed === undefined && formatOf(table) === 'csv'
}

/** The error for a table without rows; of CSV, with a header alone. */
export function noRows(
  input: InputTable,
  hint = 'varve create makes a series without rows, varve delete removes rows',
): VarveError {
  const file = input.name
  return isCsv(input)
    ? badInput({
        file,
        place: { line: 2, column: 1 },
        found: 'a header and no rows',
        expected: 'rows',
        hint,
      })
    : badInput({ file, found: 'a table without any', expected: 'rows', hint })
}

/** What a `bad-input` about one cell says; undefined for any other error. */
export function cellFaultOf(error: unknown): { field: string; value: string } | undefined {
  if (!hasCode(error, 'bad-input')) return undefined
  const { field, value } = error.data
  return typeof field === 'string' && typeof value === 'string' ? { field, value } : undefined
}
