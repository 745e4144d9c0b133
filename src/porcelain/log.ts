import type { Commit } from '../core/commit.ts'
import { readCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { diffTree } from '../plumbing/diff-tree.ts'
import type { Repository } from '../plumbing/repository.ts'
import { seriesNotFound } from '../plumbing/resolve-object-name.ts'
import { resolveRange } from '../plumbing/resolve-range.ts'
import { resolveTreeAt } from '../plumbing/resolve-series.ts'
import { type RevListOptions, revList } from '../plumbing/rev-list.ts'
import { zoneOfEither } from '../plumbing/series-zone.ts'
import { touchesPaths } from '../plumbing/touches-paths.ts'
import type { WalkedCommit } from '../plumbing/walk-commits.ts'
import { type Decoration, type Decorations, readDecorations } from './decorations.ts'
import { throwIfInterrupted } from './interruptible.ts'
import { withRenames } from './renamed-series.ts'
import { revisionsAndSeries, seriesIn } from './revisions-and-series.ts'
import { type SeriesStat, seriesStat } from './series-stat.ts'

export interface LogOptions extends Omit<RevListOptions, 'revisions' | 'test' | 'now'> {
  /** Revisions and ranges, then series; HEAD where there is no revision. */
  readonly words?: readonly string[]
  /** Only commits that changed one of these series or collections. */
  readonly series?: readonly string[]
  /** Only commits whose `NAME <ADDRESS>` fits one of these. */
  readonly authors?: readonly RegExp[]
  readonly committers?: readonly RegExp[]
  /** Only commits whose message fits one of these. */
  readonly messages?: readonly RegExp[]
  readonly signal?: AbortSignal | undefined
  /** Also what each commit changed, in numbers; a merge has none but with `firstParent`. */
  readonly stat?: boolean
  /** Also the names of refs that are at each commit. */
  readonly decorate?: boolean
  readonly now?: CommitDate
}

export interface LoggedCommit {
  readonly id: Id
  readonly commit: Commit
  readonly decorations: readonly Decoration[]
  /** By series; present when it was asked for and there is one parent at most. */
  readonly changes?: readonly SeriesStat[]
}

/**
 * The commits that revisions lead to, the newest first, each as it is found. Limited to series, it
 * looks at a few nodes of trees a commit. Errors as `revList`; `series-not-found` where no commit
 * ever had a series that is named.
 */
export async function* log(
  repo: Repository,
  options: LogOptions = {},
): AsyncGenerator<LoggedCommit> {
  const { words = [], series = [], stat = false, decorate = false, now, signal, ...rest } = options
  const at = { now }
  const split = await revisionsAndSeries(repo, words, (word) => resolveRange(repo, [word], at))
  const named = await namedSeries(repo, series)
  const paths = [...split.series, ...named.paths]
  const decorations: Decorations = decorate ? await readDecorations(repo) : new Map()
  const { shallow } = await repo.refs.state()
  const touches = paths.length === 0 ? () => true : touchesPaths(repo.objects, paths)
  let any = false
  const commits = revList(repo, {
    ...rest,
    ...(now && { now }),
    revisions: await withStart(repo, split.revisions, options),
    test: async (walked) => {
      throwIfInterrupted(signal)
      return fits(walked, options) && touches(walked)
    },
  })
  for await (const { id, commit } of commits) {
    any = true
    const parents = shallow.has(id) ? [] : commit.parents
    const isCompared = stat && (parents.length < 2 || options.firstParent === true)
    yield {
      id,
      commit,
      decorations: decorations.get(id) ?? [],
      ...(isCompared && { changes: await changesOf(repo, parents[0], commit, paths) }),
    }
  }
  if (!any && named.unknown !== undefined) throw named.unknown
}

/** What a commit changed against a parent, or all it has where there is none. */
export async function changesOf(
  repo: Repository,
  parent: Id | undefined,
  { tree }: Commit,
  paths: readonly string[] = [],
): Promise<SeriesStat[]> {
  const old = parent === undefined ? undefined : (await readCommit(repo.objects, parent)).tree
  const changes: SeriesStat[] = []
  const all = diffTree(repo.objects, old, tree, { recursive: true, paths })
  for await (const change of withRenames(repo.objects, all)) {
    const zone = await zoneOfEither(repo.objects, [tree, old], change.path)
    changes.push(await seriesStat(repo.objects, change, zone))
  }
  return changes
}

/** HEAD where nothing else says where to start. */
async function withStart(
  repo: Repository,
  revisions: readonly string[],
  { all, branches, tags, remotes, now }: LogOptions,
): Promise<readonly string[]> {
  if (all || branches || tags || remotes) return revisions
  const { include } = await resolveRange(repo, revisions, { now })
  return include.length > 0 ? revisions : ['HEAD', ...revisions]
}

function fits({ commit }: WalkedCommit, { authors, committers, messages }: LogOptions): boolean {
  const { author, committer, message } = commit
  const some = (patterns: readonly RegExp[] | undefined, text: () => string) =>
    patterns === undefined ||
    patterns.length === 0 ||
    patterns.some((pattern) => pattern.test(text()))
  return (
    some(authors, () => `${author.name} <${author.email}>`) &&
    some(committers, () => `${committer.name} <${committer.email}>`) &&
    some(messages, () => message)
  )
}

/** Series as they are called here; of one that is gone, history may still know. */
async function namedSeries(
  repo: Repository,
  names: readonly string[],
): Promise<{ paths: string[]; unknown: VarveError | undefined }> {
  if (names.length === 0) return { paths: [], unknown: undefined }
  const { tree, where } = await resolveTreeAt(repo, {})
  const paths: string[] = []
  let unknown: VarveError | undefined
  for (const name of names) {
    const found = await seriesIn(repo, [tree], name)
    if (found === undefined) {
      const { code, message, data, hint } = await seriesNotFound(repo, tree, name, where)
      unknown = new VarveError(code, `${message}, nor in the commits looked at`, {
        data,
        ...(hint !== undefined && { hint }),
      })
    }
    paths.push(found ?? name)
  }
  return { paths, unknown }
}
