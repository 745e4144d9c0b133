import { compareBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import type { ObjectWriter } from './objects.ts'
import {
  EMPTY_NODE,
  earlierNode,
  endsNode,
  type Keyed,
  MAX_NODE_ENTRIES,
  type ProllyChild,
  type ProllyEntry,
  type ProllyFormat,
  type ProllyNode,
  putNode,
} from './prolly-node.ts'

/** Cuts the entries of one level into nodes. */
export class Chunker {
  readonly #level: number
  #pending: Keyed[] = []
  #previous: Keyed | undefined

  constructor(level: number) {
    this.#level = level
  }

  /** Takes the next entry; returns a node's entries when it was the last of one. */
  add(entry: Keyed): Keyed[] | undefined {
    if (
      compareBytes(entry.key, entry.last) > 0 ||
      (this.#previous !== undefined && compareBytes(this.#previous.last, entry.key) >= 0)
    ) {
      throw new VarveError('bad-input', 'the entries of a tree are not sorted, or overlap', {
        data: { key: Buffer.from(entry.key).toString('hex') },
      })
    }
    this.#previous = entry
    this.#pending.push(entry)
    if (this.#pending.length >= MAX_NODE_ENTRIES || endsNode(this.#level, entry.key)) {
      return this.flush()
    }
    return undefined
  }

  /** Whether the next entry begins a node. */
  get atBoundary(): boolean {
    return this.#pending.length === 0
  }

  /** The entries since the last boundary, if any: the level has ended. */
  flush(): Keyed[] | undefined {
    if (this.#pending.length === 0) return undefined
    const node = this.#pending
    this.#pending = []
    return node
  }
}

/** The entries of a node as a node: what stands at a level is known to whoever chunked it. */
export function makeNode<E>(level: number, entries: readonly Keyed[]): ProllyNode<E> {
  return level === 0
    ? { level, entries: entries as readonly ProllyEntry<E>[] }
    : { level, entries: entries as readonly ProllyChild[] }
}

interface Level {
  readonly chunker: Chunker
  /** The only node so far. It is not stored yet, for it may turn out to be the root. */
  held: Keyed[] | undefined
}

/**
 * Builds a tree from its sorted entries in one pass, holding at most two nodes a level. Starts
 * above level 0 where the lower levels exist already.
 */
export class TreeBuilder<E> {
  readonly #writer: ObjectWriter
  readonly #format: ProllyFormat<E>
  readonly #bottom: number
  readonly #earlier: ProllyNode<E> | undefined
  readonly #levels: Level[] = []

  /** @param earlier the root of the tree in whose place this one stands */
  constructor(writer: ObjectWriter, format: ProllyFormat<E>, bottom = 0, earlier?: ProllyNode<E>) {
    this.#writer = writer
    this.#format = format
    this.#bottom = bottom
    this.#earlier = earlier
  }

  async add(entry: Keyed, depth = 0): Promise<void> {
    let level = this.#levels[depth]
    if (level === undefined) {
      level = { chunker: new Chunker(this.#bottom + depth), held: undefined }
      this.#levels.push(level)
    }
    const full = level.chunker.add(entry)
    if (full !== undefined) await this.#emit(full, depth)
  }

  async #emit(entries: Keyed[], depth: number): Promise<void> {
    const level = this.#levels[depth]!
    const above = depth + 1
    if (level.held === undefined && this.#levels[above] === undefined) {
      level.held = entries
      return
    }
    if (level.held !== undefined) {
      const first = level.held
      level.held = undefined
      await this.add(await this.#put(first, depth), above)
    }
    await this.add(await this.#put(entries, depth), above)
  }

  async #put(entries: Keyed[], depth: number): Promise<ProllyChild> {
    const level = this.#bottom + depth
    const { key } = entries[0]!
    const earlier =
      this.#earlier && (await earlierNode(this.#writer, this.#format, this.#earlier, level, key))
    return putNode(this.#writer, this.#format, makeNode<E>(level, entries), earlier)
  }

  /** Ends the last node of every level; returns the root, which is not stored. */
  async finish(): Promise<ProllyNode<E>> {
    for (let depth = 0; depth < this.#levels.length; depth++) {
      const level = this.#levels[depth]!
      const rest = level.chunker.flush()
      if (rest !== undefined) await this.#emit(rest, depth)
      if (level.held !== undefined) return makeNode<E>(this.#bottom + depth, level.held)
    }
    return EMPTY_NODE
  }
}

/**
 * Builds a tree from entries sorted by key, storing all its nodes but the root, which it returns.
 * Entries out of order, or that overlap, are `bad-input`.
 *
 * @param earlier the root of the tree in whose place this one stands
 */
export async function buildTree<E>(
  writer: ObjectWriter,
  format: ProllyFormat<E>,
  entries: Iterable<ProllyEntry<E>> | AsyncIterable<ProllyEntry<E>>,
  earlier?: ProllyNode<E>,
): Promise<ProllyNode<E>> {
  const builder = new TreeBuilder(writer, format, 0, earlier)
  for await (const entry of entries) await builder.add(entry)
  return builder.finish()
}
