import { type Column, isNull, type TimestampType } from '../core/column.ts'
import { firstInvalidText } from '../core/column-check.ts'
import { sliceColumn } from '../core/column-ops.ts'
import type { VarveError } from '../core/errors.ts'
import { makeFrame } from '../core/frame.ts'
import { encodeKeyPrefix } from '../core/key.ts'
import { parseScalar } from '../core/scalar-text.ts'
import type { ColumnSpec, Schema } from '../core/schema.ts'
import type { Spill } from '../core/spill.ts'
import { SEGMENT_ROWS } from '../core/split.ts'
import { type BadInputFacts, badInput, quoteText } from './bad-input.ts'
import { type ConvertOptions, convertColumn } from './convert-column.ts'
import { type ColumnClock, TableClocks } from './csv/column-clock.ts'
import { checkTypes, inferredSchema } from './inferred-schema.ts'
import type { LocalTimePlace } from './local-time.ts'
import type { TableHeader } from './map-columns.ts'
import { checkIndex, chosenColumns, knownIn, mapHeader } from './map-columns.ts'
import type { RowSource, SourceFrame } from './source-frame.ts'
import type {
  InferOptions,
  InferredTable,
  InputTable,
  TableFormat,
  TypedColumn,
  TypedTable,
} from './table.ts'

const FRAME_ROWS = SEGMENT_ROWS
const LONGEST_VALUE = 1000

/** Opens a table, with a spill where there is one to set aside what can be read only once. */
type OpenTyped = (input: InputTable, spill?: Spill) => Promise<TypedTable>

/**
 * The reading half of a format whose tables say the types of their columns themselves. The columns get the types that
 * are wanted as {@link convertColumn} does it; the rows come in the order that they have.
 */
export function typedFormat(open: OpenTyped): Pick<TableFormat, 'columns' | 'infer' | 'read'> {
  return {
    async columns(input, spill) {
      const table = await open(input, spill)
      try {
        return chosen(table, input).header.names
      } finally {
        await table.close()
      }
    },
    infer: (input, options) => inferTyped(open, input, options),
    async *read(input, { schema: wanted, subset, spill }) {
      const table = await open(input, spill)
      try {
        const columns = chosen(table, input)
        const { schema } = mapHeader(columns.header, wanted, { subset })
        yield* frames(table, input, columns, schema, { floors: true })
      } finally {
        await table.close()
      }
    },
  }
}

/** The order is guessed, where that may be: most tables are in it, and one that is not is read again and sorted. */
async function inferTyped(
  open: OpenTyped,
  input: InputTable,
  options: InferOptions,
): Promise<InferredTable> {
  const table = await open(input, options.spill)
  try {
    const columns = chosen(table, input)
    const schema = schemaOf(columns, options, table.duplicates)
    const isGuess = options.mayGuess === true && input.once !== true
    let isProved = false
    const found = {
      schema,
      emptyRows: 0,
      sorted: isGuess,
      ...(table.zone !== undefined && { zone: table.zone }),
      async *frames() {
        yield* frames(table, input, columns, schema, { floors: !isGuess })
        isProved = true
      },
      discard: () => table.close(),
    }
    if (!isGuess) return found
    const settle = async () =>
      isProved ? undefined : inferTyped(open, input, { ...options, mayGuess: false })
    return { ...found, settle }
  } catch (error) {
    await table.close()
    throw error
  }
}

/** The columns of a table that are wanted, under their new names. */
interface Chosen {
  readonly header: TableHeader
  /** What the table says about each. */
  readonly columns: readonly TypedColumn[]
  /** Those that the table names as its index, where all of them are there. */
  readonly index: readonly string[] | undefined
}

function chosen(table: TypedTable, { name: file, reading }: InputTable): Chosen {
  const names = table.columns.map((column) => column.name)
  if (names.length === 0) {
    throw badInput({ file, found: 'a table without columns', expected: 'columns' })
  }
  const { header, cells } = chosenColumns({ file, names }, reading)
  const index = table.index?.map((name) => header.names[cells.indexOf(names.indexOf(name))])
  const columns = cells.map((cell) => table.columns[cell]!)
  const refused = columns.find((column) => column.unsupported !== undefined)
  if (refused !== undefined) {
    const others = table.columns.filter((column) => column.unsupported === undefined)
    throw badInput({
      file,
      found: `${refused.unsupported} in the column ${quoteText(refused.name)}`,
      expected: 'columns of types that a series has',
      hint: `leave it out: --columns ${others.map((column) => column.name).join(',')}`,
      data: { field: refused.name },
    })
  }
  return {
    header,
    columns,
    index: index?.every((name) => name !== undefined) ? index : undefined,
  }
}

function schemaOf(
  { header, columns, index: own }: Chosen,
  options: InferOptions,
  duplicates = false,
): Schema {
  const known = options.known && knownIn(header, options.known, options)
  const index =
    known?.columns.slice(0, known.indexCount).map((column) => column.name) ??
    checkIndex(header, options.index ?? (own?.length ? own : [header.names[0]!]))
  const said = { ...options, known, duplicates: options.duplicates ?? duplicates }
  checkTypes(header, index, said)
  const types = new Map(header.names.map((name, at) => [name, columns[at]!.type]))
  return inferredSchema(header, index, said, (name) => types.get(name)!)
}

