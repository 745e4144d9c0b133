import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { copyObjects, mergePacks, writePack } from '../../src/storage/merge-packs.ts'
import { type ObjectStore, openObjectStore } from '../../src/storage/object-store.ts'
import { PackWriter, packPath } from '../../src/storage/pack-writer.ts'
import { repack } from '../../src/storage/repack.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { storageWithPack } from '../support/packs.ts'

/** Versions of a column, each of which differs in one row from the one before. */
const versions = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, version) =>
    encodeColumn(
      columnOf(
        'int64',
        Array.from({ length: 500 }, (_, row) => BigInt(row === version ? -row - 1 : row * 7919)),
      ),
    ),
  )

/** Columns in packs of their own, each a difference to the one before; or, the other way round, to the one after. */
async function chained(
  storage: Storage,
  columns: readonly Uint8Array[],
): Promise<{ store: ObjectStore; names: string[]; ids: Id[] }> {
  const store = openObjectStore(storage)
  const names: string[] = []
  const ids: Id[] = []
  for (const canonical of columns) {
    const batch = await store.begin()
    ids.push(await batch.put('column', canonical, { base: ids.at(-1) }))
    names.push((await batch.publish())!)
  }
  return { store, names, ids }
}

describe('packs that are put together', () => {
  it('are newest first, with a mark where the name must be new', async () => {
    const columns = versions(4)
    const { store, names, ids } = await chained(createMemoryStorage(), columns)
    const order = [...ids].reverse()
    const first = await repack(store, names, order)
    const again = await repack(store, names, order)
    expect(again.name).toBe(first.name)
    const marked = await repack(store, names, order, { isNew: true })
    expect(marked.name).not.toBe(first.name)
    expect(marked.objects).toBe(first.objects + 1)
    for (const [at, id] of ids.entries()) {
      expect((await openObjectStore(store.storage).readAny(id)).bytes).toEqual(columns[at])
    }
    expect(await store.baseOf(ids[0]!, first.name)).toBe(ids[1])
  })

  it('hold what is asked for alone, whole where what it is made of is not', async () => {
    const columns = versions(4)
    const { store, names, ids } = await chained(createMemoryStorage(), columns)
    const other = createMemoryStorage()
    const only = new Set([ids[1]!, ids[3]!])
    const { name } = await repack(store, names, [hashObject('blob', columns[0]!), ...ids], {
      only,
      elsewhere: other,
    })
    const read = openObjectStore(other)
    expect((await read.packs()).map((pack) => pack.name)).toEqual([name])
    for (const at of [1, 3]) expect((await read.readAny(ids[at]!)).bytes).toEqual(columns[at])
    expect(await read.has(ids[0]!)).toBe(false)
  })

  it('stay as they are where it is interrupted, or something of them is gone or cannot be read', async () => {
    const columns = versions(2)
    const storage = createMemoryStorage()
    const { store, names, ids } = await chained(storage, columns)
    const signal = AbortSignal.abort()
    await expect(repack(store, names, ids, { signal })).rejects.toMatchObject({
      code: 'interrupted',
    })
    await expect(repack(store, ['ab'.repeat(32)], [])).rejects.toMatchObject({
      code: 'file-not-found',
    })
    expect((await storage.list('packs/')).length).toBe(2)
    const bytes = (await storage.get(packPath(names[0]!)))!
    bytes[12]! ^= 1
    const damaged = openObjectStore(await storageWithPack(names[0]!, bytes))
    await expect(repack(damaged, [names[0]!], [])).rejects.toMatchObject({ code: 'corrupt-object' })
  })

  it('are whole also where each of two was made of the other', async () => {
    const [a, b] = versions(2)
    const storage = createMemoryStorage()
    const one = await chained(storage, [a!, b!])
    const other = createMemoryStorage()
    const two = await chained(other, [b!, a!])
    // Only the differences of both: nothing that is whole.
    const both = createMemoryStorage()
    for (const [from, name] of [
      [storage, one.names[1]!],
      [other, two.names[1]!],
      [storage, one.names[0]!],
    ] as const) {
      await both.putIfAbsent(packPath(name), (await from.get(packPath(name)))!)
    }
    const store = openObjectStore(both)
    const names = [one.names[1]!, two.names[1]!]
    for (const merge of [
      () => mergePacks(store, names),
      () => copyObjects(store, names, new Set(one.ids)),
    ]) {
      const { name } = await merge()
      const alone = openObjectStore(await storageWithPack(name, (await both.get(packPath(name)))!))
      expect((await alone.readAny(one.ids[0]!)).bytes).toEqual(a)
      expect((await alone.readAny(one.ids[1]!)).bytes).toEqual(b)
    }
  })

  it('hold all that was planned, where it was planned', async () => {
    const store = openObjectStore(createMemoryStorage())
    const [a, b] = versions(2)
    const ids = [hashObject('column', a!), hashObject('column', b!)]
    const planned = new Map(ids.map((id, at) => [id, at]))
    await expect(writePack(store, planned, async () => undefined)).rejects.toMatchObject({
      code: 'io',
    })
    const writer = new PackWriter(createMemoryStorage(), planned)
    await expect(writer.add(ids[1]!, 'column', b!, 1)).rejects.toMatchObject({ code: 'io' })
    await writer.add(ids[0]!, 'column', a!, 1)
    await writer.add(ids[0]!, 'column', a!, 1)
    expect(writer.records).toBe(1)
    expect(await writer.record(ids[1]!)).toBeUndefined()
  })
})

