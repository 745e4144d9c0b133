import { isUtf8 } from 'node:buffer'
import { MAX_VALUE_BYTES } from '../../core/column-layout.ts'
import type { VarveError } from '../../core/errors.ts'
import { badInput, type Place, quoteText } from '../bad-input.ts'
import type { CellBatch, CellStream } from '../csv/cell-batch.ts'
import { isJson } from '../csv/json-check.ts'
import { NullTexts } from '../csv/null-texts.ts'
import { QUOTED } from '../csv/tokenizer.ts'
import { firstInvalidUtf8 } from '../csv/utf8.ts'
import { BracketScan, isWordAt, skipNumber, skipSpace, skipText } from './json-tokens.ts'
import { foundIn, RecordSource } from './record-source.ts'

const BATCH_ROWS = 8_192
const BATCH_CELLS = 32_768
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** What values of a column were, one bit each. */
export const IS_TEXT = 1
export const IS_NUMBER = 2
export const IS_BOOL = 4
export const IS_NESTED = 8

const NULL = Buffer.from('null')
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')

/**
 * Which column the values of a name are in; −1 where they are left out, undefined where it is for
 * the caller to make one: what it throws gets the place of the name.
 */
export type FindColumn = (name: string, place: () => Place) => number

export interface JsonRecordsOptions {
  readonly file: string
  /** Texts that stand for no value. */
  readonly nulls?: readonly string[] | undefined
  /** Columns that only take texts. */
  readonly textOnly?: ReadonlySet<number> | undefined
  readonly column: FindColumn
}

/** A name as objects have it, and its column. */
interface Key {
  readonly bytes: Buffer
  readonly column: number
}

/**
 * Cuts JSON objects into cells, one a line or all in one array, as the tokenizer of CSV does with
 * its records: texts as quoted cells, without their quotes and escapes; numbers, `true`, `false`,
 * arrays and objects as they are written; null, and what an object lacks, as cells of nothing.
 */
export class JsonRecords implements CellStream, CellBatch {
  readonly tokenizer = this
  readonly file: string
  starts = new Int32Array(0)
  ends = new Int32Array(0)
  lines = new Uint32Array(0)
  /** Columns of the batch: those that were met before it. */
  width: number
  /** What the values of each column were so far. */
  kinds = new Uint8Array(64)
  readonly #source: RecordSource
  readonly #column: FindColumn
  readonly #nulls: NullTexts | undefined
  readonly #textOnly: ReadonlySet<number>
  /** Where the records of the batch begin. */
  #offsets = new Int32Array(0)
  #nextWidth: number
  /** What each cell's value is. */
  #cellKinds = new Uint8Array(0)
  #keys = new Map<string, Key>()
  /** The names of the record before, in their order: most records have the same. */
  #order: Key[] = []
  /** The record that each column had a value in last. */
  #filled = new Int32Array(64)
  #record = 0
  /** Texts without their escapes, behind what was read; and where each comes from. */
  #spare = 0
  #origins = new Map<number, number>()
  /** Whether the record that was found last is still to be cut. */
  #waiting = false
  #ended = false
  #failure: VarveError | undefined

  constructor(source: AsyncIterable<Uint8Array>, width: number, options: JsonRecordsOptions) {
    this.file = options.file
    this.width = width
    this.#nextWidth = width
    this.#source = new RecordSource(source, options.file)
    this.#column = options.column
    this.#nulls = options.nulls === undefined ? undefined : new NullTexts(options.nulls)
    this.#textOnly = options.textOnly ?? new Set()
  }

  get bytes(): Buffer {
    return this.#source.bytes
  }

  async next(): Promise<number> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      this.#origins.clear()
      this.#spare = 0
      const rows = this.#fill()
      if (rows > 0) {
        this.#nulls?.mark(this, rows)
        this.#note(rows)
        return rows
      }
      if (this.#failure !== undefined || this.#waiting) continue
      if (this.#ended) return 0
      await this.#source.feed()
    }
  }

  async close(): Promise<void> {
    await this.#source.close()
  }

  placeIn(row: number, offset: number): Place {
    const at = this.#origins.get(offset + 1) ?? this.#origins.get(offset) ?? offset
    return this.#source.placeOf(at, this.#offsets[row]!, this.lines[row]!)
  }

  text(cell: number): string {
    return this.bytes.toString('utf8', this.starts[cell]! >> 2, this.ends[cell]!)
  }

