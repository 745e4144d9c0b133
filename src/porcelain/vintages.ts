import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { isTimestampType } from '../core/column.ts'
import { concatColumns, nullColumn, takeRows } from '../core/column-ops.ts'
import { firstSecondOf } from '../core/commit-date.ts'
import { type Duration, periodAt } from '../core/duration.ts'
import { VarveError } from '../core/errors.ts'
import { gatherFrames, windowFrames } from '../core/frame-window.ts'
import type { Period } from '../core/period.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { keyRange } from '../core/series-range.ts'
import { seriesVintages } from '../core/series-vintages.ts'
import { formatSeconds } from '../core/time.ts'
import { STILL, type VintageBatch } from '../core/vintage-rows.ts'
import type { Zone } from '../core/zone.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import {
  type LoadedVersion,
  type LoadedVersions,
  loadVersions,
  secondsUntil,
} from './load-versions.ts'
import { planColumns, type ReadRowsResult, type RowSelection, watched } from './read-rows.ts'
import { planSelected, type VintageNotes } from './select-vintages.ts'

export interface VintagesOptions
  extends SeriesName,
    BoundTexts,
    Pick<RowSelection, 'zone' | 'offset' | 'limit' | 'tail' | 'onRows' | 'signal'> {
  /** The value column; the only one unless given. */
  readonly column?: string | undefined
  /** One vintage a period: what was known at its end. Each version unless given. */
  readonly every?: Duration | undefined
  /** Only vintages from then on. */
  readonly since?: Period | undefined
  /** Only vintages until then. */
  readonly until?: Period | undefined
  /** Only so many vintages, the latest. */
  readonly last?: number | undefined
  /** For the eye: only the latest that fit beside the keys in so many characters, named by days. */
  readonly width?: number | undefined
}

/** What was known of a series at a time: a column of the matrix. */
export interface Vintage {
  /** The name of its column: the period, or the second from which it was known. */
  readonly label: string
  readonly version: LoadedVersion
}

export interface VintagesResult extends ReadRowsResult, VintageNotes {
  readonly loaded: LoadedVersions
  readonly column: string
  /** The oldest first. */
  readonly vintages: readonly Vintage[]
  /** How many older ones `last` and `width` left out. */
  readonly more: number
}

/** Vintages at most: each is a column. */
const MOST = 10_000

/**
 * What was known of one value column at several times: a row for each key, a column for each time; null
 * where the key was not known then. Only the versions that are shown are read, and of two that follow each
 * other what differs.
 *
 * Errors as `resolveCommittedSeries`, `boundsFor`; `column-not-found`; `usage` where there are several
 * columns and none is named; `before-history` where nothing was known in the time asked for; `too-large`
 * for too many vintages.
 */
export async function vintages(
  repo: Repository,
  options: VintagesOptions,
): Promise<VintagesResult> {
  const loaded = await loadVersions(repo, options)
  const { found, newest, clock, versions, zone } = loaded
  const column = options.column ?? onlyColumn(newest.schema, found.path)
  const asked = { columns: [column], where: undefined, zone: clock }
  const { reading } = planColumns(newest.schema, asked, found.path)
  const all = chooseVintages(versions, options, clock)
  if (all.length > MOST) {
    throw new VarveError('too-large', `${all.length} vintages: at most ${MOST} are shown`, {
      data: { found: all.length, most: MOST },
      hint: '--every month, --since and --last make them fewer',
    })
  }
  const shown = latest(all, newest.schema, options)
  // Vintages of one version are columns of one version.
  // The newest is among them for the column, which may have had another name before.
  const chosen = [...new Set([...shown.map(({ version }) => version), versions.at(-1)!])]
  const { plan, notes } = await planSelected(repo, loaded, reading, {
    versions: chosen,
    option: '--column',
  })
  const places = new Map(chosen.map((version, i) => [version, i - plan.leftOut]))
  const schema = matrixSchema(plan.schema, shown, found.path)
  const columns = shown.map(({ version }) => places.get(version)!)
  const { offset, limit, tail, onRows, signal } = options
  const frames = async function* () {
    const range = keyRange(boundsFor(plan.schema, options, clock))
    for await (const batch of seriesVintages(repo.objects, plan, range)) {
      const frame = matrixFrame(schema, batch, columns)
      if (frame.rows > 0) yield frame
    }
  }
  return {
    loaded,
    ...notes,
    column,
    vintages: shown,
    more: all.length - shown.length,
    schema,
    rows: undefined,
    zone,
    frames: () =>
      windowFrames(gatherFrames(watched(frames(), { onRows, signal })), { offset, limit, tail }),
  }
}

