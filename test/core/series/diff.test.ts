import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../../src/core/column.ts'
import type { Id } from '../../../src/core/id.ts'
import { encodeKeyPrefix } from '../../../src/core/key.ts'
import type { Schema } from '../../../src/core/schema.ts'
import { diffSeries, diffStat, type RowChange } from '../../../src/core/series-diff.ts'
import { editSeries } from '../../../src/core/series-edit.ts'
import {
  addColumn,
  dropColumn,
  renameColumn,
  widenColumn,
} from '../../../src/core/series-schema.ts'
import { SPLIT_LIMITS } from '../../../src/core/split.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { build, framesOf, type Row, SMALL, schemaOf } from '../../support/series.ts'

/** Rows by key, with their rank among equal keys. */
function keyed(schema: Schema, rows: readonly Row[]): Map<string, Row> {
  const types = schema.columns.slice(0, schema.indexCount).map(({ type }) => type)
  const ranks = new Map<string, number>()
  return new Map(
    rows.map((row) => {
      const group = Buffer.from(encodeKeyPrefix(types, row.slice(0, types.length))).toString('hex')
      const rank = ranks.get(group) ?? 0
      ranks.set(group, rank + 1)
      return [`${group}${rank.toString(16).padStart(8, '0')}`, row]
    }),
  )
}

function diffPlainly(schema: Schema, old: readonly Row[], fresh: readonly Row[]): RowChange[] {
  const a = keyed(schema, old)
  const b = keyed(schema, fresh)
  const end = [...a.keys()].sort().at(-1)
  const changes: RowChange[] = []
  for (const key of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const x = a.get(key)
    const y = b.get(key)
    const index = (y ?? x)!.slice(0, schema.indexCount)
    const values = (row: Row) => row.slice(schema.indexCount)
    if (y === undefined) changes.push({ class: 'deleted', key: index, old: values(x!) })
    else if (x === undefined) {
      const past = end === undefined || key > end
      changes.push({ class: past ? 'appended' : 'backfilled', key: index, new: values(y) })
    } else if (values(x).some((value, i) => !Object.is(value, values(y)[i]))) {
      changes.push({ class: 'revised', key: index, old: values(x), new: values(y) })
    }
  }
  return changes
}

async function diffOf(objects: MemoryObjects, a: Id | undefined, b: Id | undefined, options = {}) {
  const changes: RowChange[] = []
  for await (const change of diffSeries(objects, a, b, options)) changes.push(change)
  return changes
}

function tally(changes: readonly RowChange[]) {
  const counts = { appended: 0, backfilled: 0, revised: 0, deleted: 0 }
  for (const change of changes) counts[change.class]++
  return counts
}

const plain = schemaOf('t:timestamp_s v:float64 s:string')
const ticks = schemaOf('t:timestamp_s v:float64 s:string', { duplicates: true })
const composite = schemaOf('day:date name:string v:float64 s:string', { indexCount: 2 })

const value = fc.constantFrom(null, NaN, 0, -0, 1.5)
const word = fc.constantFrom(null, '', 'a')
const rowsIn = (key: fc.Arbitrary<Scalar[]>) =>
  fc.array(
    fc.tuple(key, value, word).map(([k, v, s]): Row => [...k, v, s]),
    { maxLength: 120 },
  )
const times = fc.integer({ min: 0, max: 200 }).map((t): Scalar[] => [BigInt(t)])
const few = fc.integer({ min: 0, max: 9 }).map((t): Scalar[] => [BigInt(t)])
const pairs = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.constantFrom('', 'a', 'ab', '😀'))
  .map((pair): Scalar[] => [...pair])

function sorted(schema: Schema, rows: readonly Row[]): Row[] {
  const entries = [...keyed(schema, rows)].sort(([a], [b]) => (a < b ? -1 : 1))
  const kept = schema.duplicates ? entries : entries.filter(([key]) => key.endsWith('00000000'))
  return kept.map(([, row]) => row)
}

