import type { Id } from '../core/id.ts'
import type { Reference } from '../core/references.ts'
import { EMPTY_TREE, type PathEdit, updatePaths } from '../core/tree.ts'
import { type Change, firstChangedPath, stageChange } from './change.ts'
import { collectPacks } from './collect-packs.ts'
import type { IndexState } from './index-state.ts'
import { checkEntry } from './mktree.ts'
import type { Repository } from './repository.ts'
import type { RemovalLine, TreeLine } from './tree-line.ts'

/** What a path of the index is to hold. */
export type IndexEdit =
  /** Under `keepSettings`, what stands there keeps its settings. */
  (TreeLine & { readonly keepSettings?: boolean }) | RemovalLine

export interface UpdateIndexOptions {
  /** In order: of several about one path the last one counts. */
  readonly edits: Iterable<IndexEdit> | AsyncIterable<IndexEdit>
  /** Whether a series may take the place of a collection, and the other way round. */
  readonly replace?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface UpdateIndexResult {
  /** The tree that the index held, and what it holds now. */
  readonly old: Id
  readonly tree: Id
  /** Paths that were named. */
  readonly paths: number
}

/**
 * Puts stored series and collections into the index and takes others out, all at once. Reads and
 * writes only the tree nodes on the way to each path. Removing what is not there is no change.
 *
 * `object-not-found` or `bad-input` where an entry's object is not there or of another kind;
 * `already-exists` where a series would take the place of a collection, unless `replace`.
 */
export async function updateIndex(
  repo: Repository,
  options: UpdateIndexOptions,
): Promise<UpdateIndexResult> {
  const { signal, replace = false } = options
  const edits = new Map<string, PathEdit | undefined>()
  const starts: Reference[] = []
  for await (const edit of options.edits) {
    // Later edits come later in the map too.
    edits.delete(edit.path)
    if (edit.kind === '0') {
      edits.set(edit.path, undefined)
      continue
    }
    await checkEntry(repo.objects, edit)
    const { kind, id, settings, keepSettings = false } = edit
    edits.set(edit.path, { kind, id, ...(!keepSettings && { settings: settings ?? null }) })
    if (id !== EMPTY_TREE) starts.push({ kind, id })
    if (settings !== undefined) starts.push({ kind: 'settings', id: settings })
  }
  const needed = await collectPacks(repo, starts)
  const paths = new Set(edits.keys())
  const change: Change<{ old: Id; tree: Id }> = {
    async run(batch, old) {
      const tree = await updatePaths(batch, old, edits, { replace })
      return { tree, result: { old, tree } }
    },
    meets: (reader, before, after) => firstChangedPath(reader, before, after, paths),
  }
  const also = (state: IndexState): IndexState =>
    needed.length === 0 ? state : { ...state, packs: [...new Set([...state.packs, ...needed])] }
  const { result } = await stageChange(repo, change, { signal, also })
  return { ...result, paths: paths.size }
}
