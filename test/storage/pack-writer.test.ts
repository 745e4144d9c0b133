import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id, type ObjectKind } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { type EncodedBody, RAW } from '../../src/storage/pack-encoding.ts'
import { type PackTarget, PackWriter, packPath } from '../../src/storage/pack-writer.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { seededRandom } from '../support/seeded-random.ts'

function noise(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte)

const first = noise(1000)
const id = hashObject('blob', first)
const baseOf = (bytes: Uint8Array, depth = 2) => ({ id: hashObject('blob', bytes), bytes, depth })

/** Adds an object as it is; what `addRecord` gives: a promise where it is to be waited for. */
function put(writer: PackWriter, body: Uint8Array, kind: ObjectKind = 'blob') {
  return writer.addRecord({
    id: hashObject(kind, body),
    kind,
    method: RAW,
    length: body.length,
    body,
  })
}

/** A storage that tells what is written to it, and may fail at that. */
function watched(storage: Storage, fail?: () => void) {
  const calls: (string | number)[] = []
  const target: PackTarget = {
    async create() {
      calls.push('create')
      const writer = await storage.create()
      return {
        async write(bytes) {
          fail?.()
          calls.push(bytes.length)
          await writer.write(bytes)
        },
        range: (offset, length) => writer.range(offset, length),
        publish(name) {
          calls.push('publish')
          return writer.publish(name)
        },
        async discard() {
          calls.push('discard')
          await writer.discard()
        },
      }
    },
  }
  return { target, calls }
}

describe('objects that are added to a pack', () => {
  it('are there once, and can be read before and after they are written', async () => {
    const storage = createMemoryStorage()
    const writer = new PackWriter(storage)
    expect([writer.records, writer.has(id), await writer.record(id)]).toEqual([0, false, undefined])
    expect(await writer.add(id, 'blob', first, 1)).toBe(0)
    const { length } = writer
    expect(await writer.add(id, 'blob', first, 1)).toBe(0)
    expect([writer.records, writer.has(id), writer.length]).toEqual([1, true, length])
    expect([...writer.ids()]).toEqual([id])
    const record = await writer.record(id)
    expect(record).toMatchObject({ id, kind: 'blob', method: RAW, length: 1000 })
    expect(Buffer.compare(record!.body, first)).toBe(0)
    expect(writer.end).toBeUndefined()
    const name = await writer.publish()
    const file = (await storage.get(packPath(name)))!
    expect(file.length).toBe(writer.length)
    expect(Buffer.compare(writer.end!, file.subarray(length))).toBe(0)
  })

  it('stay as they were read, though their memory serves again for others', async () => {
    const writer = new PackWriter(createMemoryStorage())
    const fill = async (byte: number): Promise<void> => {
      for (let i = 0; i < 4; i++) await put(writer, filled(300_000, byte + i))
    }
    await fill(0)
    await put(writer, first)
    const { body } = (await writer.record(id))!
    for (const byte of [10, 20, 30, 40, 50]) await fill(byte)
    expect(Buffer.compare(body, first)).toBe(0)
    expect(Buffer.compare((await writer.record(id))!.body, first)).toBe(0)
  })

  it('may be no longer than their kind', async () => {
    const writer = new PackWriter(createMemoryStorage())
    const limit = 65 * 1024 * 1024
    await expect(writer.add(id, 'tree', new Uint8Array(limit + 1), 1)).rejects.toMatchObject({
      code: 'too-large',
      message: `an object of ${limit + 1} bytes is too large`,
      data: { length: limit + 1, limit },
    })
    expect(writer.records).toBe(0)
  })

  it('are differences where these are surely shorter: then nothing else is tried', async () => {
    const writer = new PackWriter(createMemoryStorage())
    const after = first.with(500, 1)
    const whole = async (): Promise<EncodedBody> => expect.fail('encoded as a whole')
    const after1 = hashObject('blob', after)
    expect(await writer.add(after1, 'blob', after, 1, baseOf(first), whole)).toBe(3)
    const record = await writer.record(after1)
    expect(record).toMatchObject({ base: id, depth: 3, length: 1000 })
    expect(record!.body.length).toBeLessThan(50)
  })

  const halfway = first.slice()
  halfway.set(noise(250, 3), 250)
  it.each([
    ['much shorter than all of it', halfway, 3],
    ['hardly shorter', Uint8Array.from([...first.slice(0, 80), ...noise(920, 7)]), 0],
    ['no shorter', noise(1000, 7), 0],
  ])('are differences or not, where these are %s', async (_, after, depth) => {
    const writer = new PackWriter(createMemoryStorage())
    let encoded = 0
    const whole = async (): Promise<EncodedBody> => {
      encoded++
      return { method: RAW, body: after }
    }
    const own = hashObject('blob', after)
    expect(await writer.add(own, 'blob', after, 1, baseOf(first), whole)).toBe(depth)
    expect(encoded).toBe(1)
    const record = await writer.record(own)
    expect(record!.base).toBe(depth === 0 ? undefined : id)
    expect(record!.body.length < 900).toBe(depth > 0)
  })

  it('leave out the ids of those that the pack has, but for values', async () => {
    const writer = new PackWriter(createMemoryStorage())
    await writer.add(id, 'blob', first, 1)
    const text = Buffer.from(`tree ${id}\nmessage`)
    for (const [kind, cuts] of [
      ['commit', [{ gap: 5, id }]],
      ['blob', []],
      ['tree', []],
    ] as const) {
      expect(writer.cutsOf(kind, text)).toEqual(cuts)
      const own = hashObject(kind, text)
      await writer.add(own, kind, text, 1)
      expect((await writer.record(own))?.cuts ?? []).toEqual(cuts)
    }
    expect((await writer.record(hashObject('commit', text)))!.length).toBe(text.length)
    expect(writer.cutsOf('commit', Buffer.from(hashObject('tag', text)))).toEqual([])
  })

  it('leave out the id of what they are made of, too', async () => {
    const storage = createMemoryStorage()
    const writer = new PackWriter(storage)
    const base = Buffer.from(`parent ${hashObject('tree', first)} ${'message '.repeat(20)}`)
    const baseId = hashObject('commit', base)
    const after = Buffer.from(`parent ${baseId} ${'message '.repeat(20)}`)
    const own = hashObject('commit', after)
    await writer.add(baseId, 'commit', base, 1)
    await writer.add(own, 'commit', after, 1, { id: baseId, bytes: base, depth: 0 })
    const record = (await writer.record(own))!
    expect(record.base).toBe(baseId)
    expect(record.cuts).toMatchObject([{ id: baseId }])
    await writer.publish()
    const { bytes } = await openObjectStore(storage, { verify: 'always' }).readAny(own)
    expect(Buffer.from(bytes)).toEqual(after)
  })

  it('have the places that were planned for them', async () => {
    const other = noise(100)
    const planned = new Map<Id, number>([
      [id, 0],
      [hashObject('blob', other), 1],
    ])
    const writer = new PackWriter(createMemoryStorage(), planned)
    expect(() => put(writer, other)).toThrow(
      expect.objectContaining({
        code: 'io',
        message: `object ${hashObject('blob', other)} is not planned at 0`,
      }),
    )
    expect([writer.records, writer.length]).toEqual([0, 8])
    await put(writer, first)
    expect(() => put(writer, noise(3))).toThrow('is not planned at 1')
    await put(writer, other)
    expect(writer.records).toBe(2)
  })
})

