import { isTimestampType } from '../../core/column.ts'
import type { Schema } from '../../core/schema.ts'
import type { CellForm } from '../csv/cell-form.ts'
import { TableClocks } from '../csv/column-clock.ts'
import { type DateLayout, parseDateLayout } from '../csv/date-layout.ts'
import { TableReader } from '../csv/read-csv.ts'
import { chosenColumns, mapHeader, missingColumn } from '../map-columns.ts'
import type { SourceFrame } from '../source-frame.ts'
import type { InputTable, Reading } from '../table.ts'
import { JsonRecords } from './json-records.ts'

/** The bytes of a table, and how it is written down. */
export interface NdjsonInput {
  readonly file: string
  readonly reading: Reading
  readonly source: AsyncIterable<Uint8Array>
}

/** The names in the objects of a table, those of all of them, in the order in which they come. */
export async function readNames({ file, source }: Omit<NdjsonInput, 'reading'>): Promise<string[]> {
  const names: string[] = []
  const records = new JsonRecords(source, 0, { file, column: (name) => names.push(name) - 1 })
  try {
    while ((await records.next()) > 0);
    return names
  } finally {
    await records.close()
  }
}

/** What the columns of a table are called that are wanted, by their names in the objects. */
export function newNameOf({ columns, rename }: Reading, name: string): string | undefined {
  if (columns !== undefined && !columns.includes(name)) return undefined
  return rename?.get(name) ?? name
}

export interface ReadNdjsonOptions {
  readonly schema: Schema
  /** The layouts of dates that were found in some columns. */
  readonly layouts?: ReadonlyMap<string, DateLayout> | undefined
}

/**
 * Reads objects as frames of a schema, in the order that they have. What a record lacks is a null; a
 * column that every record lacks is `bad-input`, as is a name that the schema does not have, with its
 * place.
 */
export async function* readNdjson(
  { file, reading, source }: NdjsonInput,
  { schema, layouts }: ReadNdjsonOptions,
): AsyncGenerator<SourceFrame, void, void> {
  const cells = new Map(schema.columns.map(({ name }, cell) => [name, cell]))
  const met = new Map<string, number>()
  const records = new JsonRecords(source, cells.size, {
    file,
    nulls: reading.nulls,
    textOnly: new Set(
      [...cells.values()].filter((cell) => schema.columns[cell]!.type === 'binary'),
    ),
    column(name, place) {
      const wanted = newNameOf(reading, name)
      if (wanted === undefined) return -1
      const cell = cells.get(wanted)
      const header = { file, names: [wanted], places: [place()] }
      if (cell === undefined) mapHeader(header, schema, { subset: true })
      met.set(wanted, cell!)
      return cell!
    },
  })
  try {
    const all = [...cells.values()]
    const clocks = await TableClocks.open(schema, all, reading)
    const given = reading.dateFormat === undefined ? undefined : parseDateLayout(reading.dateFormat)
    const forms = schema.columns.map(({ name, type }, column): CellForm => {
      const isTemporal = type === 'date' || isTimestampType(type)
      const layout = layouts?.get(name) ?? given
      return { clock: clocks.columns[column], ...(isTemporal && { layout }) }
    })
    const table = new TableReader(
      records,
      schema.columns.map((column) => column.type),
      all,
      schema.indexCount,
      schema.columns.map((column) => column.name),
      forms,
    )
    let rows = false
    while (await table.readBatch()) {
      rows = true
      if (table.collected.isEnough()) yield table.frame(schema)
    }
    clocks.finish()
    const missing = schema.columns.find(({ name }) => !met.has(name))
    if (rows && missing !== undefined) {
      throw missingColumn({ file, names: [...met.keys()] }, missing.name, false)
    }
    if (table.collected.rows > 0) yield table.frame(schema)
  } finally {
    await records.close()
  }
}

/** The columns of a schema that a table has, whose names in its objects are given. */
export function schemaIn(
  { file, reading }: Pick<NdjsonInput, 'file' | 'reading'>,
  names: readonly string[],
  schema: Schema,
): Schema {
  const { header } = chosenColumns({ file, names }, reading)
  return mapHeader(header, schema, { subset: true }).schema
}

/** The bytes of an input, and how it is written down. */
export function inputOf(input: InputTable, source: AsyncIterable<Uint8Array>): NdjsonInput {
  return { file: input.name, reading: input.reading ?? {}, source }
}
