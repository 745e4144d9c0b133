import { crc32 } from 'node:zlib'
import type { PageHeader } from 'hyparquet'
import type { parquetHeader } from 'hyparquet/src/column.js'
import type { RandomAccess } from '../random-access.ts'
import { CutShort, walkStruct } from './thrift-guard.ts'

export type ParseHeader = typeof parquetHeader

/** A page as it lies in the file. */
export interface Page {
  readonly header: PageHeader
  /** Levels and values, packed. */
  readonly body: Uint8Array
}

/** Headers hold statistics, with values of any length in them. */
const FIRST_LOOK = 16 * 1024
const LONGEST_HEADER = 16 * 1024 * 1024
const MOST_HEADER_VALUES = 1000
const NOTHING = new Uint8Array(0)

/** The pages of a column chunk, read from front to back some at a time. */
export class Pages {
  readonly #source: RandomAccess
  readonly #parse: ParseHeader
  readonly #end: number
  readonly #ahead: number
  #at: number
  /** Bytes of the file from `#from` on. */
  #held: Uint8Array = NOTHING
  #from = 0

  /** @param ahead bytes that are read at once where a page has fewer */
  constructor(source: RandomAccess, parse: ParseHeader, from: number, end: number, ahead: number) {
    this.#source = source
    this.#parse = parse
    this.#at = from
    this.#end = end
    this.#ahead = ahead
  }

  /** The next page; undefined at the end. */
  async next(): Promise<Page | undefined> {
    if (this.#at >= this.#end) return undefined
    const header = await this.#header()
    const size = header.compressed_page_size
    if (!(size >= 0 && size <= this.#end - this.#at)) {
      throw new Error(`a page of ${size} bytes where ${this.#end - this.#at} are left`)
    }
    const body = await this.#bytes(size)
    this.#at += size
    // A long page is not to be held while its rows are taken: there may be many columns.
    if (this.#at === this.#from + this.#held.length) this.#held = NOTHING
    if (typeof header.crc === 'number' && crc32(body) !== header.crc >>> 0) {
      throw new Error('the checksum of a page is another')
    }
    return { header, body }
  }

  async #header(): Promise<PageHeader> {
    for (let look = FIRST_LOOK; ; look *= 16) {
      const bytes = await this.#bytes(Math.min(look, this.#end - this.#at))
      try {
        const length = walkStruct(bytes, 0, MOST_HEADER_VALUES)
        this.#at += length
        return this.#parse({
          view: new DataView(bytes.buffer, bytes.byteOffset, length),
          offset: 0,
        })
      } catch (error) {
        const more = bytes.length < this.#end - this.#at && look < LONGEST_HEADER
        if (!(error instanceof CutShort) || !more) throw error
      }
    }
  }

  /** The next bytes, without going past them. */
  async #bytes(count: number): Promise<Uint8Array> {
    let skip = this.#at - this.#from
    if (skip + count > this.#held.length) {
      const to = Math.min(this.#end, this.#at + Math.max(count, this.#ahead))
      this.#held = await this.#source.read(this.#at, to)
      this.#from = this.#at
      skip = 0
    }
    return this.#held.subarray(skip, skip + count)
  }
}
