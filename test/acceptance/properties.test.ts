import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { walkTree } from '../../src/core/tree.ts'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex, treeOf } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { addFiles } from '../../src/porcelain/add-files.ts'
import type { CommitRequest } from '../../src/porcelain/apply-change.ts'
import type { RowCounts } from '../../src/porcelain/change-summary.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { deleteRows } from '../../src/porcelain/delete-rows.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { type WriteMode, writeModes } from '../../src/porcelain/laid-rows.ts'
import { checkoutRevision } from '../../src/porcelain/switch.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { ann, collect, newRepository } from '../support/repositories.ts'
import { prune, table, textIn } from '../support/tables.ts'

const isLarge = process.env.VARVE_TEST_SIZE === 'large'
const SCHEMA = 'k:int64 v:float64'

type Rows = ReadonlyMap<number, number>
type Tree = ReadonlyMap<string, Rows>

/** What a repository is thought to hold. */
interface Model {
  /** Which commit HEAD is at, among `commits`; undefined before the first. */
  readonly head: number | undefined
  /** Where the branch is, and whether HEAD is on it. */
  readonly tip: number | undefined
  readonly detached: boolean
  readonly staged: Tree
}

interface Written {
  readonly series: string
  readonly rows: readonly (readonly [number, number])[]
}

type Step =
  | ({ readonly do: 'write'; readonly mode: WriteMode; readonly commit: boolean } & Written)
  | ({ readonly do: 'add' } & Written)
  | { readonly do: 'delete'; readonly series: string; readonly from: number; readonly to: number }
  | { readonly do: 'commit' }
  | { readonly do: 'checkout'; readonly to: number }
  | { readonly do: 'undo' }

const series = fc.constantFrom('a', 'b/c', 'b/d')
const key = fc.nat(24)
const written = {
  series,
  rows: fc
    .uniqueArray(fc.tuple(key, fc.nat(3)), { selector: ([k]) => k, minLength: 1, maxLength: 12 })
    .map((rows) => rows as [number, number][]),
}
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      mode: fc.constantFrom(...writeModes),
      commit: fc.boolean(),
      ...written,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('add' as const), ...written }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('delete' as const), series, from: key, to: key }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'commit' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('checkout' as const), to: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'undo' as const }) },
)

function print(rows: Rows): string {
  const sorted = [...rows].sort(([a], [b]) => a - b)
  return `k,v\n${sorted.map(([k, v]) => `${k},${v}\n`).join('')}`
}

const same = (a: Rows | undefined, b: Rows | undefined): boolean =>
  (a && print(a)) === (b && print(b))

const isEqual = (a: Tree, b: Tree): boolean =>
  a.size === b.size && [...a].every(([path, rows]) => same(rows, b.get(path)))

/** What writing makes of rows; undefined where it is refused. */
function lay(old: Rows | undefined, mode: WriteMode, rows: Written['rows']): Rows | undefined {
  const keys = rows.map(([k]) => k)
  const [first, last] = [Math.min(...keys), Math.max(...keys)]
  if (mode === 'replace') return new Map(rows)
  if (mode === 'append' && [...(old?.keys() ?? [])].some((k) => k >= first)) return undefined
  const kept = [...(old ?? [])].filter(([k]) => mode !== 'replace-range' || k < first || k > last)
  return new Map([...kept, ...rows])
}

function countChanges(old: Rows | undefined, now: Rows): RowCounts {
  const counts = { appended: 0, backfilled: 0, revised: 0, deleted: 0 }
  const end = Math.max(-1, ...(old?.keys() ?? []))
  for (const [k, v] of now) {
    const before = old?.get(k)
    if (before === undefined) counts[k > end ? 'appended' : 'backfilled']++
    else if (before !== v) counts.revised++
  }
  for (const k of old?.keys() ?? []) if (!now.has(k)) counts.deleted++
  return counts
}

/** Runs steps on a repository and on a model of it, side by side. */
class Pair {
  readonly repo: Repository
  model: Model = { head: undefined, tip: undefined, detached: false, staged: new Map() }
  readonly commits: { readonly id: Id; readonly tree: Tree }[] = []
  /** The model before the last operation that the log knows, while nothing came after it. */
  before: Model | undefined
  #seconds = 1_700_000_000

  constructor(repo: Repository) {
    this.repo = repo
  }

