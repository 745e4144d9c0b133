import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { VarveError } from '../core/errors.ts'
import { editSeries } from '../core/series-edit.ts'
import type { Repository } from '../plumbing/repository.ts'
import { seriesNotFound } from '../plumbing/resolve-object-name.ts'
import { zoneAt } from '../plumbing/series-zone.ts'
import { applyChange, type ChangeOptions } from './apply-change.ts'
import { generatedMessage } from './change-summary.ts'
import { editChange } from './edit-change.ts'
import type { EditResult } from './write-series.ts'

export interface DeleteRowsOptions extends ChangeOptions, BoundTexts {
  readonly series: string
}

/**
 * Deletes the rows of a series that lie between bounds. `usage` without any bound: `rm` removes whole
 * series; `series-not-found` with the nearest name.
 */
export async function deleteRows(
  repo: Repository,
  options: DeleteRowsOptions,
): Promise<EditResult> {
  const { series: path, from, to, at, closed } = options
  if (from === undefined && to === undefined && at === undefined) {
    throw new VarveError('usage', 'delete needs a bound: --from, --to or --at', {
      hint: `varve rm ${path} removes the whole series`,
    })
  }
  const change = editChange(path, async (batch, tree, series) => {
    if (series === undefined) throw await seriesNotFound(repo, tree, path, 'this repository')
    const bounds = boundsFor(
      series.schema,
      { from, to, at, closed },
      await zoneAt(batch, tree, path),
    )
    return editSeries(batch, series.id, { mode: 'delete', ...bounds })
  })
  const { result, commit } = await applyChange(repo, change, {
    ...options,
    series: new Set([path]),
    message: (deleted) => generatedMessage([deleted]),
  })
  return { series: [result], dryRun: options.dryRun === true, ...(commit && { commit }) }
}
