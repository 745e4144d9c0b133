import { equalBytes } from './bytes.ts'
import type { Column } from './column.ts'
import { decodeColumnOnce } from './column-codec.ts'
import { concatColumns, sliceColumn, takeRows } from './column-ops.ts'
import { VarveError } from './errors.ts'
import { encodeKeys, type Keys } from './key.ts'
import type { ObjectReader } from './objects.ts'
import type { Schema } from './schema.ts'
import { rankOf } from './series.ts'
import { type Chunk, type ChunkList, readColumns } from './series-columns.ts'
import type { SegmentEntry } from './series-segment.ts'

/** Reads columns of one segment, each chunk once. */
export class LoadedSegment {
  readonly entry: SegmentEntry
  readonly #reader: ObjectReader
  readonly #schema: Schema
  readonly #lists = new Map<number, ChunkList>()
  readonly #columns = new Map<number, Promise<Column>>()
  #keys: Promise<Keys> | undefined

  constructor(reader: ObjectReader, schema: Schema, entry: SegmentEntry) {
    this.#reader = reader
    this.#schema = schema
    this.entry = entry
  }

  get rows(): number {
    return this.entry.weight
  }

  get columnCount(): number {
    return this.#schema.columns.length
  }

  get duplicates(): boolean {
    return this.#schema.duplicates
  }

  get indexPositions(): readonly number[] {
    return Array.from({ length: this.#schema.indexCount }, (_, i) => i)
  }

  /** Finds out at once where all columns are: for those who want most of them. */
  async locateAll(): Promise<void> {
    await this.chunkLists(this.#schema.columns.map((_, i) => i))
  }

  /** Where the columns at these positions are. */
  async chunkLists(positions: readonly number[]): Promise<ChunkList[]> {
    const unknown = positions.filter((position) => !this.#lists.has(position))
    if (unknown.length === 0) return positions.map((position) => this.#lists.get(position)!)
    const count = this.#schema.columns.length
    const lists = await readColumns(this.#reader, this.entry.value, count, this.rows, unknown)
    unknown.forEach((position, i) => {
      this.#lists.set(position, lists[i]!)
    })
    return positions.map((position) => this.#lists.get(position)!)
  }

  /** A whole column. */
  column(position: number): Promise<Column> {
    let column = this.#columns.get(position)
    if (column === undefined) {
      column = this.#readColumn(position)
      this.#columns.set(position, column)
    }
    return column
  }

  async #readColumn(position: number): Promise<Column> {
    const [chunks] = await this.chunkLists([position])
    const { type } = this.#schema.columns[position]!
    const parts: Column[] = []
    for (const chunk of chunks!) parts.push(await readChunk(this.#reader, chunk, type))
    return concatColumns(parts)
  }

  /** The keys of all rows; `corrupt-object` where they are not those that the entry says. */
  keys(): Promise<Keys> {
    this.#keys ??= this.#readKeys()
    return this.#keys
  }

  /** Keys among which are those of some rows, and where each of them is: of no more rows, if that can be. */
  async keysOf(rows: Int32Array): Promise<{ keys: Keys; places: Int32Array }> {
    const isKnown = this.#keys !== undefined
    if (isKnown || this.duplicates || rows.length === 0) {
      return { keys: await this.keys(), places: rows }
    }
    const columns: Column[] = []
    for (const i of this.indexPositions) {
      columns.push(takeRows(await this.column(i), Uint32Array.from(rows)))
    }
    return { keys: encodeKeys(columns), places: Int32Array.from(rows.keys()) }
  }

  async #readKeys(): Promise<Keys> {
    const { indexCount, duplicates } = this.#schema
    const { key, last } = this.entry
    const columns: Column[] = []
    await this.chunkLists(this.indexPositions)
    for (let i = 0; i < indexCount; i++) columns.push(await this.column(i))
    let keys: Keys
    try {
      keys = encodeKeys(columns)
      if (duplicates) keys = encodeKeys(columns, ranks(keys, key))
    } catch (cause) {
      if (!(cause instanceof VarveError)) throw cause
      throw new VarveError('corrupt-object', 'a segment has bad keys', { cause })
    }
    const inOrder = keys.firstNotAscending() === keys.length
    if (!inOrder || !equalBytes(keys.at(0), key) || !equalBytes(keys.at(keys.length - 1), last)) {
      throw new VarveError('corrupt-object', 'the keys of a segment are not those of its entry')
    }
    return keys
  }
}

/** Ranks of rows with these groups, the first of which has the whole key `first`. */
export function ranks(groups: Keys, first: Uint8Array): Uint32Array {
  return groups.ranks(rankOf(first))
}

/** Reads a chunk; `corrupt-object` unless it has the type and rows that the series says. */
export async function readChunk(
  reader: ObjectReader,
  chunk: Chunk,
  type: Column['type'],
): Promise<Column> {
  const bytes = await reader.read(chunk.id, 'column')
  const column = decodeColumnOnce(bytes, { maxRows: chunk.rows })
  if (column.type !== type || column.length !== chunk.rows) {
    throw new VarveError('corrupt-object', 'a column is not what its series says it is', {
      data: { id: chunk.id, found: column.type, expected: type },
    })
  }
  return column
}

/** Reads rows of one column in ascending stretches, holding one chunk. */
export class ChunkCursor {
  readonly #reader: ObjectReader
  readonly #type: Column['type']
  readonly #chunks: ChunkList
  #index = 0
  /** First row of the chunk at `#index`. */
  #start = 0
  #column: Column | undefined

  constructor(reader: ObjectReader, type: Column['type'], chunks: ChunkList) {
    this.#reader = reader
    this.#type = type
    this.#chunks = chunks
  }

  /** The end of the chunk that row `row` is in; rows must not go back. */
  endOfChunk(row: number): number {
    while (row >= this.#start + this.#chunks[this.#index]!.rows) {
      this.#start += this.#chunks[this.#index]!.rows
      this.#index++
      this.#column = undefined
    }
    return this.#start + this.#chunks[this.#index]!.rows
  }

  /** Rows `from` to `to` (exclusive), within one chunk. */
  async read(from: number, to: number): Promise<Column> {
    this.endOfChunk(from)
    this.#column ??= await readChunk(this.#reader, this.#chunks[this.#index]!, this.#type)
    return sliceColumn(this.#column, from - this.#start, to - this.#start)
  }
}
