import { type Commit, readCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, shortId } from '../core/id.ts'
import type { TreeEntry } from '../core/tree.ts'
import type { Repository } from './repository.ts'
import { type AsOfResult, resolveAsOf } from './resolve-as-of.ts'
import { resolvePath } from './resolve-object-name.ts'
import { resolveCommit } from './resolve-revision.ts'
import { type SeriesName, splitName } from './resolve-series.ts'

/** A series in a commit: where a walk back through its history begins. */
export interface CommittedSeries {
  readonly id: Id
  readonly commit: Commit
  readonly path: string
  readonly entry: TreeEntry
  /** The commit that `asOf` chose. */
  readonly asOf?: AsOfResult
}

/**
 * The series that a name means in a commit: that of its revision, or HEAD. What is only staged has no
 * history yet. Errors as `resolveSeries`.
 */
export async function resolveCommittedSeries(
  repo: Repository,
  name: SeriesName,
): Promise<CommittedSeries> {
  const { rev = 'HEAD', path: given } = splitName(name)
  const tip = await resolveCommit(repo, rev, name)
  const asOf = name.asOf && (await resolveAsOf(repo, tip, name.asOf))
  const id = asOf?.id ?? tip
  const commit = asOf?.commit ?? (await readCommit(repo.objects, id))
  const path = given.replace(/\/$/, '')
  const where = asOf === undefined ? rev : shortId(id)
  const { entry } = await resolvePath(repo, commit.tree, given, where)
  if (entry.kind === 'series') return { id, commit, path, entry, ...(asOf && { asOf }) }
  throw new VarveError(
    'usage',
    `${path === '' ? 'all of it' : `${path}/`} is a collection, not a series`,
    {
      data: { collection: path },
      hint: `varve ls ${path}/ lists what is in it`,
    },
  )
}
