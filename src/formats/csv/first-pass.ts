import type { ColumnType } from '../../core/column.ts'
import type { Schema } from '../../core/schema.ts'
import { badInput } from '../bad-input.ts'
import { checkTypes, inferredSchema } from '../inferred-schema.ts'
import { checkIndex, knownIn, withoutRowsHint } from '../map-columns.ts'
import { cellFault, indexFault } from './cell-faults.ts'
import type { CellSink } from './cell-sink.ts'
import type { DateLayout } from './date-layout.ts'
import { ColumnGuess } from './guess.ts'
import { type CsvHeader, checkIsHeader, readHeader } from './header.ts'
import { PlainCells } from './plain-cells.ts'
import { checkGiven, isTemporal } from './settle-layouts.ts'
import { type ByteSource, type CsvDialect, CsvStream } from './stream.ts'

/** What is known of a table before it is looked at. */
export interface FirstPassOptions extends CsvDialect {
  /** Names of the index columns, in the order that sorts; the first column when not given. */
  readonly index?: readonly string[] | undefined
  /** Whether the schema is to allow equal keys. */
  readonly duplicates?: boolean | undefined
  /**
   * Columns whose type is known already. They take the schema's types, index and order; only the
   * other columns are inferred, and come after them.
   */
  readonly known?: Schema | undefined
  /** Whether known value columns may be missing: they are then left out of the schema. */
  readonly subset?: boolean | undefined
  /** Types of some of the other columns, by name: these are not inferred. */
  readonly types?: ReadonlyMap<string, ColumnType> | undefined
}

/** What rows that were looked at say of a table. */
export interface FoundTable {
  readonly schema: Schema
  readonly rows: number
  /** Rows skipped because all their cells were empty; they are not in `rows`. */
  readonly emptyRows: number
  /** Whether the rows are in the order of their keys for sure; equal keys may be there. */
  readonly sorted: boolean
  readonly delimiter: string
  /** By column, how dates are written that are not ISO 8601. */
  readonly layouts: ReadonlyMap<string, DateLayout>
}

/** What takes the cells of a batch while they are looked at. */
export interface BatchTaker {
  /** Begins with the next batch, of so many rows. */
  begin(rows: number): void
  /** What takes the cells of a column that is looked at. */
  sinkOf(name: string): CellSink | undefined
  /** Takes what is left of the batch. */
  finish(rows: number, cells: PlainCells): void
}

/** A column that is looked at cell by cell. */
interface WatchedColumn {
  readonly name: string
  readonly cell: number
  /** Its type, where that is known. */
  readonly type: ColumnType | undefined
  readonly guess: ColumnGuess
}

/** Looks at the rows of a table one after another, to find the types of its columns. */
export class FirstPass {
  readonly stream: CsvStream
  readonly header: CsvHeader
  /** Rows looked at so far. */
  rows = 0
  #batchBytes = 0
  readonly #options: FirstPassOptions
  readonly #known: Schema | undefined
  readonly #index: readonly string[]
  readonly #watched: readonly WatchedColumn[]
  readonly #guesses: ReadonlyMap<string, ColumnGuess>
  /** Of the columns whose type is not known. */
  readonly #untyped: ReadonlyMap<string, ColumnGuess>
  #found: FoundTable | undefined
  #failure: { readonly error: unknown } | undefined

