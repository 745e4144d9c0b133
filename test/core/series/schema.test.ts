import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../../src/core/column.ts'
import { encodeKeyPrefix } from '../../../src/core/key.ts'
import { readSeries } from '../../../src/core/series.ts'
import { editSeries } from '../../../src/core/series-edit.ts'
import { restoreRange } from '../../../src/core/series-restore.ts'
import {
  addColumn,
  dropColumn,
  renameColumn,
  widenColumn,
} from '../../../src/core/series-schema.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import {
  build,
  framesOf,
  type Row,
  readAll,
  SMALL,
  schemaOf,
  segmentsOf,
} from '../../support/series.ts'

const plain = schemaOf('t:timestamp_s v:int8 s:string')
const rows = Array.from(
  { length: 50 },
  (_, i): Row => [BigInt(i * 5), i, i % 4 === 0 ? null : `s${i}`],
)

describe('changing a schema gives what building with it gives', () => {
  it('adding a column with a value', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows)
    const { id: added } = await addColumn(
      objects,
      id,
      { name: 'unit', type: 'string' },
      'mm',
      SMALL,
    )
    const schema = schemaOf('t:timestamp_s v:int8 s:string unit:string')
    expect(added).toBe(
      await build(
        objects,
        schema,
        rows.map((row) => [...row, 'mm']),
      ),
    )
    await expect(addColumn(objects, id, { name: 'v', type: 'int8' })).rejects.toMatchObject({
      code: 'already-exists',
    })
    await expect(addColumn(objects, id, { name: 'w', type: 'int8' }, 'x')).rejects.toMatchObject({
      code: 'invalid-value',
    })
  })

  it('adding a column so large that it is cut', async () => {
    const objects = new MemoryObjects()
    const limits = { segmentRows: 16, chunkBytes: 300 }
    const id = await build(objects, plain, rows, limits)
    const text = 'x'.repeat(60)
    const { id: added } = await addColumn(objects, id, { name: 'l', type: 'string' }, text, limits)
    const schema = schemaOf('t:timestamp_s v:int8 s:string l:string')
    expect(added).toBe(
      await build(
        objects,
        schema,
        rows.map((row) => [...row, text]),
        limits,
      ),
    )
  })

  it('dropping and renaming columns', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows)
    const { id: dropped } = await dropColumn(objects, id, 'v')
    expect(dropped).toBe(
      await build(
        objects,
        schemaOf('t:timestamp_s s:string'),
        rows.map(([t, , s]) => [t!, s!]),
      ),
    )
    const { id: renamed } = await renameColumn(objects, id, 'v', 's2')
    expect(renamed).toBe(await build(objects, schemaOf('t:timestamp_s s2:int8 s:string'), rows))
    await expect(dropColumn(objects, id, 't')).rejects.toMatchObject({ code: 'bad-input' })
    await expect(dropColumn(objects, id, 'x')).rejects.toMatchObject({ code: 'column-not-found' })
    await expect(renameColumn(objects, id, 'v', 's')).rejects.toMatchObject({
      code: 'already-exists',
    })
  })

  it('widening a value column', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows)
    const { id: wide } = await widenColumn(objects, id, 'v', 'float64', SMALL)
    expect(wide).toBe(await build(objects, schemaOf('t:timestamp_s v:float64 s:string'), rows))
    await expect(widenColumn(objects, id, 's', 'int8')).rejects.toMatchObject({
      code: 'schema-mismatch',
    })
  })

  it('widening an index column, whose keys and segments change', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows)
    const { id: wide } = await widenColumn(objects, id, 't', 'timestamp_ns', SMALL)
    const scaled = rows.map(([t, ...rest]): Row => [(t as bigint) * 1_000_000_000n, ...rest])
    expect(wide).toBe(await build(objects, schemaOf('t:timestamp_ns v:int8 s:string'), scaled))
  })

  it('giving a column of nulls a type when data arrives', async () => {
    const objects = new MemoryObjects()
    const untyped = schemaOf('t:timestamp_s v:null')
    const id = await build(
      objects,
      untyped,
      rows.map(([t]) => [t!, null]),
    )
    const typed = schemaOf('t:timestamp_s v:float32')
    const frames = framesOf(typed, [[5n, 1.5]])
    await expect(editSeries(objects, id, { mode: 'upsert', frames }, SMALL)).rejects.toMatchObject({
      code: 'schema-mismatch',
    })
    const { id: wide } = await widenColumn(objects, id, 'v', 'float32', SMALL)
    const { id: edited } = await editSeries(objects, wide, { mode: 'upsert', frames }, SMALL)
    expect(edited).toBe(
      await build(
        objects,
        typed,
        rows.map(([t], i) => [t!, i === 1 ? 1.5 : null]),
      ),
    )
  })

  it('across the number of columns that stand in an entry, and thousands', async () => {
    const objects = new MemoryObjects()
    const names = (count: number) =>
      Array.from({ length: count }, (_, i) => `c${i}:int32`).join(' ')
    const wide = (count: number) =>
      Array.from(
        { length: 20 },
        (_, row): Row => [row, ...Array.from({ length: count }, (_, i) => (i * row) % 11)],
      )
    for (const count of [15, 16, 63, 64, 4095, 4100]) {
      const schema = schemaOf(`t:int32 ${names(count)}`)
      const id = await build(objects, schema, wide(count), { ...SMALL, segmentRows: 8 })
      const more = schemaOf(`t:int32 ${names(count)} more:bool`)
      const { id: added } = await addColumn(objects, id, { name: 'more', type: 'bool' }, true)
      const limits = { ...SMALL, segmentRows: 8 }
      expect(added).toBe(
        await build(
          objects,
          more,
          wide(count).map((row) => [...row, true]),
          limits,
        ),
      )
      expect((await dropColumn(objects, added, 'more')).id).toBe(id)
      const some = schemaOf(`t:int32 c${count - 1}:int32`)
      objects.resetCounts()
      const edited = await editSeries(
        objects,
        id,
        { mode: 'upsert', frames: framesOf(some, [[11, -7]]) },
        limits,
      )
      expect(objects.puts).toBeLessThan(8)
      expect(edited.id).toBe(
        await build(
          objects,
          schema,
          wide(count).map((row) => (row[0] === 11 ? [...row.slice(0, -1), -7] : row)),
          limits,
        ),
      )
      const [entry] = await segmentsOf(objects, await readSeries(objects, id))
      expect(typeof entry!.value).toBe(count + 1 > 16 ? 'string' : 'object')
    }
  })
})

