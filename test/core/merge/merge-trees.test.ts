import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Id } from '../../../src/core/id.ts'
import {
  type MergeConflict,
  type MergeTreesOptions,
  mergeTrees,
  treeConflicts,
} from '../../../src/core/merge-trees.ts'
import { renameColumn } from '../../../src/core/series-schema.ts'
import { type Json, readSettings, writeSettings } from '../../../src/core/settings.ts'
import {
  EMPTY_TREE,
  lookupPath,
  type PathEdit,
  updatePaths,
  walkTree,
} from '../../../src/core/tree.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { build, readAll, SMALL, schemaOf } from '../../support/series.ts'

const schema = schemaOf('t:int64 v:string w:string')
const OPTIONS: MergeTreesOptions = { newest: async () => 'theirs', limits: SMALL }

/** A series of one row: no series of another path has it. */
const series = (objects: MemoryObjects, v: string, w = '') => build(objects, schema, [[0n, v, w]])

type Names = ReadonlyMap<string, string>

async function treeOf(objects: MemoryObjects, names: Names): Promise<Id> {
  const edits = new Map<string, PathEdit>()
  for (const [path, value] of names) {
    edits.set(path, { kind: 'series', id: await series(objects, `${path} ${value}`) })
  }
  return updatePaths(objects, EMPTY_TREE, edits)
}

async function contents(objects: MemoryObjects, tree: Id): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const { path, entry } of walkTree(objects, tree)) {
    const [row] = await readAll(objects, entry.id)
    found[path] = (row as string[]).slice(1).join(' ').trim()
  }
  return found
}

async function merge(
  objects: MemoryObjects,
  base: Id,
  ours: Id,
  theirs: Id,
  options: Partial<MergeTreesOptions> = {},
) {
  const conflicts: MergeConflict[] = []
  const all = { ...OPTIONS, ...options }
  const { tree } = await mergeTrees(
    objects,
    { base, ours, theirs },
    {
      ...all,
      onConflict: (conflict) => {
        conflicts.push(conflict)
      },
    },
  )
  const listed: MergeConflict[] = []
  for await (const conflict of treeConflicts(objects, { base, ours, theirs }, all)) {
    listed.push(conflict)
  }
  expect(listed.map(named)).toEqual(conflicts.map(named))
  return { tree, contents: await contents(objects, tree), conflicts: conflicts.map(named) }
}

const named = (conflict: MergeConflict) =>
  conflict.kind === 'setting'
    ? `${conflict.path} ${conflict.setting}`
    : `${conflict.kind} ${conflict.path}`

const TWO_SERIES = new Map([
  ['a', '0'],
  ['b', '0'],
])

/** Changes of a tree: new content for series, or none. */
async function change(objects: MemoryObjects, tree: Id, edits: Record<string, Id | undefined>) {
  const given = Object.entries(edits).map(
    ([path, id]) => [path, id && ({ kind: 'series', id } as const)] as const,
  )
  return updatePaths(objects, tree, new Map(given))
}

async function set(objects: MemoryObjects, tree: Id, path: string, settings: Record<string, Json>) {
  const id = (await writeSettings(objects, new Map(Object.entries(settings)))) ?? null
  return updatePaths(objects, tree, new Map([[path, { settings: id }]]))
}

