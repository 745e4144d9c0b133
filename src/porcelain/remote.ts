import type { Signature } from '../core/commit.ts'
import { addConfig, setConfig, unsetConfig } from '../core/config-file.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { mapByAll, parseFetchRefspec, unmapRef } from '../core/refspec.ts'
import { parseRemoteUrl, type RemoteRefs } from '../plumbing/connect.ts'
import { forgetKnownRefs } from '../plumbing/known-refs.ts'
import { aheadBehind } from '../plumbing/merge-base.ts'
import {
  branchesFollowing,
  checkRemoteName,
  defaultFetch,
  findRemote,
  type Remote,
  remoteNamed,
  remoteNames,
  withoutRemote,
  withRemote,
  withRemoteRenamed,
} from '../plumbing/remote-config.ts'
import type { Repository } from '../plumbing/repository.ts'
import { checkRefFolders } from '../plumbing/update-ref.ts'
import { type FetchedRef, fetch } from './fetch.ts'
import type { TransferOptions } from './transfer.ts'

/** All remotes, by name. */
export function listRemotes({ config }: Repository): Remote[] {
  return remoteNames(config).flatMap((name) => findRemote(config, name) ?? [])
}

export interface AddRemoteOptions {
  readonly name: string
  readonly url: string
  /** Branches to fetch; all unless given. */
  readonly branches?: readonly string[] | undefined
  readonly tags?: 'all' | 'none' | undefined
  /** All refs as they are there. */
  readonly mirror?: boolean | undefined
}

/** Makes a remote known by a name. Nothing is fetched yet. `already-exists`, `invalid-name`. */
export async function addRemote(repo: Repository, options: AddRemoteOptions): Promise<Remote> {
  const name = checkRemoteName(options.name)
  if (remoteNames(repo.config).includes(name)) throw nameTaken(name)
  parseRemoteUrl(options.url)
  const fetch = options.mirror
    ? ['+refs/*:refs/*']
    : options.branches === undefined || options.branches.length === 0
      ? [defaultFetch(name)]
      : options.branches.map((branch) => `+refs/heads/${branch}:refs/remotes/${name}/${branch}`)
  for (const refspec of fetch) parseFetchRefspec(refspec)
  await repo.config.edit((text) => withRemote(text, name, { ...options, fetch }))
  return remoteNamed(repo.config, name)
}

/** Forgets a remote, the refs here that show it, and that branches follow it. Returns those refs. */
export async function removeRemote(
  repo: Repository,
  { name, who }: { readonly name: string; readonly who: Signature },
): Promise<string[]> {
  const remote = remoteNamed(repo.config, name)
  const removed = await moveShown(repo, who, `remote: removed ${name}`, remote, () => undefined)
  const branches = branchesFollowing(repo.config, name)
  await repo.config.edit((text) => withoutRemote(text, name, branches))
  await forgetKnownRefs(repo, remote.url)
  return removed
}

/** Gives a remote another name, and with it the refs here that show it. */
export async function renameRemote(
  repo: Repository,
  options: { readonly from: string; readonly to: string; readonly who: Signature },
): Promise<void> {
  const { from, to, who } = options
  const remote = remoteNamed(repo.config, from)
  if (remoteNames(repo.config).includes(checkRemoteName(to))) throw nameTaken(to)
  const branches = branchesFollowing(repo.config, from)
  const folder = `refs/remotes/${from}/`
  await moveShown(repo, who, `remote: renamed ${from} to ${to}`, remote, (name) =>
    name.startsWith(folder) ? `refs/remotes/${to}/${name.slice(folder.length)}` : name,
  )
  const fetch = remote.fetch.map(({ text }) => text)
  await repo.config.edit((text) => withRemoteRenamed(text, from, to, { fetch, branches }))
}

export interface SetUrlOptions {
  readonly name: string
  readonly url: string
  /** Where it is pushed to, instead of where it is fetched from. */
  readonly push?: boolean | undefined
  /** Take the URL for pushing away again. */
  readonly delete?: boolean | undefined
}

/** Says where a remote is, or with `push` where it is pushed to. */
export async function setRemoteUrl(repo: Repository, options: SetUrlOptions): Promise<Remote> {
  const { name, url, push = false } = options
  const before = remoteNamed(repo.config, name)
  if (!options.delete) parseRemoteUrl(url)
  const key = `remote.${name}.${push ? 'pushUrl' : 'url'}`
  await repo.config.edit((text) => {
    if (options.delete) return unsetConfig(text, key) ?? text
    return setConfig(text, key, url)
  })
  await forgetKnownRefs(repo, before.url)
  return remoteNamed(repo.config, name)
}

/** Fetches other branches from now on: these, or with `add` these too. */
export async function setRemoteBranches(
  repo: Repository,
  options: { readonly name: string; readonly branches: readonly string[]; readonly add?: boolean },
): Promise<Remote> {
  const { name, branches, add = false } = options
  remoteNamed(repo.config, name)
  const key = `remote.${name}.fetch`
  const refspecs = branches.map((branch) => `+refs/heads/${branch}:refs/remotes/${name}/${branch}`)
  for (const refspec of refspecs) parseFetchRefspec(refspec)
  await repo.config.edit((text) =>
    refspecs.reduce(
      (next, refspec) => addConfig(next, key, refspec),
      add ? text : (unsetConfig(text, key) ?? text),
    ),
  )
  return remoteNamed(repo.config, name)
}

