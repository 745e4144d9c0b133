import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../../src/core/column.ts'
import type { Id } from '../../../src/core/id.ts'
import { columnRules } from '../../../src/core/merge-cells.ts'
import type { RowConflict, Take } from '../../../src/core/merge-group.ts'
import {
  type MergeSeriesOptions,
  mergeSeries,
  seriesConflicts,
} from '../../../src/core/merge-series.ts'
import { readSeries } from '../../../src/core/series.ts'
import {
  addColumn,
  dropColumn,
  renameColumn,
  widenColumn,
} from '../../../src/core/series-schema.ts'
import type { Json } from '../../../src/core/settings.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { build, type Row, readAll, SMALL, schemaOf } from '../../support/series.ts'

const schema = schemaOf('t:int64 a:int64 b:string')
type Cells = readonly [bigint | null, string | null]
type Table = ReadonlyMap<number, Cells>

const NONE: MergeSeriesOptions = {
  rules: new Map(),
  settle: async () => undefined,
  newest: async () => 'ours',
  limits: SMALL,
}
const taking = (take: Take): MergeSeriesOptions => ({ ...NONE, settle: async () => take })
const ruled = (merge: Json): MergeSeriesOptions => ({
  ...NONE,
  rules: columnRules(new Map([['merge', merge]])),
})

const cells: fc.Arbitrary<Cells> = fc.tuple(
  fc.option(fc.bigInt({ min: 0n, max: 3n }), { nil: null }),
  fc.option(fc.constantFrom('x', 'y'), { nil: null }),
)
const keyNumber = fc.integer({ min: 0, max: 60 })
const table: fc.Arbitrary<Table> = fc
  .array(fc.tuple(keyNumber, cells), { maxLength: 50 })
  .map((rows) => new Map(rows))
/** A version of a table: some rows gone, some new, some with other cells. */
const edits = fc.array(fc.tuple(keyNumber, fc.option(cells, { nil: undefined, freq: 4 })), {
  maxLength: 20,
})
type Edits = readonly (readonly [number, Cells | undefined])[]

function edited(base: Table, changes: Edits): Table {
  const next = new Map(base)
  for (const [key, value] of changes) {
    if (value === undefined) next.delete(key)
    else next.set(key, value)
  }
  return next
}

function rowsOf(rows: Table): Row[] {
  return [...rows].sort(([a], [b]) => a - b).map(([key, value]) => [BigInt(key), ...value])
}

const store = (objects: MemoryObjects, rows: Table) => build(objects, schema, rowsOf(rows))

/** The merge, row by row: what it should be, and where it is in conflict. */
function reference(base: Table | undefined, ours: Table, theirs: Table, take: Take = 'ours') {
  const merged = new Map<number, Cells>()
  const conflicts: string[] = []
  const keys = new Set([...(base?.keys() ?? []), ...ours.keys(), ...theirs.keys()])
  for (const key of [...keys].sort((a, b) => a - b)) {
    const all = { base: base?.get(key), ours: ours.get(key), theirs: theirs.get(key) }
    const put = (row: Cells | undefined) => row && merged.set(key, row)
    const [b, o, t] = [all.base, all.ours, all.theirs]
    if (same(o, t) || same(b, t)) put(o)
    else if (same(b, o)) put(t)
    else if (o === undefined || t === undefined) {
      conflicts.push(`row ${key}`)
      put(all[take])
    } else {
      put(
        [0, 1].map((i) => {
          const was = b?.[i] ?? null
          if (o[i] === t[i] || t[i] === was) return o[i]
          if (o[i] === was) return t[i]
          conflicts.push(`cell ${key} ${i + 1}`)
          return { base: was, ours: o[i], theirs: t[i] }[take]
        }) as unknown as Cells,
      )
    }
  }
  return { rows: rowsOf(merged), conflicts }
}

function same(a: Cells | undefined, b: Cells | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1])
}

