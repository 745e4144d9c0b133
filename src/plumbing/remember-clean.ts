import { hasCode } from '../core/errors.ts'
import { type IndexState, type SeriesFile, updateIndexState } from './index-state.ts'
import type { Repository } from './repository.ts'
import { sameStamp } from './series-files.ts'

/**
 * Remembers how clean files look now, so that the next look at them need not read them. Only an
 * advantage: where the index cannot be written it is left out.
 */
export async function rememberClean(
  repo: Repository,
  seen: IndexState,
  clean: ReadonlyMap<string, SeriesFile>,
): Promise<void> {
  if (clean.size === 0) return
  try {
    await updateIndexState(repo, (state) => {
      const files = new Map(state.files)
      for (const [series, file] of clean) {
        // Another process may have written the file, and said so, after it was looked at here.
        const then = seen.files.get(series)!
        const now = files.get(series)
        if (now?.id === then.id && sameStamp(now.stamp, then.stamp)) files.set(series, file)
      }
      return { ...state, files }
    })
  } catch (error) {
    if (!hasCode(error, 'permission-denied') && !hasCode(error, 'disk-full')) throw error
  }
}
