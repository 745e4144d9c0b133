import { type Commit, readCommit } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import { lookupPath } from '../core/tree.ts'
import { earlierSeries, type NamedSeries } from './earlier-name.ts'
import type { Repository } from './repository.ts'
import type { CommittedSeries } from './resolve-committed-series.ts'

/** What a series became with a commit. */
export interface SeriesVersion {
  readonly id: Id
  readonly commit: Commit
  /** Undefined where the commit has no such series: it was removed, and added again later. */
  readonly series: Id | undefined
  /** What it was called then. */
  readonly path: string
}

/** The versions of a series along first parents. */
export interface SeriesVersions {
  /** The oldest first, the first of them a series; consecutive ones differ. */
  readonly versions: readonly SeriesVersion[]
  /** Whether what was before the first version is not here, as history was trimmed or not cloned. */
  readonly isCut: boolean
}

/**
 * All that a series was, along first parents and under the names that it had: a commit a version, that
 * which made it so. Reads a commit and a few nodes of trees for each commit.
 */
export async function seriesVersions(
  repo: Repository,
  tip: Pick<CommittedSeries, 'id' | 'commit' | 'path' | 'entry'>,
  onCommit: () => void = () => undefined,
): Promise<SeriesVersions> {
  const { shallow } = await repo.refs.state()
  const found: SeriesVersion[] = []
  let { id, commit } = tip
  let at: NamedSeries | undefined = { path: tip.path, series: tip.entry.id }
  let path = tip.path
  for (;;) {
    onCommit()
    const parentId = shallow.has(id) ? undefined : commit.parents[0]
    const parent = parentId === undefined ? undefined : await readCommit(repo.objects, parentId)
    const before: NamedSeries | undefined =
      parent === undefined
        ? undefined
        : at === undefined
          ? await seriesAt(repo, parent.tree, commit.tree, path)
          : await earlierSeries(repo.objects, parent.tree, commit.tree, at)
    if (before?.series !== at?.series) found.push({ id, commit, series: at?.series, path })
    if (parent === undefined || parentId === undefined) {
      return { versions: found.reverse(), isCut: shallow.has(id) && at !== undefined }
    }
    id = parentId
    commit = parent
    at = before
    path = before?.path ?? path
  }
}

/** The series under a name, where a later tree has none. */
async function seriesAt(
  repo: Repository,
  tree: Id,
  later: Id,
  path: string,
): Promise<NamedSeries | undefined> {
  if (tree === later) return undefined
  const entry = await lookupPath(repo.objects, tree, path)
  return entry?.kind === 'series' ? { path, series: entry.id } : undefined
}