describe('a diff of two series', () => {
  for (const [title, schema, key] of [
    ['times', plain, times],
    ['duplicates', ticks, few],
    ['composite keys', composite, pairs],
  ] as const) {
    it(`is what comparing all rows gives: ${title}`, { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(rowsIn(key), rowsIn(key), fc.boolean(), async (x, y, mixed) => {
          const objects = new MemoryObjects()
          const old = sorted(schema, x)
          const fresh = sorted(schema, mixed ? [...x, ...y] : y)
          const a = await build(objects, schema, old)
          const b = await build(objects, schema, fresh)
          const expected = diffPlainly(schema, old, fresh)
          expect(await diffOf(objects, a, b)).toEqual(expected)
          const stat = await diffStat(objects, a, b)
          expect(stat).toMatchObject({ ...tally(expected), schemaChanges: [] })
          expect(stat.firstKey).toEqual(expected[0]?.key)
          expect(stat.lastKey).toEqual(expected.at(-1)?.key)
        }),
        { numRuns: 150 },
      )
    })
  }

  it('can be of a range', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsIn(times),
        rowsIn(times),
        fc.nat(200),
        fc.nat(200),
        async (x, y, p, q) => {
          const objects = new MemoryObjects()
          const [old, fresh] = [sorted(plain, x), sorted(plain, y)]
          const a = await build(objects, plain, old)
          const b = await build(objects, plain, fresh)
          const bound = (n: number) => ({
            key: encodeKeyPrefix(['timestamp_s'], [BigInt(n)]),
            inclusive: true,
          })
          const options = { from: bound(Math.min(p, q)), to: bound(Math.max(p, q)) }
          const expected = diffPlainly(plain, old, fresh).filter(
            ({ key: [t] }) => Number(t) >= Math.min(p, q) && Number(t) <= Math.max(p, q),
          )
          expect(await diffOf(objects, a, b, options)).toEqual(expected)
          expect(await diffStat(objects, a, b, options)).toMatchObject(tally(expected))
        },
      ),
    )
  })

  it('takes a series that is not there as empty', async () => {
    const objects = new MemoryObjects()
    const rows: Row[] = [
      [1n, 1, 'a'],
      [2n, 2, 'b'],
    ]
    const id = await build(objects, plain, rows)
    expect(await diffOf(objects, undefined, id)).toEqual(diffPlainly(plain, [], rows))
    expect(await diffOf(objects, id, undefined)).toEqual(diffPlainly(plain, rows, []))
    expect(await diffStat(objects, undefined, id)).toMatchObject({ appended: 2, lastKey: [2n] })
    expect(await diffOf(objects, id, id)).toEqual([])
  })

  it('reads little when little differs', async () => {
    const objects = new MemoryObjects()
    const rows = Array.from({ length: 20_000 }, (_, i): Row => [BigInt(i), i, 'x'])
    const a = await build(objects, plain, rows)
    const frames = framesOf(plain, [[7777n, -1, 'x']])
    const { id: b } = await editSeries(objects, a, { mode: 'upsert', frames }, SMALL)
    const kinds: string[] = []
    const read = objects.read.bind(objects)
    objects.read = (id, kind) => {
      kinds.push(kind)
      return read(id, kind)
    }
    expect(await diffStat(objects, a, b)).toMatchObject({ revised: 1, firstKey: [7777n] })
    // The column that differs, on both sides, and the index for the key.
    expect(kinds.filter((kind) => kind === 'column').length).toBe(3)
    expect(kinds.length).toBeLessThan(14)
  })

  it('counts appended segments unread', async () => {
    const objects = new MemoryObjects()
    const rows = (count: number) =>
      Array.from({ length: count }, (_, i): Row => [BigInt(i), i, 'x'])
    const a = await build(objects, plain, rows(4096))
    const b = await build(objects, plain, rows(12_000))
    const kinds: string[] = []
    const read = objects.read.bind(objects)
    objects.read = (id, kind) => {
      kinds.push(kind)
      return read(id, kind)
    }
    expect(await diffStat(objects, a, b)).toMatchObject({ appended: 7904, firstKey: [4096n] })
    expect(kinds).not.toContain('column')
  })
})

