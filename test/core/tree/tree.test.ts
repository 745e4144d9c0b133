import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../../../src/core/bytes.ts'
import { VarveError } from '../../../src/core/errors.ts'
import { hashObject, type Id } from '../../../src/core/id.ts'
import { nodeBytes } from '../../../src/core/prolly-node.ts'
import { writeSettings } from '../../../src/core/settings.ts'
import {
  checkCollection,
  diffTrees,
  EMPTY_TREE,
  lookupPath,
  nameFormat,
  type PathEdit,
  readTree,
  readTreeRoot,
  settingsFor,
  type TreeEntry,
  treeEntries,
  updatePaths,
  walkTree,
  writeTree,
} from '../../../src/core/tree.ts'
import { toldAs } from '../../support/errors.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'

const idOf = (number: number) => number.toString(16).padStart(64, '0') as Id
const series = (name: string, number = 1): TreeEntry => ({ name, kind: 'series', id: idOf(number) })
const corrupt = toldAs('corrupt-object')

async function treeOf(objects: MemoryObjects, ...paths: string[]): Promise<Id> {
  const entry = { kind: 'series' as const, id: idOf(1) }
  return updatePaths(objects, EMPTY_TREE, new Map(paths.map((path) => [path, entry])))
}

async function collect<T, R>(items: AsyncIterable<T>, take: (item: T) => R): Promise<R[]> {
  const taken: R[] = []
  for await (const item of items) taken.push(take(item))
  return taken
}

describe('a collection', () => {
  it('is its entries, sorted by the bytes of their names, in whatever order they came', async () => {
    const objects = new MemoryObjects()
    const entries = ['ﬀ', '😀', 'b', '__proto__', 'a'].map((name, i) => series(name, i))
    const tree = await writeTree(objects, entries)
    expect(await writeTree(objects, entries.toReversed())).toBe(tree)
    // Half of 😀 in UTF-16 is less than ﬀ; its UTF-8 is not.
    expect((await readTree(objects, tree)).map(({ name }) => name)).toEqual([
      '__proto__',
      'a',
      'b',
      'ﬀ',
      '😀',
    ])
  })

  it('without entries has an id of its own, and is read without being stored', async () => {
    const objects = new MemoryObjects()
    expect(await writeTree(objects, [])).toBe(EMPTY_TREE)
    expect(EMPTY_TREE).toBe(hashObject('tree', new Uint8Array([0, 0])))
    expect(await readTree(new MemoryObjects(), EMPTY_TREE)).toEqual([])
    expect((await readTreeRoot(new MemoryObjects(), EMPTY_TREE)).entries).toEqual([])
  })

  it('is not written with a name twice, a bad name, or an empty collection without settings', async () => {
    const objects = new MemoryObjects()
    const write = (...entries: TreeEntry[]) => writeTree(objects, entries)
    await expect(write(series('a'), series('b'), series('a', 2))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('"a"'),
    })
    await expect(write(series('a/b'))).rejects.toEqual(toldAs('invalid-name'))
    await expect(write(series('..'))).rejects.toEqual(toldAs('invalid-name'))
    const empty: TreeEntry = { name: 'c', kind: 'tree', id: EMPTY_TREE }
    await expect(write(empty)).rejects.toEqual(toldAs('bad-input'))
    const kept = await write({ ...empty, settings: idOf(9) })
    expect(await readTree(objects, kept)).toEqual([{ ...empty, settings: idOf(9) }])
  })

  it('gives the names that begin as asked', async () => {
    const objects = new MemoryObjects()
    const tree = await treeOf(objects, ...Array.from({ length: 2000 }, (_, i) => `s${i}`))
    objects.resetCounts()
    const names = await collect(treeEntries(objects, tree, 's77'), ({ name }) => name)
    expect(names).toEqual(['s77', ...Array.from({ length: 10 }, (_, i) => `s77${i}`)])
    expect(objects.reads).toBeLessThan(8)
  })
})