function latest(
  all: readonly Vintage[],
  schema: Schema,
  { last = Number.POSITIVE_INFINITY, width, every }: VintagesOptions,
): Vintage[] {
  const some = all.slice(Math.max(all.length - last, 0))
  if (width === undefined) return some
  const days = new Set(some.map(({ label }) => dayOf(label)))
  const named =
    every === undefined && days.size === some.length
      ? some.map((vintage) => ({ ...vintage, label: dayOf(vintage.label) }))
      : some
  let used = 0
  for (const { type } of schema.columns.slice(0, schema.indexCount)) {
    used += GAP + (type === 'date' ? 10 : isTimestampType(type) ? 25 : 12)
  }
  let from = named.length
  while (from > 0) {
    used += GAP + Math.max(named[from - 1]!.label.length, VALUE_WIDTH)
    if (used > width && from < named.length) break
    from--
  }
  return named.slice(from)
}

/** Between the columns of a table. */
const GAP = 2
/** What a number is taken to need. */
const VALUE_WIDTH = 8

function dayOf(label: string): string {
  return label.slice(0, 10)
}

function onlyColumn({ columns, indexCount }: Schema, path: string): string {
  const names = columns.slice(indexCount).map(({ name }) => name)
  if (names.length === 1) return names[0]!
  const found = names.length === 0 ? 'no value column' : `${names.length} value columns`
  throw new VarveError('usage', `${path} has ${found}: a matrix is of one`, {
    data: { series: path, columns: names },
    ...(names.length > 0 && { hint: `--column names it: ${names.join(', ')}` }),
  })
}

function chooseVintages(
  versions: readonly LoadedVersion[],
  { every, since, until }: VintagesOptions,
  clock: Zone | undefined,
): Vintage[] {
  const begin = since === undefined ? Number.NEGATIVE_INFINITY : firstSecondOf(since)
  const end = secondsUntil(until)
  const known = versions.filter(({ seconds }) => seconds <= end)
  if (known.length === 0) throw nothingKnown(versions)
  if (every === undefined) {
    return known
      .filter(({ seconds }) => seconds >= begin)
      .map((version) => ({ version, label: `${formatSeconds(BigInt(version.seconds))}Z` }))
  }
  const chosen: Vintage[] = []
  const last = Math.min(Math.max(known.at(-1)!.seconds, begin), end)
  let at = 0
  for (let second = Math.max(known[0]!.seconds, begin); ; ) {
    const period = periodAt(second, every, clock)
    while (at + 1 < known.length && known[at + 1]!.seconds < period.end) at++
    chosen.push({ version: known[at]!, label: period.label })
    if (period.end > last || chosen.length > MOST) return chosen
    second = period.end
  }
}

function nothingKnown(versions: readonly LoadedVersion[]): VarveError {
  const begins = `${formatSeconds(BigInt(versions[0]!.seconds))}Z`
  return new VarveError('before-history', `nothing was known then: history begins at ${begins}`, {
    data: { begins },
  })
}

function matrixSchema(
  { columns, indexCount, duplicates }: Schema,
  shown: readonly Vintage[],
  path: string,
): Schema {
  const { type } = columns.at(-1)!
  const index = columns.slice(0, indexCount)
  const clash = shown.find(({ label }) => index.some(({ name }) => name === label))
  if (clash !== undefined) {
    throw new VarveError('schema-mismatch', `${path} has an index column called ${clash.label}`, {
      data: { series: path, column: clash.label },
    })
  }
  return {
    columns: [...index, ...shown.map(({ label }) => ({ name: label, type }))],
    indexCount,
    duplicates,
  }
}

/** A row for each key of a batch that one of `columns`, versions of the plan side by side, has. */
function matrixFrame(schema: Schema, batch: VintageBatch, columns: readonly number[]): Frame {
  const { indexCount } = schema
  const values = batch.columns.at(-1)!
  const nullRow = values.length
  const withNull = concatColumns([values, nullColumn(values.type, 1)])
  const keys: number[] = []
  const taken: number[][] = columns.map(() => [])
  for (let start = 0, end = 0; start < batch.rows; start = end) {
    end = start + 1
    while (end < batch.rows && batch.starts[end] === 0) end++
    const rows = columns.map((version) => rowAt(batch, start, end, version))
    if (rows.every((row) => row === undefined)) continue
    keys.push(start)
    rows.forEach((row, at) => {
      taken[at]!.push(row ?? nullRow)
    })
  }
  const shownKeys = Uint32Array.from(keys)
  return {
    schema,
    columns: [
      ...batch.columns.slice(0, indexCount).map((column) => takeRows(column, shownKeys)),
      ...taken.map((rows) => takeRows(withNull, Uint32Array.from(rows))),
    ],
    rows: keys.length,
  }
}

/** The row of a key as a version has it. */
function rowAt(
  { from, to }: VintageBatch,
  start: number,
  end: number,
  version: number,
): number | undefined {
  for (let row = start; row < end; row++) {
    if (from[row]! > version) return undefined
    if (to[row] === STILL || to[row]! > version) return row
  }
  return undefined
}
