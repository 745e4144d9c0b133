import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/core/bytes.ts'
import { hasCode, VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { encodeIndex, PACK_MAGIC } from '../../src/storage/pack-index.ts'
import { PackReader } from '../../src/storage/pack-reader.ts'
import { encodeRecord, type PackRecord } from '../../src/storage/pack-record.ts'
import { type PackTarget, PackWriter, packPath } from '../../src/storage/pack-writer.ts'
import type { Storage, StorageWriter } from '../../src/storage/storage.ts'
import { somePack, storageWithPack } from '../support/packs.ts'

/** A storage whose only pack holds these records. */
async function packOf(...records: PackRecord[]): Promise<Storage> {
  const storage = createMemoryStorage()
  const writer = new PackWriter(storage)
  for (const record of records) await writer.addRecord(record)
  await writer.publish()
  return storage
}

/** A storage whose only pack has these records, as bytes, and this end. */
async function sealed(records: Uint8Array, end: Uint8Array) {
  const bytes = Buffer.concat([PACK_MAGIC, records, end])
  const name = createHash('sha256').update(bytes).digest('hex')
  return { storage: await storageWithPack(name, bytes), name }
}

const encoder = new TextEncoder()
const text = encoder.encode('some bytes that are long enough to be worth a frame')
const id = hashObject('blob', text)

describe('damaged packs', () => {
  it('never give wrong data for any bit flipped: an error that names the object', async () => {
    const { storage, name, ids } = await somePack()
    const original = (await storage.get(`packs/${name}.pack`))!
    const truth = new Map<Id, Uint8Array>()
    for (const id of ids) truth.set(id, (await openObjectStore(storage).readAny(id)).bytes)
    const codes = new Set(['corrupt-object', 'corrupt-pack', 'unsupported-format'])
    let detected = 0
    let wrong = 0
    for (let at = 0; at < original.length; at++) {
      const bad = original.slice()
      bad[at]! ^= 1 << (at % 8)
      const damaged = await storageWithPack(name, bad)
      const store = openObjectStore(damaged)
      let failed = 0
      for (const id of ids) {
        try {
          if (!equalBytes((await store.readAny(id)).bytes, truth.get(id)!)) wrong++
        } catch (error) {
          if (!(error instanceof VarveError)) throw error
          const about = error.code === 'corrupt-object' ? id : name
          if (!codes.has(error.code) || !error.message.includes(about)) wrong++
          failed++
        }
      }
      if (failed > 0) detected++
      if ((await store.verifyPack(name)).length === 0) wrong++
    }
    expect(wrong).toBe(0)
    // All but the first bytes of the file, which only verifying the whole looks at.
    expect(detected).toBe(original.length - 8)
  }, 30_000)

  it('are refused when cut short, at any length', async () => {
    const { storage, name, ids } = await somePack()
    const original = (await storage.get(`packs/${name}.pack`))!
    for (let length = 0; length < original.length; length++) {
      const store = openObjectStore(await storageWithPack(name, original.slice(0, length)))
      await expect(store.readAny(ids[0]!)).rejects.toSatisfy((e) => hasCode(e, 'corrupt-pack'))
      expect(await store.verifyPack(name)).toHaveLength(1)
    }
  })

  it('are healed by writing the object again, and do not hide what another pack has', async () => {
    const { storage, name, ids } = await somePack()
    const bad = (await storage.get(`packs/${name}.pack`))!
    const good = await openObjectStore(storage).readAny(ids[0]!)
    bad[40]! ^= 1
    const damaged = await storageWithPack(name, bad)
    const store = openObjectStore(damaged)
    await expect(store.readAny(ids[0]!)).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
    const writer = new PackWriter(damaged)
    await writer.add(ids[0]!, good.kind, good.bytes, 1)
    await writer.publish()
    expect((await store.readAny(ids[0]!)).bytes).toEqual(good.bytes)
    expect((await openObjectStore(damaged).readAny(ids[0]!)).bytes).toEqual(good.bytes)
  })
})

describe('a pack that is written slowly', () => {
  /** A storage that looks at what is written at the end of each write. */
  function slow(storage: Storage): PackTarget {
    const create = async (): Promise<StorageWriter> => {
      const writer = await storage.create()
      const write = async (bytes: Uint8Array): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        await writer.write(bytes)
      }
      return {
        write,
        range: (offset, length) => writer.range(offset, length),
        publish: (name) => writer.publish(name),
        discard: () => writer.discard(),
      }
    }
    return { create }
  }

  it('is as it was given, in memory that serves again, and can be read meanwhile', async () => {
    const storage = createMemoryStorage()
    const writer = new PackWriter(slow(storage))
    const given = new Map<Id, Uint8Array>()
    const lengths = [700_000, 200_000, 10, 3_000_000, 1, 900_000]
    for (let i = 0; i < 40; i++) {
      const bytes = new Uint8Array(lengths[i % lengths.length]!).fill(i)
      bytes[0] = 255 - i
      const blob = hashObject('blob', bytes)
      given.set(blob, bytes)
      await writer.addRecord({
        id: blob,
        kind: 'blob',
        method: 0,
        length: bytes.length,
        body: bytes,
      })
      const [other, expected] = [...given][(i * 7) % given.size]!
      expect(Buffer.from((await writer.record(other))!.body).equals(expected)).toBe(true)
    }
    const name = await writer.publish()
    const store = openObjectStore(storage, { verify: 'always' })
    expect(await store.verifyPack(name)).toEqual([])
    for (const [blob, bytes] of given) {
      expect(Buffer.from((await store.readAny(blob)).bytes).equals(bytes)).toBe(true)
    }
  })
})

