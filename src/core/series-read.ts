import type { KeyBound } from './bounds.ts'
import { compareBytes } from './bytes.ts'
import type { Column } from './column.ts'
import { VarveError } from './errors.ts'
import { type RowWindow, windowRange } from './frame-window.ts'
import type { ObjectReader } from './objects.ts'
import { ProllyCursor } from './prolly.ts'
import type { Frame, Schema } from './schema.ts'
import { formatOf, type Series } from './series.ts'
import type { SegmentColumns } from './series-columns.ts'
import { ChunkCursor, LoadedSegment } from './series-load.ts'
import { type KeyRange, keyRange } from './series-range.ts'

export type { KeyBound }

/** Its window is over the rows of the range. */
export interface ReadRowsOptions extends RowWindow {
  /** Rows before it are left out. */
  readonly from?: KeyBound | undefined
  /** Rows after it are left out. */
  readonly to?: KeyBound | undefined
  /** Names of the value columns wanted, in that order; index columns are always there, first. */
  readonly columns?: readonly string[] | undefined
  /** Rows per frame at most. */
  readonly batchRows?: number | undefined
}

/** Columns read at the same time. */
const PARALLEL_COLUMNS = 16

/**
 * The rows of a series in key order, in frames that lie within one segment (and within one chunk
 * of each column, so that frames of large values stay small). Only the segments in the range and
 * the columns wanted are read. `column-not-found` where a column is named that is not there.
 */
export async function* readRows(
  reader: ObjectReader,
  series: Series,
  options: ReadRowsOptions = {},
): AsyncGenerator<Frame> {
  const { schema, positions } = selectColumns(series.schema, options.columns)
  const range = await rowRange(reader, series, keyRange(options))
  const wanted = windowRange(options, range.end - range.start)
  const start = range.start + wanted.start
  const end = range.start + wanted.end
  if (start >= end) return
  const cursor = new ProllyCursor(reader, formatOf(series.schema), series.root)
  for (let more = await cursor.seekWeight(start); more; more = await cursor.next()) {
    const base = cursor.offset
    if (base >= end) return
    const segment = new LoadedSegment(reader, series.schema, cursor.entry!)
    const from = Math.max(start - base, 0)
    const to = Math.min(end - base, segment.rows)
    yield* readSegment(
      reader,
      segment,
      series.schema,
      schema,
      positions,
      from,
      to,
      options.batchRows,
    )
  }
}

async function* readSegment(
  reader: ObjectReader,
  segment: LoadedSegment,
  stored: Schema,
  schema: Schema,
  positions: readonly number[],
  from: number,
  to: number,
  batchRows = Number.POSITIVE_INFINITY,
): AsyncGenerator<Frame> {
  const lists = await segment.chunkLists(positions)
  const cursors = lists.map(
    (chunks, i) => new ChunkCursor(reader, stored.columns[positions[i]!]!.type, chunks),
  )
  for (let at = from; at < to; ) {
    let end = Math.min(to, at + batchRows)
    for (const cursor of cursors) end = Math.min(end, cursor.endOfChunk(at))
    const columns: Column[] = []
    for (let i = 0; i < cursors.length; i += PARALLEL_COLUMNS) {
      const some = cursors.slice(i, i + PARALLEL_COLUMNS)
      columns.push(...(await Promise.all(some.map((cursor) => cursor.read(at, end)))))
    }
    yield { schema, columns, rows: end - at }
    at = end
  }
}

/** The schema that a reader of these value columns sees, and where its columns are. */
export function selectColumns(
  schema: Schema,
  names: readonly string[] | undefined,
): { schema: Schema; positions: readonly number[] } {
  const all = schema.columns.map((_, i) => i)
  if (names === undefined) return { schema, positions: all }
  const places = new Map(schema.columns.map(({ name }, i) => [name, i]))
  const wanted = new Set(all.slice(0, schema.indexCount))
  for (const name of names) {
    const position = places.get(name)
    if (position === undefined) {
      throw new VarveError('column-not-found', `there is no column ${JSON.stringify(name)}`, {
        data: { column: name, columns: schema.columns.map((column) => column.name) },
      })
    }
    wanted.add(position)
  }
  const positions = [...wanted]
  const columns = positions.map((position) => schema.columns[position]!)
  return { schema: { ...schema, columns }, positions }
}

/** Row numbers, counted from 0, of the rows whose keys are in the range: `end` is exclusive. */
async function rowRange(
  reader: ObjectReader,
  series: Series,
  { from, to }: KeyRange,
): Promise<{ start: number; end: number }> {
  const cursor = new ProllyCursor(reader, formatOf(series.schema), series.root)
  const start = from === undefined ? 0 : await rowsBelow(reader, series, cursor, from)
  const end = to === undefined ? series.rows : await rowsBelow(reader, series, cursor, to)
  return { start, end }
}

/** How many rows have keys less than `key`: reads the index of one segment at most. */
async function rowsBelow(
  reader: ObjectReader,
  series: Series,
  cursor: ProllyCursor<SegmentColumns>,
  key: Uint8Array,
): Promise<number> {
  if (!(await cursor.seek(key))) return series.rows
  const entry = cursor.entry!
  if (compareBytes(entry.key, key) >= 0) return cursor.offset
  const keys = await new LoadedSegment(reader, series.schema, entry).keys()
  return cursor.offset + keys.lowerBound(key)
}

/** How many rows a range of keys has. */
export async function countRows(
  reader: ObjectReader,
  series: Series,
  options: Pick<ReadRowsOptions, 'from' | 'to'> = {},
): Promise<number> {
  const { start, end } = await rowRange(reader, series, keyRange(options))
  return Math.max(0, end - start)
}
