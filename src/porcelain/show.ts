import type { Scalar } from '../core/column.ts'
import type { Commit } from '../core/commit.ts'
import { decodeCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { hasCode } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import type { Schema } from '../core/schema.ts'
import { NO_SETTINGS, type Settings, zoneOf } from '../core/settings.ts'
import { decodeTag, type Tag } from '../core/tag.ts'
import { settingsFor } from '../core/tree.ts'
import type { Zone } from '../core/zone.ts'
import { catObject } from '../plumbing/cat-object.ts'
import { diffTree } from '../plumbing/diff-tree.ts'
import { treeOf } from '../plumbing/index-state.ts'
import { type ListedEntry, lsTree, seriesExtent } from '../plumbing/ls-tree.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveObjectName, resolvePath } from '../plumbing/resolve-object-name.ts'
import { resolveTreeAt } from '../plumbing/resolve-series.ts'
import { openShown, zoneOfEither } from '../plumbing/series-zone.ts'
import { readDecorations } from './decorations.ts'
import { type DiffItem, type DiffRowsOptions, diffRows } from './diff.ts'
import { changesOf, type LoggedCommit } from './log.ts'
import type { Comparison } from './open-comparison.ts'
import { withRenames } from './renamed-series.ts'
import { seriesIn } from './revisions-and-series.ts'

export interface ShowOptions
  extends Pick<DiffRowsOptions, 'seriesWithRows' | 'rowsOfSeries' | 'counted'> {
  /** `REV`, `REV:NAME`, an id of any object; HEAD where there is none. */
  readonly names?: readonly string[]
  /** Of a commit, how much changed rather than what. */
  readonly stat?: boolean
  /** Of a commit, the rows that it changed; so it is unless false. */
  readonly patch?: boolean
  readonly decorate?: boolean
  readonly now?: CommitDate | undefined
}

export interface ShownSeries {
  readonly kind: 'series'
  readonly name: string
  readonly id: Id
  readonly schema: Schema
  readonly rows: number
  readonly first: readonly Scalar[] | undefined
  readonly last: readonly Scalar[] | undefined
  /** Those that hold for it, of collections above it too; empty where it was named by its id. */
  readonly settings: Settings
  /** The zone that its keys are shown in; UTC unless given. */
  readonly zone?: Zone | undefined
}

export type ShownItem =
  | { readonly kind: 'commit'; readonly commit: LoggedCommit }
  | { readonly kind: 'diff'; readonly item: DiffItem }
  | { readonly kind: 'tag'; readonly id: Id; readonly tag: Tag }
  | { readonly kind: 'tree'; readonly name: string; readonly id: Id }
  | { readonly kind: 'entry'; readonly entry: ListedEntry }
  | ShownSeries
  | {
      readonly kind: 'object'
      readonly id: Id
      readonly of: ObjectKind
      readonly piece: Uint8Array | string
    }

/**
 * Objects as a person wants to see them: a commit with what it changed against its first parent, a
 * tag with what it stands for, what is in a tree, what a series is. Errors as `resolveObjectName`.
 */
export async function* show(
  repo: Repository,
  options: ShowOptions = {},
): AsyncGenerator<ShownItem> {
  const { names = [], now } = options
  for (const name of names.length === 0 ? ['HEAD'] : names) {
    const { id, path, tree } = await resolveShown(repo, name, now)
    const settings =
      path === undefined || tree === undefined
        ? undefined
        : await settingsFor(repo.objects, tree, path.replace(/\/$/, ''))
    yield* showOne(repo, id, name, settings, options)
  }
}

/** A word that is no revision may be a series: as the next commit will hold it. */
async function resolveShown(repo: Repository, name: string, now: CommitDate | undefined) {
  try {
    return await resolveObjectName(repo, name, { now })
  } catch (error) {
    if (!hasCode(error, 'revision-not-found')) throw error
    const at = await resolveTreeAt(repo, {})
    const path = await seriesIn(repo, [at.tree], name)
    if (path === undefined) throw error
    return resolvePath(repo, at.tree, path, at.where)
  }
}

async function* showOne(
  repo: Repository,
  id: Id,
  name: string,
  settings: Settings | undefined,
  options: ShowOptions,
): AsyncGenerator<ShownItem> {
  const found = await repo.objects.readIfPresent(id)
  // The empty tree need not be stored.
  const kind = found?.kind ?? 'tree'
  if (kind === 'commit') {
    yield* showCommit(repo, id, decodeCommit(found!.bytes), options)
  } else if (kind === 'tag') {
    const tag = decodeTag(found!.bytes)
    yield { kind: 'tag', id, tag }
    yield* showOne(repo, tag.object, tag.object, undefined, options)
  } else if (kind === 'tree') {
    yield { kind: 'tree', name, id }
    for await (const entry of lsTree(repo.objects, id)) yield { kind: 'entry', entry }
  } else if (kind === 'series') {
    const { schema, rows, first, last } = await seriesExtent(repo.objects, id)
    const held = settings ?? NO_SETTINGS
    const zone = await openShown(zoneOf(held))
    yield { kind: 'series', name, id, schema, rows, first, last, settings: held, zone }
  } else {
    for await (const piece of catObject(repo.objects, id)) {
      yield { kind: 'object', id, of: kind, piece }
    }
  }
}

async function* showCommit(
  repo: Repository,
  id: Id,
  commit: Commit,
  { stat = false, patch = true, decorate = false, ...limits }: ShowOptions,
): AsyncGenerator<ShownItem> {
  const { shallow } = await repo.refs.state()
  const parent = shallow.has(id) ? undefined : commit.parents[0]
  const decorations = decorate ? ((await readDecorations(repo)).get(id) ?? []) : []
  const logged = { id, commit, decorations, paths: [] }
  if (stat) {
    yield { kind: 'commit', commit: { ...logged, changes: await changesOf(repo, parent, commit) } }
    return
  }
  yield { kind: 'commit', commit: logged }
  if (!patch) return
  const comparison = await commitComparison(repo, parent, commit)
  for await (const item of diffRows(comparison, limits)) yield { kind: 'diff', item }
}

/** What a commit changed against a parent, to be read row by row. */
export async function commitComparison(
  repo: Repository,
  parent: Id | undefined,
  { tree }: Commit,
  paths: readonly string[] = [],
): Promise<Comparison> {
  const old = await treeOf(repo.objects, parent)
  return {
    reader: repo.objects,
    changes: () =>
      withRenames(repo.objects, diffTree(repo.objects, old, tree, { recursive: true, paths })),
    zoneOf: (path) => zoneOfEither(repo.objects, [tree, old], path),
    files: [],
    close: async () => undefined,
  }
}
