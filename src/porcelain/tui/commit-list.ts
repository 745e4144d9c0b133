import type { Id } from '../../core/id.ts'
import { type GraphRow, GraphRows } from './graph-rows.ts'
import type { ListedCommit } from './view-data.ts'

/** What the versions of a growing list share: each is the first so many of it. */
interface Grown {
  readonly items: ListedCommit[]
  readonly graph: GraphRow[]
  readonly rows: GraphRows
}

/**
 * Commits in the order in which they are listed, each with its row of the graph. Never changes: a batch more makes
 * another list, which takes the time of the batch.
 */
export class CommitList {
  static readonly empty = new CommitList({
    items: [],
    graph: [],
    rows: new GraphRows(),
  })

  readonly length: number
  readonly #grown: Grown

  private constructor(grown: Grown, length = 0) {
    this.#grown = grown
    this.length = length
  }

  /** The commit at a place; undefined outside the list. */
  get(index: number): ListedCommit | undefined {
    return index < this.length ? this.#grown.items[index] : undefined
  }

  graph(index: number): GraphRow | undefined {
    return index < this.length ? this.#grown.graph[index] : undefined
  }

  /** Where a commit is; -1 where it is not listed. It is looked for: a table of all would be larger than the list. */
  indexOf(id: Id): number {
    const { items } = this.#grown
    for (let at = 0; at < this.length; at++) if (items[at]!.id === id) return at
    return -1
  }

  slice(from: number, to: number): readonly ListedCommit[] {
    return this.#grown.items.slice(Math.max(0, from), Math.min(to, this.length))
  }

  append(batch: readonly ListedCommit[]): CommitList {
    // Only the longest list may grow where it is; the others are in use as they are.
    const isLongest = this.length > 0 && this.#grown.items.length === this.length
    const grown = isLongest ? this.#grown : this.#copy()
    for (const commit of batch) {
      grown.items.push(commit)
      grown.graph.push(grown.rows.next(commit.id, commit.parents))
    }
    return new CommitList(grown, grown.items.length)
  }

  #copy(): Grown {
    const copy: Grown = { items: [], graph: [], rows: new GraphRows() }
    for (const commit of this.slice(0, this.length)) {
      copy.items.push(commit)
      copy.graph.push(copy.rows.next(commit.id, commit.parents))
    }
    return copy
  }
}
