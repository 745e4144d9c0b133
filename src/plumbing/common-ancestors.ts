import { readCommit } from '../core/commit.ts'
import { CommitQueue, type QueuedCommit } from '../core/commit-queue.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { walkCommits } from './walk-commits.ts'

/** From one side, from the other, and below a common ancestor that was found. */
const LEFT = 1
const RIGHT = 2
const STALE = 4

/** Commits whose parents are left out. */
type Shallow = ReadonlySet<Id>

const NONE: Shallow = new Set()

interface Painted extends QueuedCommit {
  colours: number
}

/**
 * The best common ancestors of a commit and a (hypothetical merge of) others: common ancestors that
 * are no ancestor of another one. More than one after criss-cross merges, none between unrelated
 * histories. The latest committer date first, ids deciding between equals.
 */
export async function bestCommonAncestors(
  reader: ObjectReader,
  one: Id,
  others: readonly Id[],
  shallow: Shallow = NONE,
): Promise<Id[]> {
  if (others.includes(one)) return [one]
  const found = await paintDown(reader, one, others, shallow)
  const best = await removeAncestors(
    reader,
    found.map(({ id }) => id),
    shallow,
  )
  const dates = new Map(found.map(({ id, date }) => [id, date]))
  return best.sort((a, b) => dates.get(b)! - dates.get(a)! || (a < b ? -1 : 1))
}

/** Whether `ancestor` is `commit` or reachable from it. */
export async function isAncestor(
  reader: ObjectReader,
  ancestor: Id,
  commit: Id,
  shallow: Shallow = NONE,
): Promise<boolean> {
  if (ancestor === commit) return true
  const { committer } = await readCommit(reader, ancestor)
  for await (const walked of walkCommits(reader, { include: [commit], shallow })) {
    if (walked.id === ancestor) return true
    // Dates never run backwards along parents: all that is still to come is older.
    if (walked.commit.committer.seconds < committer.seconds) return false
  }
  return false
}

/** Those of some commits that no other of them reaches, in the order given, each once. */
export async function removeAncestors(
  reader: ObjectReader,
  commits: readonly Id[],
  shallow: Shallow = NONE,
): Promise<Id[]> {
  const left = [...new Set(commits)]
  for (const candidate of [...left]) {
    for (const other of left) {
      if (other !== candidate && (await isAncestor(reader, candidate, other, shallow))) {
        left.splice(left.indexOf(candidate), 1)
        break
      }
    }
  }
  return left
}

async function paintDown(
  reader: ObjectReader,
  one: Id,
  others: readonly Id[],
  shallow: Shallow,
): Promise<{ id: Id; date: number }[]> {
  const queue = new CommitQueue<Painted>()
  const painted = new Map<Id, Painted>()
  const found = new Map<Id, Painted>()
  // What waits and is not stale: when nothing is, only ancestors of what was found are left.
  const open = new Set<Id>()
  const paint = async (id: Id, colours: number) => {
    let item = painted.get(id)
    if (item === undefined) {
      const commit = await readCommit(reader, id)
      item = { id, commit, date: commit.committer.seconds, colours: 0 }
      painted.set(id, item)
    }
    if ((item.colours & colours) === colours) return
    item.colours |= colours
    // Once more, if it was there before: its new colours go on to its parents.
    queue.push(item)
    if ((item.colours & STALE) === 0) open.add(id)
    else open.delete(id)
  }
  await paint(one, LEFT)
  for (const other of others) await paint(other, RIGHT)
  while (open.size > 0) {
    const item = queue.pop()!
    open.delete(item.id)
    let colours = item.colours & (LEFT | RIGHT | STALE)
    if (colours === (LEFT | RIGHT)) {
      found.set(item.id, item)
      colours |= STALE
    }
    const parents = shallow.has(item.id) ? [] : item.commit.parents
    for (const parent of parents) await paint(parent, colours)
  }
  return [...found.values()].filter(({ colours }) => (colours & STALE) === 0)
}
