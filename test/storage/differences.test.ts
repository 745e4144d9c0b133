import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/core/bytes.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { hasCode } from '../../src/core/errors.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { mergePacks } from '../../src/storage/merge-packs.ts'
import { type ObjectStore, openObjectStore } from '../../src/storage/object-store.ts'
import { BYTES_DELTA, encodeBody, encodeDifference } from '../../src/storage/pack-encoding.ts'
import type { PackRecord } from '../../src/storage/pack-record.ts'
import { PackWriter } from '../../src/storage/pack-writer.ts'
import { MAX_DEPTH } from '../../src/storage/read-chain.ts'
import { repack } from '../../src/storage/repack.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { seededRandom } from '../support/seeded-random.ts'

const encoder = new TextEncoder()

/** Versions of a column, one value after another corrected. */
function versions(count: number, rows: number): Uint8Array[] {
  const random = seededRandom(count)
  const values = Array.from({ length: rows }, () => Math.round(1e6 * random()) / 100)
  return Array.from({ length: count }, () => {
    values[Math.floor(rows * random())] = Math.round(1e6 * random()) / 100
    return encodeColumn(columnOf('float64', values))
  })
}

/** Each in a pack of its own, said to take the place of the one before. */
async function writeVersions(storage: Storage, list: readonly Uint8Array[]): Promise<Id[]> {
  const store = openObjectStore(storage)
  const ids: Id[] = []
  for (const bytes of list) {
    const batch = await store.begin()
    ids.push(await batch.put('column', bytes, { base: ids.at(-1) }))
    await batch.publish()
  }
  return ids
}

async function recordsOf(store: ObjectStore): Promise<Map<Id, PackRecord>> {
  const records = new Map<Id, PackRecord>()
  for (const { name } of await store.packs()) {
    for await (const record of (await store.openPack(name))!.scan()) records.set(record.id, record)
  }
  return records
}

/** A storage with these records in one pack. */
async function packOf(...records: PackRecord[]): Promise<Storage> {
  const storage = createMemoryStorage()
  const writer = new PackWriter(
    storage,
    new Map(records.map((record, position) => [record.id, position])),
  )
  for (const record of records) await writer.addRecord(record)
  await writer.publish()
  return storage
}

describe('what takes the place of something', () => {
  it('is stored as the difference, and read as it is, in every order', async () => {
    const storage = createMemoryStorage()
    const list = versions(40, 300)
    const ids = await writeVersions(storage, list)
    const records = await recordsOf(openObjectStore(storage))
    for (const [i, id] of ids.entries()) {
      expect(records.get(id)?.depth ?? 0).toBe(i)
      if (i > 0) expect(records.get(id)!.body.length).toBeLessThan(20)
    }
    for (const order of [[...ids.keys()], [...ids.keys()].reverse(), [39, 3, 20, 0]]) {
      const store = openObjectStore(storage, { verify: 'always' })
      for (const i of order) {
        expect(equalBytes((await store.readAny(ids[i]!)).bytes, list[i]!)).toBe(true)
      }
    }
  })

  it('is whole again before too many differences lead to it, or too many bytes', async () => {
    const long = createMemoryStorage()
    await writeVersions(long, versions(MAX_DEPTH + 20, 20))
    const wide = createMemoryStorage()
    await writeVersions(wide, versions(70, 32_768))
    for (const [storage, most] of [
      [long, MAX_DEPTH],
      [wide, 64],
    ] as const) {
      const depths = [...(await recordsOf(openObjectStore(storage))).values()].map(
        ({ depth = 0 }) => depth,
      )
      expect(Math.max(...depths)).toBeLessThanOrEqual(most)
      expect(depths.filter((depth) => depth === 0).length).toBe(2)
    }
  })

  it('is read where others wrote it too, and what it is made of is stored otherwise since', async () => {
    const storage = createMemoryStorage()
    const [first, second, third] = versions(3, 500)
    const [old] = await writeVersions(storage, [first!])
    const [one, other] = [openObjectStore(storage), openObjectStore(storage)]
    const [fast, slow] = [await one.begin(), await other.begin()]
    const id = await fast.put('column', second!, { base: old })
    await slow.put('column', second!, { base: old })
    const last = await slow.put('column', third!, { base: id })
    await fast.publish()
    const names = await one.packNames()
    await repack(one, names, [id, old!])
    await slow.publish()
    await one.removePacks(names)
    for (const order of [
      [last, id, old],
      [old, id, last],
    ]) {
      const store = openObjectStore(storage, { cacheBytes: 0, verify: 'always' })
      for (const each of order) await store.readAny(each!)
      for (const { name } of await store.packs()) expect(await store.verifyPack(name)).toEqual([])
    }
  })

  it('is found within the batch that it is written in', async () => {
    const batch = await openObjectStore(createMemoryStorage()).begin()
    const list = versions(10, 500)
    let base: Id | undefined
    for (const bytes of list) {
      base = await batch.put('column', bytes, { base })
      expect((await batch.readAny(base)).bytes).toEqual(bytes)
    }
  })

  it('is whole where what it takes the place of is of another kind, or gone, or damaged', async () => {
    const storage = createMemoryStorage()
    const [first, second] = versions(2, 500)
    const store = openObjectStore(storage)
    for (const base of [
      hashObject('blob', encoder.encode('nowhere')),
      await (async () => {
        const batch = await store.begin()
        const id = await batch.put('blob', first!)
        await batch.publish()
        return id
      })(),
    ]) {
      const batch = await store.begin()
      const id = await batch.put('column', second!, { base })
      expect((await batch.readAny(id)).depth).toBe(0)
    }
  })
})

