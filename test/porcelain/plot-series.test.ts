import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Repository } from '../../src/plumbing/repository.ts'
import { updateIndex } from '../../src/plumbing/update-index.ts'
import { setSettings } from '../../src/porcelain/change-schema.ts'
import type { PlotLine } from '../../src/porcelain/plot-data.ts'
import { plotSeries } from '../../src/porcelain/plot-series.ts'
import { newRepository } from '../support/repositories.ts'
import { build, type Row, schemaOf } from '../support/series.ts'
import { commitStaged } from '../support/staging.ts'

/** Commits series given as `name: [schema, rows]`; undefined removes one. */
async function put(
  repo: Repository,
  series: Readonly<Record<string, readonly [schema: string, rows: readonly Row[]] | undefined>>,
  options?: { indexCount?: number; duplicates?: boolean },
): Promise<void> {
  const batch = await repo.objects.begin()
  const edits = []
  for (const [path, given] of Object.entries(series)) {
    if (given === undefined) {
      edits.push({ kind: '0', path } as const)
      continue
    }
    const id = await build(batch, schemaOf(given[0], options), given[1])
    edits.push({ kind: 'series', path, id } as const)
  }
  await batch.publish()
  await updateIndex(repo, { edits })
  await commitStaged(repo, 'a change')
}

const sum = (counts: Uint32Array | undefined) => [...(counts ?? [])].reduce((a, b) => a + b, 0)
const lowest = (line: PlotLine | undefined) =>
  Math.min(...[...line!.low].filter((value) => !Number.isNaN(value)))
const highest = (line: PlotLine | undefined) =>
  Math.max(...[...line!.high].filter((value) => !Number.isNaN(value)))

