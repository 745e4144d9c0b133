import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Id } from '../../src/core/id.ts'
import { encodeKeyPrefix } from '../../src/core/key.ts'
import type { ObjectReader } from '../../src/core/objects.ts'
import type { ProllyEntry } from '../../src/core/prolly-node.ts'
import type { Schema } from '../../src/core/schema.ts'
import { readSeries } from '../../src/core/series.ts'
import { buildSeries } from '../../src/core/series-build.ts'
import type { ChunkList, SegmentColumns } from '../../src/core/series-columns.ts'
import { diffSeries, diffStat, type RowChange } from '../../src/core/series-diff.ts'
import { editSeries } from '../../src/core/series-edit.ts'
import { keyRange } from '../../src/core/series-range.ts'
import { SteadyRows } from '../../src/core/steady-rows.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { effort } from '../support/effort.ts'

const SCHEMA: Schema = {
  columns: [
    { name: 't', type: 'int64' },
    { name: 'v', type: 'float64' },
    { name: 'w', type: 'float64' },
  ],
  indexCount: 1,
  duplicates: false,
}
const KEYS = 200

/** What one version does to a key: sets a value, or removes the row. */
const anyEdit = fc.record({
  key: fc.integer({ min: 0, max: KEYS - 1 }),
  value: fc.option(fc.integer({ min: 0, max: 3 })),
})
const anyVersions = fc.array(fc.array(anyEdit, { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 6,
})

async function storeOf(versions: readonly (readonly { key: number; value: number | null }[])[]) {
  const store = openObjectStore(createMemoryStorage())
  const rows = new Map<number, number>()
  for (let key = 0; key < KEYS; key += 2) rows.set(key, key * 1.5)
  const put = async (previous: Id | undefined): Promise<Id> => {
    const frames = [
      frameFromRows(
        SCHEMA,
        [...rows].sort(([a], [b]) => a - b).map(([key, value]) => [BigInt(key), value, 1]),
      ),
    ]
    const batch = await store.begin()
    const { id } = await (previous === undefined
      ? buildSeries(batch, SCHEMA, frames)
      : editSeries(batch, previous, { mode: 'replace', frames }))
    await batch.publish()
    return id
  }
  const ids = [await put(undefined)]
  for (const edits of versions) {
    for (const { key, value } of edits) {
      if (value === null) rows.delete(key)
      else rows.set(key, value)
    }
    ids.push(await put(ids.at(-1)))
  }
  return { store, ids }
}

describe('rows that are surely the same', () => {
  it('are the same when the versions are compared', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyVersions,
        fc.integer({ min: 0, max: KEYS }),
        fc.integer({ min: 0, max: 2 }),
        async (versions, low, more) => {
          const { store, ids } = await storeOf(versions)
          const key = (at: number) => encodeKeyPrefix(['int64'], [BigInt(at)])
          const bounds = {
            from: { key: key(low), inclusive: true },
            to: { key: key(low + more), inclusive: true },
          }
          const steady = new SteadyRows(store)
          for (let i = ids.length - 1; i > 0; i--) {
            const [old, fresh] = [
              await readSeries(store, ids[i - 1]!),
              await readSeries(store, ids[i]!),
            ]
            if (!(await steady.areSame(old, fresh, keyRange(bounds), undefined))) continue
            const rows = []
            for await (const row of diffSeries(store, ids[i - 1], ids[i], bounds)) rows.push(row)
            expect(rows).toEqual([])
          }
        },
      ),
      { numRuns: effort({ quick: 20, usual: 60, nightly: 5000 }) },
    )
  })

  it('are told by how columns are stored, whatever else the version changed', async () => {
    // Given a version with a row appended and one revised.
    const { store, ids } = await storeOf([
      [
        { key: 201, value: 3 },
        { key: 150, value: 9 },
      ],
    ])
    const [old, fresh] = [await readSeries(store, ids[0]!), await readSeries(store, ids[1]!)]
    const of = (at: number) => {
      const key = { key: encodeKeyPrefix(['int64'], [BigInt(at)]), inclusive: true }
      return new SteadyRows(store).areSame(old, fresh, keyRange({ from: key, to: key }), undefined)
    }
    // Then rows that it left alone are the same for certain, those that it did not are not.
    expect(await Promise.all([4, 70, 120].map(of))).toEqual([true, true, true])
    expect(await Promise.all([150, 201].map(of))).toEqual([false, false])
  })
})

describe('differences told by how columns are stored', () => {
  it('are those that comparing all rows finds', async () => {
    await fc.assert(
      fc.asyncProperty(anyVersions, fc.boolean(), async (versions, isBack) => {
        const { store, ids } = await storeOf(versions)
        const plain: ObjectReader = { read: (id, kind) => store.read(id, kind) }
        for (let i = 1; i < ids.length; i++) {
          const [old, fresh] = isBack ? [ids[i], ids[i - 1]] : [ids[i - 1], ids[i]]
          const rowsOf = async (reader: ObjectReader) => {
            const rows: RowChange[] = []
            for await (const row of diffSeries(reader, old, fresh)) rows.push(row)
            return rows
          }
          expect(await rowsOf(store)).toEqual(await rowsOf(plain))
        }
      }),
      { numRuns: effort({ quick: 20, usual: 100, nightly: 5000 }) },
    )
  })

  it('are found without the columns in which there are none', async () => {
    // Given a version with a row appended and one revised in its first column.
    const { store, ids } = await storeOf([
      [
        { key: 201, value: 3 },
        { key: 150, value: 9 },
      ],
    ])
    const series = await readSeries(store, ids[1]!)
    const [, , other] = (series.root.entries[0] as ProllyEntry<SegmentColumns>).value as ChunkList[]
    // When its rows are counted that differ.
    const asked: Id[] = []
    const reader: ObjectReader = {
      read: (id, kind) => {
        asked.push(id)
        return store.read(id, kind)
      },
      rowsFrom: (id) => store.rowsFrom(id),
    }
    const { appended, revised } = await diffStat(reader, ids[0], ids[1])
    // Then the second column was not read.
    expect({ appended, revised }).toEqual({ appended: 1, revised: 1 })
    expect(asked).not.toContain(other![0]!.id)
  })
})
