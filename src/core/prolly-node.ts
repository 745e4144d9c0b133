/**
 * A node of a prolly tree (docs/format/prolly-tree.md):
 *
 *     u8      level, 0 for the nodes that hold the entries themselves
 *     varint  number of entries, at most 128
 *     entries, sorted by key: at level 0 as the tree's own format lays them out, above it
 *       varint n, n bytes   first key of the child's subtree
 *       varint n, n bytes   last key of the child's subtree
 *       varint              weight of the child's subtree
 *       32 bytes            the child's id
 */
import { hash } from 'node:crypto'
import { ByteReader, ByteWriter, compareBytes, equalBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import { ID_BYTES, type Id, idFromBytes, idToBytes, type ObjectKind } from './id.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'

/** A node ends after an entry with a hash that is 0 modulo this. */
const BOUNDARY_MODULUS = 24
/** A node ends after this many entries, whatever their hashes. */
export const MAX_NODE_ENTRIES = 128

/** What the tree has to know of an entry, at every level. */
export interface Keyed {
  /** First key that the entry stands for; what it is sorted, found and chunked by. */
  readonly key: Uint8Array
  /** Last key that the entry stands for; `key` itself where it stands for one. */
  readonly last: Uint8Array
  /** Rows, or 1 for a name. */
  readonly weight: number
}

/** An entry of level 0. */
export interface ProllyEntry<E> extends Keyed {
  readonly value: E
}

/** An entry above level 0: a node one level below, and what its subtree spans. */
export interface ProllyChild extends Keyed {
  readonly child: Id
}

export interface ProllyLeaf<E> {
  readonly level: 0
  readonly entries: readonly ProllyEntry<E>[]
}

export interface ProllyInner {
  readonly level: number
  readonly entries: readonly ProllyChild[]
}

export type ProllyNode<E> = ProllyLeaf<E> | ProllyInner

/** What differs between the trees of names and of segments. */
export interface ProllyFormat<E> {
  /** The kind of object that the nodes are stored as. */
  readonly kind: ObjectKind
  /** Writes a level-0 entry whole: its key and, where it needs them, last key and weight. */
  encodeEntry(writer: ByteWriter, entry: ProllyEntry<E>): void
  /** Reads what {@link encodeEntry} wrote, and nothing that it would not have written. */
  decodeEntry(reader: ByteReader): ProllyEntry<E>
  /** Nodes read before, by their bytes, where a reader may hand out the same bytes many times. */
  readonly decoded?: WeakMap<Uint8Array, ProllyNode<E>>
}

/** The root of a tree without entries. */
export const EMPTY_NODE: ProllyLeaf<never> = { level: 0, entries: [] }

export function isLeaf<E>(node: ProllyNode<E>): node is ProllyLeaf<E> {
  return node.level === 0
}

/**
 * Whether a node of `level` ends after an entry with this key, from the key alone: the first four
 * bytes of SHA-256(level ‖ key), big-endian, are divisible by 24.
 */
export function endsNode(level: number, key: Uint8Array): boolean {
  const hashed = new Uint8Array(key.length + 1)
  hashed[0] = level
  hashed.set(key, 1)
  // As text, because that comes out of OpenSSL four times as fast as a Buffer does.
  return Number.parseInt(hash('sha256', hashed, 'hex').slice(0, 8), 16) % BOUNDARY_MODULUS === 0
}

/** The sum of the entries' weights: how many rows, or names, are in the subtree. */
export function weightOf(node: { readonly entries: readonly Keyed[] }): number {
  let weight = 0
  for (const entry of node.entries) weight += entry.weight
  return weight
}

export function encodeNode<E>(
  writer: ByteWriter,
  format: ProllyFormat<E>,
  node: ProllyNode<E>,
): void {
  writer.u8(node.level)
  writer.varint(node.entries.length)
  if (isLeaf(node)) {
    for (const entry of node.entries) format.encodeEntry(writer, entry)
    return
  }
  for (const { key, last, weight, child } of node.entries) {
    writer.lengthPrefixed(key)
    writer.lengthPrefixed(last)
    writer.varint(weight)
    writer.bytes(idToBytes(child))
  }
}

/** The canonical bytes of a node that is an object of its own. */
export function nodeBytes<E>(format: ProllyFormat<E>, node: ProllyNode<E>): Uint8Array {
  const writer = new ByteWriter()
  encodeNode(writer, format, node)
  return writer.finish()
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', `a tree node ${reason}`)
}

function decodeChild(reader: ByteReader): ProllyChild {
  const key = reader.lengthPrefixed()
  const last = reader.lengthPrefixed()
  const weight = reader.varint()
  return { key, last, weight, child: idFromBytes(reader.bytes(ID_BYTES)) }
}

function checkOrder(entries: readonly Keyed[]): void {
  let previous: Keyed | undefined
  for (const entry of entries) {
    if (compareBytes(entry.key, entry.last) > 0)
      throw corrupt('has an entry that ends before it begins')
    if (previous !== undefined && compareBytes(previous.last, entry.key) >= 0) {
      throw corrupt('has entries that are not sorted, or a key twice')
    }
    if (entry.weight < 1) throw corrupt('has an entry of no weight')
    previous = entry
  }
  if (!Number.isSafeInteger(weightOf({ entries }))) throw corrupt('weighs more than can be counted')
}

/**
 * Reads a node, from wherever the reader stands to the node's end. The bytes are not trusted:
 * anything but the canonical form of a node is `corrupt-object`. Whether nodes end where the rules
 * put it is left to `checkNode`, for that takes a hash an entry.
 */
export function decodeNode<E>(reader: ByteReader, format: ProllyFormat<E>): ProllyNode<E> {
  const level = reader.u8()
  const count = reader.varint()
  if (count > MAX_NODE_ENTRIES)
    throw corrupt(`has ${count} entries: the most is ${MAX_NODE_ENTRIES}`)
  if (level === 0) {
    const entries: ProllyEntry<E>[] = []
    for (let i = 0; i < count; i++) entries.push(format.decodeEntry(reader))
    checkOrder(entries)
    return { level, entries }
  }
  const entries: ProllyChild[] = []
  for (let i = 0; i < count; i++) entries.push(decodeChild(reader))
  checkOrder(entries)
  return { level, entries }
}

/** Reads a node that is a root: above level 0 it has two entries at least. */
export function decodeRoot<E>(reader: ByteReader, format: ProllyFormat<E>): ProllyNode<E> {
  return checkedRoot(decodeNode(reader, format))
}

function checkedRoot<E>(root: ProllyNode<E>): ProllyNode<E> {
  if (root.level > 0 && root.entries.length < 2)
    throw corrupt('stands as a root over a single node')
  return root
}

/** Reads a node that is an object of its own. */
async function readNode<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  id: Id,
): Promise<ProllyNode<E>> {
  const content = await reader.read(id, format.kind)
  const known = format.decoded?.get(content)
  if (known !== undefined) return known
  const bytes = new ByteReader(content)
  const node = decodeNode(bytes, format)
  bytes.expectEnd()
  format.decoded?.set(content, node)
  return node
}

