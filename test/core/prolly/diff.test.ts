import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyEdits,
  buildTree,
  diffEntries,
  EMPTY_NODE,
  type ProllyNode,
} from '../../../src/core/prolly.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import {
  entriesOf,
  keyOf,
  numbers,
  putOf,
  removalOf,
  steepKeys,
} from '../../support/number-trees.ts'

type Change = [key: string, old: number | undefined, next: number | undefined]

const hex = (number: number) => Buffer.from(keyOf(number)).toString('hex')

async function changesBetween(
  objects: MemoryObjects,
  a: ProllyNode<number>,
  b: ProllyNode<number>,
): Promise<Change[]> {
  const changes: Change[] = []
  for await (const { key, old, new: next } of diffEntries(objects, numbers, a, b)) {
    changes.push([Buffer.from(key).toString('hex'), old?.value, next?.value])
  }
  return changes
}

function expectedChanges(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): Change[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((n) => a.get(n) !== b.get(n))
    .sort((x, y) => x - y)
    .map((n) => [hex(n), a.get(n), b.get(n)])
}

describe('diffEntries', () => {
  const steep = steepKeys(400)

  it('gives exactly the entries that differ, in key order', async () => {
    const side = fc.tuple(fc.subarray(steep), fc.subarray(steep)).map(([keys, revised]) => {
      const values = new Map(keys.map((n) => [n, 1]))
      for (const n of revised.slice(0, 5)) if (values.has(n)) values.set(n, 2)
      return values
    })
    await fc.assert(
      fc.asyncProperty(side, side, async (a, b) => {
        const objects = new MemoryObjects()
        const rootA = await buildTree(objects, numbers, entriesOf(a))
        const rootB = await buildTree(objects, numbers, entriesOf(b))
        expect(await changesBetween(objects, rootA, rootB)).toEqual(expectedChanges(a, b))
      }),
      { numRuns: 100 },
    )
  })

  it('matches entries that span keys by the first of them', async () => {
    const limit = 600
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: limit - 1 }), { maxLength: 200 })
    // Spans from each cut to the next: the same keys, cut up in two ways.
    const spansOf = (ends: readonly number[]) => {
      const starts = [0, ...ends.toSorted((x, y) => x - y)]
      return starts.map((start, i) => {
        const end = (starts[i + 1] ?? limit) - 1
        return { key: keyOf(start), last: keyOf(end), weight: end - start + 1, value: start }
      })
    }
    await fc.assert(
      fc.asyncProperty(cuts, cuts, fc.boolean(), async (some, others, nested) => {
        const objects = new MemoryObjects()
        const a = spansOf(some)
        const b = spansOf(nested ? [...new Set([...some, ...others.slice(0, 3)])] : others)
        const rootA = await buildTree(objects, numbers, a)
        const rootB = await buildTree(objects, numbers, b)
        const lengths = (spans: typeof a) => new Map(spans.map((s) => [s.value, s.weight]))
        const changes: Change[] = []
        for await (const { key, old, new: next } of diffEntries(objects, numbers, rootA, rootB)) {
          changes.push([Buffer.from(key).toString('hex'), old?.weight, next?.weight])
        }
        expect(changes).toEqual(expectedChanges(lengths(a), lengths(b)))
      }),
      { numRuns: 100 },
    )
  })

  it('is nothing between a tree and itself, and reads nothing', async () => {
    const objects = new MemoryObjects()
    const root = await buildTree(objects, numbers, entriesOf(new Map(steep.map((n) => [n, n]))))
    objects.resetCounts()
    expect(await changesBetween(objects, root, root)).toEqual([])
    expect(objects.reads).toBe(0)
  })

  it('is all of a tree against the empty one', async () => {
    const objects = new MemoryObjects()
    const values = new Map(steep.map((n) => [n, n]))
    const root = await buildTree(objects, numbers, entriesOf(values))
    const none = new Map<number, number>()
    expect(await changesBetween(objects, EMPTY_NODE, root)).toEqual(expectedChanges(none, values))
    expect(await changesBetween(objects, root, EMPTY_NODE)).toEqual(expectedChanges(values, none))
  })

  it('opens only what differs, also where keys were added and removed', async () => {
    const objects = new MemoryObjects()
    const values = new Map(Array.from({ length: 100_000 }, (_, i) => [i * 2, i]))
    const root = await buildTree(objects, numbers, entriesOf(values))
    for (const edit of [putOf(50_000, 7), putOf(50_001, 7), removalOf(50_002)]) {
      const other = await applyEdits(objects, numbers, root, [edit])
      objects.resetCounts()
      expect(await changesBetween(objects, root, other)).toHaveLength(1)
      expect(objects.reads).toBeLessThanOrEqual(16)
    }
  })

  it('opens only what differs where the one tree is taller', async () => {
    const objects = new MemoryObjects()
    const values = new Map(Array.from({ length: 20_000 }, (_, i) => [i, i]))
    const tall = await buildTree(objects, numbers, entriesOf(values))
    const few = entriesOf(values).slice(0, 100)
    const low = await buildTree(objects, numbers, few)
    expect(tall.level).toBeGreaterThan(low.level)
    expect(await changesBetween(objects, tall, low)).toHaveLength(19_900)
    expect(await changesBetween(objects, low, tall)).toHaveLength(19_900)
  })
})
