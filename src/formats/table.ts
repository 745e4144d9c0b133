import type { Column, ColumnType, Scalar } from '../core/column.ts'
import type { Frame, Schema } from '../core/schema.ts'
import type { Spill } from '../core/spill.ts'
import type { SourceFrame } from './source-frame.ts'

/** The formats that tables are read from and written to. */
export const tableFormats = ['csv', 'ndjson', 'parquet', 'arrow', 'arrow-file'] as const
export type TableFormatName = (typeof tableFormats)[number]

/** What the hour that a zone's clocks go through twice means: see `docs/time-zones.md`. */
export const dstChoices = ['infer', 'error', 'first', 'last'] as const
export type DstChoice = (typeof dstChoices)[number]

/** How a table is written down, where that is not as usual. All of it may be absent. */
export interface Reading {
  /** By the table's name unless given, and CSV where that says nothing. */
  readonly format?: TableFormatName | undefined
  /** CSV: between the cells, one ASCII character; found from the beginning unless given. */
  readonly delimiter?: string | undefined
  /** CSV: whether the first line names the columns; they are `c1`, `c2`, … where it does not. */
  readonly header?: boolean | undefined
  /** CSV: the names of the columns where no line has them; `c1`, `c2`, … unless given. */
  readonly names?: readonly string[] | undefined
  /** CSV: the mark in front of a fraction. */
  readonly decimal?: '.' | ',' | undefined
  /** CSV: lines left out at the beginning. */
  readonly skip?: number | undefined
  /** Cells that are nulls, beside the empty one. */
  readonly nulls?: readonly string[] | undefined
  /** How dates are written where they are not ISO 8601, as `DD/MM/YYYY`. */
  readonly dateFormat?: string | undefined
  /** Only these columns, by the names that the table has. */
  readonly columns?: readonly string[] | undefined
  /** New names for some columns, by the names that the table has. */
  readonly rename?: ReadonlyMap<string, string> | undefined
  /** The IANA zone of times without an offset; UTC unless given. */
  readonly zone?: string | undefined
  /** Which of two instants a local time means that a zone's clocks show twice. */
  readonly dst?: DstChoice | undefined
  /** Whether the rows are of several series: the order of their times says nothing of clocks. */
  readonly mixed?: boolean | undefined
  /** Told what the user should know and may want otherwise, each at most once a table. */
  readonly onNotice?: ((text: string) => void) | undefined
}

export interface OpenOptions {
  /** Whether a piece may be one that holds only until the next is asked for: where there is much, that is faster. */
  readonly isLent?: boolean | undefined
}

/** A table of rows from outside: a file, or standard input. */
export interface InputTable {
  /** What messages call it; its ending says the format. */
  readonly name: string
  /** Its size, where that is known. */
  readonly bytes?: number | undefined
  /** Whether it can be opened only once, as standard input. */
  readonly once?: boolean | undefined
  readonly reading?: Reading | undefined
  /** Its bytes, in pieces that are the caller's own unless they may be lent. */
  open(options?: OpenOptions): AsyncIterable<Uint8Array>
  /** The bytes `from` to `to` (exclusive), where the table can be read at any place. */
  range?(from: number, to: number): Promise<Uint8Array>
  /** Of rows in memory, which are in no format: their columns. `open` gives no bytes then. */
  typed?(): Promise<TypedTable>
  /** Told how many times it is about to be read, if more than once: for progress. */
  willRead?(times: number): void
}

export interface InferOptions {
  /** Names of the index columns; what the table says, or the first column, when not given. */
  readonly index?: readonly string[] | undefined
  readonly duplicates?: boolean | undefined
  /** Types that are given for some columns. */
  readonly types?: ReadonlyMap<string, ColumnType> | undefined
  /** Columns known already: only the others are inferred, and come after them. */
  readonly known?: Schema | undefined
  /** Whether known value columns may be missing. */
  readonly subset?: boolean | undefined
  /** Where what does not fit in memory waits. */
  readonly spill?: Spill | undefined
  /** Whether the caller bears that the schema or the order is a guess: it calls `settle`, where there is one. */
  readonly mayGuess?: boolean | undefined
}

