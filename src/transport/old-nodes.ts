import { compareBytes } from '../core/bytes.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import type { ProllyEntry, ProllyFormat, ProllyNode } from '../core/prolly.ts'
import { type ProllyChild, readChild } from '../core/prolly-node.ts'
import type { Schema } from '../core/schema.ts'

/** A node of a tree that the receiver has. */
export interface OldNode<E> {
  readonly node: ProllyNode<E>
  readonly format: ProllyFormat<E>
  /** The object that holds it. */
  readonly id: Id
  readonly kind: ObjectKind
  /** Of a series. */
  readonly schema?: Schema
}

/** An entry of such a node. */
export interface OldEntry<E, Entry = ProllyEntry<E>> {
  readonly entry: Entry
  readonly of: OldNode<E>
}

/** The node that an entry leads to. */
export async function openChild<E>(
  objects: ObjectReader,
  { entry, of }: OldEntry<E, ProllyChild>,
): Promise<OldNode<E>> {
  const node = await readChild(objects, of.format, of.node.level, entry)
  return { ...of, node, id: entry.child, kind: of.format.kind }
}

/** Nodes opened until none is above a level. */
export async function lowered<E>(
  objects: ObjectReader,
  olds: readonly OldNode<E>[],
  level: number,
): Promise<OldNode<E>[]> {
  const found: OldNode<E>[] = []
  const pending = [...olds]
  for (let old = pending.shift(); old !== undefined; old = pending.shift()) {
    if (old.node.level <= level) {
      found.push(old)
      continue
    }
    for (const entry of entriesOf<E, ProllyChild>([old])) {
      pending.push(await openChild(objects, entry))
    }
  }
  return found
}

/** All entries of some nodes. */
export function entriesOf<E, Entry extends ProllyEntry<E> | ProllyChild>(
  nodes: readonly OldNode<E>[],
): OldEntry<E, Entry>[] {
  return nodes.flatMap((of) =>
    (of.node.entries as unknown as readonly Entry[]).map((entry) => ({ entry, of })),
  )
}

/** Those of some entries whose keys meet those of another one. */
export function overlapping<E, Entry extends ProllyEntry<E> | ProllyChild>(
  { key, last }: { readonly key: Uint8Array; readonly last: Uint8Array },
  entries: readonly OldEntry<E, Entry>[],
): OldEntry<E, Entry>[] {
  return entries.filter(
    ({ entry }) => compareBytes(entry.key, last) <= 0 && compareBytes(key, entry.last) <= 0,
  )
}
