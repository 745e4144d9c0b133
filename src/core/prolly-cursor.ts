import { compareBytes, equalBytes } from './bytes.ts'
import type { ObjectReader } from './objects.ts'
import {
  isLeaf,
  type Keyed,
  type ProllyChild,
  type ProllyEntry,
  type ProllyFormat,
  type ProllyLeaf,
  type ProllyNode,
  readChild,
  weightOf,
} from './prolly-node.ts'

interface Frame<E> {
  readonly node: ProllyNode<E>
  index: number
}

/**
 * A place in a tree: on an entry, before the first, or past the last. It reads the nodes on the
 * way to where it goes, and none else.
 */
export class ProllyCursor<E> {
  readonly #reader: ObjectReader
  readonly #format: ProllyFormat<E>
  readonly #root: ProllyNode<E>
  /** From the root to the leaf that holds the entry; empty when it stands on none. */
  #path: Frame<E>[] = []
  #side: 'before' | 'after' = 'before'
  #offset = 0

  /** Stands before the first entry. */
  constructor(reader: ObjectReader, format: ProllyFormat<E>, root: ProllyNode<E>) {
    this.#reader = reader
    this.#format = format
    this.#root = root
  }

  /** The entry that the cursor stands on. */
  get entry(): ProllyEntry<E> | undefined {
    const frame = this.#path[this.#path.length - 1]
    return frame === undefined ? undefined : (frame.node as ProllyLeaf<E>).entries[frame.index]
  }

  /** The weight of all entries before the one that the cursor stands on. */
  get offset(): number {
    return this.#offset
  }

  /**
   * Goes to the first entry whose last key is at or after `key`: the one that holds the key, or
   * the next. Past the end when there is none.
   */
  async seek(key: Uint8Array): Promise<boolean> {
    while (this.#path.length > 0) {
      const { entries } = this.#path[this.#path.length - 1]!.node
      const first = entries[0]!
      const last = entries[entries.length - 1]!
      if (compareBytes(first.key, key) <= 0 && compareBytes(key, last.last) <= 0) break
      this.#path.pop()
    }
    return this.#descend((entries) => firstEndingFrom(entries, key))
  }

  /** Goes to the entry that holds the row (or name) number `offset`, counted from 0. */
  seekWeight(offset: number): Promise<boolean> {
    this.#path = []
    let left = offset
    return this.#descend((entries) => {
      let index = 0
      while (index < entries.length && left >= entries[index]!.weight) {
        left -= entries[index]!.weight
        index++
      }
      return index
    })
  }

  /** Goes to the first entry. */
  first(): Promise<boolean> {
    this.#path = []
    return this.#descend(() => 0)
  }

  /** Goes to the last entry. */
  last(): Promise<boolean> {
    this.#path = []
    return this.#descend((entries) => entries.length - 1)
  }

  /** Goes one entry on; false, and past the end, when there is none. */
  async next(): Promise<boolean> {
    if (this.#path.length === 0) return this.#side === 'before' ? this.first() : false
    this.#offset += this.entry!.weight
    while (this.#path.length > 0) {
      const frame = this.#path[this.#path.length - 1]!
      if (++frame.index < frame.node.entries.length) {
        await this.#toLeaf(() => 0)
        return true
      }
      this.#path.pop()
    }
    this.#side = 'after'
    return false
  }

  /** Goes one entry back; false, and before the start, when there is none. */
  async previous(): Promise<boolean> {
    if (this.#path.length === 0) return this.#side === 'after' ? this.last() : false
    while (this.#path.length > 0) {
      const frame = this.#path[this.#path.length - 1]!
      if (--frame.index >= 0) {
        await this.#toLeaf((entries) => entries.length - 1)
        this.#offset -= this.entry!.weight
        return true
      }
      this.#path.pop()
    }
    this.#side = 'before'
    return false
  }

  /** From the lowest node of the path (or the root), by the index that `choose` finds in each. */
  async #descend(choose: (entries: readonly Keyed[]) => number): Promise<boolean> {
    const lowest = this.#path.pop()?.node ?? this.#root
    const index = choose(lowest.entries)
    if (index < 0 || index >= lowest.entries.length) {
      this.#path = []
      this.#side = index < 0 && lowest.entries.length > 0 ? 'before' : 'after'
      this.#offset = this.#side === 'before' ? 0 : weightOf(this.#root)
      return false
    }
    this.#path.push({ node: lowest, index })
    await this.#toLeaf(choose)
    this.#offset = 0
    for (const frame of this.#path) {
      for (let i = 0; i < frame.index; i++) this.#offset += frame.node.entries[i]!.weight
    }
    return true
  }

  async #toLeaf(choose: (entries: readonly Keyed[]) => number): Promise<void> {
    for (;;) {
      const { node, index } = this.#path[this.#path.length - 1]!
      if (isLeaf(node)) return
      const entry = node.entries[index] as ProllyChild
      const child = await readChild(this.#reader, this.#format, node.level, entry)
      this.#path.push({ node: child, index: choose(child.entries) })
    }
  }
}

function firstEndingFrom(entries: readonly Keyed[], key: Uint8Array): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(entries[middle]!.last, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The entry with exactly this (first) key. */
export async function findEntry<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  key: Uint8Array,
): Promise<ProllyEntry<E> | undefined> {
  const cursor = new ProllyCursor(reader, format, root)
  await cursor.seek(key)
  const { entry } = cursor
  return entry !== undefined && equalBytes(entry.key, key) ? entry : undefined
}

/** The entry that holds row (or name) number `offset`, and the number of its own first. */
export async function entryAt<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  offset: number,
): Promise<{ entry: ProllyEntry<E>; start: number } | undefined> {
  const cursor = new ProllyCursor(reader, format, root)
  if (offset < 0) return undefined
  await cursor.seekWeight(offset)
  const { entry } = cursor
  return entry === undefined ? undefined : { entry, start: cursor.offset }
}

export interface ProllyRange {
  /** Entries that end before it are left out. */
  readonly from?: Uint8Array | undefined
  /** Entries that begin after it are left out. */
  readonly to?: Uint8Array | undefined
  /** From the last to the first. */
  readonly reverse?: boolean | undefined
}

/** The entries that hold, or could hold, keys between `from` and `to`, both included. */
export async function* rangeEntries<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  { from, to, reverse = false }: ProllyRange = {},
): AsyncGenerator<ProllyEntry<E>> {
  const cursor = new ProllyCursor(reader, format, root)
  if (!reverse) {
    let more = await (from === undefined ? cursor.first() : cursor.seek(from))
    for (; more; more = await cursor.next()) {
      const entry = cursor.entry!
      if (to !== undefined && compareBytes(entry.key, to) > 0) return
      yield entry
    }
    return
  }
  let more = to === undefined ? await cursor.last() : await cursor.seek(to)
  // The entry found may begin after `to`; or all end before it.
  if (!more) more = await cursor.previous()
  else if (to !== undefined && compareBytes(cursor.entry!.key, to) > 0)
    more = await cursor.previous()
  for (; more; more = await cursor.previous()) {
    const entry = cursor.entry!
    if (from !== undefined && compareBytes(entry.last, from) < 0) return
    yield entry
  }
}
