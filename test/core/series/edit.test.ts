import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../../src/core/column.ts'
import { encodeKeyPrefix } from '../../../src/core/key.ts'
import type { Schema } from '../../../src/core/schema.ts'
import { readSeries } from '../../../src/core/series.ts'
import { editSeries, type SeriesEdit } from '../../../src/core/series-edit.ts'
import { SPLIT_LIMITS, type SplitLimits } from '../../../src/core/split.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { build, framesOf, type Row, readAll, SMALL, schemaOf } from '../../support/series.ts'

/** A series as plain rows in a map, edited the plain way. */
class PlainSeries {
  readonly schema: Schema
  groups = new Map<string, Row[]>()
  constructor(schema: Schema) {
    this.schema = schema
  }
  key(row: Row): string {
    const types = this.schema.columns.slice(0, this.schema.indexCount).map(({ type }) => type)
    return Buffer.from(encodeKeyPrefix(types, row.slice(0, types.length))).toString('hex')
  }
  grouped(rows: readonly Row[]): Map<string, Row[]> {
    const groups = new Map<string, Row[]>()
    for (const row of rows) groups.set(this.key(row), [...(groups.get(this.key(row)) ?? []), row])
    return groups
  }
  sorted(rows: readonly Row[]): Row[] {
    const groups = this.grouped(rows)
    const unique = [...groups].map(([key, group]): [string, Row[]] => [
      key,
      this.schema.duplicates ? group : group.slice(-1),
    ])
    return unique.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, group]) => group)
  }
  get rows(): Row[] {
    return [...this.groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, group]) => group)
  }
  upsert(rows: readonly Row[]): void {
    for (const [key, group] of this.grouped(rows)) this.groups.set(key, group)
  }
  deleteBetween(from: string | undefined, to: string | undefined): void {
    for (const key of [...this.groups.keys()]) {
      if ((from === undefined || key >= from) && (to === undefined || key <= to)) {
        this.groups.delete(key)
      }
    }
  }
}

const hexBound = (hex: string | undefined) =>
  hex === undefined ? undefined : { key: Buffer.from(hex, 'hex'), inclusive: true }

type Command =
  | { kind: 'upsert' | 'replace-range' | 'replace' | 'append'; rows: Row[]; size: number }
  | { kind: 'delete'; a: Row | undefined; b: Row | undefined }

function commandsFor(key: fc.Arbitrary<Scalar[]>): fc.Arbitrary<Command[]> {
  const row = fc
    .tuple(key, fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }))
    .map(([k, v]): Row => [...k, v, v === null ? null : `text ${v}`])
  const write = fc.record({
    kind: fc.constantFrom(
      'upsert' as const,
      'upsert' as const,
      'replace-range' as const,
      'replace' as const,
      'append' as const,
    ),
    rows: fc.oneof(fc.array(row, { maxLength: 6 }), fc.array(row, { maxLength: 80 })),
    size: fc.integer({ min: 1, max: 40 }),
  })
  const remove = fc.record({
    kind: fc.constant('delete' as const),
    a: fc.option(row, { nil: undefined, freq: 8 }),
    b: fc.option(row, { nil: undefined, freq: 8 }),
  })
  return fc.array(fc.oneof({ weight: 3, arbitrary: write }, { weight: 2, arbitrary: remove }), {
    minLength: 1,
    maxLength: 6,
  })
}

