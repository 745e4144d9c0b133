import { type CommitDate, lastSecondOf, parseWhen } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { nearest } from '../core/nearest.ts'
import type { LogSelector, Revision } from '../core/revision.ts'
import { formatSeconds } from '../core/time.ts'
import { candidates, findRefs, shortNames } from './find-ref.ts'
import { headState } from './head.ts'
import { previousHeads, type ReflogEntry, readReflog } from './read-reflog.ts'
import type { Repository } from './repository.ts'
import { pushTrackingRef, upstreamOf } from './upstream.ts'

interface Selected {
  readonly id: Id
  readonly ref?: string
}

/** What a revision with `@{…}` names; errors as `resolveRevision`. */
export async function resolveSelector(
  repo: Repository,
  revision: Revision,
  selector: LogSelector,
  now: CommitDate | undefined,
): Promise<Selected> {
  switch (selector.kind) {
    case 'previous':
      return previousBranch(repo, revision, selector.count)
    case 'upstream':
    case 'push': {
      const branch = await refOf(repo, revision)
      const ref =
        selector.kind === 'push' ? pushTrackingRef(repo, branch) : upstreamOf(repo, branch)
      const id = (await repo.refs.state()).refs.get(ref)
      if (id === undefined) throw notFound(revision, `${ref} does not exist`)
      return { id, ref }
    }
    case 'entry':
      return { id: await entryBack(repo, revision, await refOf(repo, revision), selector.count) }
    case 'date':
      return { id: await valueAt(repo, revision, await refOf(repo, revision), selector.text, now) }
  }
}

/** The ref whose log is meant: a branch by name, the current one, or HEAD. */
async function refOf(repo: Repository, revision: Revision): Promise<string> {
  const { name, current } = revision
  if (name === 'HEAD') return current ? ((await headState(repo)).ref ?? 'HEAD') : 'HEAD'
  const state = await repo.refs.state()
  const found = findRefs(state, name)[0]?.name
  if (found !== undefined) return found
  // A ref that was deleted still has its log.
  for (const candidate of candidates(name)) {
    for await (const _ of readReflog(repo, candidate)) return candidate
  }
  const near = nearest(name, shortNames(state))
  throw notFound(revision, `no ref is called ${name}`, near)
}

async function entryBack(
  repo: Repository,
  revision: Revision,
  ref: string,
  count: number,
): Promise<Id> {
  let seen = 0
  let oldest: ReflogEntry | undefined
  for await (const entry of readReflog(repo, ref)) {
    if (seen === count) {
      if (entry.new !== undefined) return entry.new
      throw notFound(revision, `${ref} was deleted then`)
    }
    seen++
    oldest = entry
  }
  // What it was before its first entry is the value before that.
  if (seen === count && oldest?.old !== undefined) return oldest.old
  throw notFound(revision, `the log of ${ref} has ${seen === 1 ? '1 entry' : `${seen} entries`}`)
}

async function valueAt(
  repo: Repository,
  revision: Revision,
  ref: string,
  text: string,
  now: CommitDate | undefined,
): Promise<Id> {
  const second = lastSecondOf(parseWhen(text, now ?? { seconds: Number.NaN, offsetMinutes: 0 }))
  let oldest: ReflogEntry | undefined
  for await (const entry of readReflog(repo, ref)) {
    oldest = entry
    if (entry.who.seconds > second) continue
    if (entry.new !== undefined) return entry.new
    throw notFound(revision, `${ref} did not exist then`)
  }
  if (oldest === undefined) throw notFound(revision, `${ref} has no log`)
  const begins = `${formatSeconds(BigInt(oldest.who.seconds))}Z`
  throw new VarveError('before-history', `the log of ${ref} begins at ${begins}`, {
    data: { revision: revision.text, ref, begins },
    hint: '--as-of goes by the dates of commits instead of what this repository held',
  })
}

async function previousBranch(
  repo: Repository,
  revision: Revision,
  count: number,
): Promise<Selected> {
  let seen = 0
  for await (const head of previousHeads(repo)) {
    if (++seen < count) continue
    if (isId(head)) return { id: head }
    const id = (await repo.refs.state()).refs.get(head)
    if (id !== undefined) return { id, ref: head }
    throw notFound(revision, `${head} is gone`)
  }
  throw notFound(revision, `there were only ${seen} switches`)
}

function notFound({ text }: Revision, reason: string, near?: string): VarveError {
  return new VarveError('revision-not-found', `no revision ${JSON.stringify(text)}: ${reason}`, {
    data: { revision: text, reason, ...(near !== undefined && { nearest: near }) },
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  })
}