describe('a pack whose name is taken', () => {
  const write = async (storage: Storage): Promise<string> => {
    const batch = await openObjectStore(storage).begin()
    await batch.put('blob', text)
    return (await batch.publish())!
  }

  it('is the other one, where that is what its name says', async () => {
    const storage = createMemoryStorage()
    const writer = new PackWriter(storage)
    const name = await write(storage)
    await writer.add(id, 'blob', text, 1)
    expect(await writer.publish()).toBe(name)
  })

  it('is refused where the other one has been damaged: nobody is told that it is stored', async () => {
    const storage = createMemoryStorage()
    const name = await write(storage)
    const bytes = (await storage.get(packPath(name)))!
    for (const bad of [
      bytes.slice(0, -3),
      bytes.map((byte, at) => (at === bytes.length - 1 ? ~byte : byte)),
    ]) {
      const damaged = await storageWithPack(name, bad)
      await expect(write(damaged)).rejects.toMatchObject({
        code: 'corrupt-pack',
        data: { pack: name },
        hint: expect.stringContaining('--salvage'),
      })
      expect(await damaged.get(packPath(name))).toEqual(bad)
    }
  })
})

describe('records', () => {
  it('of an encoding from the future are refused by name, not skipped', async () => {
    const storage = await packOf({ id, kind: 'blob', method: 9, length: 5, body: text })
    await expect(openObjectStore(storage).readAny(id)).rejects.toSatisfy(
      (e) => hasCode(e, 'unsupported-format') && e.data.id === id && e.data.encoding === 9,
    )
  })

  it('carry a base and parameters, which are covered by the checksum', async () => {
    const base = hashObject('blob', new Uint8Array(3))
    const record = { id, kind: 'blob', method: 9, length: 5, base, depth: 3, body: text } as const
    const parameters = Uint8Array.of(1, 2, 3)
    const storage = await packOf({ ...record, parameters })
    const [summary] = await openObjectStore(storage).packs()
    const reader = await PackReader.open(storage, summary!.name, summary!.size)
    expect(await reader.record(id)).toMatchObject({ ...record, parameters })
  })

  it('with a base or parameters that their encoding does not know are refused', async () => {
    const plain = { id, kind: 'blob', method: 0, length: text.length, body: text } as const
    const base = hashObject('blob', new Uint8Array(3))
    for (const more of [{ base, depth: 1 }, { parameters: Uint8Array.of(1) }]) {
      const store = openObjectStore(await packOf({ ...plain, ...more }))
      await expect(store.readAny(id)).rejects.toSatisfy((e) => hasCode(e, 'unsupported-format'))
    }
  })

  it('cannot make the reader allocate more than their bytes can stand for', async () => {
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00)
    for (const [method, length] of [
      [1, 3_000_000_000],
      [0, 3_000_000_000],
      [1, 2 ** 50],
    ] as const) {
      const storage = await packOf({ id, kind: 'blob', method, length, body: frame })
      await expect(openObjectStore(storage).readAny(id)).rejects.toSatisfy((e) =>
        hasCode(e, 'corrupt-object'),
      )
    }
  })

  it('of values with ids cut out are refused', async () => {
    const whole: PackRecord = { id, kind: 'blob', method: 0, length: text.length, body: text }
    const other = hashObject('blob', encoder.encode('other'))
    for (const kind of ['blob', 'column'] as const) {
      const cuts = [{ gap: 0, id }]
      const body = encoder.encode('other')
      const record = { id: other, kind, method: 0, length: 32 + body.length, cuts, body }
      const store = openObjectStore(await packOf(whole, record))
      await expect(store.readAny(other)).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
    }
  })

  it('whose base stands before the first are refused, also by who only asks for the base', async () => {
    const record = encodeRecord(
      { id, kind: 'blob', method: 3, length: text.length, base: id, depth: 1, body: text },
      0,
      () => -3,
    )
    const others = [1, 2, 3, 4].map((i) => hashObject('blob', Uint8Array.of(i)))
    const end = PACK_MAGIC.length + record.length
    const index = encodeIndex([id, ...others], [end, end, end, end, end])
    const store = openObjectStore((await sealed(record, index)).storage)
    for (const attempt of [store.baseOf(id), store.readAny(id)]) {
      await expect(attempt).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
    }
  })

  it('whose frame holds more or less than they declare are refused', async () => {
    const { compress } = await import('zstd-napi')
    const body = compress(text)
    for (const length of [0, text.length - 1, text.length + 1]) {
      const storage = await packOf({ id, kind: 'blob', method: 1, length, body })
      await expect(openObjectStore(storage).readAny(id)).rejects.toSatisfy((e) =>
        hasCode(e, 'corrupt-object'),
      )
    }
  })

  it('with another object under their id are found by fsck, and by every read when asked', async () => {
    const other = encoder.encode('another object')
    const record = { id, kind: 'blob', method: 0, length: other.length, body: other } as const
    const storage = await packOf(record)
    const store = openObjectStore(storage, { verify: 'always' })
    await expect(store.readAny(id)).rejects.toSatisfy((e) => hasCode(e, 'corrupt-object'))
    const [pack] = await store.packs()
    const problems = await store.verifyPack(pack!.name)
    expect(problems.map(({ code, data }) => [code, data.id])).toEqual([['corrupt-object', id]])
  })

  it('whose ids begin alike are told apart by the whole id', async () => {
    const twin = (id.slice(0, 20) + 'f'.repeat(44)) as Id
    const absent = (id.slice(0, 20) + '0'.repeat(44)) as Id
    const storage = await packOf(
      { id: twin, kind: 'blob', method: 0, length: 3, body: Uint8Array.of(1, 2, 3) },
      { id, kind: 'blob', method: 0, length: text.length, body: text },
    )
    const store = openObjectStore(storage)
    expect((await store.readAny(id)).bytes).toEqual(text)
    expect((await store.readAny(twin)).bytes).toEqual(Uint8Array.of(1, 2, 3))
    expect(await store.has(absent)).toBe(false)
    expect(await store.find(id.slice(0, 12))).toHaveLength(2)
    expect(await store.find(id.slice(0, 22))).toEqual([id])
  })
})

