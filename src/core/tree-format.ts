/**
 * A collection's tree of names (docs/format/tree.md). A level-0 entry:
 *
 *     varint n, n bytes   the name, UTF-8
 *     u8                  1 a collection, 2 a series
 *     32 bytes            id of the collection's tree, or of the series
 *     u8                  1 when settings follow, otherwise 0
 *     [32 bytes]          id of the settings
 */
import { isUtf8 } from 'node:buffer'
import { bytesToText, compareBytes, textToBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import { hashObject, type Id } from './id.ts'
import { checkSeriesName, isSeriesName, MAX_NAME_PART_BYTES } from './names.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import {
  buildTree,
  checkTree,
  EMPTY_NODE,
  type ProllyEntry,
  type ProllyFormat,
  type ProllyNode,
  rangeEntries,
  readRoot,
  storeRoot,
} from './prolly.ts'
import { nodeBytes } from './prolly-node.ts'

export type TreeEntryKind = 'tree' | 'series'

/** One name in a collection. */
export interface TreeEntry {
  /** One part of a path: without a `/`. */
  readonly name: string
  /** `tree` for a collection. */
  readonly kind: TreeEntryKind
  readonly id: Id
  readonly settings?: Id | undefined
}

const KIND_BYTES: Readonly<Record<TreeEntryKind, number>> = { tree: 1, series: 2 }
const KINDS: readonly (TreeEntryKind | undefined)[] = [undefined, 'tree', 'series']

// What no name may be, lest paths made of names mean something else. The rules for new names are
// stricter (names.ts), but they may change, and what was written must stay readable.
const UNSPEAKABLE = /^\.{0,2}$|[/\u0000-\u001f\u007f]/

/** How a collection's names stand in a prolly tree. */
export const nameFormat: ProllyFormat<TreeEntry> = {
  kind: 'tree',
  // A lookup goes through a few nodes that the next one goes through again.
  decoded: new WeakMap(),
  encodeEntry(writer, { key, value: { kind, id, settings } }) {
    writer.lengthPrefixed(key).u8(KIND_BYTES[kind]).id(id)
    if (settings === undefined) writer.u8(0)
    else writer.u8(1).id(settings)
  },
  decodeEntry(reader) {
    const key = reader.lengthPrefixed()
    if (!isUtf8(key)) throw reader.error('a name is not valid UTF-8')
    const name = bytesToText(key)
    if (key.length > MAX_NAME_PART_BYTES || UNSPEAKABLE.test(name)) {
      throw reader.error(`${JSON.stringify(name)} is no name in a tree`)
    }
    const kind = KINDS[reader.u8()]
    if (kind === undefined) throw reader.error('an entry is neither a collection nor a series')
    const id = reader.id()
    const flag = reader.u8()
    if (flag > 1) throw reader.error('an entry neither has settings nor lacks them')
    if (flag === 0 && id === EMPTY_TREE) throw reader.error('an empty collection without settings')
    const value = flag === 0 ? { name, kind, id } : { name, kind, id, settings: reader.id() }
    return { key, last: key, weight: 1, value }
  },
}

/** The tree of a collection without entries. It can be read wherever it is not stored. */
export const EMPTY_TREE: Id = hashObject('tree', nodeBytes(nameFormat, EMPTY_NODE))

/** An entry as it stands in the prolly tree. */
export function toProllyEntry(entry: TreeEntry): ProllyEntry<TreeEntry> {
  const key = textToBytes(entry.name)
  return { key, last: key, weight: 1, value: entry }
}

/** The root node of a collection's tree. */
export async function readTreeRoot(reader: ObjectReader, id: Id): Promise<ProllyNode<TreeEntry>> {
  return id === EMPTY_TREE ? EMPTY_NODE : readRoot(reader, nameFormat, id)
}

/** The entries of one collection, by the bytes of their names; those below are not among them. */
export async function* treeEntries(
  reader: ObjectReader,
  id: Id,
  namePrefix = '',
): AsyncGenerator<TreeEntry> {
  const root = await readTreeRoot(reader, id)
  const from = namePrefix === '' ? undefined : textToBytes(namePrefix)
  for await (const { value } of rangeEntries(reader, nameFormat, root, { from })) {
    if (!value.name.startsWith(namePrefix)) return
    yield value
  }
}

/** All of {@link treeEntries}. */
export async function readTree(reader: ObjectReader, id: Id): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = []
  for await (const entry of treeEntries(reader, id)) entries.push(entry)
  return entries
}

/** Whether nothing would be lost without the entry: an empty collection that has no settings. */
export function isVoid({ id, settings }: Pick<TreeEntry, 'id' | 'settings'>): boolean {
  return id === EMPTY_TREE && settings === undefined
}

/**
 * Stores a collection of these entries, in any order. `invalid-name` for a bad name; `bad-input`
 * for a name twice, and for an empty collection without settings, which no tree keeps.
 */
export async function writeTree(writer: ObjectWriter, entries: Iterable<TreeEntry>): Promise<Id> {
  const sorted = [...entries].map((entry) => {
    checkPart(entry.name)
    if (isVoid(entry)) {
      throw new VarveError('bad-input', `${entry.name}/ is empty: it is kept only with settings`)
    }
    return toProllyEntry(entry)
  })
  sorted.sort((a, b) => compareBytes(a.key, b.key))
  for (let i = 1; i < sorted.length; i++) {
    const { name } = sorted[i]!.value
    if (name === sorted[i - 1]!.value.name) {
      throw new VarveError('bad-input', `the name ${JSON.stringify(name)} is there twice`)
    }
  }
  return storeRoot(writer, nameFormat, await buildTree(writer, nameFormat, sorted))
}

function checkPart(name: string): void {
  checkSeriesName(name)
  if (name.includes('/')) {
    throw new VarveError('invalid-name', `${JSON.stringify(name)} is a path, not one name`)
  }
}

/**
 * Checks one collection's tree, not what its entries lead to: its nodes (as `checkTree` does) and
 * that every name is one that could be written today. `corrupt-object` otherwise.
 */
export async function checkCollection(
  reader: ObjectReader,
  id: Id,
  checked?: Set<Id>,
): Promise<void> {
  await checkTree(reader, nameFormat, await readTreeRoot(reader, id), checked)
  for await (const { name } of treeEntries(reader, id)) {
    if (!isSeriesName(name)) {
      throw new VarveError('corrupt-object', `${JSON.stringify(name)} is not a name for a series`, {
        data: { id, name },
      })
    }
  }
}