/** A branch there, and what there is of it here. */
export interface RemoteBranch {
  readonly name: string
  readonly id: Id | undefined
  /** `new`: the next fetch brings it; `tracked`: it is here; `gone`: it is not there any more. */
  readonly state: 'new' | 'tracked' | 'gone' | 'not fetched'
}

export interface ShownRemote extends Remote {
  /** Its default branch, by its short name. */
  readonly head: string
  readonly branches: readonly RemoteBranch[]
  /** Branches here that follow one there. */
  readonly following: readonly { readonly branch: string; readonly follows: string }[]
  /** Branches here that are there too, and how a push would move those. */
  readonly pushes: readonly {
    readonly branch: string
    readonly state: 'up to date' | 'can be moved on' | 'out of date'
  }[]
}

/** What a remote is, and how it stands to this repository; it is asked. */
export async function showRemote(
  repo: Repository,
  { name, ...options }: TransferOptions & { readonly name: string },
): Promise<ShownRemote> {
  const remote = remoteNamed(repo.config, name)
  const { url, uploadPack } = remote
  const session = await options.connect(repo, { url, configured: true, uploadPack })
  let listing: RemoteRefs
  try {
    listing = await session.list({ service: 'upload-pack', signal: options.signal })
  } finally {
    await session.close()
  }
  const { refs } = await repo.refs.state()
  const short = (ref: string) => ref.replace(/^refs\/heads\//, '')
  const heads = listing.refs.filter((ref) => ref.name.startsWith('refs/heads/'))
  const branches: RemoteBranch[] = heads.map((ref) => {
    const shown = mapByAll(remote.fetch, ref.name)
    const state = shown === undefined ? 'not fetched' : refs.has(shown) ? 'tracked' : 'new'
    return { name: short(ref.name), id: ref.id, state }
  })
  const there = new Map(heads.map((ref) => [ref.name, ref.id]))
  for (const ref of refs.keys()) {
    const [source] = remote.fetch.flatMap((refspec) => unmapRef(refspec, ref) ?? [])
    if (source?.startsWith('refs/heads/') && !there.has(source)) {
      branches.push({ name: short(source), id: undefined, state: 'gone' })
    }
  }
  const pushes: ShownRemote['pushes'][number][] = []
  for (const [ref, id] of refs) {
    const other = ref.startsWith('refs/heads/') ? there.get(ref) : undefined
    if (other === undefined) continue
    pushes.push({ branch: short(ref), state: await pushState(repo, id, other) })
  }
  const following = branchesFollowing(repo.config, name).map((branch) => ({
    branch,
    follows: short(repo.config.get(`branch.${branch}.merge`) ?? ''),
  }))
  return { ...remote, head: short(listing.head), branches, following, pushes }
}

async function pushState(
  repo: Repository,
  id: Id,
  other: Id,
): Promise<ShownRemote['pushes'][number]['state']> {
  if (id === other) return 'up to date'
  if (!(await repo.objects.has(other, { fresh: true }))) return 'out of date'
  const { behind } = await aheadBehind(repo, id, other)
  return behind === 0 ? 'can be moved on' : 'out of date'
}

/** Removes refs here that show branches which are not there any more. */
export async function pruneRemote(
  repo: Repository,
  options: TransferOptions & {
    readonly name: string
    readonly dryRun?: boolean | undefined
    readonly who: Signature
  },
): Promise<readonly FetchedRef[]> {
  const { name, dryRun } = options
  remoteNamed(repo.config, name)
  const { refs } = await fetch(repo, { ...options, remote: name, prune: 'only', dryRun })
  return refs
}

/** Moves, or takes away, the refs here that show a remote; `rename` says where to. */
async function moveShown(
  repo: Repository,
  who: Signature,
  message: string,
  remote: Remote,
  rename: (name: string) => string | undefined,
): Promise<string[]> {
  for (;;) {
    const state = await repo.refs.state()
    const own = [...state.refs].filter(([name]) => {
      // Those of a mirror are refs like others here.
      const isShown = remote.fetch.some((refspec) => unmapRef(refspec, name) !== undefined)
      return name.startsWith('refs/remotes/') && isShown
    })
    const updates = own.flatMap(([name, id]) => {
      const to = rename(name)
      if (to === name) return []
      const gone = { name, old: id, new: undefined }
      return to === undefined ? [gone] : [gone, { name: to, old: state.refs.get(to), new: id }]
    })
    if (updates.length === 0) return []
    checkRefFolders(state, updates)
    try {
      await repo.refs.append({ updates, who, message, packs: [] })
      return own.map(([name]) => name)
    } catch (error) {
      if (!hasCode(error, 'conflict') || error.data.object !== undefined) throw error
    }
  }
}

function nameTaken(name: string): VarveError {
  return new VarveError('already-exists', `there is a remote ${name} already`, {
    data: { remote: name },
    hint: `varve remote set-url ${name} URL says that it is elsewhere`,
  })
}
