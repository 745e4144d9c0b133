import { type Column, type ColumnType, isTimestampType } from '../core/column.ts'
import { concatColumns, nullColumn, takeRows } from '../core/column-ops.ts'
import { lastSecondOf } from '../core/commit-date.ts'
import { addDuration, type Duration, instantAt } from '../core/duration.ts'
import { VarveError } from '../core/errors.ts'
import { floorDiv } from '../core/floor-div.ts'
import { sliceFrame } from '../core/frame.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { seriesVintages } from '../core/series-vintages.ts'
import { formatSeconds, unitsPerSecond } from '../core/time.ts'
import { STILL, type VintageBatch } from '../core/vintage-rows.ts'
import type { Zone } from '../core/zone.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import { count } from './change-summary.ts'
import type { LoadedVersions } from './load-versions.ts'
import { type ReadRowsResult, type RowSelection, watched } from './read-rows.ts'
import { selectVintages, type VintageNotes } from './select-vintages.ts'

export const beforeHistoryChoices = ['drop', 'null', 'use'] as const
/** What becomes of rows that are older than the history which holds them. */
export type BeforeHistory = (typeof beforeHistoryChoices)[number]

export interface ReadKnownOptions extends SeriesName, RowSelection {
  /** How long after its time each row is looked at; the value that it had first unless given. */
  readonly lag?: Duration | undefined
  /** `before-history` where there are such rows and nothing says what becomes of them. */
  readonly beforeHistory?: BeforeHistory | undefined
}

/** How many rows are not as they were asked for; complete once the frames have been read. */
export interface KnownCounts {
  /** They are older than the history which holds them. */
  beforeHistory: number
  /** They were not known yet, or not any more, when they were looked at. */
  unknown: number
  /** The time at which they are to be looked at has not come. */
  pending: number
}

export interface ReadKnownResult extends ReadRowsResult, VintageNotes {
  readonly loaded: LoadedVersions
  readonly counts: KnownCounts
  /** When history begins: the first version's second, since 1970. */
  readonly begins: number
}

/**
 * Each row as it was first known, or as it was known a while after its time: what a program of that time
 * could have read. Rows that were deleted later are among them. The time of a row is that of its first
 * index column of times; of a date it is the end of that day, in the series' zone.
 *
 * Errors as `selectVintages`; `usage` where a lag is asked for and no index column is a time; `before-history`
 * where rows are older than the first version and nothing says what becomes of them.
 */
export async function readKnownRows(
  repo: Repository,
  options: ReadKnownOptions,
): Promise<ReadKnownResult> {
  const { lag, beforeHistory } = options
  const { loaded, plan, versions, reading, ...selected } = await selectVintages(repo, options)
  const { found, clock } = loaded
  const seconds = versions.map((version) => version.seconds)
  const begins = seconds[0]!
  const time = timeColumn(plan.schema)
  if (time === undefined && lag !== undefined) throw noTime(found.path, plan.schema)
  const horizon = options.asOf
    ? lastSecondOf(options.asOf)
    : (options.now?.seconds ?? Number.POSITIVE_INFINITY)
  const counts: KnownCounts = { beforeHistory: 0, unknown: 0, pending: 0 }
  const picker = { seconds, lag, horizon, begins, clock, time }
  const frames = async function* (handling: BeforeHistory, counted: KnownCounts) {
    for await (const batch of seriesVintages(repo.objects, plan, selected.range)) {
      const picks = pickRows(batch, picker, handling, counted)
      const frame = pickedFrame(reading, batch, picks)
      for (let at = 0; at < frame.rows; at += FRAME_ROWS) {
        yield sliceFrame(frame, at, Math.min(frame.rows, at + FRAME_ROWS))
      }
    }
  }
  if (beforeHistory === undefined) {
    const tried: KnownCounts = { beforeHistory: 0, unknown: 0, pending: 0 }
    const { signal } = options
    for await (const _ of watched(frames('drop', tried), { onRows: undefined, signal }));
    if (tried.beforeHistory > 0) throw older(tried.beforeHistory, begins)
  }
  return {
    loaded,
    ...selected.notes,
    counts,
    begins,
    schema: selected.schema,
    rows: undefined,
    zone: loaded.zone,
    frames() {
      Object.assign(counts, { beforeHistory: 0, unknown: 0, pending: 0 })
      return selected.rows(frames(beforeHistory ?? 'drop', counts))
    },
  }
}

const FRAME_ROWS = 32_768

function older(rows: number, begins: number): VarveError {
  const since = `${formatSeconds(BigInt(begins))}Z`
  const are = rows === 1 ? 'row is' : 'rows are'
  return new VarveError(
    'before-history',
    `${rows.toLocaleString('en-US')} ${are} older than the history that holds them, which begins at ${since}`,
    {
      data: { rows, begins: since },
      hint: '--before-history drop leaves them out, null empties them, use takes the first values known',
    },
  )
}

