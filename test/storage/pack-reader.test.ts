import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import type { StoredObject } from '../../src/core/objects.ts'
import { BlockCache } from '../../src/storage/block-cache.ts'
import type { CutId } from '../../src/storage/cut-ids.ts'
import { decodeObject } from '../../src/storage/decode-object.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { RAW } from '../../src/storage/pack-encoding.ts'
import { encodeIndex, PACK_MAGIC } from '../../src/storage/pack-index.ts'
import { PackReader } from '../../src/storage/pack-reader.ts'
import { encodeRecord } from '../../src/storage/pack-record.ts'
import { PackWriter, packPath } from '../../src/storage/pack-writer.ts'
import type { FoundRecord } from '../../src/storage/read-chain.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { storageWithPack } from '../support/packs.ts'

const bytesOf = (number: number): Uint8Array => {
  const bytes = new Uint8Array(300)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * i) % 251
  bytes[7] = number
  return bytes
}
const idOf = (number: number): Id => hashObject('blob', bytesOf(number))
const absent = idOf(99)
const ids = [idOf(1), idOf(2), idOf(3)]

/** A pack of three: one that is whole, one made of it, and one made of what is not in the pack. */
async function somePack() {
  const storage = createMemoryStorage()
  const writer = new PackWriter(storage)
  await writer.add(ids[0]!, 'blob', bytesOf(1), 1)
  await writer.add(ids[1]!, 'blob', bytesOf(2), 1, { id: ids[0]!, bytes: bytesOf(1), depth: 0 })
  await writer.add(ids[2]!, 'blob', bytesOf(3), 1, { id: absent, bytes: bytesOf(99), depth: 4 })
  const name = await writer.publish()
  return { storage, name, bytes: (await storage.get(packPath(name)))!, end: writer.end! }
}

