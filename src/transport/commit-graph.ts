import { type Commit, decodeCommit, readCommit } from '../core/commit.ts'
import { CommitQueue, type QueuedCommit } from '../core/commit-queue.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { decodeTag } from '../core/tag.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** What of a history has to move. */
export interface MissingCommits {
  /** Parents before children. */
  readonly commits: readonly { readonly id: Id; readonly commit: Commit }[]
  /** Those among them, or held ones, whose parents the receiver does not get and does not have. */
  readonly shallow: readonly Id[]
  /** Commits that were the receiver's boundary, and have their parents from now on. */
  readonly unshallow: readonly Id[]
}

export interface MissingOptions {
  /** Commits whose history is wanted. */
  readonly wants: readonly Id[]
  /** Commits that the receiver has, with all that they lead to. */
  readonly held: readonly Id[]
  /** Commits here whose parents are left out. */
  readonly shallow: ReadonlySet<Id>
  /** Commits of the receiver whose parents it does not have. */
  readonly theirShallow: ReadonlySet<Id>
  /** How many commits of each line are wanted, from 1. */
  readonly depth?: number | undefined
}

interface Visit extends QueuedCommit {
  held: boolean
}

/**
 * The commits that wants lead to and the receiver does not have. Depends on nothing but what is asked and the history,
 * so that the same question has the same answer. With a depth, history behind the receiver's boundary counts too.
 */
export async function missingCommits(
  reader: ObjectReader,
  options: MissingOptions,
): Promise<MissingCommits> {
  const { depth } = options
  const near = depth === undefined ? undefined : await within(reader, options, depth)
  const found = await paint(reader, options, near)
  const isNear = (id: Id): boolean => near === undefined || near.has(id)
  const isSent = (id: Id): boolean => found.get(id)?.held === false && isNear(id)
  const sent = [...found.values()].filter(({ id }) => isSent(id))
  const ordered = parentsFirst(sent)
  const shallow: Id[] = []
  const unshallow: Id[] = []
  const isThere = (id: Id): boolean => isSent(id) || found.get(id)?.held === true
  for (const { id, commit } of ordered) {
    if (commit.parents.some((parent) => options.shallow.has(id) || !isThere(parent)))
      shallow.push(id)
  }
  for (const id of [...options.theirShallow].sort()) {
    const visit = found.get(id)
    if (visit === undefined || options.shallow.has(id) || near === undefined) continue
    if (visit.commit.parents.every(isThere)) unshallow.push(id)
  }
  return { commits: ordered.map(({ id, commit }) => ({ id, commit })), shallow, unshallow }
}

/** Commits at most so many steps from a want. */
async function within(
  reader: ObjectReader,
  { wants, shallow }: MissingOptions,
  depth: number,
): Promise<ReadonlySet<Id>> {
  const near = new Set<Id>()
  let level = [...new Set(wants)]
  for (let step = 0; step < depth && level.length > 0; step++) {
    const next = new Set<Id>()
    for (const id of level) {
      near.add(id)
      if (shallow.has(id)) continue
      for (const parent of (await readCommit(reader, id)).parents) {
        if (!near.has(parent)) next.add(parent)
      }
    }
    level = [...next]
  }
  return near
}

/** What wants lead to, with what of it is held; walked back until all that is left is held. */
async function paint(
  reader: ObjectReader,
  { wants, held, shallow, theirShallow, depth }: MissingOptions,
  near: ReadonlySet<Id> | undefined,
): Promise<ReadonlyMap<Id, Visit>> {
  const visits = new Map<Id, Visit>()
  const queue = new CommitQueue<Visit>()
  /** Those in the queue that are not held. */
  const open = new Set<Id>()
  const enter = async (id: Id, isHeld: boolean, latest: number): Promise<void> => {
    const known = visits.get(id)
    if (known !== undefined) {
      if (isHeld) hold(known)
      return
    }
    const commit = await readCommit(reader, id)
    const visit = { id, commit, date: Math.min(commit.committer.seconds, latest), held: isHeld }
    visits.set(id, visit)
    queue.push(visit)
    if (!isHeld) open.add(id)
  }
  const hold = (first: Visit): void => {
    const pending = [first]
    for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
      if (visit.held) continue
      visit.held = true
      open.delete(visit.id)
      if (theirShallow.has(visit.id)) continue
      for (const parent of visit.commit.parents) {
        const known = visits.get(parent)
        if (known !== undefined) pending.push(known)
      }
    }
  }
  for (const id of [...new Set(wants)].sort()) await enter(id, false, Number.POSITIVE_INFINITY)
  for (const id of [...new Set(held)].sort()) await enter(id, true, Number.POSITIVE_INFINITY)
  let last = Number.NaN
  // What is held may also be a child that has the date of what was looked at last.
  // Where more depth is asked for, what is held is gone through to the receiver's boundary.
  const isDeepened = depth !== undefined && theirShallow.size > 0
  while (open.size > 0 || isDeepened || queue.peek()?.date === last) {
    const visit = queue.pop()
    if (visit === undefined) break
    last = visit.date
    open.delete(visit.id)
    if (shallow.has(visit.id)) continue
    const isBoundary = visit.held && theirShallow.has(visit.id)
    // Behind the receiver's boundary nothing is held: it is wanted where more depth is asked for.
    if (isBoundary && depth === undefined) continue
    const isHeld = visit.held && !isBoundary
    for (const parent of visit.commit.parents) {
      if (isHeld || near === undefined || near.has(parent)) await enter(parent, isHeld, visit.date)
    }
  }
  return visits
}

