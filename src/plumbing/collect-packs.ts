import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { type Reference, walkReferences } from '../core/references.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import type { LogState } from '../storage/log-state.ts'
import type { ObjectBatch } from '../storage/object-batch.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { packPath } from '../storage/pack-writer.ts'
import type { Repository } from './repository.ts'

/**
 * The staged packs (those the ref log does not name) that hold anything reachable from `starts`:
 * what a transaction must name before a ref may point there. What a published pack holds is
 * published with all that it reaches, so the walk ends there and costs what is new.
 *
 * `object-not-found` where something reachable is nowhere.
 */
export async function collectPacks(
  repo: Repository,
  starts: readonly Reference[],
): Promise<string[]> {
  const state = await repo.refs.state()
  if ((await repo.objects.stagedPacks(state.packs, state.retired)).length === 0) return []
  return neededPacks(repo.objects, state, starts)
}

/**
 * As {@link collectPacks}, in any case: that nothing is staged says nothing of what is there.
 *
 * @param leftOut commits that are not needed where others name them as parents
 */
export async function neededPacks(
  objects: ObjectStore,
  state: Pick<LogState, 'packs' | 'retired'>,
  starts: readonly Reference[],
  leftOut: readonly Id[] = [],
): Promise<string[]> {
  const { packs: published } = state
  const needed = new Set<string>()
  const seen = new Set<Id>(leftOut)
  const bases = new Set<Id>()
  /** What an object is made of may be reachable from nowhere: it is needed to read it. */
  const addPacksOfBases = async (id: Id, itsPack: string): Promise<void> => {
    let base = await objects.baseOf(id, itsPack)
    while (base !== undefined && !bases.has(base)) {
      bases.add(base)
      const pack = await objects.packOf(base, state)
      if (pack === undefined) throw notFound(base)
      if (published.has(pack)) return
      needed.add(pack)
      base = await objects.baseOf(base, pack)
    }
  }
  for (const start of starts) {
    await walkReferences(objects, start, async ({ id }) => {
      if (seen.has(id)) return false
      seen.add(id)
      const pack = await objects.packOf(id, state)
      if (pack === undefined) {
        if (id === EMPTY_TREE) return false
        throw notFound(id)
      }
      if (published.has(pack)) return false
      needed.add(pack)
      await addPacksOfBases(id, pack)
      return true
    })
  }
  return [...needed]
}

function notFound(id: Id): VarveError {
  return new VarveError('object-not-found', `no object ${id}`, { data: { id } })
}

/**
 * All staged packs that a transaction must name for `start`, of which `known` are some. What is new
 * is only looked through where there are other staged packs too: an object that was in one of them
 * already was not written again.
 */
export async function packsToPublish(
  repo: Repository,
  start: Reference,
  known: readonly string[],
): Promise<string[]> {
  const state = await repo.refs.state()
  const { packs: published, retired } = state
  const needed = new Set<string>()
  let isGone = false
  for (const name of known) {
    if (published.has(name)) continue
    // What an index remembers may have been published, put together with others and removed since.
    const isThere = !retired.has(name) && (await repo.storage.size(packPath(name))) !== undefined
    if (isThere) needed.add(name)
    else isGone = true
  }
  const staged = await repo.objects.stagedPacks(published, retired)
  if (isGone || staged.some((name) => !needed.has(name))) {
    for (const name of await neededPacks(repo.objects, state, [start])) needed.add(name)
  }
  return [...needed]
}

/** Publishes a batch: the names of the packs that it became, one or none. */
export async function packsOf(batch: ObjectBatch): Promise<readonly string[]> {
  const pack = await batch.publish()
  return pack === undefined ? [] : [pack]
}
