import { isNumberType } from '../../core/column.ts'
import { scalarAt } from '../../core/column-ops.ts'
import { readCommit } from '../../core/commit.ts'
import { readSeries } from '../../core/series.ts'
import { readRows } from '../../core/series-read.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { resolveSeries } from '../../plumbing/resolve-series.ts'
import { shownZone } from '../../plumbing/series-zone.ts'
import { shownValue } from './shown-value.ts'
import type { PlainRows, RowsRequest } from './view-data.ts'

/** Some rows of a series as they are at a commit. `series-not-found` where it has none of that name. */
export async function plainRows(
  repo: Repository,
  { path, commit, from, count }: RowsRequest,
): Promise<PlainRows> {
  const { tree } = await readCommit(repo.objects, commit)
  const { entry } = await resolveSeries(repo, { name: path, rev: commit })
  const series = await readSeries(repo.objects, entry.id)
  const zone = await shownZone(repo.objects, tree, path)
  const { columns, indexCount } = series.schema
  const rows: string[][] = []
  for await (const frame of readRows(repo.objects, series, { offset: from, limit: count })) {
    for (let row = 0; row < frame.rows; row++) {
      rows.push(
        frame.columns.map((column) =>
          shownValue({ value: scalarAt(column, row), type: column.type }, zone),
        ),
      )
    }
  }
  return {
    columns: columns.map(({ name }) => name),
    indexCount,
    isNumber: columns.map(({ type }) => isNumberType(type)),
    rows,
    total: series.rows,
  }
}
