import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../src/core/column.ts'
import type { VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import type { Schema } from '../../src/core/schema.ts'
import { writeSettings } from '../../src/core/settings.ts'
import { type PathEdit, updatePaths } from '../../src/core/tree.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { changedCells } from '../../src/porcelain/changed-cells.ts'
import { constantText } from '../../src/porcelain/constant-change.ts'
import { type DiffItem, type DiffRowsOptions, diffRows } from '../../src/porcelain/diff.ts'
import { diffCsvFrames } from '../../src/porcelain/diff-csv.ts'
import { diffStats } from '../../src/porcelain/diff-stats.ts'
import { openComparison } from '../../src/porcelain/open-comparison.ts'
import { cellText } from '../../src/porcelain/value-text.ts'
import { collect, newRepository, setRefs, storeCommits } from '../support/repositories.ts'
import { build, type Row, rowsOf, schemaOf } from '../support/series.ts'
import { commitStaged, stage } from '../support/staging.ts'

interface TestSeries {
  readonly schema: Schema
  readonly rows: readonly Row[]
  readonly settings?: ReadonlyMap<string, string>
}

async function storeTree(
  repo: Repository,
  series: Readonly<Record<string, TestSeries>>,
): Promise<Id> {
  const batch = await repo.objects.begin()
  const edits = new Map<string, PathEdit>()
  for (const [path, { schema, rows, settings }] of Object.entries(series)) {
    const id = await build(batch, schema, rows)
    const own = settings && (await writeSettings(batch, settings))
    edits.set(path, { kind: 'series', id, settings: own ?? null })
  }
  await batch.put('tree', Uint8Array.of(0, 0))
  const tree = await updatePaths(batch, await batch.put('tree', Uint8Array.of(0, 0)), edits)
  await batch.publish()
  return tree
}

/** A bare repository with `before` and `after` as tags. */
async function twoStates(
  before: Readonly<Record<string, TestSeries>>,
  after: Readonly<Record<string, TestSeries>>,
): Promise<Repository> {
  const repo = await newRepository()
  const trees = [await storeTree(repo, before), await storeTree(repo, after)]
  const [a, b] = await storeCommits(repo, [
    { seconds: 1, tree: trees[0]! },
    { seconds: 2, tree: trees[1]!, parents: [0] },
  ])
  await setRefs(repo, { 'refs/tags/before': a, 'refs/tags/after': b, 'refs/heads/main': b })
  return repo
}

async function diff(
  repo: Repository,
  options: DiffRowsOptions = {},
  words = ['before', 'after'],
): Promise<DiffItem[]> {
  const comparison = await openComparison(repo, { words })
  try {
    return await collect(diffRows(comparison, options))
  } finally {
    await comparison.close()
  }
}

/** The items as short lines. */
function lines(items: readonly DiffItem[]): string[] {
  return items.flatMap((item) => {
    if (item.kind === 'series') return `${item.state} ${item.path}`
    if (item.kind === 'more') return `${item.rows} more`
    if (item.kind === 'more-series') return `${item.series} more series`
    if (item.kind === 'file') return `${item.file.state} ${item.file.file}`
    return item.rows.map((row) => {
      const cells = changedCells(item.series.columns, row)
      return `${row.class} ${row.key.join()} ${cells.map((c) => cellText(c.name, c)).join(', ')}`
    })
  })
}

const prices = schemaOf('t:int64 price:float64')
const row = (t: number, ...values: Scalar[]): Row => [BigInt(t), ...values]

async function faultOf(work: () => Promise<unknown>): Promise<VarveError> {
  try {
    await work()
  } catch (error) {
    return error as VarveError
  }
  throw new Error('there was no fault')
}

describe('diffRows', () => {
  it('tells appended, backfilled, revised and deleted rows apart', async () => {
    const repo = await twoStates(
      { a: { schema: prices, rows: [row(1, 1), row(3, 65.98), row(5, 5)] } },
      { a: { schema: prices, rows: [row(2, 2), row(3, 66.02), row(5, 5), row(6, null)] } },
    )
    expect(lines(await diff(repo))).toEqual([
      'changed a',
      'deleted 1 price 1',
      'backfilled 2 price 2',
      'revised 3 price 65.98 → 66.02 (+0.04, +0.06 %)',
      'appended 6 price null',
    ])
  })

  it('shows of a revised row only the columns that differ', async () => {
    const schema = schemaOf('t:int64 a:float64 b:string c:int32')
    const repo = await twoStates(
      { s: { schema, rows: [row(1, 1, 'x y', 3), row(2, Number.NaN, null, 3)] } },
      { s: { schema, rows: [row(1, 1, null, 4), row(2, Number.NaN, '', 3)] } },
    )
    expect(lines(await diff(repo))).toEqual([
      'changed s',
      'revised 1 b "x y" → null, c 3 → 4 (+1, +33.33 %)',
      'revised 2 b null → ""',
    ])
  })

  it('follows columns that were renamed, widened, added and dropped', async () => {
    const repo = await twoStates(
      {
        s: {
          schema: schemaOf('t:int64 old:float64 n:int32 gone:bool'),
          rows: [row(1, 1.5, 7, true), row(2, 2.5, 8, null)],
        },
      },
      {
        s: {
          schema: schemaOf('t:int64 new:float64 n:int64 rain:float32'),
          rows: [row(1, 1.5, 7n, null), row(2, 2.5, 9n, 0.5)],
        },
      },
    )
    const items = await diff(repo)
    const [series] = items
    expect(series?.kind === 'series' && series.schemaChanges.map(({ kind }) => kind)).toEqual([
      'renamed',
      'retyped',
      'dropped',
      'added',
    ])
    expect(lines(items)).toEqual([
      'changed s',
      'revised 1 gone true',
      'revised 2 n 8 → 9 (+1, +12.50 %), rain 0.5',
    ])
  })

  it('gives new and deleted series with their rows, and settings', async () => {
    const repo = await twoStates(
      { gone: { schema: prices, rows: [row(1, 2)] }, same: { schema: prices, rows: [row(1, 1)] } },
      {
        fresh: { schema: prices, rows: [row(1, 1)] },
        same: { schema: prices, rows: [row(1, 1)], settings: new Map([['zone', 'UTC']]) },
      },
    )
    const items = await diff(repo)
    expect(lines(items)).toEqual([
      'new fresh',
      'appended 1 price 1',
      'deleted gone',
      'deleted 1 price 2',
      'changed same',
    ])
    const same = items.find((item) => item.kind === 'series' && item.path === 'same')
    expect(same).toMatchObject({ settings: { new: new Map([['zone', 'UTC']]) } })
  })

  it('knows a series that was renamed, as it was or changed', async () => {
    const rows = [row(1, 1), row(2, 2), row(3, 3)]
    const repo = await twoStates(
      { old: { schema: prices, rows }, moved: { schema: prices, rows: [row(7, 7)] } },
      {
        fresh: { schema: prices, rows: [row(1, 1), row(2, 2), row(3, 4)] },
        z: { schema: prices, rows: [row(7, 7)] },
      },
    )
    const items = await diff(repo)
    expect(lines(items)).toEqual([
      'renamed fresh',
      'revised 3 price 3 → 4 (+1, +33.33 %)',
      'renamed z',
    ])
    expect(items[0]).toMatchObject({ from: 'old' })
    const comparison = await openComparison(repo, { words: ['before', 'after'], renames: false })
    expect(lines(await collect(diffRows(comparison)))).toContain('deleted moved')
    const stats = await collect(
      diffStats(await openComparison(repo, { words: ['before', 'after'] })),
    )
    expect(stats[0]).toMatchObject({ stat: { from: 'old', state: 'changed', path: 'fresh' } })
  })

  it('takes numbers within a tolerance for the same', async () => {
    const schema = schemaOf('t:int64 a:float64 n:int64 w:string')
    const repo = await twoStates(
      { s: { schema, rows: [row(1, 100, 5n, 'x'), row(2, 1, 5n, 'x'), row(3, 1, 5n, 'x')] } },
      { s: { schema, rows: [row(1, 100.4, 5n, 'x'), row(2, 1.4, 6n, 'x'), row(3, 1, 5n, 'y')] } },
    )
    const of = async (atol: number, rtol: number) =>
      lines(await diff(repo, { tolerance: { atol, rtol }, counted: true }))
    expect(await of(0, 0.01)).toEqual([
      'changed s',
      'revised 2 a 1 → 1.4 (+0.4, +40.00 %), n 5 → 6 (+1, +20.00 %)',
      'revised 3 w x → y',
    ])
    expect(await of(0.5, 0)).toEqual([
      'changed s',
      'revised 2 n 5 → 6 (+1, +20.00 %)',
      'revised 3 w x → y',
    ])
    const comparison = await openComparison(repo, { words: ['before', 'after'] })
    const stats = await collect(diffStats(comparison, { tolerance: { atol: 1, rtol: 0 } }))
    expect(stats[0]).toMatchObject({ stat: { stat: { revised: 1, firstKey: [3n] } } })
    const none = { tolerance: { atol: 1, rtol: 0 }, columns: ['a', 'n'] }
    expect(lines(await diff(repo, none))).toEqual([])
  })

  it('compares integers exactly, however large, and no number with an infinite one', async () => {
    const large = 9223372036854775806n
    const schema = schemaOf('t:int64 n:int64 u:uint64 i:int32 a:float64')
    const rows = (n: bigint, u: bigint, i: number, a: number) => [row(1, n, u, i, a)]
    const of = async (
      before: readonly Row[],
      after: readonly Row[],
      atol: number,
      rtol: number,
    ) => {
      const repo = await twoStates({ s: { schema, rows: before } }, { s: { schema, rows: after } })
      return lines(await diff(repo, { tolerance: { atol, rtol }, counted: true })).slice(1)
    }
    const old = rows(large, large * 2n, 100, Infinity)
    expect(await of(old, rows(large - 500n, large * 2n, 100, Infinity), 1, 0)).toHaveLength(1)
    expect(await of(old, rows(large - 500n, large * 2n - 500n, 100, Infinity), 500, 0)).toEqual([])
    expect(await of(old, rows(large, large * 2n - 2n, 100, Infinity), 1.5, 0)).toHaveLength(1)
    expect(await of(old, rows(large, large * 2n, 129, Infinity), 0, 0.29)).toEqual([])
    expect(await of(old, rows(large, large * 2n, 130, Infinity), 0, 0.29)).toHaveLength(1)
    expect(await of(old, rows(large, large * 2n, 100, 5), 1, 1)).toHaveLength(1)
    const odd = 9007199254740994n
    expect(await of(rows(odd, 0n, 0, 0), rows(odd + 1n, 0n, 0, 0), 1, 0)).toEqual([])
    expect(await of(rows(odd, 0n, 0, 0), rows(odd + 2n, 0n, 0, 0), 1, 0)).toHaveLength(1)
  })

  it.each([
    ['× 1.01 on 8 rows', (v: number) => Number((v * 1.01).toFixed(2)), 'float64'],
    ['+ 0.5 on 8 rows', (v: number) => v + 0.5, 'float64'],
    ['− 3 on 8 rows', (v: number) => v - 3, 'float64'],
    ['× 1000 on 8 rows', (v: number) => v * 1000, 'float64'],
    [undefined, (v: number) => v + Math.sin(v), 'float64'],
    ['+ 7 on 8 rows', (v: number) => BigInt(v) + 7n, 'int64'],
  ])('says that all revisions come to %s', async (expected, change, type) => {
    const schema = schemaOf(`t:int64 v:${type}`)
    const values = Array.from({ length: 8 }, (_, i) => 60 + i * 7)
    const typed = (v: number) => (type === 'int64' ? BigInt(v) : v)
    const repo = await twoStates(
      { s: { schema, rows: values.map((v, i) => row(i, typed(v))) } },
      { s: { schema, rows: [...values.map((v, i) => row(i, change(v))), row(99, typed(1))] } },
    )
    const [series] = await diff(repo, { counted: true })
    const constant = series?.kind === 'series' ? (series.constant ?? []) : []
    expect(constant.map(constantText)).toEqual(expected === undefined ? [] : [expected])
  })

  it('narrows to keys and columns, and leaves out what has none of them', async () => {
    const schema = schemaOf('t:int64 a:float64 b:float64')
    const repo = await twoStates(
      {
        s: { schema, rows: [row(1, 1, 1), row(2, 1, 1), row(3, 1, 1)] },
        u: { schema: prices, rows: [row(2, 1)] },
      },
      {
        s: { schema, rows: [row(1, 2, 1), row(2, 2, 2), row(3, 1, 2)] },
        u: { schema: prices, rows: [row(2, 2)] },
      },
    )
    expect(lines(await diff(repo, { columns: ['b'] }))).toEqual([
      'changed s',
      'revised 2 b 1 → 2 (+1, +100.00 %)',
      'revised 3 b 1 → 2 (+1, +100.00 %)',
    ])
    expect(lines(await diff(repo, { from: '3' }))).toEqual([
      'changed s',
      'revised 3 b 1 → 2 (+1, +100.00 %)',
    ])
    expect(lines(await diff(repo, { at: '1', counted: true }))).toEqual([
      'changed s',
      'revised 1 a 1 → 2 (+1, +100.00 %)',
    ])
    expect(await diff(repo, { from: '10', counted: true })).toEqual([])
    const fault = await faultOf(() => diff(repo, { columns: ['b', 'prize'] }))
    expect(fault).toMatchObject({ code: 'column-not-found', hint: 'did you mean price?' })
  })

  it('gives so many rows of so many series, and says how many there are', async () => {
    const rows = (add: number) => Array.from({ length: 50 }, (_, t) => row(t, t + add))
    const state = (add: number) =>
      Object.fromEntries(['a', 'b', 'c'].map((path) => [path, { schema: prices, rows: rows(add) }]))
    const repo = await twoStates(state(0), state(1))
    const options = { rowsOfSeries: 2, seriesWithRows: 1, counted: true }
    expect(lines(await diff(repo, options))).toEqual([
      'changed a',
      'revised 0 price 0 → 1 (+1)',
      'revised 1 price 1 → 2 (+1, +100.00 %)',
      '48 more',
      'changed b',
      'changed c',
      '2 more series',
    ])
  })

  it('gives the other side when it is applied', async () => {
    const schema = schemaOf('t:int64 a:float64 b:string')
    const cells = fc.tuple(
      fc.option(fc.constantFrom(0, -0, 1, Number.NaN)),
      fc.option(fc.constantFrom('', 'x')),
    )
    const table = fc.dictionary(fc.nat({ max: 20 }).map(String), cells, { maxKeys: 20 })
    await fc.assert(
      fc.asyncProperty(table, table, async (old, fresh) => {
        const rows = (of: typeof old) => Object.entries(of).map(([t, row]) => [BigInt(t), ...row])
        const repo = await twoStates(
          { s: { schema, rows: rows(old) } },
          { s: { schema, rows: rows(fresh) } },
        )
        const applied = new Map(Object.entries(old) as [string, Scalar[]][])
        for (const item of await diff(repo)) {
          for (const { key, new: row } of item.kind === 'rows' ? item.rows : []) {
            if (row === undefined) applied.delete(String(key[0]))
            else applied.set(String(key[0]), row)
          }
        }
        expect(new Map(applied)).toEqual(new Map(Object.entries(fresh)))
      }),
      { numRuns: 40 },
    )
  })

  it('agrees with comparing all rows', async () => {
    const values = fc.dictionary(fc.nat({ max: 30 }).map(String), fc.nat({ max: 3 }), {
      maxKeys: 30,
    })
    await fc.assert(
      fc.asyncProperty(values, values, async (old, fresh) => {
        const rows = (map: Record<string, number>) =>
          Object.entries(map).map(([t, v]) => row(Number(t), v))
        const repo = await twoStates(
          { s: { schema: prices, rows: rows(old) } },
          { s: { schema: prices, rows: rows(fresh) } },
        )
        const end = Math.max(-1, ...Object.keys(old).map(Number))
        const expected: string[] = []
        for (let t = 0; t <= 30; t++) {
          const [was, is] = [old[t], fresh[t]]
          if (was === is) continue
          if (is === undefined) expected.push(`deleted ${t} ${was},`)
          else if (was === undefined)
            expected.push(`${t > end ? 'appended' : 'backfilled'} ${t} ,${is}`)
          else expected.push(`revised ${t} ${was},${is}`)
        }
        const found = (await diff(repo)).flatMap((item) =>
          item.kind !== 'rows'
            ? []
            : item.rows.map((r) => {
                const [cell] = changedCells(item.series.columns, r)
                return `${r.class} ${r.key[0]} ${cell!.old?.value ?? ''},${cell!.new?.value ?? ''}`
              }),
        )
        expect(found).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })
})

describe('diffStats', () => {
  it('counts, with the range of keys and the largest revision', async () => {
    const repo = await twoStates(
      { a: { schema: prices, rows: [row(1, 100), row(2, 10), row(9, 1)] } },
      {
        a: { schema: prices, rows: [row(1, 101), row(2, 9), row(9, 1), row(12, 5)] },
        b: { schema: prices, rows: [row(1, 1), row(2, 1)] },
      },
    )
    const items = await collect(diffStats(await openComparison(repo, { words: ['before..after'] })))
    expect(items).toMatchObject([
      {
        stat: {
          path: 'a',
          stat: { appended: 1, revised: 2, firstKey: [1n], lastKey: [12n] },
          largest: { key: [2n], cell: { name: 'price', old: { value: 10 }, new: { value: 9 } } },
        },
      },
      { stat: { path: 'b', state: 'new', stat: { appended: 2 } } },
      { kind: 'total', series: 2, counts: { appended: 3, revised: 2 } },
    ])
  })
})

describe('diffCsvFrames', () => {
  it('has a line a cell, and one for a row without any', async () => {
    const keys = schemaOf('t:int64 u:string', { indexCount: 2 })
    const repo = await twoStates(
      { s: { schema: prices, rows: [row(1, 1), row(2, 2)] } },
      {
        k: { schema: keys, rows: [row(1, 'a b')] },
        s: { schema: prices, rows: [row(1, 4)] },
      },
    )
    const comparison = await openComparison(repo, { words: ['before', 'after'] })
    const frames = await collect(diffCsvFrames(diffRows(comparison)))
    expect(frames.flatMap(rowsOf)).toEqual([
      ['k', 'appended', '1,"a b"', null, null, null],
      ['s', 'revised', '1', 'price', '1', '4'],
      ['s', 'deleted', '2', 'price', '2', null],
    ])
  })
})

describe('openComparison', () => {
  const changed = async (repo: Repository, words: string[], series: string[] = []) => {
    const comparison = await openComparison(repo, { words, series })
    const paths = (await collect(comparison.changes())).map(({ path }) => path)
    await comparison.close()
    return paths
  }

  it('tells revisions from series', async () => {
    const repo = await newRepository({ workTree: true })
    await stage(repo, { a: [1], 'c/d': [1], 'c/e': [1], cd: [1] })
    await commitStaged(repo, 'one')
    await stage(repo, { a: [2], 'c/d': [2], 'c/e': [2], cd: [2] })
    await commitStaged(repo, 'two')
    expect(await changed(repo, ['HEAD~1'])).toEqual(['a', 'c/d', 'c/e', 'cd'])
    expect(await changed(repo, ['HEAD~1', 'HEAD', 'a'])).toEqual(['a'])
    expect(await changed(repo, ['HEAD~1', 'c'])).toEqual(['c/d', 'c/e'])
    expect(await changed(repo, ['HEAD~1..', 'c/', 'a.csv'])).toEqual(['c/d', 'c/e', 'a'])
    expect(await changed(repo, ['HEAD~1'], ['c/d'])).toEqual(['c/d'])
    expect(await changed(repo, ['HEAD~1:a', 'HEAD:c/e'])).toEqual(['c/e'])
    expect(await changed(repo, ['a'])).toEqual([])
    const misspelled = await faultOf(() => changed(repo, ['HEAD~1', 'c/f']))
    expect(misspelled).toMatchObject({
      code: 'series-not-found',
      message: '"c/f" is neither a revision nor a series',
      hint: 'did you mean c/d?',
    })
    const past = await faultOf(() => changed(repo, ['HEAD~7']))
    expect(past.code).toBe('revision-not-found')
    const empty = await newRepository({ workTree: true })
    const unborn = await faultOf(() => changed(empty, ['HEAD']))
    expect(unborn.message).toBe('no revision "HEAD": refs/heads/main has no commit yet')
  })

  it('compares the branch with where it began, for A...B', async () => {
    const repo = await newRepository({ workTree: true })
    await stage(repo, { a: [1] })
    const base = await commitStaged(repo, 'base')
    await stage(repo, { b: [1] })
    const one = await commitStaged(repo, 'one')
    await setRefs(repo, { 'refs/heads/one': one, 'refs/heads/main': base })
    await stage(repo, { b: undefined, c: [2] })
    await commitStaged(repo, 'two')
    expect(await changed(repo, ['one..main'])).toEqual(['b', 'c'])
    expect(await changed(repo, ['one...main'])).toEqual(['c'])
  })

  it('needs revisions where there is no work tree', async () => {
    const repo = await twoStates({}, { a: { schema: prices, rows: [row(1, 1)] } })
    expect(await changed(repo, ['before'])).toEqual(['a'])
    expect((await faultOf(() => changed(repo, []))).code).toBe('usage')
  })

  it('takes what is staged apart from what is not', async () => {
    const repo = await newRepository({ workTree: true })
    await stage(repo, { a: [1] })
    const comparison = await openComparison(repo, { words: [], staged: true })
    expect((await collect(comparison.changes())).map(({ path }) => path)).toEqual(['a'])
    const other = await openComparison(repo, { words: [], unstaged: true })
    expect(await collect(other.changes())).toEqual([])
    await other.close()
    const both = { words: [], staged: true, unstaged: true }
    expect((await faultOf(() => openComparison(repo, both))).code).toBe('usage')
  })
})
