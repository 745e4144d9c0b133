import type { Scalar } from '../../core/column.ts'
import { scalarAt } from '../../core/column-ops.ts'
import type { Id } from '../../core/id.ts'
import type { PlaceRange } from '../../core/plot-buckets.ts'
import { formatScalar } from '../../core/scalar-text.ts'
import { readSeries } from '../../core/series.ts'
import { diffSeries } from '../../core/series-diff.ts'
import { readRows } from '../../core/series-read.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { zoneOfEither } from '../../plumbing/series-zone.ts'
import { changedCells } from '../changed-cells.ts'
import { history } from '../history.ts'
import { AxisPlaces, keyBoundsOf } from '../plot-range.ts'
import { versionsAt } from './changed-rows.ts'
import { openLister } from './listed-commits.ts'
import { cut, shownCell } from './shown-value.ts'
import type { Life, LifeEntry, LifeRequest } from './view-data.ts'

/** Entries at most: the latest. */
const MOST = 1000

/** A part is told of after so many commits: each is copied. */
const PART = 256

/**
 * What each commit did to the rows with a key. Errors as `history`.
 *
 * @param onPart told what is known so far, from time to time
 */
export async function pointLife(
  repo: Repository,
  { path, commit: rev, row }: LifeRequest,
  onPart?: (part: Life) => void,
): Promise<Life> {
  const key = 'from' in row ? await keyBetween(repo, path, rev, row) : row
  if (key === undefined) return { key: undefined, entries: [] }
  const text = cut(key.join(','))
  const entries: LifeEntry[] = []
  const onCommits = (looked: number): void => {
    if (looked % PART === 0) onPart?.({ key: text, entries: [...entries], looked })
  }
  const found = await history(repo, { name: path, rev, key, maxCount: MOST, onCommits })
  const lister = await openLister(repo)
  for await (const { id, commit, path: name, rows, columns } of found.changes()) {
    for (const change of rows) {
      const { class: kind } = change
      entries.push({
        commit: lister.list({ id, commit }),
        path: name,
        kind: kind === 'revised' || kind === 'deleted' ? kind : 'added',
        cells: changedCells(columns, change).map((cell) => ({
          column: cell.name,
          ...shownCell(cell, found.zone),
        })),
      })
    }
  }
  return { key: text, entries }
}

/** The texts of the first key between two places that the commit changed, or of the first there is. */
async function keyBetween(
  repo: Repository,
  path: string,
  commit: Id,
  { from, to, against }: Exclude<LifeRequest['row'], readonly string[]>,
): Promise<string[] | undefined> {
  const { objects } = repo
  const { before, tree, old, fresh } = await versionsAt(repo, { path, commit, against })
  const id = fresh ?? old
  if (id === undefined) return undefined
  const series = await readSeries(objects, id)
  const { schema } = series
  const places = new AxisPlaces([series])
  const range = { from, to } as PlaceRange
  const bounds = places.kind === 'row' ? {} : keyBoundsOf(schema.columns[0]!.type, range)
  if (bounds === undefined) return undefined
  const zone = await zoneOfEither(objects, [tree, before], path)
  const texts = (key: readonly Scalar[]) =>
    key.map((value, i) => formatScalar(value, schema.columns[i]!.type, zone))
  if (against !== undefined && places.kind !== 'row') {
    for await (const { key } of diffSeries(objects, old, fresh, bounds)) return texts(key)
  }
  const window = places.kind === 'row' ? { offset: Number(from) } : bounds
  for await (const { columns } of readRows(objects, series, { ...window, limit: 1, columns: [] })) {
    return texts(columns.map((column) => scalarAt(column, 0)))
  }
  return undefined
}
