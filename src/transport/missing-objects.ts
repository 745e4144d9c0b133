import { type Commit, readCommit } from '../core/commit.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import type { ProllyEntry, ProllyFormat, ProllyNode } from '../core/prolly.ts'
import { isLeaf, type ProllyChild, readChild } from '../core/prolly-node.ts'
import type { Schema } from '../core/schema.ts'
import { formatOf, readSeries } from '../core/series.ts'
import {
  type ChunkList,
  readColumns,
  type SegmentColumns,
  walkColumns,
} from '../core/series-columns.ts'
import type { SegmentEntry } from '../core/series-segment.ts'
import { decodeTag } from '../core/tag.ts'
import {
  diffTrees,
  EMPTY_TREE,
  nameFormat,
  readTreeRoot,
  type TreeEntry,
  walkTree,
} from '../core/tree.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Soon } from '../storage/soon.ts'
import { missingCommits, peelToCommit } from './commit-graph.ts'
import {
  entriesOf,
  lowered,
  type OldEntry,
  type OldNode,
  openChild,
  overlapping,
} from './old-nodes.ts'

/** An object that is to be sent. */
export interface PlannedObject {
  readonly id: Id
  readonly kind: ObjectKind
  /** An earlier version of it, which the receiver has by then. */
  readonly base: Id | undefined
}

/** What is to be sent. */
export interface Plan {
  /** What an object names comes before it. */
  readonly objects: readonly PlannedObject[]
  readonly has: (id: Id) => boolean
  /** Objects that the receiver has, of those that were met. */
  readonly held: ReadonlySet<Id>
  readonly shallow: readonly Id[]
  readonly unshallow: readonly Id[]
}

export interface PlanOptions {
  /** Commits, and tags that lead to them; anything else is sent with all that it names. */
  readonly wants: readonly Id[]
  /** Commits that the receiver has. */
  readonly held: readonly Id[]
  readonly shallow: ReadonlySet<Id>
  readonly theirShallow: ReadonlySet<Id>
  readonly depth?: number | undefined
  readonly onObjects?: ((count: number) => Promise<void> | void) | undefined
}

/** Removed names that are looked through for what stands under a new one, at most. */
const MOVED = 16

/**
 * The objects that `wants` lead to and the receiver lacks, by comparing the tree of each commit with those of its
 * parents: what both have is not opened. What the receiver has under another name only is found where it was moved or
 * copied whole; otherwise it is sent again. Memory grows by some 200 bytes an object.
 */
export async function planObjects(objects: ObjectStore, options: PlanOptions): Promise<Plan> {
  const wants = [...new Set(options.wants)].sort()
  const commits: Id[] = []
  for (const id of wants) {
    const commit = await peelToCommit(objects, id)
    if (commit !== undefined) commits.push(commit)
  }
  const missing = await missingCommits(objects, { ...options, wants: commits })
  const planner = new Planner(objects, options)
  const lost = new Set(missing.shallow)
  for (const { id, commit } of missing.commits) await planner.commit(id, commit, lost.has(id))
  for (const id of wants) await planner.want(id)
  return planner.plan(missing.shallow, missing.unshallow)
}

class Planner {
  readonly #objects: ObjectStore
  readonly #options: PlanOptions
  readonly #planned: PlannedObject[] = []
  readonly #ids = new Set<Id>()
  readonly #held = new Set<Id>()
  /** Trees of commits that the receiver has, next to what it lacks. */
  readonly #boundary = new Set<Id>()
  #names: Promise<ReadonlySet<Id>> | undefined

  constructor(objects: ObjectStore, options: PlanOptions) {
    this.#objects = objects
    this.#options = options
    for (const id of options.held) this.#held.add(id)
  }

