import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyEdits,
  buildTree,
  EMPTY_NODE,
  type ProllyEdit,
  type ProllyNode,
} from '../../../src/core/prolly.ts'
import { endsNode, nodeBytes } from '../../../src/core/prolly-node.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import {
  entriesOf,
  flatKeys,
  keyOf,
  numbers,
  putOf,
  removalOf,
  sortEdits,
  steepKeys,
} from '../../support/number-trees.ts'

const bytesOf = (root: ProllyNode<number>) => Buffer.from(nodeBytes(numbers, root)).toString('hex')

interface Change {
  readonly at: number
  /** undefined removes */
  readonly value: number | undefined
}

/** Applies the changes to the tree and to a plain map; both must come to the same tree. */
async function expectSame(
  objects: MemoryObjects,
  values: ReadonlyMap<number, number>,
  root: ProllyNode<number>,
  changes: readonly Change[],
): Promise<{ values: Map<number, number>; root: ProllyNode<number> }> {
  const after = new Map(values)
  const edits = new Map<number, ProllyEdit<number>>()
  for (const { at, value } of changes) {
    if (value === undefined) after.delete(at)
    else after.set(at, value)
    edits.set(at, value === undefined ? removalOf(at) : putOf(at, value))
  }
  const edited = await applyEdits(objects, numbers, root, sortEdits([...edits.values()]))
  const fresh = new MemoryObjects()
  const built = await buildTree(fresh, numbers, entriesOf(after))
  expect(edited.level).toBe(built.level)
  expect(bytesOf(edited)).toBe(bytesOf(built))
  // Every node of the built tree is among the edited tree's, so both can be read whole.
  for (const id of fresh.objects.keys()) expect(objects.objects.has(id)).toBe(true)
  return { values: after, root: edited }
}

function changesAmong(keys: readonly number[], maxLength: number): fc.Arbitrary<Change[]> {
  const one = fc.record({
    at: fc.nat(keys.length - 1).map((i) => keys[i]!),
    value: fc.option(fc.nat(3), { nil: undefined }),
  })
  // Runs too: a whole stretch removed or written, so that nodes vanish and levels come and go.
  const run = fc
    .tuple(fc.nat(keys.length - 1), fc.nat(keys.length), fc.option(fc.nat(3), { nil: undefined }))
    .map(([from, length, value]) => keys.slice(from, from + length).map((at) => ({ at, value })))
  return fc
    .array(fc.oneof({ weight: 4, arbitrary: one.map((c) => [c]) }, { weight: 1, arbitrary: run }), {
      maxLength,
    })
    .map((lists) => lists.flat())
}