describe('what a chart of a series is drawn from', () => {
  it('has all rows of a range and their extremes, and no other', async () => {
    const repo = await newRepository({ workTree: true })
    const rows: Row[] = Array.from({ length: 60 }, (_, i) => [BigInt(i * 3), (i * 37) % 61])
    await put(repo, { a: ['t:int64 v:float64', rows] })
    const position = fc.double({ min: -20, max: 220, noNaN: true })
    await fc.assert(
      fc.asyncProperty(
        position,
        position,
        fc.integer({ min: 1, max: 90 }),
        async (a, b, buckets) => {
          const range = { from: Math.min(a, b), to: Math.max(a, b) + 1 }
          const plot = await plotSeries(repo, { name: 'a', range, buckets })
          const inside = rows.filter(([t]) => Number(t) >= range.from && Number(t) <= range.to)
          const values = inside.map(([, v]) => v as number)
          expect(plot).toMatchObject({
            ...range,
            rows: inside.length,
            extent: { from: 0, to: 177 },
          })
          const line = plot.columns[0]!.after!
          expect(sum(line.rows)).toBe(inside.length)
          expect([lowest(line), highest(line)]).toEqual([Math.min(...values), Math.max(...values)])
          const before = rows.filter(([t]) => Number(t) < range.from).at(-1)
          const after = rows.find(([t]) => Number(t) > range.to)
          expect(line.previous).toEqual(before && { at: Number(before[0]), value: before[1] })
          expect(line.next).toEqual(after && { at: Number(after[0]), value: after[1] })
        },
      ),
      { numRuns: 60 },
    )
  })

  it('keeps nanoseconds apart that a double of seconds would not', async () => {
    const repo = await newRepository({ workTree: true })
    const start = 1_795_000_000_000_000_000n
    const rows: Row[] = Array.from({ length: 100 }, (_, i) => [start + BigInt(i), i])
    await put(repo, { a: ['t:timestamp_ns v:float64', rows] })
    const plot = await plotSeries(repo, { name: 'a', buckets: 99 })
    expect(plot.exact).toEqual({ from: start, to: start + 99n })
    const line = plot.columns[0]!.after!
    expect(new Set(line.rows.slice(0, 98))).toEqual(new Set([1]))
    expect(line.firstAt).toEqual(rows.slice(0, 99).map(([at]) => at))
    expect(line.lastAt).toEqual([...line.firstAt.slice(0, 98), start + 99n])
  })

  it('takes bounds as texts, and shows what of them has rows', async () => {
    const repo = await newRepository({ workTree: true })
    const rows: Row[] = Array.from({ length: 365 }, (_, i) => [20_454 + i, i])
    await put(repo, { a: ['day:date v:float64', rows] })
    const range = { from: '2026-02', to: '2026-02' }
    const plot = await plotSeries(repo, { name: 'a', range, buckets: 10 })
    expect(plot).toMatchObject({ rows: 28, from: 20_485, to: 20_512, axis: { kind: 'date' } })
  })

  it('lays a version beside the other, and finds where they differ', async () => {
    const repo = await newRepository({ workTree: true })
    const rows: Row[] = Array.from({ length: 1000 }, (_, i) => [BigInt(i), i, 'x'])
    await put(repo, { a: ['t:int64 v:float64 s:string', rows] })
    await put(repo, {
      a: [
        't:int64 v:float64 s:string',
        rows.map((row, i) => (i === 500 ? [row[0]!, 7000, 'x'] : row)),
      ],
    })
    const plot = await plotSeries(repo, {
      name: 'a',
      rev: 'HEAD',
      against: 'HEAD~1',
      range: 'change',
      buckets: 31,
    })
    expect(plot).toMatchObject({ from: 485, to: 515, rows: 31, rowsBefore: 31, against: 'a' })
    expect(plot.columns.map(({ name }) => name)).toEqual(['v'])
    expect(highest(plot.columns[0]!.after)).toBe(7000)
    expect(highest(plot.columns[0]!.before)).toBe(515)
  })

  it('has one side alone of a series that came or went', async () => {
    const repo = await newRepository({ workTree: true })
    await put(repo, { a: ['t:int64 v:float64', [[0n, 1]]], b: ['t:int64 v:float64', [[0n, 5]]] })
    await put(repo, { a: undefined, c: ['t:int64 v:float64', [[3n, 2]]] })
    const options = { rev: 'HEAD', against: 'HEAD~1', range: 'change', buckets: 5 } as const
    const came = await plotSeries(repo, { name: 'c', ...options })
    expect(came.against).toBeUndefined()
    expect(came.columns[0]!.before).toBeUndefined()
    expect(came.columns[0]!.after).toBeDefined()
    const went = await plotSeries(repo, { name: 'a', ...options })
    expect(went.columns[0]!.after).toBeUndefined()
    expect(went.columns[0]!.before).toBeDefined()
    expect(went).toMatchObject({ rows: 0, rowsBefore: 1 })
    await expect(plotSeries(repo, { name: 'd', ...options })).rejects.toMatchObject({
      code: 'series-not-found',
    })
  })

  it('follows a series and a column that were renamed', async () => {
    const repo = await newRepository({ workTree: true })
    const rows: Row[] = Array.from({ length: 40 }, (_, i) => [BigInt(i), i / 8])
    await put(repo, { old: ['t:int64 v:float64', rows] })
    await put(repo, { old: undefined, fresh: ['t:int64 w:float64', rows] })
    const plot = await plotSeries(repo, {
      name: 'fresh',
      rev: 'HEAD',
      against: 'HEAD~1:old',
      buckets: 5,
    })
    expect(plot.columns).toHaveLength(1)
    expect(plot.columns[0]).toMatchObject({ name: 'w' })
    expect(plot.columns[0]!.before).toEqual(plot.columns[0]!.after)
  })

  it('counts rows where the index is no number or time', async () => {
    const repo = await newRepository({ workTree: true })
    const rows: Row[] = Array.from({ length: 30 }, (_, i) => [`k${String(i).padStart(3, '0')}`, i])
    await put(repo, { a: ['k:string v:int32', rows] })
    const range = { from: 'k010', to: 'k020' }
    const plot = await plotSeries(repo, { name: 'a', range, buckets: 10 })
    expect(plot).toMatchObject({ from: 10, to: 19, rows: 10, axis: { kind: 'row' } })
    expect([...plot.columns[0]!.after!.low]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])

    const { after } = (await plotSeries(repo, { name: 'a', range, buckets: 2 })).columns[0]!
    expect([after!.firstKey, after!.lastKey]).toEqual([
      ['k010', 'k015'],
      ['k014', 'k019'],
    ])
  })

  it.each<[string, readonly Row[], { from: number; to: number }]>([
    ['t:int64 v:float64', [], { from: 0, to: 1 }],
    ['t:int64 v:float64', [[7n, 1]], { from: 6, to: 8 }],
    ['t:date v:float64', [[7, 1]], { from: 6, to: 8 }],
    [
      't:float64 v:float64',
      [
        [-Infinity, 1],
        [0, 1],
      ],
      { from: -Number.MAX_VALUE, to: 0 },
    ],
    [
      't:float64 v:float64',
      [
        [-1e308, 1],
        [1e308, 1],
      ],
      { from: -1e308, to: 1e308 },
    ],
    [
      't:int64 v:float64',
      [
        [-(2n ** 63n), 1],
        [2n ** 63n - 1n, 1],
      ],
      { from: -(2 ** 63), to: 2 ** 63 },
    ],
    [
      't:date v:float64',
      [
        [-(2 ** 31), 1],
        [2 ** 31 - 1, 1],
      ],
      { from: -(2 ** 31), to: 2 ** 31 - 1 },
    ],
  ])('draws %s of rows %#', async (schema, rows, range) => {
    const repo = await newRepository({ workTree: true })
    await put(repo, { a: [schema, rows] })
    const plot = await plotSeries(repo, { name: 'a', buckets: 4 })
    expect(plot).toMatchObject({ ...range, rows: rows.length })
    expect(sum(plot.columns[0]!.after!.rows)).toBe(rows.length)
  })

  it('has the units that the settings of the series name', async () => {
    const repo = await newRepository({ workTree: true })
    await put(repo, { a: ['t:int64 v:float64 w:float64', [[1n, 1, 2]]] })
    const display = { v: { unit: 'USD/bbl' }, w: 3 }
    await setSettings(repo, { name: 'a', values: new Map([['display', display]]) })
    const { columns } = await plotSeries(repo, { name: 'a', buckets: 4 })
    expect(columns.map(({ unit }) => unit)).toEqual(['USD/bbl', undefined])
  })

  it('says which columns there are, and ends where its signal says so', async () => {
    const repo = await newRepository({ workTree: true })
    await put(repo, { a: ['t:int64 value:float64 s:string', [[1n, 1, 'x']]] })
    const plot = (columns: string[], signal?: AbortSignal) =>
      plotSeries(repo, { name: 'a', columns, buckets: 4, signal })
    await expect(plot(['valeu'])).rejects.toMatchObject({
      code: 'column-not-found',
      hint: 'did you mean value?',
    })
    await expect(plot(['s'])).rejects.toMatchObject({ code: 'usage' })
    await expect(plot([], AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' })
  })
})
