import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import {
  bestCommonAncestors,
  isAncestor,
  removeAncestors,
} from '../../src/plumbing/common-ancestors.ts'
import { topologicalOrder } from '../../src/plumbing/topological-order.ts'
import { walkCommits } from '../../src/plumbing/walk-commits.ts'
import { MemoryObjects } from '../support/memory-objects.ts'
import { collect, putCommit } from '../support/repositories.ts'

/** A history: each commit with the commits before it that are its parents, and its date. */
interface Shape {
  readonly parents: readonly (readonly number[])[]
  readonly dates: readonly number[]
}

// Few seconds for many commits, so that most dates meet.
const shapes: fc.Arbitrary<Shape> = fc
  .array(
    fc.record({
      back: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
      later: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((commits) => {
    const parents = commits.map(({ back }, at) =>
      back.map((by) => at - by).filter((parent) => parent >= 0),
    )
    const dates: number[] = []
    for (const [at, { later }] of commits.entries()) {
      const latest = Math.max(0, ...parents[at]!.map((parent) => dates[parent]!))
      dates.push(latest + Math.floor(later / 2))
    }
    return { parents, dates }
  })

async function build(objects: MemoryObjects, { parents, dates }: Shape): Promise<Id[]> {
  const ids: Id[] = []
  for (const [at, dated] of dates.entries()) {
    const options = { parents: parents[at]!.map((parent) => ids[parent]!), seconds: dated }
    ids.push(await putCommit(objects, { ...options, message: `${at}\n` }))
  }
  return ids
}

function reachable({ parents }: Shape, starts: readonly number[]): Set<number> {
  const found = new Set<number>()
  const pending = [...starts]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (found.has(at)) continue
    found.add(at)
    pending.push(...parents[at]!)
  }
  return found
}

const some = fc.array(fc.nat(), { maxLength: 3 })

describe('walkCommits', () => {
  it('gives what is reachable and not left out, children first, the newest first', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, some, some, async (shape, starts, ends) => {
        const objects = new MemoryObjects()
        const ids = await build(objects, shape)
        const pick = (numbers: readonly number[]) => numbers.map((at) => at % ids.length)
        const [from, without] = [pick([0, ...starts]), pick(ends)]
        const walked = await collect(
          walkCommits(objects, {
            include: from.map((at) => ids[at]!),
            exclude: without.map((at) => ids[at]!),
          }),
        )
        const left = reachable(shape, without)
        const expected = [...reachable(shape, from)].filter((at) => !left.has(at))
        const order = walked.map(({ id }) => ids.indexOf(id))
        expect([...order].sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
        expectChildrenFirst(shape, order)
        const dates = order.map((at) => shape.dates[at]!)
        expect(dates).toEqual([...dates].sort((a, b) => b - a))
      }),
      { numRuns: 500 },
    )
  })

  it('reads no more of a line than is asked for', async () => {
    const objects = new MemoryObjects()
    const parents = Array.from({ length: 1000 }, (_, at) => (at === 0 ? [] : [at - 1]))
    const ids = await build(objects, { parents, dates: parents.map(() => 7) })
    objects.resetCounts()
    const walk = walkCommits(objects, { include: [ids.at(-1)!] })
    for (let taken = 0; taken < 5; taken++) await walk.next()
    expect(objects.reads).toBeLessThan(10)
  })

  it('stops where nothing is left that was asked for', async () => {
    const objects = new MemoryObjects()
    const parents = Array.from({ length: 1000 }, (_, at) => (at === 0 ? [] : [at - 1]))
    const ids = await build(objects, { parents, dates: parents.map((_, at) => at) })
    objects.resetCounts()
    const range = { include: [ids[999]!], exclude: [ids[996]!] }
    expect(await collect(walkCommits(objects, range))).toHaveLength(3)
    expect(objects.reads).toBeLessThan(10)
  })

  it('follows first parents alone where asked, and leaves all out that is left out', async () => {
    const objects = new MemoryObjects()
    const shape = { parents: [[], [0], [0], [1, 2], [3]], dates: [1, 2, 3, 4, 5] }
    const ids = await build(objects, shape)
    const numbers = async (exclude: readonly number[]) => {
      const range = { include: [ids[4]!], exclude: exclude.map((at) => ids[at]!) }
      const walked = await collect(walkCommits(objects, { ...range, firstParent: true }))
      return walked.map(({ id }) => ids.indexOf(id))
    }
    expect(await numbers([])).toEqual([4, 3, 1, 0])
    expect(await numbers([2])).toEqual([4, 3, 1])
  })

  it('ends at commits whose parents are not here', async () => {
    const objects = new MemoryObjects()
    const ids = await build(objects, { parents: [[], [0], [1], [2]], dates: [1, 2, 3, 4] })
    const walk = walkCommits(objects, { include: [ids[3]!], shallow: new Set([ids[2]!]) })
    expect((await collect(walk)).map(({ id }) => id)).toEqual([ids[3], ids[2]])
  })

  it('gives a parent after its child even where its date is later', async () => {
    const objects = new MemoryObjects()
    const ids = await build(objects, { parents: [[], [0], [1], []], dates: [100, 5, 7, 6] })
    const walked = await collect(walkCommits(objects, { include: [ids[2]!, ids[3]!] }))
    expect(walked.map(({ id }) => ids.indexOf(id))).toEqual([2, 3, 1, 0])
  })
})