/** Reads a root that is an object of its own. */
export async function readRoot<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  id: Id,
): Promise<ProllyNode<E>> {
  return checkedRoot(await readNode(reader, format, id))
}

/** Stores a root as an object of its own, in the place of an earlier one. */
export function storeRoot<E>(
  writer: ObjectWriter,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  earlier?: Id,
): Promise<Id> {
  return writer.put(format.kind, nodeBytes(format, root), { base: earlier })
}

/**
 * Stores a node that is not a root, in the place of an earlier one, and returns the entry for it one
 * level up.
 */
export async function putNode<E>(
  writer: ObjectWriter,
  format: ProllyFormat<E>,
  node: ProllyNode<E>,
  earlier?: Id,
): Promise<ProllyChild> {
  const child = await writer.put(format.kind, nodeBytes(format, node), { base: earlier })
  return {
    key: node.entries[0]!.key,
    last: node.entries[node.entries.length - 1]!.last,
    weight: weightOf(node),
    child,
  }
}

/** The node of a level, which is not the root, in whose place one that begins with `key` stands. */
export async function earlierNode<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  level: number,
  key: Uint8Array,
): Promise<Id | undefined> {
  let node = root
  while (node.level > level) {
    const { entries } = node as ProllyInner
    const child = entries.findLast((entry) => compareBytes(entry.key, key) <= 0) ?? entries[0]!
    if (node.level === level + 1) return child.child
    node = await readChild(reader, format, node.level, child)
  }
  return undefined
}

/**
 * Reads the child that an entry in a node of `parentLevel` names; `corrupt-object` unless it is
 * one level below and spans exactly what the entry says, so that no chain of nodes can loop.
 */
export async function readChild<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  parentLevel: number,
  entry: ProllyChild,
): Promise<ProllyNode<E>> {
  const node = await readNode(reader, format, entry.child)
  const { entries } = node
  if (
    node.level !== parentLevel - 1 ||
    entries.length === 0 ||
    !equalBytes(entries[0]!.key, entry.key) ||
    !equalBytes(entries[entries.length - 1]!.last, entry.last) ||
    weightOf(node) !== entry.weight
  ) {
    throw new VarveError('corrupt-object', 'a tree node is not what its parent says it is', {
      data: { id: entry.child },
    })
  }
  return node
}
