import { badInput } from '../bad-input.ts'
import { delimiterByte, SNIFF_BYTES, sniffDelimiter } from './dialect.ts'
import { Tokenizer } from './tokenizer.ts'

/** Bytes in pieces of any size. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** How a table is written down. */
export interface CsvDialect {
  /** What messages call the input; `<stdin>` when not given. */
  readonly file?: string | undefined
  /** One ASCII character; found from the input's beginning when not given. */
  readonly delimiter?: string | undefined
}

export interface CsvStreamOptions extends CsvDialect {
  readonly blankIsNull: boolean
  readonly width?: number
}

const FEED_BYTES = 256 * 1024
/** Enough for most headers, which may be all that is wanted. */
const FIRST_FEED_BYTES = 4 * 1024
const BOM = [0xef, 0xbb, 0xbf]

/** A source cut into records: `next` says how many the tokenizer now holds. */
export class CsvStream {
  readonly tokenizer: Tokenizer
  /** The delimiter's character. */
  readonly delimiter: string
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #pending: Uint8Array
  #ended: boolean

  private constructor(
    tokenizer: Tokenizer,
    source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
    delimiter: string,
    pending: Uint8Array,
    ended: boolean,
  ) {
    this.tokenizer = tokenizer
    this.delimiter = delimiter
    this.#source = source
    this.#pending = pending
    this.#ended = ended
  }

  /** Reads the beginning: the byte order mark, the delimiter. `bad-input` where there is nothing. */
  static async open(source: ByteSource, options: CsvStreamOptions): Promise<CsvStream> {
    const file = options.file ?? '<stdin>'
    const given = options.delimiter === undefined ? undefined : delimiterByte(options.delimiter)
    const iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
    const { head: whole, ended } = await readHead(iterator)
    let head = whole
    if (BOM.every((byte, i) => head[i] === byte)) head = head.subarray(BOM.length)
    else if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
      await iterator.return?.()
      throw badInput({
        file,
        place: { line: 1, column: 1 },
        found: 'UTF-16',
        expected: 'text in UTF-8',
        hint: `iconv -f utf-16 -t utf-8 converts`,
      })
    }
    const sample = head.subarray(0, SNIFF_BYTES)
    const byte = given ?? sniffDelimiter(sample, ended && head.length <= SNIFF_BYTES)
    const tokenizer = new Tokenizer({
      file,
      delimiter: byte,
      blankIsNull: options.blankIsNull,
      ...(options.width === undefined ? {} : { width: options.width }),
    })
    return new CsvStream(tokenizer, iterator, String.fromCharCode(byte), head, ended)
  }

  /** Records that the tokenizer's batch holds now; 0 when all is read. */
  async next(): Promise<number> {
    for (;;) {
      const rows = this.tokenizer.fill()
      if (rows > 0) return rows
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

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }
}

/** The first bytes, enough to find the delimiter from; held until the source is asked for more. */
async function readHead(
  source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
): Promise<{ head: Uint8Array; ended: boolean }> {
  let head: Uint8Array = Buffer.alloc(0)
  while (head.length < SNIFF_BYTES + BOM.length) {
    const { value, done } = await source.next()
    if (done === true) return { head, ended: true }
    // A copy unless it is all that is needed: the source may use its buffer again.
    head =
      head.length === 0 && value.length > SNIFF_BYTES * 2 ? value : Buffer.concat([head, value])
  }
  return { head, ended: false }
}
