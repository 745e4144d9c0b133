import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { EMPTY_TREE, type PathEdit, updatePaths } from '../core/tree.ts'
import type { ObjectBatch } from '../storage/object-batch.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { RemovalLine, TreeLine } from './tree-line.ts'

export interface MakeTreeOptions {
  /** Take entries whose objects are not there. */
  readonly missing?: boolean
  readonly signal?: AbortSignal
}

export interface MakeTreeResult {
  readonly id: Id
  /** Lines that were read. */
  readonly entries: number
}

/**
 * Stores the tree that has these entries, in any order. Paths may have `/` in them: collections
 * on the way are made. A collection's line comes before the lines of what is in it, so that the
 * output of `ls-tree -r -t` makes the tree that it shows.
 *
 * `bad-input` for a path given twice and for removals; `object-not-found` for an entry whose
 * object is not there, unless `missing`.
 */
export async function mktree(
  store: ObjectStore,
  lines: AsyncIterable<TreeLine | RemovalLine>,
  options: MakeTreeOptions = {},
): Promise<MakeTreeResult> {
  const { missing = false, signal } = options
  const edits = new Map<string, PathEdit>()
  for await (const line of lines) {
    if (line.kind === '0') {
      throw new VarveError('bad-input', `${line.path}: a new tree has nothing to remove`)
    }
    const { path, kind, id, settings } = line
    if (edits.has(path)) {
      throw new VarveError('bad-input', `${path} is there twice`, { data: { path } })
    }
    if (!missing) await checkEntry(store, line)
    edits.set(path, { kind, id, settings: settings ?? null })
  }
  const batch = await store.begin(signal === undefined ? {} : { signal })
  try {
    const id = await storedTree(batch, await updatePaths(batch, EMPTY_TREE, edits, REPLACE))
    await batch.publish()
    return { id, entries: edits.size }
  } finally {
    await batch.discard()
  }
}

// A line below a collection's line wins over what is in that collection.
const REPLACE = { replace: true }

/** The empty tree is known without being stored; whoever asks for it by id is to find it. */
async function storedTree(batch: ObjectBatch, id: Id): Promise<Id> {
  if (id === EMPTY_TREE) await batch.put('tree', new Uint8Array([0, 0]))
  return id
}

/** That the objects of an entry are there, and of the kinds it says. */
export async function checkEntry(store: ObjectStore, line: TreeLine): Promise<void> {
  if (line.id !== EMPTY_TREE) await checkKind(store, line.path, line.id, line.kind)
  if (line.settings !== undefined) await checkKind(store, line.path, line.settings, 'settings')
}

async function checkKind(store: ObjectStore, path: string, id: Id, kind: string): Promise<void> {
  const found = await store.readIfPresent(id)
  if (found === undefined) {
    throw new VarveError('object-not-found', `${path}: there is no object ${id}`, {
      data: { path, id },
      hint: 'with --missing it may come later',
    })
  }
  if (found.kind !== kind) {
    throw new VarveError('bad-input', `${path}: ${id} is a ${found.kind}, not a ${kind}`, {
      data: { path, id, found: found.kind, expected: kind },
    })
  }
}
