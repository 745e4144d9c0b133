import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { nearest } from '../core/nearest.ts'
import { parseObjectName, type Revision } from '../core/revision.ts'
import { lookupPath, type TreeEntry, walkTree } from '../core/tree.ts'
import { withoutFormat } from '../formats/table-formats.ts'
import { readIndex } from './index-state.ts'
import type { Repository } from './repository.ts'
import { peelObject, type ResolveOptions, resolveRevision } from './resolve-revision.ts'

export interface ResolvedObject {
  readonly id: Id
  readonly kind: ObjectKind
  /** The revision before the colon; undefined for the index and where there is no colon. */
  readonly revision?: Revision
  /** The commit that the revision leads to, when it leads to one. */
  readonly commit?: Id
  /** The tree that the name was looked up in. */
  readonly tree?: Id
  /** The name behind the colon. */
  readonly path?: string
  readonly entry?: TreeEntry
  readonly ref?: string
  readonly alsoMeans: readonly string[]
}

/**
 * What `REV`, `REV:NAME` or `:NAME` (in the index) names: an object, or a series or collection in
 * a tree. Errors as `resolveRevision`; `series-not-found` with the nearest name.
 */
export async function resolveObjectName(
  repo: Repository,
  text: string,
  options: ResolveOptions = {},
): Promise<ResolvedObject> {
  const { revision, name } = parseObjectName(text)
  if (revision !== undefined && name === undefined) return resolveRevision(repo, revision, options)
  const path = name ?? ''
  if (revision === undefined) {
    const { tree } = (await readIndex(repo)).state
    return { ...(await resolvePath(repo, tree, path, 'the index')), alsoMeans: [] }
  }
  const found = await resolveRevision(repo, revision, { ...options, prefer: 'tree' })
  const start = await peelObject(repo, found.id, 'any', revision.text)
  const tree = await peelObject(repo, start, 'tree', revision.text)
  return {
    ...(await resolvePath(repo, tree, path, revision.text)),
    revision,
    ...(start !== tree && { commit: start }),
    alsoMeans: found.alsoMeans,
  }
}

/** Looks a name up in a tree that messages call `where`; `series-not-found` with the nearest. */
export async function resolvePath(
  repo: Repository,
  tree: Id,
  path: string,
  where: string,
): Promise<Pick<ResolvedObject, 'id' | 'kind'> & { tree: Id; path: string; entry: TreeEntry }> {
  const entry = await lookupPath(repo.objects, tree, path)
  if (entry === undefined) throw await seriesNotFound(repo, tree, path, where)
  return { id: entry.id, kind: entry.kind, tree, path, entry }
}

/** Names looked at for a hint. */
const MOST_NAMES = 100_000

/** The error for a name that a tree does not have, with the nearest name that it does. */
export async function seriesNotFound(
  repo: Repository,
  tree: Id,
  path: string,
  where: string,
): Promise<VarveError> {
  const series: string[] = []
  const collections = new Set<string>()
  for await (const found of walkTree(repo.objects, tree)) {
    for (let at = found.path.indexOf('/'); at >= 0; at = found.path.indexOf('/', at + 1)) {
      collections.add(found.path.slice(0, at + 1))
    }
    if (series.push(found.path) === MOST_NAMES) break
  }
  const names = path.endsWith('/') && collections.size > 0 ? [...collections] : series
  // The name of its file, as one types it for git.
  const ofFile = withoutFormat(path.replace(/^(?:\.\/)+/, ''))
  const near = names.includes(ofFile) ? ofFile : nearest(path, names)
  return new VarveError('series-not-found', `no series ${JSON.stringify(path)} in ${where}`, {
    data: { series: path, in: where, ...(near !== undefined && { nearest: near }) },
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  })
}
