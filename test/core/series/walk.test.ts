import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../../src/core/column.ts'
import { readSeries } from '../../../src/core/series.ts'
import { checkSeries, walkSeries } from '../../../src/core/series-walk.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { build, type Row, SMALL, schemaOf } from '../../support/series.ts'

const plain = schemaOf('t:timestamp_s v:float64')
const rows = Array.from({ length: 3000 }, (_, i): Row => [BigInt(i * 3), i])

describe('walking a series', () => {
  it.each([2, 16, 17, 4200])('meets every object of one with %i columns', async (count) => {
    const objects = new MemoryObjects()
    const names = Array.from({ length: count - 1 }, (_, i) => `c${i}:int32`).join(' ')
    const wide = Array.from({ length: 10 }, (_, row): Scalar[] => [
      row,
      ...Array.from({ length: count - 1 }, (_, i) => i * row),
    ])
    const id = await build(objects, schemaOf(`t:int32 ${names}`), wide)
    const met = new Set<string>()
    for await (const part of walkSeries(objects, id)) {
      expect(objects.objects.get(part.id)?.kind).toBe(part.kind)
      met.add(part.id)
    }
    expect(met).toEqual(new Set(objects.objects.keys()))
  })

  it('leaves out what another series has, without opening it', async () => {
    const objects = new MemoryObjects()
    const a = await build(objects, plain, rows)
    const seen = new Set<string>()
    for await (const { id } of walkSeries(objects, a)) seen.add(id)
    const b = await build(objects, plain, [...rows.slice(0, -1), [100_000n, 1]])
    objects.resetCounts()
    const parts: string[] = []
    for await (const { id } of walkSeries(objects, b, ({ id }) => seen.has(id))) parts.push(id)
    expect(parts.length).toBeLessThan(12)
    expect(objects.reads).toBeLessThan(8)
  })
})

describe('checking a series', () => {
  it('passes what was built', async () => {
    const objects = new MemoryObjects()
    await checkSeries(objects, await build(objects, plain, rows), SMALL)
  })

  it('finds segments that end elsewhere', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows, { ...SMALL, segmentRows: 8 })
    expect((await readSeries(objects, id)).rows).toBe(3000)
    await expect(checkSeries(objects, id, SMALL)).rejects.toMatchObject({ code: 'corrupt-object' })
  })
})
