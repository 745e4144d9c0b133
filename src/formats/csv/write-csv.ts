import { Buffer } from 'node:buffer'
import { type Column, isNull } from '../../core/column.ts'
import type { Frame, Schema } from '../../core/schema.ts'
import { openZoneUnlessUtc, type Zone } from '../../core/zone.ts'
import { CANDIDATES, CR, delimiterByte, LF, QUOTE } from './dialect.ts'
import {
  type CellWriter,
  cellBytes,
  cellWriter,
  FIXED_CELL_BYTES,
  writeText,
} from './format-cells.ts'
import { PlainLines } from './plain-lines.ts'

const CHUNK_BYTES = 256 * 1024
const COMMA = 0x2c
const BOM_BYTE = 0xef
const EVERY_BYTE = new Uint8Array(256).fill(1)

export interface WriteCsvOptions {
  /** One ASCII character; a comma when not given. */
  readonly delimiter?: string | undefined
  /** Whether the first line names the columns: the default. */
  readonly header?: boolean | undefined
  /** What ends a line: LF when not given. */
  readonly lineEnd?: '\n' | '\r\n' | undefined
  /** The zone that times are written in, with their offset: UTC, as `Z`, unless given. */
  readonly zone?: string | undefined
}

/**
 * Writes frames as a table that `readCsv` reads back to the same values: a null as nothing, the
 * empty string as `""`, every other value as `formatScalar` has it, in quotes only where it must
 * be. The chunks are the caller's to keep.
 */
export async function* writeCsv(
  schema: Schema,
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  options: WriteCsvOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const { delimiter = ',', lineEnd = '\n', header = true } = options
  const zone = await openZoneUnlessUtc(options.zone)
  const sink = new CellSink(delimiterByte(delimiter), lineEnd, header, zone)
  if (header) {
    yield* sink.header(schema.columns.map((column) => column.name))
  }
  for await (const frame of frames) yield* sink.columns(frame.columns)
  yield* sink.rest()
}

/** As {@link writeCsv}, for the values of columns of one type: one a line, without a header. */
export async function* writeValues(
  columns: AsyncIterable<Column> | Iterable<Column>,
): AsyncGenerator<Uint8Array, void, void> {
  const sink = new CellSink(delimiterByte(','), '\n', false)
  for await (const column of columns) yield* sink.columns([column])
  yield* sink.rest()
}

/** What it takes to write the cells of columns one by one. */
interface Cells {
  readonly columns: readonly Column[]
  readonly writers: readonly CellWriter[]
  /** Columns of texts, whose cells may take any room, and the most that the others take in a line. */
  readonly long: readonly Column[]
  readonly fixed: number
}

/** Fills chunks with lines. */
class CellSink {
  readonly #delimiter: number
  readonly #lineEnd: readonly number[]
  readonly #zone: Zone | undefined
  /** 1 for every byte that puts a value in quotes. */
  readonly #special = new Uint8Array(256)
  #target = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  #at = 0

  constructor(delimiter: number, lineEnd: string, header: boolean, zone?: Zone) {
    this.#delimiter = delimiter
    this.#zone = zone
    this.#lineEnd = [...Buffer.from(lineEnd)]
    for (const byte of [delimiter, QUOTE, LF, CR, 0]) this.#special[byte] = 1
    // Without a header a first value may begin as a byte order mark does, which readers take off.
    if (!header) this.#special[BOM_BYTE] = 1
  }

  *header(names: readonly string[]): Generator<Uint8Array, void, void> {
    // Readers find the delimiter from the header: no other may be in sight there. In a table of one
    // column they find none, and take it to be a comma.
    const inHeader = this.#special.slice()
    for (const byte of CANDIDATES) inHeader[byte] = 1
    if (names.length === 1) this.#special[COMMA] = 1
    for (const [cell, name] of names.entries()) {
      const bytes = Buffer.from(name)
      yield* this.#room(bytes.length * 2 + 8)
      if (cell > 0) this.#target[this.#at++] = this.#delimiter
      // In quotes also where the reader would take something off, or all of it for a remark.
      const bare = name.trim() === name && !/^[\ufeff#]/.test(name)
      const special = bare ? inHeader : EVERY_BYTE
      this.#at = writeText(this.#target, this.#at, bytes, 0, bytes.length, special)
    }
    for (const byte of this.#lineEnd) this.#target[this.#at++] = byte
  }

  *columns(columns: readonly Column[]): Generator<Uint8Array, void, void> {
    const rows = columns[0]?.length ?? 0
    const cells = this.#cellsOf(columns)
    const plain = PlainLines.of(columns, this.#special, this.#zone)
    const block = plain?.rows ?? rows
    for (let from = 0; from < rows; from += block) {
      const to = Math.min(rows, from + block)
      const room = plain?.roomFor(from, to)
      // Before they are written: whoever takes the chunk may use the memory that they are in.
      if (room !== undefined) yield* this.#room(room)
      const lines = room && plain?.write(from, to, room, this.#delimiter, this.#lineEnd)
      if (!lines) {
        yield* this.#rows(cells, from, to)
        continue
      }
      this.#target.set(lines, this.#at)
      this.#at += lines.length
    }
  }

  #cellsOf(columns: readonly Column[]): Cells {
    const long = columns.filter((column) => column.offsets !== undefined)
    return {
      columns,
      writers: columns.map((column) => cellWriter(column, this.#special, this.#zone)),
      long,
      fixed: (columns.length - long.length + 1) * (FIXED_CELL_BYTES + 1) + long.length,
    }
  }

  *#rows({ columns, writers, long, fixed }: Cells, from: number, to: number) {
    const delimiter = this.#delimiter
    const { length: width } = columns
    const [lineEnd, lineFeed] = this.#lineEnd
    for (let row = from; row < to; row++) {
      let room = fixed
      for (const column of long) room += cellBytes(column, row)
      if (this.#at + room > this.#target.length) yield* this.#room(room)
      const target = this.#target
      let at = this.#at
      for (let i = 0; i < width; i++) {
        if (i > 0) target[at++] = delimiter
        const column = columns[i]!
        if (column.validity === undefined || !isNull(column, row)) at = writers[i]!(target, at, row)
      }
      target[at++] = lineEnd!
      if (lineFeed !== undefined) target[at++] = lineFeed
      this.#at = at
    }
  }

  /** Makes room for so many bytes, by handing out the chunk where it has too little. */
  *#room(bytes: number): Generator<Uint8Array, void, void> {
    if (this.#at + bytes <= this.#target.length) return
    if (this.#at > 0) yield this.#target.subarray(0, this.#at)
    this.#target = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes))
    this.#at = 0
  }

  *rest(): Generator<Uint8Array, void, void> {
    if (this.#at > 0) yield this.#target.subarray(0, this.#at)
    this.#at = 0
    this.#target = Buffer.alloc(0)
  }
}