describe('a diff of wide and of large values', () => {
  it('finds a few cells among thousands of columns', async () => {
    const objects = new MemoryObjects()
    const names = Array.from({ length: 4200 }, (_, i) => `c${i}`)
    const schema = schemaOf(`t:int32 ${names.map((name) => `${name}:int32`).join(' ')}`)
    const rows = Array.from({ length: 40 }, (_, row): Row => [row, ...names.map((_, i) => i % 7)])
    const edited = rows.map((row) => [...row])
    for (const [row, column] of [
      [3, 1],
      [3, 4200],
      [17, 64],
      [39, 65],
    ] as const) {
      edited[row]![column] = -1
    }
    const limits = { ...SMALL, segmentRows: 16 }
    const a = await build(objects, schema, rows, limits)
    const b = await build(objects, schema, edited, limits)
    expect(await diffOf(objects, a, b)).toEqual(diffPlainly(schema, rows, edited))
    objects.resetCounts()
    expect(await diffStat(objects, a, b)).toMatchObject({ revised: 3, appended: 0 })
    expect(objects.reads).toBeLessThan(90)
  })

  it('of 60 MiB', { timeout: 60_000 }, async () => {
    const objects = new MemoryObjects()
    const schema = schemaOf('n:int32 doc:json')
    const doc = JSON.stringify('j'.repeat(60 * 1024 * 1024))
    const a = await build(
      objects,
      schema,
      [
        [1, '{}'],
        [2, doc],
        [3, '1'],
      ],
      SPLIT_LIMITS,
    )
    const frames = framesOf(schema, [
      [2, `${doc} `],
      [4, '4'],
    ])
    const { id: b, counts } = await editSeries(objects, a, { mode: 'upsert', frames })
    expect(counts).toMatchObject({ revised: 1, appended: 1 })
    expect(await diffStat(objects, a, b)).toMatchObject({ revised: 1, appended: 1 })
    expect(b).toBe(
      await build(
        objects,
        schema,
        [
          [1, '{}'],
          [2, `${doc} `],
          [3, '1'],
          [4, '4'],
        ],
        SPLIT_LIMITS,
      ),
    )
  })
})

