import { Buffer } from 'node:buffer'
import { type Column, isNull, type Scalar } from '../core/column.ts'
import { rawColumn } from '../core/column-layout.ts'
import { scalarAt } from '../core/column-ops.ts'
import type { VarveError } from '../core/errors.ts'
import { formatScalar } from '../core/scalar-text.ts'
import type { Schema } from '../core/schema.ts'
import type { Spill } from '../core/spill.ts'
import { badInput, quoteText } from './bad-input.ts'
import { sortFrames } from './sort-frames.ts'
import { type SourceFrame, sliceSourceFrame } from './source-frame.ts'

/** The rows of a table that have one value in the column by which it is split. */
export interface SplitGroup {
  /** The value, as text. */
  readonly value: string
  /**
   * The rows without that column, in the order of their keys: once, and before the next group is
   * asked for. `bad-input` for equal keys where the schema does not allow any.
   */
  frames(): AsyncGenerator<SourceFrame, void, void>
}

/** What stands in the way of a value: what had to be there instead, and what helps. */
export interface ValueFault {
  readonly expected: string
  readonly hint: string
}

export interface SplitFramesOptions {
  /** What messages call the table. */
  readonly file: string
  /** The column by which rows are split; a value column. */
  readonly column: string
  readonly spill?: Spill | undefined
  /** Bytes of rows held at most before they go to the spill, as `sortFrames` has it. */
  readonly memoryLimit?: number | undefined
  /** Asked about each value when it is first seen; what it throws goes through. */
  readonly check: (value: string) => ValueFault | undefined
}

/** Values told apart at most. As many series in one table are a mistake, and would not fit. */
export const MAX_SPLIT_VALUES = 1_000_000

/**
 * The rows of frames of one schema by their values in one column, in the order in which values
 * first occur. Rows are sorted by value and key, in the spill where they do not fit into memory;
 * what is held beside them grows with the number of values alone.
 *
 * `bad-input`, naming the line where frames know it, for a row without a value, a value at fault
 * and too many values: before the first group.
 */
export async function* splitFrames(
  frames: AsyncIterable<SourceFrame> | Iterable<SourceFrame>,
  schema: Schema,
  options: SplitFramesOptions,
): AsyncGenerator<SplitGroup, void, void> {
  const position = schema.columns.findIndex(({ name }) => name === options.column)
  const inner: Schema = { ...schema, columns: schema.columns.toSpliced(position, 1) }
  const coded: Schema = {
    columns: [CODE, ...inner.columns],
    indexCount: inner.indexCount + 1,
    // Rows of one value are told apart by their own guard, which names the key as it is.
    duplicates: true,
  }
  const values = new SplitValues(options)
  const withCodes = async function* (): AsyncGenerator<SourceFrame, void, void> {
    for await (const frame of frames) {
      const codes = values.codesOf(frame, frame.columns[position]!)
      yield {
        ...frame,
        schema: coded,
        columns: [codes, ...frame.columns.toSpliced(position, 1)],
      }
    }
  }
  const rows = new CodedRows(sortFrames(withCodes(), coded, options), inner)
  try {
    for (let code = await rows.next(); code !== undefined; code = await rows.next()) {
      const group = rows.take(code)
      yield {
        value: values.texts[code]!,
        frames: () => sortFrames(group, inner, { sorted: true }),
      }
      await rows.skip(code)
    }
  } finally {
    await rows.close()
  }
}

/** Codes take the place of the values: rows are sorted much faster by whole words. */
const CODE = { name: 'code', type: 'uint32' } as const

/** The distinct values seen so far, numbered. */
class SplitValues {
  readonly texts: string[] = []
  readonly #options: SplitFramesOptions
  /** By the bytes of a text, one character each, or else by value. */
  readonly #codes = new Map<Scalar, number>()

  constructor(options: SplitFramesOptions) {
    this.#options = options
  }

  codesOf(frame: SourceFrame, column: Column): Column {
    const codes = new Uint32Array(frame.rows)
    if (column.type === 'string') this.#codeTexts(frame, column, codes)
    else {
      for (let row = 0; row < frame.rows; row++) {
        const value = scalarAt(column, row)
        const key = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
        codes[row] = this.#codes.get(key) ?? this.#add(frame, column, row, key)
      }
    }
    return rawColumn('uint32', frame.rows, codes, undefined)
  }

