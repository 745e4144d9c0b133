import { type Column, type ColumnType, isTimestampType, type Scalar } from '../core/column.ts'
import { ColumnBuilder } from '../core/column-builder.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { parseScalar } from '../core/scalar-text.ts'
import type { ColumnSpec, Frame, Schema } from '../core/schema.ts'
import { parseSchemaText } from '../core/schema-codec.ts'
import { unitsPerSecond } from '../core/time.ts'
import { badInput, quoteText } from '../formats/bad-input.ts'
import type { InputTable, Reading, TypedTable } from '../formats/table.ts'
import { lookAtPath, readFile, readFileRange } from '../storage/read-file.ts'
import { frameFloors } from './frame-floors.ts'

/**
 * Where rows come from: an array or a function, which can be asked again, or anything else that is
 * iterated, once.
 */
export type Source<T> = Iterable<T> | AsyncIterable<T> | (() => Iterable<T> | AsyncIterable<T>)

export interface TableOptions {
  /** What messages call the table: `rows` unless told. */
  readonly name?: string | undefined
}

/** Frames as a table that `writeSeries` and `addFiles` take, of this schema. */
export function framesTable(
  schema: Schema,
  frames: Source<Frame>,
  options: TableOptions = {},
): InputTable {
  const places = new Map(schema.columns.map(({ name }, at) => [name, at]))
  const { open, once } = reopened(frames)
  const batches: TypedTable['batches'] = async function* (names) {
    for await (const frame of open()) {
      if (frame.columns.length !== schema.columns.length) {
        throw new VarveError(
          'schema-mismatch',
          `a frame has ${frame.columns.length} columns, not ${schema.columns.length}`,
        )
      }
      if (frame.rows > 0) yield names.map((name) => frame.columns[places.get(name)!]!)
    }
  }
  // Only an array is there as a whole, so that looking ahead costs nothing but the look.
  const floors: Pick<TypedTable, 'floors'> = Array.isArray(frames)
    ? { floors: (name) => frameFloors(frames, places.get(name)!) }
    : {}
  return { ...memoryTable(schema, options, { batches, ...floors }), once }
}

/**
 * A value of a row. Beside what a column gives (see {@link Scalar}): a `Date` for dates and
 * timestamps; safe integers as numbers for 64-bit integers, and for timestamps in their unit; for
 * every type but string and json the text that CSV has for it.
 */
export type RowValue = Scalar | Date | undefined

/** The values of a row in the order of the columns, or by their names; one not named is null. */
export type Row = readonly RowValue[] | { readonly [column: string]: RowValue }

const BATCH_ROWS = 8192

/**
 * Rows as a table that `writeSeries` and `addFiles` take. For many rows, frames are much faster.
 * `bad-input`, with row and column, for what does not fit its column without loss.
 *
 * @param schema as `time:timestamp_s temp:float64`: the first column is the index
 */
export function rowsTable(
  schema: Schema | string,
  rows: Source<Row>,
  options: TableOptions = {},
): InputTable {
  const parsed = typeof schema === 'string' ? parseSchemaText(schema) : schema
  const { open, once } = reopened(rows)
  const file = options.name ?? NAME
  return {
    ...memoryTable(parsed, options, {
      async *batches(names) {
        let batch = new RowBatch(file, parsed, 0)
        let count = 0
        for await (const row of open()) {
          batch.add(row)
          if (++count % BATCH_ROWS > 0) continue
          yield batch.columns(names)
          batch = new RowBatch(file, parsed, count)
        }
        if (count % BATCH_ROWS > 0) yield batch.columns(names)
      },
    }),
    once,
  }
}

const NAME = 'rows'

/** Bytes as a table: its format is what the ending of the name says, or the options, or CSV. */
export function bytesTable(
  name: string,
  bytes: Uint8Array | string | Source<Uint8Array>,
  reading?: Reading,
): InputTable {
  const said = reading === undefined ? {} : { reading }
  if (typeof bytes !== 'string' && !(bytes instanceof Uint8Array)) {
    const { open, once } = reopened(bytes)
    return { name, once, open, ...said }
  }
  const whole = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  return {
    name,
    bytes: whole.length,
    async *open() {
      yield whole
    },
    range: async (from, to) => whole.subarray(from, to),
    ...said,
  }
}

/** A file as a table; a pipe can be read once. `file-not-found` where there is none. */
export function fileTable(path: string, reading?: Reading): InputTable {
  const found = lookAtPath(path)
  if (found === undefined || found.kind === 'folder') {
    throw new VarveError('file-not-found', `there is no file ${path}`, { data: { path } })
  }
  const said = reading === undefined ? {} : { reading }
  if (found.kind === 'stream') {
    return { name: path, once: true, open: () => readFile(path), ...said }
  }
  return {
    name: path,
    bytes: found.size,
    open: (options) => readFile(path, options),
    range: (from, to) => readFileRange(path, from, to),
    ...said,
  }
}

