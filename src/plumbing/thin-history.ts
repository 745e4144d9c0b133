import type { Commit } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import { periodOf, type RetentionRule } from '../core/retention.ts'
import type { ObjectBatch } from '../storage/object-batch.ts'
import { type HistoryTips, historyTips } from './history-tips.ts'
import type { Repository } from './repository.ts'
import { type RewrittenHistory, rewriteHistory } from './rewrite-history.ts'
import { walkCommits } from './walk-commits.ts'

export interface ThinHistoryOptions {
  readonly rules: readonly RetentionRule[]
  /** Seconds since 1970: ages are counted from here. */
  readonly now: number
}

export interface ThinnedHistory {
  readonly history: RewrittenHistory
  /** Commits that refs led to and no longer will. */
  readonly forgotten: number
  readonly kept: number
}

type Commits = ReadonlyMap<Id, Commit>

/**
 * History without the commits that no rule keeps: each of the others follows the nearest before it that are kept. What
 * refs are at stays, however old. Trees stay as they are; a commit with other parents has another id, as has all
 * after it. New objects go to `batch`; no ref moves.
 */
export async function thinHistory(
  repo: Repository,
  batch: ObjectBatch,
  { rules, now }: ThinHistoryOptions,
): Promise<ThinnedHistory> {
  const { shallow } = await repo.refs.state()
  const { branches, others } = await historyTips(repo)
  const commits = new Map<Id, Commit>()
  const include = [...branches, ...others]
  for await (const { id, commit } of walkCommits(repo.objects, { include, shallow })) {
    commits.set(id, shallow.has(id) ? { ...commit, parents: [] } : commit)
  }
  const kept = keptCommits(commits, { branches, others }, rules, now)
  const nearest = nearestKept(commits, kept)
  const history = await rewriteHistory(repo, batch, { parentsOf: (id) => nearest.get(id)! })
  return { history, forgotten: commits.size - kept.size, kept: kept.size }
}

function keptCommits(
  commits: Commits,
  { branches, others }: HistoryTips,
  rules: readonly RetentionRule[],
  now: number,
): Set<Id> {
  const kept = new Set<Id>([...branches, ...others])
  for (const { keep, seconds } of rules) {
    const isYoung = (commit: Commit): boolean => now - commit.committer.seconds <= seconds
    // Tagged ones are kept already: a ref is at them.
    if (keep === 'tagged') continue
    if (keep === 'all') {
      for (const [id, commit] of commits) if (isYoung(commit)) kept.add(id)
      continue
    }
    for (const tip of branches) {
      let later: number | undefined
      for (let id: Id | undefined = tip; id !== undefined; id = commits.get(id)!.parents[0]) {
        const commit = commits.get(id)!
        if (!isYoung(commit)) break
        const period = periodOf(keep, commit.committer.seconds)
        if (period !== later) kept.add(id)
        later = period
      }
    }
  }
  return kept
}

/**
 * Of each commit, its nearest ancestors that are kept, in the order of its parents: the first stays first, so that
 * histories along first parents stay apart from what was merged into them, and no other is before another.
 */
function nearestKept(commits: Commits, kept: ReadonlySet<Id>): Map<Id, readonly Id[]> {
  const nearest = new Map<Id, readonly Id[]>()
  // The walk gave no commit before its children.
  for (const [id, { parents }] of [...commits].reverse()) {
    const isWhole = parents.every((parent) => kept.has(parent))
    const found = parents.flatMap((parent) => (kept.has(parent) ? [parent] : nearest.get(parent)!))
    nearest.set(id, isWhole ? parents : withoutAncestors(commits, [...new Set(found)]))
  }
  return nearest
}

/** Some commits without those that are before another of them, but for the first. */
function withoutAncestors(commits: Commits, ids: readonly Id[]): readonly Id[] {
  if (ids.length < 2) return ids
  const oldest = Math.min(...ids.map((id) => commits.get(id)!.committer.seconds))
  const before = new Set<Id>()
  const pending = ids.flatMap((id) => commits.get(id)!.parents)
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const { parents, committer } = commits.get(id)!
    // Dates never run backwards along parents.
    if (before.has(id) || committer.seconds < oldest) continue
    before.add(id)
    pending.push(...parents)
  }
  return ids.filter((id, at) => at === 0 || !before.has(id))
}
