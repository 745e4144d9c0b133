import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectStore } from './object-store.ts'
import type { PackReader, StoredRecord } from './pack-reader.ts'
import { PackWriter } from './pack-writer.ts'

export interface MergedPack {
  readonly name: string
  readonly size: number
  readonly objects: number
}

export interface MergeOptions {
  readonly signal?: AbortSignal | undefined
  /** zstd level of what is encoded again, 1 unless told. */
  readonly level?: number
}

interface Place {
  readonly pack: PackReader
  readonly position: number
}

/**
 * Copies every object of some packs, durably, into one that nothing names yet. Values and what is a
 * difference to another object stay as they are stored; other objects are stored again, as more ids can be cut out of
 * them. Where an object lies in several of the packs, the copy that the fewest bases lead to is taken, so that what is
 * made of it can still be read.
 */
export async function mergePacks(
  store: ObjectStore,
  names: readonly string[],
  options: MergeOptions = {},
): Promise<MergedPack> {
  const places = new Map<Id, Place>()
  for (const name of names) {
    const pack = await openPack(store, name)
    let position = 0
    for await (const id of pack.ids()) {
      const other = places.get(id)
      const place = { pack, position: position++ }
      if (other === undefined || (await isShallower(place, other, id))) places.set(id, place)
    }
  }
  const positions = new Map<Id, number>()
  for (const id of places.keys()) positions.set(id, positions.size)
  const writer = new PackWriter(store.storage, positions)
  try {
    for (const [id, { pack, position }] of places) {
      if (options.signal?.aborted) throw new VarveError('interrupted', 'interrupted')
      await copy(store, await pack.recordAt(position, id), writer, options.level ?? 1)
    }
    const name = await writer.publish()
    store.adopt(name, writer.length)
    return { name, size: writer.length, objects: writer.records }
  } catch (error) {
    await writer.discard()
    throw error
  }
}

async function copy(
  store: ObjectStore,
  record: StoredRecord,
  writer: PackWriter,
  level: number,
): Promise<void> {
  const { id, kind, base } = record
  const asStored = base !== undefined || kind === 'column' || kind === 'blob'
  if (asStored) return writer.addRecord(record)
  await writer.add(id, kind, (await store.readAny(id)).bytes, level)
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