describe('applyEdits', () => {
  const steep = steepKeys(600)

  it('makes the tree that building from scratch makes, whatever the steps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(steep),
        fc.array(changesAmong(steep, 6), { minLength: 1, maxLength: 4 }),
        async (start, steps) => {
          const objects = new MemoryObjects()
          let values = new Map(start.map((n) => [n, n]))
          let root = await buildTree(objects, numbers, entriesOf(values))
          for (const changes of steps) {
            ;({ values, root } = await expectSame(objects, values, root, changes))
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  it('does so where nodes split and join on three levels', async () => {
    const keys = Array.from({ length: 40_000 }, (_, i) => i * 3)
    const values = new Map(keys.filter((_, i) => i % 2 === 0).map((n) => [n, n]))
    const objects = new MemoryObjects()
    const root = await buildTree(objects, numbers, entriesOf(values))
    expect(root.level).toBeGreaterThanOrEqual(3)
    const change = fc.record({
      at: fc.nat(keys.length - 1).map((i) => keys[i]!),
      value: fc.option(fc.nat(3), { nil: undefined }),
    })
    const hole = fc
      .tuple(fc.nat(keys.length - 1), fc.nat(8_000))
      .map(([from, length]) =>
        keys.slice(from, from + length).map((at): Change => ({ at, value: undefined })),
      )
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 50 }),
        fc.array(hole, { maxLength: 2 }),
        async (changes, holes) => {
          await expectSame(objects, values, root, [...changes, ...holes.flat()])
        },
      ),
      { numRuns: 20 },
    )
  })

  it('does so where no key ends a node and only the limit of 128 cuts', async () => {
    const flat = flatKeys(20_000)
    const values = new Map(flat.filter((_, i) => i % 10 !== 0).map((n) => [n, n]))
    const objects = new MemoryObjects()
    const root = await buildTree(objects, numbers, entriesOf(values))
    expect(root.level).toBe(2)
    expect(objects.objects.size).toBe(Math.ceil(18_000 / 128) + Math.ceil(141 / 128))
    await fc.assert(
      fc.asyncProperty(changesAmong(flat, 4), async (changes) => {
        await expectSame(objects, values, root, changes)
      }),
      { numRuns: 15 },
    )
  })

  it('comes down to an old node that is left alone', async () => {
    const objects = new MemoryObjects()
    const values = new Map(steep.map((n) => [n, n]))
    const root = await buildTree(objects, numbers, entriesOf(values))
    let node: number[] = []
    for (const number of steep) {
      node.push(number)
      if (!endsNode(0, keyOf(number))) continue
      const kept = new Set(node)
      const removals = steep.filter((n) => !kept.has(n)).map((at) => ({ at, value: undefined }))
      await expectSame(objects, values, root, removals)
      node = []
    }
  })

  it('comes back to the same tree when what was done is undone', async () => {
    const objects = new MemoryObjects()
    const values = new Map(steep.map((n) => [n, n]))
    const root = await buildTree(objects, numbers, entriesOf(values))
    const emptied = await applyEdits(objects, numbers, root, steep.map(removalOf))
    expect(emptied).toBe(EMPTY_NODE)
    const again = await applyEdits(
      objects,
      numbers,
      emptied,
      steep.map((n) => putOf(n)),
    )
    expect(bytesOf(again)).toBe(bytesOf(root))
  })

  it('returns the very root when nothing changes', async () => {
    for (const keys of [steep, steep.slice(0, 1), []]) {
      const objects = new MemoryObjects()
      const root = await buildTree(objects, numbers, entriesOf(new Map(keys.map((n) => [n, n]))))
      expect(await applyEdits(objects, numbers, root, [])).toBe(root)
      expect(
        await applyEdits(
          objects,
          numbers,
          root,
          keys.map((n) => putOf(n)),
        ),
      ).toBe(root)
      expect(await applyEdits(objects, numbers, root, [removalOf(4_000_000)])).toBe(root)
    }
  })

  it('reads and writes a few nodes for one change among 100,000', async () => {
    const objects = new MemoryObjects()
    const count = 100_000
    const values = new Map(Array.from({ length: count }, (_, i) => [i * 2, i]))
    const root = await buildTree(objects, numbers, entriesOf(values))
    let reads = 0
    let puts = 0
    for (let i = 0; i < 50; i++) {
      objects.resetCounts()
      const at = (i * 7919 * 2 + (i % 2)) % (count * 2)
      await applyEdits(objects, numbers, root, [i % 3 === 0 ? removalOf(at) : putOf(at, 7)])
      reads = Math.max(reads, objects.reads)
      puts = Math.max(puts, objects.puts)
    }
    // The path is 3 nodes below the root; a changed boundary takes a neighbour or two more.
    expect(reads).toBeLessThanOrEqual(12)
    expect(puts).toBeLessThanOrEqual(12)
  })

  it('reads and writes in proportion to many scattered changes', async () => {
    const objects = new MemoryObjects()
    const count = 100_000
    const values = new Map(Array.from({ length: count }, (_, i) => [i, i]))
    const root = await buildTree(objects, numbers, entriesOf(values))
    objects.resetCounts()
    const edits = Array.from({ length: 100 }, (_, i) => putOf(i * 1000, 7))
    await applyEdits(objects, numbers, root, edits)
    expect(objects.reads).toBeLessThan(100 * 3)
    expect(objects.puts).toBeLessThan(100 * 3)
  })

  it('stores no node that the new tree does not have', async () => {
    const objects = new MemoryObjects()
    const root = await buildTree(objects, numbers, entriesOf(new Map(steep.map((n) => [n, n]))))
    const left = steep.slice(100, 103)
    const before = new Set(objects.objects.keys())
    const edits = steep.filter((n) => !left.includes(n)).map(removalOf)
    await applyEdits(objects, numbers, root, edits)
    const fresh = new MemoryObjects()
    await buildTree(fresh, numbers, entriesOf(new Map(left.map((n) => [n, n]))))
    for (const id of objects.objects.keys()) {
      expect(before.has(id) || fresh.objects.has(id)).toBe(true)
    }
  })

  it('refuses edits that are not sorted, name a key twice, or put an entry elsewhere', async () => {
    const apply = (edits: ProllyEdit<number>[]) =>
      applyEdits(new MemoryObjects(), numbers, EMPTY_NODE, edits)
    const refused = { code: 'bad-input' }
    await expect(apply([putOf(2), putOf(1)])).rejects.toMatchObject(refused)
    await expect(apply([putOf(1), removalOf(1)])).rejects.toMatchObject(refused)
    await expect(apply([{ ...putOf(1), key: keyOf(2) }])).rejects.toMatchObject(refused)
  })
})
