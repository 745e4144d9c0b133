import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/core/bytes.ts'
import { VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id, idToBytes, type ObjectKind, objectKinds } from '../../src/core/id.ts'
import { IdFinder, withIds, withoutIds } from '../../src/storage/cut-ids.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { storageWithPack } from '../support/packs.ts'

const kinds = fc.constantFrom<ObjectKind>(...objectKinds.filter((kind) => kind !== 'column'))
/** Bytes, and the objects before whose ids stand among them. */
const parts = fc.array(
  fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.nat({ max: 30 }), fc.constant('absent' as const)),
  { maxLength: 6 },
)
const objects = fc.array(fc.record({ kind: kinds, parts }), { minLength: 1, maxLength: 25 })
const absent = idToBytes(hashObject('blob', Uint8Array.of(1)))

interface Stored {
  readonly storage: Storage
  readonly name: string
  readonly truth: ReadonlyMap<Id, Uint8Array>
}

async function store(given: readonly { kind: ObjectKind; parts: unknown[] }[]): Promise<Stored> {
  const storage = createMemoryStorage()
  const batch = await openObjectStore(storage).begin()
  const truth = new Map<Id, Uint8Array>()
  const ids: Id[] = []
  for (const object of given) {
    const bytes = Buffer.concat(
      object.parts.map((part) => {
        if (part instanceof Uint8Array) return part
        if (typeof part !== 'number' || ids.length === 0) return absent
        return idToBytes(ids[part % ids.length]!)
      }),
    )
    const id = await batch.put(object.kind, bytes)
    ids.push(id)
    truth.set(id, bytes)
  }
  return { storage, name: (await batch.publish())!, truth }
}

describe('a pack', () => {
  it('gives back every object, whatever ids stand in it', async () => {
    await fc.assert(
      fc.asyncProperty(objects, async (given) => {
        const { storage, name, truth } = await store(given)
        const fresh = openObjectStore(storage, { verify: 'always' })
        expect(await fresh.verifyPack(name)).toEqual([])
        for (const [id, bytes] of truth) {
          expect(equalBytes((await fresh.readAny(id)).bytes, bytes)).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('with any byte changed gives an error or the same data', async () => {
    const given = fc.tuple(objects, fc.nat(), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(given, async ([list, place, difference]) => {
        const { storage, name, truth } = await store(list)
        const bytes = (await storage.get(`packs/${name}.pack`))!
        bytes[place % bytes.length]! ^= difference
        const damaged = openObjectStore(await storageWithPack(name, bytes))
        expect(await damaged.verifyPack(name)).not.toEqual([])
        for (const [id, own] of truth) {
          try {
            expect(equalBytes((await damaged.readAny(id)).bytes, own)).toBe(true)
          } catch (error) {
            if (!(error instanceof VarveError)) throw error
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('whose index is read in pages gives an error or the same data for any byte changed', async () => {
    const storage = createMemoryStorage()
    const batch = await openObjectStore(storage).begin()
    const ids: Id[] = []
    for (let i = 0; i < 8_000; i++) ids.push(await batch.put('tree', Buffer.from(`object ${i}`)))
    const name = (await batch.publish())!
    const original = (await storage.get(`packs/${name}.pack`))!
    expect(await openObjectStore(storage).verifyPack(name)).toEqual([])
    // The index, its sums and the footer are the last bytes.
    const end = fc.integer({ min: 1, max: 8_000 * 37 })
    await fc.assert(
      fc.asyncProperty(end, fc.nat({ max: 7_999 }), async (back, at) => {
        const bytes = original.slice()
        bytes[bytes.length - back]! ^= 4
        const damaged = openObjectStore(await storageWithPack(name, bytes))
        for (const number of [at, Math.floor((original.length - back) / 32) % 8_000]) {
          try {
            const found = await damaged.readAny(ids[number]!)
            expect(Buffer.from(found.bytes).toString()).toBe(`object ${number}`)
          } catch (error) {
            expect(error).toMatchObject({ code: 'corrupt-pack' })
          }
        }
      }),
      { numRuns: 200 },
    )
  }, 30_000)
})

describe('cutting ids out', () => {
  it('is undone exactly, with few and with many known ids', () => {
    for (const many of [0, 6_000]) {
      const known = Array.from({ length: 40 + many }, (_, i) =>
        hashObject('blob', Buffer.of(i, i >> 8)),
      )
      const finder = new IdFinder()
      for (const id of known) finder.add(id)
      fc.assert(
        fc.property(parts, (list) => {
          for (const kind of ['tree', 'commit'] as const) {
            const chosen = list.flatMap((part) => {
              if (part instanceof Uint8Array) return part
              const id = typeof part === 'number' ? known[part]! : hashObject('tag', absent)
              return kind === 'tree' ? idToBytes(id) : Buffer.from(id)
            })
            const bytes = Buffer.concat(chosen)
            const cuts = finder.find(kind, bytes)
            const rest = withoutIds(kind, bytes, cuts)
            expect(equalBytes(withIds(kind, rest, cuts), bytes)).toBe(true)
            expect(cuts.length).toBe(list.filter((part) => typeof part === 'number').length)
          }
        }),
      )
    }
  })
})
