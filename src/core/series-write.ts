import type { ByteRoom } from './byte-room.ts'
import type { Column } from './column.ts'
import { canonicalLength, encodeColumn } from './column-codec.ts'
import { allRows, type ColumnRows, joinRows } from './column-join.ts'
import { nullColumn, sliceColumn } from './column-ops.ts'
import type { Id } from './id.ts'
import type { Keys } from './key.ts'
import type { ObjectWriter } from './objects.ts'
import { type PendingId, PutsAhead } from './puts-ahead.ts'
import type { Schema } from './schema.ts'
import type { RowBlock } from './series-blocks.ts'
import { type Chunk, type ChunkList, type SegmentColumns, writeColumns } from './series-columns.ts'
import type { SegmentEntry } from './series-segment.ts'
import { countRows, cutChunks, type Run, type SplitLimits, searchBit } from './split.ts'

/** Consecutive rows of a segment, wherever they come from. */
export interface SegmentRun<R> extends Run<R> {
  /** Where their values in one column are, by position in the schema. */
  column(position: number): Promise<ColumnRows>
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

  async column(position: number): Promise<ColumnRows> {
    const column = this.#block.columns[position]
    if (column !== undefined) return { column, from: this.#from, to: this.#from + this.rows }
    return allRows(nullColumn(this.#schema.columns[position]!.type, this.rows))
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
  return writeChunks(writer, await columnOf(runs, position), runs, limits, earlier)
}

async function columnOf<R extends SegmentRun<R>>(
  runs: readonly R[],
  position: number,
  room?: ByteRoom,
): Promise<Column> {
  const parts: ColumnRows[] = []
  for (const run of runs) parts.push(await run.column(position))
  return joinRows(parts, room)
}

/** Stores a column whose rows have the keys of `runs`, in the place of another. */
export async function writeChunks<R extends Run<R>>(
  writer: ObjectWriter,
  column: Column,
  runs: readonly R[],
  limits: SplitLimits,
  earlier?: ChunkList,
): Promise<ChunkList> {
  const chunks: Chunk[] = []
  for (const { rows, canonical, base } of chunksOf(column, runs, limits, earlier)) {
    chunks.push({ rows, id: await writer.put('column', canonical, { base }) })
  }
  return chunks
}

interface NewChunk {
  readonly rows: number
  readonly canonical: Uint8Array
  readonly base: Id | undefined
}

function* chunksOf<R extends Run<R>>(
  column: Column,
  runs: readonly R[],
  limits: SplitLimits,
  earlier: ChunkList = [],
): Generator<NewChunk, void, void> {
  const sizes = cutChunks(runs, (from, to) => canonicalLength(column, from, to), limits)
  let at = 0
  for (const rows of sizes) {
    const canonical = encodeColumn(sliceColumn(column, at, at + rows))
    yield { rows, canonical, base: chunkAt(earlier, at)?.id }
    at += rows
  }
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
  const finish = await startSegment(new PutsAhead(writer, 0), schema, runs, limits, earlier)
  return finish()
}

/** A segment whose columns were put: its entry, once their ids are known. Finished in the order of starting. */
export type StartedSegment = () => Promise<SegmentEntry>

/** As {@link writeSegment}, but the ids of the columns are waited for by who finishes it. */
export async function startSegment<R extends SegmentRun<R>>(
  puts: PutsAhead,
  schema: Schema,
  runs: readonly R[],
  limits: SplitLimits,
  earlier?: EarlierSegment,
): Promise<StartedSegment> {
  const outline = outlineOf(runs)
  const started: { readonly rows: number; readonly id: PendingId }[][] = []
  for (let i = 0; i < schema.columns.length; i++) {
    const chunks: { readonly rows: number; readonly id: PendingId }[] = []
    const column = await columnOf(runs, i, puts.room)
    for (const { rows, canonical, base } of chunksOf(column, runs, limits, earlier?.lists[i])) {
      chunks.push({ rows, id: await puts.put('column', canonical, { base }) })
    }
    started.push(chunks)
  }
  return async () => {
    const lists: ChunkList[] = []
    for (const chunks of started) {
      const list: Chunk[] = []
      for (const { rows, id } of chunks) list.push({ rows, id: await id() })
      lists.push(list)
    }
    return { ...outline, value: await writeColumns(puts.writer, lists, earlier?.columns) }
  }
}

function outlineOf<R extends Run<R>>(runs: readonly R[]): Omit<SegmentEntry, 'value'> {
  return {
    key: runs[0]!.first.slice(),
    last: runs[runs.length - 1]!.last.slice(),
    weight: countRows(runs),
  }
}
