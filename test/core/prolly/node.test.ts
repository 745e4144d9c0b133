import { describe, expect, it } from 'vitest'
import { ByteReader, compareBytes } from '../../../src/core/bytes.ts'
import { hashObject, type Id } from '../../../src/core/id.ts'
import {
  buildTree,
  checkNode,
  checkTree,
  decodeRoot,
  findEntry,
  type ProllyNode,
  readRoot,
  storeRoot,
} from '../../../src/core/prolly.ts'
import {
  decodeNode,
  EMPTY_NODE,
  earlierNode,
  endsNode,
  type Keyed,
  MAX_NODE_ENTRIES,
  nodeBytes,
  type ProllyChild,
  putNode,
  readChild,
} from '../../../src/core/prolly-node.ts'
import { toldAs } from '../../support/errors.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import {
  entriesOf,
  entryOf,
  flatKeys,
  keyOf,
  numbers,
  steepKeys,
} from '../../support/number-trees.ts'

const treeOf = (objects: MemoryObjects, keys: readonly number[]) =>
  buildTree(objects, numbers, entriesOf(new Map(keys.map((n) => [n, n]))))

const corrupt = toldAs('corrupt-object')

function childOf(key: number, last: number, weight = 1): ProllyChild {
  return { key: keyOf(key), last: keyOf(last), weight, child: '0'.repeat(64) as Id }
}

/** A node's bytes with nothing checked, as a stranger might write them. */
function forged(level: number, entries: readonly Keyed[]): ByteReader {
  return new ByteReader(nodeBytes(numbers, { level, entries } as ProllyNode<number>))
}

describe('a node', () => {
  it('ends by the first four bytes of SHA-256 over level and key', () => {
    const ends = Array.from({ length: 24_000 }, (_, i) => endsNode(0, keyOf(i)))
    expect(ends.filter(Boolean).length).toBeGreaterThan(850)
    expect(ends.filter(Boolean).length).toBeLessThan(1150)
    const above = Array.from({ length: 24_000 }, (_, i) => endsNode(1, keyOf(i)))
    expect(ends).not.toEqual(above)
  })

  it('is read back as it was written', async () => {
    const objects = new MemoryObjects()
    for (const keys of [[], [5], steepKeys(300)]) {
      const root = await treeOf(objects, keys)
      const id = await storeRoot(objects, numbers, root)
      expect(await readRoot(objects, numbers, id)).toEqual(root)
    }
  })

  it.each([
    ['keys out of order', 0, [entryOf(2), entryOf(1)]],
    ['a key twice', 0, [entryOf(1), entryOf(1)]],
    ['an entry that ends before it begins', 0, [{ ...entryOf(2), last: keyOf(1) }]],
    ['entries that overlap', 0, [{ ...entryOf(1), last: keyOf(4) }, entryOf(3)]],
    ['an entry of no weight', 0, [entryOf(1, 1, 0)]],
    ['too many entries', 0, flatKeys(MAX_NODE_ENTRIES + 1).map((n) => entryOf(n))],
    ['children out of order', 1, [childOf(5, 6), childOf(1, 2)]],
    [
      'more weight than a number holds',
      1,
      [childOf(1, 2, Number.MAX_SAFE_INTEGER), childOf(3, 4, Number.MAX_SAFE_INTEGER)],
    ],
  ])('is refused with %s', (_, level, entries) => {
    expect(() => decodeNode(forged(level, entries), numbers)).toThrow(corrupt)
  })

  it('is refused as a root over one node, or over none', () => {
    expect(() => decodeRoot(forged(1, [childOf(1, 2)]), numbers)).toThrow(corrupt)
    expect(() => decodeRoot(forged(1, []), numbers)).toThrow(corrupt)
    expect(decodeRoot(forged(0, []), numbers).entries).toEqual([])
  })

  it('is refused cut short at any byte, and with a byte too many', async () => {
    const objects = new MemoryObjects()
    const bytes = nodeBytes(numbers, await treeOf(objects, steepKeys(40)))
    for (let length = 0; length < bytes.length; length++) {
      const reader = new ByteReader(bytes.subarray(0, length))
      expect(() => decodeRoot(reader, numbers)).toThrow(corrupt)
    }
    const long = await objects.put(numbers.kind, new Uint8Array([...bytes, 0]))
    await expect(readRoot(objects, numbers, long)).rejects.toEqual(corrupt)
  })

  it('is refused where it is not what its parent says', async () => {
    const objects = new MemoryObjects()
    const root = await treeOf(objects, steepKeys(300))
    const first = root.entries[0] as ProllyChild
    const lies: ProllyChild[] = [
      { ...first, weight: first.weight + 1 },
      { ...first, key: new Uint8Array([0]) },
      { ...first, last: new Uint8Array([...first.last, 0]) },
      { ...first, child: (root.entries[1] as ProllyChild).child },
    ]
    for (const lie of lies) {
      const told = { level: root.level, entries: [lie, ...root.entries.slice(1)] }
      const found = findEntry(objects, numbers, told as ProllyNode<number>, keyOf(0))
      await expect(found).rejects.toEqual(corrupt)
      await expect(found).rejects.toMatchObject({ data: { id: lie.child } })
    }
    const none = await objects.put(numbers.kind, nodeBytes(numbers, EMPTY_NODE))
    const empty = { ...first, child: none, weight: 0 }
    await expect(readChild(objects, numbers, 1, empty)).rejects.toEqual(corrupt)
    const tooHigh = { level: root.level + 1, entries: root.entries } as ProllyNode<number>
    await expect(findEntry(objects, numbers, tooHigh, keyOf(0))).rejects.toEqual(corrupt)
  })
})

