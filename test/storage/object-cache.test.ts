import { expect, it } from 'vitest'
import { hashObject } from '../../src/core/id.ts'
import { ObjectCache } from '../../src/storage/object-cache.ts'

const objects = Array.from({ length: 40 }, (_, at) => {
  const bytes = new Uint8Array(1000).fill(at)
  return { id: hashObject('commit', bytes), kind: 'commit' as const, bytes, depth: 0, walked: 0 }
})

it('forgets the least recently read when it is given less memory, and from then on', () => {
  const cache = new ObjectCache(1_000_000, 10_000)
  for (const { id, ...object } of objects.slice(0, 20)) cache.add(id, object)
  expect(cache.get(objects[0]!.id)?.bytes).toEqual(objects[0]!.bytes)

  cache.limit(10_000)

  const kept = () => objects.flatMap(({ id }, at) => (cache.get(id) === undefined ? [] : [at]))
  expect(kept().length).toBeLessThan(10)
  expect(kept()).toEqual(expect.arrayContaining([0, 19]))
  for (const { id, ...object } of objects.slice(20)) cache.add(id, object)
  expect(kept().length).toBeLessThan(10)
  expect(kept()).toContain(39)
})
