import { readMergeState, type SeriesConflicts, writeMergeState } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { conflictsOf, wholeKey } from './merge-conflicts.ts'

/**
 * Settles the conflicts of series that somebody has just staged as a whole, as `git add` does; those of
 * their settings are left. Without effect where no merge is going on. How many it settled, by series.
 */
export async function settleStaged(
  repo: Repository,
  series: Iterable<string>,
): Promise<readonly SeriesConflicts[]> {
  const state = await readMergeState(repo)
  if (!state?.staged || state.paths.length === 0) return []
  const staged = new Set(series)
  const before = state.paths.filter((conflicts) => staged.has(conflicts.series))
  if (before.length === 0) return []
  const settled = [...state.settled, ...before.map((conflicts) => wholeKey(conflicts.series))]
  const left = new Map<string, number>()
  for await (const { conflict } of conflictsOf(repo, { ...state, settled })) {
    left.set(conflict.path, (left.get(conflict.path) ?? 0) + 1)
  }
  const paths = [...left].map(([series, conflicts]) => ({ series, conflicts }))
  await writeMergeState(repo, { ...state, settled, paths })
  return before
    .map(({ series, conflicts }) => ({ series, conflicts: conflicts - (left.get(series) ?? 0) }))
    .filter(({ conflicts }) => conflicts > 0)
}