describe('topologicalOrder', () => {
  it('has every commit once and none before its children', async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.constantFrom('graph' as const, 'date' as const, 'author-date' as const),
        async (shape, order) => {
          const objects = new MemoryObjects()
          const ids = await build(objects, shape)
          const walked = await collect(walkCommits(objects, { include: ids }))
          const ordered = topologicalOrder(walked, order).map(({ id }) => ids.indexOf(id))
          expect([...ordered].sort((a, b) => a - b)).toEqual(ids.map((_, at) => at))
          expectChildrenFirst(shape, ordered)
        },
      ),
    )
  })

  it('keeps the lines of a merge together', async () => {
    const objects = new MemoryObjects()
    // 0 ── 1 ── 3 ── 5 (merge), 0 ── 2 ── 4 ── 5
    const parents = [[], [0], [0], [1], [2], [3, 4]]
    const ids = await build(objects, { parents, dates: [1, 2, 3, 4, 5, 6] })
    const walked = await collect(walkCommits(objects, { include: [ids[5]!] }))
    const numbers = (order: 'graph' | 'date') =>
      topologicalOrder(walked, order).map(({ id }) => ids.indexOf(id))
    expect(numbers('graph')).toEqual([5, 4, 2, 3, 1, 0])
    expect(numbers('date')).toEqual([5, 4, 3, 2, 1, 0])
  })
})

describe('common ancestors', () => {
  const best = (shape: Shape, one: number, others: readonly number[]) => {
    const below = reachable(shape, others)
    const common = [...reachable(shape, [one])].filter((at) => below.has(at))
    return common.filter(
      (at) => !common.some((other) => other !== at && reachable(shape, [other]).has(at)),
    )
  }

  it('are the best ones, in any history', async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.nat(),
        fc.array(fc.nat(), { minLength: 1, maxLength: 2 }),
        async (shape, a, b) => {
          const objects = new MemoryObjects()
          const ids = await build(objects, shape)
          const one = a % ids.length
          const others = b.map((at) => at % ids.length)
          const found = await bestCommonAncestors(
            objects,
            ids[one]!,
            others.map((at) => ids[at]!),
          )
          expect(found.map((id) => ids.indexOf(id)).sort((x, y) => x - y)).toEqual(
            best(shape, one, others).sort((x, y) => x - y),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are two after a criss-cross', async () => {
    const objects = new MemoryObjects()
    const parents = [[], [0], [0], [1, 2], [2, 1]]
    const ids = await build(objects, { parents, dates: [1, 2, 3, 4, 4] })
    const found = await bestCommonAncestors(objects, ids[3]!, [ids[4]!])
    expect(found).toEqual([ids[2], ids[1]])
  })

  it('agree with being reachable', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), fc.nat(), async (shape, a, b) => {
        const objects = new MemoryObjects()
        const ids = await build(objects, shape)
        const [one, other] = [a % ids.length, b % ids.length]
        expect(await isAncestor(objects, ids[one]!, ids[other]!)).toBe(
          reachable(shape, [other]).has(one),
        )
        const both = await removeAncestors(objects, [ids[one]!, ids[other]!])
        expect(both.length).toBe(
          one !== other &&
            !reachable(shape, [one]).has(other) &&
            !reachable(shape, [other]).has(one)
            ? 2
            : 1,
        )
      }),
    )
  })
})

function expectChildrenFirst({ parents }: Shape, order: readonly number[]): void {
  for (const [position, at] of order.entries()) {
    for (const parent of parents[at]!) {
      const parentPosition = order.indexOf(parent)
      if (parentPosition !== -1) expect(parentPosition).toBeGreaterThan(position)
    }
  }
}