async function runCommands(schema: Schema, start: Row[], commands: Command[], limits: SplitLimits) {
  const objects = new MemoryObjects()
  const plain = new PlainSeries(schema)
  plain.upsert(plain.sorted(start))
  let id = await build(objects, schema, plain.rows, limits)
  for (const command of commands) {
    const before = plain.rows
    const end = before.length === 0 ? undefined : plain.key(before.at(-1)!)
    let edit: SeriesEdit
    if (command.kind === 'delete') {
      let [from, to] = [command.a && plain.key(command.a), command.b && plain.key(command.b)]
      if (from !== undefined && to !== undefined && from > to) [from, to] = [to, from]
      edit = { mode: 'delete', from: hexBound(from), to: hexBound(to) }
      plain.deleteBetween(from, to)
    } else {
      let rows = plain.sorted(command.rows)
      const { kind } = command
      if (kind === 'append') rows = rows.filter((r) => end === undefined || plain.key(r) > end)
      const frames = framesOf(schema, rows, command.size)
      if (kind === 'replace-range' && rows.length > 0) {
        plain.deleteBetween(plain.key(rows[0]!), plain.key(rows.at(-1)!))
      }
      if (kind === 'replace') plain.deleteBetween(undefined, undefined)
      plain.upsert(rows)
      edit = { mode: kind, frames }
    }
    const result = await editSeries(objects, id, edit, limits)
    expect(result.id).toBe(await build(new MemoryObjects(), schema, plain.rows, limits))
    expect(result.rows).toBe(plain.rows.length)
    const { appended, backfilled, deleted } = result.counts
    expect(appended + backfilled - deleted).toBe(plain.rows.length - before.length)
    const past = plain.rows.filter((r) => end === undefined || plain.key(r) > end).length
    if (!schema.duplicates) expect(appended).toBe(past)
    id = result.id
    expect(await readAll(objects, id)).toEqual(plain.rows)
  }
}

const whole = schemaOf('t:timestamp_s v:int32 s:string')
const ticks = schemaOf('t:timestamp_s v:int32 s:string', { duplicates: true })
const named = schemaOf('name:string v:int32 s:string')
const composite = schemaOf('day:date name:string v:int32 s:string', { indexCount: 2 })
const floats = schemaOf('x:float64 v:int32 s:string', { duplicates: true })

const times = fc
  .oneof(
    fc.integer({ min: 0, max: 60 }),
    fc.integer({ min: -2000, max: 2000 }),
    fc.constantFrom(2 ** 40, -(2 ** 40)),
  )
  .map((n): Scalar[] => [BigInt(n)])
const fewTimes = fc.integer({ min: 0, max: 12 }).map((n): Scalar[] => [BigInt(n)])
const names = fc
  .oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom('', 'a', 'aa', 'a\0', 'b', 'é', '😀', '\uffff'),
  )
  .map((text): Scalar[] => [text])
const pairs = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.constantFrom('', 'a', 'b', '😀'))
  .map(([day, name]): Scalar[] => [day, name])
const reals = fc.double({ noNaN: true }).map((x): Scalar[] => [x + 0])

const kinds: [string, Schema, fc.Arbitrary<Scalar[]>][] = [
  ['times', whole, times],
  ['times with duplicates', ticks, fewTimes],
  ['names', named, names],
  ['composite keys', composite, pairs],
  ['floats with duplicates', floats, reals],
]

describe('edits give what building from scratch gives', () => {
  for (const [title, schema, key] of kinds) {
    for (const segmentRows of [1, 2, 4, 16]) {
      it(`${title}, ${segmentRows} rows a segment`, { timeout: 120_000 }, async () => {
        const rows = fc
          .array(key, { maxLength: 150 })
          .map((keys) => keys.map((k, i): Row => [...k, i % 3, 'x']))
        await fc.assert(
          fc.asyncProperty(rows, commandsFor(key), (start, commands) =>
            runCommands(schema, start, commands, { ...SMALL, segmentRows }),
          ),
          { numRuns: 40 },
        )
      })
    }
  }

  it('with columns cut into chunks', { timeout: 120_000 }, async () => {
    const limits = { segmentRows: 8, chunkBytes: 60 }
    await fc.assert(
      fc.asyncProperty(fc.array(times, { maxLength: 60 }), commandsFor(times), (keys, commands) =>
        runCommands(
          whole,
          keys.map((k, i): Row => [...k, i, 'y'.repeat(i % 20)]),
          commands,
          limits,
        ),
      ),
      { numRuns: 60 },
    )
  })
})