function noTime(path: string, schema: Schema): VarveError {
  const index = schema.columns
    .slice(0, schema.indexCount)
    .map(({ name, type }) => `${name}:${type}`)
  return new VarveError(
    'usage',
    `the rows of ${path} have no time: its index is ${index.join(', ')}`,
    {
      data: { series: path, index },
      hint: '--first-print needs none',
    },
  )
}

/** What rows that are left out or emptied are told as, a line each. */
export function describeCounts(
  { beforeHistory, unknown, pending }: KnownCounts,
  handling: BeforeHistory | undefined,
  begins: number,
): string[] {
  const lines: string[] = []
  if (beforeHistory > 0) {
    const what = { drop: 'left out', null: 'given as null', use: 'given as they were first known' }
    const since = `${formatSeconds(BigInt(begins))}Z`
    const are = beforeHistory === 1 ? 'is' : 'are'
    lines.push(
      `${count(beforeHistory, 'row')} ${are} older than the history, which begins at ${since}: ${what[handling ?? 'drop']}`,
    )
  }
  if (unknown > 0) lines.push(`${count(unknown, 'row')} not known at that time: left out`)
  if (pending > 0) lines.push(`${count(pending, 'row')} whose time has not come: left out`)
  return lines
}

interface TimeColumn {
  readonly position: number
  readonly type: ColumnType
}

function timeColumn({ columns, indexCount }: Schema): TimeColumn | undefined {
  const position = columns.findIndex(
    ({ type }, i) => i < indexCount && (type === 'date' || isTimestampType(type)),
  )
  return position < 0 ? undefined : { position, type: columns[position]!.type }
}

interface Picker {
  readonly seconds: readonly number[]
  readonly lag: Duration | undefined
  /** The last second that has come. */
  readonly horizon: number
  readonly begins: number
  readonly clock: Zone | undefined
  readonly time: TimeColumn | undefined
}

/** Rows of a batch, one a key: by number, and which of them are to be emptied. */
interface Picks {
  readonly rows: number[]
  readonly empty: boolean[]
}

function pickRows(
  batch: VintageBatch,
  picker: Picker,
  handling: BeforeHistory,
  counts: KnownCounts,
): Picks {
  const picks: Picks = { rows: [], empty: [] }
  const { seconds, lag, horizon, begins, clock, time } = picker
  const times = time && batch.columns[time.position]!
  const take = (row: number, empty: boolean) => {
    picks.rows.push(row)
    picks.empty.push(empty)
  }
  for (let start = 0, end = 0; start < batch.rows; start = end) {
    end = start + 1
    while (end < batch.rows && batch.starts[end] === 0) end++
    const at = times && lastSecondAt(times, start, clock, lag)
    // A row that came later was surely not known when history began.
    if (batch.from[start] === 0 && (at === undefined || at < begins)) {
      counts.beforeHistory++
      if (handling !== 'drop') take(start, handling === 'null')
    } else if (lag === undefined) {
      take(start, false)
    } else if (at! > horizon) {
      counts.pending++
    } else {
      const row = knownAt(batch, start, end, at!, seconds)
      if (row === undefined) counts.unknown++
      else take(row, false)
    }
  }
  return picks
}

/** The row of a key that was known at a second. */
function knownAt(
  { from, to }: VintageBatch,
  start: number,
  end: number,
  second: number,
  seconds: readonly number[],
): number | undefined {
  for (let row = start; row < end; row++) {
    if (seconds[from[row]!]! > second) return undefined
    if (to[row] === STILL || seconds[to[row]!]! > second) return row
  }
  return undefined
}

/** Beyond it no commit is dated; calendars are exact up to here. */
const FAR = 8_000_000_000_000

/** The last second at which a row counts as looked at: so long after its time. */
function lastSecondAt(
  times: Column,
  row: number,
  clock: Zone | undefined,
  lag: Duration | undefined,
): number {
  const value = times.values[row]!
  const add = (seconds: number) => (lag === undefined ? seconds : addDuration(seconds, lag, clock))
  if (times.type === 'date') {
    const day = Math.max(-FAR, Math.min(FAR, (Number(value) + 1) * 86_400))
    return add(instantAt(day, clock)) - 1
  }
  const whole = floorDiv(BigInt(value), unitsPerSecond[times.type as keyof typeof unitsPerSecond])
  return add(Math.max(-FAR, Math.min(FAR, Number(whole))))
}

function pickedFrame(reading: Schema, batch: VintageBatch, { rows, empty }: Picks): Frame {
  const taken = Uint32Array.from(rows)
  const isEmptied = empty.includes(true)
  const columns = batch.columns.map((column, i) => {
    if (!isEmptied || i < reading.indexCount) return takeRows(column, taken)
    const nullRow = column.length
    const withNull = concatColumns([column, nullColumn(column.type, 1)])
    return takeRows(
      withNull,
      Uint32Array.from(rows, (row, at) => (empty[at] ? nullRow : row)),
    )
  })
  return { schema: reading, columns, rows: rows.length }
}
