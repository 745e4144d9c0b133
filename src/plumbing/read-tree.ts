import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { checkCollectionName } from '../core/names.ts'
import { EMPTY_TREE, lookupPath, updatePaths } from '../core/tree.ts'
import { collectPacks } from './collect-packs.ts'
import { type IndexState, stagedNow, updateIndexState } from './index-state.ts'
import { applyFilePlan, planRefresh } from './refresh-files.ts'
import type { Repository } from './repository.ts'

export interface ReadTreeOptions {
  /** What the index is to hold. */
  readonly tree: Id
  /** Put it into this collection, which must not be there, beside what the index holds. */
  readonly prefix?: string | undefined
  /** Also make the files in the work tree show it. */
  readonly update?: boolean | undefined
  /** With `update`: overwrite files that were changed by hand. */
  readonly force?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes the index hold a tree. Files stay as they are without `update`; with it they are written
 * after the index, so that whatever stops the writing, the next command goes on with it.
 */
export async function readTree(
  repo: Repository,
  options: ReadTreeOptions,
): Promise<{ tree: Id; files: number }> {
  const { tree, prefix, update = false, force, signal } = options
  const needed = tree === EMPTY_TREE ? [] : await collectPacks(repo, [{ kind: 'tree', id: tree }])
  const state = await updateIndexState(repo, async (state) => {
    const next =
      prefix === undefined
        ? { ...state, tree, packs: needed }
        : await graft(repo, state, checkCollectionName(prefix), tree, needed)
    // Refuses before anything is changed.
    if (update) await planRefresh(repo, { files: state.files, tree: next.tree, force, signal })
    return { ...next, ...(await stagedNow(repo)) }
  })
  if (!update) return { tree: state.tree, files: 0 }
  const plan = await planRefresh(repo, { files: state.files, tree: state.tree, force, signal })
  const files = await applyFilePlan(repo, state.files, plan, signal === undefined ? {} : { signal })
  await updateIndexState(repo, (now) => (now.tree === state.tree ? { ...now, files } : now))
  return { tree: state.tree, files: plan.write.size + plan.remove.length }
}

async function graft(
  repo: Repository,
  state: IndexState,
  prefix: string,
  tree: Id,
  needed: readonly string[],
): Promise<IndexState> {
  if ((await lookupPath(repo.objects, state.tree, prefix)) !== undefined) {
    throw new VarveError('already-exists', `${prefix} is in the index already`, {
      data: { path: prefix },
    })
  }
  const batch = await repo.objects.begin()
  try {
    const edits = new Map([[prefix, { kind: 'tree', id: tree } as const]])
    const grafted = await updatePaths(batch, state.tree, edits)
    const pack = await batch.publish()
    const packs = new Set([...state.packs, ...needed, ...(pack === undefined ? [] : [pack])])
    return { ...state, tree: grafted, packs: [...packs] }
  } finally {
    await batch.discard()
  }
}
