import type { Column } from './column.ts'
import { canonicalLength, encodeColumn } from './column-codec.ts'
import { concatColumns, nullColumn, sliceColumn } from './column-ops.ts'
import type { Keys } from './key.ts'
import type { ObjectWriter } from './objects.ts'
import type { Schema } from './schema.ts'
import type { RowBlock } from './series-blocks.ts'
import { type Chunk, type ChunkList, type SegmentColumns, writeColumns } from './series-columns.ts'
import type { SegmentEntry } from './series-segment.ts'
import { countRows, cutChunks, type Run, type SplitLimits, searchBit } from './split.ts'

/** Consecutive rows of a segment, wherever they come from. */
export interface SegmentRun<R> extends Run<R> {
  /** Their values in one column, by position in the schema. */
  column(position: number): Promise<Column>
}

/** Rows of a block. */
export class BlockRun implements SegmentRun<BlockRun> {
  readonly #schema: Schema
  readonly #block: RowBlock
  readonly #from: number
  readonly rows: number

  constructor(schema: Schema, block: RowBlock, from = 0, to = block.rows) {
    this.#schema = schema
    this.#block = block
    this.#from = from
    this.rows = to - from
  }

  get first(): Uint8Array {
    return this.#block.keys.at(this.#from)
  }

  get last(): Uint8Array {
    return this.#block.keys.at(this.#from + this.rows - 1)
  }

  rowsBefore(bit: number): number {
    return rowsBefore(this.#block.keys, this.#from, this.rows, bit)
  }

  slice(from: number, to: number): BlockRun {
    return new BlockRun(this.#schema, this.#block, this.#from + from, this.#from + to)
  }

  async column(position: number): Promise<Column> {
    const column = this.#block.columns[position]
    if (column === undefined) return nullColumn(this.#schema.columns[position]!.type, this.rows)
    return sliceColumn(column, this.#from, this.#from + this.rows)
  }
}

/** {@link Run.rowsBefore} for `rows` keys from `from` on. */
export function rowsBefore(keys: Keys, from: number, rows: number, bit: number): number {
  return searchBit(rows, (row) => keys.at(from + row), bit)
}

/** The segment in whose place another stands. */
export interface EarlierSegment {
  /** Its columns as it names them. */
  readonly columns: SegmentColumns
  /** Its columns, by their positions in the schema of what takes its place. */
  readonly lists: readonly (ChunkList | undefined)[]
}

/**
 * Stores one column over a segment, cut into chunks where it is large.
 * @param earlier the column in whose place it stands
 */
export async function writeColumn<R extends SegmentRun<R>>(
  writer: ObjectWriter,
  runs: readonly R[],
  position: number,
  limits: SplitLimits,
  earlier?: ChunkList,
): Promise<ChunkList> {
  const parts: Column[] = []
  for (const run of runs) parts.push(await run.column(position))
  return writeChunks(writer, concatColumns(parts), runs, limits, earlier)
}

/** Stores a column whose rows have the keys of `runs`, in the place of another. */
export async function writeChunks<R extends Run<R>>(
  writer: ObjectWriter,
  column: Column,
  runs: readonly R[],
  limits: SplitLimits,
  earlier: ChunkList = [],
): Promise<ChunkList> {
  const sizes = cutChunks(runs, (from, to) => canonicalLength(column, from, to), limits)
  const chunks: Chunk[] = []
  let at = 0
  for (const rows of sizes) {
    const bytes = encodeColumn(sliceColumn(column, at, at + rows))
    const base = chunkAt(earlier, at)?.id
    chunks.push({ rows, id: await writer.put('column', bytes, { base }) })
    at += rows
  }
  return chunks
}

/** The chunk that holds a row, or the last. */
function chunkAt(chunks: ChunkList, row: number): Chunk | undefined {
  let end = 0
  for (const chunk of chunks) {
    end += chunk.rows
    if (row < end) return chunk
  }
  return chunks.at(-1)
}

/** Stores all columns of a segment, in the place of another, and returns its entry. */
export async function writeSegment<R extends SegmentRun<R>>(
  writer: ObjectWriter,
  schema: Schema,
  runs: readonly R[],
  limits: SplitLimits,
  earlier?: EarlierSegment,
): Promise<SegmentEntry> {
  const lists: ChunkList[] = []
  for (let i = 0; i < schema.columns.length; i++) {
    lists.push(await writeColumn(writer, runs, i, limits, earlier?.lists[i]))
  }
  return {
    key: runs[0]!.first.slice(),
    last: runs[runs.length - 1]!.last.slice(),
    weight: countRows(runs),
    value: await writeColumns(writer, lists, earlier?.columns),
  }
}
