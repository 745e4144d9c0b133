import type { Commit, Signature } from '../core/commit.ts'
import { readCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { branchRefName, isRefName } from '../core/names.ts'
import { findRefs } from '../plumbing/find-ref.ts'
import { type Head, headState } from '../plumbing/head.ts'
import { hasIndex } from '../plumbing/index-state.ts'
import { clearMergeState, refuseDuringMerge } from '../plumbing/merge-state.ts'
import { previousHeads } from '../plumbing/read-reflog.ts'
import { remoteNames } from '../plumbing/remote-config.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveCommit } from '../plumbing/resolve-revision.ts'
import { trackingRef } from '../plumbing/upstream.ts'
import { branchId, followPlanned, type PlannedBranch, planBranch, shortBranch } from './branch.ts'
import { type MovedHead, moveHead } from './move-head.ts'
import { type FilesMoved, type FilesOptions, mendFiles } from './show-tree.ts'

export interface SwitchOptions extends FilesOptions {
  /** A branch, `-` for the one before, or with `detach` any revision. HEAD unless given. */
  readonly target?: string | undefined
  /** Point HEAD at the commit itself. */
  readonly detach?: boolean | undefined
  /** Make this branch at the target, and go there. */
  readonly create?: string | undefined
  /** Go to this branch, which does not exist and has no history: the next commit is its first. */
  readonly orphan?: string | undefined
  /** Whether a new branch follows the one that it begins at: unless given, if that is a remote's. */
  readonly track?: boolean | undefined
  /** Whether a name that only one remote's branch has makes a branch that follows it; it does unless false. */
  readonly guess?: boolean | undefined
  /** With `create`: move the branch if it exists. */
  readonly reset?: boolean | undefined
  readonly who: Signature
  readonly now?: CommitDate | undefined
}

/** Where HEAD is or was: a branch by its short name, a commit, or a branch at a commit. */
export interface HeadPlace {
  readonly branch?: string
  readonly id?: Id
}

export interface SwitchResult {
  readonly from: HeadPlace
  readonly to: HeadPlace
  /** The commit that HEAD is at now; absent on a branch without any. */
  readonly commit?: Commit
  /** The commit that a detached HEAD was at. */
  readonly left?: Commit
  /** A branch was made. */
  readonly created: boolean
  /** What a branch that was made follows. */
  readonly follows?: string
  /** HEAD was there already: nothing was done. */
  readonly already: boolean
  /** Series that are staged and stay so. */
  readonly carried: readonly string[]
  readonly files: FilesMoved
}

/**
 * Goes to another branch, or with `detach` to a commit. `ref-not-found` for a target that is no
 * branch, saying what it is; `refused` where something that is not committed would be lost.
 */
export async function switchBranch(
  repo: Repository,
  options: SwitchOptions,
): Promise<SwitchResult> {
  const { create, orphan, target, detach = false, now } = options
  if (orphan !== undefined) return toOrphan(repo, orphan, options)
  if (create !== undefined) {
    const head = await headState(repo)
    // Before the first commit the branch has only a name to go to.
    if (head.id === undefined && target === undefined) return toUnborn(repo, create, options)
    const start = target === '-' ? '@{-1}' : target
    const force = options.reset
    const { track } = options
    return goTo(repo, await planBranch(repo, { name: create, start, force, track, now }), options)
  }
  if (target === '-') return goTo(repo, await previousHead(repo), options)
  if (detach || target === undefined) {
    return goTo(repo, { id: await resolveCommit(repo, target ?? 'HEAD', { now }) }, options)
  }
  const guessed = options.guess === false ? undefined : await branchOfRemote(repo, target, now)
  return goTo(repo, guessed ?? (await branchNamed(repo, target, now)), options)
}

/** A branch to be made that follows the one of this name of a remote, where only one has it and there is none here. */
async function branchOfRemote(
  repo: Repository,
  name: string,
  now: CommitDate | undefined,
): Promise<PlannedBranch | undefined> {
  const { refs } = await repo.refs.state()
  if (refs.has(`refs/heads/${name}`) || !isRefName(`refs/heads/${name}`)) return undefined
  if ((await headState(repo)).ref === `refs/heads/${name}`) return undefined
  const found = remoteNames(repo.config).flatMap((remote) => {
    const ref = trackingRef(repo, remote, `refs/heads/${name}`)
    return ref !== undefined && refs.has(ref) ? [ref] : []
  })
  const [start, ...others] = [...new Set(found)]
  if (start === undefined) return undefined
  if (others.length === 0) return planBranch(repo, { name, start, track: true, now })
  const names = [start, ...others].map((ref) => ref.replace('refs/remotes/', ''))
  throw new VarveError('ref-not-found', `several remotes have a branch ${name}`, {
    data: { branch: name, candidates: names },
    hint: `varve switch -c ${name} ${names[0]} takes that one`,
  })
}

/** As {@link switchBranch}, but what is no branch is a commit to detach HEAD at. */
export async function checkoutRevision(
  repo: Repository,
  options: SwitchOptions,
): Promise<SwitchResult> {
  const { target, detach = false } = options
  const { refs } = await repo.refs.state()
  const isBranch =
    target === undefined ||
    target === '-' ||
    refs.has(`refs/heads/${target}`) ||
    (findRefs(await repo.refs.state(), target).length === 0 &&
      (await branchOfRemote(repo, target, options.now)) !== undefined)
  if (target === undefined && !detach && options.create === undefined) {
    const head = await headState(repo)
    return goTo(repo, head.ref === undefined ? { id: head.id! } : { ref: head.ref }, options)
  }
  return switchBranch(repo, { ...options, detach: detach || !isBranch })
}

async function branchNamed(
  repo: Repository,
  name: string,
  now: CommitDate | undefined,
): Promise<Head> {
  const ref = `refs/heads/${name}`
  try {
    await branchId(repo, ref, name)
    return { ref }
  } catch (error) {
    if (!hasCode(error, 'ref-not-found')) throw error
    const head = await headState(repo)
    if (head.ref === ref) return { ref }
    const commit = await commitIfAny(repo, name, now)
    if (commit === undefined) {
      throw new VarveError('ref-not-found', error.message, {
        data: error.data,
        hint: [error.hint, `varve switch -c ${name} makes it`].filter(Boolean).join(' '),
      })
    }
    throw new VarveError('ref-not-found', `${name} is no branch`, {
      data: { branch: name, commit },
      hint: `varve switch --detach ${name} goes to the commit that it means`,
    })
  }
}

const NO_COMMIT = [
  'revision-not-found',
  'ambiguous-revision',
  'object-not-found',
  'before-history',
] as const

/** The commit that a word means; undefined where it means none. */
async function commitIfAny(
  repo: Repository,
  name: string,
  now: CommitDate | undefined,
): Promise<Id | undefined> {
  try {
    return await resolveCommit(repo, name, { now })
  } catch (error) {
    if (NO_COMMIT.some((code) => hasCode(error, code))) return undefined
    throw error
  }
}

async function previousHead(repo: Repository): Promise<Head> {
  const { refs } = await repo.refs.state()
  for await (const before of previousHeads(repo)) {
    if (isId(before)) return { id: before }
    if (refs.has(before)) return { ref: before }
    throw new VarveError(
      'ref-not-found',
      `the branch before was ${shortBranch(before)}: it is gone`,
    )
  }
  throw new VarveError('ref-not-found', 'HEAD was nowhere else yet', {
    hint: 'varve branch lists the branches there are',
  })
}

async function toOrphan(
  repo: Repository,
  name: string,
  options: SwitchOptions,
): Promise<SwitchResult> {
  const state = await repo.refs.state()
  const ref = branchRefName(name)
  const id = state.refs.get(ref)
  if (id !== undefined) {
    throw new VarveError('already-exists', `there is a branch ${name} already`, {
      data: { branch: name, id },
    })
  }
  return toUnborn(repo, name, options)
}

async function toUnborn(
  repo: Repository,
  name: string,
  options: SwitchOptions,
): Promise<SwitchResult> {
  return goTo(repo, { ref: branchRefName(name) }, options)
}

async function goTo(
  repo: Repository,
  to: Head | PlannedBranch,
  options: SwitchOptions,
): Promise<SwitchResult> {
  const planned = 'change' in to ? to : undefined
  const head: Head = 'ref' in to ? { ref: to.ref } : { id: to.id }
  if (!options.force) await refuseDuringMerge(repo, 'HEAD stays where it is')
  const from = await headState(repo)
  const id = planned?.id ?? ('ref' in head ? await tipOf(repo, head.ref) : head.id)
  const already = 'ref' in head ? from.ref === head.ref : from.detached && from.id === head.id
  const stays = already && planned === undefined && !options.force
  const moved: Pick<MovedHead, 'carried' | 'files'> = stays
    ? { carried: [], files: await mended(repo, options) }
    : await moveHead(repo, {
        ...options,
        to: head,
        commit: id,
        updates: planned === undefined ? [] : [planned.change],
        message: `checkout: moving from ${placeText(from.ref, from.id)} to ${
          'ref' in head ? shortBranch(head.ref) : (options.target ?? head.id)
        }`,
      })
  if (options.force) await clearMergeState(repo)
  const follows = planned && (await followPlanned(repo, planned))
  const left =
    from.detached && from.id !== id ? await readCommit(repo.objects, from.id!) : undefined
  return {
    from: placeOf(from.ref, from.id),
    to: placeOf('ref' in head ? head.ref : undefined, id),
    ...(id !== undefined && { commit: await readCommit(repo.objects, id) }),
    ...(left !== undefined && { left }),
    created: planned !== undefined && planned.change.old === undefined,
    ...(follows !== undefined && { follows }),
    already: stays,
    carried: moved.carried,
    files: moved.files,
  }
}

async function tipOf(repo: Repository, ref: string): Promise<Id | undefined> {
  return (await repo.refs.state()).refs.get(ref)
}

function placeText(ref: string | undefined, id: Id | undefined): string {
  return ref === undefined ? id! : shortBranch(ref)
}

function placeOf(ref: string | undefined, id: Id | undefined): HeadPlace {
  return { ...(ref !== undefined && { branch: shortBranch(ref) }), ...(id !== undefined && { id }) }
}

/** Where nothing moves, only what a stopped command left behind is written. */
async function mended(repo: Repository, options: SwitchOptions): Promise<FilesMoved> {
  return hasIndex(repo) ? mendFiles(repo, options) : { written: [], removed: [] }
}