async function* frames(
  table: TypedTable,
  { name: file, reading = {} }: InputTable,
  { header, columns }: Chosen,
  schema: Schema,
  wanted: { readonly floors: boolean },
): AsyncGenerator<SourceFrame, void, void> {
  const sources = schema.columns.map(({ name }) => columns[header.names.indexOf(name)]!)
  let before = 0
  try {
    const clocks = await TableClocks.open(schema, [...sources.keys()], reading)
    const readers = schema.columns.map(
      (spec, at) =>
        new ColumnReader(file, spec, sources[at]!, clocks.columns[at], at < schema.indexCount),
    )
    const floorAt = wanted.floors
      ? floorsOf(table, schema, sources[0]!, clocks.columns[0])
      : () => undefined
    for await (const batch of table.batches(sources.map((source) => source.name))) {
      const rows = batch[0]!.length
      for (let from = 0; from < rows; from += FRAME_ROWS) {
        const to = Math.min(rows, from + FRAME_ROWS)
        const typed = batch.map((column, at) =>
          readers[at]!.read(sliceColumn(column, from, to), before + from),
        )
        const floor = floorAt(before + to)
        yield {
          ...makeFrame(schema, typed),
          source: rowSource(file, before + from + 1, to - from),
          ...(floor !== undefined && { floor }),
        }
      }
      before += rows
    }
    clocks.finish()
  } finally {
    await table.close()
  }
}

/** Rows of these numbers, written down where somebody asks for them: hardly ever. */
function rowSource(file: string, first: number, count: number): RowSource {
  let numbers: Uint32Array | undefined
  return {
    file,
    rows: true,
    get lines() {
      numbers ??= Uint32Array.from({ length: count }, (_, row) => first + row)
      return numbers
    },
  }
}

/** What the keys of a row and all after it do not come before; where values become keys unchanged. */
function floorsOf(
  table: TypedTable,
  { columns }: Schema,
  source: TypedColumn,
  clock: ColumnClock | undefined,
): (row: number) => Uint8Array | undefined {
  const { type } = columns[0]!
  if (source.type !== type || clock?.times !== undefined) return () => undefined
  const floors = table.floors?.(source.name)
  return (row) => {
    const least = floors?.get(row)
    return least === undefined ? undefined : encodeKeyPrefix([type], [least])
  }
}

/** Makes what a table has in one column what a schema has, piece by piece. */
class ColumnReader {
  readonly #file: string
  readonly #spec: ColumnSpec
  readonly #source: TypedColumn
  readonly #clock: ColumnClock | undefined
  readonly #index: boolean
  /** Rows above the piece. */
  #before = 0

  constructor(
    file: string,
    spec: ColumnSpec,
    source: TypedColumn,
    clock: ColumnClock | undefined,
    index: boolean,
  ) {
    this.#file = file
    this.#spec = spec
    this.#source = source
    this.#clock = clock
    this.#index = index
  }

  /** `bad-input` for the first value that cannot be in the column. */
  read(column: Column, before: number): Column {
    this.#before = before
    const { type } = this.#spec
    if (column.type === 'string' || column.type === 'json') {
      const row = firstInvalidText(column.values as Uint8Array, column.offsets!, column.length)
      if (row !== -1) throw this.#fault(row, 'bytes that are not', { expected: 'text in UTF-8' })
    }
    if (this.#index) {
      const row = firstGap(column)
      if (row < column.length) {
        const hasNaN = !isNull(column, row)
        const reason = `the index cannot be ${hasNaN ? 'NaN' : 'null'}`
        throw this.#fault(row, hasNaN ? 'NaN' : 'nothing', { reason })
      }
    }
    const parse = this.#clock && this.#parse(this.#clock)
    const typed = convertColumn(
      column,
      type,
      (row, value, reason) =>
        this.#fault(row, quoteText(value), {
          reason,
          ...(value.length <= LONGEST_VALUE && { data: { value } }),
        }),
      { parse },
    )
    // A date is the midnight of a clock, as it is in text; some tables have it in milliseconds.
    const isDate = this.#source.type === 'date' || column.type === 'date'
    const isLocal = this.#source.local === true || isDate
    if (this.#clock === undefined || !isLocal) return typed
    if (this.#source.local === true && column.length > 0) this.#clock.met = true
    const { times } = this.#clock
    return times === undefined ? typed : times.convert(typed, this.#place)
  }

  /** Reads texts as times of the column's clock, where they have no offset. */
  #parse(clock: ColumnClock): NonNullable<ConvertOptions['parse']> {
    return (text, type, row) => {
      const value = parseScalar(text, type)
      const utc = clock.inUtc(value as bigint, text, type as TimestampType, row, this.#place)
      if (utc !== undefined) return utc
      throw this.#fault(row, quoteText(text), { reason: 'in UTC it is outside the range' })
    }
  }

  readonly #place = (row: number): LocalTimePlace => ({
    file: this.#file,
    place: { row: this.#before + row + 1, field: this.#spec.name },
  })

  #fault(row: number, found: string, facts: Partial<BadInputFacts>): VarveError {
    return badInput({ expected: this.#spec.type, found, ...facts, ...this.#place(row) })
  }
}

/** The first row that an index cannot have: a null, or a NaN. */
function firstGap(column: Column): number {
  const { type, length, validity, values } = column
  if (type === 'null') return 0
  let row = 0
  if (validity !== undefined) while (row < length && !isNull(column, row)) row++
  else row = length
  if (type !== 'float32' && type !== 'float64') return row
  const nan = (values as Float64Array).subarray(0, row).findIndex((value) => Number.isNaN(value))
  return nan === -1 ? row : nan
}
