import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import { diffEntries } from './prolly.ts'
import { EMPTY_TREE, nameFormat, readTreeRoot, type TreeEntry } from './tree-format.ts'
import { inPathOrder, type PathItem } from './tree-order.ts'
import { findName, folderOf } from './tree-walk.ts'

/** What stands at a path in the one tree and in the other. */
export interface TreeChange {
  readonly path: string
  readonly old?: TreeEntry | undefined
  readonly new?: TreeEntry | undefined
}

/**
 * The series that differ between two trees (undefined: the empty tree), in content or settings,
 * in nested collections too, in the order of `walkTree`. A collection is given where its own
 * settings differ; where it came or went with settings; never for what is in it. Equal subtrees
 * are not read.
 *
 * @param prefix only paths that begin with it
 */
export function diffTrees(
  reader: ObjectReader,
  old: Id | undefined,
  next: Id | undefined,
  prefix = '',
): AsyncGenerator<TreeChange> {
  return diffFrom(reader, old ?? EMPTY_TREE, next ?? EMPTY_TREE, '', prefix)
}

async function* diffFrom(
  reader: ObjectReader,
  old: Id,
  next: Id,
  folder: string,
  prefix: string,
): AsyncGenerator<TreeChange> {
  if (old === next) return
  const slash = prefix.indexOf('/')
  if (slash >= 0) {
    const name = prefix.slice(0, slash)
    const a = insideOf(await findName(reader, old, name))
    const b = insideOf(await findName(reader, next, name))
    yield* diffFrom(reader, a, b, folderOf(folder, name), prefix.slice(slash + 1))
    return
  }
  yield* inPathOrder(diffItems(reader, old, next, folder, prefix))
}

/** The tree of a collection; nothing is in a series. */
function insideOf(entry: TreeEntry | undefined): Id {
  return entry?.kind === 'tree' ? entry.id : EMPTY_TREE
}

async function* diffItems(
  reader: ObjectReader,
  oldTree: Id,
  newTree: Id,
  folder: string,
  prefix: string,
): AsyncGenerator<PathItem<TreeChange>> {
  const a = await readTreeRoot(reader, oldTree)
  const b = await readTreeRoot(reader, newTree)
  for await (const change of diffEntries(reader, nameFormat, a, b)) {
    const old = change.old?.value
    const next = change.new?.value
    const { name } = (old ?? next)!
    if (!name.startsWith(prefix)) continue
    const own = ownChange(folder + name, old, next)
    if (old?.kind !== 'tree' && next?.kind !== 'tree') {
      yield { name, at: own }
      continue
    }
    // A name that changed its kind is one change, at the place of the series.
    const isSeriesToo = old?.kind === 'series' || next?.kind === 'series'
    const inside = async function* (): AsyncGenerator<TreeChange> {
      if (!isSeriesToo && own !== undefined) yield own
      yield* diffFrom(reader, insideOf(old), insideOf(next), folderOf(folder, name), '')
    }
    yield { name, at: isSeriesToo ? own : undefined, inside }
  }
}

/** The change of the entry itself: of a collection, only its settings count. */
function ownChange(
  path: string,
  old: TreeEntry | undefined,
  next: TreeEntry | undefined,
): TreeChange | undefined {
  if (old?.kind === 'tree' && next?.kind === 'tree') {
    return old.settings === next.settings ? undefined : { path, old, new: next }
  }
  const before = counts(old) ? old : undefined
  const after = counts(next) ? next : undefined
  return before === undefined && after === undefined ? undefined : { path, old: before, new: after }
}

function counts(entry: TreeEntry | undefined): boolean {
  return entry?.kind === 'series' || entry?.settings !== undefined
}
