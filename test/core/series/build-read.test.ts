import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../../src/core/column.ts'
import type { Id, ObjectKind } from '../../../src/core/id.ts'
import { encodeKeyPrefix } from '../../../src/core/key.ts'
import { firstKey, lastKey, readSeries } from '../../../src/core/series.ts'
import { buildSeries } from '../../../src/core/series-build.ts'
import type { ChunkList } from '../../../src/core/series-columns.ts'
import { countRows, type ReadRowsOptions, readRows } from '../../../src/core/series-read.ts'
import { SPLIT_LIMITS } from '../../../src/core/split.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import {
  build,
  framesOf,
  readAll,
  rowsOf,
  SMALL,
  schemaOf,
  segmentsOf,
} from '../../support/series.ts'

const plain = schemaOf('t:timestamp_s v:float64')
const numbered = (count: number, step = 1n): Scalar[][] =>
  Array.from({ length: count }, (_, i) => [BigInt(i) * step, i / 4])

describe('a built series', () => {
  it('reads back as it went in', async () => {
    const objects = new MemoryObjects()
    const rows = numbered(1000, 7n)
    const id = await build(objects, plain, rows)
    expect(await readAll(objects, id)).toEqual(rows)
    const series = await readSeries(objects, id)
    expect(series.rows).toBe(1000)
    expect(firstKey(series)).toEqual([0n])
    expect(lastKey(series)).toEqual([6993n])
    expect((await segmentsOf(objects, series)).length).toBeGreaterThan(250)
  })

  it('has one id whatever the frames it came in', async () => {
    const rows = numbered(300, 3n)
    const ids = new Set<string>()
    for (const size of [1, 2, 5, 64, 1000]) {
      ids.add(await build(new MemoryObjects(), plain, rows, SMALL, size))
    }
    expect(ids.size).toBe(1)
  })

  it('can be empty', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, [])
    const series = await readSeries(objects, id)
    expect(series.rows).toBe(0)
    expect(firstKey(series)).toBeUndefined()
    expect(await readAll(objects, id)).toEqual([])
    expect(await countRows(objects, series)).toBe(0)
  })

  it('can have one row', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, [[5n, null]])
    expect(await readAll(objects, id)).toEqual([[5n, null]])
  })

  it('keeps rows of equal keys in their order', async () => {
    const objects = new MemoryObjects()
    const schema = schemaOf('t:timestamp_s v:int32', { duplicates: true })
    const rows = Array.from({ length: 1000 }, (_, i): Scalar[] => [42n, (i * 7919) % 1000])
    const all: Scalar[][] = [[41n, 1], ...rows, [43n, 2]]
    const ids = new Set<string>()
    for (const size of [1, 3, 2000]) ids.add(await build(objects, schema, all, SMALL, size))
    expect(ids.size).toBe(1)
    expect(await readAll(objects, [...ids][0] as never)).toEqual(all)
  })

  it('refuses a key that comes after a greater one, and says which', async () => {
    const frames = framesOf(
      plain,
      [
        [1n, 0],
        [3n, 0],
        [2n, 0],
      ],
      2,
    )
    await expect(buildSeries(new MemoryObjects(), plain, frames)).rejects.toMatchObject({
      code: 'bad-input',
      data: { key: ['1970-01-01T00:00:02Z'], row: 2, duplicate: false },
    })
  })

  it.each([1, 10])('refuses a key twice, in frames of %i rows', async (size) => {
    const frames = framesOf(
      plain,
      [
        [1n, 0],
        [3n, 0],
        [3n, 1],
      ],
      size,
    )
    await expect(buildSeries(new MemoryObjects(), plain, frames)).rejects.toMatchObject({
      code: 'bad-input',
      data: { key: ['1970-01-01T00:00:03Z'], row: 2, duplicate: true },
    })
  })

  it('refuses columns that are not its own', async () => {
    const objects = new MemoryObjects()
    const frames = (text: string, row: Scalar[]) => framesOf(schemaOf(text), [row])
    for (const [text, row] of [
      ['t:timestamp_s w:float64', [1n, 0]],
      ['t:timestamp_s v:int32', [1n, 0]],
      ['t:timestamp_ms v:float64', [1n, 0]],
      ['v:float64', [1]],
    ] as [string, Scalar[]][]) {
      await expect(buildSeries(objects, plain, frames(text, row))).rejects.toMatchObject({
        code: 'schema-mismatch',
      })
    }
  })

  it('takes a column of nulls without a type for any', async () => {
    const objects = new MemoryObjects()
    const { id } = await buildSeries(
      objects,
      plain,
      framesOf(schemaOf('t:timestamp_s v:null'), [[1n, null]]),
    )
    expect(id).toBe(await build(objects, plain, [[1n, null]]))
  })

  it('splits a large column into chunks, that column alone', async () => {
    const objects = new MemoryObjects()
    const schema = schemaOf('n:int32 text:string v:int8')
    const rows = Array.from({ length: 64 }, (_, i): Scalar[] => [i, 'x'.repeat(i < 8 ? 900 : 3), i])
    const limits = { segmentRows: 64, chunkBytes: 2000 }
    const id = await build(objects, schema, rows, limits)
    const [entry] = await segmentsOf(objects, await readSeries(objects, id))
    const sizes = (entry!.value as readonly ChunkList[]).map((list) => list.map((c) => c.rows))
    expect(sizes).toEqual([[64], [2, 2, 2, 2, 8, 16, 32], [64]])
    expect(await readAll(objects, id)).toEqual(rows)
  })

  it('holds a value of 60 MiB', { timeout: 60_000 }, async () => {
    const objects = new MemoryObjects()
    const schema = schemaOf('n:int32 doc:json')
    const doc = JSON.stringify('j'.repeat(60 * 1024 * 1024))
    const id = await build(
      objects,
      schema,
      [
        [1, '{}'],
        [2, doc],
        [3, 'null'],
      ],
      SPLIT_LIMITS,
    )
    const frames: number[] = []
    for await (const frame of readRows(objects, await readSeries(objects, id))) {
      frames.push(frame.rows)
      expect(rowsOf(frame).map((row) => (row[1] as string).length)).toEqual(
        [[2, doc.length, 4].slice(frames.length - 1, frames.length)].flat(),
      )
    }
    expect(frames).toEqual([1, 1, 1])
  })

  it('holds ten thousand columns and reads the one that is asked for', async () => {
    const objects = new MemoryObjects()
    const names = Array.from({ length: 9999 }, (_, i) => `c${i}:int32`)
    const schema = schemaOf(`t:int32 ${names.join(' ')}`)
    const rows = Array.from({ length: 100 }, (_, row): Scalar[] => [
      row,
      ...names.map((_, i) => (i * 31 + row) % 977),
    ])
    const id = await build(objects, schema, rows, SPLIT_LIMITS)
    objects.resetCounts()
    const some = await readAll(objects, id, { columns: ['c7777'], tail: 2 })
    expect(some).toEqual(rows.slice(98).map((row) => [row[0], row[7778]]))
    expect(objects.reads).toBeLessThan(12)
    const all = await readAll(objects, id)
    expect(all[57]).toEqual(rows[57])
  })
})