/** A table whose columns have got their types. */
export interface InferredTable {
  readonly schema: Schema
  /** Rows left out because all their cells were empty; of a guess, known when the frames have ended. */
  readonly emptyRows: number
  /** Whether the rows are in the order of their keys for sure; equal keys may be there. */
  readonly sorted: boolean
  /** The IANA zone that the table itself names for its times. */
  readonly zone?: string | undefined
  /** The rows under `schema`. Once. Afterwards, or when it is left early, nothing is kept. */
  frames(): AsyncGenerator<SourceFrame, void, void>
  /** Lets go of what was kept, where `frames` is not to be called. */
  discard(): Promise<void>
  /**
   * Of a table whose schema or order is a guess, from its first rows or none: says, after its frames have
   * ended or failed, whether that was right. Undefined where it was: what failed, if anything did,
   * failed for good. Otherwise the same table as all of it says; nothing that was made of the frames
   * is to be kept. `bad-input` as `infer` has it.
   */
  settle?(): Promise<InferredTable | undefined>
}

export interface ReadTableOptions {
  /** The columns to read, found by name: the table has these and no others. */
  readonly schema: Schema
  /** Whether value columns may be missing: the frames' schema is then without them. */
  readonly subset?: boolean | undefined
  readonly spill?: Spill | undefined
  /** Told at the end how many rows were left out because all their cells were empty. */
  readonly onEmptyRows?: ((count: number) => void) | undefined
}

export interface WriteTableOptions {
  /** CSV: whether the names of the columns come first; they do unless told otherwise. */
  readonly header?: boolean | undefined
  /** CSV: between the cells; a comma unless given. */
  readonly delimiter?: string | undefined
  /** The IANA zone that times are shown in, or that a format notes beside them; UTC unless given. */
  readonly zone?: string | undefined
}

/**
 * One way to write tables down. What it cannot read is `bad-input`, naming the file, the place
 * (line and column, or row and column's name), what was found and what was expected; what it cannot
 * hold when writing is `invalid-value`: nothing is rounded.
 */
export interface TableFormat {
  /**
   * The names of a table's columns; the table is not `once`. One that is read from its end and is
   * packed is set aside in `spill`.
   */
  columns(input: InputTable, spill?: Spill): Promise<readonly string[]>
  /** Finds the types of a table's columns, where need be by reading all of it. */
  infer(input: InputTable, options: InferOptions): Promise<InferredTable>
  /** The rows of a table under a schema, in the order that they have. */
  read(input: InputTable, options: ReadTableOptions): AsyncGenerator<SourceFrame, void, void>
  /** Writes frames of a schema as bytes, as they come. */
  write(
    schema: Schema,
    frames: AsyncIterable<Frame> | Iterable<Frame>,
    options?: WriteTableOptions,
  ): AsyncGenerator<Uint8Array, void, void>
}

/** A column of a table that says its types itself. */
export interface TypedColumn {
  readonly name: string
  readonly type: ColumnType
  /** Whether its timestamps are what a clock on a wall shows, without a zone. */
  readonly local?: boolean | undefined
  /** What it holds that no column of a series can, as `a list`: it must be left out. */
  readonly unsupported?: string | undefined
}

/** A table that says its types itself, opened. */
export interface TypedTable {
  readonly columns: readonly TypedColumn[]
  /** The index columns that it names itself. */
  readonly index?: readonly string[] | undefined
  /** Whether it says that equal keys may be there. */
  readonly duplicates?: boolean | undefined
  readonly zone?: string | undefined
  /**
   * For some numbers of rows, counted from 0, the least value that a column has in that row and all after
   * it, as far as the table itself says so.
   */
  floors?(name: string): Pick<ReadonlyMap<number, Scalar>, 'get'>
  /** The values of the columns of these names, in this order, some thousand rows at a time. */
  batches(names: readonly string[]): AsyncGenerator<readonly Column[], void, void>
  close(): Promise<void>
}
