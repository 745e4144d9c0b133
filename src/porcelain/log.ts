import type { BoundTexts } from '../core/bounds.ts'
import type { Commit } from '../core/commit.ts'
import { readCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { diffTrees, lookupPath } from '../core/tree.ts'
import { diffTree } from '../plumbing/diff-tree.ts'
import type { Repository } from '../plumbing/repository.ts'
import { seriesNotFound } from '../plumbing/resolve-object-name.ts'
import { resolveRange } from '../plumbing/resolve-range.ts'
import { resolveTreeAt } from '../plumbing/resolve-series.ts'
import { type RevListOptions, revList } from '../plumbing/rev-list.ts'
import { zoneOfEither } from '../plumbing/series-zone.ts'
import { shownParents } from '../plumbing/shown-parents.ts'
import { touchesPaths } from '../plumbing/touches-paths.ts'
import type { WalkedCommit } from '../plumbing/walk-commits.ts'
import { type Decoration, type Decorations, readDecorations } from './decorations.ts'
import { throwIfInterrupted } from './interruptible.ts'
import { withRenames } from './renamed-series.ts'
import { revisionsAndSeries, seriesIn } from './revisions-and-series.ts'
import { type SeriesStat, seriesStat } from './series-stat.ts'
import { type TouchesRows, touchesRows } from './touches-rows.ts'

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
  /** Only commits that changed rows of these keys. */
  readonly bounds?: BoundTexts | undefined
  /** Follow the one series that is named under the names that it had before. */
  readonly follow?: boolean | undefined
  /** Also which of the shown commits come before each; children always come first then. */
  readonly graph?: boolean | undefined
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
  /** The shown commits before it; present where a graph was asked for. */
  readonly shownParents?: readonly Id[]
  /** The series and collections that the log is limited to, as this commit has them. */
  readonly paths: readonly string[]
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
  const decorations: Decorations = decorate ? await readDecorations(repo) : new Map()
  const { shallow } = await repo.refs.state()
  const limit = new Limit(repo, [...split.series, ...named.paths], options)
  let any = false
  const walk = {
    ...rest,
    ...(now && { now }),
    ...(options.graph && { order: 'topo' as const }),
    revisions: await withStart(repo, split.revisions, options),
  }
  const commits = revList(repo, {
    ...walk,
    test: async ({ id, commit }) => {
      throwIfInterrupted(signal)
      const parents = shallow.has(id) ? [] : commit.parents
      const known = { id, commit: { ...commit, parents } }
      return fits(known, options) && limit.fits(known)
    },
  })
  const graphed = options.graph ? await withParents(repo, walk, commits) : undefined
  for await (const { id, commit } of graphed?.commits ?? commits) {
    any = true
    const paths = limit.pathsAt(id)
    const parents = shallow.has(id) ? [] : commit.parents
    const isCompared = stat && (parents.length < 2 || options.firstParent === true)
    yield {
      id,
      commit,
      paths,
      decorations: decorations.get(id) ?? [],
      ...(isCompared && { changes: await changesOf(repo, parents[0], commit, paths) }),
      ...(graphed && { shownParents: graphed.parentsOf(id) }),
    }
  }
  const fault = any ? undefined : (named.unknown ?? limit.fault())
  if (fault !== undefined) throw fault
}

/** To which commits a log is limited by series and rows. */
class Limit {
  readonly #repo: Repository
  readonly #rows: TouchesRows | undefined
  readonly #follow: boolean
  readonly #pathsAt = new Map<Id, readonly string[]>()
  #paths: readonly string[]
  #touches: (walked: WalkedCommit) => Promise<boolean>

  constructor(
    repo: Repository,
    paths: readonly string[],
    { bounds, follow = false }: Pick<LogOptions, 'bounds' | 'follow'>,
  ) {
    if (follow && paths.length !== 1) {
      throw new VarveError('usage', '--follow takes one series', {
        hint: 'varve log --follow SERIES',
      })
    }
    this.#repo = repo
    this.#paths = paths
    this.#follow = follow
    this.#rows = bounds && touchesRows(repo, bounds)
    this.#touches = touchesPaths(repo.objects, paths)
  }

  async fits(walked: WalkedCommit): Promise<boolean> {
    const paths = this.#paths
    if (paths.length > 0 && !(await this.#touches(walked))) return false
    if (this.#follow) await this.#followFrom(walked)
    return this.#rows === undefined || this.#rows.test(walked, this.pathsAt(walked.id))
  }

  /** What a commit that fits is limited to: under both names, where it renamed the series. */
  pathsAt(id: Id): readonly string[] {
    return this.#pathsAt.get(id) ?? this.#paths
  }

  fault(): VarveError | undefined {
    return this.#rows?.fault()
  }

  async #followFrom({ id, commit: { tree, parents } }: WalkedCommit): Promise<void> {
    const paths = this.#paths
    this.#pathsAt.set(id, paths)
    const [parent] = parents
    if (parent === undefined) return
    const { objects } = this.#repo
    const before = (await readCommit(objects, parent)).tree
    if ((await lookupPath(objects, before, paths[0]!)) !== undefined) return
    for await (const { path, from } of withRenames(objects, diffTrees(objects, before, tree))) {
      if (from === undefined || path !== paths[0]) continue
      this.#pathsAt.set(id, [path, from])
      this.#paths = [from]
      this.#touches = touchesPaths(objects, [from])
    }
  }
}

async function withParents(
  repo: Repository,
  walk: RevListOptions,
  chosen: AsyncIterable<WalkedCommit>,
): Promise<{ commits: readonly WalkedCommit[]; parentsOf: (id: Id) => readonly Id[] }> {
  const commits: WalkedCommit[] = []
  for await (const walked of chosen) commits.push(walked)
  const { revisions = [], firstParent, all, branches, tags, remotes, now } = walk
  const whole = {
    revisions,
    firstParent: firstParent === true,
    ...{ all: all === true, branches: branches === true, tags: tags === true },
    remotes: remotes === true,
    ...(now && { now }),
  }
  const parents = new Map<Id, readonly Id[]>()
  for await (const { id, commit } of revList(repo, whole)) parents.set(id, commit.parents)
  const shown = new Set(commits.map(({ id }) => id))
  return { commits, parentsOf: shownParents(parents, shown) }
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