async function merge(
  objects: MemoryObjects,
  ids: { base: Id | undefined; ours: Id; theirs: Id },
  options: MergeSeriesOptions = NONE,
) {
  const conflicts: RowConflict[] = []
  const merged = await mergeSeries(objects, ids, {
    ...options,
    onConflict: (conflict) => {
      conflicts.push(conflict)
    },
  })
  if ('clash' in merged) throw new Error(merged.clash)
  return { id: merged.id, conflicts }
}

const short = ({ kind, key, column }: RowConflict) =>
  kind === 'cell' ? `cell ${key[0]} ${column}` : `${kind} ${key[0]}`

describe('merging a series', () => {
  it('is the merge of its rows, one by one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.option(table, { nil: undefined, freq: 8 }),
        table,
        edits,
        edits,
        fc.constantFrom<Take | undefined>(undefined, 'base', 'ours', 'theirs'),
        async (base, other, mine, yours, take) => {
          const ours = edited(base ?? new Map(), mine)
          const theirs = base === undefined ? other : edited(base, yours)
          const objects = new MemoryObjects()
          const ids = {
            base: base && (await store(objects, base)),
            ours: await store(objects, ours),
            theirs: await store(objects, theirs),
          }
          const expected = reference(base, ours, theirs, take)
          const options = take === undefined ? NONE : taking(take)
          const { id, conflicts } = await merge(objects, ids, options)
          expect(await readAll(objects, id)).toEqual(expected.rows)
          expect(id).toBe(await build(objects, schema, expected.rows))
          expect(conflicts.map(short)).toEqual(take === undefined ? expected.conflicts : [])
          const alone: RowConflict[] = []
          for await (const found of seriesConflicts(objects, ids, options)) {
            if ('conflict' in found) alone.push(found.conflict)
          }
          expect(alone).toEqual(conflicts)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is the same from the other side, but for what stays in conflict', async () => {
    await fc.assert(
      fc.asyncProperty(table, edits, edits, async (base, mine, yours) => {
        const objects = new MemoryObjects()
        const ids = {
          base: await store(objects, base),
          ours: await store(objects, edited(base, mine)),
          theirs: await store(objects, edited(base, yours)),
        }
        const swapped = { ...ids, ours: ids.theirs, theirs: ids.ours }
        const one = await merge(objects, ids, taking('ours'))
        expect((await merge(objects, swapped, taking('theirs'))).id).toBe(one.id)
        const asked = await merge(objects, ids)
        const back = await merge(objects, swapped)
        expect(back.conflicts.map(short)).toEqual(asked.conflicts.map(short))
        // Merged once more, nothing is left to do.
        expect((await merge(objects, { ...ids, ours: one.id, base: ids.theirs })).id).toBe(one.id)
        expect((await merge(objects, { ...ids, ours: ids.base })).id).toBe(ids.theirs)
        expect((await merge(objects, { ...ids, theirs: ids.base })).id).toBe(ids.ours)
      }),
      { numRuns: 100 },
    )
  })

  it('takes groups of equal keys as one', async () => {
    const many = schemaOf('t:int64 a:int64', { duplicates: true })
    type Groups = ReadonlyMap<number, readonly bigint[]>
    const key = fc.integer({ min: 0, max: 12 })
    const group = fc.array(fc.bigInt({ min: 0n, max: 2n }), { maxLength: 6 })
    const groups: fc.Arbitrary<Groups> = fc
      .array(fc.tuple(key, group), { maxLength: 14 })
      .map((all) => new Map(all))
    const rowsIn = (all: Groups): Row[] =>
      [...all]
        .sort(([a], [b]) => a - b)
        .flatMap(([at, values]) => values.map((v) => [BigInt(at), v]))
    await fc.assert(
      fc.asyncProperty(groups, groups, groups, async (base, mine, yours) => {
        const objects = new MemoryObjects()
        const ours: Groups = new Map([...base, ...mine])
        const theirs: Groups = new Map([...base, ...yours])
        const expected = new Map<number, readonly bigint[]>()
        const conflicts: number[] = []
        for (let at = 0; at <= 12; at++) {
          const [b, o, t] = [base, ours, theirs].map((all) => all.get(at) ?? [])
          if (`${o}` === `${t}` || `${t}` === `${b}`) expected.set(at, o!)
          else if (`${o}` === `${b}`) expected.set(at, t!)
          else {
            conflicts.push(at)
            expected.set(at, o!)
          }
        }
        const put = (all: Groups) => build(objects, many, rowsIn(all))
        const ids = { base: await put(base), ours: await put(ours), theirs: await put(theirs) }
        const merged = await merge(objects, ids)
        expect(await readAll(objects, merged.id)).toEqual(rowsIn(expected))
        expect(merged.id).toBe(await put(expected))
        expect(merged.conflicts.map(({ key }) => Number(key[0]))).toEqual(conflicts)
      }),
      { numRuns: 200 },
    )
  })

  it('stores and reads little where little differs', async () => {
    const objects = new MemoryObjects()
    const big: Table = new Map(Array.from({ length: 20_000 }, (_, i) => [i, [BigInt(i), 'x']]))
    const ids = {
      base: await store(objects, big),
      ours: await store(objects, edited(big, [[10, [0n, 'x']]])),
      theirs: await store(objects, edited(big, [[19_000, [0n, 'y']]])),
    }
    objects.resetCounts()
    await merge(objects, ids)
    expect(objects.reads).toBeLessThan(60)
    expect(objects.puts).toBeLessThan(12)
  })
})

