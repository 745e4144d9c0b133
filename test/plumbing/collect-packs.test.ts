import { expect, it } from 'vitest'
import { buildSeries } from '../../src/core/series-build.ts'
import { editSeries } from '../../src/core/series-edit.ts'
import { collectPacks } from '../../src/plumbing/collect-packs.ts'
import { newRepository } from '../support/repositories.ts'
import { framesOf, type Row, schemaOf } from '../support/series.ts'

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