describe('an edit of two places', () => {
  // The middle is untouched and too large for a segment, but its end is not without the right place.
  const groups: [number, number][] = [[0, 1], ...[16, 17, 18, 19, 32, 34].map(one), [35, 5]]
  function one(key: number): [number, number] {
    return [key, 1]
  }
  const ticksOf = (counts: readonly [number, number][]): Row[] =>
    counts.flatMap(([key, count]) => Array.from({ length: count }, (_, i) => [BigInt(key), i, '']))

  it('joins what the second leaves small with what lies before it', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, ticks, ticksOf(groups))
    const frames = framesOf(ticks, [
      [0n, 9, ''],
      [35n, 0, ''],
    ])
    const { id: edited } = await editSeries(objects, id, { mode: 'upsert', frames }, SMALL)
    const rows = ticksOf([...groups.slice(0, -1), [35, 1]])
    rows[0] = [0n, 9, '']
    expect(edited).toBe(await build(new MemoryObjects(), ticks, rows))
  })

  it('may shrink groups of duplicates anywhere', { timeout: 120_000 }, async () => {
    const count = fc.oneof(
      { weight: 6, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: 3, max: 9 }) },
    )
    const counts = fc
      .uniqueArray(fc.tuple(fc.nat(63), count), {
        selector: ([key]) => key,
        minLength: 8,
        maxLength: 24,
      })
      .map((groups) => groups.sort(([a], [b]) => a - b))
    await fc.assert(
      fc.asyncProperty(counts, async (before) => {
        const objects = new MemoryObjects()
        const id = await build(objects, ticks, ticksOf(before))
        const ones = before.filter(([, size], i) => i === 0 || size > 1).map(([key]) => one(key))
        const frames = framesOf(ticks, ticksOf(ones))
        const result = await editSeries(objects, id, { mode: 'upsert', frames }, SMALL)
        const rows = ticksOf(before.map(([key]) => one(key)))
        expect(result.id).toBe(await build(new MemoryObjects(), ticks, rows))
      }),
      { numRuns: 500 },
    )
  })
})

