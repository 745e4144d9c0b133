import { type Commit, readCommit } from '../core/commit.ts'
import { CommitQueue } from '../core/commit-queue.ts'
import type { Id } from '../core/id.ts'
import { lookupPath } from '../core/tree.ts'
import { isAncestor } from './common-ancestors.ts'
import { earlierSeries } from './earlier-name.ts'
import type { Repository } from './repository.ts'
import type { CommittedSeries } from './resolve-committed-series.ts'

/** What a series is in one commit. */
export interface SeriesAt {
  readonly id: Id
  readonly commit: Commit
  /** What it is called there. */
  readonly path: string
  /** Undefined where the commit has none of that name. */
  readonly series: Id | undefined
  /** Whether the commit has parents that are not here: history was trimmed, or not cloned. */
  readonly isCut: boolean
}

export interface FollowOptions<T, R> {
  readonly firstParent?: boolean | undefined
  /** What the walk begins with. */
  readonly carried: T
  /** Looks at a commit whose series is unlike that of each parent. */
  visit(at: SeriesAt, parents: readonly SeriesAt[], carried: T): Promise<Visited<T, R>>
  /** What is carried to one commit on two ways. */
  join(a: T, b: T): T
}

export interface Visited<T, R> {
  readonly found?: R | undefined
  /** What is carried on to each parent; undefined, or no place in the list, where nothing is. */
  readonly passed: readonly (T | undefined)[]
}

interface Stop<T> {
  readonly id: Id
  readonly commit: Commit
  readonly date: number
  readonly at: SeriesAt
  carried: T
}

/**
 * Follows a series back from a commit, the latest committer date first: under the names that it had, and
 * past commits where it is as in a parent, which that parent accounts for alone, as git has it. A commit
 * is visited once, unless dates run backwards.
 */
export async function* followSeries<T, R>(
  repo: Repository,
  start: Pick<CommittedSeries, 'id' | 'commit' | 'path' | 'entry'>,
  { firstParent = false, carried, visit, join }: FollowOptions<T, R>,
): AsyncGenerator<R> {
  const { shallow } = await repo.refs.state()
  const queue = new CommitQueue<Stop<T>>()
  const waiting = new Map<string, Stop<T>>()
  const push = (at: SeriesAt, some: T, latest: number) => {
    const key = `${at.id} ${at.path}`
    const known = waiting.get(key)
    if (known !== undefined) {
      known.carried = join(known.carried, some)
      return
    }
    const { id, commit } = at
    const stop = { id, commit, at, carried: some, date: Math.min(commit.committer.seconds, latest) }
    waiting.set(key, stop)
    queue.push(stop)
  }
  const place = (id: Id, commit: Commit, path: string, series: Id | undefined): SeriesAt => {
    return { id, commit, path, series, isCut: shallow.has(id) }
  }
  const next = async (): Promise<Stop<T> | undefined> => {
    const first = queue.pop()
    if (first === undefined) return undefined
    const ofOneSecond = [first]
    while (queue.peek()?.date === first.date) ofOneSecond.push(queue.pop()!)
    const chosen = await notBehind(repo, ofOneSecond, shallow)
    for (const stop of ofOneSecond) if (stop !== chosen) queue.push(stop)
    return chosen
  }
  push(place(start.id, start.commit, start.path, start.entry.id), carried, Infinity)
  for (let stop = await next(); stop !== undefined; stop = await next()) {
    const { at, date } = stop
    waiting.delete(`${at.id} ${at.path}`)
    const followed = at.isCut ? [] : at.commit.parents.slice(0, firstParent ? 1 : undefined)
    const parents: SeriesAt[] = []
    for (const id of followed) {
      const commit = await readCommit(repo.objects, id)
      const { path = at.path, series } = (await before(repo, commit.tree, at)) ?? {}
      parents.push(place(id, commit, path, series))
      if (series === at.series) break
    }
    const last = parents.at(-1)
    if (last !== undefined && last.series === at.series) {
      push(last, stop.carried, date)
      continue
    }
    const { found, passed } = await visit(at, parents, stop.carried)
    if (found !== undefined) yield found
    for (const [i, parent] of parents.entries()) {
      const some = passed[i]
      if (some !== undefined) push(parent, some, date)
    }
  }
}

/** The first that none of the others leads to: what is carried to a commit has to be there before it is visited. */
async function notBehind<S extends { readonly id: Id }>(
  repo: Repository,
  stops: readonly S[],
  shallow: ReadonlySet<Id>,
): Promise<S | undefined> {
  for (const stop of stops) {
    let isBehind = false
    for (const { id } of stops) {
      isBehind ||= id !== stop.id && (await isAncestor(repo.objects, stop.id, id, shallow))
    }
    if (!isBehind) return stop
  }
  return stops[0]
}

async function before(
  repo: Repository,
  tree: Id,
  { commit, path, series }: SeriesAt,
): Promise<{ path: string; series: Id } | undefined> {
  if (series !== undefined) return earlierSeries(repo.objects, tree, commit.tree, { path, series })
  if (tree === commit.tree) return undefined
  const entry = await lookupPath(repo.objects, tree, path)
  return entry?.kind === 'series' ? { path, series: entry.id } : undefined
}