describe('a diff of two schemas', () => {
  const rows: Row[] = Array.from(
    { length: 30 },
    (_, i): Row => [BigInt(i), i / 2, i % 3 === 0 ? null : 'x'],
  )

  it('has no rows where a column was added empty', async () => {
    const objects = new MemoryObjects()
    const a = await build(objects, plain, rows)
    const { id: b } = await addColumn(objects, a, { name: 'n', type: 'int8' })
    expect(await diffStat(objects, a, b)).toEqual({
      appended: 0,
      backfilled: 0,
      revised: 0,
      deleted: 0,
      schemaChanges: [{ kind: 'added', column: { name: 'n', type: 'int8' } }],
    })
  })

  it('has the rows that have a value in a column added or dropped, if asked for all', async () => {
    const objects = new MemoryObjects()
    const a = await build(objects, plain, rows)
    const { id: b } = await dropColumn(objects, a, 's')
    expect(await diffStat(objects, a, b)).toMatchObject({
      revised: 20,
      schemaChanges: [{ kind: 'dropped', column: { name: 's', type: 'string' } }],
    })
    expect(await diffStat(objects, b, a)).toMatchObject({ revised: 20 })
    expect(await diffStat(objects, a, b, { columns: 'common' })).toMatchObject({ revised: 0 })
    const [change] = await diffOf(objects, b, a)
    expect(change).toEqual({ class: 'revised', key: [1n], old: [0.5], new: [0.5, 'x'] })
  })

  it('knows a renamed column by its values', async () => {
    const objects = new MemoryObjects()
    const a = await build(objects, plain, rows)
    const { id: b } = await renameColumn(objects, a, 's', 'label')
    const { id: c } = await renameColumn(objects, b, 't', 'time')
    expect(await diffStat(objects, a, c)).toMatchObject({
      revised: 0,
      schemaChanges: [
        { kind: 'renamed', from: 't', to: 'time' },
        { kind: 'renamed', from: 's', to: 'label' },
      ],
    })
  })

  it('compares widened columns by value', async () => {
    const objects = new MemoryObjects()
    const narrow = schemaOf('t:timestamp_s v:int8')
    const a = await build(
      objects,
      narrow,
      rows.map(([t], i) => [t!, i]),
    )
    const { id: b } = await widenColumn(objects, a, 'v', 'float64', SMALL)
    const { id: c } = await editSeries(
      objects,
      b,
      { mode: 'upsert', frames: framesOf(schemaOf('t:timestamp_s v:float64'), [[3n, 3.5]]) },
      SMALL,
    )
    expect(await diffOf(objects, a, c)).toEqual([
      { class: 'revised', key: [3n], old: [3], new: [3.5] },
    ])
  })

  it('compares keys of a widened index', async () => {
    const objects = new MemoryObjects()
    const a = await build(objects, plain, rows)
    const { id: b } = await widenColumn(objects, a, 't', 'timestamp_ms', SMALL)
    const frames = framesOf(schemaOf('t:timestamp_ms v:float64 s:string'), [
      [500n, 1, ''],
      [30_000n, 1, ''],
    ])
    const { id: c } = await editSeries(objects, b, { mode: 'upsert', frames }, SMALL)
    expect(await diffStat(objects, a, c)).toMatchObject({
      appended: 1,
      backfilled: 1,
      revised: 0,
      deleted: 0,
      schemaChanges: [{ kind: 'retyped', name: 't', from: 'timestamp_s', to: 'timestamp_ms' }],
    })
    expect(await diffStat(objects, c, a)).toMatchObject({ deleted: 2, appended: 0 })
  })

  it('compares rows under keys of a widened index as under those they have', async () => {
    const wide = schemaOf('t:timestamp_ms v:float64 s:string')
    const later = fc.integer({ min: 0, max: 400 }).map((t): Scalar[] => [BigInt(t) * 500n])
    await fc.assert(
      fc.asyncProperty(rowsIn(times), rowsIn(later), fc.nat(200), async (x, y, from) => {
        const objects = new MemoryObjects()
        const old = sorted(plain, x)
        const widened = old.map(([t, ...values]): Row => [(t as bigint) * 1000n, ...values])
        const fresh = sorted(wide, [...widened.slice(0, widened.length >> 1), ...y])
        const a = await build(objects, plain, old)
        const b = await build(objects, wide, fresh)
        const start = BigInt(from) * 1000n
        const bound = { key: encodeKeyPrefix(['timestamp_ms'], [start]), inclusive: true }
        const forth = diffPlainly(wide, widened, fresh).map((change) =>
          change.class === 'deleted'
            ? { ...change, key: [(change.key[0] as bigint) / 1000n] }
            : change,
        )
        expect(await diffOf(objects, a, b)).toEqual(forth)
        expect(await diffStat(objects, a, b)).toMatchObject(tally(forth))
        const within = diffPlainly(wide, widened, fresh).filter(
          ({ key }) => (key[0] as bigint) >= start,
        )
        expect(await diffStat(objects, a, b, { from: bound })).toMatchObject(tally(within))
      }),
      { numRuns: 100 },
    )
  })

  it('takes a range as keys of the wider index', async () => {
    const objects = new MemoryObjects()
    const a = await build(objects, plain, rows)
    const { id: b } = await widenColumn(objects, a, 't', 'timestamp_ms', SMALL)
    const at = (ms: bigint) => ({ key: encodeKeyPrefix(['timestamp_ms'], [ms]), inclusive: true })
    const { id: c } = await editSeries(objects, b, { mode: 'delete', from: at(20_000n) }, SMALL)
    expect(await diffStat(objects, a, c, { to: at(22_000n) })).toMatchObject({ deleted: 3 })
  })

  it('takes series with other index columns as unrelated', async () => {
    const objects = new MemoryObjects()
    const a = await build(objects, plain, rows)
    const b = await build(objects, schemaOf('name:string v:float64'), [['a', 1]])
    expect(await diffStat(objects, a, b)).toMatchObject({ deleted: 30, appended: 1 })
  })
})

it('counts a million new rows without reading them', async () => {
  const objects = new MemoryObjects()
  const schema = schemaOf('t:int64 v:int8')
  const frames = (function* () {
    for (let at = 0; at < 1_000_000; at += 50_000) {
      const t = BigInt64Array.from({ length: 50_000 }, (_, i) => BigInt(at + i))
      const columns = [
        { type: 'int64' as const, length: 50_000, values: t },
        { type: 'int8' as const, length: 50_000, values: new Int8Array(50_000) },
      ]
      yield { schema, columns, rows: 50_000 }
    }
  })()
  const a = await build(objects, schema, [[0n, 0]], SPLIT_LIMITS)
  const { id: b } = await editSeries(objects, a, { mode: 'upsert', frames })
  objects.resetCounts()
  expect(await diffStat(objects, a, b)).toMatchObject({ appended: 999_999, revised: 0 })
  expect(objects.reads).toBeLessThan(10)
})
