import { isUtf8 } from 'node:buffer'
import { MAX_VALUE_BYTES } from '../../core/column-layout.ts'
import type { VarveError } from '../../core/errors.ts'
import { badInput, type Place } from '../bad-input.ts'
import { CR, LF, QUOTE } from './dialect.ts'
import { placeOf } from './place.ts'
import type { PlacedCells } from './placed-cells.ts'
import { cutPlainRecords, WORTH_CUTTING } from './plain-records.ts'
import { type Fault, faults } from './record-faults.ts'
import { firstInvalidUtf8 } from './utf8.ts'

// Where each cell lies is kept as two 32-bit numbers: its start, shifted left by two with the two
// flags below, and its end. That bounds a record (with what was read after it) to 2^29 bytes.

/** The cell was in quotes; its start and end are inside them. */
export const QUOTED = 1
/** The cell has doubled quotes in it, each of which stands for one. */
export const ESCAPED = 2

/** More cells than a record can have, and still a small integer. */
const ANY_WIDTH = 0x3fff_ffff
const MAX_RECORD_BYTES = 2 ** 29 - 1
/** A buffer that grew past this for one record is given back when it is mostly empty. */
const ROOMY_BYTES = 8 * 1024 * 1024
const BATCH_CELLS = 65_536
const HEADER_CELLS = 64
const BATCH_ROWS = 16_384
/** So many records are cut one by one after one that has to be. */
const SLOW_RECORDS = 16
/** Room behind what was fed, so that a record which goes on in the next piece needs no new buffer. */
const SPARE_BYTES = 4_096

const CELL_START = 0
const PLAIN = 1
const IN_QUOTES = 2
const AFTER_QUOTE = 3

export interface TokenizerOptions {
  readonly file: string
  readonly delimiter: number
  /** Whether an empty line of a table of one column is a null; elsewhere it is skipped. */
  readonly blankIsNull: boolean
  /** Cells of a record; as many as the first record has where it is not given. */
  readonly width?: number
  /** The line that the input begins on, where lines before it were left out; 1 unless given. */
  readonly line?: number
}

/**
 * Cuts a stream of bytes into records and cells (RFC 4180; CRLF, LF or CR ends a line). Cells are
 * places in `bytes`, not copies: they hold until the next `feed`, and the batch until the next
 * `fill`. The record of a fault is kept back until those before it were handed out.
 */
export class Tokenizer {
  /** What the cells' places refer to. The byte behind a cell is never a part of its text. */
  bytes = Buffer.alloc(1)
  /** Cell `row * width + column`: its start << 2 | flags. */
  starts = new Int32Array(0)
  ends = new Int32Array(0)
  readonly isInOrder = true
  /** Forgotten by who changes cells. */
  placed: PlacedCells | undefined
  /** The line that each record of the batch begins on. */
  lines = new Uint32Array(0)
  /** Where each record of the batch begins. */
  offsets = new Int32Array(0)
  /** Cells of a record; 0 until it is known: then a batch is one record, and sets it. */
  width = 0
  /** Records skipped so far because every cell in them was empty, as spreadsheets export them. */
  emptyRecords = 0
  readonly file: string
  readonly delimiter: number
  readonly #blankIsNull: boolean
  readonly #stops = new Uint8Array(256)
  #length = 0
  #ended = false
  #failure: VarveError | undefined

  // The record under way.
  #state = CELL_START
  #position = 0
  #recordStart = 0
  #cell = 0
  #cells = 0
  /** Where its cells are in `starts`. */
  #cellsAt = 0
  #escapes = 0
  #extraCell = -1
  #line = 1
  #innerLines = 0
  #skipLf = false
  /** Records to cut one by one before it is tried to cut many at once. */
  #oneByOne = 0

  constructor(options: TokenizerOptions) {
    this.file = options.file
    this.delimiter = options.delimiter
    this.#blankIsNull = options.blankIsNull
    this.width = options.width ?? 0
    this.#line = options.line ?? 1
    for (const byte of [options.delimiter, LF, CR, QUOTE, 0]) this.#stops[byte] = 1
  }

  /** The line that the next record begins on. */
  get line(): number {
    return this.#line
  }

