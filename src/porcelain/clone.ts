import type { Signature } from '../core/commit.ts'
import { setConfig } from '../core/config-file.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { branchRefName } from '../core/names.ts'
import { nearest } from '../core/nearest.ts'
import { parseFetchRefspec } from '../core/refspec.ts'
import { parseRemoteUrl, type RemoteRefs, type RemoteSession } from '../plumbing/connect.ts'
import { writeHeadFile } from '../plumbing/head.ts'
import { treeOf } from '../plumbing/index-state.ts'
import type { LinkedPacks } from '../plumbing/link-packs.ts'
import { type MatchedRef, matchFetch } from '../plumbing/match-refs.ts'
import {
  checkRemoteName,
  defaultFetch,
  withRemote,
  withUpstream,
} from '../plumbing/remote-config.ts'
import {
  assembleRepository,
  type Repository,
  type RepositoryParts,
} from '../plumbing/repository.ts'
import { peelObject } from '../plumbing/resolve-revision.ts'
import { applyShow, type FilesMoved, type FilesOptions, planShow } from './show-tree.ts'
import type { TransferOptions } from './transfer.ts'

export interface CloneOptions extends TransferOptions, Pick<FilesOptions, 'filesLimit' | 'onFile'> {
  /** Where the repository, or the bundle, is: what the new one remembers. */
  readonly url: string
  /** What the remote is called: `origin` unless given. */
  readonly origin?: string | undefined
  /** The branch, or the tag, to be on: the default branch there unless given. */
  readonly branch?: string | undefined
  /** Only that branch is brought, now and by later fetches. */
  readonly singleBranch?: boolean | undefined
  /** How many commits of each line of history. */
  readonly depth?: number | undefined
  /** None: no tags, now or later. */
  readonly tags?: 'none' | undefined
  /** All refs as they are there, now and by later fetches; for a repository without a work tree. */
  readonly mirror?: boolean | undefined
  /** Write files. */
  readonly checkout?: boolean | undefined
  /** Configuration of the new repository: keys and values. */
  readonly settings?: readonly (readonly [key: string, value: string])[] | undefined
  /** What runs on the other side of ssh in place of what configuration says, and of `varve upload-pack`. */
  readonly uploadPack?: string | undefined
  /** Shares the packs of a repository of this machine instead of having them sent. */
  readonly link?: ((ids: readonly Id[]) => Promise<LinkedPacks | undefined>) | undefined
  readonly who: Signature
}

export interface CloneResult {
  readonly repo: Repository
  /** Full name of the branch that HEAD is on; undefined where it is detached, at a tag. */
  readonly branch: string | undefined
  /** The commit that HEAD is at; undefined where that branch has none. */
  readonly head: Id | undefined
  /** Full names of the refs here that were brought. */
  readonly refs: readonly string[]
  readonly objects: number
  readonly bytes: number
  /** Whether packs are shared with the other repository. */
  readonly linked: boolean
  readonly files: FilesMoved
}

/**
 * Makes a repository of its parts, which hold none yet, with what another one has. It is one as of the one entry of
 * its log, when all that it leads to is here and verified; where anything fails before, the caller removes the
 * folder. Nothing of the other side's configuration is taken.
 */
export async function clone(parts: RepositoryParts, options: CloneOptions): Promise<CloneResult> {
  const name = checkRemoteName(options.origin ?? 'origin')
  parseRemoteUrl(options.url)
  const repo = assembleRepository(parts)
  if ((await repo.refs.state()).number > 0) {
    throw new VarveError('already-exists', `there is a repository at ${parts.storage.location}`)
  }
  const session = await options.connect(repo, {
    url: options.url,
    configured: false,
    uploadPack: options.uploadPack,
  })
  try {
    return await cloneFrom(repo, session, name, options)
  } finally {
    await session.close()
  }
}

async function cloneFrom(
  repo: Repository,
  session: RemoteSession,
  name: string,
  options: CloneOptions,
): Promise<CloneResult> {
  const { signal, who, checkout = true, onFile, filesLimit } = options
  const listing = await session.list({ service: 'upload-pack', signal })
  const head = chosenHead(listing, options.branch)
  const isBare = repo.workTree === undefined
  if (head.ref === undefined && isBare) {
    throw new VarveError('refused', 'a repository without a work tree is on a branch, not at a tag')
  }
  const fetch = fetchRefspecs(name, head, { ...options, bare: isBare })
  const refs = wantedRefs(listing, fetch.now, options)
  const brought = await bring(session, refs, options)
  await writeConfig(repo, name, head, fetch.later, options)
  const commit = head.id === undefined ? undefined : await peelObject(repo, head.id, 'commit')
  const own = head.ref !== undefined && commit !== undefined && !isBare
  const updates = [
    ...refs.map(({ target, id }) => ({ name: target!, old: undefined, new: id })),
    ...(own ? [{ name: head.ref!, old: undefined, new: commit }] : []),
  ]
  const place = head.ref === undefined ? { id: commit! } : { ref: head.ref }
  await writeHeadFile(repo, place)
  signal?.throwIfAborted()
  await repo.refs.append({
    updates,
    head: { new: head.ref ?? commit! },
    who,
    message: `clone: from ${session.location}`,
    packs: brought.packs,
    since: brought.since,
    ...(brought.shallow.length > 0 && { shallow: { added: brought.shallow, removed: [] } }),
  })
  const { objects, bytes, linked } = brought
  const result = {
    ...{ repo, branch: head.ref, head: commit, objects, bytes, linked },
    refs: refs.map(({ target }) => target!),
  }
  if (!checkout || isBare || commit === undefined) {
    return { ...result, files: { written: [], removed: [] } }
  }
  const tree = await treeOf(repo.objects, commit)
  const files = new Map()
  const plan = await planShow(repo, files, tree, { filesLimit, signal })
  const publish = async () => undefined
  return { ...result, files: await applyShow(repo, files, plan, { onFile, signal, publish }) }
}

