import { boundsFor } from '../core/bounds.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { gatherFrames, windowFrames } from '../core/frame-window.ts'
import type { ColumnSpec, Frame, Schema } from '../core/schema.ts'
import { intersectBounds, type KeyRange, keyRange } from '../core/series-range.ts'
import { planVintages, type VintagePlan } from '../core/vintage-plan.ts'
import { bindWhere } from '../core/where.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import { type LoadedVersion, type LoadedVersions, loadVersions } from './load-versions.ts'
import { planColumns, type RowSelection, readSelection, selectRows, watched } from './read-rows.ts'

/** What of a history cannot be told, for a word about it. */
export interface VintageNotes {
  /** Versions that were known for less than a second. */
  readonly passing: number
  /** Versions at the beginning whose keys are not those of later ones; they are left out. */
  readonly otherKeys: number
}

export interface PlannedVintages {
  readonly plan: VintagePlan
  /** The versions of the plan. */
  readonly versions: readonly LoadedVersion[]
  /** The columns that are read, in the types that they have in all versions. */
  readonly reading: Schema
  readonly notes: VintageNotes
}

export interface PlanningOptions {
  /** Those of the steps that are read, the newest among them; all that were known at some time unless given. */
  readonly versions?: readonly LoadedVersion[]
  /** Columns that no version has: what becomes of a row is told in them, so that a key may be there more than once. */
  readonly added?: readonly ColumnSpec[]
  /** The option that chooses columns, for hints; `--columns` unless given. */
  readonly option?: '--columns' | '--column'
}

/** Plans the reading of columns, those that are added among them, in versions of a series. */
export async function planSelected(
  repo: Repository,
  { steps, versions: known, newest, found }: LoadedVersions,
  reading: Schema,
  { versions = known, added = [], option = '--columns' }: PlanningOptions = {},
): Promise<PlannedVintages> {
  const isAdded = new Set(added.map(({ name }) => name))
  const own = reading.columns.slice(reading.indexCount).filter(({ name }) => !isAdded.has(name))
  const wanted = new Set(versions)
  const plan = await planVintages(
    repo.objects,
    steps.map(({ series }) => series),
    { columns: own.map(({ name }) => name), isWanted: (at) => wanted.has(steps[at]!) },
  ).catch((error: unknown) => {
    if (!hasCode(error, 'schema-mismatch')) throw error
    const hint = withoutColumn(newest.schema, error.data.column, option, found.path)
    throw new VarveError(error.code, error.message, { data: error.data, hint, cause: error })
  })
  const types = new Map(plan.schema.columns.map(({ name, type }) => [name, type]))
  const columns = reading.columns.map((column) => ({
    ...column,
    type: types.get(column.name) ?? column.type,
  }))
  const leftOut = versions.slice(0, plan.leftOut)
  return {
    plan,
    versions: versions.slice(plan.leftOut),
    reading: { ...reading, columns, duplicates: added.length > 0 || reading.duplicates },
    notes: {
      passing: steps.length - known.length,
      otherKeys: leftOut.filter(({ series }) => series !== undefined).length,
    },
  }
}

/** What can be read of a series one of whose columns had types that have none in common. */
function withoutColumn(
  { columns, indexCount }: Schema,
  column: unknown,
  option: '--columns' | '--column',
  path: string,
): string {
  const others = columns.slice(indexCount).flatMap(({ name }) => (name === column ? [] : [name]))
  if (others.length > 0) {
    const names = others.slice(0, MOST_NAMES).join(', ')
    const more = others.length > MOST_NAMES ? ', …' : ''
    return `${option} names others: ${names}${more}`
  }
  return (
    `${path} has no other value column: varve history and varve blame show what it was; where text stands for no value, ` +
    'importing anew into another repository, with --null TEXT, keeps the type'
  )
}

/** Columns that a hint names. */
const MOST_NAMES = 8

/** Which rows of all versions of a series are asked for, and as what columns. */
export interface SelectedVintages extends PlannedVintages {
  readonly loaded: LoadedVersions
  /** What goes out: the first columns of `reading`; others are there for the condition alone. */
  readonly schema: Schema
  readonly range: KeyRange
  /** What goes out of rows that have the columns of `reading`. */
  rows(frames: AsyncIterable<Frame>): AsyncGenerator<Frame>
}

/**
 * Finds the versions of a series, and what of them a selection means. Errors as `resolveCommittedSeries`,
 * `boundsFor`; `column-not-found`; `schema-mismatch` where a column had types that have none in common.
 *
 * @param added columns behind those of the newest version, which it must not have, given with every choice of columns
 */
export async function selectVintages(
  repo: Repository,
  options: SeriesName & RowSelection,
  added: (loaded: LoadedVersions) => readonly ColumnSpec[] = () => [],
): Promise<SelectedVintages> {
  const where = readSelection(options)
  const loaded = await loadVersions(repo, options)
  const { found, newest, clock } = loaded
  const more = added(loaded)
  const whole = { ...newest.schema, columns: [...newest.schema.columns, ...more] }
  const columns = options.columns && [...options.columns, ...more.map(({ name }) => name)]
  const wanted = planColumns(whole, { columns, where, zone: clock }, found.path)
  const planned = await planSelected(repo, loaded, wanted.reading, { added: more })
  const { plan, reading } = planned
  const schema = { ...reading, columns: reading.columns.slice(0, wanted.schema.columns.length) }
  const filter = where && bindWhere(where, reading, clock)
  const bounds = boundsFor(plan.schema, options, clock)
  const { offset, limit, tail, onRows, signal } = options
  const window = { offset, limit, tail }
  return {
    ...planned,
    loaded,
    schema,
    range: keyRange(filter === undefined ? bounds : intersectBounds(bounds, filter.bounds)),
    rows(frames) {
      const read = watched(frames, { onRows, signal })
      if (filter !== undefined) return selectRows(read, { filter, schema, window })
      return windowFrames(gatherFrames(read), window)
    },
  }
}
