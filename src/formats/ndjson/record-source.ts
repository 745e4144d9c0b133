import { badInput, type Place } from '../bad-input.ts'
import { BracketScan, skipSpace } from './json-tokens.ts'

const FEED_BYTES = 256 * 1024
/** Places are kept in 29 bits (see the tokenizer of CSV), and texts are set aside behind records. */
const MAX_RECORD_BYTES = 96 * 2 ** 20
const LF = 0x0a
const BOM = [0xef, 0xbb, 0xbf]

/** Whether there is another record, or more bytes are needed to tell. */
export type Found = 'record' | 'more' | 'end'

/** A record under way: where and on which line it begins, and how far it was looked through. */
interface Scan {
  readonly brackets: BracketScan
  start: number
  at: number
  readonly line: number
}

/**
 * Cuts bytes into records: lines, or the elements of the one array that the input is. Records are
 * places in `bytes`, and hold until the next `feed`.
 */
export class RecordSource {
  /** The byte behind a record is there, and no part of it. */
  bytes = Buffer.alloc(1)
  /** Where the record that was found last begins and ends, and its first line. */
  start = 0
  end = 0
  line = 1
  /** How much of `bytes` was read. */
  length = 0
  readonly #file: string
  readonly #source: AsyncIterator<Uint8Array>
  #pending: Uint8Array = new Uint8Array(0)
  #ended = false
  #at = 0
  /** The line that `#at` is on. */
  #line = 1
  /** Characters of the first line in `bytes` that were there before them. */
  #dropped = 0
  #inArray: boolean | undefined
  /** Of an array: what may come next. */
  #expects: 'first' | 'element' | 'comma' | 'nothing' = 'first'
  #scan: Scan | undefined

  constructor(source: AsyncIterable<Uint8Array>, file: string) {
    this.#source = source[Symbol.asyncIterator]()
    this.#file = file
  }

  /** Whether the records are the elements of an array, and no lines. */
  get isArray(): boolean {
    return this.#inArray === true
  }

