import { type Commit, readCommit } from '../core/commit.ts'
import { CommitQueue, type QueuedCommit } from '../core/commit-queue.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { ownText } from '../core/own-text.ts'

export interface WalkOptions {
  /** Commits to start from; each of them is part of the walk. */
  readonly include: readonly Id[]
  /** Commits that are left out, with all that is reachable from them. */
  readonly exclude?: readonly Id[]
  /** Follow only the first parent of a merge. What is left out is still all of it. */
  readonly firstParent?: boolean
  /** Commits whose parents are not here (a shallow clone): they count as first ones. */
  readonly shallow?: ReadonlySet<Id>
}

export interface WalkedCommit {
  /** A text of its own, as those of the commit's parents: who keeps them keeps no more than them. */
  readonly id: Id
  readonly commit: Commit
}

interface Visit extends Omit<QueuedCommit, 'commit'> {
  /** Until it is given out: who walks far holds ids alone. */
  commit: Commit | undefined
  readonly parents: readonly Id[]
  excluded: boolean
  emitted: boolean
}

/**
 * The commits reachable from some and not from others, the newest committer date first and never a
 * commit before one of its children; read as they are asked for.
 *
 * All this stands on committer dates that never run backwards along parents: what has a later date
 * than all that waits is settled, and commits of one second are settled together. Where a parent
 * is dated after its child all the same, it is taken as of the child through which it was found.
 */
export async function* walkCommits(
  reader: ObjectReader,
  options: WalkOptions,
): AsyncGenerator<WalkedCommit> {
  const walk = new Walk(reader, options)
  await walk.begin(options.include, options.exclude ?? [])
  let second: Visit[] = []
  while (walk.open > 0) {
    const visit = walk.queue.pop()!
    await walk.enterParents(visit)
    // Alone on the way: whatever is still unknown is an ancestor of it.
    if (second.length > 0 || walk.parallel) {
      second.push(visit)
      if (walk.queue.peek()?.date === visit.date) continue
      yield* walk.settle(second)
      second = []
    } else {
      yield* walk.settle([visit])
    }
  }
}

class Walk {
  readonly queue = new CommitQueue<Visit>()
  /** Commits found that are neither given out nor left out. */
  open = 0
  /** Whether the commit just taken out was not the only one in the queue. */
  parallel = false
  readonly #reader: ObjectReader
  readonly #options: WalkOptions
  readonly #visits = new Map<Id, Visit>()

  constructor(reader: ObjectReader, options: WalkOptions) {
    this.#reader = reader
    this.#options = options
  }

  async begin(include: readonly Id[], exclude: readonly Id[]): Promise<void> {
    for (const id of include) await this.#enter(id, false, Infinity)
    for (const id of exclude) await this.#enter(id, true, Infinity)
  }

  async enterParents(visit: Visit): Promise<void> {
    this.parallel = this.queue.length > 0
    const followed =
      this.#options.firstParent && !visit.excluded ? visit.parents.slice(0, 1) : visit.parents
    for (const parent of followed) await this.#enter(parent, visit.excluded, visit.date)
  }

  /** Gives out commits of one second, children first. */
  *settle(visits: readonly Visit[]): Generator<WalkedCommit> {
    for (const visit of visits.length === 1 ? visits : childrenFirst(visits)) {
      if (visit.excluded || visit.emitted) continue
      visit.emitted = true
      this.open--
      const commit = visit.commit!
      visit.commit = undefined
      yield { id: visit.id, commit }
    }
  }

  async #enter(id: Id, excluded: boolean, latest: number): Promise<void> {
    const known = this.#visits.get(id)
    if (known !== undefined) {
      if (excluded) this.#exclude(known)
      return
    }
    const read = await readCommit(this.#reader, id)
    // Each id is there once, however many hold it.
    const own = read.parents.map((parent) => this.#visits.get(parent)?.id ?? ownText(parent))
    const commit = { ...read, parents: own }
    const parents = this.#options.shallow?.has(id) ? [] : own
    const date = Math.min(commit.committer.seconds, latest)
    const visit: Visit = { id, commit, date, parents, excluded, emitted: false }
    this.#visits.set(id, visit)
    this.queue.push(visit)
    if (!excluded) this.open++
  }

  #exclude(first: Visit): void {
    const pending = [first]
    for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
      if (visit.excluded) continue
      visit.excluded = true
      if (!visit.emitted) this.open--
      for (const parent of visit.parents) {
        const known = this.#visits.get(parent)
        if (known !== undefined) pending.push(known)
      }
    }
  }
}

/** A stable order in which every commit comes before its parents. */
function childrenFirst(visits: readonly Visit[]): Visit[] {
  const waiting = new Map<Id, number>(visits.map(({ id }) => [id, 0]))
  const count = (parents: readonly Id[], by: number) =>
    parents.filter((parent) => {
      const children = waiting.get(parent)
      if (children === undefined) return false
      waiting.set(parent, children + by)
      return children + by === 0
    })
  for (const { parents } of visits) count(parents, 1)
  const byId = new Map(visits.map((visit) => [visit.id, visit]))
  const ready = visits.filter(({ id }) => waiting.get(id) === 0)
  for (let at = 0; at < ready.length; at++) {
    for (const id of count(ready[at]!.parents, -1)) ready.push(byId.get(id)!)
  }
  return ready
}
