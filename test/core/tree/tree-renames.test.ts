import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_TREE, type PathEdit, updatePaths } from '../../../src/core/tree.ts'
import { diffTrees } from '../../../src/core/tree-diff.ts'
import { findRenames, pairMoved } from '../../../src/core/tree-renames.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { collect } from '../../support/repositories.ts'
import { build, schemaOf } from '../../support/series.ts'

type Values = Readonly<Record<string, readonly number[]>>

async function renames(before: Values, after: Values, isWanted?: (path: string) => boolean) {
  const objects = new MemoryObjects()
  const treeOf = async (all: Values) => {
    const edits = new Map<string, PathEdit>()
    for (const [path, values] of Object.entries(all)) {
      const rows = values.map((value, t) => [BigInt(t), value])
      const id = await build(objects, schemaOf('t:int64 v:float64'), rows)
      edits.set(path, { kind: 'series', id })
    }
    return updatePaths(objects, EMPTY_TREE, edits)
  }
  const changes = await collect(diffTrees(objects, await treeOf(before), await treeOf(after)))
  const { from, to } = await findRenames(objects, changes, isWanted)
  expect(new Map([...from].map(([fresh, old]) => [old, fresh]))).toEqual(to)
  return Object.fromEntries(to)
}

describe('one and the same series that went and came', () => {
  it('is renamed where there is one of each', () => {
    expect(pairMoved(['a'], ['x/b'])).toEqual([['a', 'x/b']])
    expect(pairMoved(['a'], [])).toEqual([])
    expect(pairMoved([], ['b'])).toEqual([])
  })

  it('is told by how names end, of several', () => {
    expect(pairMoved(['a', 'b'], ['x/b'])).toEqual([['b', 'x/b']])
    expect(pairMoved(['a'], ['b', 'x/a'])).toEqual([['a', 'x/a']])
    expect(new Map(pairMoved(['t', 'u'], ['aa/u', 'zz/t']))).toEqual(
      new Map([
        ['t', 'zz/t'],
        ['u', 'aa/u'],
      ]),
    )
    const moved = pairMoved(['old/b/t', 'old/c/t', 't'], ['new/c/t', 'new/b/t', 'x/t'])
    expect(new Map(moved)).toEqual(
      new Map([
        ['old/b/t', 'new/b/t'],
        ['old/c/t', 'new/c/t'],
        ['t', 'x/t'],
      ]),
    )
  })

  it('is what is left, one and one', () => {
    expect(pairMoved(['t', 'u'], ['aa', 'x/t'])).toEqual([
      ['t', 'x/t'],
      ['u', 'aa'],
    ])
  })

  it('is none of those that are in doubt', () => {
    expect(pairMoved(['t', 'u'], ['aa', 'zz'])).toEqual([])
    expect(pairMoved(['t', 'u'], ['aa'])).toEqual([])
    expect(pairMoved(['t'], ['aa', 'zz'])).toEqual([])
    expect(pairMoved(['x/t', 'y/t'], ['z/t', 't'])).toEqual([])
  })

  it('does not depend on the order of names', () => {
    const paths = fc.uniqueArray(
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).map((all) => {
        return all.join('/')
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(paths, paths, (gone, came) => {
        const pairs = new Map(pairMoved(gone, came))
        const turned = pairMoved([...came].reverse(), [...gone].reverse())
        expect(new Map(turned.map(([fresh, old]) => [old, fresh]))).toEqual(pairs)
      }),
    )
  })
})

describe('series that were renamed', () => {
  it('are those with the same rows, unless several have them', async () => {
    expect(await renames({ a: [1], b: [2] }, { x: [2], y: [1] })).toEqual({ a: 'y', b: 'x' })
    expect(await renames({ t: [1], u: [1] }, { aa: [1], zz: [1] })).toEqual({})
    expect(await renames({ t: [1], u: [1] }, { 'col/u': [1] })).toEqual({ u: 'col/u' })
  })

  it('are known by others that went, too, which nobody asked for', async () => {
    const isWanted = (path: string) => path === 't'
    const wanted = async (before: Values, after: Values) =>
      (await renames(before, after, isWanted)).t
    expect(await wanted({ t: [1], u: [1] }, { 'col/u': [1] })).toBeUndefined()
    expect(await wanted({ t: [1], u: [1] }, { aa: [1] })).toBeUndefined()
    expect(await wanted({ t: [1, 2, 3], u: [1, 2, 4] }, { aa: [1, 2, 5] })).toBeUndefined()
    expect(await wanted({ t: [1, 2, 3], u: [1, 2, 4] }, { aa: [1, 2, 4] })).toBeUndefined()
    expect(await wanted({ t: [1, 2, 3], u: [7, 8, 9] }, { aa: [1, 2, 5] })).toBe('aa')
  })

  it('are told by how names end where rows were changed', async () => {
    const [one, other] = [
      [1, 2, 3, 4],
      [1, 2, 3, 5],
    ]
    const changed = { 'x/u': [1, 2, 3, 6], 'x/v': [1, 2, 3, 7] }
    expect(await renames({ u: one, v: other }, changed)).toEqual({ u: 'x/u', v: 'x/v' })
    expect(await renames({ u: one, w: other }, changed)).toEqual({ u: 'x/u', w: 'x/v' })
    expect(await renames({ t: one, w: other }, changed)).toEqual({})
  })
})