describe('putting a range back', () => {
  const bound = (n: bigint) => ({ key: encodeKeyPrefix(['timestamp_s'], [n]), inclusive: true })

  it('makes the range what it is in the source, and leaves the rest', async () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 80 }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(some, some, fc.nat(80), fc.nat(80), async (x, y, p, q) => {
        const objects = new MemoryObjects()
        const make = (keys: number[], mark: number): Row[] =>
          keys.sort((a, b) => a - b).map((t) => [BigInt(t), (t % 3) + mark, 'k'])
        const [now, then] = [make(x, 0), make(y, (p % 2) * 10)]
        const [from, to] = [BigInt(Math.min(p, q)), BigInt(Math.max(p, q))]
        const inside = (row: Row) => (row[0] as bigint) >= from && (row[0] as bigint) <= to
        const id = await build(objects, plain, now)
        const source = await build(objects, plain, then)
        const restored = await restoreRange(
          objects,
          id,
          source,
          { from: bound(from), to: bound(to) },
          SMALL,
        )
        const expected = [...now.filter((row) => !inside(row)), ...then.filter(inside)]
        expected.sort((a, b) => Number((a[0] as bigint) - (b[0] as bigint)))
        expect(restored.id).toBe(await build(objects, plain, expected))
      }),
    )
  })

  it('can put back some columns only: rows stay', async () => {
    const objects = new MemoryObjects()
    const source = await build(objects, plain, [
      [1n, 1, 'a'],
      [2n, 2, 'b'],
      [3n, 3, 'c'],
      [9n, 9, 'z'],
    ])
    const id = await build(objects, plain, [
      [1n, 10, 'A'],
      [3n, 3, 'C'],
      [4n, 40, 'D'],
      [9n, 90, 'Z'],
    ])
    const range = { from: bound(1n), to: bound(5n), columns: ['v'] }
    const restored = await restoreRange(objects, id, source, range, SMALL)
    expect(await readAll(objects, restored.id)).toEqual([
      [1n, 1, 'A'],
      [2n, 2, null],
      [3n, 3, 'C'],
      [4n, null, 'D'],
      [9n, 90, 'Z'],
    ])
    expect(restored.counts).toEqual({
      appended: 0,
      backfilled: 1,
      revised: 2,
      deleted: 0,
      unchanged: 1,
    })
  })

  it('takes a range of keys also where the index was widened since', async () => {
    const objects = new MemoryObjects()
    const daily = schemaOf('t:date v:int8')
    const days = (value: number): Row[] => Array.from({ length: 9 }, (_, day) => [day, value])
    const source = await build(objects, daily, days(1))
    const later = await build(objects, daily, days(2))
    const { id } = await widenColumn(objects, later, 't', 'timestamp_s', SMALL)
    const at = (day: number) => ({
      key: encodeKeyPrefix(['timestamp_s'], [BigInt(day * 86_400)]),
      inclusive: true,
    })
    const restored = await restoreRange(objects, id, source, { from: at(2), to: at(4) }, SMALL)
    expect(restored.counts).toMatchObject({ revised: 3, deleted: 0 })
    const values = (await readAll(objects, restored.id)).map(([, value]) => value)
    expect(values).toEqual([2, 2, 1, 1, 1, 2, 2, 2, 2])
  })

  it('widens what the source has narrower, and leaves columns that it lacks', async () => {
    const objects = new MemoryObjects()
    const source = await build(objects, schemaOf('t:timestamp_s v:int8 gone:bool'), [[1n, 1, true]])
    const id = await build(objects, schemaOf('t:timestamp_s v:float64 s:string'), [
      [1n, 1.5, 'kept'],
    ])
    const restored = await restoreRange(objects, id, source, {}, SMALL)
    expect(await readAll(objects, restored.id)).toEqual([[1n, 1, 'kept']] as Scalar[][])
  })
})
