import fc from 'fast-check'
import type { Id } from '../../src/core/id.ts'
import { EMPTY_TREE, updatePaths } from '../../src/core/tree.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { newRepository, setRefs, storeCommits } from './repositories.ts'
import { build, type Row, schemaOf } from './series.ts'

/** What `x` is in one commit; undefined where there is no such series. */
export type State = readonly Row[] | undefined

export interface HistoryCommit {
  readonly parents: readonly number[]
  /** Never less than that of a parent. */
  readonly seconds: number
  readonly state: State
}

/** Commits, parents before children, the last of which has the series. */
export interface SeriesHistory {
  readonly duplicates: boolean
  readonly commits: readonly HistoryCommit[]
}

/** Seconds between two keys. */
export const STEP = 20

interface Plan {
  readonly parents: readonly [number, number | undefined]
  readonly wait: number
  readonly removed: boolean
  readonly edits: readonly (readonly [key: number, a: number | null | undefined, b: string])[]
}

/** Histories of one series, linear or with merges; what a commit has is what its first parent had, edited. */
export function anyHistory(options: {
  merges: boolean
  duplicates?: boolean
}): fc.Arbitrary<SeriesHistory> {
  const edit = fc.tuple(
    fc.nat(9),
    fc.constantFrom(null, 1, 2, undefined),
    fc.constantFrom('x', 'y'),
  )
  const plan = fc.record({
    parents: fc.tuple(
      fc.nat(2),
      options.merges ? fc.option(fc.nat(3), { nil: undefined }) : fc.constant(undefined),
    ),
    wait: fc.constantFrom(0, 1, 30, 70),
    removed: fc.constantFrom(false, false, false, false, false, false, true),
    edits: fc.array(edit, { maxLength: 4 }),
  })
  return fc
    .array(plan, { minLength: 1, maxLength: 8 })
    .map((plans) => planned(plans, options.merges, options.duplicates === true))
}

function planned(plans: readonly Plan[], merges: boolean, duplicates: boolean): SeriesHistory {
  const commits: HistoryCommit[] = []
  for (const [i, { parents, wait, removed, edits }] of plans.entries()) {
    const first = merges ? Math.max(i - 1 - parents[0], 0) : i - 1
    const second = parents[1] === undefined ? undefined : i - 1 - parents[1]
    const own = i === 0 ? [] : [first]
    if (second !== undefined && second >= 0 && second !== first) own.push(second)
    const before = own.map((at) => commits[at]!)
    const latest = Math.max(100, ...before.map(({ seconds }) => seconds))
    const isLast = i === plans.length - 1
    const base = [...(before[0]?.state ?? [])]
    // A merge takes some rows of its other parent.
    const merged = before[1]
    for (const [key] of merged === undefined ? [] : edits.slice(0, 2)) {
      const other = (merged?.state ?? []).filter(([t]) => t === BigInt(key * STEP))
      replace(base, key, other)
    }
    for (const [key, a, b] of edits.slice(before.length > 1 ? 2 : 0)) {
      const time = BigInt(key * STEP)
      const rows = a === undefined ? [] : [[time, a, b]]
      const kept = duplicates && a === 2 ? base.filter(([t]) => t === time) : []
      replace(base, key, [...kept, ...rows])
    }
    const state = removed && !isLast ? undefined : base
    commits.push({ parents: own, seconds: latest + wait, state })
  }
  return { duplicates, commits }
}

function replace(rows: Row[], key: number, by: readonly Row[]): void {
  const time = BigInt(key * STEP)
  const kept = rows.filter(([t]) => t !== time)
  rows.length = 0
  rows.push(...kept, ...by)
  rows.sort((x, y) => Number((x[0] as bigint) - (y[0] as bigint)))
}

/** A repository with the history of `x`, main at its last commit; and the ids of the commits. */
export async function storeHistory({
  commits,
  duplicates,
}: SeriesHistory): Promise<{ repo: Repository; ids: Id[] }> {
  const schema = schemaOf('t:timestamp_s a:float64 b:string', { duplicates })
  const repo = await newRepository()
  const batch = await repo.objects.begin()
  await batch.put('tree', Uint8Array.of(0, 0))
  const trees: Id[] = []
  for (const { state } of commits) {
    const id = state && (await build(batch, schema, state))
    const edits = new Map(id === undefined ? [] : [['x', { kind: 'series', id } as const]])
    trees.push(await updatePaths(batch, EMPTY_TREE, edits))
  }
  await batch.publish()
  const ids = await storeCommits(
    repo,
    commits.map(({ parents, seconds }, i) => ({
      parents,
      seconds,
      tree: trees[i]!,
      message: `${i}\n`,
    })),
  )
  await setRefs(repo, { 'refs/heads/main': ids.at(-1) })
  return { repo, ids }
}