describe('reading part of a series', () => {
  const composite = schemaOf('day:date name:string v:float64 w:int64', { indexCount: 2 })
  const rows: Scalar[][] = []
  for (let day = -5; day < 40; day++) {
    for (const name of ['', 'a', 'ab', 'é', '😀']) rows.push([day, name, day / 2, BigInt(day)])
  }
  const key = (...values: Scalar[]) => encodeKeyPrefix(['date', 'string'], values)

  it('agrees with filtering all rows', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, composite, rows)
    const series = await readSeries(objects, id)
    const bound = fc.option(
      fc.record({ day: fc.integer({ min: -8, max: 42 }), inclusive: fc.boolean() }),
      {
        nil: undefined,
      },
    )
    const count = fc.option(fc.nat(30), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(bound, bound, count, count, count, async (from, to, limit, tail, batch) => {
        const options: ReadRowsOptions = {
          from: from && { key: key(from.day), inclusive: from.inclusive },
          to: to && { key: key(to.day), inclusive: to.inclusive },
          limit,
          tail,
          batchRows: batch === undefined ? undefined : batch + 1,
        }
        const inRange = rows.filter(([day]) => {
          const d = day as number
          if (from && (from.inclusive ? d < from.day : d <= from.day)) return false
          return !to || (to.inclusive ? d <= to.day : d < to.day)
        })
        expect(await countRows(objects, series, options)).toBe(inRange.length)
        const last =
          tail === undefined ? inRange : inRange.slice(Math.max(0, inRange.length - tail))
        const wanted = last.slice(0, limit)
        expect(await readAll(objects, id, options)).toEqual(wanted)
      }),
    )
  })

  it('bounds by more than the first index column', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, composite, rows)
    const found = await readAll(objects, id, {
      from: { key: key(3, 'ab'), inclusive: false },
      to: { key: key(4, 'a'), inclusive: true },
    })
    expect(found.map((row) => row.slice(0, 2))).toEqual([
      [3, 'é'],
      [3, '😀'],
      [4, ''],
      [4, 'a'],
    ])
  })

  it('puts the columns in the order asked for, index columns first', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, composite, rows)
    const [first] = await readAll(objects, id, { columns: ['w', 'v', 'day'], limit: 1 })
    expect(first).toEqual([-5, '', -5n, -2.5])
    await expect(readAll(objects, id, { columns: ['x'] })).rejects.toMatchObject({
      code: 'column-not-found',
      data: { column: 'x' },
    })
  })

  it('reads only the segments of the range', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, plain, numbered(2000))
    objects.resetCounts()
    const time = encodeKeyPrefix(['timestamp_s'], [1000n])
    expect(
      await readAll(objects, id, { from: { key: time, inclusive: true }, limit: 3 }),
    ).toHaveLength(3)
    expect(objects.reads).toBeLessThan(12)
  })

  it('reads the columns of the segments that a window lies in, and no others', async () => {
    const objects = new ColumnReads()
    const id = await build(objects, plain, numbered(2000))
    const at = (time: bigint, inclusive: boolean) => ({
      key: encodeKeyPrefix(['timestamp_s'], [time]),
      inclusive,
    })
    const columnsOf = async (options: ReadRowsOptions): Promise<number> => {
      objects.columns = 0
      await readAll(objects, id, options)
      return objects.columns
    }
    const whole = await columnsOf({})
    const perSegment = plain.columns.length
    expect(whole).toBeGreaterThan(200 * perSegment)
    expect(await columnsOf({ tail: 1 })).toBe(perSegment)
    expect(await columnsOf({ limit: 1 })).toBe(perSegment)
    expect(await columnsOf({ offset: 1234, limit: 1 })).toBe(perSegment)
    expect(await columnsOf({ tail: 1, columns: [] })).toBe(1)
    expect(await columnsOf({ columns: [] })).toBe(whole / perSegment)
    // A hundredth of the rows; the keys of the segments at its ends are looked at once more.
    const hundredth = { from: at(1000n, true), to: at(1020n, false) }
    expect(await columnsOf(hundredth)).toBeLessThan(whole / 50)
  })
})