interface ChosenHead {
  /** Full name of the branch; undefined for a tag. */
  readonly ref: string | undefined
  /** The full name of what was chosen, there. */
  readonly source: string
  readonly id: Id | undefined
}

function chosenHead(listing: RemoteRefs, branch: string | undefined): ChosenHead {
  const find = (name: string) => listing.refs.find((ref) => ref.name === name)?.id
  if (branch === undefined) {
    return { ref: listing.head, source: listing.head, id: find(listing.head) }
  }
  const ref = branchRefName(branch)
  const id = find(ref)
  if (id !== undefined) return { ref, source: ref, id }
  const tag = `refs/tags/${branch}`
  const tagged = find(tag)
  if (tagged !== undefined) return { ref: undefined, source: tag, id: tagged }
  const names = listing.refs.map(({ name }) => name.replace(/^refs\/(?:heads|tags)\//, ''))
  const near = nearest(branch, names)
  throw new VarveError('ref-not-found', `there is no branch ${JSON.stringify(branch)} there`, {
    data: { branch, ...(near !== undefined && { nearest: near }) },
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  })
}

/** What is brought now, and what configuration says for later. */
function fetchRefspecs(
  name: string,
  { source }: ChosenHead,
  options: CloneOptions & { readonly bare: boolean },
): { readonly now: string; readonly later: readonly string[] } {
  const { mirror, bare, depth, singleBranch = depth !== undefined } = options
  if (mirror) return { now: '+refs/*:refs/*', later: ['+refs/*:refs/*'] }
  const short = source.replace(/^refs\/(?:heads|tags)\//, '')
  const isTag = source.startsWith('refs/tags/')
  if (bare) {
    const all = singleBranch ? `+${source}:${source}` : '+refs/heads/*:refs/heads/*'
    return { now: all, later: [] }
  }
  if (!singleBranch) return { now: defaultFetch(name), later: [defaultFetch(name)] }
  const one = isTag ? `+${source}:${source}` : `+${source}:refs/remotes/${name}/${short}`
  return { now: one, later: [one] }
}

/** The refs to bring; a branch that is not there yet, of an empty repository, is none. */
function wantedRefs(listing: RemoteRefs, refspec: string, options: CloneOptions): MatchedRef[] {
  const parsed = parseFetchRefspec(refspec)
  const isThere = parsed.pattern || listing.refs.some(({ name }) => name === parsed.source)
  const refs = isThere ? matchFetch(listing, [parsed]) : []
  if (options.tags === 'none' || options.mirror) return refs
  const single = options.singleBranch ?? options.depth !== undefined
  const targets = new Set(refs.map(({ target }) => target))
  const ids = new Set(refs.map(({ id }) => id))
  for (const { name, id, peeled = id } of listing.refs) {
    if (!name.startsWith('refs/tags/') || targets.has(name)) continue
    if (single && !ids.has(peeled)) continue
    refs.push({ name, id, target: name, force: false })
  }
  return refs
}

interface Brought {
  readonly packs: readonly string[]
  readonly since: number
  readonly shallow: readonly Id[]
  readonly objects: number
  readonly bytes: number
  readonly linked: boolean
}

async function bring(
  session: RemoteSession,
  refs: readonly MatchedRef[],
  { link, depth, onProgress, signal, who }: CloneOptions,
): Promise<Brought> {
  const wants = [...new Set(refs.map(({ id }) => id))]
  const nothing = { packs: [], since: 0, shallow: [], objects: 0, bytes: 0, linked: false }
  if (wants.length === 0) return nothing
  const linked = depth === undefined ? await link?.(wants) : undefined
  if (linked !== undefined) return { ...nothing, ...linked, linked: true }
  const now = who.seconds
  const received = await session.fetch({ wants, haves: [], depth, onProgress, signal, now })
  return { ...received, shallow: received.shallow?.added ?? [], linked: false }
}

async function writeConfig(
  repo: Repository,
  name: string,
  { ref }: ChosenHead,
  fetch: readonly string[],
  { url, tags, mirror, settings = [] }: CloneOptions,
): Promise<void> {
  await repo.config.edit((text) => {
    let next = withRemote(text, name, { url, fetch, tags, mirror })
    const isTracked = ref !== undefined && fetch.length > 0 && !mirror
    if (isTracked) next = withUpstream(next, ref.replace('refs/heads/', ''), name, ref)
    return settings.reduce((text, [key, value]) => setConfig(text, key, value), next)
  })
}
