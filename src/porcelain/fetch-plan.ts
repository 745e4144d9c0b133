import type { Id } from '../core/id.ts'
import { mapByAll, parseFetchRefspec, type Refspec } from '../core/refspec.ts'
import type { RemoteRefs } from '../plumbing/connect.ts'
import { headState } from '../plumbing/head.ts'
import { type MatchedRef, matchFetch } from '../plumbing/match-refs.ts'
import type { Remote } from '../plumbing/remote-config.ts'
import type { Repository } from '../plumbing/repository.ts'
import { readUpstream } from '../plumbing/upstream.ts'

/** What was brought for a merge. */
export interface FetchedHead {
  /** Its full name there; undefined for an id. */
  readonly name: string | undefined
  readonly id: Id
}

export interface PlanOptions {
  readonly refspecs?: readonly string[] | undefined
  readonly prune?: boolean | 'only' | undefined
  readonly tags?: 'all' | 'none' | 'follow' | undefined
  readonly force?: boolean | undefined
}

export interface TagRef extends MatchedRef {
  /** What it leads to. */
  readonly peeled: Id
}

/** What a fetch asks for. */
export interface FetchPlan {
  readonly wanted: readonly MatchedRef[]
  readonly tags: readonly TagRef[]
  readonly allTags: boolean
  readonly heads: readonly FetchedHead[]
  /** By which what is gone there is known here. */
  readonly prunes: readonly Refspec[]
}

/** What is asked for, by the command's refspecs or those of configuration. */
export async function planFetch(
  repo: Repository,
  listing: RemoteRefs,
  remote: Remote | undefined,
  options: PlanOptions,
): Promise<FetchPlan> {
  const { refspecs = [], force, prune = false } = options
  const given = refspecs.map(parseFetchRefspec)
  const configured = remote?.fetch ?? []
  const isGiven = given.length > 0
  const head = parseFetchRefspec('HEAD')
  const used = isGiven ? given : configured.length > 0 ? configured : [head]
  const prunes = prune ? used.filter(({ target, negative }) => target && !negative) : []
  if (prune === 'only') return { wanted: [], tags: [], allTags: false, heads: [], prunes }
  const matched = matchFetch(listing, used).map((ref) => ({ ...ref, force: ref.force || !!force }))
  // What is asked for by name is also shown where configuration shows it.
  const shown = isGiven
    ? matched.flatMap((ref): MatchedRef[] => {
        const target = ref.name && mapByAll(configured, ref.name)
        return target && target !== ref.target ? [{ ...ref, target, force: true }] : []
      })
    : []
  const taken = targets(matched)
  const wanted = [...matched]
  for (const ref of shown) {
    if (taken.has(ref.target!)) continue
    taken.add(ref.target!)
    wanted.push(ref)
  }
  const mode = options.tags ?? remote?.tags ?? 'follow'
  const follows = wanted.some(({ target }) => target !== undefined)
  const tags = mode === 'none' || (mode === 'follow' && !follows) ? [] : tagsOf(listing, !!force)
  const state = await repo.refs.state()
  return {
    wanted,
    tags: tags.filter(
      ({ target }) => !taken.has(target!) && (mode === 'all' || !state.refs.has(target!)),
    ),
    allTags: mode === 'all',
    heads: isGiven
      ? matched.map(({ name, id }) => ({ name, id }))
      : await followedHeads(repo, remote, wanted),
    prunes,
  }
}

function targets(refs: readonly MatchedRef[]): Set<string> {
  return new Set(refs.flatMap(({ target }) => target ?? []))
}

function tagsOf({ refs }: RemoteRefs, force: boolean): TagRef[] {
  return refs
    .filter(({ name }) => name.startsWith('refs/tags/'))
    .map(({ name, id, peeled = id }) => ({ name, id, target: name, force, peeled }))
}

/** What the branch that HEAD is on follows, where that was brought; else what has no place here. */
async function followedHeads(
  repo: Repository,
  remote: Remote | undefined,
  wanted: readonly MatchedRef[],
): Promise<readonly FetchedHead[]> {
  if (remote === undefined) return wanted.map(({ name, id }) => ({ name, id }))
  const { ref } = await headState(repo)
  const upstream = ref === undefined ? undefined : readUpstream(repo, ref)
  if (upstream?.remote !== remote.name) return []
  return wanted
    .filter(({ name }) => name === upstream.merge)
    .slice(0, 1)
    .map(({ name, id }) => ({ name, id }))
}
