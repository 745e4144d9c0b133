import type { Column } from './column.ts'
import { canonicalLength, encodeColumn } from './column-codec.ts'
import { concatColumns, nullColumn, sliceColumn } from './column-ops.ts'
import type { Keys } from './key.ts'
import type { ObjectWriter } from './objects.ts'
import type { Schema } from './schema.ts'
import type { RowBlock } from './series-blocks.ts'
import { type Chunk, type ChunkList, writeColumns } from './series-columns.ts'
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

/** Stores one column over a segment, cut into chunks where it is large. */
export async function writeColumn<R extends SegmentRun<R>>(
  writer: ObjectWriter,
  runs: readonly R[],
  position: number,
  limits: SplitLimits,
): Promise<ChunkList> {
  const parts: Column[] = []
  for (const run of runs) parts.push(await run.column(position))
  return writeChunks(writer, concatColumns(parts), runs, limits)
}

/** Stores a column whose rows have the keys of `runs`. */
export async function writeChunks<R extends Run<R>>(
  writer: ObjectWriter,
  column: Column,
  runs: readonly R[],
  limits: SplitLimits,
): Promise<ChunkList> {
  const sizes = cutChunks(runs, (from, to) => canonicalLength(column, from, to), limits)
  const chunks: Chunk[] = []
  let at = 0
  for (const rows of sizes) {
    const bytes = encodeColumn(sliceColumn(column, at, at + rows))
    chunks.push({ rows, id: await writer.put('column', bytes) })
    at += rows
  }
  return chunks
}

/** Stores all columns of a segment and returns its entry. */
export async function writeSegment<R extends SegmentRun<R>>(
  writer: ObjectWriter,
  schema: Schema,
  runs: readonly R[],
  limits: SplitLimits,
): Promise<SegmentEntry> {
  const lists: ChunkList[] = []
  for (let i = 0; i < schema.columns.length; i++) {
    lists.push(await writeColumn(writer, runs, i, limits))
  }
  return {
    key: runs[0]!.first.slice(),
    last: runs[runs.length - 1]!.last.slice(),
    weight: countRows(runs),
    value: await writeColumns(writer, lists),
  }
}
