import { badInput } from '../bad-input.ts'
import type { Reading } from '../table.ts'
import type { LocalReading } from './column-clock.ts'
import type { DateLayout } from './date-layout.ts'
import {
  CR,
  delimiterByte,
  isSpaced,
  LF,
  linesBefore,
  SNIFF_BYTES,
  sniffDelimiter,
} from './dialect.ts'
import { foreignBytes } from './foreign-bytes.ts'
import { NullTexts } from './null-texts.ts'
import { Tokenizer } from './tokenizer.ts'

/** Bytes in pieces of any size. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** What of a {@link Reading} a CSV table heeds as it stands. */
type PlainReading = Pick<
  Reading,
  'delimiter' | 'header' | 'names' | 'decimal' | 'skip' | 'nulls' | 'columns' | 'rename'
>

/** How a table is written down. */
export interface CsvDialect extends LocalReading, PlainReading {
  /** What messages call the input; `<stdin>` when not given. */
  readonly file?: string | undefined
  /** How dates are written where they are not ISO 8601. */
  readonly dateFormat?: DateLayout | undefined
}

export interface CsvStreamOptions extends CsvDialect {
  readonly blankIsNull: boolean
  readonly width?: number
}

/** So many at once fit the batches that the kernels take (`plain-cells.ts`). */
const FEED_BYTES = 256 * 1024
/** Enough for most headers, which may be all that is wanted. */
const FIRST_FEED_BYTES = 4 * 1024
const BOM = [0xef, 0xbb, 0xbf]

/** The delimiter that a first line says as Excel has it, `sep=;`; undefined where it says none. */
function saidDelimiter(head: Uint8Array): number | undefined {
  const text = Buffer.from(head.subarray(0, 8)).toString('latin1')
  const character = /^sep=([,;\t|])\r?\n/i.exec(text)?.[1]
  return character === undefined ? undefined : delimiterByte(character)
}

/** A source cut into records: `next` says how many the tokenizer now holds. */
export class CsvStream {
  readonly tokenizer: Tokenizer
  /** The delimiter's character. */
  readonly delimiter: string
  /** Whether it was looked for, and spaces are more likely it. */
  readonly isSpaced: boolean
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  readonly #nulls: NullTexts | undefined
  #pending: Uint8Array
  #ended: boolean
  /** Records of the batch that were not taken. */
  #untaken = 0
  #isHeader: boolean

  private constructor(
    tokenizer: Tokenizer,
    source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
    { header, nulls }: CsvDialect,
    { head, ended }: Head,
    isSpaced: boolean,
  ) {
    this.tokenizer = tokenizer
    this.isSpaced = isSpaced
    this.delimiter = String.fromCharCode(tokenizer.delimiter)
    this.#source = source
    this.#nulls = nulls === undefined ? undefined : new NullTexts(nulls)
    this.#pending = head
    this.#ended = ended
    this.#isHeader = header !== false
  }

  /** Reads the beginning: the byte order mark, the delimiter. `bad-input` where there is nothing. */
  static async open(source: ByteSource, options: CsvStreamOptions): Promise<CsvStream> {
    const file = options.file ?? '<stdin>'
    const given = options.delimiter === undefined ? undefined : delimiterByte(options.delimiter)
    const iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
    const begin = await readHead(iterator, Buffer.alloc(0))
    let { head } = begin
    if (BOM.every((byte, i) => head[i] === byte)) head = head.subarray(BOM.length)
    const hasHeader = options.header !== false && !options.blankIsNull
    const foreign = foreignBytes(head, hasHeader)
    if (foreign !== undefined) {
      await iterator.return?.()
      throw badInput({
        file,
        place: { line: 1, column: 1 },
        found: foreign.found,
        expected: 'text in UTF-8',
        hint: foreign.hint,
      })
    }
    const said = options.skip === undefined ? saidDelimiter(head) : undefined
    const skip = options.skip ?? (said === undefined ? 0 : 1)
    const rest = await skipLines(iterator, { ...begin, head }, skip)
    const sample = rest.head.subarray(0, SNIFF_BYTES)
    const isWhole = rest.ended && rest.head.length <= SNIFF_BYTES
    const before = given === undefined && said === undefined ? linesBefore(sample, isWhole) : 0
    if (before > 0) {
      await iterator.return?.()
      throw badInput({
        file,
        place: { line: rest.line, column: 1 },
        found: 'a line of one cell in front of lines of several',
        expected: 'the names of the columns',
        hint: `--skip ${before + (options.skip ?? 0)} leaves out what is before line ${rest.line + before}`,
      })
    }
    const tokenizer = new Tokenizer({
      file,
      delimiter: given ?? said ?? sniffDelimiter(sample, isWhole, options.decimal === ','),
      blankIsNull: options.blankIsNull,
      line: rest.line,
      ...(options.width === undefined ? {} : { width: options.width }),
    })
    return new CsvStream(
      tokenizer,
      iterator,
      options,
      rest,
      given === undefined && said === undefined && isSpaced(sample, isWhole),
    )
  }

