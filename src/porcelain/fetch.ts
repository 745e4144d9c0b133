import type { Signature } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import type { Received, RemoteSession } from '../plumbing/connect.ts'
import { type FetchPlace, fetchPlace } from '../plumbing/fetch-place.ts'
import { readKnownRefs, writeKnownRefs } from '../plumbing/known-refs.ts'
import type { MatchedRef } from '../plumbing/match-refs.ts'
import type { Repository } from '../plumbing/repository.ts'
import { peelObject } from '../plumbing/resolve-revision.ts'
import { writeFetchHead } from './fetch-head.ts'
import { type FetchedHead, planFetch } from './fetch-plan.ts'
import { type FetchedRef, judgeFetched, moveFetched } from './fetch-refs.ts'
import type { TransferOptions } from './transfer.ts'

export type { FetchedHead } from './fetch-plan.ts'
export type { FetchedRef } from './fetch-refs.ts'

export interface FetchOptions extends TransferOptions {
  /** A remote's name, or where a repository or a bundle is. That of the current branch unless given. */
  readonly remote?: string | undefined
  /** What to bring; what configuration says unless given. */
  readonly refspecs?: readonly string[] | undefined
  /** Refs here go whose counterparts there are gone; `only`: and nothing is brought. */
  readonly prune?: boolean | 'only' | undefined
  /** Tags: all, none, or those that lead to what is here then. */
  readonly tags?: 'all' | 'none' | 'follow' | undefined
  /** How many commits of each line of history. */
  readonly depth?: number | undefined
  /** All of history, where it was cut. */
  readonly unshallow?: boolean | undefined
  /** As if every refspec began with `+`. */
  readonly force?: boolean | undefined
  /** Only say what would happen. */
  readonly dryRun?: boolean | undefined
  /** What runs on the other side of ssh in place of what configuration says, and of `varve upload-pack`. */
  readonly uploadPack?: string | undefined
  readonly who: Signature
}

export interface FetchResult {
  /** The remote's name; undefined where a URL was given. */
  readonly remote: string | undefined
  readonly url: string
  readonly refs: readonly FetchedRef[]
  /** What was brought for a merge: what was asked for, or what the current branch follows. */
  readonly heads: readonly FetchedHead[]
  readonly objects: number
  /** Moved in both directions. */
  readonly bytes: number
  readonly dryRun: boolean
}

/** The largest depth there is: all of history. */
const WHOLE = 0x7fff_ffff

/**
 * Brings what another repository has and this one has not, and moves the refs here that show it. All refs move
 * in one transaction, when everything they lead to is here and verified. A ref that would lose commits is
 * `rejected`, which is no error. `ref-not-found` for a remote or a ref there that is named and does not exist.
 */
export async function fetch(repo: Repository, options: FetchOptions): Promise<FetchResult> {
  const place = await fetchPlace(repo, options)
  const session = await options.connect(repo, place)
  try {
    return await fetchFrom(repo, session, place, options)
  } finally {
    await session.close()
  }
}

async function fetchFrom(
  repo: Repository,
  session: RemoteSession,
  { remote, url }: FetchPlace,
  options: FetchOptions,
): Promise<FetchResult> {
  const { signal, dryRun = false } = options
  const known = await readKnownRefs(repo, url)
  const listing = await session.list({ known, service: 'upload-pack', signal })
  const plan = await planFetch(repo, listing, remote, options)
  const result = { remote: remote?.name, url, heads: plan.heads, dryRun }
  if (dryRun) {
    const state = await repo.refs.state()
    const ids = new Set(plan.wanted.map(({ id }) => id))
    const tags: MatchedRef[] = []
    for (const tag of plan.tags) {
      const isHere = ids.has(tag.peeled) || (await repo.objects.has(tag.peeled, { fresh: true }))
      if (plan.allTags || isHere) tags.push(tag)
    }
    const refs = await judgeFetched(repo, state, {
      listing,
      matched: [...plan.wanted, ...tags],
      plan,
      dryRun,
    })
    return { ...result, refs, objects: 0, bytes: 0 }
  }
  const received = [await receive(repo, session, plan.wanted, options)]
  const followed: MatchedRef[] = []
  for (const tag of plan.tags) {
    if (plan.allTags || (await repo.objects.has(tag.peeled, { fresh: true }))) followed.push(tag)
  }
  received.push(await receive(repo, session, followed, { ...options, depth: undefined }))
  const refs = await moveFetched(repo, {
    listing,
    matched: [...plan.wanted, ...followed],
    plan,
    who: options.who,
    from: remote?.name ?? session.location,
    received: received.filter((one) => one !== undefined),
  })
  await writeFetchHead(repo, session.location, plan)
  if (known?.token !== listing.token && remote !== undefined) {
    await writeKnownRefs(repo, url, listing)
  }
  const sum = (count: (one: Received) => number) =>
    received.reduce((total, one) => total + (one === undefined ? 0 : count(one)), 0)
  return { ...result, refs, objects: sum((one) => one.objects), bytes: sum((one) => one.bytes) }
}

/** Brings what some refs lead to; nothing is asked for where it is here, whole. */
async function receive(
  repo: Repository,
  session: RemoteSession,
  refs: readonly MatchedRef[],
  options: FetchOptions,
): Promise<Received | undefined> {
  const { onProgress, signal, who, unshallow } = options
  const state = await repo.refs.state()
  const depth = unshallow ? WHOLE : options.depth
  const wants = new Set<Id>()
  for (const { id } of refs) {
    // What a pack that counts holds is there with all that it leads to.
    if (depth === undefined) {
      const pack = await repo.objects.packOf(id, state)
      if (pack !== undefined && state.packs.has(pack)) continue
    }
    wants.add(id)
  }
  if (wants.size === 0 || (unshallow && state.shallow.size === 0)) return undefined
  const haves = new Set<Id>()
  for (const id of state.refs.values()) {
    const commit = await peelObject(repo, id, 'any')
    if ((await repo.objects.readAny(commit)).kind === 'commit') haves.add(commit)
  }
  return session.fetch({ wants: [...wants], haves, depth, onProgress, signal, now: who.seconds })
}
