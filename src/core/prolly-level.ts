import { compareBytes } from './bytes.ts'
import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import {
  type Keyed,
  type ProllyChild,
  type ProllyFormat,
  type ProllyInner,
  type ProllyNode,
  readChild,
} from './prolly-node.ts'

/** Reads the nodes of the old tree; those above level 0 once, though each level's pass needs them. */
export class OldNodes<E> {
  readonly #reader: ObjectReader
  readonly #format: ProllyFormat<E>
  readonly #kept: Map<Id, ProllyNode<E>>[] = []

  constructor(reader: ObjectReader, format: ProllyFormat<E>) {
    this.#reader = reader
    this.#format = format
  }

  async read(parentLevel: number, entry: ProllyChild): Promise<ProllyNode<E>> {
    const level = parentLevel - 1
    if (level === 0) return readChild(this.#reader, this.#format, parentLevel, entry)
    this.#kept[level] ??= new Map()
    const kept = this.#kept[level].get(entry.child)
    if (kept !== undefined) return kept
    const node = await readChild(this.#reader, this.#format, parentLevel, entry)
    this.#kept[level].set(entry.child, node)
    return node
  }

  /** The pass over `level` is done: nothing asks for its nodes again. */
  forget(level: number): void {
    this.#kept[level]?.clear()
  }
}

/** Stands on one node of one level of the old tree, and moves forwards only. */
export class LevelCursor<E> {
  readonly #nodes: OldNodes<E>
  readonly #root: ProllyNode<E>
  readonly #level: number
  /** From the root down to the parent of the node; empty where the level is the root's own. */
  #path: { readonly node: ProllyInner; index: number }[] = []

  constructor(nodes: OldNodes<E>, root: ProllyNode<E>, level: number) {
    this.#nodes = nodes
    this.#root = root
    this.#level = level
  }

  /** Goes to the node that holds `key`: the last that begins at or before it, or the first. */
  async seek(key: Uint8Array): Promise<void> {
    if (this.#level === this.#root.level) return
    if (this.#path.length === 0) {
      this.#path.push({ node: this.#root as ProllyInner, index: 0 })
    }
    while (this.#path.length > 1) {
      const end = this.#keyAfter(this.#path.length - 1)
      if (end === undefined || compareBytes(key, end) < 0) break
      this.#path.pop()
    }
    const lowest = this.#path[this.#path.length - 1]!
    lowest.index = indexHolding(lowest.node.entries, key)
    await this.#descend((node) => indexHolding(node.entries, key))
  }

  async #descend(choose: (node: ProllyInner) => number): Promise<void> {
    for (;;) {
      const { node, index } = this.#path[this.#path.length - 1]!
      if (node.level === this.#level + 1) return
      const child = (await this.#nodes.read(node.level, node.entries[index]!)) as ProllyInner
      this.#path.push({ node: child, index: choose(child) })
    }
  }

  /** The first key after the subtree at `depth` of the path. */
  #keyAfter(depth: number): Uint8Array | undefined {
    for (let d = depth - 1; d >= 0; d--) {
      const { node, index } = this.#path[d]!
      const next = node.entries[index + 1]
      if (next !== undefined) return next.key
    }
    return undefined
  }

  /** The first key of the following node; undefined at the last. */
  get nextKey(): Uint8Array | undefined {
    return this.#keyAfter(this.#path.length)
  }

  get isFirst(): boolean {
    return this.#path.every(({ index }) => index === 0)
  }

  /** The parent's entry for the node; undefined for the root. */
  get entry(): ProllyChild | undefined {
    const parent = this.#path[this.#path.length - 1]
    return parent?.node.entries[parent.index]
  }

  async node(): Promise<ProllyNode<E>> {
    return this.entry === undefined ? this.#root : this.#nodes.read(this.#level + 1, this.entry)
  }

  /** Goes to the following node without reading it; there must be one. */
  async advance(): Promise<void> {
    for (;;) {
      const frame = this.#path[this.#path.length - 1]!
      if (frame.index + 1 < frame.node.entries.length) {
        frame.index++
        break
      }
      this.#path.pop()
    }
    await this.#descend(() => 0)
  }
}

function indexHolding(entries: readonly Keyed[], key: Uint8Array): number {
  let low = 0
  let high = entries.length
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (compareBytes(entries[middle]!.key, key) <= 0) low = middle
    else high = middle
  }
  return low
}
