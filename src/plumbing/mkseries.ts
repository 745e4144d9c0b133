import type { ColumnType } from '../core/column.ts'
import { decodeColumn } from '../core/column-codec.ts'
import { canWiden, widenColumn } from '../core/column-ops.ts'
import { VarveError } from '../core/errors.ts'
import { indexColumns, makeFrame, sliceFrame, takeFrame } from '../core/frame.ts'
import type { Id } from '../core/id.ts'
import { encodeKeys } from '../core/key.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { orderedSchema, parseColumnType } from '../core/schema-codec.ts'
import type { SeriesResult } from '../core/series.ts'
import { buildSeries } from '../core/series-build.ts'
import { SEGMENT_ROWS } from '../core/split.ts'
import { type CsvDialect, readCsv } from '../formats/csv/index.ts'
import { sortFrames } from '../formats/sort-frames.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { openSpill } from '../storage/spill.ts'

/** A column of a series to be made: its values are a `column` object of any length. */
export interface SeriesColumn {
  readonly name: string
  readonly type: ColumnType
  readonly id: Id
}

export interface MakeSeriesOptions {
  /** Names of the index columns, in the order that sorts; the first column unless given. */
  readonly index?: readonly string[]
  /** Whether rows with equal keys are allowed. */
  readonly duplicates?: boolean
  readonly signal?: AbortSignal
}

/**
 * Stores a series of columns that are stored already: sorts the rows by key (rows with equal keys
 * keep their order) and cuts them into segments.
 *
 * `bad-input` where a key repeats although duplicates are not allowed, or the index has a null;
 * `schema-mismatch` where columns differ in length or one is not of its type, nor of one that
 * widens to it without loss.
 */
export async function mkseries(
  store: ObjectStore,
  columns: readonly SeriesColumn[],
  options: MakeSeriesOptions = {},
): Promise<SeriesResult> {
  const schema = orderedSchema(columns, options.index, options.duplicates ?? false)
  const frame = sortedFrame(await readFrame(store, columns, schema))
  return mkseriesOfFrames(store, schema, slices(frame), options.signal)
}

export interface MakeSeriesOfCsvOptions extends CsvDialect {
  readonly signal?: AbortSignal | undefined
}

/** Stores a series of the rows of a CSV file, in any order, whose header has the schema's names. */
export async function mkseriesOfCsv(
  store: ObjectStore,
  source: AsyncIterable<Uint8Array>,
  schema: Schema,
  options: MakeSeriesOfCsvOptions = {},
): Promise<SeriesResult> {
  const { signal, ...dialect } = options
  const spill = openSpill()
  const frames = readCsv(source, { schema, ...dialect, spill })
  return mkseriesOfFrames(store, schema, sortFrames(frames, schema, { spill }), signal)
}

/** Stores a series of rows that come in key order. */
async function mkseriesOfFrames(
  store: ObjectStore,
  schema: Schema,
  frames: Iterable<Frame> | AsyncIterable<Frame>,
  signal?: AbortSignal,
): Promise<SeriesResult> {
  const batch = await store.begin(signal === undefined ? {} : { signal })
  try {
    const result = await buildSeries(batch, schema, frames)
    await batch.publish()
    return result
  } finally {
    await batch.discard()
  }
}

/** Reads `NAME:TYPE:ID` from the right, for a name may have colons in it. */
export function parseSeriesColumn(text: string): { name: string; type: ColumnType; id: string } {
  const match = /^(.+):([^:]*):([^:]*)$/s.exec(text)
  if (match === null) {
    throw new VarveError('usage', `not a column: ${JSON.stringify(text)}`, {
      hint: 'a column is given as NAME:TYPE:ID, for example Price:float64:3f2a9c…',
    })
  }
  return { name: match[1]!, type: parseColumnType(match[2]!), id: match[3]! }
}

async function readFrame(
  store: ObjectStore,
  given: readonly SeriesColumn[],
  schema: Schema,
): Promise<Frame> {
  const ids = new Map(given.map(({ name, id }) => [name, id]))
  const columns = []
  for (const { name, type } of schema.columns) {
    const id = ids.get(name)!
    const stored = await store.readAny(id)
    if (stored.kind !== 'column') {
      throw new VarveError('bad-input', `${id} is a ${stored.kind}, not a column`, {
        data: { column: name, id, found: stored.kind, expected: 'column' },
        ...(stored.kind === 'blob' && { hint: 'varve hash-object -w --type makes a column' }),
      })
    }
    const column = decodeColumn(stored.bytes)
    if (column.type !== type && !canWiden(column.type, type)) {
      throw new VarveError(
        'schema-mismatch',
        `column ${JSON.stringify(name)} is given as ${type}, but its values are ${column.type}`,
        { data: { column: name, found: column.type, expected: type, id } },
      )
    }
    columns.push(column.type === type ? column : widenColumn(column, type))
  }
  return makeFrame(schema, columns)
}

function sortedFrame(frame: Frame): Frame {
  const keys = encodeKeys(indexColumns(frame))
  if (keys.firstNotAscending() === keys.length) return frame
  return takeFrame(frame, keys.order())
}

function* slices(frame: Frame): Generator<Frame> {
  for (let at = 0; at < frame.rows; at += SEGMENT_ROWS) {
    yield sliceFrame(frame, at, Math.min(at + SEGMENT_ROWS, frame.rows))
  }
}
