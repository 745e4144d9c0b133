import type { Column, ColumnType } from '../../core/column.ts'
import type { Schema } from '../../core/schema.ts'
import type { Spill } from '../../core/spill.ts'
import { type ColumnMap, mapHeader } from '../map-columns.ts'
import type { SourceFrame } from '../source-frame.ts'
import type { CellStream } from './cell-batch.ts'
import { cellFault, indexFault } from './cell-faults.ts'
import type { CellForm } from './cell-form.ts'
import { cellReader } from './cell-reader.ts'
import { CollectedRows } from './collected-rows.ts'
import { TableClocks } from './column-clock.ts'
import type { DateLayout } from './date-layout.ts'
import type { CellReader } from './each-cell.ts'
import { type CsvHeader, checkIsHeader, readHeader } from './header.ts'
import { KeptBytes } from './kept-bytes.ts'
import { PlainCells } from './plain-cells.ts'
import { settleLayouts } from './settle-layouts.ts'
import { type ByteSource, type CsvDialect, CsvStream } from './stream.ts'
import { recorded } from './tape.ts'

export interface ReadCsvOptions extends CsvDialect {
  /** The columns to read: found by name in the header, in any order. */
  readonly schema: Schema
  /** Whether value columns may be missing: the frames' schema is then without them. */
  readonly subset?: boolean | undefined
  /** Told at the end how many rows were skipped because all their cells were empty. */
  readonly onEmptyRows?: ((count: number) => void) | undefined
  /** Rows that make a frame large enough to be handed out; frames may have some more. */
  readonly frameRows?: number | undefined
  /** By column, how dates are written that are not ISO 8601; found from the table unless given. */
  readonly layouts?: ReadonlyMap<string, DateLayout> | undefined
  /** Where a source that can be read only once waits, when it has to be read twice. */
  readonly spill?: Spill | undefined
}

/** Bytes of a source that has to be read twice which are kept in memory. */
const MEMORY_BYTES = 64 * 1024 * 1024

/**
 * Reads a table of a known schema as frames, in the order of its rows, holding no more than a few
 * thousand rows (or one record, where it is larger). What is wrong with the input is `bad-input`
 * with file, line, column, found and expected in `data`; the rows before it may have been handed
 * out. Rows with nothing in any cell are skipped. A table without rows gives no frame.
 */
export async function* readCsv(
  source: ByteSource | (() => ByteSource),
  options: ReadCsvOptions,
): AsyncGenerator<SourceFrame, void, void> {
  const { layouts } = options
  if (typeof source === 'function' || layouts !== undefined) {
    const open = typeof source === 'function' ? source : () => source
    let opened = await openTable(open(), options, layouts)
    if (!opened.isAtStart) opened = await openTable(open(), options, opened.layouts)
    yield* framesOf(opened, options)
    return
  }
  const tape = recorded(source, new KeptBytes(MEMORY_BYTES, options.spill))
  try {
    // What was read until the layouts are known may have to be read again.
    let opened = await openTable(tape.bytes(), options)
    tape.stop()
    if (!opened.isAtStart) opened = await openTable(tape.again(), options, opened.layouts)
    yield* framesOf(opened, options)
  } finally {
    await tape.close()
  }
}

interface OpenedTable {
  readonly stream: CsvStream
  readonly schema: Schema
  readonly cells: readonly number[]
  readonly layouts: ReadonlyMap<string, DateLayout>
  /** Whether no rows were read; otherwise the stream is closed. */
  readonly isAtStart: boolean
}

/** Reads the beginning of a table: where its columns are, and how dates are written. */
async function openTable(
  source: ByteSource,
  options: ReadCsvOptions,
  given?: ReadonlyMap<string, DateLayout>,
): Promise<OpenedTable> {
  const { schema: wanted, names = namesOf(wanted) } = options
  const stream = await CsvStream.open(source, { ...options, blankIsNull: false })
  let isOpen = false
  try {
    const header = await readHeader(stream, { ...options, names })
    const { schema, cells: columns } = mapped(header, options)
    const cells = columns.map((column) => header.cells[column]!)
    if (given !== undefined) {
      isOpen = true
      return { stream, schema, cells, layouts: given, isAtStart: true }
    }
    const typed = schema.columns.map(({ name, type }, column) => {
      return { name, type, cell: cells[column]!, index: column < schema.indexCount }
    })
    const { layouts, isAtStart } = await settleLayouts(stream, typed, options)
    isOpen = isAtStart
    return { stream, schema, cells, layouts, isAtStart }
  } finally {
    if (!isOpen) await stream.close()
  }
}

/** Where the columns are; a first line that is no header is told from one of other names. */
function mapped(header: CsvHeader, options: ReadCsvOptions): ColumnMap {
  try {
    return mapHeader(header, options.schema, options)
  } catch (error) {
    if (options.header === undefined) checkIsHeader(header)
    throw error
  }
}

