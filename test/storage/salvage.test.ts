import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashObject, type Id } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { encodeIndex, PACK_MAGIC } from '../../src/storage/pack-index.ts'
import { encodeRecord, type PackRecord } from '../../src/storage/pack-record.ts'
import { packPath } from '../../src/storage/pack-writer.ts'
import { SalvagedPack } from '../../src/storage/salvage-pack.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { withoutPacks } from '../../src/storage/without-packs.ts'
import { describeStorage } from '../contract/storage.ts'
import { somePack, storageWithPack } from '../support/packs.ts'

const none = async () => undefined
const NAME = 'ab'.repeat(32)

async function salvaged(bytes: Uint8Array): Promise<Id[]> {
  const pack = await SalvagedPack.open(await storageWithPack(NAME, bytes), NAME, none)
  return [...pack.ids()]
}

function blob(text: string): PackRecord {
  const body = Buffer.from(text)
  return { id: hashObject('blob', body), kind: 'blob', method: 0, length: body.length, body }
}

/** A pack of raw records, with another index than it should have. */
function packOf(
  records: readonly PackRecord[],
  change: (ids: Id[], ends: number[]) => void = () => undefined,
): Uint8Array {
  const ids = records.map(({ id }) => id)
  const bytes = records.map((record, at) => encodeRecord(record, at, (id) => ids.indexOf(id)))
  let end = PACK_MAGIC.length
  const ends = bytes.map(({ length }) => (end += length))
  change(ids, ends)
  return Buffer.concat([PACK_MAGIC, ...bytes, encodeIndex(ids, ends)])
}

const three = [blob('one'), blob('the second'), blob('and a third one')]
const ids = three.map(({ id }) => id)

describe('a damaged pack', () => {
  it('gives all that verifies, wherever its index is wrong', async () => {
    expect(await salvaged(packOf(three))).toEqual(ids)
    const wrongs: ((ids: Id[], ends: number[]) => void)[] = [
      (_, ends) => ends.splice(0, 1, ends[0]! + 3),
      (_, ends) => ends.splice(1, 1, 0),
      (_, ends) => ends.splice(1, 1, ends[1]! - 1),
      (own) => own.splice(0, 1, hashObject('blob', Buffer.from('another'))),
    ]
    for (const wrong of wrongs) expect(await salvaged(packOf(three, wrong))).toEqual(ids)
  })

  it('gives nothing of what is too short, or has no index that could be one', async () => {
    expect(await salvaged(new Uint8Array(3))).toEqual([])
    expect(await salvaged(Buffer.concat([PACK_MAGIC, new Uint8Array(200).fill(7)]))).toEqual([])
    const gone = await SalvagedPack.open(createMemoryStorage(), NAME, none)
    expect(gone.records).toBe(0)
    expect(await gone.record(ids[0]!)).toBeUndefined()
  })

  it('gives no record of bytes that are others, nor one that is made of what is not there', async () => {
    const bytes = packOf(three)
    bytes[PACK_MAGIC.length + 5]! ^= 1
    expect(await salvaged(bytes)).toEqual(ids.slice(1))
    const base = hashObject('blob', Buffer.from('gone'))
    const made: PackRecord = { ...blob('made of it'), method: 3, base, depth: 1 }
    const far = packOf([...three, made], (own) => own.splice(3, 1, ids[0]!))
    expect(await salvaged(far)).toEqual(ids)
  })

  it('is no reason to hide that the disk cannot be read', async () => {
    const { storage, name } = await somePack()
    const failing: Storage = {
      ...withoutPacks(storage, new Set()),
      range: () => Promise.reject(new TypeError('not of varve')),
    }
    await expect(SalvagedPack.open(failing, name, none)).rejects.toThrow('not of varve')
  })
})

describeStorage('without packs', async () => withoutPacks(createMemoryStorage(), new Set()))

describe('a storage without some packs', () => {
  it('hides them, and sets one aside when its bytes are written again', async () => {
    const { storage, name } = await somePack()
    const path = packPath(name)
    const good = (await storage.get(path))!
    const bad = good.slice(0, -1)
    await storage.delete(path)
    await storage.putIfAbsent(path, bad)
    const without = withoutPacks(storage, new Set([name]))
    expect(await without.get(path)).toBeUndefined()
    expect(await without.size(path)).toBeUndefined()
    expect(await without.list('packs/')).toEqual([])
    const writer = await without.create()
    await writer.write(good)
    expect(await writer.publish(path)).toBe(true)
    expect(
      createHash('sha256')
        .update((await without.get(path))!)
        .digest('hex'),
    ).toBe(name)
    expect(await storage.get(`damaged/${path}`)).toEqual(bad)
    expect((await openObjectStore(without).packs()).map((pack) => pack.name)).toEqual([name])
    const again = await without.create()
    await again.write(good)
    expect(await again.publish(path)).toBe(false)
  })
})
