import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../src/core/column.ts'
import type { Id } from '../../src/core/id.ts'
import { EMPTY_TREE, updatePaths } from '../../src/core/tree.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { blame } from '../../src/porcelain/blame.ts'
import { history } from '../../src/porcelain/history.ts'
import { type BeforeHistory, readKnownRows } from '../../src/porcelain/read-known.ts'
import type { ReadRowsResult } from '../../src/porcelain/read-rows.ts'
import { readAllVintages } from '../../src/porcelain/read-vintages.ts'
import { vintages } from '../../src/porcelain/vintages.ts'
import { effort } from '../support/effort.ts'
import { collect, newRepository, setRefs, storeCommits } from '../support/repositories.ts'
import { build, type Row, rowsOf, schemaOf } from '../support/series.ts'
import {
  anyHistory,
  type SeriesHistory,
  STEP,
  type State,
  storeHistory,
} from '../support/series-histories.ts'

const runs = { numRuns: effort({ quick: 20, usual: 60, nightly: 5000 }) }

/** Values are compared as text: a bigint has no JSON. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item)) ?? ''

async function rowsIn(result: Pick<ReadRowsResult, 'frames'>): Promise<Scalar[][]> {
  return (await collect(result.frames())).flatMap(rowsOf)
}

/** Commits along first parents, the newest first. */
function mainLine({ commits }: SeriesHistory): number[] {
  const line = [commits.length - 1]
  for (;;) {
    const parent = commits[line.at(-1)!]!.parents[0]
    if (parent === undefined) return line
    line.push(parent)
  }
}

/** What was known at a second. */
function asOf(all: SeriesHistory, second: number): State {
  const found = mainLine(all).find((at) => all.commits[at]!.seconds <= second)
  return found === undefined ? undefined : all.commits[found]!.state
}

/** Every second at which something was known otherwise than before, and those around. */
function seconds(all: SeriesHistory): number[] {
  const line = mainLine(all).map((at) => all.commits[at]!.seconds)
  return [...new Set(line.flatMap((at) => [at - 1, at, at + 1]))].sort((a, b) => a - b)
}

describe('all vintages of a series', () => {
  for (const duplicates of [false, true]) {
    it(`are what each commit had${duplicates ? ', of equal keys too' : ''}`, async () => {
      await fc.assert(
        fc.asyncProperty(anyHistory({ merges: true, duplicates }), async (all) => {
          const { repo } = await storeHistory(all)
          const rows = await rowsIn(await readAllVintages(repo, { name: 'x' }))
          for (const second of seconds(all)) {
            const at = BigInt(second)
            const known = rows.filter(
              (row) => (row[3] as bigint) <= at && (row[4] === null || (row[4] as bigint) > at),
            )
            expect(text(known.map((row) => row.slice(0, 3)))).toBe(text(asOf(all, second) ?? []))
          }
          if (duplicates) return
          for (const [i, row] of rows.slice(1).entries()) {
            const before = rows[i]!
            const goesOn = before[0] === row[0] && before[4] === row[3]
            if (goesOn) expect(text(before.slice(1, 3))).not.toBe(text(row.slice(1, 3)))
          }
        }),
        runs,
      )
    })
  }

  it('are limited to keys, columns, conditions and commit times', async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory({ merges: false }), fc.nat(9), fc.nat(9), async (all, x, y) => {
        const { repo } = await storeHistory(all)
        const whole = await rowsIn(await readAllVintages(repo, { name: 'x' }))
        const [from, to] = [Math.min(x, y) * STEP, Math.max(x, y) * STEP]
        const bounded = await readAllVintages(repo, { name: 'x', from: `@${from}`, to: `@${to}` })
        const within = whole.filter(([t]) => (t as bigint) >= from && (t as bigint) < to)
        expect(text(await rowsIn(bounded))).toBe(text(within))
        const ones = await readAllVintages(repo, { name: 'x', where: 'a = 1' })
        expect(text(await rowsIn(ones))).toBe(text(whole.filter((row) => row[1] === 1)))
        const at = 100n + BigInt(x * 10)
        const when = { start: at * 1_000_000_000n, end: at * 1_000_000_000n }
        const then = await readAllVintages(repo, { name: 'x', since: when, until: when })
        const known = whole.filter(
          (row) => (row[3] as bigint) <= at && (row[4] === null || (row[4] as bigint) > at),
        )
        expect(text(await rowsIn(then))).toBe(text(known))
      }),
      { numRuns: Math.ceil(runs.numRuns / 2) },
    )
  })
})