  plan(shallow: readonly Id[], unshallow: readonly Id[]): Plan {
    const ids = this.#ids
    const has = (id: Id): boolean => ids.has(id)
    return { objects: this.#planned, has, held: this.#held, shallow, unshallow }
  }

  /** @param isCut whether the receiver does not get its parents */
  async commit(id: Id, { tree, parents }: Commit, isCut: boolean): Promise<void> {
    const olds: Id[] = []
    for (const parent of parents) {
      if (!this.#ids.has(parent) && isCut && !this.#held.has(parent)) continue
      const { tree: old } = await readCommit(this.#objects, parent)
      olds.push(old)
      if (this.#ids.has(parent)) continue
      this.#held.add(parent)
      if (!this.#boundary.has(old)) this.#names = undefined
      this.#boundary.add(old)
    }
    await this.#tree(tree, olds, { root: tree, olds })
    const base = parents.find((parent) => this.#ids.has(parent) || this.#held.has(parent))
    await this.#add(id, 'commit', base)
  }

  /** A want that is no commit, with what it names; commits are there by now. */
  async want(id: Id): Promise<void> {
    if (this.#ids.has(id) || this.#held.has(id) || id === EMPTY_TREE) return
    const { kind, bytes } = await this.#objects.readAny(id)
    if (kind === 'tag') {
      await this.want(decodeTag(bytes).object)
      await this.#add(id, kind, undefined)
    } else if (kind === 'tree') {
      await this.#tree(id, [], { root: id, olds: [] })
    } else if (kind === 'series') {
      await this.#series(id, [])
    } else if (kind !== 'commit') {
      await this.#add(id, kind, undefined)
    }
  }

  #add(id: Id, kind: ObjectKind, base: Id | undefined): Soon<void> {
    if (this.#ids.has(id)) return
    this.#ids.add(id)
    this.#planned.push({ id, kind, base })
    if ((this.#planned.length & 0xff) === 0) return this.#options.onObjects?.(this.#planned.length)
  }

  #isKnown(id: Id): boolean {
    return this.#ids.has(id) || this.#held.has(id)
  }

  /** @param whole the trees of commits that this is a part of, for finding what was moved in them */
  async #tree(id: Id, olds: readonly Id[], whole: WholeTree): Promise<void> {
    if (id === EMPTY_TREE || olds.includes(id) || this.#isKnown(id)) return
    const root = await readTreeRoot(this.#objects, id)
    const nodes: OldNode<TreeEntry>[] = []
    for (const old of olds) {
      if (old === EMPTY_TREE) continue
      const node = await readTreeRoot(this.#objects, old)
      nodes.push({ node, format: nameFormat, id: old, kind: 'tree' })
    }
    await this.#nodes(nameFormat, root, { id, kind: 'tree' }, nodes, ({ value }, others) =>
      this.#name(
        value,
        others.map(({ entry }) => entry.value),
        whole,
      ),
    )
  }

  async #name(entry: TreeEntry, olds: readonly TreeEntry[], whole: WholeTree): Promise<void> {
    const { id, kind, settings } = entry
    if (settings !== undefined && !olds.some((old) => old.settings === settings)) {
      if (!(await this.#isElsewhere(settings))) {
        await this.#add(settings, 'settings', olds[0]?.settings)
      }
    }
    if (olds.some((old) => old.id === id) || this.#isKnown(id)) return
    const same = olds.filter((old) => old.kind === kind).map((old) => old.id)
    if (same.length === 0 && (await this.#isElsewhere(id))) return
    if (kind === 'tree') await this.#tree(id, same, whole)
    else await this.#series(id, same.length > 0 ? same : await removedSeries(this.#objects, whole))
  }

  /** Whether the receiver has it under some other name. */
  async #isElsewhere(id: Id): Promise<boolean> {
    if (this.#boundary.size === 0) return false
    this.#names ??= this.#gatherNames()
    return (await this.#names).has(id)
  }

  async #gatherNames(): Promise<ReadonlySet<Id>> {
    const names = new Set<Id>()
    for (const tree of this.#boundary) {
      const walked = walkTree(this.#objects, tree, '', { collections: true })
      for await (const { entry } of walked) {
        names.add(entry.id)
        if (entry.settings !== undefined) names.add(entry.settings)
      }
    }
    return names
  }

  async #series(id: Id, olds: readonly Id[]): Promise<void> {
    if (this.#isKnown(id)) return
    const { schema, root } = await readSeries(this.#objects, id)
    const nodes: OldNode<SegmentColumns>[] = []
    for (const old of olds) {
      const series = await readSeries(this.#objects, old)
      const format = formatOf(series.schema)
      nodes.push({ node: series.root, format, id: old, kind: 'series', schema: series.schema })
    }
    await this.#nodes(formatOf(schema), root, { id, kind: 'series' }, nodes, (entry, others) =>
      this.#segment(schema, entry, others),
    )
  }

  /** Columns of a segment that none of the others has. */
  async #segment(
    schema: Schema,
    entry: SegmentEntry,
    others: readonly OldEntry<SegmentColumns>[],
  ): Promise<void> {
    if (others.length === 0 && typeof entry.value !== 'string') {
      for (const list of entry.value) {
        for (const { id } of list) if (!this.#isKnown(id)) await this.#add(id, 'column', undefined)
      }
      return
    }
    const had = new Set<Id>()
    for (const { entry: other, of } of others) {
      if (other.value === entry.value) return
      const columns = of.schema!.columns.length
      const parts = walkColumns(this.#objects, other.value, columns, other.weight, () => false)
      for await (const { id } of parts) had.add(id)
    }
    // What is planned came earlier in this transfer.
    for (const id of had) if (!this.#ids.has(id)) this.#held.add(id)
    const [other] = others
    const bases = other === undefined ? new Map<Id, Id>() : await this.#bases(schema, entry, other)
    const count = schema.columns.length
    const parts: { kind: ObjectKind; id: Id }[] = []
    const skip = ({ id }: { id: Id }): boolean => had.has(id) || this.#isKnown(id)
    for await (const part of walkColumns(this.#objects, entry.value, count, entry.weight, skip)) {
      parts.push(part)
    }
    // What a node names comes before it; columns in the order in which they mostly lie in a pack.
    const isColumn = ({ kind }: { kind: ObjectKind }): boolean => kind === 'column'
    const nodes = parts.filter((part) => !isColumn(part)).reverse()
    for (const { kind, id } of [...parts.filter(isColumn), ...nodes]) {
      await this.#add(id, kind, bases.get(id))
    }
  }

  /** What stands where something of a segment stands now. */
  async #bases(
    schema: Schema,
    entry: SegmentEntry,
    { entry: other, of }: OldEntry<SegmentColumns>,
  ): Promise<ReadonlyMap<Id, Id>> {
    const bases = new Map<Id, Id>()
    if (typeof entry.value === 'string' && typeof other.value === 'string') {
      bases.set(entry.value, other.value)
    }
    const before = await this.#lists(of.schema!, other)
    const lists = await this.#lists(schema, entry)
    for (const [position, { name, type }] of schema.columns.entries()) {
      const at = of.schema!.columns.findIndex((old) => old.name === name && old.type === type)
      if (at < 0) continue
      const old = before[at]!
      for (const [i, { id }] of lists[position]!.entries()) bases.set(id, (old[i] ?? old[0]!).id)
    }
    return bases
  }

  #lists({ columns }: Schema, { value, weight }: SegmentEntry): Promise<ChunkList[]> {
    const positions = columns.map((_, position) => position)
    return readColumns(this.#objects, value, columns.length, weight, positions)
  }

  /** A tree's nodes and what its entries name, but for what the receiver has. */
  async #nodes<E>(
    format: ProllyFormat<E>,
    node: ProllyNode<E>,
    { id, kind }: { readonly id: Id; readonly kind: ObjectKind },
    olds: readonly OldNode<E>[],
    onEntry: (entry: ProllyEntry<E>, others: readonly OldEntry<E>[]) => Promise<void>,
  ): Promise<void> {
    const beside = await lowered(this.#objects, olds, node.level)
    const level = beside.filter((old) => old.node.level === node.level)
    if (isLeaf(node)) {
      const entries = entriesOf<E, ProllyEntry<E>>(level)
      for (const entry of node.entries) await onEntry(entry, overlapping(entry, entries))
    } else {
      const children = entriesOf<E, ProllyChild>(level)
      const had = new Set(children.map(({ entry }) => entry.child))
      const lower = beside.filter((old) => old.node.level < node.level)
      for (const entry of node.entries) {
        if (had.has(entry.child) && !this.#ids.has(entry.child)) this.#held.add(entry.child)
        if (this.#isKnown(entry.child)) continue
        const inside = [...lower]
        for (const old of overlapping(entry, children))
          inside.push(await openChild(this.#objects, old))
        const child = await readChild(this.#objects, format, node.level, entry)
        await this.#nodes(format, child, { id: entry.child, kind: format.kind }, inside, onEntry)
      }
    }
    const base = level.find((old) => old.kind === kind) ?? olds.find((old) => old.kind === kind)
    await this.#add(id, kind, base?.id)
  }
}

interface WholeTree {
  readonly root: Id
  readonly olds: readonly Id[]
  removed?: Promise<readonly Id[]>
}

/** Some series that stand under no name any more. */
function removedSeries(objects: ObjectReader, whole: WholeTree): Promise<readonly Id[]> {
  whole.removed ??= gatherRemoved(objects, whole)
  return whole.removed
}

async function gatherRemoved(objects: ObjectReader, { root, olds }: WholeTree): Promise<Id[]> {
  const removed: Id[] = []
  for (const old of olds) {
    for await (const change of diffTrees(objects, old, root)) {
      const isRemoved = change.new === undefined && change.old?.kind === 'series'
      if (isRemoved && removed.length < MOVED) removed.push(change.old!.id)
    }
  }
  return removed
}