describe('an earlier node', () => {
  it('is the one of a level that a key is under, or would be the first of', async () => {
    const objects = new MemoryObjects()
    const keys = steepKeys(301).slice(1)
    const root = await treeOf(objects, keys)
    expect(root.level).toBeGreaterThan(1)
    const earlier = (level: number, key: number) =>
      earlierNode(objects, numbers, root, level, keyOf(key))
    expect(await earlier(root.level, keys[0]!)).toBeUndefined()
    for (let level = 0; level < root.level; level++) {
      for (const [i, key] of keys.entries()) {
        const node = decodeNode(
          new ByteReader(await objects.read((await earlier(level, key))!, numbers.kind)),
          numbers,
        )
        expect(node.level).toBe(level)
        expect(compareBytes(node.entries[0]!.key, keyOf(key))).toBeLessThanOrEqual(0)
        expect(compareBytes(node.entries.at(-1)!.last, keyOf(key))).toBeGreaterThanOrEqual(0)
        if (i === 0) expect(await earlier(level, key - 1)).toBe(await earlier(level, key))
      }
    }
  })

  it('is what those that are stored are said to be like', async () => {
    const objects = new MemoryObjects()
    const earlier = 'a'.repeat(64) as Id
    const node: ProllyNode<number> = { level: 0, entries: [entryOf(1), entryOf(5, 5, 3)] }
    const { child, ...spanned } = await putNode(objects, numbers, node, earlier)
    expect(spanned).toEqual({ key: keyOf(1), last: keyOf(5), weight: 4 })
    expect(objects.bases.get(child)).toBe(earlier)
    const root = await storeRoot(objects, numbers, EMPTY_NODE, earlier)
    expect(objects.bases.get(root)).toBe(earlier)
  })
})

describe('buildTree', () => {
  it('refuses entries that are not sorted', async () => {
    const built = buildTree(new MemoryObjects(), numbers, [entryOf(2), entryOf(1)])
    await expect(built).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('stores all nodes but the root', async () => {
    const objects = new MemoryObjects()
    const root = await treeOf(objects, steepKeys(300))
    expect(objects.objects.has(hashObject(numbers.kind, nodeBytes(numbers, root)))).toBe(false)
    await treeOf(objects, [1, 2, 3])
    const one = new MemoryObjects()
    await treeOf(one, flatKeys(MAX_NODE_ENTRIES))
    expect(one.objects.size).toBe(0)
  })
})

describe('checkTree', () => {
  const keys = steepKeys(300)

  it('passes what buildTree makes', async () => {
    const objects = new MemoryObjects()
    const checked = new Set<Id>()
    await checkTree(objects, numbers, await treeOf(objects, keys), checked)
    const full = await treeOf(objects, flatKeys(MAX_NODE_ENTRIES * 3))
    await checkTree(objects, numbers, full, checked)
    // All but the last node of each level below the roots.
    expect(checked.size).toBeGreaterThan(objects.objects.size - 8)
    objects.resetCounts()
    await checkTree(objects, numbers, full, checked)
    expect(objects.reads).toBe(1)
  })

  it('fails a node that goes on too far, or stops too soon', () => {
    const ending = keys.filter((n) => endsNode(0, keyOf(n)))
    const plain = flatKeys(2)
    const on = [ending[0]!, ending[0]! + 1].map((n) => entryOf(n))
    expect(() => checkNode({ level: 0, entries: on }, true)).toThrow(corrupt)
    const short = plain.map((n) => entryOf(n))
    expect(() => checkNode({ level: 0, entries: short }, false)).toThrow(corrupt)
    expect(() => checkNode({ level: 0, entries: short }, true)).not.toThrow()
    expect(() => checkNode({ level: 0, entries: [entryOf(ending[0]!)] }, false)).not.toThrow()
  })

  it('finds a wrong end below the root', async () => {
    const objects = new MemoryObjects()
    const [a, b] = flatKeys(2).map((n) => entryOf(n))
    const put = async (entry: typeof a) => {
      const node: ProllyNode<number> = { level: 0, entries: [entry!] }
      const child = await objects.put(numbers.kind, nodeBytes(numbers, node))
      return { key: entry!.key, last: entry!.last, weight: 1, child }
    }
    const root: ProllyNode<number> = { level: 1, entries: [await put(a), await put(b)] }
    await expect(checkTree(objects, numbers, root)).rejects.toEqual(corrupt)
  })
})
