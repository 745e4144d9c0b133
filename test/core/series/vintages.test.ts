import { expect, it } from 'vitest'
import type { Id } from '../../../src/core/id.ts'
import { addColumn, widenColumn } from '../../../src/core/series-schema.ts'
import { seriesVintages } from '../../../src/core/series-vintages.ts'
import { planVintages } from '../../../src/core/vintage-plan.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { build, type Row, schemaOf } from '../../support/series.ts'

const ROWS = 300_000

it('holds some segments of long series at a time, whatever became of their columns', async () => {
  const objects = new MemoryObjects()
  const rows = Array.from({ length: ROWS }, (_, t): Row => [t, t % 7])
  const limits = { segmentRows: 32_768, chunkBytes: 8 * 1024 * 1024 }
  const first = await build(objects, schemaOf('t:int32 v:int8'), rows, limits, 50_000)
  const added = await addColumn(objects, first, { name: 'w', type: 'int8' }, 1)
  const widened = await widenColumn(objects, added.id, 't', 'int64')

  const batchesOf = async (ids: (Id | undefined)[]): Promise<number[]> => {
    const plan = await planVintages(objects, ids)
    const batches: number[] = []
    for await (const batch of seriesVintages(objects, plan)) batches.push(batch.rows)
    return batches
  }
  const sum = (batches: number[]) => batches.reduce((all, count) => all + count, 0)
  const addedTo = await batchesOf([first, added.id])
  const withWider = await batchesOf([added.id, widened.id])
  const withGap = await batchesOf([first, undefined, first])

  expect([addedTo, withWider, withGap].map(sum)).toEqual([2 * ROWS, ROWS, 2 * ROWS])
  for (const batches of [addedTo, withWider, withGap]) {
    expect(Math.max(...batches)).toBeLessThan(ROWS)
  }
})