  /** Finds the next record in what was fed. */
  next(): Found {
    if (this.#inArray === undefined) {
      if (this.length < BOM.length && !this.#ended) return 'more'
      if (this.#at === 0 && BOM.every((byte, i) => this.bytes[i] === byte)) {
        this.#at = BOM.length
        // It is no character of the text.
        this.#dropped = -1
      }
      this.#pass(skipSpace(this.bytes, this.#at, this.length))
      if (this.#at === this.length) return this.#ended ? 'end' : 'more'
      this.#inArray = this.bytes[this.#at] === 0x5b
      if (this.#inArray) this.#at++
    }
    return this.#inArray ? this.#nextElement() : this.#nextLine()
  }

  #nextLine(): Found {
    for (;;) {
      if (this.#at === this.length && this.#ended) return 'end'
      const from = this.#scan?.at ?? this.#at
      const feed = this.bytes.indexOf(LF, from)
      const isWhole = feed !== -1 && feed < this.length
      if (!isWhole && !this.#ended) {
        const brackets = new BracketScan()
        this.#scan = { brackets, start: this.#at, at: this.length, line: this.#line }
        return 'more'
      }
      this.#scan = undefined
      const end = isWhole ? feed : this.length
      const start = skipSpace(this.bytes, this.#at, end)
      this.#at = isWhole ? feed + 1 : this.length
      this.line = this.#line
      if (isWhole) this.#line++
      if (start === end) continue
      this.start = start
      this.end = end
      return 'record'
    }
  }

  #nextElement(): Found {
    for (;;) {
      if (this.#scan !== undefined) return this.#nextEnd(this.#scan)
      this.#pass(skipSpace(this.bytes, this.#at, this.length))
      if (this.#at === this.length) {
        if (!this.#ended) return 'more'
        if (this.#expects === 'nothing') return 'end'
        throw this.fault(this.#at, 'the closing bracket of the array', 'the end of the input')
      }
      const byte = this.bytes[this.#at]!
      if (this.#expects === 'nothing') throw this.fault(this.#at, 'the end of the input')
      if (byte === 0x5d && this.#expects !== 'element') {
        this.#expects = 'nothing'
        this.#at++
      } else if (this.#expects === 'comma') {
        if (byte !== 0x2c) throw this.fault(this.#at, 'a comma or the end of the array')
        this.#expects = 'element'
        this.#at++
      } else {
        if (byte !== 0x7b) throw this.fault(this.#at, 'an object')
        const brackets = new BracketScan()
        this.#scan = { brackets, start: this.#at, at: this.#at, line: this.#line }
      }
    }
  }

  #nextEnd(scan: Scan): Found {
    const end = scan.brackets.find(this.bytes, scan.at, this.length)
    if (end === -1) {
      scan.at = this.length
      if (!this.#ended) return 'more'
      throw this.fault(scan.start, 'an object with an end', 'the end of the input')
    }
    this.start = scan.start
    this.end = end
    this.line = scan.line
    this.#scan = undefined
    this.#pass(end)
    this.#expects = 'comma'
    return 'record'
  }

  /** Goes on to a place, counting lines. */
  #pass(to: number): void {
    for (let at = this.#at; at < to; at++) if (this.bytes[at] === LF) this.#line++
    this.#at = to
  }

  /** Takes more bytes in, in the place of those that were passed. */
  async feed(): Promise<void> {
    if (this.#pending.length === 0) {
      const { value, done } = await this.#source.next()
      if (done === true) {
        this.#ended = true
        return
      }
      this.#pending = value
    }
    const chunk = this.#pending.subarray(0, FEED_BYTES)
    this.#pending = this.#pending.subarray(chunk.length)
    const from = this.#scan?.start ?? this.#at
    const kept = this.length - from
    const needed = kept + chunk.length + 1
    const lineStart = from === 0 ? 0 : this.bytes.lastIndexOf(LF, from - 1) + 1
    this.#dropped = (lineStart === 0 ? this.#dropped : 0) + characters(this.bytes, lineStart, from)
    if (needed > MAX_RECORD_BYTES) {
      throw this.fault(from, 'records of up to 96 MiB', 'a longer one')
    }
    const roomy = this.bytes.length > 32 * FEED_BYTES && needed < this.bytes.length >> 3
    if (needed > this.bytes.length || roomy) {
      const larger = Buffer.allocUnsafeSlow(Math.min(MAX_RECORD_BYTES, needed + kept + FEED_BYTES))
      larger.set(this.bytes.subarray(from, this.length))
      this.bytes = larger
    } else this.bytes.copyWithin(0, from, this.length)
    this.bytes.set(chunk, kept)
    this.length = kept + chunk.length
    this.bytes[this.length] = LF
    this.#at -= from
    if (this.#scan !== undefined) {
      this.#scan.start -= from
      this.#scan.at -= from
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.()
  }

  /** The place of a byte, given the line of another that is not behind it. */
  placeOf(offset: number, from = this.#at, fromLine = this.#line): Place {
    let line = fromLine
    for (let at = from; at < offset; at++) if (this.bytes[at] === LF) line++
    const lineStart = offset === 0 ? 0 : this.bytes.lastIndexOf(LF, offset - 1) + 1
    const before = lineStart === 0 ? this.#dropped : 0
    return { line, column: before + characters(this.bytes, lineStart, offset) + 1 }
  }

  /** The error for a byte outside of records. */
  fault(offset: number, expected: string, found = this.foundAt(offset)) {
    return badInput({ file: this.#file, place: this.placeOf(offset), expected, found })
  }

  /** What is at a place, for messages. */
  foundAt(offset: number): string {
    return foundIn(this.bytes, offset, this.length)
  }
}

/** Characters of UTF-8: the trailing bytes of a sequence do not count. */
function characters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80) count++
  return count
}

/** The character at a place, for messages. */
export function foundIn(bytes: Buffer, offset: number, end: number): string {
  if (offset >= end) return 'the end of the line'
  const text = bytes.toString('utf8', offset, Math.min(end, offset + 4))
  return JSON.stringify([...text][0])
}