describe('a hostile collection', () => {
  const entryBytes = (name: Uint8Array | string, kind: number, flag: number, id = idOf(1)) => {
    const key = typeof name === 'string' ? Buffer.from(name) : name
    const writer = new ByteWriter().u8(0).varint(1).lengthPrefixed(key).u8(kind).id(id).u8(flag)
    return (flag === 0 ? writer : writer.id(idOf(9))).finish()
  }

  it.each([
    ['an empty name', entryBytes('', 2, 0)],
    ['the name .', entryBytes('.', 2, 0)],
    ['the name ..', entryBytes('..', 2, 0)],
    ['a / in a name', entryBytes('a/b', 2, 0)],
    ['NUL in a name', entryBytes('a\0', 2, 0)],
    ['a newline in a name', entryBytes('a\n', 2, 0)],
    ['a name of 241 bytes', entryBytes('a'.repeat(241), 2, 0)],
    ['a name that is no UTF-8', entryBytes(new Uint8Array([0xc0, 0xaf]), 2, 0)],
    ['a kind that is none', entryBytes('a', 3, 0)],
    ['the kind 0', entryBytes('a', 0, 0)],
    ['a flag that is none', entryBytes('a', 2, 2)],
    ['an empty collection without settings', entryBytes('a', 1, 0, EMPTY_TREE)],
  ])('is refused with %s', async (_, bytes) => {
    const objects = new MemoryObjects()
    const id = await objects.put('tree', bytes)
    await expect(readTree(objects, id)).rejects.toEqual(corrupt)
  })

  it('is refused or read, never anything else, when its bytes are changed', async () => {
    const objects = new MemoryObjects()
    const tree = await treeOf(objects, ...Array.from({ length: 12 }, (_, i) => `s${i}/x`))
    const bytes = nodeBytes(nameFormat, await readTreeRoot(objects, tree))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const changed = bytes.slice()
          for (const [at, byte] of changes) changed[at] = byte
          const id = await objects.put('tree', changed)
          try {
            const root = await readTreeRoot(objects, id)
            // What is read is canonical: it is written the same.
            expect(nodeBytes(nameFormat, root)).toEqual(changed)
          } catch (error) {
            expect(error).toBeInstanceOf(VarveError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('fails the check with a name that is readable but cannot be written', async () => {
    const objects = new MemoryObjects()
    const id = await objects.put('tree', entryBytes('CON', 2, 0))
    expect(await readTree(objects, id)).toHaveLength(1)
    const checked = checkCollection(objects, id)
    await expect(checked).rejects.toEqual(corrupt)
    await expect(checked).rejects.toMatchObject({ data: { id, name: 'CON' } })
  })

  it('may have names of 240 bytes', async () => {
    const objects = new MemoryObjects()
    const id = await objects.put('tree', entryBytes('a'.repeat(240), 2, 0))
    expect(await readTree(objects, id)).toHaveLength(1)
  })

  it('cannot be nested without end', async () => {
    const objects = new MemoryObjects()
    let tree = await writeTree(objects, [series('x')])
    for (let i = 0; i < 600; i++) {
      tree = await writeTree(objects, [{ name: 'x', kind: 'tree', id: tree }])
    }
    const walk = collect(walkTree(objects, tree), ({ path }) => path)
    await expect(walk).rejects.toEqual(corrupt)
    const diff = collect(diffTrees(objects, undefined, tree), ({ path }) => path)
    await expect(diff).rejects.toEqual(corrupt)
  })

  it('has nothing after its last entry', () => {
    const reader = new ByteReader(entryBytes('a', 2, 0))
    reader.bytes(2)
    nameFormat.decodeEntry(reader)
    expect(reader.remaining).toBe(0)
  })
})

describe('a path', () => {
  it('leads through nested collections', async () => {
    const objects = new MemoryObjects()
    const tree = await treeOf(objects, 'a/b/c', 'a/d', 'e', '__proto__/constructor')
    const kindAt = async (path: string) => (await lookupPath(objects, tree, path))?.kind
    expect(await kindAt('a/b/c')).toBe('series')
    expect(await kindAt('a/b')).toBe('tree')
    expect(await kindAt('a/b/')).toBe('tree')
    expect(await kindAt('__proto__/constructor')).toBe('series')
    expect(await kindAt('__proto__/toString')).toBeUndefined()
    expect(await kindAt('e/')).toBeUndefined()
    expect(await kindAt('e/x')).toBeUndefined()
    expect(await kindAt('a//d')).toBeUndefined()
    expect(await lookupPath(objects, tree, '')).toEqual({ name: '', kind: 'tree', id: tree })
  })
})

describe('walkTree', () => {
  it('goes by the bytes of whole paths', async () => {
    const objects = new MemoryObjects()
    const paths = ['a', 'a b/x', 'a!/x/y', 'a-', 'a-b/x', 'b/x', 'b-', 'b0', 'b-/z', '😀', 'ﬀ/x']
    const usable = paths.filter((path) => path !== 'a-' && path !== 'b-')
    const tree = await treeOf(objects, ...usable)
    const sorted = usable.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
    expect(await collect(walkTree(objects, tree), ({ path }) => path)).toEqual(sorted)
  })

  it('reads only what begins as asked', async () => {
    const objects = new MemoryObjects()
    const many = Array.from({ length: 5000 }, (_, i) => `big/s${i}`)
    const tree = await treeOf(
      objects,
      ...many,
      'small/in/a',
      'small/in/b',
      'small/inner/c',
      'smaller',
    )
    const walk = (prefix: string) => collect(walkTree(objects, tree, prefix), ({ path }) => path)
    objects.resetCounts()
    expect(await walk('small/in/')).toEqual(['small/in/a', 'small/in/b'])
    expect(await walk('small/in')).toEqual(['small/in/a', 'small/in/b', 'small/inner/c'])
    expect(await walk('smal')).toEqual(['small/in/a', 'small/in/b', 'small/inner/c', 'smaller'])
    expect(objects.reads).toBeLessThan(25)
    expect(await walk('big/s49')).toHaveLength(111)
    expect(await walk('smaller/')).toEqual([])
    expect(await walk('none/x')).toEqual([])
  })

  it('gives collections before what is in them, where asked', async () => {
    const objects = new MemoryObjects()
    const tree = await treeOf(objects, 'a/b/c', 'a-')
    const walk = walkTree(objects, tree, '', { collections: true })
    expect(await collect(walk, ({ path }) => path)).toEqual(['a-', 'a', 'a/b', 'a/b/c'])
  })
})

describe('diffTrees', () => {
  const withSettings = { settings: idOf(9) }
  const put = { kind: 'series' as const, id: idOf(2) }

  async function diff(objects: MemoryObjects, a: Id | undefined, b: Id | undefined, prefix = '') {
    return collect(diffTrees(objects, a, b, prefix), ({ path, old, new: next }) => [
      path,
      old && `${old.kind}${old.settings ? ' with settings' : ''}`,
      next && `${next.kind}${next.settings ? ' with settings' : ''}`,
    ])
  }

  it('gives series, and collections where their settings differ', async () => {
    const objects = new MemoryObjects()
    const a = await treeOf(objects, 'c/x', 'c/y', 'd/x', 's')
    const b = await updatePaths(
      objects,
      a,
      new Map<string, PathEdit | undefined>([
        ['c', withSettings],
        ['c/y', put],
        ['d', undefined],
        ['e/f', withSettings],
        ['s', withSettings],
      ]),
    )
    expect(await diff(objects, a, b)).toEqual([
      ['c', 'tree', 'tree with settings'],
      ['c/y', 'series', 'series'],
      ['d/x', 'series', undefined],
      ['e/f', undefined, 'tree with settings'],
      ['s', 'series', 'series with settings'],
    ])
    expect(await diff(objects, b, undefined)).toEqual([
      ['c', 'tree with settings', undefined],
      ['c/x', 'series', undefined],
      ['c/y', 'series', undefined],
      ['e/f', 'tree with settings', undefined],
      ['s', 'series with settings', undefined],
    ])
    expect(await diff(objects, a, b, 'c/')).toEqual([['c/y', 'series', 'series']])
    expect(await diff(objects, a, b, 'd')).toEqual([['d/x', 'series', undefined]])
  })

  it('gives a name that changed its kind once', async () => {
    const objects = new MemoryObjects()
    const a = await treeOf(objects, 'n', 'n-')
    const b = await updatePaths(
      objects,
      a,
      new Map<string, PathEdit | undefined>([
        ['n', undefined],
        ['n/x', put],
        ['n-', withSettings],
      ]),
    )
    expect(await diff(objects, a, b)).toEqual([
      ['n', 'series', undefined],
      ['n-', 'series', 'series with settings'],
      ['n/x', undefined, 'series'],
    ])
    const c = await updatePaths(objects, b, new Map([['n', withSettings]]))
    expect(await diff(objects, c, a)).toEqual([
      ['n', 'tree with settings', 'series'],
      ['n-', 'series with settings', 'series'],
      ['n/x', 'series', undefined],
    ])
  })
})

describe('settingsFor', () => {
  it('lays the settings of each collection on the way over those before', async () => {
    const objects = new MemoryObjects()
    const settings = async (zone: string, other: string) =>
      writeSettings(
        objects,
        new Map([
          ['zone', zone],
          [other, zone],
        ]),
      )
    const outer = (await settings('UTC', 'outer'))!
    const inner = (await settings('Europe/Vienna', 'inner'))!
    const own = (await settings('Asia/Tokyo', 'own'))!
    const tree = await updatePaths(
      objects,
      EMPTY_TREE,
      new Map([
        ['a', { settings: outer }],
        ['a/b', { settings: inner }],
        ['a/b/s', { kind: 'series', id: idOf(1), settings: own }],
        ['t', { kind: 'series', id: idOf(1) }],
      ]),
    )
    const at = async (path: string) => Object.fromEntries(await settingsFor(objects, tree, path))
    expect(await at('a/b/s')).toEqual({
      zone: 'Asia/Tokyo',
      outer: 'UTC',
      inner: 'Europe/Vienna',
      own: 'Asia/Tokyo',
    })
    const inherited = { zone: 'Europe/Vienna', outer: 'UTC', inner: 'Europe/Vienna' }
    expect(await at('a/b/not-yet')).toEqual(inherited)
    expect(await at('a/b')).toEqual(inherited)
    expect(await at('a/new/deep')).toEqual({ zone: 'UTC', outer: 'UTC' })
    expect(await at('t')).toEqual({})
    expect(await at('')).toEqual({})
  })
})
