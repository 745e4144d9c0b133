import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { nearest } from '../core/nearest.ts'
import { mapRef, parsePushRefspec, type Refspec } from '../core/refspec.ts'
import { isAncestor } from '../plumbing/common-ancestors.ts'
import type { RemoteRefs } from '../plumbing/connect.ts'
import { candidates, findRefs, shortNames } from '../plumbing/find-ref.ts'
import { headState } from '../plumbing/head.ts'
import { fullTarget } from '../plumbing/match-refs.ts'
import type { Remote } from '../plumbing/remote-config.ts'
import type { LogState, Repository } from '../plumbing/repository.ts'
import { peelObject, resolveRevision } from '../plumbing/resolve-revision.ts'
import { readUpstream } from '../plumbing/upstream.ts'

/** One ref of the other side that is to be moved. */
export interface PlannedPush {
  /** The ref here that it is moved to, by its full name; undefined where it is deleted, or an id. */
  readonly source: string | undefined
  /** Its full name there. */
  readonly target: string
  /** What it is to become; undefined deletes it. */
  readonly new: Id | undefined
  readonly force: boolean
}

export interface PushPlanOptions {
  readonly refspecs?: readonly string[] | undefined
  /** All branches, instead of refspecs. */
  readonly all?: boolean | undefined
  /** All tags too. */
  readonly tags?: boolean | undefined
  /** Annotated tags too that lead to what is pushed and are not there. */
  readonly followTags?: boolean | undefined
  /** The refspecs name what is deleted there. */
  readonly delete?: boolean | undefined
  readonly force?: boolean | undefined
}

/** Which refs a push is to move, by its refspecs or what configuration says of the current branch. */
export async function planPush(
  repo: Repository,
  listing: RemoteRefs,
  remote: Remote | undefined,
  options: PushPlanOptions,
): Promise<PlannedPush[]> {
  const { refspecs = [], all = false, tags = false, force = false } = options
  const given = refspecs.map((text) => parsePushRefspec(options.delete ? deletion(text) : text))
  const everything = remote?.mirror === true && given.length === 0 && !all
  const texts = [
    ...(all ? ['refs/heads/*:refs/heads/*'] : []),
    ...(tags ? ['refs/tags/*:refs/tags/*'] : []),
    // What remotes here have is nobody else's, and not taken there.
    ...(everything ? ['+refs/*:refs/*', '^refs/remotes/*'] : []),
  ]
  const used = [...given, ...texts.map(parsePushRefspec)]
  if (used.length === 0) used.push(parsePushRefspec(await defaultRefspec(repo, remote)))
  const state = await repo.refs.state()
  const planned = new Map<string, PlannedPush>()
  const isLeftOut = (name: string) =>
    used.some((refspec) => refspec.negative && mapRef(refspec, name) !== undefined)
  for (const refspec of used) {
    if (refspec.negative) continue
    const found = refspec.pattern
      ? byPattern(state, refspec, isLeftOut)
      : [await byName(repo, state, listing, refspec)]
    for (const push of found) {
      const other = planned.get(push.target)
      if (other !== undefined && other.new !== push.new) {
        throw new VarveError('refused', `${push.target} cannot become two things at once`, {
          data: { ref: push.target, sources: [other.source, push.source] },
        })
      }
      planned.set(push.target, { ...push, force: push.force || force })
    }
  }
  if (everything) {
    for (const { name } of listing.refs) {
      if (planned.has(name) || isLeftOut(name)) continue
      planned.set(name, { source: undefined, target: name, new: undefined, force: true })
    }
  }
  if (options.followTags) {
    for (const tag of await followedTags(repo, state, listing, [...planned.values()])) {
      if (!planned.has(tag.target)) planned.set(tag.target, tag)
    }
  }
  return [...planned.values()]
}

function deletion(text: string): string {
  if (!text.includes(':')) return `:${text}`
  throw new VarveError('usage', `--delete takes names of refs there, not ${JSON.stringify(text)}`)
}

function byPattern(
  state: LogState,
  refspec: Refspec,
  isLeftOut: (name: string) => boolean,
): PlannedPush[] {
  const to = { ...refspec, target: refspec.target ?? refspec.source }
  return [...state.refs].flatMap(([name, id]) => {
    const target = isLeftOut(name) ? undefined : mapRef(to, name)
    return target === undefined ? [] : [{ source: name, target, new: id, force: refspec.force }]
  })
}