  async run(step: Step): Promise<void> {
    const { model } = this
    if (step.do === 'undo') return this.#undo()
    if (step.do === 'commit') return this.#commit()
    if (step.do === 'checkout') return this.#checkout(step.to)
    const old = model.staged.get(step.series)
    if (step.do === 'delete') {
      if (old === undefined) return
      const [from, to] = [Math.min(step.from, step.to), Math.max(step.from, step.to)]
      const rows = new Map([...old].filter(([k]) => k < from || k > to))
      const bounds = { from: String(from), to: String(to), closed: 'both' } as const
      const { series } = await deleteRows(this.repo, { series: step.series, ...bounds })
      return this.#staged(step.series, rows, series[0].counts)
    }
    const input = table(`k,v\n${step.rows.map(([k, v]) => `${k},${v}\n`).join('')}`)
    if (step.do === 'add') {
      const options = { allowDeletes: true, ...(old === undefined && { schema: SCHEMA }) }
      const { series } = await addFiles(this.repo, [{ series: step.series, input }], options)
      return this.#staged(step.series, new Map(step.rows), series[0]!.counts)
    }
    const rows = lay(old, step.mode, step.rows)
    // Where something else is pending, what is committed is not what is staged.
    const direct = step.commit && !model.detached && isEqual(model.staged, this.#headTree())
    const writing = writeSeries(this.repo, {
      series: step.series,
      mode: step.mode,
      create: true,
      input,
      ...(old === undefined && { schema: SCHEMA }),
      ...(direct && { commit: this.#request() }),
    })
    if (rows === undefined) {
      await expect(writing).rejects.toSatisfy((error) => hasCode(error, 'refused'))
      return
    }
    const { series, commit } = await writing
    this.#staged(step.series, rows, series[0].counts)
    if (!direct) return
    expect(commit !== undefined).toBe(!isEqual(this.model.staged, model.staged))
    if (commit !== undefined) this.#committed(commit, model)
  }

  #staged(path: string, rows: Rows, counts: RowCounts): void {
    const old = this.model.staged.get(path)
    expect(counts).toEqual(countChanges(old, rows))
    this.model = { ...this.model, staged: new Map([...this.model.staged, [path, rows]]) }
    if (!same(old, rows)) this.before = undefined
  }

  #committed(id: Id, before: Model): void {
    const at = this.commits.push({ id, tree: this.model.staged }) - 1
    const tip = this.model.detached ? this.model.tip : at
    this.model = { ...this.model, head: at, tip }
    this.before = before
  }

  async #commit(): Promise<void> {
    const { model } = this
    const committing = commit(this.repo, { committer: ann(this.#seconds++) })
    if (isEqual(model.staged, this.#headTree())) {
      await expect(committing).rejects.toSatisfy((error) => hasCode(error, 'nothing-to-commit'))
      return
    }
    this.#committed((await committing).id!, model)
  }

  async #checkout(to: number): Promise<void> {
    const { model, commits } = this
    if (model.head === undefined || model.tip === undefined) return
    const at = to < commits.length ? to : model.tip
    const detached = to < commits.length
    const from = this.#headTree()
    const target = commits[at]!.tree
    const staged = new Map(target)
    let clash = false
    for (const path of ['a', 'b/c', 'b/d']) {
      const [was, mine, theirs] = [from.get(path), model.staged.get(path), target.get(path)]
      if (same(was, mine)) continue
      if (!same(was, theirs) && !same(mine, theirs)) clash = true
      staged.set(path, mine!)
    }
    const going = checkoutRevision(this.repo, {
      target: detached ? commits[at]!.id : 'main',
      who: ann(this.#seconds++),
    })
    if (clash && at !== model.head) {
      await expect(going).rejects.toSatisfy((error) => hasCode(error, 'refused'))
      return
    }
    const { already } = await going
    if (already) return
    this.model = { ...model, head: at, detached, staged: at === model.head ? model.staged : staged }
    // What was staged and carried along is not taken back.
    this.before = isEqual(model.staged, from) ? model : undefined
  }

  async #undo(): Promise<void> {
    if (this.before === undefined) return
    await undo(this.repo, { who: ann(this.#seconds++) })
    this.model = this.before
    this.before = undefined
  }

  #headTree(): Tree {
    return this.model.head === undefined ? new Map() : this.commits[this.model.head]!.tree
  }

  #request(): CommitRequest {
    const who = ann(this.#seconds++)
    return { author: who, committer: who }
  }

  async check(): Promise<void> {
    const { repo, model, commits } = this
    const { id, ref } = await headState(repo)
    expect(id).toBe(model.head === undefined ? undefined : commits[model.head]!.id)
    expect(ref === undefined).toBe(model.detached)
    expect(await contentOf(repo, (await readIndex(repo)).state.tree)).toEqual(textsOf(model.staged))
    expect(await contentOf(repo, await treeOf(repo.objects, id))).toEqual(textsOf(this.#headTree()))
    const shown = new Map<string, string>()
    for await (const { path } of repo.workTree!.list()) {
      const pieces = await collect(repo.workTree!.read(path))
      shown.set(path.replace(/\.csv$/, ''), Buffer.concat(pieces).toString())
    }
    for (const [path, text] of shown)
      expect([path, text]).toEqual([path, textsOf(model.staged).get(path)])
  }
}

const textsOf = (tree: Tree) => new Map([...tree].map(([path, rows]) => [path, print(rows)]))

async function contentOf(repo: Repository, tree: Id): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { path } of walkTree(repo.objects, tree)) {
    found.set(path, (await textIn(repo, tree, path))!)
  }
  return found
}

describe('any sequence of commands', () => {
  it(
    'does what a model of it does',
    async () => {
      const runs = { numRuns: isLarge ? 2_000 : 60, endOnFailure: isLarge }
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
          const repo = await newRepository({ workTree: true })
          const pair = new Pair(repo)
          for (const one of steps) {
            await pair.run(one)
            await pair.check()
          }
          const results = await collect(fsck(repo))
          expect(results.filter(({ kind }) => kind === 'problem')).toEqual([])
          if (pair.model.tip === undefined) return
          const published = await prune(repo)
          const tip = pair.commits[pair.model.tip]!
          const tree = await treeOf(published.objects, tip.id)
          expect(await contentOf(published, tree)).toEqual(textsOf(tip.tree))
        }),
        runs,
      )
    },
    isLarge ? 1_200_000 : 120_000,
  )
})