describe('a storage that fails in another way than storages do', () => {
  it('is told of as it is, whatever was looked for', async () => {
    const { store, names, ids } = await chained(createMemoryStorage(), versions(3))
    const open = () =>
      openObjectStore(
        controlStorage(store.storage, {
          before: (call) => {
            if (call === 'range') throw new TypeError('not of varve')
          },
        }),
      )
    await expect(open().readAny(ids[0]!)).rejects.toThrow('not of varve')
    await expect(open().has(ids[0]!)).rejects.toThrow('not of varve')
    await expect(open().packs()).rejects.toThrow('not of varve')
    await expect(open().find('ab')).rejects.toThrow('not of varve')
    await expect(open().verifyPack(names[0]!)).rejects.toThrow('not of varve')
  })

  it('loses packs while they are listed: what took their place is found', async () => {
    const { store, names, ids } = await chained(createMemoryStorage(), versions(3))
    let isMerged = false
    const watched = openObjectStore(
      controlStorage(store.storage, {
        before: async (call) => {
          if (call !== 'range' || isMerged) return
          isMerged = true
          await mergePacks(store, names)
          await store.removePacks(names)
        },
      }),
    )
    expect((await watched.packs()).map(({ objects }) => objects)).toEqual([3])
    expect((await watched.readAny(ids[2]!)).kind).toBe('column')
  })
})

describe('what a store says of itself', () => {
  it('counts about what there is, small packs by their size', async () => {
    const { store } = await chained(createMemoryStorage(), versions(3))
    expect(await store.countAbout()).toBeGreaterThan(0)
    const batch = await store.begin()
    for (let i = 0; i < 300; i++) {
      const noise = Uint8Array.from(
        { length: 400 },
        (_, at) => Math.imul(i * 400 + at, 2654435761) >>> 24,
      )
      await batch.put('blob', noise)
    }
    await batch.publish()
    expect(await store.countAbout()).toBeGreaterThan(300)
  })

  it('gives how a column follows from another, unless all that is read is to be verified', async () => {
    const { store, ids } = await chained(createMemoryStorage(), versions(2))
    expect((await store.rowsFrom(ids[1]!))?.base).toBe(ids[0])
    expect(await store.rowsFrom(ids[0]!)).toBeUndefined()
    const always = openObjectStore(store.storage, { verify: 'always' })
    expect(await always.rowsFrom(ids[1]!)).toBeUndefined()
    expect((await always.readAny(ids[1]!)).depth).toBe(1)
  })

  it('has no pack that is not there', async () => {
    const { store } = await chained(createMemoryStorage(), versions(1))
    await expect(store.verifyPack('ab'.repeat(32))).rejects.toMatchObject({
      code: 'file-not-found',
    })
    expect(await store.openPack('ab'.repeat(32))).toBeUndefined()
  })
})
