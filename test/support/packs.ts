import { type Id, idToBytes, objectKinds } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import type { Storage } from '../../src/storage/storage.ts'

/**
 * A storage with one pack: an object of each kind, short and raw or long and compressed, and one that
 * consists of ids.
 */
export async function somePack(): Promise<{ storage: Storage; name: string; ids: Id[] }> {
  const storage = createMemoryStorage()
  const batch = await openObjectStore(storage).begin()
  const ids: Id[] = []
  for (const [i, kind] of objectKinds.entries()) {
    const text = `an object of kind ${kind}. `.repeat(i % 2 === 0 ? 1 : 10)
    ids.push(await batch.put(kind, new TextEncoder().encode(text)))
  }
  const names = Buffer.concat([Buffer.of(1, 2, 3), ...ids.map((id) => idToBytes(id))])
  ids.push(await batch.put('columns', names))
  return { storage, name: (await batch.publish())!, ids }
}

/** A storage that holds nothing but these bytes under the pack's name. */
export async function storageWithPack(name: string, bytes: Uint8Array): Promise<Storage> {
  const storage = createMemoryStorage()
  await storage.putIfAbsent(`packs/${name}.pack`, bytes)
  return storage
}
