import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import { isSimilar } from './series-similarity.ts'
import type { TreeChange } from './tree.ts'

export interface Renames {
  /** What a path was called before. */
  readonly from: ReadonlyMap<string, string>
  /** What a path is called now. */
  readonly to: ReadonlyMap<string, string>
}

/** Pairs of series that are compared at most to find one that was renamed and changed, too. */
const MOST_PAIRS = 1000

/**
 * Series that went at one path and came at another: as they were, or else with half of their rows the
 * same. Where there are more than 1,000 pairs to compare, only those that are the same are found.
 *
 * @param isWanted which paths that went are to be looked for; all unless given
 */
export async function findRenames(
  reader: ObjectReader,
  changes: Iterable<TreeChange>,
  isWanted: (path: string) => boolean = () => true,
): Promise<Renames> {
  const gone: { readonly path: string; readonly id: Id }[] = []
  const came = new Map<string, Id>()
  const byId = new Map<Id, string>()
  for (const { path, old, new: fresh } of changes) {
    if (old?.kind === 'series' && fresh === undefined && isWanted(path)) {
      gone.push({ path, id: old.id })
    } else if (old === undefined && fresh?.kind === 'series') {
      came.set(path, fresh.id)
      if (!byId.has(fresh.id)) byId.set(fresh.id, path)
    }
  }
  const from = new Map<string, string>()
  const to = new Map<string, string>()
  const note = (old: string, fresh: string) => {
    from.set(fresh, old)
    to.set(old, fresh)
    came.delete(fresh)
  }
  for (const { path, id } of gone) {
    const next = byId.get(id)
    if (next !== undefined && !from.has(next)) note(path, next)
  }
  const left = gone.filter(({ path }) => !to.has(path))
  if (left.length * came.size > MOST_PAIRS) return { from, to }
  for (const { path, id } of left) {
    for (const [next, fresh] of came) {
      if (!(await isSimilar(reader, id, fresh))) continue
      note(path, next)
      break
    }
  }
  return { from, to }
}
