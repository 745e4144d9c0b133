import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  buildTree,
  EMPTY_NODE,
  entryAt,
  findEntry,
  ProllyCursor,
  type ProllyEntry,
  type ProllyNode,
  rangeEntries,
  weightOf,
} from '../../../src/core/prolly.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { keyOf, numbers } from '../../support/number-trees.ts'

// Entry i spans the keys from 10 i + 2 to 10 i + 6 and weighs i mod 5 + 1.
const COUNT = 3_000
const spans: ProllyEntry<number>[] = Array.from({ length: COUNT }, (_, i) => ({
  key: keyOf(10 * i + 2),
  last: keyOf(10 * i + 6),
  weight: (i % 5) + 1,
  value: i,
}))

async function valuesOf(entries: AsyncIterable<ProllyEntry<number>>): Promise<number[]> {
  const values: number[] = []
  for await (const { value } of entries) values.push(value)
  return values
}

describe('a tree of spans', () => {
  const objects = new MemoryObjects()
  let root: ProllyNode<number>
  beforeAll(async () => {
    root = await buildTree(objects, numbers, spans)
  })

  it('weighs what its entries weigh together', () => {
    expect(root.level).toBeGreaterThanOrEqual(2)
    expect(weightOf(root)).toBe(COUNT * 3)
  })

  it('finds an entry by its first key and by no other', async () => {
    expect((await findEntry(objects, numbers, root, keyOf(10 * 77 + 2)))?.value).toBe(77)
    expect(await findEntry(objects, numbers, root, keyOf(10 * 77 + 3))).toBeUndefined()
    expect(await findEntry(objects, numbers, root, keyOf(10 * COUNT))).toBeUndefined()
  })

  it('finds the entry of a row, and where that begins', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -2, max: COUNT * 3 + 2 }), async (row) => {
        let start = 0
        const at = spans.findIndex(({ weight }) => {
          if (row >= start && row < start + weight) return true
          start += weight
          return false
        })
        const found = await entryAt(objects, numbers, root, row)
        expect(found).toEqual(at < 0 ? undefined : { entry: spans[at], start })
      }),
    )
  })

  it('stands on the first entry that ends at or after the key sought, wherever it came from', async () => {
    const cursor = new ProllyCursor(objects, numbers, root)
    await fc.assert(
      fc.asyncProperty(fc.nat(COUNT * 10 + 20), async (key) => {
        const wanted = spans.findIndex((_, i) => 10 * i + 6 >= key)
        expect(await cursor.seek(keyOf(key))).toBe(wanted >= 0)
        expect(cursor.entry?.value).toBe(wanted < 0 ? undefined : wanted)
        const before = spans.slice(0, wanted < 0 ? COUNT : wanted)
        expect(cursor.offset).toBe(weightOf({ entries: before }))
      }),
    )
  })

  it('walks both ways, over both ends and back', async () => {
    const cursor = new ProllyCursor(objects, numbers, root)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(COUNT - 1),
        fc.array(fc.boolean(), { minLength: 150, maxLength: 300 }),
        fc.constantFrom('start', 'middle', 'end'),
        async (middle, steps, from) => {
          let at = from === 'start' ? 1 : from === 'end' ? COUNT - 2 : middle
          await cursor.seek(spans[at]!.key)
          for (const forwards of steps) {
            at = Math.max(-1, Math.min(COUNT, at + (forwards ? 1 : -1)))
            const on = at >= 0 && at < COUNT
            expect(await (forwards ? cursor.next() : cursor.previous())).toBe(on)
            expect(cursor.entry?.value).toBe(on ? at : undefined)
            if (on) expect(cursor.offset).toBe(weightOf({ entries: spans.slice(0, at) }))
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  it('gives the entries that could hold keys of a range, forwards and in reverse', async () => {
    const bound = fc.option(fc.nat(COUNT * 10 + 20), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(bound, bound, fc.boolean(), async (from, to, reverse) => {
        const wanted = spans
          .map(({ value }) => value)
          .filter((i) => from === undefined || 10 * i + 6 >= from)
          .filter((i) => to === undefined || 10 * i + 2 <= to)
        const range = {
          from: from === undefined ? undefined : keyOf(from),
          to: to === undefined ? undefined : keyOf(to),
          reverse,
        }
        const values = await valuesOf(rangeEntries(objects, numbers, root, range))
        expect(values).toEqual(reverse ? wanted.reverse() : wanted)
      }),
      { numRuns: 60 },
    )
  })

  it('reads only the way to what it is asked for', async () => {
    objects.resetCounts()
    await findEntry(objects, numbers, root, keyOf(10 * 1500 + 2))
    expect(objects.reads).toBe(root.level)
    objects.resetCounts()
    const ten = { from: keyOf(10 * 1500), to: keyOf(10 * 1510) }
    expect(await valuesOf(rangeEntries(objects, numbers, root, ten))).toHaveLength(10)
    expect(objects.reads).toBeLessThanOrEqual(root.level + 4)
  })

  it('seeks on from where it stands without reading the same nodes again', async () => {
    const cursor = new ProllyCursor(objects, numbers, root)
    objects.resetCounts()
    for (const { key } of spans) await cursor.seek(key)
    expect(objects.reads).toBe(objects.objects.size)
  })

  it('says so when an object is missing', async () => {
    const empty = new MemoryObjects()
    await expect(findEntry(empty, numbers, root, keyOf(2))).rejects.toMatchObject({
      code: 'object-not-found',
    })
  })
})

describe('an empty tree', () => {
  it('has nothing to find, and nowhere to go', async () => {
    const objects = new MemoryObjects()
    const root = await buildTree(objects, numbers, [])
    expect(root).toBe(EMPTY_NODE)
    expect(await findEntry(objects, numbers, root, keyOf(1))).toBeUndefined()
    expect(await entryAt(objects, numbers, root, 0)).toBeUndefined()
    expect(await valuesOf(rangeEntries(objects, numbers, root))).toEqual([])
    expect(await valuesOf(rangeEntries(objects, numbers, root, { reverse: true }))).toEqual([])
    const cursor = new ProllyCursor(objects, numbers, root)
    expect(await cursor.next()).toBe(false)
    expect(await cursor.previous()).toBe(false)
    expect(await cursor.seek(keyOf(1))).toBe(false)
  })
})