describe('a column that was renamed', () => {
  /** At 100 it is called `a`; at 150 it gets the name `b`, and after so many seconds another value. */
  async function renamed(wait: number): Promise<Repository> {
    const repo = await newRepository()
    const batch = await repo.objects.begin()
    const trees: Id[] = []
    for (const [name, value] of [
      ['a', 1],
      ['b', 1],
      ['b', 2],
    ] as const) {
      const id = await build(batch, schemaOf(`t:timestamp_s ${name}:float64`), [[0n, value]])
      trees.push(await updatePaths(batch, EMPTY_TREE, new Map([['x', { kind: 'series', id }]])))
    }
    await batch.publish()
    const ids = await storeCommits(
      repo,
      [100, 150, 150 + wait].map((seconds, at) => ({
        ...{ seconds, tree: trees[at]!, message: 'x\n' },
        parents: at === 0 ? [] : [at - 1],
      })),
    )
    await setRefs(repo, { 'refs/heads/main': ids.at(-1) })
    return repo
  }

  it('is followed through a version that was known at no time', async () => {
    const repo = await renamed(0)
    const all = await rowsIn(await readAllVintages(repo, { name: 'x', columns: ['b'] }))
    expect(all).toEqual([
      [0n, 1, 100n, 150n],
      [0n, 2, 150n, null],
    ])
    const known = await readKnownRows(repo, { name: 'x', beforeHistory: 'use' })
    expect(await rowsIn(known)).toEqual([[0n, 1]])
  })

  it('is followed through versions that are not shown', async () => {
    const repo = await renamed(10)
    const every = { count: 50, unit: 'seconds' } as const
    expect(await rowsIn(await vintages(repo, { name: 'x', every }))).toEqual([[0n, 1, 2]])
    expect(await rowsIn(await vintages(repo, { name: 'x', last: 1 }))).toEqual([[0n, 2]])
  })
})

describe('a column that had types which have none in common', () => {
  /** Its last column was a number and is a text now. */
  async function changed(columns: string, was: Row, is: Row): Promise<Repository> {
    const repo = await newRepository()
    const batch = await repo.objects.begin()
    const trees: Id[] = []
    for (const [type, row] of [
      ['float64', was],
      ['string', is],
    ] as const) {
      const id = await build(batch, schemaOf(`${columns}:${type}`), [row])
      trees.push(await updatePaths(batch, EMPTY_TREE, new Map([['x', { kind: 'series', id }]])))
    }
    await batch.publish()
    const ids = await storeCommits(
      repo,
      trees.map((tree, at) => ({
        ...{ seconds: 100 + at, tree, message: 'x\n' },
        parents: at === 0 ? [] : [at - 1],
      })),
    )
    await setRefs(repo, { 'refs/heads/main': ids.at(-1) })
    return repo
  }
  const hintsIn = async (repo: Repository) => {
    const hintOf = (work: Promise<unknown>) =>
      work.then(
        () => undefined,
        (error) => error.hint as string,
      )
    return [
      await hintOf(readAllVintages(repo, { name: 'x' })),
      await hintOf(readKnownRows(repo, { name: 'x', beforeHistory: 'use' })),
      await hintOf(vintages(repo, { name: 'x', column: 'P' })),
    ]
  }

  it('is left out by an option', async () => {
    const repo = await changed('t:timestamp_s Q:float64 P', [0n, 1, 1], [0n, 1, 'n.v.'])
    expect(await hintsIn(repo)).toEqual([
      '--columns names others: Q',
      '--columns names others: Q',
      '--column names others: Q',
    ])
  })

  it('is in the way where there is no other', async () => {
    const repo = await changed('t:timestamp_s P', [0n, 1], [0n, 'n.v.'])
    for (const hint of await hintsIn(repo)) {
      expect(hint).toContain('varve history and varve blame')
      expect(hint).not.toContain('--column')
    }
  })
})

