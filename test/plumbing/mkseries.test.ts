import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { scalarAt } from '../../src/core/column-ops.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import { readSeries } from '../../src/core/series.ts'
import { buildSeries } from '../../src/core/series-build.ts'
import { catBlob, catSeriesColumn } from '../../src/plumbing/cat-blob.ts'
import { mkseries, parseSeriesColumn } from '../../src/plumbing/mkseries.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { type ObjectStore, openObjectStore } from '../../src/storage/object-store.ts'
import { MemoryObjects } from '../support/memory-objects.ts'

const newStore = () => openObjectStore(createMemoryStorage())

/** Stores a column and says how a series takes it. */
async function stored(
  store: ObjectStore,
  name: string,
  type: ColumnType,
  values: readonly Scalar[],
  storedType = type,
) {
  const batch = await store.begin()
  const id = await batch.put('column', encodeColumn(columnOf(storedType, values)))
  await batch.publish()
  return { name, type, id }
}

async function allValues(
  store: ObjectStore,
  id: Parameters<typeof catSeriesColumn>[1],
  name: string,
) {
  const content = await catSeriesColumn(store, id, name)
  const values: Scalar[] = []
  if (content.kind !== 'column') throw new Error('not a column')
  for await (const column of content.columns) {
    for (let row = 0; row < column.length; row++) values.push(scalarAt(column, row))
  }
  return values
}

describe('mkseries', () => {
  it('makes the series that its rows make by any other route', async () => {
    const store = newStore()
    const days = [20_000, 20_001, 20_005]
    const prices = [1.5, null, Number.NaN]
    const made = await mkseries(store, [
      await stored(store, 'Date', 'date', days),
      await stored(store, 'Price', 'float64', prices),
    ])
    const schema = (await readSeries(store, made.id)).schema
    expect(schema).toEqual({
      columns: [
        { name: 'Date', type: 'date' },
        { name: 'Price', type: 'float64' },
      ],
      indexCount: 1,
      duplicates: false,
    })
    const frame = frameFromRows(
      schema,
      days.map((day, i) => [day, prices[i]!]),
    )
    expect(made).toEqual(await buildSeries(new MemoryObjects(), schema, [frame]))
  })

  it('cuts a column of any length into segments', async () => {
    const store = newStore()
    const keys = Array.from({ length: 100_000 }, (_, i) => BigInt(i))
    const made = await mkseries(store, [await stored(store, 'n', 'int64', keys)])
    const series = await readSeries(store, made.id)
    expect(series.rows).toBe(100_000)
    expect(series.root.entries).toHaveLength(4)
    expect(await allValues(store, made.id, 'n')).toEqual(keys)
  })

  it('sorts the rows, and puts the index columns first', async () => {
    const store = newStore()
    const made = await mkseries(
      store,
      [
        await stored(store, 'v', 'string', ['c', 'a', 'b']),
        await stored(store, 'n', 'int32', [3, 1, 2]),
      ],
      { index: ['n'] },
    )
    expect(await allValues(store, made.id, 'n')).toEqual([1, 2, 3])
    expect(await allValues(store, made.id, 'v')).toEqual(['a', 'b', 'c'])
  })

  it('refuses equal keys, unless they are allowed: then they keep their order', async () => {
    const store = newStore()
    const columns = [
      await stored(store, 'n', 'int8', [2, 1, 2]),
      await stored(store, 'v', 'string', ['x', 'y', 'z']),
    ]
    await expect(mkseries(store, columns)).rejects.toMatchObject({
      code: 'bad-input',
      data: { key: [2] },
    })
    const made = await mkseries(store, columns, { duplicates: true })
    expect(await allValues(store, made.id, 'v')).toEqual(['y', 'x', 'z'])
  })

  it('widens values to the type that is asked for, and refuses what would lose', async () => {
    const store = newStore()
    const index = await stored(store, 'n', 'int8', [1, 2])
    const wide = await stored(store, 'v', 'int64', [7, null], 'int16')
    const made = await mkseries(store, [index, wide])
    expect(await allValues(store, made.id, 'v')).toEqual([7n, null])
    const narrow = await stored(store, 'v', 'int8', [1, 2], 'int16')
    await expect(mkseries(store, [index, narrow])).rejects.toMatchObject({
      code: 'schema-mismatch',
      data: { column: 'v', found: 'int16', expected: 'int8' },
    })
  })

  it('refuses a null in the index, unequal lengths and a name given twice', async () => {
    const store = newStore()
    const three = await stored(store, 'v', 'int8', [1, 2, 3])
    const hole = await stored(store, 'n', 'int8', [1, null, 3])
    const two = await stored(store, 'n', 'int8', [1, 2])
    await expect(mkseries(store, [hole, three])).rejects.toMatchObject({ code: 'bad-input' })
    await expect(mkseries(store, [two, three])).rejects.toMatchObject({ code: 'schema-mismatch' })
    await expect(mkseries(store, [three, three])).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('refuses an object that is no column', async () => {
    const store = newStore()
    const batch = await store.begin()
    const id = await batch.put('blob', Buffer.from('1\n'))
    await batch.publish()
    await expect(mkseries(store, [{ name: 'n', type: 'int8', id }])).rejects.toMatchObject({
      code: 'bad-input',
      data: { found: 'blob' },
    })
  })

  it('writes one pack, and none when it fails', async () => {
    const storage = createMemoryStorage()
    const store = openObjectStore(storage)
    const column = await stored(store, 'n', 'int8', [1, 1])
    await expect(mkseries(store, [column])).rejects.toMatchObject({ code: 'bad-input' })
    expect(await storage.list('packs/')).toHaveLength(1)
    await mkseries(store, [column], { duplicates: true })
    expect(await storage.list('packs/')).toHaveLength(2)
  })
})

describe('parseSeriesColumn', () => {
  it('reads the id and the type from the right, for a name may have colons', () => {
    expect(parseSeriesColumn('a:b c:int8:12ab')).toEqual({
      name: 'a:b c',
      type: 'int8',
      id: '12ab',
    })
  })

  it('refuses what is not NAME:TYPE:ID', () => {
    expect(() => parseSeriesColumn('Price:float64')).toThrow('not a column')
    expect(() => parseSeriesColumn('Price:float65:ab')).toThrow('no column type')
  })
})

describe('catBlob', () => {
  it('refuses an object that holds no values', async () => {
    const store = newStore()
    const made = await mkseries(store, [await stored(store, 'n', 'int8', [1])])
    await expect(catBlob(store, made.id)).rejects.toMatchObject({
      code: 'bad-input',
      data: { kind: 'series' },
    })
    await expect(catSeriesColumn(store, made.id, 'x')).rejects.toMatchObject({
      code: 'column-not-found',
    })
  })
})