async function opened(blocks?: BlockCache): Promise<PackReader> {
  const { storage, name, bytes } = await somePack()
  return PackReader.open(storage, name, bytes.length, blocks)
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** The ranges that are read of a storage. */
function watched(storage: Storage): { storage: Storage; ranges: [number, number][] } {
  const ranges: [number, number][] = []
  const seen = Object.assign(Object.create(storage) as Storage, {
    location: storage.location,
    range(name: string, offset: number, length: number) {
      ranges.push([offset, length])
      return storage.range(name, offset, length)
    },
  })
  return { storage: seen, ranges }
}

describe.each([
  ['the storage', () => opened()],
  ['blocks', () => opened(new BlockCache())],
  [
    'what was just written',
    async () => {
      const { storage, name, bytes, end } = await somePack()
      return PackReader.ofWritten(storage, name, bytes.length, end, new BlockCache())!
    },
  ],
])('a pack that is read from %s', (_, open) => {
  it('has its objects in the order of their records', async () => {
    const pack = await open()
    expect(pack.records).toBe(3)
    expect(await listed(pack.ids())).toEqual(ids)
    expect((await listed(pack.scan())).map(({ id }) => id)).toEqual(ids)
    const prefixes = ids.map((id) => Number.parseInt(id.slice(0, 12), 16)).sort((a, b) => a - b)
    expect([...pack.prefixes()].sort((a, b) => a - b)).toEqual(prefixes)
    expect(await pack.find(ids[1]!.slice(0, 10))).toEqual([ids[1]])
    expect(await pack.has(ids[2]!)).toBe(true)
    expect(await pack.has(absent)).toBe(false)
  })

  it('gives a record by its id and by its place, with the bytes that it takes', async () => {
    const pack = await open()
    const record = await pack.record(ids[1]!)
    expect(record).toMatchObject({ id: ids[1], kind: 'blob', length: 300, base: ids[0], depth: 1 })
    expect(await pack.recordAt(1)).toEqual(record)
    expect(await pack.recordAt(1, ids[1]!)).toEqual(record)
    expect(await pack.record(absent)).toBeUndefined()
    const sizes = (await listed(pack.scan())).map(({ stored }) => stored)
    const [whole = 0, difference = 0] = sizes
    expect(whole).toBeGreaterThan(150)
    expect(difference).toBeLessThan(80)
    const { bytes, end } = await somePack()
    expect(sizes.reduce((sum, size) => sum + size, 8) + end.length).toBe(bytes.length)
  })

  it('names what an object is made of, in the pack or not', async () => {
    const pack = await open()
    expect(await Promise.all(ids.map((id) => pack.baseOf(id)))).toEqual([undefined, ids[0], absent])
    expect(await pack.baseOf(absent)).toBeUndefined()
  })
})

describe('the end of a pack', () => {
  it('is read at once, and of a long one no more than is asked for', async () => {
    const { storage, name, bytes } = await somePack()
    const short = watched(storage)
    await PackReader.open(short.storage, name, bytes.length)
    expect(short.ranges).toEqual([[0, bytes.length]])
    const other = createMemoryStorage()
    const writer = new PackWriter(other)
    for (let i = 0; i < 1200; i++) {
      const body = new Uint8Array(60).fill(i)
      body[0] = i >> 8
      const id = hashObject('blob', body)
      await writer.addRecord({ id, kind: 'blob', method: RAW, length: 60, body })
    }
    const long = watched(other)
    const size = writer.length
    const pack = await PackReader.open(long.storage, await writer.publish(), writer.length)
    expect(long.ranges).toEqual([
      [writer.length - 32 * 1024, 32 * 1024],
      [size, writer.end!.length - 14],
    ])
    expect(pack.records).toBe(1200)
    expect(await pack.has(idOf(1))).toBe(false)
  })

  it('that was just written is read again where it is too long to be held', async () => {
    const storage = createMemoryStorage()
    const writer = new PackWriter(storage)
    for (let i = 0; i < 7500; i++) {
      const body = Uint8Array.of(i, i >> 8)
      const id = hashObject('blob', body)
      await writer.addRecord({ id, kind: 'blob', method: RAW, length: 2, body })
    }
    const name = await writer.publish()
    const { length, end } = writer
    const blocks = new BlockCache()
    expect(PackReader.ofWritten(storage, name, length, end!, blocks)).toBeUndefined()
    const pack = await PackReader.open(storage, name, length)
    expect((await listed(pack.ids())).length).toBe(7500)
  })
})

describe('a pack that cannot be opened', () => {
  const attempt = async (change: (bytes: Uint8Array) => Uint8Array) => {
    const { name, bytes } = await somePack()
    const changed = change(bytes)
    const storage = await storageWithPack(name, changed)
    return { name, storage, opening: PackReader.open(storage, name, changed.length) }
  }

  it.each<[string, string, (bytes: Uint8Array) => Uint8Array]>([
    ['cut short', 'it is cut short', (bytes) => bytes.slice(0, 21)],
    ['nothing but a beginning', 'the footer does not fit', (bytes) => bytes.slice(0, 22)],
    ['without its end', 'the footer does not fit', (bytes) => bytes.slice(0, -9)],
    ['of another index', 'the checksum of the index', (b) => b.with(b.length - 30, 1)],
    ['empty', 'it does not begin as it must', (bytes) => bytes.slice(0, 0)],
    ['nothing of varve', 'it does not begin as it must', (bytes) => bytes.fill(7)],
    ['of another program', 'it does not begin as it must', (b) => b.slice(0, 21).with(6, 7)],
  ])('is damaged: %s', async (_, reason, change) => {
    const { name, storage, opening } = await attempt(change)
    await expect(opening).rejects.toMatchObject({
      code: 'corrupt-pack',
      message: expect.stringContaining(`pack ${name} is damaged: ${reason}`),
      data: { pack: name, location: storage.location },
    })
  })

  it.each([
    [1, 'before 1.0'],
    [3, 'a newer varve'],
  ])('is of version %i of the format, which says what to do', async (version, hint) => {
    const { name, opening } = await attempt((bytes) => bytes.slice(0, 40).with(7, version))
    await expect(opening).rejects.toMatchObject({
      code: 'unsupported-format',
      message: `pack ${name} has version ${version} of the format`,
      hint: expect.stringContaining(hint),
      data: { pack: name, version, supported: 2 },
    })
  })

  it('fails as its storage does', async () => {
    const { storage, name, bytes } = await somePack()
    const failing = controlStorage(storage, {
      before: () => {
        throw new VarveError('io', 'unplugged')
      },
    })
    const opening = PackReader.open(failing, name, bytes.length)
    await expect(opening).rejects.toMatchObject({ code: 'io', message: 'unplugged' })
  })
})

describe('a record that is damaged', () => {
  it('is told with its object and its pack', async () => {
    const { name, bytes } = await somePack()
    const bad = bytes.with(40, bytes[40]! ^ 1)
    const pack = await PackReader.open(await storageWithPack(name, bad), name, bad.length)
    const told = { code: 'corrupt-object', data: { id: ids[0], pack: name } }
    await expect((async () => pack.record(ids[0]!))()).rejects.toMatchObject(told)
    await expect(listed(pack.scan())).rejects.toMatchObject(told)
    expect(await pack.record(ids[1]!)).toMatchObject({ id: ids[1] })
  })
})

describe('a record that refers to another by its place', () => {
  const body = bytesOf(1)
  const attempt = async (placeOf: (id: Id) => number | undefined, cuts: CutId[], base?: Id) => {
    const own = hashObject('commit', body)
    const made = { id: own, kind: 'commit', method: RAW, length: body.length, body, cuts } as const
    const record = encodeRecord({ ...made, ...(base && { base, depth: 1 }) }, 0, placeOf)
    const bytes = Buffer.concat([PACK_MAGIC, record, encodeIndex([own], [8 + record.length])])
    const name = createHash('sha256').update(bytes).digest('hex')
    const pack = await PackReader.open(await storageWithPack(name, bytes), name, bytes.length)
    return { pack, own, reading: (async () => pack.record(own))() }
  }
  const told = expect.objectContaining({
    code: 'corrupt-object',
    message: expect.stringContaining('it refers to what is not in the pack'),
  })

  it('is damaged where the pack has no such place, also for who asks what it is made of', async () => {
    const { pack, own, reading } = await attempt(() => 1, [], ids[1])
    await expect(reading).rejects.toEqual(told)
    await expect(pack.baseOf(own)).rejects.toEqual(told)
  })

  it('is damaged where it is so with one of several', async () => {
    const cuts = [idOf(1), idOf(2)].map((id) => ({ gap: 0, id }))
    const { reading } = await attempt((id) => (id === idOf(1) ? 0 : 7), cuts)
    await expect(reading).rejects.toEqual(told)
  })
})

describe('verifying a pack', () => {
  const other: StoredObject = { kind: 'blob', bytes: bytesOf(1) }
  const decode = async ({ record }: FoundRecord): Promise<StoredObject> => {
    const number = record.base === absent ? 99 : 1
    const base = record.base && { ...other, bytes: bytesOf(number) }
    return decodeObject(record, 'pack', base)
  }

  it('finds nothing wrong with one that is whole, and reads all of it', async () => {
    const pack = await opened()
    let read = 0
    expect(await pack.verify(decode, { onBytes: (count) => (read += count) })).toEqual([])
    expect(read).toBe(pack.size)
    expect(await pack.verify(decode)).toEqual([])
  })

  it('reads a long one in pieces', async () => {
    const storage = createMemoryStorage()
    const writer = new PackWriter(storage)
    const body = new Uint8Array(2_500_000).fill(1)
    const id = hashObject('blob', body)
    await writer.addRecord({ id, kind: 'blob', method: RAW, length: body.length, body })
    const pack = await PackReader.open(storage, await writer.publish(), writer.length)
    const read: number[] = []
    const plain = async (): Promise<StoredObject> => ({ kind: 'blob', bytes: body })
    expect(await pack.verify(plain, { onBytes: (count) => read.push(count) })).toEqual([])
    expect(read).toEqual([1 << 20, 1 << 20, pack.size - 2 * (1 << 20)])
  })

  it('does not look again at objects that were verified', async () => {
    const pack = await opened()
    const seen: Id[] = []
    const noting = (found: FoundRecord) => {
      seen.push(found.record.id)
      return decode(found)
    }
    await pack.verify(noting, { isVerified: (id) => id === ids[1] })
    expect(seen).toEqual([ids[0], ids[2]])
  })

  it('names an object whose bytes are not its own, and its pack', async () => {
    const pack = await opened()
    const problems = await pack.verify(async () => other)
    expect(problems.map(({ code, message, data }) => [code, message, data])).toEqual(
      [ids[1]!, ids[2]!].map((id) => [
        'corrupt-object',
        `the bytes of object ${id} are not its own`,
        { id, pack: pack.name },
      ]),
    )
  })

  it('names an object that is made of another which cannot be read, and that one', async () => {
    const pack = await opened()
    const failing = async (found: FoundRecord): Promise<StoredObject> => {
      const { base, id } = found.record
      if (base === undefined) return decode(found)
      if (base === absent) throw new VarveError('corrupt-object', 'own fault', { data: { id } })
      throw new VarveError('object-not-found', 'no base', { data: { id: base, more: 1 } })
    }
    const problems = await pack.verify(failing)
    expect(problems.map(({ code, message, data }) => [code, message, data])).toEqual([
      [
        'object-not-found',
        `object ${ids[1]} cannot be read: no base`,
        { id: ids[1], damaged: ids[0], more: 1 },
      ],
      ['corrupt-object', 'own fault', { id: ids[2] }],
    ])
    const about = await pack.verify(async () => {
      throw new VarveError('io', 'unplugged')
    })
    expect(about.map(({ data }) => data)).toEqual(ids.map((id) => ({ id })))
  })

  it('ends with what is no fault of the pack', async () => {
    const pack = await opened()
    const failing = async () => {
      throw new TypeError('not of varve')
    }
    await expect(pack.verify(failing)).rejects.toThrow('not of varve')
  })

  it('finds each byte that was changed, and goes on behind it', async () => {
    const { name, bytes } = await somePack()
    const bad = bytes.with(40, bytes[40]! ^ 1).with(7, 9)
    const pack = await PackReader.open(await storageWithPack(name, bad), name, bad.length)
    const problems = await pack.verify(decode)
    expect(problems.map(({ code, data }) => [code, data.pack, data.id])).toEqual([
      ['corrupt-pack', name, undefined],
      ['unsupported-format', name, undefined],
      ['corrupt-object', name, ids[0]],
    ])
    expect(problems[0]!.message).toBe(
      `pack ${name} is damaged: its bytes are not those that its name says`,
    )
  })
})
