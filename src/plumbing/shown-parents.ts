import type { Id } from '../core/id.ts'

/**
 * The parents that commits have where only some are shown: for each parent that is not, the nearest shown
 * ones before it.
 *
 * @param parents of all commits that were walked
 */
export function shownParents(
  parents: ReadonlyMap<Id, readonly Id[]>,
  shown: ReadonlySet<Id>,
): (id: Id) => readonly Id[] {
  const found = new Map<Id, readonly Id[]>()
  const nearest = (id: Id): readonly Id[] => {
    const pending = [id]
    while (pending.length > 0) {
      const at = pending.at(-1)!
      const waiting = found.has(at)
        ? []
        : (parents.get(at) ?? []).filter((parent) => !shown.has(parent) && !found.has(parent))
      if (waiting.length > 0) {
        pending.push(...waiting)
        continue
      }
      if (!found.has(at)) {
        const all = (parents.get(at) ?? []).flatMap((parent) =>
          shown.has(parent) ? [parent] : found.get(parent)!,
        )
        found.set(at, [...new Set(all)])
      }
      pending.pop()
    }
    return found.get(id)!
  }
  return nearest
}
