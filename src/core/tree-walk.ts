import { textToBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import { MAX_NAME_BYTES } from './names.ts'
import type { ObjectReader } from './objects.ts'
import { findEntry } from './prolly.ts'
import { mergeSettings, NO_SETTINGS, readSettings, type Settings } from './settings.ts'
import { nameFormat, readTreeRoot, type TreeEntry, treeEntries } from './tree-format.ts'
import { inPathOrder, type PathItem } from './tree-order.ts'

/** The entry with this name in one collection. */
export async function findName(
  reader: ObjectReader,
  treeId: Id,
  name: string,
): Promise<TreeEntry | undefined> {
  const root = await readTreeRoot(reader, treeId)
  return (await findEntry(reader, nameFormat, root, textToBytes(name)))?.value
}

/**
 * What stands at a path (`a/b/c`) under a tree. With a trailing `/` only a collection is taken;
 * the empty path is the tree itself.
 */
export async function lookupPath(
  reader: ObjectReader,
  treeId: Id,
  path: string,
): Promise<TreeEntry | undefined> {
  let entry: TreeEntry | undefined = { name: '', kind: 'tree', id: treeId }
  if (path === '') return entry
  for (const part of path.split('/')) {
    if (entry?.kind !== 'tree') return undefined
    if (part === '' && path.endsWith('/')) return entry
    entry = await findName(reader, entry.id, part)
  }
  return entry
}

/**
 * The settings that hold at a path: those of each collection on the way, and its own, each laid
 * over those before it, key by key. What does not exist yet has those of the collections that do.
 */
export async function settingsFor(
  reader: ObjectReader,
  treeId: Id,
  path: string,
): Promise<Settings> {
  let settings = NO_SETTINGS
  let at = treeId
  for (const part of path.split('/')) {
    const entry: TreeEntry | undefined = await findName(reader, at, part)
    if (entry?.settings !== undefined) {
      settings = mergeSettings(settings, await readSettings(reader, entry.settings))
    }
    if (entry?.kind !== 'tree') break
    at = entry.id
  }
  return settings
}

export interface PathEntry {
  readonly path: string
  readonly entry: TreeEntry
}

export interface WalkOptions {
  /** Also give the collections, each before what is in it. Otherwise series alone. */
  readonly collections?: boolean
}

/**
 * All series under a tree, in nested collections too, whose path begins with `prefix` (`a/` all
 * in the collection, `a/b` also `a/bc`). Sorted by the bytes of the whole path, where a
 * collection's own path counts as ending in `/`.
 */
export function walkTree(
  reader: ObjectReader,
  treeId: Id,
  prefix = '',
  { collections = false }: WalkOptions = {},
): AsyncGenerator<PathEntry> {
  return walkFrom(reader, treeId, '', prefix, collections)
}

async function* walkFrom(
  reader: ObjectReader,
  treeId: Id,
  folder: string,
  prefix: string,
  collections: boolean,
): AsyncGenerator<PathEntry> {
  const slash = prefix.indexOf('/')
  if (slash >= 0) {
    const entry = await findName(reader, treeId, prefix.slice(0, slash))
    if (entry?.kind !== 'tree') return
    const inner = folderOf(folder, entry.name)
    yield* walkFrom(reader, entry.id, inner, prefix.slice(slash + 1), collections)
    return
  }
  yield* inPathOrder(walkItems(reader, treeId, folder, prefix, collections))
}

async function* walkItems(
  reader: ObjectReader,
  treeId: Id,
  folder: string,
  prefix: string,
  collections: boolean,
): AsyncGenerator<PathItem<PathEntry>> {
  for await (const entry of treeEntries(reader, treeId, prefix)) {
    const path = folder + entry.name
    if (entry.kind === 'series') {
      yield { name: entry.name, at: { path, entry } }
      continue
    }
    const inside = async function* (): AsyncGenerator<PathEntry> {
      if (collections) yield { path, entry }
      yield* walkFrom(reader, entry.id, folderOf(folder, entry.name), '', collections)
    }
    yield { name: entry.name, inside }
  }
}

/**
 * The beginning of all paths in a collection. `corrupt-object` where paths outgrow what a name
 * may be: a hostile tree can be nested without end.
 */
export function folderOf(folder: string, name: string): string {
  const inner = `${folder}${name}/`
  if (inner.length > MAX_NAME_BYTES) {
    throw new VarveError('corrupt-object', 'collections are nested deeper than a name can be long')
  }
  return inner
}