  /** Records that the tokenizer's batch holds now; 0 when all is read. */
  async next(): Promise<number> {
    if (this.#untaken > 0) {
      const rows = this.#untaken
      this.#untaken = 0
      return rows
    }
    for (;;) {
      const rows = this.tokenizer.fill()
      if (rows > 0) {
        if (this.#isHeader) this.#isHeader = false
        else if (this.#nulls !== undefined) {
          this.#nulls.mark(this.tokenizer, rows)
          this.tokenizer.placed = undefined
        }
        return rows
      }
      if (this.#pending.length > 0) {
        const count = this.tokenizer.width === 0 ? FIRST_FEED_BYTES : FEED_BYTES
        this.tokenizer.feed(this.#pending.subarray(0, count))
        this.#pending = this.#pending.subarray(count)
      } else if (this.#ended) return 0
      else {
        const { value, done } = await this.#source.next()
        if (done !== true) this.#pending = value
        else {
          this.#ended = true
          this.tokenizer.end()
        }
      }
      if (this.#ended && this.#pending.length === 0) this.tokenizer.end()
    }
  }

  /** Has `next` return the batch of so many records once more. */
  untake(rows: number): void {
    this.#untaken = rows
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }
}

/** The beginning of a source. */
interface Head {
  readonly head: Uint8Array
  /** Whether that is all. */
  readonly ended: boolean
}

/**
 * The first bytes, enough to find the delimiter from; held until the source is asked for more.
 * @param before what came of it before them
 */
async function readHead(
  source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
  before: Uint8Array,
): Promise<Head> {
  const enough = SNIFF_BYTES + BOM.length
  // Copies, unless it is all that is needed: the source may use its buffers again when it is asked for more.
  let head: Uint8Array = before.length < enough ? Buffer.from(before) : before
  while (head.length < enough) {
    const { value, done } = await source.next()
    if (done === true) return { head, ended: true }
    head =
      head.length === 0 && value.length > SNIFF_BYTES * 2 ? value : Buffer.concat([head, value])
  }
  return { head, ended: false }
}

/** What begins behind so many lines, and the line that it begins on. */
async function skipLines(
  source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
  begin: Head,
  lines: number,
): Promise<Head & { readonly line: number }> {
  let { head, ended } = begin
  for (let line = 1; line <= lines; ) {
    let at = 0
    while (at < head.length && head[at] !== LF && head[at] !== CR) at++
    // A line feed that goes with the last carriage return may be yet to come.
    if (at < head.length - 1 || (at < head.length && (ended || head[at] === LF))) {
      head = head.subarray(at + (head[at] === CR && head[at + 1] === LF ? 2 : 1))
      line++
    } else if (ended) return { head: head.subarray(at), ended, line }
    else ({ head, ended } = await readHead(source, head.subarray(at)))
  }
  if (lines > 0 && !ended) ({ head, ended } = await readHead(source, head))
  return { head, ended, line: lines + 1 }
}