/** Objects in a map, counting the columns that are read. */
class ColumnReads extends MemoryObjects {
  columns = 0

  override read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    if (kind === 'column') this.columns++
    return super.read(id, kind)
  }
}

describe('keys of every type', () => {
  const samples: [string, Scalar[]][] = [
    ['bool', [false, true]],
    ['int8', [-128, -1, 0, 1, 127]],
    ['int64', [-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n]],
    ['uint64', [0n, 2n ** 63n, 2n ** 64n - 1n]],
    ['float64', [-Infinity, -1.5, 0, 5e-324, 1, Infinity]],
    ['float32', [-Infinity, -1.5, 0, 1, Infinity]],
    ['timestamp_ns', [-(2n ** 63n), 0n, 1n]],
    ['date', [-719528, 0, 19000]],
    ['string', ['', 'a', 'a\0', 'a\0b', 'ab', 'é', '\uffff', '😀']],
  ]
  it.each(samples)('%s', async (type, values) => {
    const objects = new MemoryObjects()
    const schema = schemaOf(`k:${type} v:int32`)
    const rows = values.map((value, i): Scalar[] => [value, i])
    const id = await build(objects, schema, rows, { segmentRows: 1, chunkBytes: 1 })
    expect(await readAll(objects, id)).toEqual(rows)
  })
})
