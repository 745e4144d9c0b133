import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { type Id, hashObject as idOf } from '../../src/core/id.ts'
import { encodeSettings } from '../../src/core/settings.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { diffTree, formatRawChange } from '../../src/plumbing/diff-tree.ts'
import { type ListTreeOptions, lsTree } from '../../src/plumbing/ls-tree.ts'
import { mkseries } from '../../src/plumbing/mkseries.ts'
import { mktree } from '../../src/plumbing/mktree.ts'
import { formatTreeLine, parseTreeLine, ZERO_ID } from '../../src/plumbing/tree-line.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { type ObjectStore, openObjectStore } from '../../src/storage/object-store.ts'

const newStore = () => openObjectStore(createMemoryStorage())

/** A series of the integers from 0 up to `rows`. */
async function aSeries(store: ObjectStore, rows: number): Promise<Id> {
  const batch = await store.begin()
  const values = Array.from({ length: rows }, (_, i) => i)
  const id = await batch.put('column', encodeColumn(columnOf('int32', values)))
  await batch.publish()
  return (await mkseries(store, [{ name: 'n', type: 'int32', id }])).id
}

async function someSettings(store: ObjectStore, zone: string): Promise<Id> {
  const batch = await store.begin()
  const id = await batch.put('settings', encodeSettings(new Map([['zone', zone]])))
  await batch.publish()
  return id
}

async function* parsed(lines: readonly string[]) {
  for (const [i, line] of lines.entries()) yield parseTreeLine(line, i + 1)
}

async function treeOf(store: ObjectStore, lines: readonly string[], missing = false): Promise<Id> {
  return (await mktree(store, parsed(lines), { missing })).id
}

async function listed(store: ObjectStore, tree: Id, options?: ListTreeOptions): Promise<string[]> {
  const lines: string[] = []
  for await (const entry of lsTree(store, tree, options)) lines.push(formatTreeLine(entry))
  return lines
}

const names = (lines: readonly string[]) => lines.map((line) => line.split('\t')[1])

describe('mktree and ls-tree', () => {
  it('make and show a tree, in the order of its names', async () => {
    const store = newStore()
    const s = await aSeries(store, 3)
    const tree = await treeOf(store, [`series ${s}\tz`, `series ${s}\tä x`, `series ${s}\ta/b/c`])
    const lines = await listed(store, tree)
    expect(names(lines)).toEqual(['a', 'z', '"\\303\\244 x"'])
    expect(lines[1]).toBe(`series ${s}\tz`)
    expect(lines[0]).toMatch(/^tree [0-9a-f]{64}\ta$/)
  })

  it('give the same tree back through either listing, settings included', async () => {
    const store = newStore()
    const s = await aSeries(store, 3)
    const zone = await someSettings(store, 'Europe/Oslo')
    const tree = await treeOf(store, [
      `tree ${EMPTY_TREE} ${zone}\tempty`,
      `series ${s} ${zone}\ta/b/c`,
      `series ${s}\ta/d`,
      `series ${s}\té`,
    ])
    expect(await treeOf(store, await listed(store, tree))).toBe(tree)
    const deep = await listed(store, tree, { recursive: true, trees: true })
    expect(names(deep)).toEqual(['a', 'a/b', 'a/b/c', 'a/d', 'empty', '"\\303\\251"'])
    expect(await treeOf(store, deep)).toBe(tree)
    expect(await treeOf(store, deep.toReversed())).toBe(tree)
  })

  it('list by path, by level and by kind', async () => {
    const store = newStore()
    const s = await aSeries(store, 3)
    const tree = await treeOf(
      store,
      ['a/b', 'a/c/d', 'ab', 'e'].map((path) => `series ${s}\t${path}`),
    )
    const paths = async (options: ListTreeOptions) => names(await listed(store, tree, options))
    expect(await paths({ recursive: true })).toEqual(['a/b', 'a/c/d', 'ab', 'e'])
    expect(await paths({ onlyTrees: true })).toEqual(['a'])
    expect(await paths({ recursive: true, onlyTrees: true })).toEqual(['a', 'a/c'])
    expect(await paths({ paths: ['a', 'nothing', 'e'] })).toEqual(['a', 'e'])
    expect(await paths({ paths: ['a/'] })).toEqual(['a/b', 'a/c'])
    expect(await paths({ paths: ['a'], recursive: true })).toEqual(['a/b', 'a/c/d'])
    expect(await paths({ paths: ['a/c'], recursive: true, trees: true })).toEqual(['a/c', 'a/c/d'])
    expect(await paths({ paths: ['e/'] })).toEqual([])
  })

  it('show rows, first and last key', async () => {
    const store = newStore()
    const tree = await treeOf(store, [
      `series ${await aSeries(store, 3)}\ts`,
      `series ${await aSeries(store, 0)}\tnone`,
    ])
    const extents = []
    for await (const { extent } of lsTree(store, tree, { long: true })) extents.push(extent)
    expect(extents).toMatchObject([{ rows: 0 }, { rows: 3, first: [0], last: [2] }])
    expect(extents[0]).not.toHaveProperty('first')
  })

  it('make the empty tree, which can then be listed', async () => {
    const store = newStore()
    expect(await treeOf(store, [])).toBe(EMPTY_TREE)
    expect(await store.has(EMPTY_TREE)).toBe(true)
    expect(await listed(store, EMPTY_TREE)).toEqual([])
  })

  it('refuse entries that are not there or not of their kind', async () => {
    const store = newStore()
    const s = await aSeries(store, 3)
    const absent = idOf('series', new Uint8Array([1]))
    await expect(treeOf(store, [`series ${absent}\ta`])).rejects.toMatchObject({
      code: 'object-not-found',
    })
    await expect(treeOf(store, [`series ${absent}\ta`], true)).resolves.toMatch(/^[0-9a-f]{64}$/)
    await expect(treeOf(store, [`tree ${s}\ta`])).rejects.toMatchObject({
      code: 'bad-input',
      data: { found: 'series', expected: 'tree' },
    })
    await expect(treeOf(store, [`series ${s}\ta`, `series ${s}\ta`])).rejects.toThrow('twice')
    await expect(treeOf(store, [`0 ${ZERO_ID}\ta`])).rejects.toThrow('nothing to remove')
    await expect(treeOf(store, [`series ${s}\ta`, `series ${s}\ta/b`])).rejects.toMatchObject({
      code: 'bad-input',
    })
  })

  it('say which line is no entry', () => {
    for (const line of ['', 'series', `blob ${ZERO_ID.replace(/0/g, '1')}\ta`, 'series abc\ta']) {
      expect(() => parseTreeLine(line, 7), line).toThrow('line 7')
    }
    const id = ZERO_ID.replace(/0/g, '1')
    expect(() => parseTreeLine(`series ${id}\ta/../b`, 1)).toThrow('not a series name')
    expect(parseTreeLine(`series ${ZERO_ID}\ta`, 1)).toEqual({ path: 'a', kind: '0' })
  })
})