describe('a difference that cannot be read', () => {
  const [base, fresh] = [encoder.encode('one text of many'), encoder.encode('one text of more')]
  const baseId = hashObject('blob', base)
  const id = hashObject('blob', fresh)
  const difference = async (): Promise<PackRecord> => ({
    ...(await encodeDifference('blob', fresh, base, 1))!,
    id,
    kind: 'blob',
    length: fresh.length,
    base: baseId,
    depth: 1,
  })

  it('names what it is made of and that this is missing', async () => {
    const store = openObjectStore(await packOf(await difference()))
    await expect(store.readAny(id)).rejects.toSatisfy(
      (e) => hasCode(e, 'corrupt-object') && e.message.includes(id) && e.message.includes(baseId),
    )
    const [{ name } = { name: '' }] = await store.packs()
    expect((await store.verifyPack(name)).length).toBe(1)
  })

  it('is refused where it is made of itself, or of what is made of it', async () => {
    const record = await difference()
    const other: PackRecord = { ...record, id: baseId, base: id, depth: 2 }
    for (const records of [
      [{ ...record, base: id }],
      [record, other],
      [{ ...record, depth: 3 }, other],
    ]) {
      const store = openObjectStore(await packOf(...records))
      await expect(store.readAny(id)).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
    }
  })

  it('is refused where too many bytes lead to it', async () => {
    const length = 1 << 24
    const zeros = new Uint8Array(length)
    const idOf = (i: number): Id => hashObject('blob', Uint8Array.of(i))
    const whole = { id: idOf(0), kind: 'blob', length, ...(await encodeBody('blob', zeros, 1)) }
    const same = (i: number) => ({
      ...{ id: idOf(i), kind: 'blob', length, method: BYTES_DELTA, body: Uint8Array.of(0) },
      ...{ base: idOf(i - 1), depth: i },
    })
    const records = [whole, ...Array.from({ length: 20 }, (_, i) => same(i + 1))] as PackRecord[]
    const store = openObjectStore(await packOf(...records))
    expect((await store.readAny(idOf(2))).bytes).toHaveLength(length)
    const outcome = await store.readAny(idOf(20)).then(
      () => 'read',
      (error) => error.code,
    )
    expect(outcome).toBe('corrupt-object')
  })

  it('is refused where its base is of another kind, or has other bytes', async () => {
    const record = await difference()
    const column = encodeColumn(columnOf('int8', [1, 2, 3]))
    const places = [
      { id: baseId, kind: 'tag', method: 0, length: base.length, body: base },
      { id: baseId, kind: 'blob', method: 0, length: 3, body: base.subarray(0, 3) },
      { id: baseId, kind: 'column', method: 0, length: column.length, body: column },
    ] as const
    for (const place of places) {
      const store = openObjectStore(await packOf(place, record))
      await expect(store.readAny(id)).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
    }
  })
})

it('what is not an object of its id is not stored again as one', async () => {
  const text = encoder.encode('not a tree of that name')
  const id = hashObject('tree', text.subarray(1))
  const store = openObjectStore(
    await packOf({ id, kind: 'tree', method: 0, length: text.length, body: text }),
  )
  const names = await store.packNames()
  for (const attempt of [mergePacks(store, names), repack(store, names, [id])]) {
    await expect(attempt).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
  }
  expect(await store.packNames()).toEqual(names)
})