describe('what is written of a pack', () => {
  const piece = 300_000

  it('is nothing before the first megabyte, and then all that has gathered', async () => {
    const storage = createMemoryStorage()
    const { target, calls } = watched(storage)
    const writer = new PackWriter(target)
    const waits: unknown[] = []
    for (let i = 0; i < 3; i++) waits.push(put(writer, filled(piece, i)))
    expect([waits, calls]).toEqual([[undefined, undefined, undefined], []])
    await put(writer, filled(piece, 3))
    const gathered = writer.length
    expect(gathered).toBeGreaterThan(4 * piece)
    await put(writer, filled(10, 4))
    const name = await writer.publish()
    expect(calls).toEqual(['create', gathered, writer.length - gathered, 'publish'])
    const store = openObjectStore(storage, { verify: 'always' })
    expect(await store.verifyPack(name)).toEqual([])
  })

  it('is waited for by who adds more', async () => {
    const { target } = watched(createMemoryStorage())
    const writer = new PackWriter(target)
    for (let i = 0; i < 3; i++) expect(put(writer, filled(piece, i))).toBeUndefined()
    expect(put(writer, filled(piece, 3))).toBeInstanceOf(Promise)
    expect(put(writer, filled(piece, 4))).toBeUndefined()
  })

  it('may fail, which is told to who adds more, and to who publishes', async () => {
    const { target, calls } = watched(createMemoryStorage(), () => {
      throw new VarveError('disk-full', 'no room')
    })
    const writer = new PackWriter(target)
    for (let i = 0; i < 7; i++) await put(writer, filled(piece, i))
    await expect((async () => put(writer, filled(piece, 8)))()).rejects.toThrow('no room')
    await expect(writer.publish()).rejects.toMatchObject({ code: 'disk-full' })
    await writer.discard()
    expect(calls).toEqual(['create', 'discard'])
  })

  it('is thrown away where the pack is not to be', async () => {
    const storage = createMemoryStorage()
    const { target, calls } = watched(storage)
    const writer = new PackWriter(target)
    for (let i = 0; i < 4; i++) await put(writer, filled(piece, i))
    await writer.discard()
    expect(calls.filter((call) => typeof call === 'string')).toEqual(['create', 'discard'])
    expect(writer.has(hashObject('blob', filled(piece, 0)))).toBe(false)
    expect(await storage.list('packs/')).toEqual([])
    const unused = watched(storage)
    await new PackWriter(unused.target).discard()
    expect(unused.calls).toEqual([])
  })
})

