import { readIndex } from '../plumbing/index-state.ts'
import { applyFilePlan, planRefresh } from '../plumbing/refresh-files.ts'
import type { Repository } from '../plumbing/repository.ts'
import { workTreeOf } from '../plumbing/series-files.ts'
import { selectSeries } from './select-series.ts'
import { type FilesMoved, type FilesOptions, movedBy, putFiles } from './show-tree.ts'

export interface MaterialiseOptions extends Omit<FilesOptions, 'filesLimit'> {
  /** Series, and collections for all that is in them; `.` for all. */
  readonly series: readonly string[]
}

/**
 * Gives series files in the work tree, however large, that show what the index holds. `refused`
 * where other files are in their place.
 */
export async function materialiseFiles(
  repo: Repository,
  options: MaterialiseOptions,
): Promise<FilesMoved> {
  workTreeOf(repo)
  const { files, tree } = (await readIndex(repo)).state
  const only = await selectSeries(repo, [tree], options.series, 'the index')
  const { force, signal } = options
  const plan = await planRefresh(repo, { files, tree, only, materialise: only, force, signal })
  await putFiles(repo, plan, await applyFilePlan(repo, files, plan, options))
  return movedBy({ files: plan })
}