  /** Takes more input. Only after `fill` returned 0. */
  feed(chunk: Uint8Array): void {
    const kept = this.#length - this.#recordStart
    const needed = kept + chunk.length + 1
    const roomy = this.bytes.length > ROOMY_BYTES && needed < this.bytes.length >> 3
    if (needed > this.bytes.length || roomy) {
      if (needed > MAX_RECORD_BYTES) throw this.#fault(faults.longRecord, this.#recordStart)
      const size = Math.min(MAX_RECORD_BYTES, needed + kept + SPARE_BYTES)
      const replacement = Buffer.allocUnsafeSlow(size)
      replacement.set(this.bytes.subarray(this.#recordStart, this.#length))
      this.bytes = replacement
    } else if (this.#recordStart > 0) {
      this.bytes.copyWithin(0, this.#recordStart, this.#length)
    }
    this.bytes.set(chunk, kept)
    this.#shift(this.#recordStart)
    this.#length = kept + chunk.length
    if (kept < WORTH_CUTTING && chunk.length >= WORTH_CUTTING && this.width > 0) this.#beginAgain()
  }

  /** Says that there is no more input. */
  end(): void {
    this.#ended = true
  }

  /**
   * Cuts the next records and returns how many: 0 when it needs more input, or all is read. Throws
   * `bad-input` at the first fault, once every record before it was returned.
   */
  fill(): number {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#cellsAt > 0) {
      this.starts.copyWithin(0, this.#cellsAt, this.#cellsAt + this.#cells)
      this.ends.copyWithin(0, this.#cellsAt, this.#cellsAt + this.#cells)
      this.#cellsAt = 0
    }
    const batchStart = this.#recordStart
    const rows = this.#checkUtf8(this.#cut(), batchStart)
    if (rows === 0 && this.#failure !== undefined) throw this.#failure
    return rows
  }

  /** The place of a byte in record `row` of the batch. */
  placeIn(row: number, offset: number): Place {
    return placeOf(this.bytes, this.offsets[row]!, this.lines[row]!, offset)
  }

  /** The text of a cell of the batch, unescaped. */
  text(cell: number): string {
    const token = this.starts[cell]!
    const text = this.bytes.toString('utf8', token >> 2, this.ends[cell]!)
    return (token & ESCAPED) === 0 ? text : text.replaceAll('""', '"')
  }

  #cut(): number {
    this.placed = undefined
    const stops = this.#stops
    const delimiter = this.delimiter
    const length = this.#length
    const bytes: Uint8Array = this.bytes
    // The scan stops here without asking at every byte whether there is one more.
    if (bytes.length > length) bytes[length] = LF
    const single = this.width === 0
    const width = single ? ANY_WIDTH : this.width
    const maxRows = single ? 1 : Math.max(1, Math.min(BATCH_ROWS, (BATCH_CELLS / width) | 0))
    // A cell takes a byte at least: a small input needs no more than it can fill.
    const most = this.#cells + length - this.#position + 1
    this.#reserve(single ? HEADER_CELLS : Math.min(maxRows * width, most), Math.min(maxRows, most))
    let { starts, ends } = this
    let rows = 0
    let position = this.#position
    let cell = this.#cell
    let cells = this.#cells
    let next = cells
    let state = this.#state

    while (rows < maxRows && this.#failure === undefined) {
      if (state === CELL_START) {
        if (position >= length) {
          if (!this.#ended) break
          if (cells === 0) break
        } else if (this.#skipLf) {
          this.#skipLf = false
          if (bytes[position] === LF) {
            position++
            this.#recordStart = position
            continue
          }
        }
        if (cells === 0 && !single && this.#oneByOne-- === 0) {
          const plain = this.#cutPlain(position, rows, next, maxRows)
          this.#oneByOne = plain > 0 ? 0 : SLOW_RECORDS
          if (plain > 0) {
            rows += plain
            next += plain * width
            position = this.#recordStart
            continue
          }
        }
        if (bytes[position] === QUOTE && position < length) {
          cell = ++position
          this.#escapes = 0
          state = IN_QUOTES
        } else {
          cell = position
          state = PLAIN
        }
      }
      if (state === IN_QUOTES) {
        let byte = bytes[position]!
        while (byte !== QUOTE) {
          if (byte === LF) {
            if (position >= length) break
            if (bytes[position - 1] !== CR) this.#innerLines++
          } else if (byte === CR) this.#innerLines++
          byte = bytes[++position]!
        }
        if (position >= length) {
          if (this.#ended) this.#fault(faults.unterminated, cell - 1)
          break
        }
        position++
        state = AFTER_QUOTE
      }
      let flags = 0
      let end = position
      let stop = 0
      if (state === AFTER_QUOTE) {
        if (position >= length && !this.#ended) break
        stop = bytes[position]!
        if (stop === QUOTE && position < length) {
          this.#escapes++
          position++
          state = IN_QUOTES
          continue
        }
        if (stop !== delimiter && stop !== LF && stop !== CR) {
          this.#fault(faults.afterQuote, position)
          break
        }
        flags = this.#escapes > 0 ? QUOTED | ESCAPED : QUOTED
        end = position - 1
      } else {
        stop = bytes[position]!
        while (stops[stop] === 0) stop = bytes[++position]!
        if (position >= length && !this.#ended) break
        end = position
        if (stop === QUOTE || (stop === 0 && delimiter !== 0)) {
          this.#fault(stop === QUOTE ? faults.innerQuote : faults.nul, position)
          break
        }
      }

      if (cells < width) {
        if (next === starts.length) {
          this.#reserve(next * 2, maxRows)
          starts = this.starts
          ends = this.ends
        }
        starts[next] = (cell << 2) | flags
        ends[next++] = end
      } else if (this.#extraCell < 0) {
        this.#extraCell = flags === 0 ? cell : cell - 1
      }
      cells++
      state = CELL_START
      position++
      if (stop === delimiter && position <= length) continue

      if (stop === CR) {
        if (position >= length) this.#skipLf = true
        else if (bytes[position] === LF) position++
      }
      const recordStart = this.#recordStart
      const recordLine = this.#line
      const recordEnd = position
      const inner = this.#innerLines
      if (position > length) position = length
      const blank =
        cells === 1 && flags === 0 && end === cell && (width !== 1 || !this.#blankIsNull)
      // Nothing but delimiters. The names of the columns are never skipped.
      const empty = cells === width && cells > 1 && end - recordStart === cells - 1
      if (blank) {
        next--
      } else if (empty) {
        next -= cells
        this.emptyRecords++
      } else if (cells !== width && !single) {
        const at = cells > width ? this.#extraCell : flags === 0 ? end : end + 1
        this.#fault(faults.ragged(cells, width), at)
        break
      } else {
        if (recordEnd - recordStart > MAX_VALUE_BYTES && this.#hasTooLong(next - cells, cells))
          break
        this.lines[rows] = recordLine
        this.offsets[rows] = recordStart
        rows++
        if (single) this.width = cells
      }
      this.#line = recordLine + inner + 1
      this.#innerLines = 0
      this.#recordStart = position
      cells = 0
    }

    if (position - cell > MAX_VALUE_BYTES && state !== CELL_START) {
      const size = position - cell - (state === PLAIN ? 0 : this.#escapes)
      if (size > MAX_VALUE_BYTES) {
        this.#fault(faults.longValue(state !== PLAIN), state === PLAIN ? cell : cell - 1)
      }
    }
    this.#position = position
    this.#cell = cell
    this.#cells = cells
    this.#cellsAt = next - Math.min(cells, width)
    this.#state = state
    return rows
  }

  /** Cuts records without quotes, from where one begins; returns how many. */
  #cutPlain(position: number, row: number, cell: number, maxRows: number): number {
    if (this.#length - position < WORTH_CUTTING) return 0
    const { consumed, placed } = cutPlainRecords(this, {
      from: position,
      to: this.#length,
      row,
      cell,
      maxRows: maxRows - row,
    })
    const { rows } = placed
    if (row === 0) this.placed = placed
    for (let i = 0; i < rows; i++) this.lines[row + i] = this.#line + i
    this.#line += rows
    this.#recordStart = position + consumed
    return rows
  }

  #fault(fault: Fault, offset: number): VarveError {
    const place = placeOf(this.bytes, this.#recordStart, this.#line, offset)
    this.#failure = badInput({ file: this.file, place, ...fault })
    return this.#failure
  }

  #hasTooLong(first: number, count: number): boolean {
    for (let i = first; i < first + count; i++) {
      const token = this.starts[i]!
      const start = token >> 2
      let size = this.ends[i]! - start
      if (size <= MAX_VALUE_BYTES) continue
      if ((token & ESCAPED) !== 0) {
        for (let at = start; at < this.ends[i]!; at++) {
          if (this.bytes[at] === QUOTE) {
            size--
            at++
          }
        }
      }
      if (size <= MAX_VALUE_BYTES) continue
      const quoted = (token & QUOTED) !== 0
      this.#fault(faults.longValue(quoted), quoted ? start - 1 : start)
      return true
    }
    return false
  }

  /** The rows before the first that is not UTF-8; that one becomes the fault. */
  #checkUtf8(rows: number, batchStart: number): number {
    if (isUtf8(this.bytes.subarray(batchStart, this.#recordStart))) return rows
    const at = firstInvalidUtf8(this.bytes, batchStart, this.#recordStart)
    let row = rows - 1
    while (row > 0 && this.offsets[row]! > at) row--
    this.#failure = badInput({
      file: this.file,
      place: this.placeIn(row, at),
      ...faults.invalidUtf8(this.bytes[at]!),
    })
    return row
  }

  /** Forgets what was seen of the record under way, which may be cut with those behind it. */
  #beginAgain(): void {
    this.#position = 0
    this.#state = CELL_START
    this.#cells = 0
    this.#cellsAt = 0
    this.#innerLines = 0
    this.#extraCell = -1
    this.#oneByOne = 0
  }

  #shift(by: number): void {
    if (by === 0) return
    this.#position -= by
    this.#cell -= by
    this.#recordStart = 0
    if (this.#extraCell >= 0) this.#extraCell -= by
    const stored = this.width === 0 ? this.#cells : Math.min(this.#cells, this.width)
    for (let i = this.#cellsAt; i < this.#cellsAt + stored; i++) {
      this.starts[i]! -= by << 2
      this.ends[i]! -= by
    }
  }

  #reserve(cells: number, rows: number): void {
    if (cells > this.starts.length) {
      this.starts = grown(this.starts, new Int32Array(cells))
      this.ends = grown(this.ends, new Int32Array(cells))
    }
    if (rows > this.lines.length) {
      this.lines = grown(this.lines, new Uint32Array(rows))
      this.offsets = grown(this.offsets, new Int32Array(rows))
    }
  }
}

function grown<T extends Int32Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
