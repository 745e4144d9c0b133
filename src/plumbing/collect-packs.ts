import type { Id } from '../core/id.ts'
import { type Reference, walkReferences } from '../core/references.ts'
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
  const { packs: published, retired } = state
  if ((await repo.objects.stagedPacks(published, retired)).length === 0) return []
  const needed = new Set<string>()
  const seen = new Set<Id>()
  const bases = new Set<Id>()
  /** What an object is made of may be reachable from nowhere: it is needed to read it. */
  const addPacksOfBases = async (id: Id, itsPack: string): Promise<void> => {
    let base = await repo.objects.baseOf(id, itsPack)
    while (base !== undefined && !bases.has(base)) {
      bases.add(base)
      const pack = await repo.objects.packOf(base, state)
      if (pack === undefined || published.has(pack)) return
      needed.add(pack)
      base = await repo.objects.baseOf(base, pack)
    }
  }
  for (const start of starts) {
    await walkReferences(repo.objects, start, async ({ id }) => {
      if (seen.has(id)) return false
      seen.add(id)
      const pack = await repo.objects.packOf(id, state)
      // Absent objects are met by the walk, which reads them; values are not read, so look twice.
      if (pack === undefined) return repo.objects.readAny(id).then(() => false)
      if (published.has(pack)) return false
      needed.add(pack)
      await addPacksOfBases(id, pack)
      return true
    })
  }
  return [...needed]
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
  const { packs: published, retired } = await repo.refs.state()
  const needed = new Set<string>()
  for (const name of known) {
    // What an index remembers may have been published, merged with others and removed since.
    const counted = published.has(name) || retired.has(name)
    if (!counted && (await repo.storage.size(packPath(name))) !== undefined) needed.add(name)
  }
  const staged = await repo.objects.stagedPacks(published, retired)
  if (staged.some((name) => !needed.has(name))) {
    for (const name of await collectPacks(repo, [start])) needed.add(name)
  }
  return [...needed]
}
