import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { isValue } from '../core/objects.ts'
import { type MergedPack, writePack } from './merge-packs.ts'
import type { ObjectStore } from './object-store.ts'
import { gatherPlaces, type Place, type Places } from './pack-places.ts'
import type { StoredRecord } from './pack-reader.ts'
import { type Base, newMark, type PackTarget, type PackWriter } from './pack-writer.ts'
import { MAX_DEPTH, MAX_WALKED } from './read-chain.ts'

export interface RepackOptions {
  readonly signal?: AbortSignal | undefined
  /** Only these objects; what is made of others is stored whole, or made of these. */
  readonly only?: ReadonlySet<Id> | undefined
  /** Puts an object beside them that no other pack has, so that the pack has a name that none had before. */
  readonly isNew?: boolean | undefined
  /** Where the pack goes, if that is not the store: it is not one of the repository's then. */
  readonly elsewhere?: PackTarget | undefined
  /** Told how many objects were written, of how many. */
  readonly onObjects?: ((written: number, total: number) => void) | undefined
}

/** zstd level of what is encoded again: it is read more often than written. */
const LEVEL = 6

/**
 * Stores every object of some packs in one, durably, which nothing names yet: those that come first in `order`
 * whole, those that came before them as differences to them. What is made of what is known from how objects were
 * stored: an object and its base are two versions, and the older one is made of the newer from now on.
 *
 * Memory grows with the number of objects, by some hundred bytes each, and not with their bytes. Where others
 * merge some of the packs meanwhile, it fails at first, while it finds out what they hold; not later.
 *
 * @param order ids, the newest first; objects that are not among them come last
 */
export async function repack(
  store: ObjectStore,
  names: readonly string[],
  order: Iterable<Id>,
  options: RepackOptions = {},
): Promise<MergedPack> {
  const places = await gatherPlaces(store, names, options.only)
  const ranks = rankAll(places, order)
  const bases = await chooseBases(store, names, places, ranks)
  const positions = wholeFirst(ranks.keys(), bases)
  const written = new Map<Id, { depth: number; walked: number }>()
  const mark = options.isNew ? newMark() : undefined
  if (mark !== undefined) positions.set(mark.id, positions.size)
  const write = async (writer: PackWriter, id: Id): Promise<void> => {
    const base = bases.get(id)
    if (base === undefined) {
      const record = await recordIfThere(places.get(id)!, id)
      if (record !== undefined && isValue(record.kind) && record.base === undefined) {
        return writer.addRecord(record)
      }
    }
    const { kind, bytes } = await store.readVerified(id)
    const below = base === undefined ? undefined : (written.get(base) ?? { depth: 0, walked: 0 })
    let from: Base | undefined
    if (base !== undefined && below !== undefined && below.depth < MAX_DEPTH) {
      const { bytes: other } = await store.readVerified(base)
      const walked = below.walked === 0 ? other.length : below.walked
      if (walked + bytes.length <= MAX_WALKED) from = { id: base, bytes: other, depth: below.depth }
    }
    const depth = await writer.add(id, kind, bytes, LEVEL, from)
    if (depth === 0) return
    const walked = (below?.walked || (from?.bytes.length ?? 0)) + bytes.length
    written.set(id, { depth, walked })
  }
  const writeAll = async (writer: PackWriter): Promise<void> => {
    for (const id of positions.keys()) {
      if (id === mark?.id) {
        await writer.add(id, 'blob', mark.bytes, LEVEL)
        continue
      }
      if (options.signal?.aborted) throw new VarveError('interrupted', 'interrupted')
      await write(writer, id)
      options.onObjects?.(writer.records, positions.size)
    }
  }
  return writePack(store, positions, writeAll, options.elsewhere)
}

/** A record; undefined where it cannot be read: the object may lie in another pack by now. */
async function recordIfThere({ pack, position }: Place, id: Id): Promise<StoredRecord | undefined> {
  try {
    return await pack.recordAt(position, id)
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}

/** The rank of every object, the newest first. */
function rankAll(places: Places, order: Iterable<Id>): Map<Id, number> {
  const ranks = new Map<Id, number>()
  const add = (id: Id): void => {
    if (!ranks.has(id)) ranks.set(id, ranks.size)
  }
  for (const id of order) if (places.has(id)) add(id)
  for (const id of places.keys()) add(id)
  return ranks
}

/**
 * For the older of each two objects that one was made of the other: the next newer one. Two that were made of a
 * third one that is not among them are versions of the same all the same.
 */
async function chooseBases(
  store: ObjectStore,
  names: readonly string[],
  places: Places,
  ranks: ReadonlyMap<Id, number>,
): Promise<ReadonlyMap<Id, Id>> {
  const bases = new Map<Id, Id>()
  const orphans: [Id, Id][] = []
  for (const [id, { pack }] of places) {
    const other = await pack.baseOf(id)
    if (other === undefined) continue
    const [rank, otherRank] = [ranks.get(id)!, ranks.get(other)]
    if (otherRank === undefined) {
      orphans.push([id, other])
      continue
    }
    const [older, newer] = rank > otherRank ? [id, other] : [other, id]
    const found = bases.get(older)
    if (found === undefined || ranks.get(found)! < ranks.get(newer)!) bases.set(older, newer)
  }
  for (const family of await familiesOf(store, names, places, orphans)) {
    const versions = [...family].sort((a, b) => ranks.get(a)! - ranks.get(b)!)
    versions.forEach((id, at) => {
      if (at > 0 && !bases.has(id)) bases.set(id, versions[at - 1]!)
    })
  }
  return bases
}

/**
 * The objects of `places` that come from the same one, which is not among them or the first on the way that is.
 *
 * @param orphans objects, each with what it was made of: that is not in `places`
 */
async function familiesOf(
  store: ObjectStore,
  names: readonly string[],
  places: Places,
  orphans: readonly (readonly [Id, Id])[],
): Promise<Iterable<ReadonlySet<Id>>> {
  const families = new Map<Id, Set<Id>>()
  if (orphans.length === 0) return []
  const all = await gatherPlaces(store, names)
  const origins = new Map<Id, Id>()
  for (const [id, base] of orphans) {
    const way: Id[] = []
    let at: Id | undefined = base
    let origin = base
    // Bases in other packs than their own need not be shallower: a way may come back to where it was.
    for (const passed = new Set<Id>(); at !== undefined && !passed.has(at); ) {
      passed.add(at)
      origin = origins.get(at) ?? at
      if (origin !== at || places.has(at)) break
      way.push(at)
      at = await all.get(at)?.pack.baseOf(at)
    }
    for (const passed of way) origins.set(passed, origin)
    const family = families.get(origin) ?? new Set(places.has(origin) ? [origin] : [])
    families.set(origin, family.add(id))
  }
  return families.values()
}

/** Positions: objects without a base first, then for each of them all that is made of it. */
function wholeFirst(ids: Iterable<Id>, bases: ReadonlyMap<Id, Id>): Map<Id, number> {
  const positions = new Map<Id, number>()
  const madeOf = new Map<Id, Id[]>()
  const add = (id: Id): unknown => positions.set(id, positions.size)
  for (const id of ids) {
    const base = bases.get(id)
    if (base === undefined) add(id)
    else if (!madeOf.get(base)?.push(id)) madeOf.set(base, [id])
  }
  for (const whole of [...positions.keys()]) {
    const pending = [whole]
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (id !== whole) add(id)
      pending.push(...(madeOf.get(id)?.reverse() ?? []))
    }
  }
  return positions
}