describe('packs', () => {
  it('of another version of the format are refused', async () => {
    const { storage, name, ids } = await somePack()
    const now = (await storage.get(`packs/${name}.pack`))!
    const before = Buffer.concat([PACK_MAGIC, Buffer.alloc(500, 7)])
    for (const [bytes, version] of [
      [now.slice(), 3],
      [before, 1],
    ] as const) {
      bytes[7] = version
      if (version === 3) bytes[bytes.length - 1]! ^= 1
      const store = openObjectStore(await storageWithPack(name, bytes))
      await expect(store.readAny(ids[0]!)).rejects.toSatisfy(
        (e) => e instanceof VarveError && e.code === 'unsupported-format',
      )
      const problems = await store.verifyPack(name)
      expect(problems.map(({ code, data }) => [code, data.version])).toEqual([
        ['unsupported-format', version],
      ])
    }
  })

  it('whose index leads outside their records are damaged, whatever its checksum', async () => {
    const record = encodeRecord(
      { id, kind: 'blob', method: 0, length: text.length, body: text },
      0,
      () => undefined,
    )
    const all = PACK_MAGIC.length + record.length
    for (const end of [all + 1, 4_000_000_000, 2 ** 47, 0, 7, 8, all - 1]) {
      const { storage, name } = await sealed(record, encodeIndex([id], [end]))
      const store = openObjectStore(storage)
      await expect(store.readAny(id)).rejects.toSatisfy(
        (e) => hasCode(e, 'corrupt-object') || hasCode(e, 'corrupt-pack'),
      )
      expect(await store.verifyPack(name)).not.toEqual([])
    }
  })

  it('whose index names what is not there, or the same twice, are damaged', async () => {
    const record = encodeRecord(
      { id, kind: 'blob', method: 0, length: text.length, body: text },
      0,
      () => undefined,
    )
    const end = PACK_MAGIC.length + record.length
    const index = encodeIndex([id, id], [end, end + record.length])
    const twice = await sealed(Buffer.concat([record, record]), index)
    expect(await openObjectStore(twice.storage).verifyPack(twice.name)).not.toEqual([])
    const one = Buffer.from(encodeIndex([id], [end]))
    // The only position, of one byte, before a footer of 14.
    one[one.length - 15] = 5
    const footer = one.subarray(-14, -8)
    const sum = createHash('sha256').update(PACK_MAGIC).update(one.subarray(0, -14)).update(footer)
    sum.digest().copy(one, one.length - 8, 0, 8)
    const { storage, name } = await sealed(record, one)
    const store = openObjectStore(storage)
    await expect(store.readAny(id)).rejects.toSatisfy((e) => hasCode(e, 'corrupt-pack'))
    expect(await store.verifyPack(name)).not.toEqual([])
  })

  it('have nothing between their records and their index', async () => {
    const record = encodeRecord(
      { id, kind: 'blob', method: 0, length: text.length, body: text },
      0,
      () => undefined,
    )
    const index = encodeIndex([id], [PACK_MAGIC.length + record.length])
    const { storage, name } = await sealed(Buffer.concat([record, new Uint8Array(5)]), index)
    const store = openObjectStore(storage)
    expect((await store.readAny(id)).bytes).toEqual(text)
    expect((await store.verifyPack(name)).map(({ code }) => code)).toEqual(['corrupt-pack'])
  })

  it('with 100,000 records open without reading them', async () => {
    const storage = createMemoryStorage()
    const store = openObjectStore(storage)
    const batch = await store.begin()
    const ids: Id[] = []
    for (let i = 0; i < 100_000; i++) ids.push(await batch.put('blob', encoder.encode(`row ${i}`)))
    await batch.publish()
    let read = 0
    const counting: Storage = Object.assign(Object.create(storage), {
      location: storage.location,
      list: storage.list.bind(storage),
      range(name: string, offset: number, length: number) {
        read += length
        return storage.range(name, offset, length)
      },
    })
    const fresh = openObjectStore(counting)
    for (const at of [0, 1, 49_999, 99_999]) {
      expect((await fresh.readAny(ids[at]!)).bytes).toEqual(encoder.encode(`row ${at}`))
    }
    // Of an index of 3.8 MB, a few pages for each.
    expect(read).toBeLessThan(200_000)
    expect(await fresh.has(hashObject('blob', text))).toBe(false)
    expect(await fresh.find(ids[5]!.slice(0, 9))).toEqual([ids[5]])
  }, 30_000)
})