  private constructor(stream: CsvStream, header: CsvHeader, options: FirstPassOptions) {
    this.stream = stream
    this.header = header
    this.#options = options
    const known = options.known && knownIn(header, options.known, options)
    this.#known = known
    this.#index =
      known === undefined ? checkIndex(header, options.index ?? [header.names[0]!]) : indexOf(known)
    checkTypes(header, this.#index, options)
    this.#watched = watchedOf(header, this.#index, known, options)
    const guesses = ({ name, guess }: WatchedColumn) => [name, guess] as const
    this.#guesses = new Map(this.#watched.map(guesses))
    this.#untyped = new Map(this.#watched.filter(({ type }) => type === undefined).map(guesses))
  }

  /** Reads the header. `bad-input` where it is none, or has not the columns that it must have. */
  static async open(source: ByteSource, options: FirstPassOptions): Promise<FirstPass> {
    const stream = await CsvStream.open(source, { ...options, blankIsNull: false })
    try {
      const header = await readHeader(stream, options)
      const isNew = options.known === undefined
      if (isNew && stream.isSpaced) throw spaced(header)
      if (isNew && options.header === undefined) checkIsHeader(header)
      return new FirstPass(stream, header, options)
    } catch (error) {
      await stream.close()
      throw error
    }
  }

  /** Bytes of the rows that were looked at last. */
  get batchBytes(): number {
    return this.#batchBytes
  }

  /** Whether it looks at the cells of a column: those of other columns are of a known type. */
  looksAt(name: string): boolean {
    return this.#guesses.has(name)
  }

  /** The cells of a record that columns of the table are in. */
  cellsOf({ columns }: Schema): number[] {
    const { names, cells } = this.header
    const byName = new Map(names.map((name, at) => [name, cells[at]!]))
    return columns.map(({ name }) => byName.get(name)!)
  }

  /**
   * Looks at the next rows, which `taker` takes; returns how many, 0 when there are no more. What it
   * throws once it throws ever after.
   */
  async next(taker?: BatchTaker): Promise<number> {
    if (this.#failure !== undefined) throw this.#failure.error
    try {
      const rows = await this.stream.next()
      if (rows > 0) this.#look(rows, taker)
      this.rows += rows
      return rows
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  #look(rows: number, taker: BatchTaker | undefined): void {
    const { tokenizer } = this.stream
    const { starts, ends, width } = tokenizer
    this.#batchBytes = ends[rows * width - 1]! - (starts[0]! >> 2)
    const cells = new PlainCells(tokenizer, rows)
    taker?.begin(rows)
    for (const { name, cell, guess } of this.#watched) {
      guess.observe(tokenizer, cell, rows, cells, taker?.sinkOf(name))
    }
    this.#checkIndex(rows)
    taker?.finish(rows, cells)
  }

  /** `bad-input` for the first cell of the index that is a null. */
  #checkIndex(rows: number): void {
    if (this.#index.every((name) => !this.#guesses.get(name)!.hasEmpty)) return
    const { tokenizer } = this.stream
    const { names, cells } = this.header
    const indexCells = this.#index.map((name) => cells[names.indexOf(name)]!)
    let good = rows
    let fault = -1
    for (const cell of indexCells.sort((a, b) => a - b)) {
      const read = indexFault(tokenizer, cell, good, 'string')
      if (read < good) fault = cell
      good = read
    }
    if (fault === -1) return
    const name = names[cells.indexOf(fault)]
    throw cellFault(tokenizer, good, fault, { type: 'null', index: true, name })
  }

  /**
   * What the rows so far say, which is what the table is when there are no more. `bad-input` where
   * there was none, or a column is not to be text silently.
   */
  conclude(): FoundTable {
    const { tokenizer, delimiter } = this.stream
    if (this.rows === 0) {
      throw badInput({
        file: this.header.file,
        place: { line: tokenizer.line, column: 1 },
        found: 'a header and no rows',
        expected: 'rows to find the types of the columns from',
        hint: withoutRowsHint(this.header.names),
      })
    }
    const layouts = layoutsOf(this.#watched, this.#options)
    const schema = this.#schema()
    return {
      layouts,
      schema,
      rows: this.rows,
      emptyRows: tokenizer.emptyRecords,
      sorted: this.#isSorted(schema),
      delimiter,
    }
  }

  #schema(): Schema {
    const options = { ...this.#options, known: this.#known }
    return inferredSchema(this.header, this.#index, options, (name) =>
      this.#guesses.get(name)!.type(),
    )
  }

  #isSorted({ columns }: Schema): boolean {
    const first = this.#guesses.get(this.#index[0]!)!
    const isSorted = first.isSortedAs(columns[0]!.type, this.#options.zone !== undefined)
    return this.#index.length === 1 && isSorted
  }

  /** Whether the rows so far have the types of `found`, and its order if it has one. */
  agreesWith({ schema, sorted }: FoundTable): boolean {
    for (const { name, type } of schema.columns) {
      const guess = this.#untyped.get(name)
      if (guess !== undefined && guess.type() !== type) return false
    }
    return !sorted || this.#isSorted(schema)
  }

  /** Says what the user should know about how columns are read. */
  #giveNotice(): void {
    for (const { type, guess } of this.#watched) {
      const notice = type === undefined ? guess.notice() : undefined
      if (notice !== undefined) this.#options.onNotice?.(notice)
    }
  }

  /**
   * Looks at the rows that are left, gives notice of how columns are read, and says what the table
   * is. Calling it again only says it again.
   */
  async finish(): Promise<FoundTable> {
    while ((await this.next()) > 0);
    if (this.#found === undefined) {
      this.#found = this.conclude()
      this.#giveNotice()
    }
    return this.#found
  }

  /** Tells the source that no more is wanted. */
  close(): Promise<void> {
    return this.stream.close()
  }
}

function indexOf(schema: Schema): string[] {
  return schema.columns.slice(0, schema.indexCount).map((column) => column.name)
}

function watchedOf(
  header: CsvHeader,
  index: readonly string[],
  known: Schema | undefined,
  options: FirstPassOptions,
): WatchedColumn[] {
  const typed = new Map([
    ...(known?.columns ?? []).map(({ name, type }) => [name, type] as const),
    ...(options.types ?? []),
  ])
  return header.names.flatMap((name, column) => {
    const type = typed.get(name)
    const temporal = type !== undefined && isTemporal(type)
    // An index is watched for its order, and dates for their layout, even where the type is known.
    if (type !== undefined && !temporal && !index.includes(name)) return []
    const isDated = type === undefined || temporal
    const guess = new ColumnGuess(name, index.includes(name), {
      decimal: options.decimal,
      layout: isDated ? options.dateFormat : undefined,
      temporal,
    })
    return [{ name, cell: header.cells[column]!, type, guess }]
  })
}

/** The layouts of dates by column. `bad-input` where they cannot be told. */
function layoutsOf(
  watched: readonly WatchedColumn[],
  { dateFormat }: CsvDialect,
): Map<string, DateLayout> {
  if (dateFormat !== undefined) checkGiven(watched, dateFormat)
  const layouts = new Map<string, DateLayout>()
  for (const { name, type, guess } of watched) {
    const isTyped = type !== undefined
    if (isTyped && !isTemporal(type)) continue
    const fault = isTyped ? guess.ambiguity() : guess.fault()
    if (fault !== undefined) throw fault
    const layout = isTyped ? guess.firstLayout() : guess.layout()
    if (layout !== undefined) layouts.set(name, layout)
  }
  return layouts
}

function spaced({ file, places }: CsvHeader): Error {
  return badInput({
    file,
    place: places[0],
    found: 'spaces',
    expected: 'a comma, a semicolon, a tab or | between the cells',
    hint: "--delimiter ' ' says that spaces are",
  })
}