describe('an edit', () => {
  const plain = schemaOf('t:timestamp_s v:float64 w:int32')
  const rows = (from: number, to: number): Scalar[][] =>
    Array.from({ length: to - from }, (_, i) => [BigInt(from + i), (from + i) / 2, 7])

  it('reads and stores one segment and its column for one correction in thousands', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows(0, 20_000))
    objects.resetCounts()
    const fix = framesOf(plain, [[9001n, -1, 7]])
    const result = await editSeries(objects, id, { mode: 'upsert', frames: fix }, SMALL)
    expect(result.counts).toMatchObject({ revised: 1, unchanged: 0, appended: 0, deleted: 0 })
    expect(objects.reads).toBeLessThan(16)
    // The column, a path of tree nodes, the series; tree nodes may be cut anew.
    expect(objects.puts).toBeLessThan(10)
    const column = [...objects.objects.values()].filter(({ kind }) => kind === 'column')
    expect(column.length).toBe((20_000 / 4) * 2 + 1 + 1)
  })

  it('reads no column to append behind a full segment', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows(0, 4096))
    objects.resetCounts()
    const kinds: string[] = []
    const read = objects.read.bind(objects)
    objects.read = (wanted, kind) => {
      kinds.push(kind)
      return read(wanted, kind)
    }
    const frames = framesOf(plain, rows(4096, 4098))
    const result = await editSeries(objects, id, { mode: 'append', frames }, SMALL)
    expect(result.counts).toMatchObject({ appended: 2, backfilled: 0 })
    expect(kinds).not.toContain('column')
  })

  it('leaves the columns it does not bring', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows(0, 30))
    const some = schemaOf('t:timestamp_s w:int32')
    const frames = framesOf(some, [
      [3n, 8],
      [4n, 7],
      [100n, 1],
    ])
    const result = await editSeries(objects, id, { mode: 'upsert', frames }, SMALL)
    expect(result.counts).toEqual({
      appended: 1,
      backfilled: 0,
      revised: 1,
      deleted: 0,
      unchanged: 1,
    })
    const all = await readAll(objects, result.id)
    expect([all[3], all[4], all[30]]).toEqual([
      [3n, 1.5, 8],
      [4n, 2, 7],
      [100n, null, 1],
    ])
  })

  it('gives the same id back when nothing changes', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows(0, 30))
    const result = await editSeries(
      objects,
      id,
      { mode: 'upsert', frames: framesOf(plain, rows(5, 9)) },
      SMALL,
    )
    expect(result).toMatchObject({ id, counts: { unchanged: 4, revised: 0 } })
  })

  it('tells null, NaN and zeros of either sign apart', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, [
      [1n, null, 0],
      [2n, NaN, 0],
      [3n, 0, 0],
      [4n, -0, 0],
    ])
    const frames = framesOf(plain, [
      [1n, NaN, 0],
      [2n, NaN, 0],
      [3n, -0, 0],
      [4n, -0, 0],
    ])
    const result = await editSeries(objects, id, { mode: 'upsert', frames }, SMALL)
    expect(result.counts).toMatchObject({ revised: 2, unchanged: 2 })
  })

  it('appends only past the end', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows(0, 30))
    const frames = framesOf(plain, rows(29, 31))
    await expect(editSeries(objects, id, { mode: 'append', frames }, SMALL)).rejects.toMatchObject({
      code: 'refused',
      data: { key: ['1970-01-01T00:00:29Z'], last: ['1970-01-01T00:00:29Z'] },
    })
  })

  it('appends to the last group of duplicates', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, ticks, [
      [1n, 1, ''],
      [2n, 1, ''],
      [2n, 2, ''],
    ])
    const frames = framesOf(ticks, [
      [2n, 3, ''],
      [3n, 1, ''],
    ])
    const result = await editSeries(objects, id, { mode: 'append', frames }, SMALL)
    expect(result.counts).toMatchObject({ appended: 2, backfilled: 0 })
    expect((await readAll(objects, result.id)).map((row) => row[1])).toEqual([1, 1, 2, 3, 1])
  })

  it('replaces a thousand duplicates by two', async () => {
    const objects = new MemoryObjects()
    const many = Array.from({ length: 1000 }, (_, i): Scalar[] => [5n, i, ''])
    const id = await build(objects, ticks, [[4n, 0, ''], ...many, [6n, 0, '']])
    const frames = framesOf(ticks, [
      [5n, 0, ''],
      [5n, -1, ''],
    ])
    const result = await editSeries(objects, id, { mode: 'upsert', frames }, SMALL)
    expect(result.counts).toEqual({
      appended: 0,
      backfilled: 0,
      revised: 1,
      deleted: 998,
      unchanged: 1,
    })
    const left = [
      [4n, 0, ''],
      [5n, 0, ''],
      [5n, -1, ''],
      [6n, 0, ''],
    ] as Row[]
    expect(result.id).toBe(await build(objects, ticks, left))
  })

  it('drops whole segments of a deleted range unread', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows(0, 4000))
    const bound = (n: bigint) => ({ key: encodeKeyPrefix(['timestamp_s'], [n]), inclusive: true })
    const kinds: string[] = []
    const read = objects.read.bind(objects)
    objects.read = (wanted, kind) => {
      kinds.push(kind)
      return read(wanted, kind)
    }
    const result = await editSeries(
      objects,
      id,
      { mode: 'delete', from: bound(1000n), to: bound(2999n) },
      SMALL,
    )
    expect(result.counts.deleted).toBe(2000)
    expect(kinds).not.toContain('column')
    expect(result.id).toBe(await build(objects, plain, [...rows(0, 1000), ...rows(3000, 4000)]))
  })

  it('says which keys it touched', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows(0, 10))
    const { touched } = await editSeries(
      objects,
      id,
      { mode: 'upsert', frames: framesOf(plain, rows(3, 5)) },
      SMALL,
    )
    const key = (n: number) => encodeKeyPrefix(['timestamp_s'], [BigInt(n)])
    expect(touched).toEqual([{ from: key(3), to: key(5) }])
    const range = await editSeries(
      objects,
      id,
      { mode: 'replace-range', frames: framesOf(plain, [rows(2, 3)[0]!, rows(8, 9)[0]!]) },
      SMALL,
    )
    expect(range.touched).toEqual([{ from: key(2), to: key(9) }])
    const all = await editSeries(objects, id, { mode: 'delete' }, SMALL)
    expect(all.touched).toEqual([{ from: undefined, to: undefined }])
    expect(all.rows).toBe(0)
    expect((await readSeries(objects, all.id)).rows).toBe(0)
  })

  it('refuses a type that the series does not have', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, rows(0, 10))
    const frames = framesOf(schemaOf('t:timestamp_s v:string'), [[1n, 'x']])
    await expect(editSeries(objects, id, { mode: 'upsert', frames }, SMALL)).rejects.toMatchObject({
      code: 'schema-mismatch',
      data: { column: 'v', found: 'string', expected: 'float64' },
    })
  })
})

