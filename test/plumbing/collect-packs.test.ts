import { expect, it } from 'vitest'
import { buildSeries } from '../../src/core/series-build.ts'
import { editSeries } from '../../src/core/series-edit.ts'
import { collectPacks } from '../../src/plumbing/collect-packs.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { packPath } from '../../src/storage/pack-writer.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { framesOf, type Row, schemaOf } from '../support/series.ts'

it.each([
  [0, 1],
  [1, 0],
])(
  'where two packs have an object, what its copy in the one named is made of is named',
  async (first, last) => {
    const storage = createMemoryStorage()
    const { repo } = await initRepository({ storage, who: ann(0) })
    const words = 'a long text of many words '.repeat(9)
    const [old, fresh] = [Buffer.from(`${words}one`), Buffer.from(`${words}two`)]
    const before = await repo.objects.begin()
    const base = await before.put('blob', old)
    await before.publish()
    const batches = [await openObjectStore(storage).begin(), await openObjectStore(storage).begin()]
    const id = await batches[0]!.put('blob', fresh, { base })
    await batches[1]!.put('blob', fresh)
    await batches[first]!.publish()
    await batches[last]!.publish()

    const packs = await collectPacks(repo, [{ kind: 'blob', id }])

    const published = createMemoryStorage()
    for (const name of packs) {
      await published.putIfAbsent(packPath(name), (await storage.get(packPath(name)))!)
    }
    const { bytes } = await openObjectStore(published).readAny(id)
    expect(Buffer.from(bytes).equals(fresh)).toBe(true)
  },
)

it('a pack is published with those that its objects are made of, reachable or not', async () => {
  const repo = await newRepository()
  const schema = schemaOf('t:int64 v:float64')
  const rows = Array.from(
    { length: 900 },
    (_, i): Row => [BigInt(i), Math.round(1e4 * Math.sin(i))],
  )
  const before = await repo.objects.begin()
  const first = await buildSeries(before, schema, framesOf(schema, rows))
  const staged = await before.publish()
  const batch = await repo.objects.begin()
  const frames = framesOf(schema, [[900n, 17]])
  const { id } = await editSeries(batch, first.id, { mode: 'append', frames })
  const own = await batch.publish()

  const packs = await collectPacks(repo, [{ kind: 'series', id }])

  expect(await repo.objects.baseOf(id)).toBe(first.id)
  expect(new Set(packs)).toEqual(new Set([staged, own]))
})
