import { VarveError } from '../../core/errors.ts'
import { checkColumnName } from '../../core/names.ts'
import { nearest } from '../../core/nearest.ts'
import type { ColumnSpec, Schema } from '../../core/schema.ts'
import { badInput, type Place, quoteText } from './place.ts'
import type { CsvStream } from './stream.ts'
import { QUOTED } from './tokenizer.ts'

/** The names in a table's first line. */
export interface CsvHeader {
  readonly file: string
  readonly names: readonly string[]
  readonly places: readonly Place[]
}

/** Which cell of a record each column of a schema is. */
export interface ColumnMap {
  /** Of the schema asked for, the columns that are there: all of them unless a subset may be. */
  readonly schema: Schema
  /** For each column of `schema`, its cell in a record. */
  readonly cells: readonly number[]
}

/**
 * Reads the first record as column names. `bad-input` where there is none, or a name is missing,
 * twice there, or not one that a column can have. Unquoted names lose the spaces around them.
 */
export async function readHeader(stream: CsvStream): Promise<CsvHeader> {
  const { tokenizer } = stream
  const { file } = tokenizer
  if ((await stream.next()) === 0) {
    throw badInput({
      file,
      place: { line: 1, column: 1 },
      found: 'an empty input',
      expected: 'a header with the names of the columns',
    })
  }
  const names: string[] = []
  const places: Place[] = []
  const seen = new Map<string, number>()
  // Places of a header of many columns, on one line: each from the one before.
  let lastOffset = tokenizer.offsets[0]!
  let last: Place = { line: tokenizer.lines[0]!, column: 1 }
  for (let cell = 0; cell < tokenizer.width; cell++) {
    const token = tokenizer.starts[cell]!
    const quoted = (token & QUOTED) !== 0
    const text = tokenizer.text(cell)
    const name = quoted ? text : text.trim()
    const offset = (token >> 2) - (quoted ? 1 : 0)
    last = advance(tokenizer.bytes, lastOffset, offset, last)
    lastOffset = offset
    checkName(name, cell, seen, file, last)
    seen.set(name, cell)
    names.push(name)
    places.push(last)
  }
  return { file, names, places }
}

function advance(bytes: Uint8Array, from: number, to: number, place: Place): Place {
  let { line, column } = place
  for (let at = from; at < to; at++) {
    if (bytes[at] === 0x0a || (bytes[at] === 0x0d && bytes[at + 1] !== 0x0a)) {
      line++
      column = 1
    } else if ((bytes[at]! & 0xc0) !== 0x80) column++
  }
  return { line, column }
}

function checkName(
  name: string,
  cell: number,
  seen: ReadonlyMap<string, number>,
  file: string,
  place: Place,
): void {
  const first = seen.get(name)
  if (first !== undefined) {
    throw badInput({
      file,
      place,
      found: `a second ${quoteText(name)}`,
      expected: 'column names that differ',
      reason: `columns ${first + 1} and ${cell + 1}`,
      data: { name },
    })
  }
  if (name === '') {
    throw badInput({
      file,
      place,
      found: 'nothing',
      expected: `a name for column ${cell + 1}`,
    })
  }
  try {
    checkColumnName(name)
  } catch (cause) {
    if (!(cause instanceof VarveError)) throw cause
    throw badInput({
      file,
      place,
      found: quoteText(name),
      expected: 'the name of a column',
      reason: String(cause.data.reason),
      cause,
    })
  }
}

export interface MapOptions {
  /** Whether value columns may be missing: they are then left out of the schema. */
  readonly subset?: boolean
}

/**
 * Finds a schema's columns in a header, by name and in any order. `bad-input` for a name that the
 * schema does not have, an index column that is missing, and, unless a subset may be, a missing
 * value column.
 */
export function mapHeader(header: CsvHeader, schema: Schema, options: MapOptions = {}): ColumnMap {
  const { names } = header
  const wanted = new Set(schema.columns.map((column) => column.name))
  const unknown = names.findIndex((name) => !wanted.has(name))
  if (unknown !== -1) throw unknownColumn(header, unknown, schema)
  const byName = new Map(names.map((name, cell) => [name, cell]))
  const columns: ColumnSpec[] = []
  const cells: number[] = []
  for (const [at, column] of schema.columns.entries()) {
    const cell = byName.get(column.name)
    if (cell !== undefined) {
      columns.push(column)
      cells.push(cell)
    } else if (at < schema.indexCount || options.subset !== true) {
      throw missingColumn(header, column.name, at < schema.indexCount)
    }
  }
  return { schema: { ...schema, columns }, cells }
}

/** The error for a column that a header lacks. */
export function missingColumn(header: CsvHeader, name: string, index: boolean): VarveError {
  return badInput({
    file: header.file,
    place: header.places[0]!,
    found: listNames(header.names),
    expected: `${index ? 'the index column' : 'the column'} ${quoteText(name)}`,
    data: { missing: name },
  })
}

function unknownColumn(header: CsvHeader, cell: number, schema: Schema): VarveError {
  const name = header.names[cell]!
  // What the header lacks is the likelier meaning.
  const known = schema.columns.map((column) => column.name)
  const missing = known.filter((candidate) => !header.names.includes(candidate))
  const near = nearest(name, missing) ?? nearest(name, known)
  return badInput({
    file: header.file,
    place: header.places[cell]!,
    found: `the unknown column ${quoteText(name)}`,
    expected: `columns of the series: ${listNames(known)}`,
    hint: near === undefined ? undefined : `did you mean ${quoteText(near)}?`,
    data: { unknown: name, ...(near === undefined ? {} : { nearest: near }) },
  })
}

/** Up to eight names, in quotes. */
function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 8).map(quoteText).join(', ')
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown
}
