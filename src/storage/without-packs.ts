import { packPath } from './pack-writer.ts'
import { copyAside } from './set-aside.ts'
import type { Storage, StorageWriter } from './storage.ts'

/**
 * A storage as it would be if some packs were not there. Where a pack is written that has the name of one of them, as it
 * has the bytes that the name says, it takes the place of that, which is copied aside first.
 */
export function withoutPacks(storage: Storage, packs: ReadonlySet<string>): Storage {
  const hidden = new Set([...packs].map(packPath))
  return {
    location: storage.location,
    get: async (name) => (hidden.has(name) ? undefined : storage.get(name)),
    range: (name, offset, length) => storage.range(name, offset, length),
    size: async (name) => (hidden.has(name) ? undefined : storage.size(name)),
    putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
    async create(): Promise<StorageWriter> {
      const writer = await storage.create()
      return {
        write: (bytes) => writer.write(bytes),
        range: (offset, length) => writer.range(offset, length),
        async publish(name) {
          if (!hidden.delete(name)) return writer.publish(name)
          await copyAside(storage, name)
          await storage.delete(name)
          return writer.publish(name)
        },
        discard: () => writer.discard(),
      }
    },
    list: async (prefix) => (await storage.list(prefix)).filter(({ name }) => !hidden.has(name)),
    delete: (name) => storage.delete(name),
    sweep: (before) => storage.sweep(before),
    close: () => storage.close(),
  }
}