function memoryTable(
  schema: Schema,
  { name = NAME }: TableOptions,
  content: Pick<TypedTable, 'batches' | 'floors'>,
): InputTable {
  return {
    name,
    async *open() {},
    typed: async () => ({
      columns: schema.columns,
      index: schema.columns.slice(0, schema.indexCount).map((column) => column.name),
      ...content,
      close: async () => undefined,
    }),
  }
}

function reopened<T>(source: Source<T>): { open: () => AsyncIterable<T>; once: boolean } {
  const once = typeof source !== 'function' && !Array.isArray(source)
  let isRead = false
  return {
    once,
    async *open() {
      if (once && isRead) {
        throw new VarveError('usage', 'rows that can be read once were asked for again', {
          hint: 'an array, or a function that gives them, can be read again',
        })
      }
      isRead = true
      yield* typeof source === 'function' ? source() : source
    },
  }
}

/** Rows on their way to columns. */
class RowBatch {
  readonly #file: string
  readonly #columns: readonly ColumnSpec[]
  readonly #builders: ReadonlyMap<string, ColumnBuilder>
  /** Rows of the table up to the one that is added. */
  #row: number

  constructor(file: string, { columns }: Schema, before: number) {
    this.#file = file
    this.#columns = columns
    this.#builders = new Map(columns.map(({ name, type }) => [name, new ColumnBuilder(type)]))
    this.#row = before
  }

  add(row: Row): void {
    this.#row++
    if (isList(row)) {
      if (row.length !== this.#columns.length) throw this.#misfit(`${row.length} values`)
    } else {
      const unknown = Object.keys(row).find((name) => !this.#builders.has(name))
      if (unknown !== undefined) throw this.#misfit(`a value for ${quoteText(unknown)}`)
    }
    for (const [at, { name, type }] of this.#columns.entries()) {
      const value = isList(row) ? row[at] : Object.hasOwn(row, name) ? row[name] : null
      const builder = this.#builders.get(name)!
      if (value === null || value === undefined) builder.appendNull()
      else this.#append(builder, value, name, type)
    }
  }

  columns(names: readonly string[]): readonly Column[] {
    return names.map((name) => this.#builders.get(name)!.finish())
  }

  #append(
    builder: ColumnBuilder,
    value: Exclude<RowValue, null | undefined>,
    field: string,
    type: ColumnType,
  ): void {
    try {
      builder.append(scalarOf(value, type))
    } catch (error) {
      if (!hasCode(error, 'invalid-value')) throw error
      const shown = value instanceof Uint8Array ? `${value.length} bytes` : shownValue(value)
      throw badInput({
        file: this.#file,
        place: { row: this.#row, field },
        found: quoteText(shown),
        expected: type,
        data: { value: shown },
        cause: error,
      })
    }
  }

  #misfit(found: string): VarveError {
    const names = this.#columns.map(({ name }) => name)
    return badInput({
      file: `${this.#file}, row ${this.#row}`,
      found,
      expected: `values for ${names.join(', ')}`,
    })
  }
}

// Array.isArray does not tell a readonly array from the rest.
function isList(row: Row): row is readonly RowValue[] {
  return Array.isArray(row)
}

function shownValue(value: Exclude<RowValue, Uint8Array | null | undefined>): string {
  if (!(value instanceof Date)) return String(value)
  return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
}

const MS_PER_DAY = 86_400_000

/** The value as the type has it; as it is where that is not known, for who stores it to refuse. */
function scalarOf(value: Exclude<RowValue, null | undefined>, type: ColumnType): Scalar {
  if (typeof value === 'string') {
    return type === 'string' || type === 'json' ? value : parseScalar(value, type)
  }
  if (value instanceof Date) return fromDate(value, type)
  const isWide = type === 'int64' || type === 'uint64' || isTimestampType(type)
  if (typeof value === 'number' && isWide && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'bigint' && !isWide && BigInt(Number(value)) === value) return Number(value)
  return value
}

function fromDate(value: Date, type: ColumnType): Scalar {
  const milliseconds = value.getTime()
  const fits = (unit: number): boolean => milliseconds % unit === 0
  if (type === 'date' && fits(MS_PER_DAY)) return milliseconds / MS_PER_DAY
  if (isTimestampType(type) && fits(type === 'timestamp_s' ? 1000 : 1)) {
    return (BigInt(milliseconds) * unitsPerSecond[type]) / 1000n
  }
  throw new VarveError('invalid-value', `a Date does not fit ${type}`, { data: { type } })
}
