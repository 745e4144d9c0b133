import { VarveError } from '../core/errors.ts'
import { checkColumnName } from '../core/names.ts'
import { nearest } from '../core/nearest.ts'
import type { ColumnSpec, Schema } from '../core/schema.ts'
import { badInput, type Place, quoteText } from './bad-input.ts'
import type { Reading } from './table.ts'

/** The names of a table's columns. */
export interface TableHeader {
  readonly file: string
  readonly names: readonly string[]
  /** Where they are, in a table of text. */
  readonly places?: readonly Place[] | undefined
}

/** Which column of a table each column of a schema is. */
export interface ColumnMap {
  /** Of the schema asked for, the columns that are there: all of them unless a subset may be. */
  readonly schema: Schema
  /** For each column of `schema`, its number among the table's, from 0. */
  readonly cells: readonly number[]
}

export interface MapOptions {
  /** Whether value columns may be missing: they are then left out of the schema. */
  readonly subset?: boolean | undefined
}

/**
 * Finds a schema's columns in a header, by name and in any order. `bad-input` for a name that the
 * schema does not have, an index column that is missing, and, unless a subset may be, a missing
 * value column.
 */
export function mapHeader(
  header: TableHeader,
  schema: Schema,
  options: MapOptions = {},
): ColumnMap {
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

/**
 * Of known columns, those that the header has, whatever else it has; `bad-input` where an index
 * column is missing or, unless a subset may be, another.
 */
export function knownIn(header: TableHeader, known: Schema, options: MapOptions = {}): Schema {
  const names = new Set(header.names)
  const columns = known.columns.filter((column, at) => {
    if (names.has(column.name)) return true
    const isIndex = at < known.indexCount
    if (isIndex || options.subset !== true) throw missingColumn(header, column.name, isIndex)
    return false
  })
  return { ...known, columns }
}

/** Checks that index columns are in a header, at least one, each once. Returns them. */
export function checkIndex(header: TableHeader, index: readonly string[]): readonly string[] {
  if (index.length === 0 || new Set(index).size < index.length) {
    throw new VarveError('usage', 'an index is one or more columns, each once')
  }
  for (const name of index) {
    if (!header.names.includes(name)) throw missingColumn(header, name, true)
  }
  return index
}

/**
 * The columns of a table that are wanted, `reading.columns` in their order or all, under their new
 * names. `bad-input` where the table has no column of a name that is said to be chosen or renamed,
 * or where a name is missing, twice there, or not one that a column can have.
 */
export function chosenColumns(
  header: TableHeader,
  reading: Pick<Reading, 'columns' | 'rename'> = {},
): { readonly header: TableHeader; readonly cells: readonly number[] } {
  const { file, names, places } = header
  const { columns, rename } = reading
  for (const name of [...(columns ?? []), ...(rename?.keys() ?? [])]) {
    if (!names.includes(name)) throw missingColumn(header, name, false)
  }
  const cells = columns?.flatMap((name) => cellsOf(names, name)) ?? names.map((_, cell) => cell)
  const chosen = cells.map((cell) => rename?.get(names[cell]!) ?? names[cell]!)
  const seen = new Map<string, number>()
  for (const [at, name] of chosen.entries()) {
    checkName(name, cells[at]!, seen, file, places?.[cells[at]!])
    seen.set(name, cells[at]!)
  }
  const at = places && cells.map((cell) => places[cell]!)
  return { header: { file, names: chosen, places: at }, cells }
}

function cellsOf(names: readonly string[], name: string): number[] {
  return [...names.keys()].filter((cell) => names[cell] === name)
}

/** The error for a column that a header lacks. */
export function missingColumn(header: TableHeader, name: string, index: boolean): VarveError {
  const near = nearest(name, header.names)
  return badInput({
    file: header.file,
    place: header.places?.[0],
    found: listNames(header.names),
    expected: `${index ? 'the index column' : 'the column'} ${quoteText(name)}`,
    hint: `a column that has another name here: --rename ${renaming(near ?? 'OLD', name)}`,
    data: { missing: name },
  })
}

/** `old=new`, as a shell takes it. */
function renaming(from: string, to: string): string {
  const text = `${from}=${to}`
  return /^[\p{L}\p{N}=_.-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function unknownColumn(header: TableHeader, cell: number, schema: Schema): VarveError {
  const name = header.names[cell]!
  // What the header lacks is the likelier meaning.
  const known = schema.columns.map((column) => column.name)
  const missing = known.filter((candidate) => !header.names.includes(candidate))
  const near = nearest(name, missing) ?? nearest(name, known)
  return badInput({
    file: header.file,
    place: header.places?.[cell],
    found: `the unknown column ${quoteText(name)}`,
    expected: `columns of the series: ${listNames(known)}`,
    hint:
      near !== undefined
        ? `did you mean ${quoteText(near)}?`
        : missing.length > 0
          ? `is it ${quoteText(missing[0]!)}? then --rename ${renaming(name, missing[0]!)}`
          : undefined,
    data: { unknown: name, ...(near === undefined ? {} : { nearest: near }) },
  })
}

/**
 * Checks the name of column `cell`, from 0, of a table: `bad-input` where it is missing, one of
 * `seen` (names with their columns), which `twiceHint` is about, or not one that a column can have.
 */
export function checkName(
  name: string,
  cell: number,
  seen: ReadonlyMap<string, number>,
  file: string,
  place?: Place,
  twiceHint?: string,
): void {
  const first = seen.get(name)
  if (first !== undefined) {
    throw badInput({
      file,
      place,
      found: `a second ${quoteText(name)}`,
      expected: 'column names that differ',
      reason: `columns ${first + 1} and ${cell + 1}`,
      hint: twiceHint,
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

/** What to do about a table of these columns without rows, of which no series is made. */
export function withoutRowsHint(names: readonly string[]): string {
  const isPlain = names.length > 0 && names.length <= 8 && names.every((name) => /^\w+$/.test(name))
  const columns = isPlain ? names : ['COLUMN', '…']
  const items = columns.map((name) => (name === '…' ? name : `${name}:TYPE`)).join(' ')
  return `varve create makes a series without rows: varve create SERIES ${items}`
}

/** Up to eight names, in quotes. */
function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 8).map(quoteText).join(', ')
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown
}
