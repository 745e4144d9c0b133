import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { isValue } from '../core/objects.ts'
import type { ObjectStore } from './object-store.ts'
import { gatherPlaces, type Places } from './pack-places.ts'
import type { StoredRecord } from './pack-reader.ts'
import { type Base, newMark, type PackTarget, PackWriter } from './pack-writer.ts'

export interface MergedPack {
  readonly name: string
  /** Bytes of the file. */
  readonly size: number
  readonly objects: number
}

/** zstd level of what is encoded again. */
const LEVEL = 1

/** Up to so many bytes of packs their structural objects are stored again: some milliseconds. */
const SOON_ENCODED = 128 * 1024

/**
 * Copies every object of some packs, durably, into one that nothing names yet. Values stay as they
 * are stored; where it is soon done, other objects are stored again, as more ids can be cut out of them.
 */
export async function mergePacks(
  store: ObjectStore,
  names: readonly string[],
): Promise<MergedPack> {
  const places = await gatherPlaces(store, names)
  const circles = await inCircles(places)
  let bytes = 0
  for (const pack of new Set([...places.values()].map((place) => place.pack))) bytes += pack.size
  const asStored = bytes > SOON_ENCODED
  const positions = new Map<Id, number>()
  for (const id of places.keys()) positions.set(id, positions.size)
  return writePack(store, positions, async (writer) => {
    for (const [id, { pack, position }] of places) {
      if (circles.has(id)) {
        const { kind, bytes } = await store.readVerified(id)
        await writer.add(id, kind, bytes, LEVEL)
      } else {
        const record = await pack.recordAt(position, id)
        await (asStored ? writer.addRecord(record) : copy(store, record, writer))
      }
    }
  })
}

/**
 * Copies some objects of some packs, durably, into one that nothing names yet. It has a name that no pack had before,
 * also where it holds just what another one did.
 */
export async function copyObjects(
  store: ObjectStore,
  names: readonly string[],
  ids: ReadonlySet<Id>,
): Promise<MergedPack> {
  const places = await gatherPlaces(store, names, ids)
  const circles = await inCircles(places)
  const positions = new Map<Id, number>()
  for (const id of places.keys()) positions.set(id, positions.size)
  const mark = newMark()
  positions.set(mark.id, positions.size)
  return writePack(store, positions, async (writer) => {
    for (const [id, { pack, position }] of places) {
      if (circles.has(id)) {
        const { kind, bytes } = await store.readVerified(id)
        await writer.add(id, kind, bytes, LEVEL)
      } else {
        await copy(store, await pack.recordAt(position, id), writer)
      }
    }
    await writer.add(mark.id, 'blob', mark.bytes, LEVEL)
  })
}

/**
 * Publishes what `write` puts into a pack with these positions.
 * @param elsewhere where it goes, if that is not the store
 */
export async function writePack(
  store: ObjectStore,
  positions: ReadonlyMap<Id, number>,
  write: (writer: PackWriter) => Promise<void>,
  elsewhere?: PackTarget,
): Promise<MergedPack> {
  const writer = new PackWriter(elsewhere ?? store.storage, positions)
  try {
    await write(writer)
    if (writer.records !== positions.size) {
      throw new VarveError('io', `${writer.records} of ${positions.size} objects were copied`)
    }
    const name = await writer.publish()
    if (elsewhere === undefined) store.adopt(name, writer.length, { end: writer.end })
    return { name, size: writer.length, objects: writer.records }
  } catch (error) {
    await writer.discard()
    throw error
  }
}

async function copy(store: ObjectStore, record: StoredRecord, writer: PackWriter): Promise<void> {
  const { id, kind, base, depth } = record
  if (isValue(kind)) return writer.addRecord(record)
  const { bytes } = await store.readVerified(id)
  let from: Base | undefined
  if (base !== undefined && depth !== undefined) {
    // No deeper than before, so that what is made of it is deeper still.
    from = { id: base, bytes: (await store.readVerified(base)).bytes, depth: depth - 1 }
  }
  await writer.add(id, kind, bytes, LEVEL, from)
}

/**
 * One object of each circle that bases would make: those chosen of several copies may come from packs
 * in which each was made of the other.
 */
async function inCircles(places: Places): Promise<Set<Id>> {
  const circles = new Set<Id>()
  /** Objects from which no circle can be reached. */
  const clear = new Set<Id>()
  for (const start of places.keys()) {
    const path = new Set<Id>()
    let id: Id | undefined = start
    while (id !== undefined && !clear.has(id) && !circles.has(id)) {
      if (path.has(id)) {
        circles.add(id)
        break
      }
      path.add(id)
      id = await places.get(id)?.pack.baseOf(id)
    }
    for (const passed of path) clear.add(passed)
  }
  return circles
}
