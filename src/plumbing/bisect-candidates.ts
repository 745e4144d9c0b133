import type { Id } from '../core/id.ts'
import type { BisectState } from './bisect-state.ts'
import { bestCommonAncestors, isAncestor } from './common-ancestors.ts'
import type { Repository } from './repository.ts'
import { shownParents } from './shown-parents.ts'
import { touchesPaths } from './touches-paths.ts'
import { walkCommits } from './walk-commits.ts'

/** What is known of a search that has a commit with the change and one without. */
export type BisectStep =
  /** Is to be tested: `left` others may be the one after it, whatever comes out. */
  | { readonly kind: 'test'; readonly id: Id; readonly left: number; readonly steps: number }
  /** Where two lines of history part: tested first, as nobody said that it has not the change. */
  | { readonly kind: 'merge-base'; readonly id: Id }
  /** It has the change, and what came before has not. */
  | { readonly kind: 'found'; readonly id: Id }
  /** One of them has, and none can be tested. */
  | { readonly kind: 'skipped'; readonly ids: readonly Id[] }
  /** The change is there where lines of history part: somebody took it back on the way to these. */
  | { readonly kind: 'undone'; readonly base: Id; readonly good: readonly Id[] }

/** What to test next, so that the answer halves what is left: by how many commits lead to each. */
export async function nextBisectStep(
  repo: Repository,
  state: BisectState & { readonly bad: Id },
): Promise<BisectStep> {
  const base = await untestedBase(repo, state)
  if (base !== undefined) return base
  const { bad } = state
  const candidates = await candidatesOf(repo, state)
  const ids = [...candidates.keys()]
  if (ids.length <= 1) return { kind: 'found', id: ids[0] ?? bad }
  const weights = weightsOf(candidates)
  const total = ids.length
  const value = (id: Id) => Math.min(weights.get(id)!, total - weights.get(id)!)
  const skipped = new Set(state.skipped)
  let best: Id | undefined
  for (const id of ids) {
    if (id === bad || skipped.has(id)) continue
    if (best === undefined || value(id) > value(best)) best = id
  }
  if (best === undefined) {
    return { kind: 'skipped', ids }
  }
  const left = Math.max(weights.get(best)!, total - weights.get(best)!) - 1
  return { kind: 'test', id: best, left, steps: Math.ceil(Math.log2(left + 1)) }
}

/** A merge base of a good commit that does not lead to the bad one, unless it is known to be good. */
async function untestedBase(
  repo: Repository,
  { good, bad, skipped }: BisectState & { readonly bad: Id },
): Promise<BisectStep | undefined> {
  const { shallow } = await repo.refs.state()
  const { objects } = repo
  for (const one of good) {
    if (await isAncestor(objects, one, bad, shallow)) continue
    for (const id of await bestCommonAncestors(objects, one, [bad], shallow)) {
      if (id === bad) return { kind: 'undone', base: id, good }
      let isKnown = skipped.includes(id)
      for (const known of good) {
        // Only what leads to the bad commit says anything of it.
        if (isKnown || !(await isAncestor(objects, known, bad, shallow))) continue
        isKnown = await isAncestor(objects, id, known, shallow)
      }
      if (!isKnown) return { kind: 'merge-base', id }
    }
  }
  return undefined
}

/** The commits that may have made the change, each with those that come before it, children first. */
async function candidatesOf(
  repo: Repository,
  { good, bad, paths, firstParent }: BisectState & { readonly bad: Id },
): Promise<Map<Id, readonly Id[]>> {
  const { shallow } = await repo.refs.state()
  const touches = paths.length === 0 ? () => true : touchesPaths(repo.objects, paths)
  const all = new Map<Id, readonly Id[]>()
  const chosen: Id[] = []
  const walk = { include: [bad], exclude: good, firstParent, shallow }
  for await (const { id, commit } of walkCommits(repo.objects, walk)) {
    const parents = shallow.has(id) ? [] : commit.parents
    all.set(id, firstParent ? parents.slice(0, 1) : parents)
    if (await touches({ id, commit: { ...commit, parents } })) chosen.push(id)
  }
  const parentsOf = shownParents(all, new Set(chosen))
  return new Map(chosen.map((id) => [id, parentsOf(id)]))
}

/** How many of some commits lead to each, itself counted. */
function weightsOf(candidates: ReadonlyMap<Id, readonly Id[]>): Map<Id, number> {
  const weights = new Map<Id, number>()
  for (const [id, parents] of [...candidates].reverse()) {
    const [first, ...others] = parents
    if (first === undefined) weights.set(id, 1)
    else if (others.length === 0 && weights.has(first)) weights.set(id, weights.get(first)! + 1)
    else weights.set(id, countFrom(candidates, id))
  }
  return weights
}

function countFrom(candidates: ReadonlyMap<Id, readonly Id[]>, start: Id): number {
  const seen = new Set([start])
  for (const id of seen) for (const parent of candidates.get(id) ?? []) seen.add(parent)
  return seen.size
}
