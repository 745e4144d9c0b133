import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectStore } from './object-store.ts'
import type { PackReader } from './pack-reader.ts'

/** Where an object lies. */
export interface Place {
  readonly pack: PackReader
  readonly position: number
}

export type Places = ReadonlyMap<Id, Place>

/**
 * Where each object of some packs lies, in the order of the packs and their records. Of one that lies in
 * several the copy is taken that the fewest bases lead to.
 *
 * @param only the objects that are meant; all of them unless told
 */
export async function gatherPlaces(
  store: ObjectStore,
  names: readonly string[],
  only?: ReadonlySet<Id>,
): Promise<Places> {
  const places = new Map<Id, Place>()
  for (const name of names) {
    const pack = await openPack(store, name)
    let position = 0
    for await (const id of pack.ids()) {
      const place = { pack, position: position++ }
      if (only !== undefined && !only.has(id)) continue
      const other = places.get(id)
      if (other === undefined || (await isShallower(place, other, id))) places.set(id, place)
    }
  }
  return places
}

async function isShallower(place: Place, other: Place, id: Id): Promise<boolean> {
  const { depth = 0 } = await place.pack.recordAt(place.position, id)
  const { depth: found = 0 } = await other.pack.recordAt(other.position, id)
  return depth < found
}

async function openPack(store: ObjectStore, name: string): Promise<PackReader> {
  const pack = await store.openPack(name)
  if (pack === undefined) {
    throw new VarveError('file-not-found', `no pack ${name}`, { data: { pack: name } })
  }
  return pack
}
