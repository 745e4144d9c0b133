import type { Column, ColumnType } from '../../core/column.ts'
import { ColumnBuilder } from '../../core/column-builder.ts'
import { makeFrame } from '../../core/frame.ts'
import type { Schema } from '../../core/schema.ts'
import { mapHeader } from '../map-columns.ts'
import type { SourceFrame } from '../source-frame.ts'
import { cellFault, indexFault } from './cell-faults.ts'
import { type CellReader, cellReader } from './cells.ts'
import { readHeader } from './header.ts'
import { type ByteSource, type CsvDialect, CsvStream } from './stream.ts'

const FRAME_ROWS = 16_384
const FRAME_BYTES = 8 * 1024 * 1024

export interface ReadCsvOptions extends CsvDialect {
  /** The columns to read: found by name in the header, in any order. */
  readonly schema: Schema
  /** Whether the first line names the columns (the default); otherwise they are the schema's. */
  readonly header?: boolean
  /** Whether value columns may be missing: the frames' schema is then without them. */
  readonly subset?: boolean
  /** Told at the end how many rows were skipped because all their cells were empty. */
  readonly onEmptyRows?: ((count: number) => void) | undefined
  /** Rows that make a frame large enough to be handed out; frames may have some more. */
  readonly frameRows?: number
}

/**
 * Reads a table of a known schema as frames, in the order of its rows, holding no more than a few
 * thousand rows (or one record, where it is larger). What is wrong with the input is `bad-input`
 * with file, line, column, found and expected in `data`; the rows before it may have been handed
 * out. Rows with nothing in any cell are skipped. A table without rows gives no frame.
 */
export async function* readCsv(
  source: ByteSource,
  options: ReadCsvOptions,
): AsyncGenerator<SourceFrame, void, void> {
  const { schema: wanted, header = true } = options
  const stream = await CsvStream.open(source, {
    ...options,
    blankIsNull: false,
    ...(header ? {} : { width: wanted.columns.length }),
  })
  try {
    const { schema, cells } = header
      ? mapHeader(await readHeader(stream), wanted, options)
      : { schema: wanted, cells: wanted.columns.map((_, cell) => cell) }
    const table = new TableReader(
      stream,
      schema.columns.map((column) => column.type),
      cells,
      schema.indexCount,
      schema.columns.map((column) => column.name),
    )
    const frameRows = options.frameRows ?? FRAME_ROWS
    while (await table.readBatch()) {
      if (table.rows >= frameRows || table.bytes >= FRAME_BYTES) yield table.frame(schema)
    }
    if (table.rows > 0) yield table.frame(schema)
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
    while (await table.readBatch()) {
      if (table.rows >= FRAME_ROWS || table.bytes >= FRAME_BYTES) yield table.take().columns[0]!
    }
    if (table.rows > 0) yield table.take().columns[0]!
  } finally {
    await stream.close()
  }
}

/** Reads only the header: the names of a table's columns, checked as {@link readCsv} does. */
export async function readCsvHeader(
  source: ByteSource,
  options: CsvDialect = {},
): Promise<readonly string[]> {
  const stream = await CsvStream.open(source, { ...options, blankIsNull: false })
  try {
    return (await readHeader(stream)).names
  } finally {
    await stream.close()
  }
}

/** Collects the cells of batch after batch into columns. */
export class TableReader {
  readonly #stream: CsvStream
  readonly #builders: ColumnBuilder[]
  readonly #readers: CellReader[]
  readonly #cells: readonly number[]
  /** Columns in the order of their cells, so that a record's first fault is the one reported. */
  readonly #order: readonly number[]
  readonly #indexCount: number
  readonly #names: readonly string[]
  #lines: Uint32Array[] = []

  constructor(
    stream: CsvStream,
    types: readonly ColumnType[],
    cells: readonly number[],
    indexCount: number,
    names: readonly string[] = [],
  ) {
    this.#stream = stream
    this.#builders = types.map((type) => new ColumnBuilder(type))
    this.#readers = types.map((type) => cellReader(type))
    this.#cells = cells
    this.#order = cells.map((_, column) => column).sort((a, b) => cells[a]! - cells[b]!)
    this.#indexCount = indexCount
    this.#names = names
  }

  /** Rows read and not yet handed out. */
  get rows(): number {
    return this.#builders[0]!.length
  }

  /** About how many bytes they take. */
  get bytes(): number {
    let bytes = 0
    for (const builder of this.#builders) bytes += builder.byteLength
    return bytes
  }

  /** Reads the next records; false when there are none. */
  async readBatch(): Promise<boolean> {
    const batch = this.#stream.tokenizer
    const rows = await this.#stream.next()
    if (rows === 0) return false
    let good = rows
    let fault = -1
    for (const column of this.#order) {
      const cell = this.#cells[column]!
      const builder = this.#builders[column]!
      builder.reserve(rows)
      let read = good
      if (column < this.#indexCount) read = indexFault(batch, cell, good, builder.type)
      read = this.#readers[column]!(batch, cell, read, builder)
      if (read < good) {
        good = read
        fault = column
      }
    }
    if (fault !== -1) {
      const { type } = this.#builders[fault]!
      const index = fault < this.#indexCount
      throw cellFault(batch, good, this.#cells[fault]!, type, index, this.#names[fault])
    }
    this.#lines.push(batch.lines.slice(0, rows))
    return true
  }

  /** Hands out what was read: its columns, and the line of each row. */
  take(): { columns: Column[]; lines: Uint32Array } {
    const columns = this.#builders.map((builder) => builder.finish())
    const lines = new Uint32Array(columns[0]!.length)
    let at = 0
    for (const part of this.#lines) {
      lines.set(part, at)
      at += part.length
    }
    this.#lines = []
    return { columns, lines }
  }

  frame(schema: Schema): SourceFrame {
    const { columns, lines } = this.take()
    const { file } = this.#stream.tokenizer
    return { ...makeFrame(schema, columns), source: { file, lines } }
  }
}
