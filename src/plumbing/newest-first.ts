import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { walkReferences } from '../core/references.ts'
import { listRefs } from './list-refs.ts'
import type { Repository } from './repository.ts'
import { walkCommits } from './walk-commits.ts'

/**
 * The ids of all that is reachable from refs: what the newest commit names first, and of each commit
 * what the ones before did not name. Memory grows with their number.
 */
export async function newestFirst(
  repo: Repository,
  signal?: AbortSignal | undefined,
): Promise<ReadonlySet<Id>> {
  const { objects, refs } = repo
  const state = await refs.state()
  const ids = new Set<Id>()
  const enter = async (id: Id): Promise<boolean> => {
    if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
    if (ids.has(id)) return false
    ids.add(id)
    return true
  }
  const include: Id[] = []
  for (const { id } of listRefs(state)) {
    const { kind } = await objects.readAny(id)
    if (kind === 'commit') include.push(id)
    else {
      // What a tag leads to is walked as the others are, in its place.
      await walkReferences(objects, { kind, id }, async (reference) => {
        if (reference.kind === 'commit') include.push(reference.id)
        return reference.kind !== 'commit' && enter(reference.id)
      })
    }
  }
  const commits = walkCommits(objects, {
    include,
    exclude: [],
    shallow: state.shallow,
    firstParent: false,
  })
  for await (const { id, commit } of commits) {
    ids.add(id)
    await walkReferences(objects, { kind: 'tree', id: commit.tree }, ({ id: inside }) =>
      enter(inside),
    )
  }
  return ids
}
