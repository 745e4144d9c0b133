import { describe, expect, it } from 'vitest'
import { hashObject, type Id, objectKinds } from '../../src/core/id.ts'
import { decodeObject } from '../../src/storage/decode-object.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { FOOTER_BYTES, PACK_MAGIC, readFooter } from '../../src/storage/pack-index.ts'
import {
  CHECKSUM_BYTES,
  checksum,
  decodeRecord,
  encodeRecord,
  type PackRecord,
} from '../../src/storage/pack-record.ts'
import { readGolden } from '../support/golden.ts'
import { somePack, storageWithPack } from '../support/packs.ts'
import { fuzz } from './support/fuzz.ts'
import { below, oneOf } from './support/mutate.ts'

const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'))

interface GoldenPack {
  readonly pack: string
  readonly name: string
  readonly objects: readonly { readonly id: Id; readonly record: string; readonly body: string }[]
}

const golden = readGolden<GoldenPack>('pack.json')
const ids = golden.objects.map(({ id }) => id)
const idsAt = (positions: readonly number[]): Id[] =>
  positions.map((position) => ids[position % ids.length]!)
const differences = readGolden<{ body: string }[]>('delta.json').map(({ body }) => unhex(body))
const bodies = [...golden.objects.map(({ body }) => unhex(body)), ...differences]

/** A record of which every field may be anything, with the checksum that it must have. */
function anyRecord(body: Uint8Array, random: () => number): PackRecord {
  const number = (): number =>
    random() < 0.5 ? below(300, random) : oneOf([0, 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52], random)
  const base = random() < 0.5 ? oneOf(ids, random) : undefined
  const cuts = Array.from({ length: random() < 0.3 ? below(6, random) : 0 }, () => ({
    gap: random() < 0.8 ? below(40, random) : number(),
    id: oneOf(ids, random),
  }))
  return {
    id: oneOf(ids, random),
    kind: oneOf(objectKinds, random),
    method: below(8, random),
    length: random() < 0.5 ? body.length + 32 * cuts.length : number(),
    body,
    cuts,
    ...(base !== undefined && { base, depth: number() }),
    ...(random() < 0.1 && { parameters: body.subarray(0, 9) }),
  }
}

describe('a record from a stranger', () => {
  it('is refused where a byte is another, unless its checksum fits', async () => {
    const { refused } = await fuzz({
      name: 'record',
      samples: golden.objects.map(({ record }) => unhex(record)),
      seal: (bytes) => {
        const covered = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES))
        return Buffer.concat([covered, checksum(Buffer.from(ids[0]!, 'hex'), covered)])
      },
      whole: false,
      async decode(bytes) {
        const record = await decodeRecord(bytes, ids[0]!, 1, idsAt)
        await decodeObject(record, 'pack', record.base && { kind: record.kind, bytes: bodies[1]! })
      },
    })
    expect(refused.get('corrupt-object')).toBeGreaterThan(0)
  }, 1e8)

  it('of any fields is the bytes that it declares, or is refused', async () => {
    const outcome = await fuzz({
      name: 'fields of a record',
      samples: bodies,
      whole: false,
      async decode(body, random) {
        const given = anyRecord(body, random)
        const at = (id: Id): number | undefined =>
          random() < 0.5 || id !== given.base ? ids.indexOf(id) : undefined
        const bytes = encodeRecord(given, below(4, random), at)
        const record = await decodeRecord(bytes, given.id, below(4, random), idsAt)
        const base = { kind: record.kind, bytes: oneOf(bodies, random) }
        const object = await decodeObject(record, 'pack', record.base && base)
        if (object.bytes.length !== record.length) throw new Error('another length')
      },
    })
    expect(outcome.read).toBeGreaterThan(0)
  }, 1e8)
})

/** A pack whose footer says again that the index is as it was written. */
function sealed(pack: Uint8Array): Uint8Array {
  const bytes = pack.slice()
  if (bytes.length < PACK_MAGIC.length + FOOTER_BYTES) return bytes
  try {
    const footer = bytes.subarray(bytes.length - FOOTER_BYTES)
    const { indexStart, indexLength } = readFooter(footer, bytes.length)
    const index = bytes.subarray(indexStart, indexStart + indexLength)
    const covered = footer.subarray(0, FOOTER_BYTES - CHECKSUM_BYTES)
    footer.set(checksum(PACK_MAGIC, index, covered), FOOTER_BYTES - CHECKSUM_BYTES)
  } catch {
    // It has no index that a sum could be made of.
  }
  return bytes
}

describe('a pack from a stranger', async () => {
  const { storage, name, ids: inside } = await somePack()
  const packs = [(await storage.get(`packs/${name}.pack`))!, unhex(golden.pack)]

  it('gives the objects that it names, or is refused', async () => {
    const outcome = await fuzz({
      name: 'pack',
      samples: packs,
      seal: sealed,
      async decode(bytes, random) {
        const store = openObjectStore(await storageWithPack(name, bytes), { verify: 'always' })
        const id = oneOf(random() < 0.5 ? inside : ids, random)
        const found = await store.readIfPresent(id)
        if (found !== undefined && hashObject(found.kind, found.bytes) !== id) {
          throw new Error('another object')
        }
        await store.find(id.slice(0, 4 + below(20, random)))
        if (random() < 0.1) await store.verifyPack(name)
      },
    })
    expect(outcome.read).toBeGreaterThan(0)
  }, 1e8)

  it('of any number of records costs no more than its bytes', async () => {
    const outcome = await fuzz({
      name: 'footer of a pack',
      samples: packs.map((pack) => pack.subarray(pack.length - FOOTER_BYTES)),
      whole: false,
      async decode(footer) {
        const bytes = sealed(Buffer.concat([packs[0]!.subarray(0, -FOOTER_BYTES), footer]))
        const empty = createMemoryStorage()
        await empty.putIfAbsent(`packs/${name}.pack`, bytes)
        await openObjectStore(empty).readIfPresent(ids[0]!)
      },
    })
    expect(outcome.refused.get('corrupt-pack')).toBeGreaterThan(0)
  }, 1e8)
})