async function byName(
  repo: Repository,
  state: LogState,
  listing: RemoteRefs,
  { source, target, force }: Refspec,
): Promise<PlannedPush> {
  if (source === '') {
    return { source: undefined, target: existing(listing, target!), new: undefined, force }
  }
  const head = source === 'HEAD' || source === '@' ? (await headState(repo)).ref : undefined
  const ref = head ?? findRefs(state, source)[0]?.name
  const id = ref === undefined ? undefined : state.refs.get(ref)
  if (ref !== undefined && id !== undefined) {
    const to = target === undefined ? ref : targetOf(listing, target, ref)
    return { source: ref, target: to, new: id, force }
  }
  const found = head === undefined ? await revision(repo, source) : undefined
  if (found === undefined) throw nothingToPush(state, source)
  if (target === undefined) {
    throw new VarveError('usage', `${source} is no branch: say which one it is to become there`, {
      hint: `varve push REMOTE ${source}:refs/heads/NAME`,
    })
  }
  const full = targetOf(listing, target, undefined)
  return { source: undefined, target: full, new: found, force }
}

async function revision(repo: Repository, text: string): Promise<Id | undefined> {
  if (isId(text)) return (await repo.objects.has(text, { fresh: true })) ? text : undefined
  return (await resolveRevision(repo, text)).id
}

/** A ref there by the name that is given for it: one that it has, or as its source is. */
function targetOf(listing: RemoteRefs, name: string, source: string | undefined): string {
  const there = candidates(name).filter((full) => listing.refs.some((ref) => ref.name === full))
  return there[0] ?? fullTarget(name, source)
}

function existing(listing: RemoteRefs, name: string): string {
  return targetOf(listing, name, undefined)
}

function nothingToPush(state: LogState, source: string): VarveError {
  const near = nearest(source, shortNames(state))
  return new VarveError('ref-not-found', `there is no ${JSON.stringify(source)} here to push`, {
    data: { ref: source, ...(near !== undefined && { nearest: near }) },
    hint: near === undefined ? 'varve commit makes the first commit' : `did you mean ${near}?`,
  })
}

/** What `push.default` makes of a push without refspecs. */
async function defaultRefspec(repo: Repository, remote: Remote | undefined): Promise<string> {
  const mode = repo.config.get('push.default') ?? 'simple'
  if (mode === 'nothing') {
    throw new VarveError('refused', 'push.default is nothing: say what to push', {
      hint: 'varve push REMOTE BRANCH',
    })
  }
  const { ref } = await headState(repo)
  if (ref === undefined) {
    throw new VarveError('refused', 'HEAD is detached: say what to push, and where to', {
      hint: 'varve push REMOTE HEAD:refs/heads/NAME',
    })
  }
  const name = ref.replace('refs/heads/', '')
  const upstream = readUpstream(repo, ref)
  const follows = upstream !== undefined && upstream.remote === remote?.name
  if (mode === 'current') return `${ref}:${ref}`
  if (upstream !== undefined && !follows && mode === 'simple') return `${ref}:${ref}`
  if (!follows) {
    throw new VarveError('refused', `${name} follows no branch that it could be pushed to`, {
      data: { branch: name },
      hint: `varve push -u ${remote?.name ?? 'REMOTE'} ${name} pushes it, and lets it follow that`,
    })
  }
  if (mode === 'simple' && upstream.merge !== ref) {
    const other = upstream.merge.replace('refs/heads/', '')
    throw new VarveError('refused', `${name} follows a branch of another name, ${other}`, {
      data: { branch: name, upstream: upstream.merge },
      hint: `varve push ${remote!.name} HEAD:${other} pushes to that, varve push ${remote!.name} ${name} to its own name`,
    })
  }
  return `${ref}:${upstream.merge}`
}

async function followedTags(
  repo: Repository,
  { refs, shallow }: LogState,
  listing: RemoteRefs,
  planned: readonly PlannedPush[],
): Promise<PlannedPush[]> {
  const there = new Set(listing.refs.map(({ name }) => name))
  const pushed = planned.flatMap(({ new: id }) => id ?? [])
  const found: PlannedPush[] = []
  for (const [name, id] of refs) {
    if (!name.startsWith('refs/tags/') || there.has(name)) continue
    if ((await repo.objects.readAny(id)).kind !== 'tag') continue
    const commit = await peelObject(repo, id, 'any')
    if ((await repo.objects.readAny(commit)).kind !== 'commit') continue
    for (const tip of pushed) {
      const isCommit = (await repo.objects.readAny(tip)).kind === 'commit'
      if (!isCommit || !(await isAncestor(repo.objects, commit, tip, shallow))) continue
      found.push({ source: name, target: name, new: id, force: false })
      break
    }
  }
  return found
}
