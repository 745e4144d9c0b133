import { boundsFor } from '../core/bounds.ts'
import type { Column } from '../core/column.ts'
import { ColumnBuilder } from '../core/column-builder.ts'
import { takeRows } from '../core/column-ops.ts'
import { firstSecondOf } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import { sliceFrame } from '../core/frame.ts'
import { gatherFrames, windowFrames } from '../core/frame-window.ts'
import type { Period } from '../core/period.ts'
import type { ColumnSpec, Frame, Schema } from '../core/schema.ts'
import { intersectBounds, keyRange } from '../core/series-range.ts'
import { seriesVintages } from '../core/series-vintages.ts'
import { planVintages, type VintagePlan } from '../core/vintage-plan.ts'
import { STILL, type VintageBatch } from '../core/vintage-rows.ts'
import { bindWhere, type RowFilter } from '../core/where.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import {
  type LoadedVersion,
  type LoadedVersions,
  loadVersions,
  secondsUntil,
} from './load-versions.ts'
import {
  planColumns,
  type ReadRowsResult,
  type RowSelection,
  readSelection,
  selectRows,
  watched,
} from './read-rows.ts'

export interface ReadVintagesOptions extends SeriesName, RowSelection {
  /** Only what was known at some time from then on. */
  readonly since?: Period | undefined
  /** Only what was known at some time until then. */
  readonly until?: Period | undefined
}

/** What of a history cannot be told, for a word about it. */
export interface VintageNotes {
  /** Versions that were known for less than a second. */
  readonly passing: number
  /** Versions at the beginning whose keys are not those of later ones; they are left out. */
  readonly otherKeys: number
}

export interface ReadVintagesResult extends ReadRowsResult, VintageNotes {
  readonly loaded: LoadedVersions
}

/** From when a row was known as it is. */
export const KNOWN_FROM: ColumnSpec = { name: 'known_from', type: 'timestamp_s' }
/** From when it was known otherwise, or not at all; null where it is known so still. */
export const KNOWN_TO: ColumnSpec = { name: 'known_to', type: 'timestamp_s' }

/**
 * Every row that a series ever had, with the times between which it was known so: long rows, by key, those
 * of one key by time, ready for an as-of join. Times are of commits along first parents, and
 * `known_from <= t < known_to` gives for a time t what `asOf` t gives.
 *
 * Errors as `resolveCommittedSeries`, `boundsFor`; `column-not-found`; `schema-mismatch` where a column is
 * called as one of those that are added, or had types that have none in common.
 */
export async function readAllVintages(
  repo: Repository,
  options: ReadVintagesOptions,
): Promise<ReadVintagesResult> {
  const where = readSelection(options)
  const loaded = await loadVersions(repo, options)
  const { found, newest, clock } = loaded
  const taken = newest.schema.columns.find(({ name }) =>
    [KNOWN_FROM.name, KNOWN_TO.name].includes(name),
  )
  if (taken !== undefined) throw ownKnownColumn(found.path, taken.name)
  const whole = { ...newest.schema, columns: [...newest.schema.columns, KNOWN_FROM, KNOWN_TO] }
  const columns = options.columns && [...options.columns, KNOWN_FROM.name, KNOWN_TO.name]
  const asked = { columns, where, zone: clock }
  const wanted = planColumns(whole, asked, found.path)
  const selected = await planSelected(repo, loaded, wanted.reading)
  const { plan } = selected
  const filter = where && bindWhere(where, selected.reading, clock)
  const schema = {
    ...selected.reading,
    columns: selected.reading.columns.slice(0, wanted.schema.columns.length),
  }
  const bounds = boundsWithin(plan.schema, options, clock, filter)
  const since =
    options.since === undefined ? Number.NEGATIVE_INFINITY : firstSecondOf(options.since)
  const until = secondsUntil(options.until)
  const { offset, limit, tail, onRows, signal } = options
  const window = { offset, limit, tail }
  const frames = async function* () {
    for await (const batch of seriesVintages(repo.objects, plan, bounds)) {
      yield* vintageFrames(batch, selected, since, until)
    }
  }
  return {
    loaded,
    ...selected.notes,
    schema,
    rows: undefined,
    zone: loaded.zone,
    frames() {
      const read = watched(frames(), { onRows, signal })
      if (filter !== undefined) return selectRows(read, { filter, schema, window })
      return windowFrames(gatherFrames(read), window)
    },
  }
}

