import { setImmediate } from 'node:timers/promises'
import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import {
  checkWindow,
  gatherFrames,
  type RowWindow,
  windowFrames,
  windowRange,
} from '../core/frame-window.ts'
import { nearest } from '../core/nearest.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { readSeries } from '../core/series.ts'
import { intersectBounds } from '../core/series-range.ts'
import { countRows, readRows, selectColumns } from '../core/series-read.ts'
import {
  bindWhere,
  columnsOfWhere,
  parseWhere,
  type RowFilter,
  type Where,
  type WhereZone,
} from '../core/where.ts'
import { openZoneUnlessUtc } from '../core/zone.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type ResolvedSeries, resolveSeries, type SeriesName } from '../plumbing/resolve-series.ts'
import { zoneNameAt } from '../plumbing/series-zone.ts'
import { throwIfInterrupted } from './interruptible.ts'

/** Which rows and columns of a table are wanted. */
export interface RowSelection extends BoundTexts, RowWindow {
  /** Names of the value columns wanted, in that order; the index columns are always there. */
  readonly columns?: readonly string[] | undefined
  /** What must be true of a row, as `docs/where.md` has it; the window counts the rows that are left. */
  readonly where?: string | undefined
  /** The zone of bounds without an offset and of what is shown; the series' own unless given. */
  readonly zone?: string | undefined
  /** Told how many rows were read, some thousand at a time, before `where` leaves any out. */
  readonly onRows?: ((rows: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ReadSeriesOptions extends SeriesName, RowSelection {}

/** Rows on their way out. */
export interface ReadRowsResult {
  readonly schema: Schema
  /** Rows that will be read, where that is known before: without `where` those that `frames` gives. */
  readonly rows: number | undefined
  /**
   * The zone that times are to be shown in: what was asked for, else the one that the settings name;
   * of several series where all have the same.
   */
  readonly zone: string | undefined
  frames(): AsyncGenerator<Frame>
}

export interface ReadSeriesResult extends ReadRowsResult {
  readonly series: ResolvedSeries
  readonly rows: number
}

/** The rows of a series at a revision, in key order, streamed. */
export async function readSeriesRows(
  repo: Repository,
  options: ReadSeriesOptions,
): Promise<ReadSeriesResult> {
  const where = readSelection(options)
  const found = await resolveSeries(repo, options)
  const series = await readSeries(repo.objects, found.entry.id)
  const zone = options.zone ?? (await zoneNameAt(repo.objects, found.tree, found.path))
  const clock = await openZoneUnlessUtc(zone)
  const texts = boundsFor(series.schema, options, clock)
  const asked = { columns: options.columns, where, zone: clock }
  const { schema, columns, filter } = planColumns(series.schema, asked, found.path)
  const bounds = filter === undefined ? texts : intersectBounds(texts, filter.bounds)
  const { offset, limit, tail, onRows, signal } = options
  const window = { offset, limit, tail }
  const inRange = await countRows(repo.objects, series, bounds)
  const given = filter === undefined ? { ...bounds, ...window } : bounds
  const read = () => readRows(repo.objects, series, { ...given, columns })
  return {
    series: found,
    schema,
    zone,
    rows: filter === undefined ? windowRows(window, inRange) : inRange,
    frames: () => selectRows(watched(read(), { onRows, signal }), { filter, schema, window }),
  }
}

/** Checks what can be checked before anything is read, and gives the condition. */
export function readSelection(selection: RowSelection): Where | undefined {
  checkWindow(selection)
  return selection.where === undefined ? undefined : parseWhere(selection.where)
}

export interface ColumnPlan {
  /** What goes out. */
  readonly schema: Schema
  /** What is read: the columns of `schema`, then those that only the condition needs. */
  readonly reading: Schema
  /** The names of the value columns that are read; undefined for all. */
  readonly columns: readonly string[] | undefined
  readonly filter: RowFilter | undefined
}

export interface ColumnsAsked {
  readonly columns: readonly string[] | undefined
  readonly where: Where | undefined
  /** Of times in the condition without an offset; UTC where it is undefined. */
  readonly zone: WhereZone | undefined
}

/** Which columns are read for those wanted; `column-not-found` with the nearest name, `usage`. */
export function planColumns(
  whole: Schema,
  { columns: wanted, where, zone }: ColumnsAsked,
  name: string,
): ColumnPlan {
  const { schema } = select(whole, wanted, name)
  if (where === undefined) return { schema, reading: schema, columns: wanted, filter: undefined }
  const known = new Set(whole.columns.map((column) => column.name))
  const needed = [...columnsOfWhere(where)].filter((column) => known.has(column))
  const columns = wanted === undefined ? undefined : [...wanted, ...needed]
  const reading = select(whole, columns, name).schema
  // Against all columns: the condition may name one that is not there, and the nearest is wanted.
  if (needed.length < columnsOfWhere(where).size) bindWhere(where, whole, zone)
  return { schema, reading, columns, filter: bindWhere(where, reading, zone) }
}

function select(schema: Schema, columns: readonly string[] | undefined, name: string) {
  try {
    return selectColumns(schema, columns)
  } catch (error) {
    if (!hasCode(error, 'column-not-found')) throw error
    const names = schema.columns.map((column) => column.name)
    throw columnNotFound(String(error.data.column), names, name)
  }
}

/** The error for a column that is in none of the series that `where` calls by name. */
export function columnNotFound(
  column: string,
  names: readonly string[],
  where: string,
): VarveError {
  const near = nearest(column, names)
  const message = `there is no column ${JSON.stringify(column)} in ${where}`
  return new VarveError('column-not-found', message, {
    data: { column, columns: names, series: where },
    hint: near === undefined ? `it has ${names.join(', ')}` : `did you mean ${near}?`,
  })
}

/** Frames of which the reader says how far it has come, and which end where the signal says so. */
export async function* watched(
  frames: AsyncIterable<Frame>,
  { onRows, signal }: Pick<RowSelection, 'onRows' | 'signal'>,
): AsyncGenerator<Frame> {
  for await (const frame of frames) {
    // Where all rows are left out nobody else lets signals in.
    await setImmediate()
    throwIfInterrupted(signal)
    onRows?.(frame.rows)
    yield frame
  }
}

interface Selecting extends Pick<ColumnPlan, 'schema' | 'filter'> {
  /** Of the rows that the condition leaves; without one the frames have been cut already. */
  readonly window: RowWindow
}

/** The rows that a condition leaves, as they go out. */
export async function* selectRows(
  frames: AsyncIterable<Frame>,
  { filter, schema, window }: Selecting,
): AsyncGenerator<Frame> {
  if (filter === undefined) {
    yield* frames
    return
  }
  const kept = async function* (): AsyncGenerator<Frame> {
    for await (const frame of frames) {
      const { columns, rows } = filter.filter(frame)
      yield { schema, columns: columns.slice(0, schema.columns.length), rows }
    }
  }
  yield* windowFrames(gatherFrames(kept()), window)
}

/** How many rows a window has where there are so many. */
export function windowRows(window: RowWindow, rows: number): number {
  const { start, end } = windowRange(window, rows)
  return end - start
}
