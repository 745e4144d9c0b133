import { VarveError } from '../core/errors.ts'
import { type Id, shortId } from '../core/id.ts'
import type { Period } from '../core/period.ts'
import type { TreeEntry } from '../core/tree.ts'
import { headState } from './head.ts'
import { hasIndex, readIndex, treeOf } from './index-state.ts'
import type { Repository } from './repository.ts'
import { type AsOfResult, resolveAsOf } from './resolve-as-of.ts'
import { resolvePath } from './resolve-object-name.ts'
import { type ResolveOptions, resolveCommit, resolveTree } from './resolve-revision.ts'

export interface SeriesName extends ResolveOptions {
  /** `NAME`, or `REV:NAME` split at the first colon; taken as it is where `rev` is given. */
  readonly name: string
  readonly rev?: string | undefined
  /** What was known then: looked up from the revision, or HEAD, along first parents. */
  readonly asOf?: Period | undefined
}

export interface ResolvedTree {
  readonly tree: Id
  /** The commit that the tree belongs to; undefined for the index. */
  readonly commit?: Id
  /** The commit that `asOf` chose. */
  readonly asOf?: AsOfResult
  /** What messages call it. */
  readonly where: string
}

export interface ResolvedSeries extends ResolvedTree {
  readonly path: string
  readonly entry: TreeEntry
}

/**
 * The tree that a revision names. Without one it is what the next commit will hold: the index, or
 * where there is none the tip of the default branch.
 */
export async function resolveTreeAt(
  repo: Repository,
  { rev, asOf, ...options }: Omit<SeriesName, 'name'>,
): Promise<ResolvedTree> {
  if (asOf !== undefined) {
    const tip = await resolveCommit(repo, rev ?? 'HEAD', options)
    const found = await resolveAsOf(repo, tip, asOf)
    return { tree: found.commit.tree, commit: found.id, asOf: found, where: shortId(found.id) }
  }
  if (rev !== undefined) {
    return { tree: await resolveTree(repo, rev, options), where: rev }
  }
  if (hasIndex(repo)) return { tree: (await readIndex(repo)).state.tree, where: 'the index' }
  const { id } = await headState(repo)
  const tree = await treeOf(repo.objects, id)
  return { tree, ...(id !== undefined && { commit: id }), where: 'HEAD' }
}

/** The series or collection that a name means; `series-not-found` with the nearest name. */
export async function resolveSeriesName(
  repo: Repository,
  name: SeriesName,
): Promise<ResolvedSeries> {
  const { rev, path } = splitName(name)
  const at = await resolveTreeAt(repo, { ...name, rev })
  const { entry } = await resolvePath(repo, at.tree, path, at.where)
  return { ...at, path: path.replace(/\/$/, ''), entry }
}

/** As {@link resolveSeriesName}, for what must be a series. */
export async function resolveSeries(repo: Repository, name: SeriesName): Promise<ResolvedSeries> {
  const found = await resolveSeriesName(repo, name)
  if (found.entry.kind === 'series') return found
  throw new VarveError('usage', `${found.path}/ is a collection, not a series`, {
    data: { collection: found.path },
    hint: `varve ls ${found.path}/ lists what is in it, varve read ${found.path}/ reads all of it`,
  })
}

/** The revision that a name is looked up in, and what is looked up there. */
export function splitName({ name, rev }: Pick<SeriesName, 'name' | 'rev'>): {
  rev: string | undefined
  path: string
} {
  const colon = name.indexOf(':')
  if (rev !== undefined || colon < 0) return { rev, path: name }
  return { rev: colon === 0 ? undefined : name.slice(0, colon), path: name.slice(colon + 1) }
}
