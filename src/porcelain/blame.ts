import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import type { Scalar } from '../core/column.ts'
import type { Commit } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import { RecentSeries } from '../core/recent-series.ts'
import type { Schema } from '../core/schema.ts'
import { keyValues, readSeries, type Series } from '../core/series.ts'
import { keyRange } from '../core/series-range.ts'
import { openZoneUnlessUtc, type Zone } from '../core/zone.ts'
import { followSeries, type SeriesAt } from '../plumbing/follow-series.ts'
import type { Repository } from '../plumbing/repository.ts'
import {
  type CommittedSeries,
  resolveCommittedSeries,
} from '../plumbing/resolve-committed-series.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import { zoneNameAt } from '../plumbing/series-zone.ts'
import {
  type ColumnPlaces,
  type ComparedWithParent,
  compareWithParent,
  NumberedRows,
} from './blame-rows.ts'
import { throwIfInterrupted } from './interruptible.ts'
import { planColumns } from './read-rows.ts'

export interface BlameOptions extends SeriesName, BoundTexts {
  /** Only these value columns count; all unless given. */
  readonly columns?: readonly string[] | undefined
  /** Each column by itself, rather than whole rows. */
  readonly byColumn?: boolean | undefined
  readonly firstParent?: boolean | undefined
  /** The zone of bounds; the series' own unless given. */
  readonly zone?: string | undefined
  /** Told of each commit that is compared with its parents. */
  readonly onCommit?: (() => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The commit that made rows what they are. */
export interface BlamedCommit {
  readonly id: Id
  readonly commit: Commit
  /** What the series is called there. */
  readonly path: string
  /** What was before it is not here: rows may be older. */
  readonly isCut: boolean
}

/** Rows that follow each other and were last changed by one commit. */
export interface BlameRun {
  /** With `byColumn`, the column. */
  readonly column?: string
  readonly first: Scalar[]
  readonly last: Scalar[]
  readonly rows: number
  readonly by: BlamedCommit
}

export interface BlameResult {
  readonly series: CommittedSeries
  readonly schema: Schema
  readonly zone: string | undefined
  readonly rows: number
  /** By column where they are told apart, by key. */
  runs(): Generator<BlameRun>
}

/** Rows whose commit is not found yet, of whole rows or of a column. */
interface Pending {
  /** 1 for each of them. */
  readonly flags: Uint8Array
  readonly count: number
}

interface Carried {
  readonly places: ColumnPlaces
  readonly tracks: readonly Pending[]
}

/**
 * For every row of a series in a commit, which commit last changed it: following, as git does, a parent
 * that has the row as it is. A row that a merge made unlike each parent is the merge's. Columns that were
 * renamed and series that were moved are followed. Two commits are compared by the segments in which they
 * differ.
 *
 * Errors as `resolveCommittedSeries`, `boundsFor`; `column-not-found`.
 */
export async function blame(repo: Repository, options: BlameOptions): Promise<BlameResult> {
  const { columns, byColumn = false, firstParent, signal, onCommit } = options
  const found = await resolveCommittedSeries(repo, options)
  const series = await readSeries(repo.objects, found.entry.id)
  const zone = options.zone ?? (await zoneNameAt(repo.objects, found.commit.tree, found.path))
  const clock: Zone | undefined = await openZoneUnlessUtc(zone)
  const range = keyRange(boundsFor(series.schema, options, clock))
  const wanted = wantedColumns(series, columns, found.path)
  const rows = await NumberedRows.of(repo.objects, series, range)
  const owners = new Owners(byColumn ? wanted.length : 1, rows.rows)
  const keyTypes = series.schema.columns.slice(0, series.schema.indexCount).map(({ type }) => type)
  const versions = new RecentSeries(repo.objects)
  const start: Carried = { places: wanted, tracks: owners.all() }
  const walk = followSeries<Carried, never>(repo, found, {
    firstParent,
    carried: rows.rows === 0 ? { ...start, tracks: [] } : start,
    join: joined,
    async visit(at, parents, carried) {
      throwIfInterrupted(signal)
      onCommit?.()
      const fresh = await versions.read(at.series!)
      let left = carried.tracks
      const passed: (Carried | undefined)[] = []
      for (const parent of parents) {
        if (parent.series === undefined || isDone(left)) {
          passed.push(undefined)
          continue
        }
        const compared = await compareWithParent(
          repo.objects,
          await versions.read(parent.series),
          fresh,
          carried.places,
          { rows, range, keyTypes, byColumn },
        )
        const split = splitPending(left, compared, byColumn)
        left = split.left
        passed.push(
          isDone(split.passed) ? undefined : { places: compared.places, tracks: split.passed },
        )
      }
      owners.take(at, left)
      return { passed }
    },
  })
  for await (const _ of walk);
  return {
    series: found,
    schema: series.schema,
    zone,
    rows: rows.rows,
    runs: () => owners.runs(series.schema, rows, byColumn ? wanted : undefined),
  }
}

/** Positions of the value columns that count. */
function wantedColumns(
  { schema }: Series,
  columns: readonly string[] | undefined,
  path: string,
): number[] {
  const plan = planColumns(schema, { columns, where: undefined, zone: undefined }, path)
  const places = new Map(schema.columns.map(({ name }, at) => [name, at]))
  return plan.schema.columns.slice(schema.indexCount).map(({ name }) => places.get(name)!)
}

function isDone(tracks: readonly Pending[]): boolean {
  return tracks.every(({ count }) => count === 0)
}

const NONE: Pending = { flags: new Uint8Array(0), count: 0 }

/** What of some rows a parent has as they are, and what is left. The rows given are not used again. */
function splitPending(
  tracks: readonly Pending[],
  { changed, columns, places }: ComparedWithParent,
  byColumn: boolean,
): { passed: Pending[]; left: Pending[] } {
  const passed: Pending[] = []
  const left: Pending[] = []
  for (const [track, pending] of tracks.entries()) {
    const marks = byColumn ? columns[track]! : 'all'
    if (changed === 'all' || (byColumn && places[track] === undefined)) {
      passed.push(NONE)
      left.push(pending)
      continue
    }
    const flags = new Uint8Array(pending.count === 0 ? 0 : pending.flags.length)
    let count = 0
    for (const [i, row] of changed.entries()) {
      if (pending.flags[row] !== 1 || (marks !== 'all' && marks[i] === 0)) continue
      pending.flags[row] = 0
      flags[row] = 1
      count++
    }
    passed.push({ flags: pending.flags, count: pending.count - count })
    left.push(count === 0 ? NONE : { flags, count })
  }
  return { passed, left }
}

function joined(a: Carried, b: Carried): Carried {
  const tracks = a.tracks.map((one, track): Pending => {
    const other = b.tracks[track]!
    if (one.count === 0 || other.count === 0) return one.count === 0 ? other : one
    let { count } = one
    for (let row = 0; row < one.flags.length; row++) {
      if (one.flags[row] === 1 || other.flags[row] === 0) continue
      one.flags[row] = 1
      count++
    }
    return { flags: one.flags, count }
  })
  return { places: a.places, tracks }
}

/** Whose each row is. */
class Owners {
  readonly #rows: number
  readonly #tracks: readonly Int32Array[]
  readonly #commits: BlamedCommit[] = []

  constructor(tracks: number, rows: number) {
    this.#rows = rows
    this.#tracks = Array.from({ length: tracks }, () => new Int32Array(rows))
  }

  /** All rows, as pending. */
  all(): Pending[] {
    return this.#tracks.map(() => ({
      flags: new Uint8Array(this.#rows).fill(1),
      count: this.#rows,
    }))
  }

  take({ id, commit, path, isCut }: SeriesAt, pending: readonly Pending[]): void {
    if (isDone(pending)) return
    const number = this.#commits.push({ id, commit, path, isCut }) - 1
    for (const [track, { flags, count }] of pending.entries()) {
      if (count === 0) continue
      const owner = this.#tracks[track]!
      for (let row = 0; row < flags.length; row++) if (flags[row] === 1) owner[row] = number
    }
  }

  *runs(
    schema: Schema,
    rows: NumberedRows,
    columns: readonly number[] | undefined,
  ): Generator<BlameRun> {
    for (const [track, owner] of this.#tracks.entries()) {
      for (let from = 0, to = 0; from < owner.length; from = to) {
        while (to < owner.length && owner[to] === owner[from]) to++
        yield {
          ...(columns && { column: schema.columns[columns[track]!]!.name }),
          first: keyValues(schema, rows.keyAt(from)),
          last: keyValues(schema, rows.keyAt(to - 1)),
          rows: to - from,
          by: this.#commits[owner[from]!]!,
        }
      }
    }
  }
}