it('may have columns of its own that are called as those of all vintages', async () => {
  const repo = await newRepository()
  const batch = await repo.objects.begin()
  const schema = schemaOf('t:timestamp_s known_from:float64')
  const id = await build(batch, schema, [[0n, 1]])
  const tree = await updatePaths(batch, EMPTY_TREE, new Map([['x', { kind: 'series', id }]]))
  await batch.publish()
  const ids = await storeCommits(repo, [{ parents: [], seconds: 100, tree, message: 'x\n' }])
  await setRefs(repo, { 'refs/heads/main': ids[0] })

  const first = await readKnownRows(repo, { name: 'x', beforeHistory: 'use' })
  const matrix = await vintages(repo, { name: 'x', column: 'known_from' })

  expect([await rowsIn(first), await rowsIn(matrix)]).toEqual([[[0n, 1]], [[0n, 1]]])
  await expect(readAllVintages(repo, { name: 'x' })).rejects.toMatchObject({
    code: 'schema-mismatch',
  })
})

describe('rows as they were known', () => {
  const keys = Array.from({ length: 10 }, (_, key) => key * STEP)
  const rowIn = (state: State, time: number): Row | undefined =>
    state?.find(([t]) => t === BigInt(time))

  it('first are what the first commit that had them says', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyHistory({ merges: true }),
        fc.constantFrom<BeforeHistory>('drop', 'null', 'use'),
        async (all, beforeHistory) => {
          const { repo } = await storeHistory(all)
          const found = await readKnownRows(repo, { name: 'x', beforeHistory })
          const begins = seconds(all).find((second) => asOf(all, second) !== undefined)!
          const expected = keys.flatMap((time): Row[] => {
            const second = seconds(all).find((at) => rowIn(asOf(all, at), time) !== undefined)
            if (second === undefined) return []
            const row = rowIn(asOf(all, second), time)!
            if (second > begins || time >= begins || beforeHistory === 'use') return [row]
            return beforeHistory === 'drop' ? [] : [[row[0]!, null, null]]
          })
          expect(text(await rowsIn(found))).toBe(text(expected))
        },
      ),
      runs,
    )
  })

  it('with a lag are what was known so long after their time', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyHistory({ merges: true }),
        fc.nat(12),
        fc.nat(400),
        fc.constantFrom<BeforeHistory>('drop', 'null', 'use'),
        async (all, lag, now, beforeHistory) => {
          const { repo } = await storeHistory(all)
          const found = await readKnownRows(repo, {
            name: 'x',
            lag: { count: lag * STEP, unit: 'seconds' },
            beforeHistory,
            now: { seconds: now, offsetMinutes: 0 },
          })
          const begins = seconds(all).find((second) => asOf(all, second) !== undefined)!
          const expected = keys.flatMap((time): Row[] => {
            const at = time + lag * STEP
            if (at < begins) {
              // What history began with; a row that came later was not known then.
              const row = rowIn(asOf(all, begins), time)
              if (row === undefined || beforeHistory === 'drop') return []
              return beforeHistory === 'use' ? [row] : [[row[0]!, null, null]]
            }
            const row = at > now ? undefined : rowIn(asOf(all, at), time)
            return row === undefined ? [] : [row]
          })
          expect(text(await rowsIn(found))).toBe(text(expected))
        },
      ),
      runs,
    )
  })

  it('side by side are what each version had, from a time on', async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory({ merges: true }), fc.nat(400), async (all, begin) => {
        const { repo } = await storeHistory(all)
        const whole = await vintages(repo, { name: 'x', column: 'a' })
        const when = BigInt(begin) * 1_000_000_000n
        const since = { start: when, end: when }
        const found = await vintages(repo, { name: 'x', column: 'a', since })
        expect(found.vintages.map(({ version }) => version.seconds)).toEqual(
          whole.vintages.map(({ version }) => version.seconds).filter((at) => at >= begin),
        )
        const rows = await rowsIn(found)
        const states = found.vintages.map(({ version }) => asOf(all, version.seconds))
        const expected = keys.flatMap((time) => {
          const known = states.map((state) => rowIn(state, time))
          if (known.every((row) => row === undefined)) return []
          return [[BigInt(time), ...known.map((row) => row?.[1] ?? null)]]
        })
        expect(text(rows)).toBe(text(expected))
      }),
      runs,
    )
  })
})

