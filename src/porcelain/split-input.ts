import { VarveError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { Schema } from '../core/schema.ts'
import { checkSchema } from '../core/schema-codec.ts'
import type { SourceFrame } from '../formats/source-frame.ts'
import type { InputTable } from '../formats/table.ts'
import { formatOf, openFormat, openReader } from '../formats/table-formats.ts'
import { temporarySpill } from '../plumbing/series-files.ts'
import type { SchemaOptions } from './new-series.ts'
import { headerOf, noRows } from './read-input.ts'
import { withHint } from './write-series.ts'

export interface SplitInputOptions extends Pick<SchemaOptions, 'index' | 'duplicates' | 'types'> {
  /** The column by which rows are split. */
  readonly column: string
  /** The columns that are known, as series have them; the others are inferred. */
  readonly known?: Schema | undefined
  /** Whether there may be columns that are not known. */
  readonly addColumns?: boolean | undefined
}

/** The rows of a table that is to be split, typed, in the order that they have. */
export interface SplitInput {
  /** All columns, that by which rows are split among them. */
  readonly schema: Schema
  /** The zone that the table itself names for its times. */
  readonly zone?: string | undefined
  frames(): AsyncGenerator<SourceFrame, void, void>
  /** Rows left out because all their cells were empty; known when the frames have ended. */
  emptyRows(): number
  discard(): Promise<void>
}

/**
 * Finds the columns of a table that is to be split, by what is known and by looking at all of it.
 * `column-not-found` where it has no such column, or others than are known.
 */
export async function openSplitInput(
  input: InputTable,
  options: SplitInputOptions,
): Promise<SplitInput> {
  const found = await opened(input, options)
  try {
    const names = found.schema.columns.map(({ name }) => name)
    const position = names.indexOf(options.column)
    if (position < 0) throw noColumn(input.name, options.column, names)
    if (position < found.schema.indexCount) throw inIndex(options.column)
    checkSchema(found.schema)
    return found
  } catch (error) {
    await found.discard()
    throw error
  }
}

async function opened(input: InputTable, options: SplitInputOptions): Promise<SplitInput> {
  const { column, known, addColumns } = options
  // The cells of a text are names as they stand; other formats say the type of their values.
  const isText = input.typed === undefined && formatOf(input) === 'csv'
  const header = isText ? await headerOf(input) : undefined
  if (header?.includes(column) === false) throw noColumn(input.name, column, header)
  if (known === undefined) return inferred(input, options, header)
  if (known.columns.slice(0, known.indexCount).some(({ name }) => name === column)) {
    throw inIndex(column)
  }
  const others = known.columns.filter(({ name, type }) => name !== column && type !== 'null')
  const isTyped = others.length === known.columns.length
  const schema = { ...known, columns: others }
  if (isText && isTyped && addColumns !== true) {
    const wanted = { ...schema, columns: [...others, { name: column, type: 'string' as const }] }
    return withHint(() => typed(input, wanted))
  }
  const found = await inferred(input, { ...options, known: schema }, header)
  const names = new Set([...known.columns.map(({ name }) => name), column])
  const unknown = found.schema.columns.find(({ name }) => !names.has(name))
  if (unknown === undefined || addColumns === true) return found
  await found.discard()
  throw new VarveError(
    'column-not-found',
    `the series have no column ${JSON.stringify(unknown.name)}`,
    { data: { column: unknown.name, columns: [...names] }, hint: '--add-column adds it' },
  )
}

async function inferred(
  input: InputTable,
  options: SplitInputOptions,
  header: readonly string[] | undefined,
): Promise<SplitInput> {
  const { column, known, duplicates } = options
  const format = await openReader(input)
  const types = new Map(options.types)
  if (header !== undefined) types.set(column, 'string')
  const infer = (index: readonly string[] | undefined) =>
    format.infer(input, {
      index,
      duplicates,
      types,
      spill: temporarySpill(),
      ...(known && { known, subset: true }),
    })
  // The first column is the index unless something says otherwise; not the one that is left out.
  const afterFirst = header?.[0] === column ? header.slice(1, 2) : undefined
  let found = await infer(options.index ?? afterFirst)
  const { columns, indexCount } = found.schema
  const index = columns.slice(0, indexCount).map(({ name }) => name)
  if (options.index === undefined && known === undefined && index.includes(column)) {
    const rest = index.filter((name) => name !== column)
    const first = columns.find(({ name }) => name !== column)
    await found.discard()
    if (first === undefined) throw noValues(input.name, column)
    found = await infer(rest.length > 0 ? rest : [first.name])
  }
  return {
    schema: found.schema,
    zone: found.zone,
    frames: () => found.frames(),
    emptyRows: () => found.emptyRows,
    discard: () => found.discard(),
  }
}

/** Reads a table under a schema whose value columns it may lack. */
async function typed(input: InputTable, wanted: Schema): Promise<SplitInput> {
  const format = await openFormat(formatOf(input))
  let emptyRows = 0
  const rows = format.read(input, {
    schema: wanted,
    subset: true,
    spill: temporarySpill(),
    onEmptyRows: (count) => {
      emptyRows = count
    },
  })
  const first = await rows.next()
  if (first.done === true) throw noRows(input)
  return {
    schema: first.value.schema,
    async *frames() {
      yield first.value
      yield* rows
    },
    emptyRows: () => emptyRows,
    discard: async () => {
      await rows.return()
    },
  }
}

function noColumn(file: string, column: string, names: readonly string[]): VarveError {
  const near = nearest(column, names)
  return new VarveError('column-not-found', `${file} has no column ${JSON.stringify(column)}`, {
    data: { file, column, columns: names },
    hint: near === undefined ? `its columns are ${names.join(', ')}` : `did you mean ${near}?`,
  })
}

function noValues(file: string, column: string): VarveError {
  return new VarveError('bad-input', `${file} has no column but ${JSON.stringify(column)}`, {
    data: { file, column },
  })
}

function inIndex(column: string): VarveError {
  return new VarveError(
    'schema-mismatch',
    `${JSON.stringify(column)} is an index column: a table is not split by one`,
    { data: { column }, hint: '--index names the columns that order the rows of each series' },
  )
}
