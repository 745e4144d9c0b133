import type { Id } from '../core/id.ts'
import { updatePaths } from '../core/tree.ts'
import { readIndex } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { scratchFor, seriesFileInput, workTreeOf } from '../plumbing/series-files.ts'
import { type AddedFile, addFiles } from './add-files.ts'
import { removeSeries } from './move-series.ts'
import { type PendingFile, pendingFiles, treeWithFiles } from './pending-files.ts'

export interface StageFilesOptions {
  readonly signal?: AbortSignal | undefined
  readonly onFile?: ((file: string) => void) | undefined
}

/**
 * Stages what differs in the files of series: `add` for those that changed, `rm` for series whose
 * file is gone. Errors as those have, before anything is staged of the files that are added.
 */
export async function stageFiles(repo: Repository, options: StageFilesOptions = {}): Promise<void> {
  const { pending, known } = await withScratch(repo, async (scratch) => {
    const { state } = await readIndex(repo)
    const { files } = await pendingFiles(repo, scratch, state, options)
    return { pending: files, known: state.files }
  })
  const { signal } = options
  const added: AddedFile[] = []
  for (const { series, file } of pending.filter(isChanged)) {
    const bytes = (await workTreeOf(repo).stat(file))?.size
    const { reading } = known.get(series)!
    added.push({ series, file, input: seriesFileInput(repo, { file, reading }, { bytes, signal }) })
  }
  if (added.length > 0) await addFiles(repo, added, { signal })
  const names = pending.filter(({ state }) => state === 'missing').map(({ series }) => series)
  if (names.length > 0) await removeSeries(repo, { names, signal })
}

/** Tells `use` the tree that the index would hold after {@link stageFiles}, with its objects. */
export async function withStagedFiles<R>(
  repo: Repository,
  options: StageFilesOptions,
  use: (scratch: ReturnType<typeof scratchFor>, tree: Id) => Promise<R>,
): Promise<R> {
  return withScratch(repo, async (scratch) => {
    const { state } = await readIndex(repo)
    const { files } = await pendingFiles(repo, scratch, state, options)
    for (const file of files) if (file.state === 'unreadable') throw file.fault
    const changed = await treeWithFiles(scratch, state.tree, files)
    const gone = files.filter((file) => file.state === 'missing')
    const removals = new Map(gone.map(({ series }) => [series, undefined]))
    return use(
      scratch,
      removals.size === 0 ? changed : await updatePaths(scratch, changed, removals),
    )
  })
}

function isChanged({ state }: PendingFile): boolean {
  return state === 'modified' || state === 'unreadable'
}

async function withScratch<R>(
  repo: Repository,
  use: (scratch: ReturnType<typeof scratchFor>) => Promise<R>,
): Promise<R> {
  const scratch = scratchFor(repo)
  try {
    return await use(scratch)
  } finally {
    await scratch.discard()
  }
}