function ownKnownColumn(path: string, column: string): VarveError {
  return new VarveError('schema-mismatch', `${path} has a column called ${column} itself`, {
    data: { series: path, column },
    hint: 'varve schema rename gives it another name',
  })
}

export interface SelectedVintages {
  readonly plan: VintagePlan
  /** The versions of the plan. */
  readonly versions: readonly LoadedVersion[]
  /** The columns that are read, in the types that they have in all versions. */
  readonly reading: Schema
  readonly notes: VintageNotes
}

/**
 * Plans the reading of columns of the newest version, of which `known_from` and `known_to` are not its own.
 *
 * @param versions those of the steps that are read, the newest among them
 */
export async function planSelected(
  repo: Repository,
  { steps, versions: known }: Pick<LoadedVersions, 'steps' | 'versions'>,
  reading: Schema,
  versions: readonly LoadedVersion[] = known,
): Promise<SelectedVintages> {
  const added = new Map([KNOWN_FROM, KNOWN_TO].map((column) => [column.name, column]))
  const own = reading.columns.slice(reading.indexCount).filter(({ name }) => !added.has(name))
  const wanted = new Set(versions)
  const plan = await planVintages(
    repo.objects,
    steps.map(({ series }) => series),
    { columns: own.map(({ name }) => name), isWanted: (at) => wanted.has(steps[at]!) },
  )
  const types = new Map(plan.schema.columns.map(({ name, type }) => [name, type]))
  const columns = reading.columns.map((column) => ({
    ...column,
    type: types.get(column.name) ?? column.type,
  }))
  const isLong = columns.some(({ name }) => added.has(name))
  const leftOut = versions.slice(0, plan.leftOut)
  return {
    plan,
    versions: versions.slice(plan.leftOut),
    reading: { ...reading, columns, duplicates: isLong || reading.duplicates },
    notes: {
      passing: steps.length - known.length,
      otherKeys: leftOut.filter(({ series }) => series !== undefined).length,
    },
  }
}

/** The range of keys that bounds and a condition leave. */
export function boundsWithin(
  schema: Schema,
  texts: RowSelection,
  clock: LoadedVersions['clock'],
  filter: RowFilter | undefined,
): ReturnType<typeof keyRange> {
  const bounds = boundsFor(schema, texts, clock)
  return keyRange(filter === undefined ? bounds : intersectBounds(bounds, filter.bounds))
}

/** Rows per frame. */
const FRAME_ROWS = 32_768

function* vintageFrames(
  batch: VintageBatch,
  { plan, versions, reading }: SelectedVintages,
  since: number,
  until: number,
): Generator<Frame> {
  const kept = new Uint32Array(batch.rows)
  let rows = 0
  const endOf = (row: number) => {
    const to = batch.to[row]!
    return to === STILL ? Number.POSITIVE_INFINITY : versions[to]!.seconds
  }
  for (let row = 0; row < batch.rows; row++) {
    if (versions[batch.from[row]!]!.seconds <= until && endOf(row) > since) kept[rows++] = row
  }
  const from = new ColumnBuilder('timestamp_s', rows)
  const to = new ColumnBuilder('timestamp_s', rows)
  for (let i = 0; i < rows; i++) {
    const end = endOf(kept[i]!)
    from.appendNumber(versions[batch.from[kept[i]!]!]!.seconds)
    if (end === Number.POSITIVE_INFINITY) to.appendNull()
    else to.appendNumber(end)
  }
  const own = new Map<string, Column>([
    [KNOWN_FROM.name, from.finish()],
    [KNOWN_TO.name, to.finish()],
  ])
  const taken = kept.subarray(0, rows)
  plan.schema.columns.forEach(({ name }, i) => {
    const column = batch.columns[i]!
    own.set(name, rows === batch.rows ? column : takeRows(column, taken))
  })
  const frame: Frame = {
    schema: reading,
    columns: reading.columns.map(({ name }) => own.get(name)!),
    rows,
  }
  for (let at = 0; at < rows; at += FRAME_ROWS) {
    yield sliceFrame(frame, at, Math.min(rows, at + FRAME_ROWS))
  }
}