describe('edits in a large series', () => {
  const plain = schemaOf('t:timestamp_s v:int32')
  const base = Array.from({ length: 1500 }, (_, i): Row => [BigInt(i * 3 + (i % 3)), i])

  it('leave the same bytes wherever a few places are touched', { timeout: 120_000 }, async () => {
    const objects = new MemoryObjects()
    const start = await build(objects, plain, base)
    const rowAt = fc.integer({ min: -10, max: 4600 }).map((t): Row => [BigInt(t), -1])
    const gap = fc.record({
      from: fc.integer({ min: 0, max: 4500 }),
      rows: fc.integer({ min: 0, max: 40 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowAt, { maxLength: 5 }),
        gap,
        async (rows, { from, rows: span }) => {
          const model = new PlainSeries(plain)
          model.upsert(base)
          const sorted = model.sorted(rows)
          model.upsert(sorted)
          const laid = await editSeries(
            objects,
            start,
            { mode: 'upsert', frames: framesOf(plain, sorted) },
            SMALL,
          )
          expect(laid.id).toBe(await build(new MemoryObjects(), plain, model.rows))
          const [low, high] = [model.key([BigInt(from)]), model.key([BigInt(from + span * 3)])]
          model.deleteBetween(low, high)
          const cut = await editSeries(
            objects,
            laid.id,
            { mode: 'delete', from: hexBound(low), to: hexBound(high) },
            SMALL,
          )
          expect(cut.id).toBe(await build(new MemoryObjects(), plain, model.rows))
          const kept = base.filter(
            ([t]) => !rows.some(([u]) => u === t) && !model.groups.has(model.key([t!])),
          )
          const back = await editSeries(
            objects,
            cut.id,
            { mode: 'upsert', frames: framesOf(plain, kept) },
            SMALL,
          )
          const strays = sorted.filter((row) => !base.some(([t]) => t === row[0]))
          model.upsert(kept)
          expect(back.id).toBe(await build(new MemoryObjects(), plain, model.rows))
          expect(strays.length).toBeLessThanOrEqual(5)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('hold at the real size of segments', { timeout: 120_000 }, async () => {
    const objects = new MemoryObjects()
    const count = 300_000
    const rows = (from: number, to: number, step = 1) =>
      Array.from({ length: Math.ceil((to - from) / step) }, (_, i): Row => {
        const t = from + i * step
        return [BigInt(t), t % 1000]
      })
    const all = rows(0, count)
    const id = await build(objects, plain, all, SPLIT_LIMITS, 50_000)
    const without = await editSeries(objects, id, {
      mode: 'delete',
      from: hexBound(Buffer.from(encodeKeyPrefix(['timestamp_s'], [70_000n])).toString('hex')),
      to: hexBound(Buffer.from(encodeKeyPrefix(['timestamp_s'], [129_999n])).toString('hex')),
    })
    expect(without.id).toBe(
      await build(
        new MemoryObjects(),
        plain,
        [...rows(0, 70_000), ...rows(130_000, count)],
        SPLIT_LIMITS,
      ),
    )
    const odd = await editSeries(objects, without.id, {
      mode: 'upsert',
      frames: framesOf(plain, rows(70_001, 130_000, 2), 7000),
    })
    const even = await editSeries(objects, odd.id, {
      mode: 'replace-range',
      frames: framesOf(plain, rows(70_000, 130_000), 11_000),
    })
    expect(odd.counts).toMatchObject({ backfilled: 30_000, appended: 0 })
    expect(even.counts).toMatchObject({ backfilled: 30_000, unchanged: 30_000, deleted: 0 })
    expect(even.id).toBe(id)
  })
})
