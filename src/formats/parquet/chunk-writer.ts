import { crc32 } from 'node:zlib'
import type { ColumnChunk, Encoding, PageHeader, SchemaElement } from 'hyparquet'
import type { ByteWriter } from 'hyparquet-writer'
import type { Column } from '../../core/column.ts'
import { rawColumn } from '../../core/column-layout.ts'
import { sliceColumn } from '../../core/column-ops.ts'
import { VarveError } from '../../core/errors.ts'
import type { Codecs } from './codecs.ts'
import { packDeltas } from './deltas64.ts'
import { Dictionary, packPlaces } from './dictionary.ts'
import { countOnes } from './hybrid.ts'
import { plainValues } from './plain-values.ts'
import { ChunkStatistics } from './statistics.ts'

/** What packs pages and writes their headers. */
export interface PageTools {
  readonly codecs: Codecs
  readonly newWriter: () => ByteWriter
  readonly writeHeader: (writer: ByteWriter, header: PageHeader) => void
}

/** Values of varying length are cut into pages of about so many bytes. */
const PAGE_BYTES = 1 << 20

/** Deltas are written where they take less than this part of the values themselves. */
const MOST_OF_PLAIN = 0.75

/** Collects the pages of a column for a row group. */
export class ChunkWriter {
  readonly #element: SchemaElement
  readonly #tools: PageTools
  readonly #pages: Uint8Array[] = []
  readonly #statistics = new ChunkStatistics()
  readonly #encodings = new Set<Encoding>()
  readonly #dictionary: Dictionary
  /** Whether further pages may refer to the dictionary. */
  #isOpen = true
  /** Whether a page does. */
  #isUsed = false
  #rows = 0
  #unpacked = 0
  #packed = 0

  /** @param before the same column's writer in the row group before */
  constructor(
    element: SchemaElement,
    type: Column['type'],
    tools: PageTools,
    before: ChunkWriter | undefined,
  ) {
    this.#element = element
    this.#tools = tools
    this.#dictionary = new Dictionary(type)
    // Where a dictionary did not pay from the first page on it hardly will later.
    if (before !== undefined) this.#isOpen = before.#isOpen || before.#isUsed
  }

  /** Bytes of the pages so far. */
  get bytes(): number {
    return this.#packed
  }

  add(column: Column): void {
    const { offsets, length, type } = column
    if (offsets === undefined) {
      this.#addPage(type === 'timestamp_s' ? inMilliseconds(column) : column)
      return
    }
    for (let from = 0; from < length; ) {
      let to = from + 1
      while (to < length && offsets[to + 1]! - offsets[from]! <= PAGE_BYTES) to++
      this.#addPage(sliceColumn(column, from, to))
      from = to
    }
  }

