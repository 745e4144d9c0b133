import { expect, it } from 'vitest'
import { hashObject, type Id } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { gatherPlaces } from '../../src/storage/pack-places.ts'
import { PackWriter } from '../../src/storage/pack-writer.ts'
import type { Storage } from '../../src/storage/storage.ts'

const blob = (number: number): Uint8Array => {
  const bytes = new Uint8Array(2000)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * i) % 251
  bytes[5] = number
  return bytes
}
const idOf = (number: number): Id => hashObject('blob', blob(number))

/** A pack of these blobs; each but the first is a difference to the one before, unless they are `whole`. */
async function packOf(storage: Storage, numbers: number[], whole = false): Promise<string> {
  const writer = new PackWriter(storage)
  for (const [depth, number] of numbers.entries()) {
    const before = numbers[depth - 1]
    const isWhole = whole || before === undefined
    const base = isWhole ? undefined : { id: idOf(before), bytes: blob(before), depth: depth - 1 }
    await writer.add(idOf(number), 'blob', blob(number), 1, base)
  }
  return writer.publish()
}

/** Where blobs lie: the name of the pack, and the position in it. */
async function placesIn(storage: Storage, names: string[], only?: number[]) {
  const wanted = only && new Set(only.map(idOf))
  const places = await gatherPlaces(openObjectStore(storage), names, wanted)
  return [...places].map(([id, { pack, position }]) => [id, pack.name, position])
}

it('objects lie where their packs and records are, in the order of these', async () => {
  const storage = createMemoryStorage()
  const first = await packOf(storage, [3, 1, 2])
  const second = await packOf(storage, [5, 4])
  const all = [
    [idOf(5), second, 0],
    [idOf(4), second, 1],
    [idOf(3), first, 0],
    [idOf(1), first, 1],
    [idOf(2), first, 2],
  ]
  expect(await placesIn(storage, [second, first])).toEqual(all)
  expect(await placesIn(storage, [second])).toEqual(all.slice(0, 2))
  expect(await placesIn(storage, [second, first], [4, 2, 9])).toEqual([all[1], all[4]])
})

it('of an object in several packs the copy is taken that the fewest bases lead to', async () => {
  const storage = createMemoryStorage()
  const deep = await packOf(storage, [1, 2, 3])
  const deeper = await packOf(storage, [4, 5, 6, 3])
  const whole = await packOf(storage, [7, 3], true)
  const where = async (...names: string[]) => (await placesIn(storage, names, [3]))[0]?.[1]
  expect(await where(deep, deeper)).toBe(deep)
  expect(await where(deeper, deep)).toBe(deep)
  expect(await where(deep, whole, deeper)).toBe(whole)
  expect(await where(whole, deep)).toBe(whole)
})

it('of copies that as many bases lead to the first is taken', async () => {
  const storage = createMemoryStorage()
  const [one, other] = [await packOf(storage, [1, 2]), await packOf(storage, [4, 2])]
  for (const names of [
    [one, other],
    [other, one],
  ]) {
    expect(await placesIn(storage, names, [2])).toEqual([[idOf(2), names[0], 1]])
  }
})

it('a pack that is not there is named', async () => {
  const storage = createMemoryStorage()
  const there = await packOf(storage, [1])
  const gone = 'ab'.repeat(32)
  await expect(placesIn(storage, [there, gone])).rejects.toMatchObject({
    code: 'file-not-found',
    message: `no pack ${gone}`,
    data: { pack: gone },
  })
})
