import type { CommitDate } from '../core/commit-date.ts'
import type { Id } from '../core/id.ts'
import { bestCommonAncestors, isAncestor, removeAncestors } from './common-ancestors.ts'
import type { Repository } from './repository.ts'
import { resolveCommit } from './resolve-revision.ts'
import { walkCommits } from './walk-commits.ts'

export interface MergeBaseOptions {
  /** Two or more revisions. */
  readonly commits: readonly string[]
  /** All best common ancestors, not the latest one alone. */
  readonly all?: boolean
  /**
   * `merge`: of the first with a merge of the others (git's default). `octopus`: of all of them.
   * `independent`: those of them that no other reaches.
   */
  readonly mode?: 'merge' | 'octopus' | 'independent'
  readonly now?: CommitDate
}

/** The best common ancestors; empty between unrelated histories. */
export async function mergeBase(repo: Repository, options: MergeBaseOptions): Promise<Id[]> {
  const ids: Id[] = []
  for (const commit of options.commits) {
    ids.push(await resolveCommit(repo, commit, { now: options.now }))
  }
  const [first, ...others] = ids
  if (first === undefined) return []
  const { shallow } = await repo.refs.state()
  if (options.mode === 'independent') return removeAncestors(repo.objects, ids, shallow)
  const found =
    options.mode === 'octopus'
      ? await commonToAll(repo, first, others)
      : await bestCommonAncestors(
          repo.objects,
          first,
          others.length === 0 ? [first] : others,
          shallow,
        )
  return options.all ? found : found.slice(0, 1)
}

/** Whether one revision is the other or an ancestor of it. */
export async function mergeBaseIsAncestor(
  repo: Repository,
  options: { readonly ancestor: string; readonly of: string; readonly now?: CommitDate },
): Promise<boolean> {
  const now = { now: options.now }
  const ancestor = await resolveCommit(repo, options.ancestor, now)
  const { shallow } = await repo.refs.state()
  return isAncestor(repo.objects, ancestor, await resolveCommit(repo, options.of, now), shallow)
}

/** How many commits each of two has that the other does not reach. */
export async function aheadBehind(
  repo: Repository,
  one: Id,
  other: Id,
): Promise<{ ahead: number; behind: number }> {
  const { shallow } = await repo.refs.state()
  const count = async (include: Id, exclude: Id) => {
    let commits = 0
    const walk = { include: [include], exclude: [exclude], shallow }
    for await (const _ of walkCommits(repo.objects, walk)) {
      commits++
    }
    return commits
  }
  return { ahead: await count(one, other), behind: await count(other, one) }
}

async function commonToAll(repo: Repository, first: Id, others: readonly Id[]): Promise<Id[]> {
  const { shallow } = await repo.refs.state()
  let found: Id[] = [first]
  for (const other of others) {
    const next = new Set<Id>()
    for (const base of found) {
      for (const id of await bestCommonAncestors(repo.objects, base, [other], shallow)) next.add(id)
    }
    found = await removeAncestors(repo.objects, [...next], shallow)
  }
  return found
}
