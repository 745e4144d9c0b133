import { compareBytes, equalBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import { Chunker, makeNode, TreeBuilder } from './prolly-build.ts'
import {
  EMPTY_NODE,
  type Keyed,
  nodeBytes,
  type ProllyChild,
  type ProllyEntry,
  type ProllyFormat,
  type ProllyInner,
  type ProllyNode,
  putNode,
  readChild,
} from './prolly-node.ts'

/** Puts an entry where its key belongs, in place of one with the same key; or removes that. */
export interface ProllyEdit<E> {
  readonly key: Uint8Array
  /** The entry to stand at `key`; undefined removes what stands there, if anything does. */
  readonly entry: ProllyEntry<E> | undefined
}

interface LevelEdit {
  readonly key: Uint8Array
  readonly entry: Keyed | undefined
}

/** Reads the nodes of the old tree; those above level 0 once, though each level's pass needs them. */
class OldNodes<E> {
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
class LevelCursor<E> {
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

/** What one level has become. */
interface Rewritten {
  /** The nodes that the pass made, as entries of the level above. */
  readonly made: ProllyChild[]
  /** The old nodes in whose place they stand. */
  readonly replaced: ProllyChild[]
  /** The entries of the level's only node, or none, when no more is left: it is the root. */
  readonly only: readonly Keyed[] | undefined
}

async function rewriteLevel<E>(
  writer: ObjectWriter,
  format: ProllyFormat<E>,
  level: number,
  old: LevelCursor<E>,
  edits: readonly LevelEdit[],
): Promise<Rewritten> {
  const chunker = new Chunker(level)
  const made: ProllyChild[] = []
  const replaced: ProllyChild[] = []
  // A level's only node is not stored here: it is the root, which may be embedded.
  let held: Keyed[] | undefined
  const put = async (entries: Keyed[]) => {
    made.push(await putNode(writer, format, makeNode<E>(level, entries)))
  }
  const release = async () => {
    const first = held
    held = undefined
    if (first !== undefined) await put(first)
  }
  let untouched = false
  const emit = async (entries: Keyed[]) => {
    if (!untouched && made.length === 0 && held === undefined) {
      held = entries
      return
    }
    await release()
    await put(entries)
  }
  const add = async (entry: Keyed) => {
    const full = chunker.add(entry)
    if (full !== undefined) await emit(full)
  }

  let next = 0
  await old.seek(edits[0]!.key)
  if (!old.isFirst) untouched = true
  for (;;) {
    const end = old.nextKey
    const inside = (edit: LevelEdit | undefined): edit is LevelEdit =>
      edit !== undefined && (end === undefined || compareBytes(edit.key, end) < 0)
    const node = await old.node()
    if (old.entry !== undefined) replaced.push(old.entry)
    for (const entry of node.entries) {
      let stands = true
      for (let edit = edits[next]; inside(edit); edit = edits[next]) {
        const order = compareBytes(edit.key, entry.key)
        if (order > 0) break
        if (order === 0) stands = false
        next++
        if (edit.entry !== undefined) await add(edit.entry)
      }
      if (stands) await add(entry)
    }
    for (let edit = edits[next]; inside(edit); edit = edits[next]) {
      next++
      if (edit.entry !== undefined) await add(edit.entry)
    }
    if (end === undefined) break
    await old.advance()
    if (!chunker.atBoundary) continue
    // In step with the old nodes again, so all up to the next edit stand as they are.
    const following = edits[next]
    if (following === undefined) {
      untouched = true
      break
    }
    if (old.nextKey !== undefined && compareBytes(following.key, old.nextKey) >= 0) {
      untouched = true
      chunker.jump()
      await old.seek(following.key)
    }
  }
  const rest = chunker.flush()
  if (rest !== undefined) await emit(rest)
  if (!untouched && made.length === 0) return { made, replaced, only: held ?? [] }
  await release()
  return { made, replaced, only: undefined }
}

/** The edits of the level above that put `made` in the place of `replaced`; both are sorted. */
function editsAbove({ made, replaced }: Rewritten): LevelEdit[] {
  const edits: LevelEdit[] = []
  let m = 0
  for (const old of replaced) {
    while (m < made.length && compareBytes(made[m]!.key, old.key) < 0) {
      edits.push({ key: made[m]!.key, entry: made[m]! })
      m++
    }
    const same = made[m]
    if (same !== undefined && equalBytes(same.key, old.key)) {
      m++
      if (same.child !== old.child) edits.push({ key: same.key, entry: same })
    } else {
      edits.push({ key: old.key, entry: undefined })
    }
  }
  for (; m < made.length; m++) edits.push({ key: made[m]!.key, entry: made[m]! })
  return edits
}

/** The lowest level with one node: below a root with one entry stands another. */
async function lowestRoot<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
): Promise<ProllyNode<E>> {
  let node = root
  while (node.level > 0 && node.entries.length === 1) {
    node = await readChild(reader, format, node.level, node.entries[0] as ProllyChild)
  }
  return node
}

function checkEdits<E>(edits: readonly ProllyEdit<E>[]): void {
  let previous: Uint8Array | undefined
  for (const { key, entry } of edits) {
    if (
      (previous !== undefined && compareBytes(previous, key) >= 0) ||
      (entry !== undefined && !equalBytes(entry.key, key))
    ) {
      throw new VarveError('bad-input', 'the edits of a tree are not sorted, or name a key twice')
    }
    previous = key
  }
}

/**
 * Applies edits, sorted by key, to the tree under `root`; returns the new root, which is not
 * stored (the very same `root` when nothing changes). The tree is the one that building from
 * scratch would make. Level by level, only the nodes that an edit falls into are read, and those
 * that follow until the new nodes end where an old one did; what is stored are the nodes made.
 */
export async function applyEdits<E>(
  writer: ObjectWriter,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  edits: readonly ProllyEdit<E>[],
): Promise<ProllyNode<E>> {
  checkEdits(edits)
  const nodes = new OldNodes(writer, format)
  let pending: readonly LevelEdit[] = edits
  for (let level = 0; pending.length > 0; level++) {
    const old = new LevelCursor(nodes, root, level)
    const rewritten = await rewriteLevel(writer, format, level, old, pending)
    const { only, made } = rewritten
    if (only !== undefined) {
      if (only.length === 0) return EMPTY_NODE
      const made = makeNode<E>(level, only)
      if (level === root.level && equalBytes(nodeBytes(format, made), nodeBytes(format, root))) {
        return root
      }
      return lowestRoot(writer, format, made)
    }
    if (level === root.level) {
      const above = new TreeBuilder(writer, format, level + 1)
      for (const child of made) await above.add(child)
      return above.finish()
    }
    pending = editsAbove(rewritten)
    nodes.forget(level)
  }
  return root
}
