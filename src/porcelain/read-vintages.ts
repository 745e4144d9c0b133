import type { Column } from '../core/column.ts'
import { ColumnBuilder } from '../core/column-builder.ts'
import { takeRows } from '../core/column-ops.ts'
import { firstSecondOf } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import { sliceFrame } from '../core/frame.ts'
import type { Period } from '../core/period.ts'
import type { ColumnSpec, Frame } from '../core/schema.ts'
import { seriesVintages } from '../core/series-vintages.ts'
import { STILL, type VintageBatch } from '../core/vintage-rows.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import { type LoadedVersions, secondsUntil } from './load-versions.ts'
import type { ReadRowsResult, RowSelection } from './read-rows.ts'
import { type PlannedVintages, selectVintages, type VintageNotes } from './select-vintages.ts'

export interface ReadVintagesOptions extends SeriesName, RowSelection {
  /** Only what was known at some time from then on. */
  readonly since?: Period | undefined
  /** Only what was known at some time until then. */
  readonly until?: Period | undefined
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
 * Errors as `selectVintages`; `schema-mismatch` where a column is called as one of those that are added.
 */
export async function readAllVintages(
  repo: Repository,
  options: ReadVintagesOptions,
): Promise<ReadVintagesResult> {
  const selected = await selectVintages(repo, options, knownColumns)
  const { loaded, schema, notes } = selected
  const since =
    options.since === undefined ? Number.NEGATIVE_INFINITY : firstSecondOf(options.since)
  const until = secondsUntil(options.until)
  const frames = async function* () {
    for await (const batch of seriesVintages(repo.objects, selected.plan, selected.range)) {
      yield* vintageFrames(batch, selected, since, until)
    }
  }
  return {
    loaded,
    ...notes,
    schema,
    rows: undefined,
    zone: loaded.zone,
    frames: () => selected.rows(frames()),
  }
}

function knownColumns({ found, newest }: LoadedVersions): ColumnSpec[] {
  const known = [KNOWN_FROM, KNOWN_TO]
  const taken = newest.schema.columns.find(({ name }) => known.some((one) => one.name === name))
  if (taken !== undefined) throw ownKnownColumn(found.path, taken.name)
  return known
}

function ownKnownColumn(path: string, column: string): VarveError {
  return new VarveError('schema-mismatch', `${path} has a column called ${column} itself`, {
    data: { series: path, column },
    hint: 'varve schema rename gives it another name',
  })
}

/** Rows per frame. */
const FRAME_ROWS = 32_768

function* vintageFrames(
  batch: VintageBatch,
  { plan, versions, reading }: PlannedVintages,
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
