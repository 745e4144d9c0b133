import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import type { PushOutcome, RemoteRefs, RemoteSession } from '../plumbing/connect.ts'
import { candidates } from '../plumbing/find-ref.ts'
import { headState } from '../plumbing/head.ts'
import { forgetKnownRefs } from '../plumbing/known-refs.ts'
import {
  defaultRemote,
  findRemote,
  noRemote,
  type Remote,
  withUpstream,
} from '../plumbing/remote-config.ts'
import type { LogState, Repository } from '../plumbing/repository.ts'
import { pushRemoteOf, trackingRef } from '../plumbing/upstream.ts'
import { isForward } from './fetch-refs.ts'
import { askPrePush, type RunHook } from './hooks.ts'
import { type PlannedPush, type PushPlanOptions, planPush } from './push-plan.ts'
import type { TransferOptions } from './transfer.ts'

export interface PushOptions extends TransferOptions, PushPlanOptions {
  /** A remote's name, or where a repository is. That of the current branch unless given. */
  readonly remote?: string | undefined
  /**
   * Force only refs that are there as they are thought to be: `REF`, as the ref here that shows it says, or
   * `REF:ID`; all that are pushed where the list is empty.
   */
  readonly forceWithLease?: readonly string[] | undefined
  /** All refs move, or none. */
  readonly atomic?: boolean | undefined
  /** Branches that are pushed follow from now on what they are pushed to. */
  readonly setUpstream?: boolean | undefined
  /** Only say what would happen. */
  readonly dryRun?: boolean | undefined
  /** What runs on the other side of ssh in place of what configuration says, and of `varve receive-pack`. */
  readonly receivePack?: string | undefined
  /** Asks the user's `pre-push` hook; undefined asks nobody. */
  readonly hook?: RunHook | undefined
  readonly who: Signature
}

/** What became of one ref there. */
export interface PushedRef {
  /** The ref here; undefined where an id was pushed or the ref deleted. */
  readonly source: string | undefined
  /** Its full name there. */
  readonly target: string
  readonly old: Id | undefined
  readonly new: Id | undefined
  readonly status: 'up-to-date' | 'new' | 'fast-forward' | 'forced' | 'deleted' | 'rejected'
  /** Why it was rejected. */
  readonly reason?: string
  /** Whether it was rejected as somebody else moved it: what is there has to be merged first. */
  readonly behind?: boolean
}

export interface PushResult {
  readonly remote: string | undefined
  readonly url: string
  readonly refs: readonly PushedRef[]
  readonly objects: number
  /** Moved in both directions. */
  readonly bytes: number
  /** Branches here that follow another from now on, by short names. */
  readonly following: readonly { readonly branch: string; readonly upstream: string }[]
  readonly dryRun: boolean
}

/**
 * Gives another repository what it lacks and moves refs there. A ref that would lose commits is rejected unless
 * forced, as is one that was moved by somebody else meanwhile: the result says so, and the others are moved
 * unless `atomic`. Refs here that show those there follow.
 */
export async function push(repo: Repository, options: PushOptions): Promise<PushResult> {
  const branch = (await headState(repo)).ref?.replace('refs/heads/', '')
  const name = options.remote ?? pushRemoteOf(repo, branch) ?? defaultRemote(repo, branch)
  const remote = findRemote(repo.config, name)
  if (remote === undefined && options.remote === undefined) throw noRemote(name)
  const url = remote?.pushUrl ?? name
  const session = await options.connect(repo, {
    url,
    configured: remote !== undefined,
    receivePack: options.receivePack ?? remote?.receivePack,
  })
  try {
    return await pushTo(repo, session, remote, { ...options, url })
  } finally {
    await session.close()
  }
}

