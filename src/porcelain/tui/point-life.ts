import type { Repository } from '../../plumbing/repository.ts'
import { changedCells } from '../changed-cells.ts'
import { history } from '../history.ts'
import { openLister } from './listed-commits.ts'
import { cut, shownCell } from './shown-value.ts'
import type { Life, LifeEntry, LifeRequest } from './view-data.ts'

/** Entries at most: the latest. */
const MOST = 1000

/** What each commit did to the rows with a key. Errors as `history`. */
export async function pointLife(
  repo: Repository,
  { path, commit: rev, row }: LifeRequest,
): Promise<Life> {
  if (!('length' in row)) return { key: undefined, entries: [] }
  const found = await history(repo, { name: path, rev, key: row, maxCount: MOST })
  const lister = await openLister(repo)
  const entries: LifeEntry[] = []
  for await (const { id, commit, path: name, rows, columns } of found.changes()) {
    for (const change of rows) {
      const { class: kind } = change
      entries.push({
        commit: lister.list(id, commit),
        path: name,
        kind: kind === 'revised' || kind === 'deleted' ? kind : 'added',
        cells: changedCells(columns, change).map((cell) => ({
          column: cell.name,
          ...shownCell(cell, found.zone),
        })),
      })
    }
  }
  return { key: cut(row.join(',')), entries }
}
