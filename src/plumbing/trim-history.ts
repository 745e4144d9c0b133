import { type Commit, readCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { Signature } from '../core/signature.ts'
import { historyTips } from './history-tips.ts'
import { rootsOf } from './reachable.ts'
import type { Repository } from './repository.ts'

/** How much of history stays. */
export type TrimLimit =
  /** What was known at a time, in seconds since 1970, and all that came after. */
  | { readonly before: number }
  /** So many commits from each branch on. */
  | { readonly keep: number }

export interface TrimHistoryOptions {
  readonly limit: TrimLimit
  readonly who: Signature
  /** Of the entry in the ref log, after `trim: `. */
  readonly message: string
  readonly dryRun?: boolean | undefined
}

export interface TrimmedHistory {
  /** Commits that no branch and no tag leads to any more. */
  readonly forgotten: number
  /** Commits that are left. */
  readonly kept: number
  /** Where history begins now, the oldest first. */
  readonly begins: readonly { readonly id: Id; readonly commit: Commit }[]
}

/**
 * Forgets what was before some commits: their parents are left out from here on. No id changes, and all branches and
 * tags stay where they are, however old. The data goes with the next `gc`, but for what newer commits have too.
 */
export async function trimHistory(
  repo: Repository,
  { limit, who, message, dryRun }: TrimHistoryOptions,
): Promise<TrimmedHistory> {
  for (;;) {
    const { number, shallow } = await repo.refs.state()
    const { branches, others } = await historyTips(repo)
    const before = await walk(repo, [...branches, ...others], () => false, shallow)
    const ends = (commit: Commit, depth: number): boolean =>
      'before' in limit ? commit.committer.seconds <= limit.before : depth >= limit.keep
    const kept = await walk(repo, branches, ends, shallow)
    for (const id of others) {
      if ('before' in limit)
        for (const [key, commit] of await walk(repo, [id], ends, shallow)) kept.set(key, commit)
      else if (!kept.has(id)) kept.set(id, await readCommit(repo.objects, id))
    }
    const cut = new Set<Id>()
    for (const [id, { parents }] of kept)
      if (parents.some((parent) => !kept.has(parent))) cut.add(id)
    const begins = [...kept]
      .filter(([id, { parents }]) => cut.has(id) || parents.length === 0)
      .map(([id, commit]) => ({ id, commit }))
      .sort(
        (a, b) => a.commit.committer.seconds - b.commit.committer.seconds || (a.id < b.id ? -1 : 1),
      )
    const result = { forgotten: before.size - kept.size, kept: kept.size, begins }
    if (result.forgotten === 0 || dryRun) return result
    for (const id of await cutOfLog(repo, before, kept)) cut.add(id)
    const added = [...cut].filter((id) => !shallow.has(id))
    const removed: Id[] = []
    for (const id of shallow) if (!cut.has(id) && (await isWhole(repo, id))) removed.push(id)
    try {
      const entry = { updates: [], who, message: `trim: ${message}`, packs: [] }
      await repo.refs.append({ ...entry, shallow: { added, removed } }, { after: number })
      return result
    } catch (error) {
      if (!hasCode(error, 'conflict')) throw error
    }
  }
}

/** The commits from some on, up to those behind which nothing is asked for, each by the shortest way. */
async function walk(
  repo: Repository,
  tips: readonly Id[],
  ends: (commit: Commit, depth: number) => boolean,
  shallow: ReadonlySet<Id>,
): Promise<Map<Id, Commit>> {
  const found = new Map<Id, Commit>()
  let level = [...tips]
  for (let depth = 1; level.length > 0; depth++) {
    const next: Id[] = []
    for (const id of level) {
      if (found.has(id)) continue
      const commit = await readCommit(repo.objects, id)
      found.set(id, commit)
      if (!shallow.has(id) && !ends(commit, depth)) next.push(...commit.parents)
    }
    level = next
  }
  return found
}

/**
 * What the log alone leads to, such as a branch that was deleted, stays as long as it does, without what is forgotten:
 * the commits there whose parents are left out, too.
 */
async function cutOfLog(
  repo: Repository,
  before: ReadonlyMap<Id, Commit>,
  kept: ReadonlyMap<Id, Commit>,
): Promise<Set<Id>> {
  const cut = new Set<Id>()
  const seen = new Set<Id>()
  const pending: Id[] = []
  for await (const entry of repo.refs.entries({ newestFirst: true })) {
    for (const { id, kind } of rootsOf(entry)) if (kind === undefined) pending.push(id)
  }
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id) || before.has(id)) continue
    seen.add(id)
    const parents = await parentsIfThere(repo, id)
    if (parents.some((parent) => before.has(parent) && !kept.has(parent))) cut.add(id)
    else pending.push(...parents)
  }
  return cut
}

async function parentsIfThere(repo: Repository, id: Id): Promise<readonly Id[]> {
  try {
    const { kind } = await repo.objects.readAny(id)
    return kind === 'commit' ? (await readCommit(repo.objects, id)).parents : []
  } catch (error) {
    if (hasCode(error, 'object-not-found')) return []
    throw error
  }
}

/**
 * Whether nothing behind a commit went when it was cut before, or it went itself. Else its parents stay left out: a ref
 * may be set to what is forgotten until the next `gc`.
 */
async function isWhole(repo: Repository, id: Id): Promise<boolean> {
  for (const parent of await parentsIfThere(repo, id)) {
    if (!(await repo.objects.has(parent))) return false
  }
  return true
}

/** `invalid-value` unless it is a whole number, 1 or more. */
export function checkKeep(keep: number): void {
  if (Number.isInteger(keep) && keep >= 1) return
  throw new VarveError('invalid-value', '--keep takes a whole number, 1 or more', {
    data: { found: keep },
  })
}