/** Parents before children; what may come first by that is in the order of dates, then ids. */
function parentsFirst(visits: readonly Visit[]): Visit[] {
  const byId = new Map(visits.map((visit) => [visit.id, visit]))
  const ordered: Visit[] = []
  const done = new Set<Id>()
  const sorted = [...visits].sort((a, b) => a.date - b.date || (a.id < b.id ? -1 : 1))
  for (const first of sorted) {
    const pending = [first]
    for (let visit = pending.at(-1); visit !== undefined; visit = pending.at(-1)) {
      if (done.has(visit.id)) {
        pending.pop()
        continue
      }
      const parents = visit.commit.parents.flatMap((id) => {
        const parent = done.has(id) ? undefined : byId.get(id)
        return parent === undefined ? [] : [parent]
      })
      if (parents.length === 0) {
        done.add(visit.id)
        ordered.push(visit)
        pending.pop()
      } else {
        pending.push(...parents.reverse())
      }
    }
  }
  return ordered
}

/** Whether `commit` follows `ancestor`, or is it. A boundary that is met ends that way. */
export async function follows(
  reader: ObjectReader,
  commit: Id,
  ancestor: Id,
  shallow: ReadonlySet<Id>,
): Promise<boolean> {
  const { committer } = await readCommit(reader, ancestor)
  const queue = new CommitQueue<QueuedCommit>()
  const seen = new Set<Id>()
  const enter = async (id: Id): Promise<void> => {
    if (seen.has(id)) return
    seen.add(id)
    const found = await readCommit(reader, id)
    queue.push({ id, commit: found, date: found.committer.seconds })
  }
  await enter(commit)
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (at.id === ancestor) return true
    // Dates never run backwards along parents.
    if (at.date < committer.seconds || shallow.has(at.id)) continue
    for (const parent of at.commit.parents) await enter(parent)
  }
  return false
}

/**
 * Commits to offer as what is here: those given, then their ancestors, at distances that double, so that a thousand
 * commits are met within ten.
 */
export async function* offers(
  reader: ObjectReader,
  tips: Iterable<Id>,
  shallow: ReadonlySet<Id>,
): AsyncGenerator<Id> {
  const given = new Set<Id>()
  let line: { id: Id; commit: Commit }[] = []
  for (const tip of tips) {
    if (given.has(tip)) continue
    given.add(tip)
    yield tip
    line.push({ id: tip, commit: await readCommit(reader, tip) })
  }
  let gap = 1
  for (let step = 1, next = 1; line.length > 0; step++) {
    const parents: typeof line = []
    for (const { id, commit } of line) {
      if (shallow.has(id)) continue
      // Other parents are met on their own lines, or are offered with the tips they come from.
      for (const parent of commit.parents) {
        if (given.has(parent)) continue
        given.add(parent)
        parents.push({ id: parent, commit: await readCommit(reader, parent) })
      }
    }
    line = parents
    if (step < next) continue
    for (const { id } of line) yield id
    gap = Math.min(2 * gap, 512)
    next = step + gap
  }
}

/** Commit that an id leads to through tags; undefined where it leads to something else, or is not there. */
export async function peelToCommit(objects: ObjectStore, id: Id): Promise<Id | undefined> {
  let at = id
  for (;;) {
    const found = await objects.readIfPresent(at)
    if (found?.kind === 'commit') {
      decodeCommit(found.bytes)
      return at
    }
    if (found?.kind !== 'tag') return undefined
    at = decodeTag(found.bytes).object
  }
}

/** A commit that is here; undefined where it is not. */
export async function commitIfHere(objects: ObjectStore, id: Id): Promise<Commit | undefined> {
  try {
    const found = await objects.readIfPresent(id)
    return found?.kind === 'commit' ? decodeCommit(found.bytes) : undefined
  } catch (error) {
    if (error instanceof VarveError && hasCode(error, 'corrupt-object')) return undefined
    throw error
  }
}