describe('a pack that is published', () => {
  const publish = async (target: PackTarget, taken?: ReadonlySet<string>) => {
    const writer = new PackWriter(target)
    await writer.add(id, 'blob', first, 1)
    return { name: await writer.publish(taken), records: writer.records }
  }

  it('has a mark where it must not have its name', async () => {
    const plain = await publish(createMemoryStorage())
    expect(await publish(createMemoryStorage(), new Set(['ab'.repeat(32)]))).toEqual(plain)
    const storage = createMemoryStorage()
    const marked = await publish(storage, new Set([plain.name]))
    expect([marked.records, marked.name === plain.name]).toEqual([2, false])
    expect(await openObjectStore(storage).verifyPack(marked.name)).toEqual([])
    const again = await publish(createMemoryStorage(), new Set([plain.name, marked.name]))
    expect([plain.name, marked.name]).not.toContain(again.name)
  })

  it('has its name also where another of that name cannot be looked at, or goes meanwhile', async () => {
    const { name } = await publish(createMemoryStorage())
    const create: PackTarget['create'] = async () => {
      const writer = await createMemoryStorage().create()
      return Object.assign(Object.create(writer), {
        write: (bytes: Uint8Array) => writer.write(bytes),
        publish: async () => false,
        discard: () => writer.discard(),
      })
    }
    const gone = async () => {
      throw new VarveError('file-not-found', 'gone')
    }
    let asked = 0
    const targets: PackTarget[] = [
      { create },
      { create, size: async () => 10 },
      { create, size: async () => undefined, range: gone },
      { create, size: async () => (asked++ === 0 ? 10 : undefined), range: gone },
    ]
    for (const target of targets) expect((await publish(target)).name).toBe(name)
    const failing = publish({ create, size: async () => 10, range: gone })
    await expect(failing).rejects.toThrow('gone')
  })

  it('is not the same as one of that name that has other bytes', async () => {
    const storage = createMemoryStorage()
    const { name } = await publish(storage)
    expect((await publish(storage)).name).toBe(name)
    const bytes = (await storage.get(packPath(name)))!
    const damaged = createMemoryStorage()
    await damaged.putIfAbsent(packPath(name), bytes.with(100, bytes[100]! ^ 1))
    await expect(publish(damaged)).rejects.toMatchObject({
      code: 'corrupt-pack',
      message: `pack ${name} is there already, and is damaged`,
      data: { pack: name },
    })
  })

  it('is compared with a long one of that name in pieces', async () => {
    const storage = createMemoryStorage()
    const write = async (target: PackTarget): Promise<string> => {
      const writer = new PackWriter(target)
      for (let i = 0; i < 8; i++) await put(writer, filled(300_000, i))
      return writer.publish()
    }
    const name = await write(storage)
    const lengths: number[] = []
    const looking: PackTarget = {
      create: () => storage.create(),
      size: (path) => storage.size(path),
      range(path, offset, length) {
        lengths.push(length)
        return storage.range(path, offset, length)
      },
    }
    expect(await write(looking)).toBe(name)
    expect(lengths.slice(0, 2)).toEqual([1 << 20, 1 << 20])
    expect(lengths).toHaveLength(3)
  })
})

it('columns are stored by their values, as differences where they have a base', async () => {
  const numbers = (changed: number): Uint8Array =>
    encodeColumn(
      columnOf(
        'int64',
        Array.from({ length: 500 }, (_, row) => BigInt(row === changed ? -row : row * row * 7919)),
      ),
    )
  const storage = createMemoryStorage()
  const writer = new PackWriter(storage)
  const columns = [numbers(1), numbers(2)]
  const [one, two] = columns.map((bytes) => hashObject('column', bytes))
  expect(await writer.add(one!, 'column', columns[0]!, 1)).toBe(0)
  const base = { id: one!, bytes: columns[0]!, depth: 0 }
  expect(await writer.add(two!, 'column', columns[1]!, 1, base)).toBe(1)
  await writer.publish()
  const store = openObjectStore(storage, { verify: 'always' })
  for (const [i, own] of [one!, two!].entries()) {
    expect(Buffer.compare((await store.readAny(own)).bytes, columns[i]!)).toBe(0)
  }
})
