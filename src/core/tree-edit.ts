import { compareBytes, equalBytes, textToBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import { checkSeriesName } from './names.ts'
import type { ObjectWriter } from './objects.ts'
import { applyEdits, EMPTY_NODE, ProllyCursor, type ProllyEdit, storeRoot } from './prolly.ts'
import {
  EMPTY_TREE,
  isVoid,
  nameFormat,
  readTreeRoot,
  type TreeEntry,
  type TreeEntryKind,
  toProllyEntry,
} from './tree-format.ts'

/** What a path is to hold; or only the settings to go with what it holds. */
export type PathEdit =
  | {
      readonly kind: TreeEntryKind
      readonly id: Id
      /** Undefined: those of the entry it takes the place of are kept. Null: none. */
      readonly settings?: Id | null | undefined
    }
  /** Where nothing stands yet, this makes an empty collection. */
  | { readonly settings: Id | null }

export interface UpdatePathsOptions {
  /**
   * Whether a series may take the place of a collection, with all that is in it, and a collection
   * that of a series. Otherwise that is `already-exists`.
   */
  readonly replace?: boolean
}

/** The edits of one path and of those below it. */
interface EditNode {
  readonly path: string
  edit: PathEdit | 'remove' | undefined
  readonly inner: Map<string, EditNode>
}

function editTreeOf(edits: ReadonlyMap<string, PathEdit | undefined>): EditNode {
  const root: EditNode = { path: '', edit: undefined, inner: new Map() }
  for (const [path, edit] of edits) {
    checkSeriesName(path)
    let node = root
    for (const part of path.split('/')) {
      let inner = node.inner.get(part)
      if (inner === undefined) {
        const at = node.path === '' ? part : `${node.path}/${part}`
        inner = { path: at, edit: undefined, inner: new Map() }
        node.inner.set(part, inner)
      }
      node = inner
    }
    node.edit = edit ?? 'remove'
  }
  return root
}

/**
 * Changes what stands at many paths at once; undefined removes a series, or a collection with all
 * that is in it. Collections on the way are made; those left empty and without settings vanish.
 * An edit of a path comes before those below it. Reads and writes only the nodes on the ways.
 *
 * Errors: `invalid-name`; `already-exists` where a series stands for a collection or the other
 * way round; `bad-input` when the edits themselves want both.
 */
export async function updatePaths(
  writer: ObjectWriter,
  treeId: Id,
  edits: ReadonlyMap<string, PathEdit | undefined>,
  { replace = false }: UpdatePathsOptions = {},
): Promise<Id> {
  return editCollection(writer, treeId, editTreeOf(edits), replace)
}

async function editCollection(
  writer: ObjectWriter,
  id: Id,
  { inner }: EditNode,
  replace: boolean,
): Promise<Id> {
  const root = await readTreeRoot(writer, id)
  const names = [...inner].map(([name, node]) => ({ name, node, key: textToBytes(name) }))
  names.sort((a, b) => compareBytes(a.key, b.key))
  const cursor = new ProllyCursor(writer, nameFormat, root)
  const edits: ProllyEdit<TreeEntry>[] = []
  for (const { name, node, key } of names) {
    await cursor.seek(key)
    const found = cursor.entry
    const old = found !== undefined && equalBytes(found.key, key) ? found.value : undefined
    const entry = await editEntry(writer, name, old, node, replace)
    edits.push({ key, entry: entry === undefined ? undefined : toProllyEntry(entry) })
  }
  const edited = await applyEdits(writer, nameFormat, root, edits)
  return edited === root
    ? id
    : storeRoot(writer, nameFormat, edited, id === EMPTY_TREE ? undefined : id)
}

async function editEntry(
  writer: ObjectWriter,
  name: string,
  old: TreeEntry | undefined,
  node: EditNode,
  replace: boolean,
): Promise<TreeEntry | undefined> {
  let entry = ownEdit(name, old, node, replace)
  if (entry?.kind === 'series') {
    if (!putsBelow(node)) return entry
    if (typeof node.edit === 'object' && 'kind' in node.edit) {
      throw new VarveError('bad-input', `${node.path} cannot be a series and a collection at once`)
    }
    if (!replace) throw takenBy(node.path, 'series')
    entry = undefined
  }
  if (node.inner.size > 0) {
    const id = await editCollection(writer, entry?.id ?? EMPTY_TREE, node, replace)
    entry = { name, kind: 'tree', id, settings: entry?.settings }
  }
  if (entry?.id !== EMPTY_TREE) return entry
  if (isVoid(entry)) return undefined
  await storeRoot(writer, nameFormat, EMPTY_NODE)
  return entry
}

function ownEdit(
  name: string,
  old: TreeEntry | undefined,
  { edit, path }: EditNode,
  replace: boolean,
): TreeEntry | undefined {
  if (edit === undefined) return old
  if (edit === 'remove') return undefined
  if (!('kind' in edit)) {
    const settings = edit.settings ?? undefined
    return { ...(old ?? { name, kind: 'tree', id: EMPTY_TREE }), settings }
  }
  const sameKind = old?.kind === edit.kind
  if (old !== undefined && !sameKind && !replace) throw takenBy(path, old.kind)
  const kept = sameKind ? old.settings : undefined
  const settings = edit.settings === undefined ? kept : (edit.settings ?? undefined)
  return { name, kind: edit.kind, id: edit.id, settings }
}

/** Whether anything below is to hold something, and so needs a collection here. */
function putsBelow({ inner }: EditNode): boolean {
  for (const node of inner.values()) {
    if ((node.edit !== undefined && node.edit !== 'remove') || putsBelow(node)) return true
  }
  return false
}

function takenBy(path: string, kind: TreeEntryKind): VarveError {
  const what = kind === 'tree' ? 'a collection' : 'a series'
  return new VarveError('already-exists', `${path} is ${what}`, {
    data: { path, kind },
    hint:
      kind === 'tree'
        ? `a series inside it would be ${path}/NAME`
        : `remove it first: varve rm ${path}`,
  })
}