  /** Notes what the values of columns are, those apart that stand for none. */
  #note(rows: number): void {
    const { starts, ends, width, kinds } = this
    for (let row = 0, cell = 0; row < rows; row++) {
      for (let column = 0; column < width; column++, cell++) {
        const isNull = starts[cell] === ends[cell]! << 2
        if (!isNull) kinds[column]! |= this.#cellKinds[cell]!
      }
    }
  }

  /** Cuts the records that are there; returns how many. */
  #fill(): number {
    const source = this.#source
    let rows = 0
    this.width = this.#nextWidth
    const most = Math.max(
      1,
      Math.min(BATCH_ROWS, Math.floor(BATCH_CELLS / Math.max(1, this.width))),
    )
    try {
      while (rows < most) {
        if (!this.#waiting) {
          const found = source.next()
          if (found !== 'record') {
            this.#ended = found === 'end'
            break
          }
          this.#waiting = true
        }
        // A column that is new comes with the next batch: the rows above are without it.
        if (!this.#cut(rows)) break
        this.#waiting = false
        rows++
      }
    } catch (error) {
      this.#failure = error as VarveError
    }
    return rows
  }

  /** Cuts a record into row `row`; false where it has a column that the batch does not have. */
  #cut(row: number): boolean {
    const { start, end, line, bytes } = this.#source
    const { width } = this
    this.#reserve((row + 1) * width, row + 1)
    this.lines[row] = line
    this.#offsets[row] = start
    const first = row * width
    this.starts.fill(start << 2, first, first + width)
    this.ends.fill(start, first, first + width)
    this.#cellKinds.fill(0, first, first + width)
    this.#record++
    if (!isUtf8(bytes.subarray(start, end))) {
      const at = firstInvalidUtf8(bytes, start, end)
      throw this.#fault(at, 'text in UTF-8', 'a byte that is not')
    }
    if (bytes[start] !== 0x7b) throw this.#fault(start, 'an object')
    let at = skipSpace(bytes, start + 1, end)
    let isWhole = true
    if (bytes[at] === 0x7d && at < end) at++
    else {
      for (let member = 0; ; member++) {
        if (bytes[at] !== QUOTE || at >= end) throw this.#fault(at, 'a name in quotes')
        const nameEnd = skipText(bytes, at, end)
        if (nameEnd === -1) throw this.#fault(at, 'a name with a closing quote')
        const name = at
        const column = this.#columnAt(member, at + 1, nameEnd - 1)
        at = skipSpace(bytes, nameEnd, end)
        if (bytes[at] !== 0x3a || at >= end) throw this.#fault(at, 'a colon')
        at = skipSpace(bytes, at + 1, end)
        if (column >= width) isWhole = false
        at = this.#value(column < width ? column : -1, first, name, at, end)
        at = skipSpace(bytes, at, end)
        if (bytes[at] === 0x7d && at < end) {
          at++
          break
        }
        if (bytes[at] !== 0x2c || at >= end) throw this.#fault(at, 'a comma or a closing brace')
        at = skipSpace(bytes, at + 1, end)
      }
    }
    at = skipSpace(bytes, at, end)
    if (at < end) throw this.#fault(at, 'the end of the line')
    return isWhole
  }

  /** The column of the name in the bytes, which are not the quotes around it. */
  #columnAt(member: number, start: number, end: number): number {
    const known = this.#order[member]
    const { bytes } = this.#source
    if (known !== undefined && known.bytes.length === end - start) {
      if (bytes.compare(known.bytes, 0, known.bytes.length, start, end) === 0) return known.column
    }
    const raw = bytes.toString('utf8', start, end)
    let key = this.#keys.get(raw)
    if (key === undefined) {
      const name = raw.includes('\\') ? this.#unescaped(start - 1, end + 1) : raw
      const column = this.#column(name, () => this.placeAt(start - 1))
      if (column >= this.#nextWidth) this.#nextWidth = column + 1
      key = { bytes: Buffer.from(raw), column }
      // Names that are written in ever new ways would fill the memory.
      if (this.#keys.size < 100_000) this.#keys.set(raw, key)
    }
    this.#order[member] = key
    return key.column
  }

  /** Takes a value for a column, or, where that is −1, passes over it. */
  #value(column: number, first: number, name: number, start: number, limit: number): number {
    const { bytes } = this.#source
    let end = -1
    let kind = 0
    const byte = start < limit ? bytes[start]! : 0
    if (byte === QUOTE) {
      end = skipText(bytes, start, limit)
      kind = IS_TEXT
    } else if (byte === 0x7b || byte === 0x5b) {
      end = new BracketScan().find(bytes, start, limit)
      if (end !== -1 && !isJson(bytes, start, end)) throw this.#fault(start, 'valid JSON')
      kind = IS_NESTED
    } else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      end = skipNumber(bytes, start)
      kind = IS_NUMBER
    } else if (isWordAt(bytes, start, NULL)) end = start + 4
    else {
      kind = IS_BOOL
      if (isWordAt(bytes, start, TRUE)) end = start + 4
      else if (isWordAt(bytes, start, FALSE)) end = start + 5
    }
    if (end === -1 || end > limit) throw this.#fault(start, 'a value')
    if (end - start > MAX_VALUE_BYTES) {
      throw this.#fault(start, 'values of up to 64 MiB', 'a longer one')
    }
    if (column < 0) return end
    if (this.#filled[column] === this.#record) {
      const second = bytes.toString('utf8', name, skipText(bytes, name, limit))
      throw this.#fault(name, 'names that differ', `a second ${quoteText(JSON.parse(second))}`)
    }
    this.#filled[column] = this.#record
    if (kind === 0) return end
    if (kind !== IS_TEXT && this.#textOnly.has(column)) {
      throw this.#fault(start, 'text', quoteText(bytes.toString('utf8', start, end)))
    }
    const cell = first + column
    this.#cellKinds[cell] = kind
    if (kind !== IS_TEXT) {
      this.starts[cell] = start << 2
      this.ends[cell] = end
      return end
    }
    if (!hasEscape(bytes, start, end)) {
      this.starts[cell] = ((start + 1) << 2) | QUOTED
      this.ends[cell] = end - 1
    } else this.#setAside(cell, start, end)
    return end
  }

  /** Puts a text without its escapes behind all that was read, for its cell to point at. */
  #setAside(cell: number, start: number, end: number): void {
    const text = Buffer.from(this.#unescaped(start, end))
    const source = this.#source
    const at = source.length + 1 + this.#spare
    const needed = at + text.length + 1
    if (needed > source.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, source.bytes.length * 2))
      larger.set(source.bytes.subarray(0, at))
      source.bytes = larger
    }
    source.bytes.set(text, at)
    source.bytes[at + text.length] = QUOTE
    this.#spare += text.length + 1
    this.#origins.set(at, start)
    this.starts[cell] = (at << 2) | QUOTED
    this.ends[cell] = at + text.length
  }

  /** The text that is in quotes from `start` to `end`. */
  #unescaped(start: number, end: number): string {
    let text: string
    try {
      text = JSON.parse(this.#source.bytes.toString('utf8', start, end))
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
      throw this.#fault(start, 'text with escapes that JSON has')
    }
    if (/\p{Surrogate}/u.test(text)) {
      throw this.#fault(start, 'text in UTF-8', 'half of a surrogate pair')
    }
    return text
  }

  /** The place of a byte of the record that is being cut. */
  placeAt(offset: number): Place {
    return this.#source.placeOf(offset, this.#source.start, this.#source.line)
  }

  #fault(offset: number, expected: string, found?: string): VarveError {
    const { bytes, end } = this.#source
    const isOpen = expected === 'a value' && (bytes[offset] === 0x7b || bytes[offset] === 0x5b)
    const isCut = !this.#source.isArray && (offset >= end || isOpen)
    const number = expected === 'a value' ? nonNumberAt(bytes, offset, end) : undefined
    return badInput({
      file: this.file,
      place: this.placeAt(offset),
      expected,
      found: found ?? foundIn(bytes, offset, end),
      ...(isCut && { hint: 'each object is on a line of its own, or all are in one array' }),
      ...(number !== undefined && {
        hint: `JSON has no ${number}: in quotes, "${number}", it is read as a number`,
      }),
    })
  }

  #reserve(cells: number, rows: number): void {
    if (cells > this.starts.length) {
      this.starts = grown(this.starts, new Int32Array(cells * 2))
      this.ends = grown(this.ends, new Int32Array(cells * 2))
      this.#cellKinds = grown(this.#cellKinds, new Uint8Array(cells * 2))
    }
    if (rows > this.lines.length) {
      this.lines = grown(this.lines, new Uint32Array(rows * 2))
      this.#offsets = grown(this.#offsets, new Int32Array(rows * 2))
    }
    if (this.width > this.kinds.length) {
      this.kinds = grown(this.kinds, new Uint8Array(this.width * 2))
      this.#filled = grown(this.#filled, new Int32Array(this.width * 2))
    }
  }
}

/** The number at a place that some programs write, and JSON has not. */
function nonNumberAt(bytes: Buffer, offset: number, end: number): string | undefined {
  const text = bytes.toString('latin1', offset, Math.min(end, offset + 10))
  return /^(?:NaN|-?Infinity)\b/.exec(text)?.[0]
}

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true
  return false
}

function grown<T extends Int32Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
