import { type Column, type ColumnType, isNull } from '../core/column.ts'
import { firstInvalidText } from '../core/column-check.ts'
import { sliceColumn } from '../core/column-ops.ts'
import { makeFrame } from '../core/frame.ts'
import type { ColumnSpec, Schema } from '../core/schema.ts'
import type { Spill } from '../core/spill.ts'
import { badInput, quoteText } from './bad-input.ts'
import { convertColumn } from './convert-column.ts'
import type { TableHeader } from './map-columns.ts'
import { checkIndex, chosenColumns, knownIn, mapHeader, missingColumn } from './map-columns.ts'
import type { SourceFrame } from './source-frame.ts'
import type { InferOptions, InputTable, TableFormat, TypedColumn, TypedTable } from './table.ts'

const FRAME_ROWS = 16_384
const LONGEST_VALUE = 1000

/**
 * The reading half of a format whose tables say the types of their columns themselves. `open` gets
 * a spill where there is one to set aside what can be read only once. The columns get the types that
 * are wanted as {@link convertColumn} does it; the rows come in the order that they have.
 */
export function typedFormat(
  open: (input: InputTable, spill?: Spill) => Promise<TypedTable>,
): Pick<TableFormat, 'columns' | 'infer' | 'read'> {
  return {
    async columns(input) {
      const table = await open(input)
      try {
        return chosen(table, input).header.names
      } finally {
        await table.close()
      }
    },
    async infer(input, options) {
      const table = await open(input, options.spill)
      try {
        const columns = chosen(table, input)
        const schema = schemaOf(columns, options, table.duplicates)
        return {
          schema,
          emptyRows: 0,
          sorted: false,
          ...(table.zone !== undefined && { zone: table.zone }),
          frames: () => frames(table, input, columns, schema),
          discard: () => table.close(),
        }
      } catch (error) {
        await table.close()
        throw error
      }
    },
    async *read(input, { schema: wanted, subset, spill }) {
      const table = await open(input, spill)
      try {
        const columns = chosen(table, input)
        const { schema } = mapHeader(columns.header, wanted, { subset })
        yield* frames(table, input, columns, schema)
      } finally {
        await table.close()
      }
    },
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
  for (const name of options.types?.keys() ?? []) {
    if (!header.names.includes(name)) throw missingColumn(header, name, index.includes(name))
  }
  const types = new Map(header.names.map((name, at) => [name, columns[at]!.type]))
  const specOf = (name: string): ColumnSpec => ({
    name,
    type: options.types?.get(name) ?? types.get(name)!,
  })
  const first = known?.columns ?? index.map(specOf)
  const placed = new Set(first.map((column) => column.name))
  const others = header.names.filter((name) => !placed.has(name)).map(specOf)
  return {
    columns: [...first, ...others],
    indexCount: index.length,
    duplicates: known?.duplicates ?? options.duplicates ?? duplicates,
  }
}

async function* frames(
  table: TypedTable,
  { name: file, reading }: InputTable,
  { header, columns }: Chosen,
  schema: Schema,
): AsyncGenerator<SourceFrame, void, void> {
  const sources = schema.columns.map(({ name }) => columns[header.names.indexOf(name)]!)
  if (reading?.zone === undefined && sources.some((source) => source.local)) {
    reading?.onNotice?.('no offset: read as UTC; --tz names the zone')
  }
  let before = 0
  try {
    for await (const batch of table.batches(sources.map((source) => source.name))) {
      const rows = batch[0]!.length
      for (let from = 0; from < rows; from += FRAME_ROWS) {
        const to = Math.min(rows, from + FRAME_ROWS)
        const typed = batch.map((column, at) => {
          const { name, type } = schema.columns[at]!
          const place = { file, field: name, before: before + from }
          const slice = sliceColumn(column, from, to)
          return converted(slice, type, place, at < schema.indexCount)
        })
        yield makeFrame(schema, typed)
      }
      before += rows
    }
  } finally {
    await table.close()
  }
}

/** Where a piece of a column is. */
interface PiecePlace {
  readonly file: string
  readonly field: string
  /** Rows above it in the table. */
  readonly before: number
}

function converted(column: Column, type: ColumnType, place: PiecePlace, index: boolean): Column {
  const { file, field, before } = place
  const at = (row: number) => ({ file, place: { row: before + row + 1, field }, expected: type })
  if (column.type === 'string' || column.type === 'json') {
    const row = firstInvalidText(column.values as Uint8Array, column.offsets!, column.length)
    if (row !== -1) {
      throw badInput({ ...at(row), found: 'bytes that are not UTF-8', expected: 'text in UTF-8' })
    }
  }
  if (index) {
    const row = firstGap(column)
    if (row < column.length) {
      const hasNaN = !isNull(column, row)
      const reason = `the index cannot be ${hasNaN ? 'NaN' : 'null'}`
      throw badInput({ ...at(row), found: hasNaN ? 'NaN' : 'nothing', reason })
    }
  }
  return convertColumn(column, type, (row, value, reason) =>
    badInput({
      ...at(row),
      found: quoteText(value),
      reason,
      ...(value.length <= LONGEST_VALUE && { data: { value } }),
    }),
  )
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
