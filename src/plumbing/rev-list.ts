import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Repository } from './repository.ts'
import { type RefSelection, resolveRange, selectRefs } from './resolve-range.ts'
import { topologicalOrder } from './topological-order.ts'
import { type WalkedCommit, walkCommits } from './walk-commits.ts'

export interface RevListOptions extends RefSelection {
  /** `A`, `A..B`, `A...B`, `^A`, … */
  readonly revisions?: readonly string[]
  readonly firstParent?: boolean
  /**
   * `date`, git's default: the newest committer date first, streamed, children before parents.
   * The others read everything first: `topo` keeps lines of history together.
   */
  readonly order?: 'date' | 'topo' | 'author-date'
  /** The oldest first; chosen after `skip` and `maxCount`. */
  readonly reverse?: boolean
  readonly skip?: number
  readonly maxCount?: number
  /** Committer dates in seconds since 1970, both inclusive. */
  readonly since?: number
  readonly until?: number
  readonly minParents?: number
  readonly maxParents?: number
  /** Which of the commits are given; those left out do not count for `skip` and `maxCount`. */
  readonly test?: (walked: WalkedCommit) => boolean | Promise<boolean>
  /** What `@{yesterday}` is relative to. */
  readonly now?: CommitDate
}

/**
 * The commits reachable from some revisions and not from others. Read as they are asked for, in the
 * default order. `usage` when nothing says where to start; other errors as `resolveRevision`.
 */
export async function* revList(
  repo: Repository,
  options: RevListOptions,
): AsyncGenerator<WalkedCommit> {
  const { include, exclude } = await resolveRange(repo, options.revisions ?? [], {
    now: options.now,
  })
  include.push(...(await selectRefs(repo, options)))
  if (include.length === 0 && !chosenByRefs(options)) {
    throw new VarveError('usage', 'no revision to start from')
  }
  const { shallow } = await repo.refs.state()
  const walked = walkCommits(repo.objects, {
    include,
    exclude,
    shallow,
    firstParent: options.firstParent ?? false,
  })
  const ordered =
    options.order === undefined || options.order === 'date' ? walked : sorted(walked, options.order)
  const chosen = choose(ordered, options)
  if (!options.reverse) {
    yield* chosen
    return
  }
  const all: WalkedCommit[] = []
  for await (const commit of chosen) all.push(commit)
  yield* all.reverse()
}

function chosenByRefs({ all, branches, tags, remotes }: RefSelection): boolean {
  return Boolean(all || branches || tags || remotes)
}

async function* sorted(
  walked: AsyncIterable<WalkedCommit>,
  order: 'topo' | 'author-date',
): AsyncGenerator<WalkedCommit> {
  const all: WalkedCommit[] = []
  for await (const commit of walked) all.push(commit)
  yield* topologicalOrder(all, order === 'topo' ? 'graph' : order)
}

async function* choose(
  commits: AsyncIterable<WalkedCommit>,
  options: RevListOptions,
): AsyncGenerator<WalkedCommit> {
  const { since = -Infinity, until = Infinity, minParents = 0, maxParents = Infinity } = options
  const inOrder = (options.order ?? 'date') === 'date'
  let skip = options.skip ?? 0
  let left = options.maxCount ?? Infinity
  if (left <= 0) return
  for await (const walked of commits) {
    const { parents, committer } = walked.commit
    if (committer.seconds < since) {
      // Dates never run backwards along parents: all that is still to come is older too.
      if (inOrder) return
      continue
    }
    if (committer.seconds > until) continue
    if (parents.length < minParents || parents.length > maxParents) continue
    if (options.test !== undefined && !(await options.test(walked))) continue
    if (skip-- > 0) continue
    yield walked
    if (--left <= 0) return
  }
}