  #codeTexts(frame: SourceFrame, column: Column, codes: Uint32Array): void {
    const offsets = column.offsets!
    const { buffer, byteOffset, byteLength } = column.values as Uint8Array
    const bytes = Buffer.from(buffer, byteOffset, byteLength)
    for (let row = 0; row < frame.rows; row++) {
      const start = offsets[row]!
      const end = offsets[row + 1]!
      if (row > 0 && !isNull(column, row) && isSame(bytes, offsets[row - 1]!, start, end)) {
        codes[row] = codes[row - 1]!
        continue
      }
      const key = isNull(column, row) ? null : bytes.toString('latin1', start, end)
      codes[row] = this.#codes.get(key) ?? this.#add(frame, column, row, key)
    }
  }

  #add(frame: SourceFrame, column: Column, row: number, key: Scalar): number {
    const value = scalarAt(column, row)
    if (value === null || value === '' || Number.isNaN(value)) {
      throw this.#fault(frame, row, value === '' ? '""' : value === null ? 'no value' : 'NaN', {
        expected: 'a value that names a series',
        hint: 'rows without one belong to no series: leave them out of the table',
      })
    }
    const text = formatScalar(value, column.type)
    const fault = this.#options.check(text)
    if (fault !== undefined) throw this.#fault(frame, row, quoteText(text), fault)
    const code = this.texts.length
    if (code === MAX_SPLIT_VALUES) {
      throw this.#fault(frame, row, 'one more', {
        expected: `at most ${MAX_SPLIT_VALUES.toLocaleString('en-US')} values`,
        hint: 'is it the column that tells the series apart?',
      })
    }
    this.texts.push(text)
    this.#codes.set(key, code)
    return code
  }

  #fault(frame: SourceFrame, row: number, found: string, fault: ValueFault): VarveError {
    const { file, column } = this.#options
    const line = frame.source?.lines[row] ?? 0
    return badInput({
      file: frame.source?.file ?? file,
      place:
        line === 0
          ? undefined
          : frame.source?.rows === true
            ? { row: line, field: column }
            : { line, column: 1 },
      found: `${found} in column ${quoteText(column)}`,
      expected: fault.expected,
      hint: fault.hint,
      data: { field: column },
    })
  }
}

/** Whether the bytes from `before` up to `start` are those from `start` up to `end`. */
function isSame(bytes: Uint8Array, before: number, start: number, end: number): boolean {
  const length = end - start
  if (start - before !== length) return false
  for (let i = 0; i < length; i++) if (bytes[before + i] !== bytes[start + i]) return false
  return true
}

/** Rows sorted by code, taken from the front. */
class CodedRows {
  readonly #frames: AsyncGenerator<SourceFrame, void, void>
  readonly #inner: Schema
  #frame: SourceFrame | undefined
  #at = 0

  constructor(frames: AsyncGenerator<SourceFrame, void, void>, inner: Schema) {
    this.#frames = frames
    this.#inner = inner
  }

  /** The code of the next row; undefined when there is none. */
  async next(): Promise<number | undefined> {
    while (this.#frame === undefined || this.#at === this.#frame.rows) {
      const { value, done } = await this.#frames.next()
      if (done === true) return undefined
      this.#frame = value
      this.#at = 0
    }
    return codesIn(this.#frame)[this.#at]
  }

  /** The rows of the code that comes next, without it. */
  async *take(code: number): AsyncGenerator<SourceFrame, void, void> {
    while ((await this.next()) === code) {
      const frame = this.#frame!
      const from = this.#at
      this.#at = endOf(codesIn(frame), from)
      const { columns, schema: _, ...rest } = sliceSourceFrame(frame, from, this.#at)
      yield { ...rest, schema: this.#inner, columns: columns.slice(1) }
    }
  }

  /** Passes over what is left of a code, whoever took of it and how much. */
  async skip(code: number): Promise<void> {
    while ((await this.next()) === code) this.#at = endOf(codesIn(this.#frame!), this.#at)
  }

  async close(): Promise<void> {
    await this.#frames.return()
  }
}

function codesIn(frame: SourceFrame): Uint32Array {
  return frame.columns[0]!.values as Uint32Array
}

/** The end of the rows that have the same code as row `from`; codes ascend. */
function endOf(codes: Uint32Array, from: number): number {
  const code = codes[from]!
  let low = from + 1
  let high = codes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (codes[middle] === code) low = middle + 1
    else high = middle
  }
  return low
}
