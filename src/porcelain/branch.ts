import type { Signature } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { renameConfigSection, setConfig, unsetConfig } from '../core/config-file.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { branchRefName } from '../core/names.ts'
import { nearest } from '../core/nearest.ts'
import { isAncestor } from '../plumbing/common-ancestors.ts'
import { type ForEachRefOptions, forEachRef, type RefDetails } from '../plumbing/for-each-ref.ts'
import { headState, setHead } from '../plumbing/head.ts'
import { aheadBehind } from '../plumbing/merge-base.ts'
import { withoutUpstream, withUpstream } from '../plumbing/remote-config.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveCommit, resolveRevision } from '../plumbing/resolve-revision.ts'
import { checkRefFolders, updateRef } from '../plumbing/update-ref.ts'
import { followedBy, upstreamIfAny } from '../plumbing/upstream.ts'
import type { RefChange } from './move-head.ts'

const BRANCHES = 'refs/heads/'

/** A branch's name as people say it. */
export function shortBranch(ref: string): string {
  return ref.replace(/^refs\/heads\//, '')
}

export interface ListBranchesOptions
  extends Pick<
    ForEachRefOptions,
    'contains' | 'noContains' | 'merged' | 'noMerged' | 'pointsAt' | 'sort' | 'now'
  > {
  /** Only these; patterns with `*` too. */
  readonly names?: readonly string[] | undefined
  /** Branches of remotes: instead of one's own, or beside them. */
  readonly remotes?: 'only' | 'too' | undefined
}

export interface ListedBranch extends RefDetails {
  /** Against the branch that it follows, where it follows one that is there. */
  readonly tracking?: { readonly ahead: number; readonly behind: number }
}

/** Branches by name, unless sorted otherwise. */
export async function listBranches(
  repo: Repository,
  { names = [], remotes, ...options }: ListBranchesOptions = {},
): Promise<ListedBranch[]> {
  const folders = [
    ...(remotes === 'only' ? [] : ['refs/heads']),
    ...(remotes === undefined ? [] : ['refs/remotes']),
  ]
  const patterns = folders.flatMap((folder) =>
    names.length === 0 ? [folder] : names.map((name) => `${folder}/${name}`),
  )
  const found = await forEachRef(repo, { ...options, patterns })
  const { refs } = await repo.refs.state()
  return Promise.all(
    found.map(async (branch) => {
      const upstream = branch.upstream === undefined ? undefined : refs.get(branch.upstream)
      if (upstream === undefined) return branch
      return { ...branch, tracking: await aheadBehind(repo, branch.id, upstream) }
    }),
  )
}

/** The branch that HEAD is on; undefined when it is detached. */
export async function currentBranch(repo: Repository): Promise<string | undefined> {
  return (await headState(repo)).ref
}

export interface BranchStart {
  /** Short name. */
  readonly name: string
  /** The revision it begins at: HEAD unless given. */
  readonly start?: string | undefined
  /** Move it there if it exists. */
  readonly force?: boolean | undefined
  /** Whether it follows the branch that it begins at: unless given, it does if that is a remote's. */
  readonly track?: boolean | undefined
  readonly now?: CommitDate | undefined
}

export interface PlannedBranch {
  readonly change: RefChange
  readonly ref: string
  readonly id: Id
  /** The ref that the branch is to follow, by its full name; undefined where it follows none. */
  readonly follows: string | undefined
}

/**
 * The change of refs that makes a branch. `already-exists`, `invalid-name`, and errors of the
 * revision as `resolveCommit`.
 */
export async function planBranch(
  repo: Repository,
  { name, start = 'HEAD', force = false, track, now }: BranchStart,
): Promise<PlannedBranch> {
  const ref = branchRefName(name)
  const id = await resolveCommit(repo, start, { now })
  const state = await repo.refs.state()
  const old = state.refs.get(ref)
  if (old !== undefined && !force) {
    throw new VarveError('already-exists', `there is a branch ${name} already`, {
      data: { branch: name, id: old },
      hint: 'another name, or --force to move it',
    })
  }
  const change = { name: ref, old, new: id }
  checkRefFolders(state, [change])
  return { change, ref, id, follows: await followsFrom(repo, start, track, now) }
}

async function followsFrom(
  repo: Repository,
  start: string,
  track: boolean | undefined,
  now: CommitDate | undefined,
): Promise<string | undefined> {
  if (track === false) return undefined
  const { ref } = await resolveRevision(repo, start, { now })
  const isRemote = ref?.startsWith('refs/remotes/') === true
  if (ref === undefined || (track !== true && !isRemote)) {
    if (track !== true) return undefined
    throw new VarveError('refused', `${start} is no branch that another could follow`)
  }
  const followed = followedBy(repo, ref) !== undefined
  if (followed || track !== true) return followed ? ref : undefined
  throw new VarveError('refused', `no remote is configured that ${start} is of`)
}

/** Notes what a new branch follows; returns the short name of that. */
export async function followPlanned(
  repo: Repository,
  { ref, follows }: Pick<PlannedBranch, 'ref' | 'follows'>,
): Promise<string | undefined> {
  const followed = follows === undefined ? undefined : followedBy(repo, follows)
  if (follows === undefined || followed === undefined) return undefined
  const { remote, merge } = followed
  await repo.config.edit((text) => withUpstream(text, shortBranch(ref), remote, merge))
  return follows.replace(/^refs\/(?:heads|remotes)\//, '')
}

/** Makes a branch and stays where HEAD is. */
export async function createBranch(
  repo: Repository,
  options: BranchStart & { readonly who: Signature },
): Promise<{ name: string; ref: string; id: Id; old: Id | undefined; follows?: string }> {
  const { change, ref, id, follows: followed } = await planBranch(repo, options)
  const head = await headState(repo)
  if (change.old !== undefined && head.ref === ref) {
    throw new VarveError('refused', `${options.name} is the branch you are on`, {
      data: { branch: options.name },
      hint: `varve reset --hard ${options.start ?? 'HEAD'} moves it, with index and files`,
    })
  }
  const message = `branch: ${change.old ? 'moved' : 'created'} from ${options.start ?? 'HEAD'}`
  await updateRef(repo, {
    changes: [{ ref, new: id, old: change.old ?? null }],
    who: options.who,
    message,
  })
  const follows = await followPlanned(repo, { ref, follows: followed })
  return { name: options.name, ref, id, old: change.old, ...(follows !== undefined && { follows }) }
}

export interface DeletedRef {
  readonly name: string
  readonly ref: string
  readonly id: Id
}

/**
 * Deletes branches, all or none. `refused` for the one that HEAD is on, and unless `force` for one
 * with commits that neither HEAD nor the branch that it follows has.
 */
export async function deleteBranches(
  repo: Repository,
  options: {
    readonly names: readonly string[]
    readonly force?: boolean | undefined
    readonly remotes?: boolean | undefined
    readonly who: Signature
  },
): Promise<DeletedRef[]> {
  const { names, force = false, remotes = false, who } = options
  const head = await headState(repo)
  const deleted: DeletedRef[] = []
  for (const name of new Set(names)) {
    const ref = remotes ? `refs/remotes/${name}` : BRANCHES + name
    const id = await branchId(repo, ref, name)
    if (head.ref === ref) {
      throw new VarveError('refused', `${name} is the branch you are on`, {
        data: { branch: name },
        hint: 'switch to another one first',
      })
    }
    if (!force && !remotes) await checkMerged(repo, ref, id, head.id)
    deleted.push({ name, ref, id })
  }
  const changes = deleted.map(({ ref, id }) => ({ ref, new: undefined, old: id }))
  const message = `branch: deleted ${deleted.map(({ name }) => name).join(', ')}`
  await updateRef(repo, { changes, who, message })
  const isSet = deleted.some(({ name }) => repo.config.get(`branch.${name}.merge`) !== undefined)
  if (!remotes && isSet) {
    await repo.config.edit((text) =>
      deleted.reduce((next, { name }) => withoutUpstream(next, name), text),
    )
  }
  return deleted
}

async function checkMerged(
  repo: Repository,
  ref: string,
  id: Id,
  head: Id | undefined,
): Promise<void> {
  const upstream = upstreamIfAny(repo, ref)
  const { refs, shallow } = await repo.refs.state()
  const into = (upstream === undefined ? undefined : refs.get(upstream)) ?? head
  if (into !== undefined && (await isAncestor(repo.objects, id, into, shallow))) return
  const name = shortBranch(ref)
  throw new VarveError('refused', `${name} has commits that no other branch may have`, {
    data: { branch: name, id },
    hint: `varve branch -D ${name} deletes it all the same; varve undo brings it back`,
  })
}

export interface NewNameOptions {
  /** The current branch unless given. */
  readonly from?: string | undefined
  readonly to: string
  /** Also where a branch of that name is. */
  readonly force?: boolean | undefined
  readonly who: Signature
}

/** Gives a branch another name; HEAD goes with it. The current branch where `from` is not given. */
export async function renameBranch(
  repo: Repository,
  options: NewNameOptions,
): Promise<{ from: string; to: string; id: Id | undefined }> {
  const head = await headState(repo)
  const { to: name, force = false, who } = options
  const from = options.from === undefined ? head.ref : BRANCHES + options.from
  if (from === undefined) {
    throw new VarveError('refused', 'HEAD is detached: say which branch', {
      hint: 'varve branch -m OLD NEW',
    })
  }
  const to = branchRefName(name)
  const isHead = head.ref === from
  const id = isHead ? head.id : await branchId(repo, from, shortBranch(from))
  const result = { from: shortBranch(from), to: name, id }
  if (to === from) return result
  const state = await repo.refs.state()
  const taken = state.refs.get(to)
  if (taken !== undefined && (!force || head.ref === to)) {
    throw new VarveError('already-exists', `there is a branch ${name} already`, {
      data: { branch: name, id: taken },
    })
  }
  const updates =
    id === undefined
      ? []
      : [
          { name: from, old: id, new: undefined },
          { name: to, old: taken, new: id },
        ]
  checkRefFolders(state, updates)
  const message = `branch: renamed ${result.from} to ${name}`
  if (isHead) await setHead(repo, { to: { ref: to }, updates, who, message })
  else await repo.refs.append({ updates, who, message, packs: [] })
  if (repo.config.get(`branch.${result.from}.merge`) !== undefined) {
    await repo.config.edit(
      (text) => renameConfigSection(text, `branch.${result.from}`, `branch.${name}`) ?? text,
    )
  }
  return result
}

const COPIED_KEYS = ['remote', 'merge', 'pushRemote'] as const

/**
 * Makes a branch where another is, that follows and is pushed to what that does; HEAD stays. Of the current branch
 * where `from` is not given. `already-exists` for a name that is taken, unless `force`; `refused` for the one that HEAD is on.
 */
export async function copyBranch(
  repo: Repository,
  options: NewNameOptions,
): Promise<{ from: string; to: string; id: Id }> {
  const { to, force, who } = options
  const { ref: current } = await headState(repo)
  const from = options.from ?? (current && shortBranch(current))
  if (from === undefined) {
    throw new VarveError('refused', 'HEAD is detached: say which branch', {
      hint: 'varve branch -c OLD NEW',
    })
  }
  const start = BRANCHES + from
  const id = await branchId(repo, start, from)
  if (from === to) return { from, to, id }
  await createBranch(repo, { name: to, start, force, track: false, who })
  const values = COPIED_KEYS.map((key) => [key, repo.config.get(`branch.${from}.${key}`)] as const)
  const isAlike = values.every(([key, value]) => value === repo.config.get(`branch.${to}.${key}`))
  if (!isAlike) {
    await repo.config.edit((text) =>
      values.reduce(
        (next, [key, value]) =>
          value === undefined
            ? (unsetConfig(next, `branch.${to}.${key}`) ?? next)
            : setConfig(next, `branch.${to}.${key}`, value),
        text,
      ),
    )
  }
  return { from, to, id }
}

/** The commit of a branch; `ref-not-found` with the nearest name. */
export async function branchId(repo: Repository, ref: string, name: string): Promise<Id> {
  const { refs } = await repo.refs.state()
  const id = refs.get(ref)
  if (id !== undefined) return id
  const folder = ref.slice(0, ref.length - name.length)
  const names = [...refs.keys()]
    .filter((other) => other.startsWith(folder))
    .map((other) => other.slice(folder.length))
  const near = nearest(name, names)
  throw new VarveError('ref-not-found', `there is no branch ${JSON.stringify(name)}`, {
    data: { branch: name, ...(near !== undefined && { nearest: near }) },
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  })
}