async function pushTo(
  repo: Repository,
  session: RemoteSession,
  remote: Remote | undefined,
  options: PushOptions & { readonly url: string },
): Promise<PushResult> {
  const { url, atomic = false, dryRun = false, onProgress, signal, who } = options
  const listing = await session.list({ service: 'receive-pack', signal })
  const planned = await planPush(repo, listing, remote, options)
  const leases = readLeases(repo, await repo.refs.state(), remote, planned, options)
  let refs: PushedRef[] = []
  for (const push of planned) refs.push(await judge(repo, listing, push, leases))
  const isFailed = atomic && refs.some(({ status }) => status === 'rejected')
  if (isFailed) refs = refs.map(notDone)
  const moving = refs.filter(({ status }) => status !== 'rejected' && status !== 'up-to-date')
  const result = { remote: remote?.name, url, dryRun, following: [] }
  if (moving.length > 0) await askPrePush(options.hook, hookRequest(remote, session, moving, url))
  if (dryRun || moving.length === 0) {
    const following = dryRun ? [] : await follow(repo, remote, refs, options)
    return { ...result, refs, objects: 0, bytes: 0, following }
  }
  const { outcomes, objects, bytes } = await session.push({
    updates: moving.map(({ target, old, new: next, status }) => ({
      ref: target,
      old,
      new: next,
      force: status === 'forced',
    })),
    atomic,
    remote: listing,
    onProgress,
    signal,
    now: who.seconds,
  })
  const done = withOutcomes(refs, outcomes)
  await showPushed(repo, remote, done, who)
  if (remote !== undefined) await forgetKnownRefs(repo, remote.url)
  return {
    ...result,
    refs: done,
    objects,
    bytes,
    following: await follow(repo, remote, done, options),
  }
}

/** What each ref has to be there for it to be forced; undefined for those without a lease. */
type Leases = (target: string) => { readonly expected: Id | undefined } | undefined

function readLeases(
  repo: Repository,
  state: LogState,
  remote: Remote | undefined,
  planned: readonly PlannedPush[],
  { forceWithLease }: PushOptions,
): Leases {
  if (forceWithLease === undefined) return () => undefined
  const shown = (target: string) => {
    const ref = remote && trackingRef(repo, remote.name, target)
    return { expected: ref === undefined ? undefined : state.refs.get(ref) }
  }
  if (forceWithLease.length === 0) return shown
  const leases = new Map<string, { readonly expected: Id | undefined }>()
  for (const lease of forceWithLease) {
    const [name = '', id] = lease.split(':')
    const names = candidates(name)
    const target = planned.find((push) => names.includes(push.target))?.target
    if (target === undefined) {
      throw new VarveError('usage', `--force-with-lease names ${name}, which is not pushed`)
    }
    if (id !== undefined && id !== '' && !isId(id)) {
      throw new VarveError(
        'usage',
        `--force-with-lease takes a whole id, not ${JSON.stringify(id)}`,
      )
    }
    leases.set(target, id === undefined ? shown(target) : { expected: isId(id) ? id : undefined })
  }
  return (target) => leases.get(target)
}

async function judge(
  repo: Repository,
  listing: RemoteRefs,
  { source, target, new: next, force }: PlannedPush,
  leases: Leases,
): Promise<PushedRef> {
  const old = listing.refs.find(({ name }) => name === target)?.id
  const ref = { source, target, old, new: next }
  const rejected = (reason: string, behind = false): PushedRef => ({
    ...ref,
    status: 'rejected',
    reason,
    ...(behind && { behind }),
  })
  const lease = leases(target)
  if (next === undefined && old === undefined) return rejected('it does not exist there')
  if (old === next) return { ...ref, status: 'up-to-date' }
  if (lease !== undefined && lease.expected !== old) return rejected('stale info')
  const forced = force || lease !== undefined
  if (next === undefined) return { ...ref, status: 'deleted' }
  if (old === undefined) return { ...ref, status: 'new' }
  if (target.startsWith('refs/tags/')) {
    return forced ? { ...ref, status: 'forced' } : rejected('already exists')
  }
  const state = await repo.refs.state()
  const isKnown = await repo.objects.has(old, { fresh: true })
  if (isKnown && (await isForward(repo, old, next, state)))
    return { ...ref, status: 'fast-forward' }
  if (forced) return { ...ref, status: 'forced' }
  return rejected(isKnown ? 'non-fast-forward' : 'fetch first', true)
}

