import type { ColumnMetaData, DataPageHeader, PageHeader } from 'hyparquet'
import { sliceBits } from '../../core/bits.ts'
import type { Column } from '../../core/column.ts'
import { concatColumns, nullColumn } from '../../core/column-ops.ts'
import type { Codecs } from './codecs.ts'
import type { ColumnKind } from './column-kind.ts'
import { countOnes, HybridReader } from './hybrid.ts'
import { plainReader, type ValueReader, valueReader } from './page-values.ts'
import type { Page, Pages } from './pages.ts'
import { spread } from './spread.ts'
import { toColumn } from './to-column.ts'
import type { UnpackDeltas } from './unpack-whole.ts'

/** A page with more rows or, unpacked, bytes is not taken: it is held in memory. */
const MOST_ROWS = 1 << 26
const MOST_BYTES = 1 << 27
/** Values behind a dictionary are repeated up to so many bytes at once. */
const MOST_REPEATED = 1 << 26

type DataPageHeaderV2 = NonNullable<PageHeader['data_page_header_v2']>

/** Thrown where a page is too large to be taken. */
export class TooLargePage extends Error {}

/** A data page whose rows are being taken. */
interface OpenPage {
  readonly rows: number
  /** Bit i is 1 where row i has a value; undefined where all have. */
  readonly validity: Uint8Array | undefined
  readonly values: ValueReader
  taken: number
}

/** The rows of a column chunk, from front to back. */
export class ColumnReader {
  readonly #kind: ColumnKind
  readonly #meta: ColumnMetaData
  readonly #pages: Pages
  readonly #codecs: Codecs
  readonly #deltas: UnpackDeltas
  #dictionary: Column | undefined
  /** Bytes of the longest value in the dictionary. */
  #longest = 0
  #page: OpenPage | undefined

  constructor(
    kind: ColumnKind,
    meta: ColumnMetaData,
    pages: Pages,
    codecs: Codecs,
    deltas: UnpackDeltas,
  ) {
    this.#kind = kind
    this.#meta = meta
    this.#pages = pages
    this.#codecs = codecs
    this.#deltas = deltas
  }