describe('merging trees', () => {
  const path = fc.constantFrom('a', 'b', 'c/a', 'c/b', 'c/d/a', 'e', 'f/g')
  const names: fc.Arbitrary<Names> = fc
    .array(fc.tuple(path, fc.constantFrom('0', '1')), { maxLength: 8 })
    .map((all) => new Map(all))
  const edits = fc.array(fc.tuple(path, fc.constantFrom(undefined, '1', '2')), { maxLength: 5 })

  it('is the merge of each series, whatever else there is', async () => {
    await fc.assert(
      fc.asyncProperty(names, edits, edits, async (base, mine, yours) => {
        const edited = (changes: readonly (readonly [string, string | undefined])[]) => {
          const next = new Map(base)
          for (const [at, value] of changes) {
            if (value === undefined) next.delete(at)
            else next.set(at, value)
          }
          return next
        }
        const [ours, theirs] = [edited(mine), edited(yours)]
        const objects = new MemoryObjects()
        const expected: Record<string, string> = {}
        let clashes = 0
        for (const at of new Set([...ours.keys(), ...theirs.keys()])) {
          const [b, o, t] = [base.get(at), ours.get(at), theirs.get(at)]
          if (b !== o && b !== t && o !== t) clashes++
          const merged = b === o ? t : o
          if (merged !== undefined) expected[at] = `${at} ${merged}`
        }
        const trees = await Promise.all([base, ours, theirs].map((all) => treeOf(objects, all)))
        const [x, y, z] = trees as [Id, Id, Id]
        const merged = await merge(objects, x, y, z)
        expect(merged.contents).toEqual(expected)
        expect(merged.conflicts.length).toBe(clashes)
        const kept = await merge(objects, x, y, z, { strategy: 'ours' })
        expect((await merge(objects, x, z, y, { strategy: 'theirs' })).tree).toBe(kept.tree)
        expect((await merge(objects, x, x, z)).tree).toBe(z)
        expect((await merge(objects, x, y, x)).tree).toBe(y)
        expect((await merge(objects, z, kept.tree, z)).tree).toBe(kept.tree)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps the ids of what nobody touched', async () => {
    const objects = new MemoryObjects()
    const base = await treeOf(
      objects,
      new Map([
        ['a', '0'],
        ['b', '0'],
        ['c/d', '0'],
      ]),
    )
    const ours = await change(objects, base, { a: await series(objects, 'mine') })
    const theirs = await change(objects, base, { b: await series(objects, 'yours') })
    const { tree, contents } = await merge(objects, base, ours, theirs)
    expect(contents).toEqual({ a: 'mine', b: 'yours', 'c/d': 'c/d 0' })
    expect(await lookupPath(objects, tree, 'c')).toEqual(await lookupPath(objects, base, 'c'))
  })

  it('brings changes to a series that the other side renamed', async () => {
    const objects = new MemoryObjects()
    const base = await treeOf(objects, TWO_SERIES)
    const id = (await lookupPath(objects, base, 'a'))!.id
    const renamed = await change(objects, base, { a: undefined, 'new/a': id })
    const revised = await change(objects, base, { a: await series(objects, 'revised') })
    const expected = { b: 'b 0', 'new/a': 'revised' }
    expect(await merge(objects, base, renamed, revised)).toMatchObject({
      contents: expected,
      conflicts: [],
    })
    expect(await merge(objects, base, revised, renamed)).toMatchObject({
      contents: expected,
      conflicts: [],
    })
    const elsewhere = await change(objects, base, { a: undefined, z: id })
    expect((await merge(objects, base, renamed, elsewhere)).contents).toEqual({
      b: 'b 0',
      'new/a': 'a 0',
      z: 'a 0',
    })
  })

  it('knows a series that was renamed and changed', async () => {
    const objects = new MemoryObjects()
    const numbers = (...values: number[]) =>
      build(
        objects,
        schemaOf('t:int64 v:float64'),
        values.map((v, t) => [BigInt(t), v]),
      )
    const empty = await treeOf(objects, new Map())
    const base = await change(objects, empty, { a: await numbers(1, 2, 3, 4) })
    const renamed = await change(objects, base, { a: undefined, z: await numbers(9, 2, 3, 4) })
    const revised = await change(objects, base, { a: await numbers(1, 2, 3, 5) })
    for (const [ours, theirs] of [
      [renamed, revised],
      [revised, renamed],
    ] as const) {
      const { tree, conflicts } = await merge(objects, base, ours, theirs)
      expect(conflicts).toEqual([])
      expect(await lookupPath(objects, tree, 'a')).toBeUndefined()
      expect((await lookupPath(objects, tree, 'z'))!.id).toBe(await numbers(9, 2, 3, 5))
    }
    const both = await change(objects, base, { a: undefined, z: await numbers(1, 8, 3, 4) })
    const { tree, conflicts } = await merge(objects, base, renamed, both)
    expect(conflicts).toEqual([])
    expect((await lookupPath(objects, tree, 'z'))!.id).toBe(await numbers(9, 8, 3, 4))
    const unlike = await change(objects, base, { a: undefined, z: await numbers(7, 7, 7, 4) })
    expect((await merge(objects, base, unlike, revised)).conflicts).toEqual(['series a'])
  })

  it('is in conflict where a value has no equal in the type that the other side widened to', async () => {
    const objects = new MemoryObjects()
    const large = 2n ** 53n + 1n
    const numbers = (type: string, ...values: unknown[]) =>
      build(objects, schemaOf(`t:int64 v:${type}`), values.map((v, t) => [BigInt(t), v]) as never)
    const base = await change(objects, EMPTY_TREE, { a: await numbers('int64', 1n, 2n) })
    const widened = await change(objects, base, { a: await numbers('float64', 1.5, 2) })
    const revised = await change(objects, base, { a: await numbers('int64', 1n, large) })
    expect((await merge(objects, base, widened, revised)).conflicts).toEqual(['series a'])
    expect((await merge(objects, base, revised, widened)).conflicts).toEqual(['series a'])
    const small = await change(objects, base, { a: await numbers('int64', 1n, 3n) })
    expect((await merge(objects, base, small, widened)).conflicts).toEqual([])
  })

  it('finds conflicts of whole series, and settles them by a strategy', async () => {
    const objects = new MemoryObjects()
    const base = await treeOf(objects, TWO_SERIES)
    const gone = await change(objects, base, { a: undefined })
    const revised = await change(objects, base, { a: await series(objects, 'revised') })
    const there = { a: 'revised', b: 'b 0' }
    expect(await merge(objects, base, gone, revised)).toMatchObject({
      contents: { b: 'b 0' },
      conflicts: ['series a'],
    })
    expect((await merge(objects, base, revised, gone)).contents).toEqual(there)
    expect((await merge(objects, base, gone, revised, { strategy: 'newest' })).contents).toEqual(
      there,
    )
    const kept = await merge(objects, base, revised, gone, { strategy: 'theirs' })
    expect(kept).toMatchObject({ contents: { b: 'b 0' }, conflicts: [] })
    const before = await merge(objects, base, gone, revised, { strategy: 'base' })
    expect(before.contents).toEqual({ a: 'a 0', b: 'b 0' })
    const id = (await lookupPath(objects, base, 'a'))!.id
    const x = await change(objects, base, { a: (await renameColumn(objects, id, 'v', 'x')).id })
    const y = await change(objects, base, { a: (await renameColumn(objects, id, 'v', 'y')).id })
    expect((await merge(objects, base, x, y)).conflicts).toEqual(['series a'])
    expect((await merge(objects, base, x, y, { strategy: 'theirs' })).tree).toBe(y)
  })

  it('finds a collection where the other side has a series', async () => {
    const objects = new MemoryObjects()
    const base = await treeOf(objects, new Map([['b', '0']]))
    const one = await change(objects, base, { a: await series(objects, 'a') })
    const inside = await change(objects, base, { 'a/x': await series(objects, 'x') })
    expect(await merge(objects, base, one, inside)).toMatchObject({
      contents: { a: 'a', b: 'b 0' },
      conflicts: ['series a/x'],
    })
    expect(await merge(objects, base, inside, one)).toMatchObject({
      contents: { 'a/x': 'x', b: 'b 0' },
      conflicts: ['series a'],
    })
    const theirs = await merge(objects, base, inside, one, { strategy: 'theirs' })
    expect(theirs.contents).toEqual({ a: 'a', b: 'b 0' })
  })

  it('merges settings key by key, of series and collections', async () => {
    const objects = new MemoryObjects()
    const named = await treeOf(
      objects,
      new Map([
        ['a', '0'],
        ['c/d', '0'],
      ]),
    )
    const base = await set(objects, await set(objects, named, 'a', { zone: 'UTC', x: 1 }), 'c', {
      k: 1,
    })
    const ours = await set(
      objects,
      await set(objects, base, 'a', { zone: 'Asia/Tokyo', x: 1 }),
      'c',
      { k: 2 },
    )
    const theirs = await set(objects, await set(objects, base, 'a', { zone: 'UTC', y: 2 }), 'c', {
      k: 3,
    })
    const settingsAt = async (tree: Id, path: string) => {
      const { settings } = (await lookupPath(objects, tree, path))!
      return settings && Object.fromEntries(await readSettings(objects, settings))
    }
    const { tree, conflicts } = await merge(objects, base, ours, theirs)
    expect(await settingsAt(tree, 'a')).toEqual({ zone: 'Asia/Tokyo', y: 2 })
    expect(await settingsAt(tree, 'c')).toEqual({ k: 2 })
    expect(conflicts).toEqual(['c k'])
    const taken = await merge(objects, base, ours, theirs, { strategy: 'theirs' })
    expect(await settingsAt(taken.tree, 'c')).toEqual({ k: 3 })
  })

  it('asks the settings of a series how its columns are merged', async () => {
    const objects = new MemoryObjects()
    const named = await treeOf(objects, new Map([['c/a', '0']]))
    const base = await set(objects, named, 'c', { merge: { v: 'max' } })
    const ours = await change(objects, base, { 'c/a': await series(objects, 'm', 'here') })
    const theirs = await change(objects, base, { 'c/a': await series(objects, 'z', 'there') })
    expect(await merge(objects, base, ours, theirs)).toMatchObject({
      contents: { 'c/a': 'z here' },
      conflicts: ['cell c/a'],
    })
  })
})