function namesOf(schema: Schema): string[] {
  return schema.columns.map(({ name }) => name)
}

async function* framesOf(
  { stream, schema, cells, layouts }: OpenedTable,
  options: ReadCsvOptions,
): AsyncGenerator<SourceFrame, void, void> {
  try {
    const clocks = await TableClocks.open(schema, cells, options)
    const comma = options.decimal === ','
    const table = new TableReader(
      stream,
      schema.columns.map((column) => column.type),
      cells,
      schema.indexCount,
      namesOf(schema),
      schema.columns.map(({ name }, column) => {
        return { clock: clocks.columns[column], layout: layouts.get(name), comma }
      }),
    )
    const { collected } = table
    while (await table.readBatch()) {
      if (collected.isEnough(options.frameRows)) yield table.frame(schema)
    }
    clocks.finish()
    if (collected.rows > 0) yield table.frame(schema)
    options.onEmptyRows?.(stream.tokenizer.emptyRecords)
  } finally {
    await stream.close()
  }
}

/**
 * Reads values of one type, one a line and without a header, as columns of some thousand rows. An
 * empty line is a null.
 */
export async function* readValues(
  source: ByteSource,
  type: ColumnType,
  options: Omit<CsvDialect, 'delimiter'> = {},
): AsyncGenerator<Column, void, void> {
  // Which delimiter does not matter: a line is one value, in quotes where it has one in it.
  const dialect = { ...options, delimiter: ',' }
  const stream = await CsvStream.open(source, { ...dialect, blankIsNull: true, width: 1 })
  try {
    const table = new TableReader(stream, [type], [0], 0)
    const { collected } = table
    while (await table.readBatch()) {
      if (collected.isEnough()) yield collected.take().columns[0]!
    }
    if (collected.rows > 0) yield collected.take().columns[0]!
  } finally {
    await stream.close()
  }
}

/**
 * Reads only the header: the names of a table's columns, checked as {@link readCsv} does. Where the
 * dialect has names, a first line with none of them is checked for being data.
 */
export async function readCsvHeader(
  source: ByteSource,
  options: CsvDialect = {},
): Promise<readonly string[]> {
  const stream = await CsvStream.open(source, { ...options, blankIsNull: false })
  try {
    const header = await readHeader(stream, options)
    if (options.header === undefined && options.names !== undefined) {
      const known = new Set(options.names)
      if (!header.names.some((name) => known.has(name))) checkIsHeader(header)
    }
    return header.names
  } finally {
    await stream.close()
  }
}

/** Collects the cells of batch after batch into columns. */
export class TableReader {
  readonly collected: CollectedRows
  readonly #stream: CellStream
  readonly #readers: CellReader[]
  readonly #cells: readonly number[]
  /** Columns in the order of their cells, so that a record's first fault is the one reported. */
  readonly #order: readonly number[]
  readonly #indexCount: number
  readonly #names: readonly string[]
  readonly #forms: readonly CellForm[]

  constructor(
    stream: CellStream,
    types: readonly ColumnType[],
    cells: readonly number[],
    indexCount: number,
    names: readonly string[] = [],
    forms: readonly CellForm[] = [],
  ) {
    this.#stream = stream
    this.collected = new CollectedRows(types)
    this.#readers = types.map((type, column) => cellReader(type, forms[column]))
    this.#cells = cells
    this.#order = cells.map((_, column) => column).sort((a, b) => cells[a]! - cells[b]!)
    this.#indexCount = indexCount
    this.#names = names
    this.#forms = forms
  }

  /** Reads the next records; false when there are none. */
  async readBatch(): Promise<boolean> {
    const batch = this.#stream.tokenizer
    const rows = await this.#stream.next()
    if (rows === 0) return false
    const { builders } = this.collected
    const cells = new PlainCells(batch, rows)
    let good = rows
    let fault = -1
    for (const column of this.#order) {
      const cell = this.#cells[column]!
      const builder = builders[column]!
      builder.reserve(rows)
      let read = good
      if (column < this.#indexCount) read = indexFault(batch, cell, good, builder.type)
      read = this.#readers[column]!(batch, cell, read, builder, cells)
      if (read < good) {
        good = read
        fault = column
      }
    }
    if (fault !== -1) {
      const { type } = builders[fault]!
      const index = fault < this.#indexCount
      const name = this.#names[fault]
      const form = this.#forms[fault]
      throw cellFault(batch, good, this.#cells[fault]!, { type, index, name, form })
    }
    this.collected.addLines(batch, rows)
    return true
  }

  frame(schema: Schema): SourceFrame {
    return this.collected.frame(schema, this.#stream.tokenizer.file)
  }
}