describe('diffTree', () => {
  async function twoTrees() {
    const store = newStore()
    const [one, two] = [await aSeries(store, 1), await aSeries(store, 2)]
    const zone = await someSettings(store, 'Europe/Oslo')
    const old = await treeOf(store, [
      `series ${one}\ta/b`,
      `series ${one}\ta/c`,
      `series ${one}\tab`,
      `series ${one}\tkind`,
      `series ${one}\tgone`,
      `series ${one}\tset`,
    ])
    const next = await treeOf(store, [
      `series ${two}\ta/b`,
      `series ${one}\ta/c`,
      `series ${one}\tab`,
      `series ${one}\tkind/x`,
      `series ${one}\tnew`,
      `series ${one} ${zone}\tset`,
    ])
    return { store, one, two, old, next }
  }

  async function changes(
    store: ObjectStore,
    old: Id | undefined,
    next: Id | undefined,
    options?: Parameters<typeof diffTree>[3],
  ) {
    const found: string[] = []
    for await (const { status, path } of diffTree(store, old, next, options)) {
      found.push(`${status} ${path}`)
    }
    return found
  }

  it('gives the entries of one level, or the series of all', async () => {
    const { store, old, next } = await twoTrees()
    expect(await changes(store, old, next)).toEqual(['M a', 'D gone', 'T kind', 'A new', 'M set'])
    expect(await changes(store, old, next, { recursive: true })).toEqual([
      'M a/b',
      'D gone',
      'D kind',
      'A kind/x',
      'A new',
      'M set',
    ])
    expect(await changes(store, old, old)).toEqual([])
    expect(await changes(store, undefined, old, { recursive: true })).toHaveLength(6)
  })

  it('keeps to paths', async () => {
    const { store, old, next } = await twoTrees()
    expect(await changes(store, old, next, { paths: ['a'] })).toEqual(['M a'])
    expect(await changes(store, old, next, { paths: ['a/'] })).toEqual(['M a/b'])
    expect(await changes(store, old, next, { paths: ['a/', 'a/b', 'new'] })).toEqual([
      'M a/b',
      'A new',
    ])
    expect(await changes(store, undefined, next, { paths: ['a'], recursive: true })).toEqual([
      'A a/b',
      'A a/c',
    ])
    expect(await changes(store, old, next, { paths: ['nothing'], recursive: true })).toEqual([])
  })

  it('prints raw lines as git does', async () => {
    const { store, one, two, old, next } = await twoTrees()
    const lines: string[] = []
    for await (const entry of diffTree(store, old, next, { recursive: true })) {
      lines.push(formatRawChange(entry))
    }
    expect(lines[0]).toBe(`:series series ${one} ${two} M\ta/b`)
    expect(lines[1]).toBe(`:series 0 ${one} ${ZERO_ID} D\tgone`)
    expect(lines[4]).toBe(`:0 series ${ZERO_ID} ${one} A\tnew`)
  })
})