  /** Ends the row group: hands out its bytes, which begin at `offset` of the file, and their notes. */
  finish(offset: number): { readonly pieces: readonly Uint8Array[]; readonly chunk: ColumnChunk } {
    const pieces = [...this.#pages]
    let data = offset
    if (this.#isUsed) {
      const { values, size } = this.#dictionary
      const page = this.#page(plainValues(values), {
        type: 'DICTIONARY_PAGE',
        dictionary_page_header: { num_values: size, encoding: 'PLAIN' },
      })
      pieces.unshift(page)
      this.#encodings.add('PLAIN')
      data += page.length
    }
    const { type, name } = this.#element
    return {
      pieces,
      chunk: {
        file_offset: 0n,
        meta_data: {
          type: type!,
          encodings: [...this.#encodings],
          path_in_schema: [name],
          codec: 'ZSTD',
          num_values: BigInt(this.#rows),
          total_uncompressed_size: BigInt(this.#unpacked),
          total_compressed_size: BigInt(this.#packed),
          data_page_offset: BigInt(data),
          ...(this.#isUsed && { dictionary_page_offset: BigInt(offset) }),
          statistics: this.#statistics.finish(),
        },
      },
    }
  }

  #addPage(column: Column): void {
    const { length, validity, type } = column
    const valued = type === 'null' ? 0 : validity === undefined ? length : countOnes(validity)
    this.#rows += length
    this.#statistics.add(column, length - valued)
    const places = this.#places(column, valued)
    const deltas = places === undefined ? this.#deltas(column) : undefined
    const encoding = encodingOf(places, deltas)
    const values =
      places !== undefined
        ? packPlaces(places, bitsOf(this.#dictionary.size))
        : (deltas ?? plainValues(column))
    const levels = this.#element.repetition_type === 'REQUIRED' ? [] : [levelsOf(column, valued)]
    this.#encodings.add(encoding)
    this.#pages.push(
      this.#page(levels.length === 0 ? values : Buffer.concat([...levels, values]), {
        type: 'DATA_PAGE',
        data_page_header: {
          num_values: length,
          encoding,
          definition_level_encoding: 'RLE',
          repetition_level_encoding: 'RLE',
        },
      }),
    )
    this.#encodings.add('RLE')
  }

  /** Where the values are in the dictionary; undefined where they are written themselves. */
  #places(column: Column, valued: number): Uint32Array | undefined {
    if (!this.#isOpen || valued === 0 || !Dictionary.takes(column)) return undefined
    const places = this.#dictionary.places(column)
    // One of values that hardly repeat is longer than they are.
    const pays = places !== undefined && (this.#isUsed || this.#dictionary.size * 2 <= valued)
    this.#isOpen = pays
    this.#isUsed ||= pays
    return pays ? places : undefined
  }

  /** 64-bit integers as deltas, where those are clearly shorter; times mostly. */
  #deltas(column: Column): Uint8Array | undefined {
    if (this.#element.type !== 'INT64') return undefined
    const bytes = plainValues(column)
    if (bytes.length === 0) return undefined
    const values = new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)
    return packDeltas(values, Math.floor(bytes.length * MOST_OF_PLAIN))
  }

  #page(
    bytes: Uint8Array,
    header: Omit<PageHeader, 'uncompressed_page_size' | 'compressed_page_size'>,
  ): Uint8Array {
    const { codecs, newWriter, writeHeader } = this.#tools
    const body = codecs.pack(bytes)
    const writer = newWriter()
    writeHeader(writer, {
      ...header,
      uncompressed_page_size: bytes.length,
      compressed_page_size: body.length,
      crc: crc32(body) | 0,
    })
    const head = writer.getBytes()
    this.#unpacked += head.length + bytes.length
    this.#packed += head.length + body.length
    return Buffer.concat([head, body])
  }
}

/** Times in seconds in the unit that Parquet has. */
function inMilliseconds({ length, validity, values }: Column): Column {
  const millis = (values as BigInt64Array).map((seconds) => {
    const product = seconds * 1000n
    if (BigInt.asIntN(64, product) === product) return product
    throw new VarveError(
      'invalid-value',
      `${seconds} s since 1970 are more than 64 bits of milliseconds`,
      { data: { value: String(seconds) }, hint: 'Parquet has no seconds; CSV and Arrow have' },
    )
  })
  return rawColumn('timestamp_ms', length, millis, validity)
}

function encodingOf(places: Uint32Array | undefined, deltas: Uint8Array | undefined): Encoding {
  if (places !== undefined) return 'RLE_DICTIONARY'
  return deltas === undefined ? 'PLAIN' : 'DELTA_BINARY_PACKED'
}

/** Bits of the places in a dictionary of so many values. */
function bitsOf(size: number): number {
  return Math.max(1, 32 - Math.clz32(size - 1))
}

/** Which rows have a value, behind its length: a run where all have or none has, else bit by bit. */
function levelsOf({ length, validity }: Column, valued: number): Uint8Array {
  const isRun = valued === length || valued === 0
  const groups = Math.ceil(length / 8)
  const head: number[] = []
  let rest = isRun ? length * 2 : groups * 2 + 1
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) | 0x80)
  head.push(rest)
  if (isRun) head.push(valued === 0 ? 0 : 1)
  const levels = new Uint8Array(4 + head.length + (isRun ? 0 : groups))
  new DataView(levels.buffer).setUint32(0, levels.length - 4, true)
  levels.set(head, 4)
  if (!isRun) levels.set(validity!, 4 + head.length)
  return levels
}
