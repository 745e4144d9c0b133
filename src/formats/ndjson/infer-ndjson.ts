import type { ColumnType } from '../../core/column.ts'
import { isTimestampType } from '../../core/column.ts'
import type { Schema } from '../../core/schema.ts'
import { badInput } from '../bad-input.ts'
import { cellFault, indexFault } from '../csv/cell-faults.ts'
import { type DateLayout, parseDateLayout } from '../csv/date-layout.ts'
import { A_TIME, ColumnGuess } from '../csv/guess.ts'
import { checkTypes, inferredSchema } from '../inferred-schema.ts'
import { checkIndex, chosenColumns, knownIn, withoutRowsHint } from '../map-columns.ts'
import type { InferOptions } from '../table.ts'
import { IS_BOOL, IS_NESTED, IS_NUMBER, IS_TEXT, JsonRecords } from './json-records.ts'
import { type NdjsonInput, newNameOf } from './read-ndjson.ts'

export interface GuessedNdjson {
  readonly schema: Schema
  readonly sorted: boolean
  /** The layouts of dates that are not written as ISO 8601. */
  readonly layouts: ReadonlyMap<string, DateLayout>
}

/** Finds the types of columns by reading all objects: see `docs/formats.md`. */
export async function guessNdjson(
  { file, reading, source }: NdjsonInput,
  options: InferOptions,
): Promise<GuessedNdjson> {
  const { known } = options
  const names: string[] = []
  const guesses: ColumnGuess[] = []
  let index = known?.columns.slice(0, known.indexCount).map(({ name }) => name) ?? options.index
  const layout = reading.dateFormat === undefined ? undefined : parseDateLayout(reading.dateFormat)
  const records = new JsonRecords(source, 0, {
    file,
    nulls: reading.nulls,
    column(name) {
      const column = names.push(name) - 1
      const wanted = newNameOf(reading, name)
      index ??= wanted === undefined ? undefined : [wanted]
      const isIndex = wanted !== undefined && index?.includes(wanted) === true
      guesses.push(new ColumnGuess(wanted ?? name, isIndex, { layout, header: false }))
      return column
    },
  })
  const cellOf = (wanted: string): number =>
    names.findIndex((name) => newNameOf(reading, name) === wanted)
  let total = 0
  try {
    for (;;) {
      const rows = await records.next()
      if (rows === 0) break
      total += rows
      for (let cell = 0; cell < records.width; cell++) guesses[cell]!.observe(records, cell, rows)
      checkIndexCells(records, (index ?? []).map(cellOf), rows, names)
    }
  } finally {
    await records.close()
  }
  if (total === 0 || names.length === 0) {
    throw badInput({
      file,
      found: total === 0 ? 'no objects' : 'objects without a name in them',
      expected: 'rows to find the types of the columns from',
      hint: withoutRowsHint([]),
    })
  }
  const { header, cells } = chosenColumns({ file, names }, reading)
  const known1 = known && knownIn(header, known, options)
  const indexNames = known1 === undefined ? checkIndex(header, index ?? []) : index!
  checkTypes(header, indexNames, options)
  const layouts = new Map<string, DateLayout>()
  const typeOf = (name: string): ColumnType => {
    const cell = cells[header.names.indexOf(name)]!
    const isIndex = indexNames.includes(name)
    const type =
      options.types?.get(name) ?? guessedType(guesses[cell]!, records.kinds[cell]!, isIndex)
    const layout = guesses[cell]!.layout()
    if (layout !== undefined && (type === 'date' || isTimestampType(type))) {
      layouts.set(name, layout)
    }
    return type
  }
  const schema = inferredSchema(
    header,
    indexNames,
    { known: known1, duplicates: options.duplicates },
    typeOf,
  )
  const first = schema.columns[0]!
  const sorted =
    indexNames.length === 1 &&
    guesses[cellOf(first.name)]!.isSortedAs(first.type, reading.zone !== undefined)
  return { schema, sorted, layouts }
}

function checkIndexCells(
  records: JsonRecords,
  cells: readonly number[],
  rows: number,
  names: readonly string[],
): void {
  let good = rows
  let fault = -1
  for (const cell of cells) {
    if (cell === -1 || cell >= records.width) continue
    const read = indexFault(records, cell, good, 'string')
    if (read < good) fault = cell
    good = read
  }
  if (fault !== -1)
    throw cellFault(records, good, fault, { type: 'null', index: true, name: names[fault] })
}

/** The narrowest type for values of some kinds. */
function guessedType(guess: ColumnGuess, kinds: number, index: boolean): ColumnType {
  if ((kinds & IS_TEXT) !== 0) {
    const fault = guess.fault()
    const type = guess.type()
    if (type === 'date' || isTimestampType(type)) return type
    // A text of digits is a text; among numbers it is one.
    if (kinds === IS_TEXT) {
      const { expected } = fault?.data ?? {}
      if (fault !== undefined && (expected === 'date' || expected === A_TIME)) throw fault
      return 'string'
    }
    if (fault !== undefined) throw fault
    return type
  }
  if (kinds === 0 || kinds === IS_BOOL) return kinds === 0 ? 'null' : 'bool'
  if (kinds === IS_NUMBER) {
    const type = guess.type()
    // Numbers that no type holds, or that would not come back.
    return type === 'string' ? (index ? 'string' : 'json') : type
  }
  return (kinds & IS_NESTED) !== 0 || !index ? 'json' : 'string'
}
