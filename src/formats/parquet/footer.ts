import type { ColumnMetaData, FileMetaData, ParquetParsers, SchemaElement } from 'hyparquet'
import { type RandomAccess, tooLarge } from '../random-access.ts'
import { walkStruct } from './thrift-guard.ts'

const MAGIC = 0x31_52_41_50
const ENCRYPTED = 0x45_52_41_50
/** The magic at the end, and the length of the metadata in front of it. */
const TAIL = 8
/** Where the metadata probably fit. */
const FIRST_LOOK = 64 * 1024
const LARGEST = 256 * 1024 * 1024
/** A column chunk has some fifty. */
const MOST_VALUES = 50_000_000

/** A part of a table's rows: for each column of the first level, where its values lie. */
export interface RowGroup {
  readonly rows: number
  /** Undefined for columns of columns. */
  readonly chunks: readonly (Chunk | undefined)[]
}

export interface Chunk {
  readonly meta: ColumnMetaData
  /** The first byte, and the one behind the last. */
  readonly from: number
  readonly to: number
}

/** What a Parquet file says about itself, checked as far as it will be relied on. */
export interface Footer {
  /** The columns of the first level. */
  readonly columns: readonly SchemaElement[]
  readonly groups: readonly RowGroup[]
  /** Texts beside the table, by their names. */
  readonly texts: ReadonlyMap<string, string>
}

/** Reads the end of a Parquet file; an `Error` where it is not one. */
export async function readFooter(source: RandomAccess, file: string): Promise<Footer> {
  const { bytes: size } = source
  if (size < TAIL + 4) throw new Error(`it has ${size} bytes`)
  let from = Math.max(0, size - FIRST_LOOK)
  let end = await source.read(from, size)
  const view = new DataView(end.buffer, end.byteOffset, end.byteLength)
  const magic = view.getUint32(end.length - 4, true)
  if (magic === ENCRYPTED) throw new Error('it is encrypted')
  if (magic !== MAGIC) throw new Error('it does not end with PAR1')
  const length = view.getUint32(end.length - TAIL, true)
  if (length > size - TAIL - 4) {
    throw new Error(`its metadata are said to have ${length} bytes, the file has ${size}`)
  }
  if (length > LARGEST) throw tooLarge(file, `metadata of ${length} bytes`, { size: length })
  if (length + TAIL > end.length) {
    from = size - TAIL - length
    end = await source.read(from, size)
  }
  const metadata = end.subarray(end.length - TAIL - length)
  walkStruct(metadata.subarray(0, length), 0, MOST_VALUES)
  const { parquetMetadata } = await import('hyparquet/src/metadata.js')
  return checked(parquetMetadata(metadata, { geoparquet: false, parsers: AS_STORED }), size)
}

/** Statistics of times and dates are to be the numbers that the columns have. */
const AS_STORED = {
  dateFromDays: (days: number) => days,
  timestampFromMilliseconds: (units: bigint) => units,
  timestampFromMicroseconds: (units: bigint) => units,
  timestampFromNanoseconds: (units: bigint) => units,
} as unknown as ParquetParsers

function checked(metadata: FileMetaData, size: number): Footer {
  const [root, ...elements] = metadata.schema
  if (root === undefined) throw new Error('it has no schema')
  for (const { name, type_length = 0, num_children = 0 } of elements) {
    if (typeof name !== 'string') throw new Error('a column has no name')
    if (typeof type_length !== 'number' || typeof num_children !== 'number') {
      throw new Error('its schema is no schema')
    }
  }
  const tops = firstLevel(elements)
  const leaves = elements.filter((element) => element.type !== undefined).length
  const groups = metadata.row_groups.map((group) => {
    if (group.columns.length !== leaves) {
      throw new Error(
        `a row group of ${group.columns.length} columns where the schema has ${leaves}`,
      )
    }
    const rows = whole(group.num_rows)
    const chunks = tops.map(({ element, leaf }) => {
      if (element.type === undefined || element.repetition_type === 'REPEATED') return undefined
      return chunkOf(group.columns[leaf]!.meta_data, element, rows, size)
    })
    return { rows, chunks }
  })
  const texts = metadata.key_value_metadata ?? []
  return {
    columns: tops.map(({ element }) => element),
    groups,
    texts: new Map(texts.map(({ key, value }) => [String(key), String(value ?? '')])),
  }
}

/** The columns of the first level, each with the number of its first leaf. */
function firstLevel(elements: readonly SchemaElement[]) {
  const found: { readonly element: SchemaElement; readonly leaf: number }[] = []
  let leaf = 0
  // Children that are still to come of the column of the first level.
  let open = 0
  for (const element of elements) {
    if (open === 0) {
      found.push({ element, leaf })
      open = 1
    }
    open += childCount(element) - 1
    if (element.type !== undefined) leaf++
  }
  if (open !== 0) throw new Error('its schema is cut short')
  return found
}

function childCount({ num_children, type }: SchemaElement): number {
  const count = num_children ?? 0
  if (count < 0 || (count > 0 && type !== undefined)) throw new Error('its schema is no tree')
  return count
}

function chunkOf(
  meta: ColumnMetaData | undefined,
  element: SchemaElement,
  rows: number,
  size: number,
): Chunk {
  if (meta === undefined) throw new Error('a column of it lies elsewhere, or is encrypted')
  if (meta.type !== element.type)
    throw new Error('a column is of another type than the schema says')
  if (whole(meta.num_values) !== rows) throw new Error('columns have different numbers of rows')
  whole(meta.total_uncompressed_size)
  const data = whole(meta.data_page_offset)
  const dictionary = meta.dictionary_page_offset
  // Some writers put 0 where there is none.
  const from =
    dictionary === undefined || dictionary === 0n ? data : Math.min(data, whole(dictionary))
  const to = from + whole(meta.total_compressed_size)
  if (from < 4 || to > size) throw new Error('a column lies beyond the end of the file')
  return { meta, from, to }
}

/** A count or place, which metadata give as 64 bits. */
function whole(value: unknown): number {
  if (typeof value !== 'bigint' || value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Error('its metadata count in absurd numbers')
  }
  return Number(value)
}