describe('merging the columns of a series', () => {
  /** Ten rows; a is 0 to 9. */
  const plain: Table = new Map(Array.from({ length: 10 }, (_, i) => [i, [BigInt(i), 'x']]))
  const read = async (objects: MemoryObjects, id: Id) => {
    const series = await readSeries(objects, id)
    const names = series.schema.columns.map(({ name, type }) => `${name}:${type}`).join(' ')
    return { names, rows: await readAll(objects, id) }
  }
  const change = (rows: Table, key: number, cell: Cells | undefined) => edited(rows, [[key, cell]])

  /** Merges both ways round, and gives the one that starts with ours. */
  async function both(objects: MemoryObjects, ids: { base: Id | undefined; ours: Id; theirs: Id }) {
    const swapped = { ...ids, ours: ids.theirs, theirs: ids.ours }
    const there = await read(objects, (await merge(objects, ids)).id)
    const back = await read(objects, (await merge(objects, swapped)).id)
    const sorted = (text: string) => text.split(' ').sort()
    expect(sorted(back.names)).toEqual(sorted(there.names))
    return there
  }

  it('brings edits of a renamed column to its new name', async () => {
    const objects = new MemoryObjects()
    const base = await store(objects, plain)
    const renamed = await renameColumn(
      objects,
      await store(objects, change(plain, 12, [5n, 'n'])),
      'a',
      'z',
    )
    const theirs = await store(objects, change(plain, 3, [33n, 'x']))
    const { names, rows } = await both(objects, { base, ours: renamed.id, theirs })
    expect(names).toBe('t:int64 z:int64 b:string')
    expect(rows[3]).toEqual([3n, 33n, 'x'])
    expect(rows[10]).toEqual([12n, 5n, 'n'])
  })

  it('keeps columns that either side added, with their values', async () => {
    const objects = new MemoryObjects()
    const base = await store(objects, plain)
    const mine = await store(objects, change(change(plain, 3, [33n, 'x']), 20, [1n, 'm']))
    const ours = await addColumn(objects, mine, { name: 'c', type: 'string' }, 'mine', SMALL)
    const yours = await store(objects, change(change(plain, 4, undefined), 21, [2n, 'y']))
    const theirs = await addColumn(objects, yours, { name: 'd', type: 'int64' }, 7n, SMALL)
    const { names, rows } = await both(objects, { base, ours: ours.id, theirs: theirs.id })
    expect(names).toBe('t:int64 a:int64 b:string c:string d:int64')
    expect(rows.find(([t]) => t === 3n)).toEqual([3n, 33n, 'x', 'mine', 7n])
    expect(rows.find(([t]) => t === 4n)).toBeUndefined()
    expect(rows.find(([t]) => t === 20n)).toEqual([20n, 1n, 'm', 'mine', null])
    expect(rows.find(([t]) => t === 21n)).toEqual([21n, 2n, 'y', null, 7n])
  })

  it('meets a column that both added', async () => {
    const objects = new MemoryObjects()
    const base = await store(objects, plain)
    const spec = { name: 'c', type: 'int64' } as const
    const ours = await addColumn(objects, base, spec, 1n, SMALL)
    const theirs = await addColumn(objects, base, { ...spec, type: 'int32' }, 2, SMALL)
    const ids = { base, ours: ours.id, theirs: theirs.id }
    const { id, conflicts } = await merge(objects, ids)
    expect(conflicts.length).toBe(10)
    expect(id).toBe(ours.id)
    expect((await merge(objects, { ...ids, theirs: ours.id })).id).toBe(ours.id)
    const null_ = await addColumn(objects, base, spec, null, SMALL)
    expect((await merge(objects, { ...ids, ours: null_.id })).conflicts).toEqual([])
  })

  it('widens, also the index, where a side did', async () => {
    const objects = new MemoryObjects()
    const narrow = schemaOf('t:int32 a:int32')
    const rows: Row[] = Array.from({ length: 12 }, (_, i) => [i, i])
    const put = (changed: readonly Row[]) => build(objects, narrow, changed)
    const base = await put(rows)
    const theirs = await put(rows.map(([t, a]) => [t!, t === 5 ? 55 : a!]))
    const value = await widenColumn(objects, base, 'a', 'float64', SMALL)
    expect((await both(objects, { base, ours: value.id, theirs })).rows[5]).toEqual([5, 55])
    const index = await widenColumn(objects, base, 't', 'int64', SMALL)
    const merged = await both(objects, { base, ours: index.id, theirs })
    expect(merged.names).toBe('t:int64 a:int32')
    expect(merged.rows[5]).toEqual([5n, 55])
  })

  it('drops what a side dropped, unless the other revised it', async () => {
    const objects = new MemoryObjects()
    const base = await store(objects, plain)
    const ours = (await dropColumn(objects, base, 'b')).id
    const theirs = await store(objects, change(change(plain, 3, [33n, 'x']), 20, [1n, 'new']))
    const merged = await both(objects, { base, ours, theirs })
    expect(merged.names).toBe('t:int64 a:int64')
    expect(merged.rows[3]).toEqual([3n, 33n])
    const revised = await store(objects, change(plain, 3, [3n, 'y']))
    expect(await mergeSeries(objects, { base, ours, theirs: revised }, NONE)).toEqual({
      clash: 'column b was dropped here and revised there',
    })
  })

  it('is the same from the other side, whatever columns became', async () => {
    const key = fc.integer({ min: 0, max: 12 })
    const value = fc.integer({ min: 0, max: 40 })
    const row = fc.tuple(key, value, value)
    const name = fc.constantFrom('a', 'b')
    const change = fc.oneof(
      fc.record({ drop: name }),
      fc.record({ rename: name, to: fc.constantFrom('r', 's') }),
      fc.record({ add: fc.constantFrom('n', 'm'), value: fc.option(value, { nil: null }) }),
      fc.record({ widen: fc.constantFrom('t', 'a') }),
    )
    const version = fc.record({
      rows: fc.array(row, { maxLength: 4 }),
      gone: fc.array(key, { maxLength: 3 }),
      changes: fc.uniqueArray(change, { maxLength: 2, selector: (one) => Object.keys(one)[0] }),
    })
    const rowsAt = fc.array(row, { minLength: 6, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(fc.boolean(), rowsAt, version, version, async (duplicates, old, x, y) => {
        const objects = new MemoryObjects()
        const spec = schemaOf('t:int32 a:int32 b:int32', { duplicates })
        const put = (rows: readonly (readonly number[])[]) => {
          const kept = duplicates ? rows : [...new Map(rows.map((one) => [one[0], one])).values()]
          return build(
            objects,
            spec,
            kept.toSorted((p, q) => p[0]! - q[0]!),
          )
        }
        const versionOf = async ({ rows, gone, changes }: typeof x) => {
          let id = await put([...old.filter(([t]) => !gone.includes(t)), ...rows])
          for (const one of changes) {
            const { columns } = (await readSeries(objects, id)).schema
            const has = (column: string) => columns.some(({ name }) => name === column)
            if ('drop' in one && has(one.drop)) id = (await dropColumn(objects, id, one.drop)).id
            if ('rename' in one && has(one.rename))
              id = (await renameColumn(objects, id, one.rename, one.to)).id
            if ('add' in one)
              id = (
                await addColumn(objects, id, { name: one.add, type: 'int32' }, one.value, SMALL)
              ).id
            if ('widen' in one && has(one.widen))
              id = (await widenColumn(objects, id, one.widen, 'int64', SMALL)).id
          }
          return id
        }
        const ids = { base: await put(old), ours: await versionOf(x), theirs: await versionOf(y) }
        const contents = async (ours: Id, theirs: Id, take: Take) => {
          const merged = await mergeSeries(objects, { ...ids, ours, theirs }, taking(take))
          if ('clash' in merged) return 'clash'
          const { columns } = (await readSeries(objects, merged.id)).schema
          const rows = await readAll(objects, merged.id)
          return Object.fromEntries(
            columns.map(({ name, type }, i) => [`${name} ${type}`, rows.map((cells) => cells[i])]),
          )
        }
        const there = await contents(ids.ours, ids.theirs, 'ours')
        expect(await contents(ids.theirs, ids.ours, 'theirs')).toEqual(there)
      }),
      { numRuns: 100 },
    )
  })

  it('takes a column that both added to rows with equal keys as part of the group', async () => {
    const objects = new MemoryObjects()
    const many = schemaOf('t:int64 a:int64', { duplicates: true })
    const base = await build(objects, many, [
      [1n, 1n],
      [1n, 2n],
    ])
    const spec = { name: 'c', type: 'int64' } as const
    const ours = (await addColumn(objects, base, spec, 1n, SMALL)).id
    const theirs = (await addColumn(objects, base, spec, 2n, SMALL)).id
    const { id, conflicts } = await merge(objects, { base, ours, theirs })
    expect(conflicts.map(short)).toEqual(['group 1'])
    expect(id).toBe(ours)
  })

  it('gives no row of equal keys the value of another in a column that one side added', async () => {
    const objects = new MemoryObjects()
    const many = schemaOf('t:int64 a:int64', { duplicates: true })
    const rows: Row[] = [
      [1n, 1n],
      [1n, 2n],
      [2n, 5n],
    ]
    const base = await build(objects, many, rows)
    const c = schemaOf('t:int64 a:int64 c:int64', { duplicates: true })
    const ours = await build(objects, c, [
      [1n, 1n, 10n],
      [1n, 2n, 20n],
      [2n, 5n, 50n],
    ])
    const theirs = await build(objects, many, rows.slice(1))
    const merged = await both(objects, { base, ours, theirs })
    expect(merged.rows).toEqual([
      [1n, 2n, null],
      [2n, 5n, 50n],
    ])
  })

  it('shows what either side added in a conflict of rows with equal keys', async () => {
    const objects = new MemoryObjects()
    const many = schemaOf('t:int64 a:int64', { duplicates: true })
    const put = (spec: string, rows: readonly Row[]) =>
      build(objects, schemaOf(spec, { duplicates: true }), rows)
    const base = await build(objects, many, [[1n, 1n]])
    const ours = await put('t:int64 a:int64 c:int64', [[1n, 2n, 7n]])
    const theirs = await put('t:int64 a:int64 d:int64', [[1n, 3n, 8n]])
    const { conflicts } = await merge(objects, { base, ours, theirs })
    expect(conflicts[0]!.rows).toMatchObject({
      ours: [[1n, 2n, 7n, 8n]],
      theirs: [[1n, 3n, 7n, 8n]],
    })
  })

  it('says so where a side gave a column a type that others have no place in', async () => {
    const objects = new MemoryObjects()
    const put = (type: 'string' | 'int64' | 'float64', value: Scalar) =>
      build(objects, schemaOf(`t:int64 a:${type}`), [[1n, value]])
    const base = await put('string', 'x')
    const ids = { base, ours: await put('int64', 1n), theirs: await put('string', 'y') }
    const clash = { clash: 'column a is int64 here and string there' }
    expect(await mergeSeries(objects, ids, NONE)).toEqual(clash)
    const swapped = { ...ids, ours: ids.theirs, theirs: ids.ours }
    expect(await mergeSeries(objects, swapped, NONE)).toEqual({
      clash: 'column a is string here and int64 there',
    })
    const narrowed = { base: await put('float64', 1.5), ours: ids.ours }
    const theirs = await put('float64', 2.5)
    const wide = await merge(objects, { ...narrowed, theirs })
    expect(wide.conflicts.map(short)).toEqual(['cell 1 1'])
    expect(await readAll(objects, wide.id)).toEqual([[1n, 1]])
    const same = await merge(objects, { ...ids, theirs: await put('int64', 2n) })
    expect(same.conflicts.map(short)).toEqual(['cell 1 1'])
  })

  it('says why series do not go together', async () => {
    const objects = new MemoryObjects()
    const base = await store(objects, plain)
    const [x, y] = [
      await renameColumn(objects, base, 'a', 'x'),
      await renameColumn(objects, base, 'a', 'y'),
    ]
    expect(await mergeSeries(objects, { base, ours: x.id, theirs: y.id }, NONE)).toEqual({
      clash: 'column a is now called x here and y there',
    })
    const other = await build(objects, schemaOf('t:string a:int64'), [['k', 1n]])
    expect(
      await mergeSeries(objects, { base: undefined, ours: base, theirs: other }, NONE),
    ).toEqual({
      clash: 'index column t has types that do not go together',
    })
  })
})

describe('rules of columns', () => {
  const one = (a: Scalar): Table => new Map([[0, [a as bigint, 'x']]])
  const settled = async (a: Scalar, b: Scalar, options: MergeSeriesOptions) => {
    const objects = new MemoryObjects()
    const base = await store(objects, one(5n))
    const ids = { base, ours: await store(objects, one(a)), theirs: await store(objects, one(b)) }
    const { id, conflicts } = await merge(objects, ids, options)
    return conflicts.length > 0 ? 'conflict' : (await readAll(objects, id))[0]![1]
  }

  it.each([
    [1n, 2n, 'ours', 1n],
    [1n, 2n, 'theirs', 2n],
    [1n, 2n, 'min', 1n],
    [1n, 2n, 'max', 2n],
    [null, 2n, 'min', 2n],
    [1n, 2n, 'newest', 1n],
    [1n, 3n, { tolerance: 2 }, 1n],
    [1n, 3n, { tolerance: 1 }, 'conflict'],
    [0n, 2n ** 60n, { tolerance: 2 ** 60 }, 0n],
    [0n, 2n ** 60n + 1n, { tolerance: 2 ** 60 }, 'conflict'],
    [1n, 3n, { tolerance: 1, policy: 'max' }, 3n],
    [1n, 2n, {}, 'conflict'],
  ] as const)('of %s and %s, %o makes %s', async (ours, theirs, rule, expected) => {
    expect(await settled(ours, theirs, ruled({ a: rule }))).toBe(expected)
  })

  it.each([['often'], [{ tolerance: -1 }], [{ policy: 'max', x: 1 }], [3]] as const)(
    'refuses %o',
    (rule) => {
      expect(() => ruled({ a: rule as Json })).toThrow(/not a rule for merging a/)
    },
  )
})
