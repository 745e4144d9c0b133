import {
  type BoundText,
  type BoundTexts,
  boundsFor,
  boundValues,
  type KeyBounds,
} from '../core/bounds.ts'
import type { ColumnType } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import type { Commit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { RecentSeries } from '../core/recent-series.ts'
import type { Schema } from '../core/schema.ts'
import { readSeries, type Series } from '../core/series.ts'
import { diffSeries, type RowChange } from '../core/series-diff.ts'
import { matchSchemas, type SchemaChange, type SchemaMatch } from '../core/series-match.ts'
import { type KeyRange, keyRange } from '../core/series-range.ts'
import { countRows, readRows } from '../core/series-read.ts'
import { SteadyRows } from '../core/steady-rows.ts'
import { openZoneUnlessUtc, type Zone } from '../core/zone.ts'
import { followSeries, type SeriesAt } from '../plumbing/follow-series.ts'
import { formatKey } from '../plumbing/key-text.ts'
import type { Repository } from '../plumbing/repository.ts'
import {
  type CommittedSeries,
  resolveCommittedSeries,
} from '../plumbing/resolve-committed-series.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import { zoneNameAt } from '../plumbing/series-zone.ts'
import { type ComparedColumn, comparedColumns } from './changed-cells.ts'
import { throwIfInterrupted } from './interruptible.ts'
import { planColumns } from './read-rows.ts'

export interface HistoryOptions extends SeriesName {
  /** The values of the first index columns, one each, or a period: as `--at` has it. */
  readonly key: BoundText
  /** Only these value columns; all unless given. */
  readonly columns?: readonly string[] | undefined
  readonly firstParent?: boolean | undefined
  /** At most so many commits, the latest. */
  readonly maxCount?: number | undefined
  /** The oldest of them first. */
  readonly reverse?: boolean | undefined
  /** The zone of the key, and of keys that are shown; the series' own unless given. */
  readonly zone?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Told how many commits that changed the series have been looked at. */
  readonly onCommits?: ((count: number) => void) | undefined
}

/** What one commit did to a point. */
export interface PointChange {
  readonly id: Id
  readonly commit: Commit
  /** What the series is called there. */
  readonly path: string
  /** What was before the commit is not here: values may be older. */
  readonly isCut: boolean
  readonly rows: readonly RowChange[]
  /** The value columns, side by side. */
  readonly columns: readonly ComparedColumn[]
  /** Those that are about the columns asked for. */
  readonly schemaChanges: readonly SchemaChange[]
  readonly old: Schema | undefined
  readonly new: Schema | undefined
}

export interface HistoryResult {
  readonly series: CommittedSeries
  readonly zone: Zone | undefined
  /** Whether a single key was asked for, of which there may be several rows where duplicates are allowed. */
  readonly isOneKey: boolean
  /** The latest commit first, unless told otherwise. */
  changes(): AsyncGenerator<PointChange>
}

/** The names of the columns asked for in the version that is looked at; undefined for all. */
type Names = readonly string[] | undefined

/**
 * Every value that a point ever had: the commits that added, revised or deleted rows with its key, back
 * through renamed columns and moved series. At a merge the parent that has the point as it is accounts for
 * it; where none has, the merge is shown against its first parent and all of them are followed. Commits are
 * compared in the segment that holds the key alone.
 *
 * Errors as `resolveCommittedSeries`, `boundsFor`; `column-not-found`; `key-not-found`, from `changes`,
 * where no commit has such a row.
 */
export async function history(repo: Repository, options: HistoryOptions): Promise<HistoryResult> {
  const { columns, reverse = false, maxCount = Infinity } = options
  const found = await resolveCommittedSeries(repo, options)
  const series = await readSeries(repo.objects, found.entry.id)
  planColumns(series.schema, { columns, where: undefined, zone: undefined }, found.path)
  const name = options.zone ?? (await zoneNameAt(repo.objects, found.commit.tree, found.path))
  const zone = await openZoneUnlessUtc(name)
  const place = new KeyPlace({ at: options.key, atName: 'the key' }, zone)
  const { from, to } = place.in(series.schema)
  const values = boundValues(series.schema, options.key)
  const isOneKey = from !== undefined && from === to && values.length === series.schema.indexCount
  const walk = async function* () {
    let count = 0
    if (maxCount <= 0) return
    for await (const change of changesOf(repo, found, place, options)) {
      yield change
      if (++count >= maxCount) return
    }
    if (count === 0) throw await noSuchKey(repo, series, place, found.path, zone)
  }
  return {
    series: found,
    zone,
    isOneKey,
    async *changes() {
      if (!reverse) {
        yield* walk()
        return
      }
      const all: PointChange[] = []
      for await (const change of walk()) all.push(change)
      yield* all.reverse()
    },
  }
}

/** Where a key is in versions whose index columns may be of other types. */
class KeyPlace {
  readonly texts: BoundTexts
  readonly #zone: Zone | undefined
  readonly #known = new Map<string, KeyBounds | undefined>()
  readonly #ranges = new Map<KeyBounds, KeyRange>()

  constructor(texts: BoundTexts, zone: Zone | undefined) {
    this.texts = texts
    this.#zone = zone
  }

  in(schema: Schema): KeyBounds {
    return boundsFor(schema, this.texts, this.#zone)
  }

  /** Undefined where no key of these types can be meant. */
  among(schema: Schema, types: readonly ColumnType[]): KeyBounds | undefined {
    const text = types.join()
    if (!this.#known.has(text)) this.#known.set(text, this.#find(schema, types))
    return this.#known.get(text)
  }

  /** As {@link among}, one and the same for the same types. */
  rangeAmong(schema: Schema, types: readonly ColumnType[]): KeyRange | undefined {
    const bounds = this.among(schema, types)
    if (bounds === undefined) return undefined
    const range = this.#ranges.get(bounds) ?? keyRange(bounds)
    this.#ranges.set(bounds, range)
    return range
  }

  #find(schema: Schema, types: readonly ColumnType[]): KeyBounds | undefined {
    const columns = schema.columns.map((column, i) => ({
      ...column,
      type: types[i] ?? column.type,
    }))
    try {
      return this.in({ ...schema, columns })
    } catch (error) {
      if (hasCode(error, 'invalid-date') || hasCode(error, 'invalid-value')) return undefined
      throw error
    }
  }
}

async function* changesOf(
  repo: Repository,
  found: CommittedSeries,
  place: KeyPlace,
  { columns, firstParent, signal, onCommits }: HistoryOptions,
): AsyncGenerator<PointChange> {
  const steady = new SteadyRows(repo.objects)
  const point = { repo, place, steady, versions: new RecentSeries(repo.objects) }
  let looked = 0
  yield* followSeries<{ names: Names }, PointChange>(repo, found, {
    firstParent,
    carried: { names: columns },
    join: (a) => a,
    async visit(at, parents, { names }) {
      throwIfInterrupted(signal)
      onCommits?.(++looked)
      let first: Compared | undefined
      const passed: ({ names: Names } | undefined)[] = []
      for (const [i, parent] of parents.entries()) {
        const compared = await compare(point, parent.series, at, names)
        if (compared.rows.length === 0) {
          const found = compared.schemaChanges.length > 0 ? changeAt(at, compared) : undefined
          const on = compared.isOther ? undefined : { names: compared.names }
          return { found, passed: parents.map((_, k) => (k === i ? on : undefined)) }
        }
        first ??= compared
        passed.push(compared.isOther ? undefined : { names: compared.names })
      }
      first ??= await compare(point, undefined, at, names)
      return { found: first.rows.length > 0 ? changeAt(at, first) : undefined, passed }
    },
  })
}

type Compared = Pick<PointChange, 'rows' | 'columns' | 'schemaChanges' | 'old' | 'new'> & {
  /** What the columns are called in the parent. */
  readonly names: Names
  /** Whether the parent's keys cannot be compared: nothing there is the point. */
  readonly isOther?: boolean
}

function changeAt({ id, commit, path, isCut }: SeriesAt, compared: Compared): PointChange {
  const { names: _, isOther: __, ...change } = compared
  return { id, commit, path, isCut, ...change }
}

/** The point that is followed. */
interface Point {
  readonly repo: Repository
  readonly place: KeyPlace
  readonly steady: SteadyRows
  readonly versions: RecentSeries
}

async function compare(
  point: Point,
  parent: Id | undefined,
  { series }: Pick<SeriesAt, 'series'>,
  names: Names,
): Promise<Compared> {
  const { place, versions } = point
  const reader = point.repo.objects
  const old = parent === undefined ? undefined : await versions.read(parent)
  const fresh = series === undefined ? undefined : await versions.read(series)
  if (old !== undefined && fresh !== undefined && (await isSteady(point, old, fresh, names))) {
    const [before, after] = [old.schema, fresh.schema]
    return { rows: [], columns: [], schemaChanges: [], old: before, new: after, names }
  }
  const match = old && fresh && (await matchSchemas(reader, old, fresh))
  const types = match?.indexTypes
  if (match !== undefined && types === undefined) {
    return { ...(await compare(point, undefined, { series }, names)), isOther: true }
  }
  const schema = (fresh ?? old)?.schema
  const before = match && old && fresh ? namesBefore(names, match, old, fresh) : names
  const none = { rows: [], columns: [], schemaChanges: [], old: old?.schema, new: fresh?.schema }
  if (schema === undefined) return { ...none, names }
  const indexTypes = types ?? schema.columns.slice(0, schema.indexCount).map(({ type }) => type)
  const bounds = place.among(schema, indexTypes)
  if (bounds === undefined) return { ...none, names: before }
  const either = names && [...names, ...(before ?? [])]
  const rows: RowChange[] = []
  for await (const row of diffSeries(reader, parent, series, { ...bounds, names: either }))
    rows.push(row)
  const changes = (match?.changes ?? []).filter((change) => isAbout(change, either))
  const isThere =
    changes.length > 0 && (rows.length > 0 || (await countRows(reader, fresh!, bounds)) > 0)
  return {
    ...none,
    rows,
    columns: comparedColumns(old?.schema, fresh?.schema, match?.changes ?? [], either),
    schemaChanges: isThere ? changes : [],
    names: before,
  }
}

/** Whether the point is surely the same in both versions, and all that it is compared by. */
async function isSteady(
  { place, steady }: Point,
  old: Series,
  fresh: Series,
  names: Names,
): Promise<boolean> {
  const { columns, indexCount } = fresh.schema
  if (names?.some((name) => columns.every((column) => column.name !== name))) return false
  const types = columns.slice(0, indexCount).map(({ type }) => type)
  const range = place.rangeAmong(fresh.schema, types)
  return range !== undefined && steady.areSame(old, fresh, range, names)
}

function namesBefore(names: Names, match: SchemaMatch, old: Series, fresh: Series): Names {
  if (names === undefined) return undefined
  return match.pairs.flatMap((pair) => {
    if (pair.old === undefined || pair.new === undefined) return []
    return names.includes(fresh.schema.columns[pair.new]!.name)
      ? [old.schema.columns[pair.old]!.name]
      : []
  })
}

function isAbout(change: SchemaChange, names: Names): boolean {
  if (names === undefined) return change.kind !== 'reordered'
  switch (change.kind) {
    case 'added':
    case 'dropped':
      return names.includes(change.column.name)
    case 'renamed':
      return names.includes(change.from) || names.includes(change.to)
    case 'retyped':
      return names.includes(change.name)
    case 'reordered':
      return false
    default:
      return true
  }
}

/** The error for a key that no version had, with the nearest keys of the newest. */
async function noSuchKey(
  repo: Repository,
  series: Series,
  place: KeyPlace,
  path: string,
  zone: Zone | undefined,
): Promise<VarveError> {
  const { schema } = series
  const { from, to } = place.in(schema)
  const keyIn = async (options: Parameters<typeof readRows>[2]): Promise<string[]> => {
    for await (const { columns } of readRows(repo.objects, series, { ...options, columns: [] })) {
      return [
        formatKey(
          schema,
          columns.map((column) => scalarAt(column, 0)),
          zone,
        ),
      ]
    }
    return []
  }
  const before = from && { to: { key: from.key, inclusive: !from.inclusive }, tail: 1 }
  const after = to && { from: { key: to.key, inclusive: !to.inclusive }, limit: 1 }
  const near = [...(before ? await keyIn(before) : []), ...(after ? await keyIn(after) : [])]
  const key = boundValues(schema, place.texts.at!)
  return new VarveError('key-not-found', `no row of ${path} ever had the key ${key.join(' ')}`, {
    data: { series: path, key, near },
    ...(near.length > 0 && { hint: `the nearest: ${near.join(' and ')}` }),
  })
}
