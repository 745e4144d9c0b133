import type { Scalar } from '../core/column.ts'
import type { Commit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { Schema } from '../core/schema.ts'
import { firstKey, lastKey, readSeries } from '../core/series.ts'
import { lookupPath, walkTree } from '../core/tree.ts'
import type { Zone } from '../core/zone.ts'
import { headState } from '../plumbing/head.ts'
import { lastTouched } from '../plumbing/last-touched.ts'
import type { Repository } from '../plumbing/repository.ts'
import { seriesNotFound } from '../plumbing/resolve-object-name.ts'
import { resolveTreeAt, type SeriesName } from '../plumbing/resolve-series.ts'
import { shownZone } from '../plumbing/series-zone.ts'
import { instantOf } from './instant-of.ts'
import { throwIfInterrupted } from './interruptible.ts'

export interface ListSeriesOptions extends Omit<SeriesName, 'name'> {
  /** Series, or collections with a `/` at the end; all series where there are none. */
  readonly names?: readonly string[] | undefined
  /** Also rows, first and last key, and the last commit that changed the series. */
  readonly long?: boolean | undefined
  /** Only series whose last key is at least this old, in nanoseconds, at `nowNs`. */
  readonly staleNs?: bigint | undefined
  readonly nowNs?: bigint | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ListedSeries {
  readonly path: string
  readonly id: Id
  readonly extent?: SeriesExtent
  /** The last commit that changed it; undefined while its state is not committed. */
  readonly last?: { readonly id: Id; readonly commit: Commit } | undefined
}

export interface SeriesExtent {
  readonly schema: Schema
  readonly rows: number
  readonly first: readonly Scalar[] | undefined
  readonly last: readonly Scalar[] | undefined
  /** The zone that its keys are shown in; UTC unless given. */
  readonly zone?: Zone | undefined
}

/** The series of a tree, by name. A series without a time index is never stale. */
export async function* listSeries(
  repo: Repository,
  options: ListSeriesOptions = {},
): AsyncGenerator<ListedSeries> {
  const at = await resolveTreeAt(repo, options)
  const listed: ListedSeries[] = []
  for await (const { path, id } of wanted(repo, at.tree, at.where, options.names ?? [])) {
    throwIfInterrupted(options.signal)
    if (!options.long && options.staleNs === undefined) {
      yield { path, id }
      continue
    }
    const series = await readSeries(repo.objects, id)
    const { schema, rows } = series
    const zone = await shownZone(repo.objects, at.tree, path)
    const extent = { schema, rows, first: firstKey(series), last: lastKey(series), zone }
    if (options.staleNs !== undefined && !isStale(extent, options)) continue
    if (options.long) listed.push({ path, id, extent })
    else yield { path, id, extent }
  }
  const tip = at.commit ?? (await headState(repo)).id
  const touched =
    tip === undefined
      ? new Map()
      : await lastTouched(repo, tip, new Map(listed.map(({ path, id }) => [path, id])))
  for (const series of listed) yield { ...series, last: touched.get(series.path) }
}

async function* wanted(
  repo: Repository,
  tree: Id,
  where: string,
  names: readonly string[],
): AsyncGenerator<{ path: string; id: Id }> {
  if (names.length === 0) {
    for await (const { path, entry } of walkTree(repo.objects, tree)) yield { path, id: entry.id }
    return
  }
  for (const name of names) {
    const entry = await lookupPath(repo.objects, tree, name)
    if (entry === undefined) throw await seriesNotFound(repo, tree, name, where)
    if (entry.kind === 'series') yield { path: name, id: entry.id }
    else {
      const prefix = name === '' || name.endsWith('/') ? name : `${name}/`
      for await (const found of walkTree(repo.objects, tree, prefix)) {
        yield { path: found.path, id: found.entry.id }
      }
    }
  }
}

function isStale({ schema, last }: SeriesExtent, options: ListSeriesOptions): boolean {
  if (options.staleNs === undefined || options.nowNs === undefined) return true
  const instant = last && instantOf(last[0]!, schema.columns[0]!.type)
  return instant !== undefined && options.nowNs - instant >= options.staleNs
}

const UNITS_NS: ReadonlyMap<string, bigint> = new Map([
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['d', 86_400_000_000_000n],
  ['w', 604_800_000_000_000n],
])

/** A length of time such as `90m`, `36h`, `2d`, `1w`, in nanoseconds; `usage` for anything else. */
export function parseAge(text: string): bigint {
  const match = /^(\d{1,9})([smhdw])$/.exec(text)
  if (match === null) {
    throw new VarveError('usage', `not a length of time: ${JSON.stringify(text)}`, {
      data: { value: text },
      hint: 'a whole number and a unit: 30s, 90m, 36h, 2d, 1w',
    })
  }
  return BigInt(match[1]!) * UNITS_NS.get(match[2]!)!
}
