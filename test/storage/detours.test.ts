import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { packPath } from '../../src/storage/pack-writer.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { seededRandom } from '../support/seeded-random.ts'

/** Three versions, each a few bytes away from the one before. */
function versions(): Uint8Array[] {
  const random = seededRandom(1)
  const first = Uint8Array.from({ length: 4000 }, () => Math.floor(random() * 256))
  return [1, 2, 3].map((version) => {
    const bytes = first.slice()
    for (let i = 0; i < version; i++) bytes[i * 700] = version
    return bytes
  })
}

/** A pack in which each version is made of the one before. */
async function chained(storage: Storage): Promise<{ name: string; ids: Id[] }> {
  const batch = await openObjectStore(storage).begin()
  const ids: Id[] = []
  for (const bytes of versions()) ids.push(await batch.put('blob', bytes, { base: ids.at(-1) }))
  return { name: (await batch.publish())!, ids }
}

async function withDamage(name: string, storage: Storage): Promise<Storage> {
  const damaged = createMemoryStorage()
  const bytes = (await storage.get(packPath(name)))!
  // In the first record, which all the others are made of.
  bytes[100]! ^= 1
  await damaged.putIfAbsent(packPath(name), bytes)
  return damaged
}

describe('an object made of what is made of something damaged', () => {
  it('cannot be read where nothing else has what it is made of', async () => {
    const storage = createMemoryStorage()
    const { name, ids } = await chained(storage)
    const store = openObjectStore(await withDamage(name, storage))
    await expect(store.readAny(ids[2]!)).rejects.toMatchObject({ code: 'corrupt-object' })
  })

  it('is read where another pack has what it is made of whole', async () => {
    const storage = createMemoryStorage()
    const { name, ids } = await chained(storage)
    expect(await openObjectStore(storage).baseOf(ids[2]!)).toBe(ids[1])
    const damaged = await withDamage(name, storage)
    const other = createMemoryStorage()
    const batch = await openObjectStore(other).begin()
    await batch.put('blob', versions()[1]!)
    const whole = packPath((await batch.publish())!)
    await damaged.putIfAbsent(whole, (await other.get(whole))!)
    const { bytes } = await openObjectStore(damaged).readAny(ids[2]!)
    expect(Buffer.compare(bytes, versions()[2]!)).toBe(0)
  })
})
