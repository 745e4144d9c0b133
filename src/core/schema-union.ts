import type { Column, ColumnType } from './column.ts'
import { rawColumn } from './column-layout.ts'
import { canWiden, nullColumn, widenColumn, widerTypes } from './column-ops.ts'
import { hasCode, VarveError } from './errors.ts'
import type { ColumnSpec, Frame, Schema } from './schema.ts'

/** The column that says which series a row of several is from: the first index column. */
export const SERIES_COLUMN = 'series'

const encoder = new TextEncoder()

interface Member {
  readonly schema: Schema
  /** The first series that has it, for messages. */
  readonly series: string
}

/**
 * The columns of several series as one table: the series' name, the index columns that all share,
 * then the value columns of any, by name, in the order in which they come up.
 */
export class SchemaUnion {
  readonly #members: Member[] = []
  #duplicates = false

  /** Adds what a series has. Each schema needs to come but once. */
  add(schema: Schema, series: string): void {
    this.#members.push({ schema, series })
    this.#duplicates ||= schema.duplicates
  }

  /**
   * The schema that the series have together, of the columns that `wanted` takes. A column has the
   * narrowest type that all of its types become without loss. `schema-mismatch`, naming two series,
   * where there is none, where index columns differ, or where a column is called `series`.
   */
  schema(wanted: (column: string) => boolean = () => true): Schema {
    const first = this.#members[0]!
    const columns = new Map<string, { readonly type: ColumnType; readonly series: string }[]>()
    for (const { schema, series } of this.#members) {
      checkIndex(first, { schema, series })
      schema.columns.forEach(({ name, type }, position) => {
        if (position >= schema.indexCount && !wanted(name)) return
        if (name === SERIES_COLUMN) throw ownSeriesColumn(series, position < schema.indexCount)
        const types = columns.get(name) ?? []
        columns.set(name, types)
        if (!types.some((known) => known.type === type)) types.push({ type, series })
      })
    }
    const specs: ColumnSpec[] = [{ name: SERIES_COLUMN, type: 'string' }]
    for (const [name, types] of columns) specs.push({ name, type: commonType(name, types) })
    const indexCount = first.schema.indexCount + 1
    return { columns: specs, indexCount, duplicates: this.#duplicates }
  }
}

function indexOf({ schema }: Member): string[] {
  return schema.columns.slice(0, schema.indexCount).map(({ name }) => name)
}

function checkIndex(one: Member, other: Member): void {
  const [a, b] = [indexOf(one), indexOf(other)]
  if (a.length === b.length && a.every((name, i) => name === b[i])) return
  throw new VarveError(
    'schema-mismatch',
    `the index of ${one.series} is ${a.join(', ')}, and that of ${other.series} is ${b.join(', ')}`,
    {
      data: { series: [one.series, other.series], index: [a, b] },
      hint: 'only series with the same index columns make one table: read them one at a time',
    },
  )
}

function ownSeriesColumn(series: string, isIndex: boolean): VarveError {
  return new VarveError(
    'schema-mismatch',
    `${series} has a column called ${SERIES_COLUMN} itself, which would hold the names of the series`,
    {
      data: { series, column: SERIES_COLUMN },
      hint: isIndex
        ? 'read the series one at a time'
        : '--select names the other columns, varve schema rename gives this one another name',
    },
  )
}

function commonType(
  name: string,
  types: readonly { readonly type: ColumnType; readonly series: string }[],
): ColumnType {
  const known = types.filter(({ type }) => type !== 'null')
  const [first, ...others] = known
  if (first === undefined) return 'null'
  // Text as bytes would not be text any more when it is shown.
  const mayBeBinary = first.type === 'binary' && others.length === 0
  const found = [first.type, ...widerTypes(first.type)].find(
    (type) =>
      (type !== 'binary' || mayBeBinary) && others.every((other) => canWiden(other.type, type)),
  )
  if (found !== undefined) return found
  const other = others.find(({ type }) => !areJoinable(first.type, type)) ?? others[0]!
  throw new VarveError(
    'schema-mismatch',
    `${name} is ${first.type} in ${first.series} and ${other.type} in ${other.series}`,
    {
      data: {
        column: name,
        series: [first.series, other.series],
        types: [first.type, other.type],
      },
      hint: '--select names the columns to read',
    },
  )
}

function areJoinable(a: ColumnType, b: ColumnType): boolean {
  return [a, ...widerTypes(a)].some((type) => type !== 'binary' && canWiden(b, type))
}

/**
 * A frame of one series as one of several: its name in front, columns that it lacks as nulls.
 * `schema-mismatch` where a value cannot be had in the type that the column has in all of them.
 */
export function frameInUnion(frame: Frame, series: string, schema: Schema): Frame {
  const own = new Map(frame.schema.columns.map(({ name }, i) => [name, frame.columns[i]!]))
  const columns = schema.columns.map(({ name, type }): Column => {
    if (name === SERIES_COLUMN) return repeated(series, frame.rows)
    const column = own.get(name)
    if (column === undefined) return nullColumn(type, frame.rows)
    try {
      return widenColumn(column, type)
    } catch (cause) {
      if (!hasCode(cause, 'invalid-value')) throw cause
      throw new VarveError(
        'schema-mismatch',
        `${name} of ${series} is ${column.type}, ${type} in another series: ${cause.message}`,
        {
          data: { ...cause.data, column: name, series },
          hint: '--select names the columns to read',
          cause,
        },
      )
    }
  })
  return { schema, columns, rows: frame.rows }
}

function repeated(text: string, rows: number): Column {
  const bytes = encoder.encode(text)
  const values = new Uint8Array(bytes.length * rows)
  const offsets = new Uint32Array(rows + 1)
  for (let row = 0; row < rows; row++) {
    values.set(bytes, row * bytes.length)
    offsets[row + 1] = (row + 1) * bytes.length
  }
  return rawColumn('string', rows, values, undefined, offsets)
}