  /** How many rows, up to `wanted`, can be taken at once. */
  async most(wanted: number): Promise<number> {
    await this.#open()
    if (this.#longest * wanted <= MOST_REPEATED) return wanted
    return Math.max(1, Math.floor(MOST_REPEATED / this.#longest))
  }

  /** The next `count` rows; an `Error` where the chunk has fewer. */
  async take(count: number): Promise<Column> {
    const parts: Column[] = []
    for (let left = count; left > 0; ) {
      const page = await this.#open()
      const some = Math.min(left, page.rows - page.taken)
      parts.push(rowsOf(page, some))
      left -= some
    }
    return parts.length === 0 ? nullColumn(this.#kind.type, 0) : concatColumns(parts)
  }

  /** The page that the next row is in. */
  async #open(): Promise<OpenPage> {
    while (this.#page === undefined || this.#page.taken === this.#page.rows) {
      const page = await this.#pages.next()
      if (page === undefined) throw new Error('a column has fewer rows than its row group')
      this.#page = this.#read(page) ?? this.#page
    }
    return this.#page
  }

  #read(page: Page): OpenPage | undefined {
    const { header } = page
    const size = header.uncompressed_page_size
    if (!(size >= 0)) throw new Error(`a page of ${size} bytes`)
    if (size > MOST_BYTES) throw new TooLargePage(`a page of ${size} bytes`)
    if (header.type === 'DICTIONARY_PAGE') {
      this.#readDictionary(page)
      return undefined
    }
    if (header.data_page_header !== undefined && header.type === 'DATA_PAGE') {
      return this.#readFirst(page, header.data_page_header)
    }
    if (header.data_page_header_v2 !== undefined && header.type === 'DATA_PAGE_V2') {
      return this.#readSecond(page, header.data_page_header_v2)
    }
    // Other pages hold no values.
    return undefined
  }

  #readDictionary({ header, body }: Page): void {
    const count = header.dictionary_page_header?.num_values ?? -1
    const bytes = this.#unpack(body, header.uncompressed_page_size)
    // Each value has a byte at least.
    if (!(count >= 0 && count <= bytes.length)) throw new Error(`a dictionary of ${count} values`)
    const dictionary = toColumn(this.#kind, plainReader(this.#kind, bytes)(count))
    const { offsets } = dictionary
    this.#dictionary = dictionary
    this.#longest = 0
    for (let i = 0; offsets !== undefined && i < count; i++) {
      this.#longest = Math.max(this.#longest, offsets[i + 1]! - offsets[i]!)
    }
  }

  /** A page of the first version: levels and values are packed together. */
  #readFirst({ header, body }: Page, data: DataPageHeader): OpenPage {
    const bytes = this.#unpack(body, header.uncompressed_page_size)
    const rows = rowCount(data.num_values)
    if (!this.#kind.optional) return this.#openPage(rows, undefined, data.encoding, bytes)
    if (data.definition_level_encoding !== 'RLE') {
      throw new Error(`nulls in the encoding ${data.definition_level_encoding}`)
    }
    if (bytes.length < 4) throw new Error('a page is cut short')
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
    if (length > bytes.length - 4) throw new Error('a page is cut short')
    const validity = new HybridReader(bytes, 4, 4 + length, 1).readBits(rows)
    return this.#openPage(rows, validity, data.encoding, bytes.subarray(4 + length))
  }

  /** A page of the second version: levels lie in front, not packed. */
  #readSecond({ header, body }: Page, data: DataPageHeaderV2): OpenPage {
    const rows = rowCount(data.num_values)
    const before = data.repetition_levels_byte_length
    const length = data.definition_levels_byte_length
    const size = header.uncompressed_page_size - before - length
    if (!(before >= 0 && length >= 0 && before + length <= body.length && size >= 0)) {
      throw new Error('a page is cut short')
    }
    const rest = body.subarray(before + length)
    const bytes = data.is_compressed === false ? rest.slice() : this.#unpack(rest, size)
    const validity = this.#kind.optional
      ? new HybridReader(body, before, before + length, 1).readBits(rows)
      : undefined
    return this.#openPage(rows, validity, data.encoding, bytes)
  }

  #openPage(
    rows: number,
    bits: Uint8Array | undefined,
    encoding: DataPageHeader['encoding'],
    bytes: Uint8Array,
  ): OpenPage {
    const count = bits === undefined ? rows : countOnes(bits)
    const dictionary = this.#dictionary
    const page = { kind: this.#kind, encoding, bytes, count, dictionary, deltas: this.#deltas }
    // A page of nothing but nulls may hold no values at all, not even their encoding's header.
    const values = count === 0 ? noValues(this.#kind) : valueReader(page)
    return { rows, validity: count === rows ? undefined : bits, values, taken: 0 }
  }

  #unpack(bytes: Uint8Array, length: number): Uint8Array {
    return this.#codecs.unpack(this.#meta.codec, bytes, length)
  }
}

function rowCount(rows: number): number {
  if (!(rows >= 0)) throw new Error(`a page of ${rows} rows`)
  if (rows > MOST_ROWS) throw new TooLargePage(`a page of ${rows} rows`)
  return rows
}

function noValues({ type }: ColumnKind): ValueReader {
  return { read: () => nullColumn(type, 0) }
}

function rowsOf(page: OpenPage, count: number): Column {
  const from = page.taken
  page.taken += count
  const validity = page.validity && sliceBits(page.validity, from, from + count)
  if (validity === undefined) return page.values.read(count)
  const valued = countOnes(validity)
  const dense = page.values.read(valued)
  if (valued === count) return dense
  return valued === 0 ? nullColumn(dense.type, count) : spread(dense, validity, count)
}
