import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { lookupPath } from '../core/tree.ts'
import { headState } from '../plumbing/head.ts'
import { type IndexState, readIndex, treeOf } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { fileStatus, scratchFor, workTreeOf } from '../plumbing/series-files.ts'

export interface RefuseStagedOptions {
  /** Whether the files stay: then what they hold is not lost. */
  readonly cached: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * `refused`, naming them, where series of the index's tree are staged otherwise than HEAD has them,
 * so that they would be lost if they were removed. As in git, one whose file somebody removed is
 * not asked about again.
 */
export async function refuseStaged(
  repo: Repository,
  tree: Id,
  series: readonly string[],
  { cached, signal }: RefuseStagedOptions,
): Promise<void> {
  const { state } = await readIndex(repo)
  const head = await treeOf(repo.objects, (await headState(repo)).id)
  const lost: string[] = []
  for (const path of series) {
    const id = (await lookupPath(repo.objects, tree, path))?.id
    if (id === undefined || id === (await lookupPath(repo.objects, head, path))?.id) continue
    const held = await fileState(repo, state, { path, tree, id }, signal)
    if (held === 'missing' || (cached && held === 'same')) continue
    lost.push(path)
  }
  if (lost.length === 0) return
  const shown = lost.slice(0, 5).join(', ')
  const more = lost.length > 5 ? ` and ${(lost.length - 5).toLocaleString('en-US')} more` : ''
  throw new VarveError('refused', `staged and not committed: ${shown}${more}`, {
    data: { series: lost },
    hint: cached
      ? 'varve commit keeps what is staged; --force drops it'
      : 'varve commit keeps what is staged; --cached leaves the file, --force removes both',
  })
}

/** What there is of a series in its file; `none` where it never had one. */
async function fileState(
  repo: Repository,
  { files }: IndexState,
  staged: { readonly path: string; readonly tree: Id; readonly id: Id },
  signal: AbortSignal | undefined,
): Promise<'none' | 'missing' | 'same' | 'other'> {
  const known = files.get(staged.path)
  if (known === undefined) return 'none'
  if ((await workTreeOf(repo).stat(known.file)) === undefined) return 'missing'
  const scratch = scratchFor(repo)
  try {
    const status = await fileStatus(repo, scratch, known, staged, signal)
    if (status.state === 'clean') return known.id === staged.id ? 'same' : 'other'
    return status.state === 'changed' && status.id === staged.id ? 'same' : 'other'
  } finally {
    await scratch.discard()
  }
}
