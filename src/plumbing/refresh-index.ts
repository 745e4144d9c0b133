import type { Id } from '../core/id.ts'
import { lookupPath } from '../core/tree.ts'
import { readIndex, type SeriesFile } from './index-state.ts'
import { rememberClean } from './remember-clean.ts'
import type { Repository } from './repository.ts'
import { type FileStatus, fileStatus, sameStamp, scratchFor, workTreeOf } from './series-files.ts'

export interface RefreshIndexResult {
  /** Files that do not show what the index holds, or are gone. */
  readonly needUpdate: readonly string[]
}

/**
 * Looks at the files of series as `status` does, and remembers how those look that show what the
 * index holds: the next look at them need not read them. Nothing else of the index changes.
 */
export async function refreshIndex(
  repo: Repository,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<RefreshIndexResult> {
  workTreeOf(repo)
  const { state } = await readIndex(repo)
  const clean = new Map<string, SeriesFile>()
  const needUpdate: string[] = []
  const scratch = scratchFor(repo)
  try {
    for (const [path, known] of state.files) {
      const id = (await lookupPath(repo.objects, state.tree, path))?.id
      const place = { path, tree: state.tree }
      const status = await fileStatus(repo, scratch, known, place, options.signal)
      // What is gone from both is no difference.
      if (status.state === 'missing' && id === undefined) continue
      const held = heldBy(status, known)
      if (status.state === 'missing' || held === undefined || held !== id) {
        needUpdate.push(known.file)
      } else if (held !== known.id || !sameStamp(status.stamp, known.stamp)) {
        clean.set(path, { ...known, id: held, stamp: status.stamp })
      }
    }
  } finally {
    await scratch.discard()
  }
  await rememberClean(repo, state, clean)
  return { needUpdate: needUpdate.sort() }
}

/** The series that a file holds; undefined where it is gone or cannot be read as the series. */
function heldBy(status: FileStatus, known: SeriesFile): Id | undefined {
  if (status.state === 'clean') return known.id
  return status.state === 'changed' ? status.id : undefined
}
