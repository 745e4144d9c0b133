import type { Commit } from './commit.ts'
import type { Id } from './id.ts'

export interface QueuedCommit {
  readonly id: Id
  readonly commit: Commit
  /** What it is sorted by: seconds since 1970. */
  readonly date: number
}

/** Commits to be visited, the latest date first; of equal dates the one that came first. */
export class CommitQueue<T extends Pick<QueuedCommit, 'date'> = QueuedCommit> {
  readonly #heap: { readonly item: T; readonly order: number }[] = []
  #pushed = 0

  get length(): number {
    return this.#heap.length
  }

  peek(): T | undefined {
    return this.#heap[0]?.item
  }

  push(item: T): void {
    const heap = this.#heap
    let at = heap.length
    heap.push({ item, order: this.#pushed++ })
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#before(at, above)) break
      this.#swap(at, above)
      at = above
    }
  }

  pop(): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return undefined
    if (heap.length === 0) return first.item
    heap[0] = last
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      if (left >= heap.length) break
      const next = left + 1 < heap.length && this.#before(left + 1, left) ? left + 1 : left
      if (!this.#before(next, at)) break
      this.#swap(at, next)
      at = next
    }
    return first.item
  }

  #before(a: number, b: number): boolean {
    const [left, right] = [this.#heap[a]!, this.#heap[b]!]
    return (
      left.item.date > right.item.date ||
      (left.item.date === right.item.date && left.order < right.order)
    )
  }

  #swap(a: number, b: number): void {
    const item = this.#heap[a]!
    this.#heap[a] = this.#heap[b]!
    this.#heap[b] = item
  }
}