function notDone(ref: PushedRef): PushedRef {
  if (ref.status === 'rejected' || ref.status === 'up-to-date') return ref
  return { ...ref, status: 'rejected', reason: 'atomic push failed' }
}

function withOutcomes(refs: readonly PushedRef[], outcomes: readonly PushOutcome[]): PushedRef[] {
  const byRef = new Map(outcomes.map((outcome) => [outcome.ref, outcome]))
  return refs.map((ref) => {
    const outcome = byRef.get(ref.target)
    if (outcome === undefined || outcome.status === 'ok') return ref
    const { status, reason } = outcome
    const behind = status === 'moved' || status === 'not-forward'
    const why =
      status === 'moved'
        ? 'somebody else was faster'
        : status === 'not-forward'
          ? 'non-fast-forward'
          : status === 'not-done'
            ? 'atomic push failed'
            : `remote rejected: ${reason ?? 'not allowed'}`
    return { ...ref, status: 'rejected', reason: why, ...(behind && { behind }) }
  })
}

function hookRequest(
  remote: Remote | undefined,
  session: RemoteSession,
  refs: readonly PushedRef[],
  url: string,
) {
  return {
    remote: remote?.name ?? session.location,
    url: remote === undefined ? session.location : url,
    refs: refs.map(({ source, target, old, new: next }) => ({
      local: next === undefined ? undefined : { ref: source ?? next, id: next },
      remote: { ref: target, id: old },
    })),
  }
}

/** Moves the refs here that show those that were pushed. */
async function showPushed(
  repo: Repository,
  remote: Remote | undefined,
  refs: readonly PushedRef[],
  who: Signature,
): Promise<void> {
  if (remote === undefined) return
  const shown = refs.flatMap(({ target, new: next, status }) => {
    const name = status === 'rejected' ? undefined : trackingRef(repo, remote.name, target)
    return name === undefined || name === target ? [] : [{ name, new: next }]
  })
  for (;;) {
    const state = await repo.refs.state()
    const updates = shown.flatMap(({ name, new: next }) => {
      const old = state.refs.get(name)
      return old === next ? [] : [{ name, old, new: next }]
    })
    if (updates.length === 0) return
    try {
      await repo.refs.append({ updates, who, message: `push to ${remote.name}`, packs: [] })
      return
    } catch (error) {
      if (!hasCode(error, 'conflict') || error.data.object !== undefined) throw error
    }
  }
}

/** Lets the branches that were pushed follow what they were pushed to, where that was asked for. */
async function follow(
  repo: Repository,
  remote: Remote | undefined,
  refs: readonly PushedRef[],
  { setUpstream = false }: PushOptions,
): Promise<PushResult['following']> {
  if (!setUpstream) return []
  if (remote === undefined) {
    throw new VarveError('refused', 'a branch follows one of a remote that has a name', {
      hint: 'varve remote add NAME URL',
    })
  }
  const pushed = refs.flatMap(({ source, target, status }) => {
    const branch = source?.startsWith('refs/heads/')
      ? source.slice('refs/heads/'.length)
      : undefined
    return branch === undefined || status === 'rejected' ? [] : [{ branch, target }]
  })
  await repo.config.edit((text) =>
    pushed.reduce(
      (next, { branch, target }) => withUpstream(next, branch, remote.name, target),
      text,
    ),
  )
  return pushed.map(({ branch, target }) => ({
    branch,
    upstream: `${remote.name}/${target.replace('refs/heads/', '')}`,
  }))
}
