import type { Signature } from '../core/commit.ts'
import { hasCode } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { type Refspec, unmapRef } from '../core/refspec.ts'
import { isAncestor } from '../plumbing/common-ancestors.ts'
import type { Received, RemoteRefs } from '../plumbing/connect.ts'
import { headState } from '../plumbing/head.ts'
import type { MatchedRef } from '../plumbing/match-refs.ts'
import type { LogState, Repository } from '../plumbing/repository.ts'
import { checkRefFolders } from '../plumbing/update-ref.ts'
import type { FetchPlan } from './fetch-plan.ts'

/** What became of one ref. */
export interface FetchedRef {
  /** Its full name there; undefined where it is gone there, and for an id. */
  readonly source: string | undefined
  /** Its full name here; undefined where it was brought for `FETCH_HEAD` alone. */
  readonly target: string | undefined
  readonly old: Id | undefined
  readonly new: Id | undefined
  /** `update`: of a dry run, that does not look whether it is a step forward. */
  readonly status:
    | 'up-to-date'
    | 'new'
    | 'fast-forward'
    | 'forced'
    | 'update'
    | 'pruned'
    | 'rejected'
    | 'fetched'
  /** Why it was rejected. */
  readonly reason?: string
}

export interface Judged {
  readonly listing: RemoteRefs
  readonly matched: readonly MatchedRef[]
  readonly plan: Pick<FetchPlan, 'prunes'>
  /** What is new is not here to be looked at. */
  readonly dryRun?: boolean
}

export interface Publication extends Judged {
  readonly who: Signature
  /** What the log says of where it came from. */
  readonly from: string
  readonly received: readonly Received[]
}

/** Moves the refs; judged anew where somebody else changed some of them at the same time. */
export async function moveFetched(
  repo: Repository,
  publication: Publication,
): Promise<FetchedRef[]> {
  const { who, from, received } = publication
  const packs = received.flatMap((one) => one.packs)
  const shallow = received.flatMap((one) => one.shallow ?? [])
  const since = Math.min(...received.map((one) => one.since))
  for (;;) {
    const state = await repo.refs.state()
    const refs = await judgeFetched(repo, state, publication)
    const updates = refs.flatMap(({ target, old, new: next, status }) =>
      target === undefined || old === next || status === 'rejected'
        ? []
        : [{ name: target, old, new: next }],
    )
    if (updates.length === 0 && shallow.length === 0) return refs
    checkRefFolders(state, updates)
    try {
      await repo.refs.append({
        updates,
        who,
        message: `fetch ${from}`,
        packs: packs.filter((pack) => !state.packs.has(pack)),
        ...(received.length > 0 && { since }),
        ...(shallow.length > 0 && {
          shallow: {
            added: shallow.flatMap(({ added }) => added),
            removed: shallow.flatMap(({ removed }) => removed),
          },
        }),
      })
      return refs
    } catch (error) {
      const isRace = hasCode(error, 'conflict') && typeof error.data.ref === 'string'
      if (!isRace) throw error
    }
  }
}

/** What becomes, or would become, of each ref where those here are as a state says. */
export async function judgeFetched(
  repo: Repository,
  state: LogState,
  { listing, matched, plan: { prunes }, dryRun = false }: Judged,
): Promise<FetchedRef[]> {
  const head = await headState(repo)
  const current = repo.workTree === undefined ? undefined : head.ref
  const refs: FetchedRef[] = goneThere(state, listing, prunes).map((target) => ({
    source: undefined,
    target,
    old: state.refs.get(target),
    new: undefined,
    status: 'pruned',
  }))
  for (const { name, id, target, force } of matched) {
    const found = { source: name, target, new: id }
    if (target === undefined) {
      refs.push({ ...found, old: undefined, status: 'fetched' })
      continue
    }
    const old = state.refs.get(target)
    const rejected = (reason: string): void =>
      void refs.push({ ...found, old, status: 'rejected', reason })
    if (old === id) refs.push({ ...found, old, status: 'up-to-date' })
    else if (target === current) rejected('it is the branch you are on')
    else if (old === undefined) refs.push({ ...found, old, status: 'new' })
    else if (target.startsWith('refs/tags/') && !force) rejected('would clobber existing tag')
    else if (dryRun) refs.push({ ...found, old, status: 'update' })
    else if (await isForward(repo, old, id, state)) {
      refs.push({ ...found, old, status: 'fast-forward' })
    } else if (force) refs.push({ ...found, old, status: 'forced' })
    else rejected('non-fast-forward')
  }
  return refs
}

/** Whether a ref that goes from one object to another loses nothing. */
export async function isForward(
  repo: Repository,
  old: Id,
  next: Id,
  { shallow }: Pick<LogState, 'shallow'>,
): Promise<boolean> {
  for (const id of [old, next]) {
    if ((await repo.objects.readIfPresent(id))?.kind !== 'commit') return false
  }
  return isAncestor(repo.objects, old, next, shallow)
}

/** Refs here that refspecs show, and that are not there any more. */
function goneThere(state: LogState, { refs }: RemoteRefs, prunes: readonly Refspec[]): string[] {
  const there = new Set(refs.map(({ name }) => name))
  const sources = (name: string) => prunes.flatMap((refspec) => unmapRef(refspec, name) ?? [])
  return [...state.refs.keys()].filter((name) => {
    const from = sources(name)
    return from.length > 0 && !from.some((source) => there.has(source))
  })
}
