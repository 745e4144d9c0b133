import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { idOf, moveOf } from '../support/transactions.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Bytes that take as many to store. */
function noise(length: number): Uint8Array {
  let state = length
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223
    return state >>> 24
  })
}

async function published(storage: Storage, ...texts: string[]): Promise<Id[]> {
  const batch = await openObjectStore(storage).begin()
  const ids: Id[] = []
  for (const text of texts) ids.push(await batch.put('blob', bytes(text)))
  await batch.publish()
  return ids
}

describe('object store', () => {
  it('gives back every kind of object, from the batch, the store and a new store', async () => {
    const storage = createMemoryStorage()
    const store = openObjectStore(storage)
    const batch = await store.begin()
    const long = new Uint8Array(3_000_000).map((_, i) => (i * i) >> 7)
    const blob = await batch.put('blob', long)
    const tree = await batch.put('tree', bytes('a tree'))
    const zeros = await batch.put('column', new Uint8Array(70_000_000))
    expect(await batch.read(tree, 'tree')).toEqual(bytes('a tree'))
    expect(Buffer.compare(await batch.read(blob, 'blob'), long)).toBe(0)
    const name = await batch.publish()
    expect(name).toMatch(/^[0-9a-f]{64}$/)
    for (const reader of [store, openObjectStore(storage, { verify: 'always' })]) {
      expect(await reader.read(tree, 'tree')).toEqual(bytes('a tree'))
      expect(Buffer.compare(await reader.read(blob, 'blob'), long)).toBe(0)
      expect((await reader.read(zeros, 'column')).length).toBe(70_000_000)
      expect((await reader.readAny(tree)).kind).toBe('tree')
    }
    expect((await storage.size(`packs/${name}.pack`))!).toBeLessThan(3_200_000)
  })

  it('publishes nothing when nothing is new', async () => {
    const storage = createMemoryStorage()
    await published(storage, 'one', 'two')
    const store = openObjectStore(storage)
    const empty = await store.begin()
    expect(await empty.publish()).toBeUndefined()
    const same = await store.begin()
    await same.put('blob', bytes('one'))
    await same.put('blob', bytes('two'))
    expect(same.objects).toBe(0)
    expect(await same.publish()).toBeUndefined()
    expect(await storage.list('packs/')).toHaveLength(1)
  })

  it('writes an object once though it is put many times at once', async () => {
    const store = openObjectStore(createMemoryStorage())
    const batch = await store.begin()
    const text = bytes('again and again '.repeat(50))
    const ids = await Promise.all(Array.from({ length: 10 }, () => batch.put('blob', text)))
    expect(new Set(ids).size).toBe(1)
    expect(batch.objects).toBe(1)
    await batch.publish()
    expect(await store.packs()).toMatchObject([{ objects: 1 }])
  })

  it('names a pack by its content: the same objects in the same order, the same name', async () => {
    const names = await Promise.all(
      [1, 2].map(async () => {
        const batch = await openObjectStore(createMemoryStorage()).begin()
        for (let i = 0; i < 100; i++) await batch.put('blob', bytes(`object ${i}`))
        return batch.publish()
      }),
    )
    expect(names[0]).toBe(names[1])
  })

  it('finds packs that another process published since it looked', async () => {
    const storage = createMemoryStorage()
    const store = openObjectStore(storage)
    const [first] = await published(storage, 'first')
    expect(await store.has(first!)).toBe(true)
    const [second] = await published(storage, 'second')
    expect(await store.has(second!)).toBe(false)
    expect(await store.has(second!, { fresh: true })).toBe(true)
    const [third] = await published(storage, 'third')
    expect(await store.read(third!, 'blob')).toEqual(bytes('third'))
  })

  it('says object-not-found, and corrupt-object for the wrong kind', async () => {
    const storage = createMemoryStorage()
    const store = openObjectStore(storage)
    const [id] = await published(storage, 'a blob')
    const absent = hashObject('blob', bytes('absent'))
    await expect(store.read(absent, 'blob')).rejects.toSatisfy((e) =>
      hasCode(e, 'object-not-found'),
    )
    expect(await store.readIfPresent(absent)).toBeUndefined()
    await expect(store.read(id!, 'tree')).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
    const batch = await store.begin()
    const own = await batch.put('blob', bytes('another'))
    await expect(batch.read(own, 'tree')).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
  })

  it('finds ids by prefix of any length, in all packs, each once', async () => {
    const storage = createMemoryStorage()
    const ids = new Set<Id>()
    for (let pack = 0; pack < 4; pack++) {
      const texts = Array.from({ length: 80 }, (_, i) => `${pack} ${i}`)
      for (const id of await published(storage, ...texts)) ids.add(id)
    }
    const store = openObjectStore(storage)
    const all = [...ids].sort()
    for (const length of [1, 2, 3, 11, 12, 13, 40, 64]) {
      const prefix = all[17]!.slice(0, length)
      expect(await store.find(prefix)).toEqual(all.filter((id) => id.startsWith(prefix)))
    }
    expect(await store.find(all[3]!.slice(0, 20).toUpperCase())).toEqual([all[3]])
    expect(await store.find('xyz')).toEqual([])
    expect(await store.find('')).toEqual([])
  })

  it('iterates over all objects with what they take', async () => {
    const storage = createMemoryStorage()
    const ids = [
      ...(await published(storage, 'a', 'b'.repeat(1000))),
      ...(await published(storage, 'c')),
    ]
    const store = openObjectStore(storage)
    const found = []
    for await (const object of store.objects()) found.push(object)
    expect(found.map(({ id }) => id).sort()).toEqual(ids.sort())
    const long = found.find(({ length }) => length === 1000)!
    expect(long).toMatchObject({ kind: 'blob' })
    expect(long.stored).toBeLessThan(100)
  })

  it('leaves nothing behind when a batch is discarded or interrupted', async () => {
    const storage = createMemoryStorage()
    const store = openObjectStore(storage)
    const batch = await store.begin()
    const id = await batch.put(
      'blob',
      new Uint8Array(2_000_000).map((_, i) => (i * i) >> 5),
    )
    await batch.discard()
    expect(await store.has(id, { fresh: true })).toBe(false)
    await expect(batch.put('blob', bytes('x'))).rejects.toSatisfy((e) => hasCode(e, 'io'))

    const controller = new AbortController()
    const stopped = await store.begin({ signal: controller.signal })
    await stopped.put('blob', bytes('x'))
    controller.abort()
    const interrupted = (e: unknown): boolean => hasCode(e, 'interrupted')
    await expect(stopped.put('blob', bytes('y'))).rejects.toSatisfy(interrupted)
    await expect(stopped.publish()).rejects.toSatisfy(interrupted)
    await stopped.discard()
    expect(await storage.list('packs/')).toEqual([])
  })

  it('keeps 64 MiB values and refuses larger ones that are not plain content', async () => {
    const store = openObjectStore(createMemoryStorage())
    const batch = await store.begin()
    await batch.put('series', new Uint8Array(64 * 1024 * 1024))
    await expect(batch.put('series', new Uint8Array(66 * 1024 * 1024))).rejects.toSatisfy((e) =>
      hasCode(e, 'too-large'),
    )
    await batch.discard()
  })

  it('finds objects in hundreds of packs, many at once', async () => {
    const storage = createMemoryStorage()
    const ids: Id[] = []
    for (let i = 0; i < 200; i++) ids.push(...(await published(storage, `pack ${i}`)))
    const store = openObjectStore(storage)
    const found = await Promise.all(ids.map((id) => store.read(id, 'blob')))
    expect(found).toEqual(ids.map((_, i) => bytes(`pack ${i}`)))
    expect(await store.packs()).toHaveLength(200)
  })

  it('opens the newest and the largest of many packs before the others', async () => {
    const storage = createMemoryStorage()
    const [old] = await published(storage, 'an old one', 'much else '.repeat(500))
    for (let i = 0; i < 20; i++) await published(storage, `pack ${i}`)
    const opened = new Set<string>()
    const range = storage.range.bind(storage)
    storage.range = (name, offset, length) => {
      opened.add(name)
      return range(name, offset, length)
    }
    const store = openObjectStore(storage)
    expect((await store.readAny(old!)).bytes).toEqual(bytes('an old one'))
    expect(opened.size).toBe(2)
    await store.readAny(hashObject('blob', bytes('pack 19')))
    expect(opened.size).toBeLessThanOrEqual(3)
  })

  it('writes again, rather than look everywhere, what lies in one of very many packs', async () => {
    const storage = createMemoryStorage()
    for (let i = 0; i < 300; i++) await published(storage, `pack ${i}`)
    const store = openObjectStore(storage)
    const batch = await store.begin()
    await batch.put('blob', bytes('pack 299'))
    expect(batch.objects).toBe(0)
    await batch.put('blob', noise(20_000))
    const ids: Id[] = []
    for (let i = 0; i < 300; i++) ids.push(await batch.put('blob', bytes(`pack ${i}`)))
    expect(batch.objects).toBeGreaterThan(1)
    expect(batch.objects).toBeLessThan(241)
    for (const id of ids) expect(await store.has(id)).toBe(true)
  })

  it('opens few packs for a batch of few bytes, and more for one of many', async () => {
    const storage = createMemoryStorage()
    for (let i = 0; i < 40; i++) await published(storage, `pack ${i}`)
    const opened = new Set<string>()
    const store = openObjectStore(
      controlStorage(storage, {
        before: (call, name) => {
          if (call === 'range') opened.add(name)
        },
      }),
    )
    const batch = await store.begin()
    for (let i = 0; i < 5; i++) await batch.put('blob', bytes(`new ${i}`))
    expect(opened.size).toBe(8)
    await batch.put('blob', noise(20_000))
    expect(opened.size).toBe(40)
    await batch.discard()
    const other = await openObjectStore(storage).begin()
    await other.put('blob', noise(15_000))
    await other.put('blob', noise(2_000))
    await other.put('blob', bytes('pack 0'))
    expect(other.objects).toBe(2)
    await other.discard()
  })

  it('finds an object again after the packs were put together into another', async () => {
    const storage = createMemoryStorage()
    const [id] = await published(storage, 'moves')
    const store = openObjectStore(storage)
    expect(await store.has(id!)).toBe(true)
    for (const { name } of await storage.list('packs/')) await storage.delete(name)
    await published(storage, 'moves', 'another')
    expect(await store.read(id!, 'blob')).toEqual(bytes('moves'))
    expect(await store.packNames()).toHaveLength(1)
  })
})

describe('a commit', () => {
  it('takes four fsyncs, however many objects', async () => {
    const synced: string[] = []
    const folder = join(temporaryFolder(), 'r.varve')
    await initRepositoryFolder(folder)
    const storage = openFileSystemStorage(folder, { onSync: (path) => synced.push(path) })
    const [objects, log] = [openObjectStore(storage), openRefLog(storage)]
    for (let i = 0; i < 3; i++) {
      const batch = await objects.begin()
      for (let row = 0; row < 2000 * i + 1; row++) await batch.put('blob', bytes(`${i} ${row}`))
      const pack = (await batch.publish())!
      await log.append({ ...moveOf(`refs/heads/b${i}`, undefined, idOf('x')), packs: [pack] })
      const places = synced.splice(0).map((path) => basename(dirname(path)))
      expect(places).toEqual(['tmp', 'r.varve', 'tmp', 'r.varve'])
    }
    await storage.close()
  })
})
