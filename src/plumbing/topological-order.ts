import { CommitQueue } from '../core/commit-queue.ts'
import type { Id } from '../core/id.ts'
import type { WalkedCommit } from './walk-commits.ts'

/**
 * Reorders commits so that none comes before all of its children have: `graph` keeps lines of
 * history together (git's `--topo-order`), `date` and `author-date` take, of those that may come,
 * the one with the latest committer or author date.
 */
export function topologicalOrder(
  commits: readonly WalkedCommit[],
  order: 'graph' | 'date' | 'author-date',
): WalkedCommit[] {
  const byId = new Map(commits.map((walked) => [walked.id, walked]))
  const children = new Map<Id, number>(commits.map(({ id }) => [id, 0]))
  for (const { commit } of commits) {
    for (const parent of commit.parents) {
      const count = children.get(parent)
      if (count !== undefined) children.set(parent, count + 1)
    }
  }
  const ready = order === 'graph' ? new Stack() : new ByDate(order)
  const tips = commits.filter(({ id }) => children.get(id) === 0)
  for (const tip of order === 'graph' ? tips.toReversed() : tips) ready.push(tip)
  const ordered: WalkedCommit[] = []
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(next)
    for (const parent of next.commit.parents) {
      const count = children.get(parent)
      if (count === undefined) continue
      children.set(parent, count - 1)
      if (count === 1) ready.push(byId.get(parent)!)
    }
  }
  return ordered
}

class Stack {
  readonly #items: WalkedCommit[] = []

  push(item: WalkedCommit): void {
    this.#items.push(item)
  }

  pop(): WalkedCommit | undefined {
    return this.#items.pop()
  }
}

class ByDate {
  readonly #queue = new CommitQueue()
  readonly #order: 'date' | 'author-date'

  constructor(order: 'date' | 'author-date') {
    this.#order = order
  }

  push({ id, commit }: WalkedCommit): void {
    const { seconds } = this.#order === 'date' ? commit.committer : commit.author
    this.#queue.push({ id, commit, date: seconds })
  }

  pop(): WalkedCommit | undefined {
    return this.#queue.pop()
  }
}