/** The first parent of a commit that has all of the series as it is. */
function sameParent({ commits }: SeriesHistory, at: number): number | undefined {
  const { parents, state } = commits[at]!
  return parents.find((parent) => text(commits[parent]!.state) === text(state))
}

describe('blame', () => {
  const ownerOf = (all: SeriesHistory, at: number, part: (state: State) => string): number => {
    const same = sameParent(all, at)
    if (same !== undefined) return ownerOf(all, same, part)
    const { parents, state } = all.commits[at]!
    const from = parents.find((parent) => part(all.commits[parent]!.state) === part(state))
    return from === undefined ? at : ownerOf(all, from, part)
  }

  for (const merges of [false, true]) {
    it(`finds the commit of every row and cell${merges ? ', through merges' : ''}`, async () => {
      await fc.assert(
        fc.asyncProperty(anyHistory({ merges }), async (all) => {
          const { repo, ids } = await storeHistory(all)
          const last = all.commits.length - 1
          const rows = all.commits[last]!.state!
          const places = new Map<Id, number>(ids.map((id, i) => [id, i]))
          const found = async (byColumn: boolean) => {
            const result = await blame(repo, { name: 'x', byColumn })
            return [...result.runs()].flatMap((run) =>
              new Array(run.rows).fill(places.get(run.by.id)),
            )
          }
          const rowAt = (state: State, time: Scalar | undefined) => state?.find(([t]) => t === time)
          const whole = rows.map(([t]) => ownerOf(all, last, (state) => text(rowAt(state, t))))
          expect(await found(false)).toEqual(whole)
          const cells = [1, 2].flatMap((column) =>
            rows.map(([t]) => ownerOf(all, last, (state) => text(rowAt(state, t)?.[column]))),
          )
          expect(await found(true)).toEqual(cells)
        }),
        runs,
      )
    })
  }
})

/** A merge of a commit with one before it, all of one second. */
const MERGED_IN_ONE_SECOND: SeriesHistory = {
  duplicates: false,
  commits: [
    { parents: [], seconds: 100, state: [[180n, null, 'y']] },
    { parents: [0], seconds: 100, state: [[180n, null, 'y']] },
    { parents: [0, 1], seconds: 100, state: [[180n, null, 'x']] },
  ],
}

describe('history', () => {
  it('gives every commit that changed a point, with what it was and became', async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory({ merges: true }), fc.nat(9), async (all, key) => {
        const { repo, ids } = await storeHistory(all)
        const pointAt = (at: number | undefined) =>
          at === undefined
            ? undefined
            : all.commits[at]!.state?.find(([t]) => t === BigInt(key * STEP))?.slice(1)
        const expected = new Map<number, string>()
        const seen = new Set<number>()
        const visit = (at: number): void => {
          if (seen.has(at)) return
          seen.add(at)
          const { parents } = all.commits[at]!
          const point = text(pointAt(at))
          const same =
            sameParent(all, at) ?? parents.find((parent) => text(pointAt(parent)) === point)
          if (same !== undefined) {
            visit(same)
            return
          }
          const old = pointAt(parents[0])
          if (old !== undefined || pointAt(at) !== undefined)
            expected.set(at, text([old, pointAt(at)]))
          parents.forEach(visit)
        }
        visit(all.commits.length - 1)
        const result = await history(repo, { name: 'x', key: [`@${key * STEP}`] })
        const changes = await collect(result.changes()).catch((error: { code: string }) => {
          expect(error.code).toBe('key-not-found')
          return []
        })
        const found = changes.map(
          ({ id, rows: [row] }) => [ids.indexOf(id), text([row!.old, row!.new])] as const,
        )
        expect(found.sort(([a], [b]) => a - b)).toEqual([...expected].sort(([a], [b]) => a - b))
      }),
      { ...runs, examples: [[MERGED_IN_ONE_SECOND, 9]] },
    )
  })
})
