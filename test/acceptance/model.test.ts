import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Schema } from '../../src/core/schema.ts'
import { buildSeries } from '../../src/core/series-build.ts'
import { walkTree } from '../../src/core/tree.ts'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex, treeOf } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import type { ChangeOptions } from '../../src/porcelain/apply-change.ts'
import { createBranch, deleteBranches } from '../../src/porcelain/branch.ts'
import { changeSchema, type SchemaEdit } from '../../src/porcelain/change-schema.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { deleteRows } from '../../src/porcelain/delete-rows.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { type WriteMode, writeModes } from '../../src/porcelain/laid-rows.ts'
import { moveSeries, removeSeries } from '../../src/porcelain/move-series.ts'
import { reset } from '../../src/porcelain/reset.ts'
import { checkoutRevision, switchBranch } from '../../src/porcelain/switch.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { effort } from '../support/effort.ts'
import { MemoryObjects } from '../support/memory-objects.ts'
import { ann, collect, newRepository } from '../support/repositories.ts'
import { table } from '../support/tables.ts'

type Value = number | null

/** A series: the names of its columns behind the key, and by key what is in them. */
interface Table {
  readonly columns: readonly string[]
  readonly rows: ReadonlyMap<number, readonly Value[]>
}

type Tables = ReadonlyMap<string, Table>

/** What refs, HEAD and index are thought to be. */
interface State {
  readonly branches: ReadonlyMap<string, number>
  /** A branch, or undefined: HEAD is at `at` itself. */
  readonly branch: string | undefined
  readonly at: number
  readonly staged: Tables
}

/** What a repository is thought to hold. */
interface Model {
  state: State
  /** What commits hold, by their number. */
  readonly commits: Tables[]
  /** Before the last operation of the ref log, while nothing else came after it. */
  before: State | undefined
}

/** A repository, and the ids of the model's commits. */
interface Real {
  readonly repo: Repository
  readonly ids: string[]
  seconds: number
}

type ModelCommand = fc.AsyncCommand<Model, Real>

const isPending = ({ state, commits }: Model): boolean =>
  textOf(state.staged) !== textOf(commits[state.at]!)

/** Something that is done to a repository; what is pending, and `before`, follow from its kind. */
abstract class Step implements ModelCommand {
  abstract check(model: Model): boolean
  abstract run(model: Model, real: Real): Promise<void>
  abstract toString(): string

  /** Notes an operation of the ref log. */
  protected moved(model: Model, state: State): void {
    model.before = model.state
    model.state = state
  }
}

/** A change of series, committed at once or staged. */
abstract class Change extends Step {
  readonly isCommitted: boolean

  constructor(isCommitted: boolean) {
    super()
    this.isCommitted = isCommitted
  }

  /** What it makes of series; undefined where it is not to be tried. */
  protected abstract edited(tables: Tables): Tables | undefined
  protected abstract apply(repo: Repository, options: ChangeOptions): Promise<unknown>

  check(model: Model): boolean {
    if (this.isCommitted && (isPending(model) || model.state.branch === undefined)) return false
    return this.edited(model.state.staged) !== undefined
  }

  async run(model: Model, real: Real): Promise<void> {
    const staged = this.edited(model.state.staged)!
    const who = ann(real.seconds++)
    const request = this.isCommitted ? { commit: { author: who, committer: who } } : {}
    await this.apply(real.repo, request)
    if (textOf(staged) === textOf(model.state.staged)) return
    if (!this.isCommitted) {
      model.state = { ...model.state, staged }
      model.before = undefined
    } else await this.committed(model, real, staged)
    await expectSame(model, real)
  }

  private async committed(model: Model, real: Real, staged: Tables): Promise<void> {
    real.ids.push((await headState(real.repo)).id!)
    const at = model.commits.push(staged) - 1
    const { branches, branch } = model.state
    this.moved(model, { ...model.state, branches: new Map(branches).set(branch!, at), at, staged })
  }
}

type Rows = readonly (readonly [key: number, values: readonly Value[]])[]

class Write extends Change {
  readonly series: string
  readonly mode: WriteMode
  readonly rows: Rows

  constructor(series: string, mode: WriteMode, rows: Rows, isCommitted: boolean) {
    super(isCommitted)
    this.series = series
    this.mode = mode
    this.rows = rows
  }

  protected edited(tables: Tables): Tables | undefined {
    const old = tables.get(this.series)
    const columns = old?.columns ?? ['v']
    const keys = this.rows.map(([key]) => key)
    const [first, last] = [Math.min(...keys), Math.max(...keys)]
    const before = [...(old?.rows ?? [])]
    if (this.mode === 'append' && before.some(([key]) => key >= first)) return undefined
    const kept = before.filter(([key]) => {
      if (this.mode === 'replace') return false
      return this.mode !== 'replace-range' || key < first || key > last
    })
    const rows = this.rows.map(([key, values]) => [key, fitted(values, columns.length)] as const)
    return new Map(tables).set(this.series, { columns, rows: new Map([...kept, ...rows]) })
  }

  protected async apply(repo: Repository, options: ChangeOptions): Promise<void> {
    const columns = (await columnsOf(repo, this.series)) ?? ['v']
    const rows = this.rows.map(([key, values]) => [key, ...fitted(values, columns.length)])
    const lines = [['k', ...columns], ...rows].map((cells) => `${cells.map(cell).join(',')}\n`)
    await writeSeries(repo, {
      series: this.series,
      input: table(lines.join('')),
      mode: this.mode,
      create: true,
      types: typesOf(columns),
      ...options,
    })
  }

  toString(): string {
    return `write ${this.series} ${this.mode} ${JSON.stringify(this.rows)} ${this.isCommitted}`
  }
}

class Delete extends Change {
  readonly series: string
  readonly from: number
  readonly to: number

  constructor(series: string, from: number, to: number, isCommitted: boolean) {
    super(isCommitted)
    this.series = series
    this.from = Math.min(from, to)
    this.to = Math.max(from, to)
  }

  protected edited(tables: Tables): Tables | undefined {
    const old = tables.get(this.series)
    if (old === undefined) return undefined
    const rows = [...old.rows].filter(([key]) => key < this.from || key > this.to)
    return new Map(tables).set(this.series, { ...old, rows: new Map(rows) })
  }

  protected apply(repo: Repository, options: ChangeOptions): Promise<unknown> {
    const [from, to] = [String(this.from), String(this.to)]
    return deleteRows(repo, { series: this.series, from, to, closed: 'both', ...options })
  }

  toString(): string {
    return `delete ${this.series} ${this.from} ${this.to} ${this.isCommitted}`
  }
}

class EditSchema extends Change {
  readonly series: string
  readonly edit: SchemaEdit

  constructor(series: string, edit: SchemaEdit, isCommitted: boolean) {
    super(isCommitted)
    this.series = series
    this.edit = edit
  }

  protected edited(tables: Tables): Tables | undefined {
    const old = tables.get(this.series)
    const { edit } = this
    if (old === undefined) return undefined
    const with_ = (columns: readonly string[], row: (values: readonly Value[]) => Value[]) =>
      new Map(tables).set(this.series, {
        columns,
        rows: new Map([...old.rows].map(([key, values]) => [key, row(values)])),
      })
    const { columns } = old
    switch (edit.kind) {
      case 'add-column': {
        if (columns.includes(edit.column.name)) return undefined
        const value = edit.value === undefined ? null : Number(edit.value)
        return with_([...columns, edit.column.name], (values) => [...values, value])
      }
      case 'drop': {
        const at = columns.indexOf(edit.columns[0]!)
        if (at < 0 || columns.length < 2) return undefined
        return with_(columns.toSpliced(at, 1), (values) => values.toSpliced(at, 1))
      }
      case 'rename': {
        const at = columns.indexOf(edit.from)
        if (at < 0 || columns.includes(edit.to)) return undefined
        return with_(columns.with(at, edit.to), (values) => [...values])
      }
      default:
        return undefined
    }
  }

  protected apply(repo: Repository, options: ChangeOptions): Promise<unknown> {
    return changeSchema(repo, { series: this.series, edit: this.edit, ...options })
  }

  toString(): string {
    return `schema ${this.series} ${JSON.stringify(this.edit)} ${this.isCommitted}`
  }
}

class Remove extends Change {
  readonly series: string

  constructor(series: string, isCommitted: boolean) {
    super(isCommitted)
    this.series = series
  }

  protected edited(tables: Tables): Tables | undefined {
    const left = new Map(tables)
    return left.delete(this.series) ? left : undefined
  }

  protected apply(repo: Repository, options: ChangeOptions): Promise<unknown> {
    return removeSeries(repo, { names: [this.series], force: true, ...options })
  }

  toString(): string {
    return `rm ${this.series} ${this.isCommitted}`
  }
}

class Move extends Change {
  readonly from: string
  readonly to: string

  constructor(from: string, to: string, isCommitted: boolean) {
    super(isCommitted)
    this.from = from
    this.to = to
  }

  protected edited(tables: Tables): Tables | undefined {
    const moved = tables.get(this.from)
    if (moved === undefined || tables.has(this.to)) return undefined
    const left = new Map(tables)
    left.delete(this.from)
    return left.set(this.to, moved)
  }

  protected apply(repo: Repository, options: ChangeOptions): Promise<unknown> {
    return moveSeries(repo, { from: this.from, to: this.to, ...options })
  }

  toString(): string {
    return `mv ${this.from} ${this.to} ${this.isCommitted}`
  }
}

class Commit extends Step {
  check(model: Model): boolean {
    return isPending(model)
  }

  async run(model: Model, real: Real): Promise<void> {
    const { id } = await commit(real.repo, { message: 'm', committer: ann(real.seconds++) })
    real.ids.push(id!)
    const at = model.commits.push(model.state.staged) - 1
    const { branches, branch } = model.state
    const after = branch === undefined ? branches : new Map(branches).set(branch, at)
    this.moved(model, { ...model.state, branches: after, at })
    await expectSame(model, real)
  }

  toString(): string {
    return 'commit'
  }
}

/** What is done with a branch. */
abstract class OfBranch extends Step {
  readonly name: string

  constructor(name: string) {
    super()
    this.name = name
  }
}

class Branch extends OfBranch {
  check({ state }: Model): boolean {
    return !state.branches.has(this.name)
  }

  async run(model: Model, { repo, ...real }: Real): Promise<void> {
    await createBranch(repo, { name: this.name, who: ann(real.seconds) })
    const { state } = model
    this.moved(model, { ...state, branches: new Map(state.branches).set(this.name, state.at) })
    // What is staged is not the operation's: undoing it leaves that as it is.
  }

  toString(): string {
    return `branch ${this.name}`
  }
}

class DeleteBranch extends OfBranch {
  check({ state }: Model): boolean {
    return state.branches.has(this.name) && state.branch !== this.name
  }

  async run(model: Model, { repo, seconds }: Real): Promise<void> {
    await deleteBranches(repo, { names: [this.name], force: true, who: ann(seconds) })
    const branches = new Map(model.state.branches)
    branches.delete(this.name)
    this.moved(model, { ...model.state, branches })
  }

  toString(): string {
    return `branch -D ${this.name}`
  }
}

class Switch extends OfBranch {
  check(model: Model): boolean {
    const { branches, branch } = model.state
    return branches.has(this.name) && branch !== this.name && !isPending(model)
  }

  async run(model: Model, real: Real): Promise<void> {
    await switchBranch(real.repo, { target: this.name, who: ann(real.seconds++) })
    const at = model.state.branches.get(this.name)!
    this.moved(model, { ...model.state, branch: this.name, at, staged: model.commits[at]! })
    await expectSame(model, real)
  }

  toString(): string {
    return `switch ${this.name}`
  }
}

/** What is done with a commit: a number that chooses among those there are. */
abstract class OfCommit extends Step {
  readonly chosen: number

  constructor(chosen: number) {
    super()
    this.chosen = chosen
  }
}

class Checkout extends OfCommit {
  check(model: Model): boolean {
    const at = this.chosen % model.commits.length
    return !isPending(model) && !(model.state.branch === undefined && model.state.at === at)
  }

  async run(model: Model, real: Real): Promise<void> {
    const at = this.chosen % model.commits.length
    await checkoutRevision(real.repo, { target: real.ids[at]!, who: ann(real.seconds++) })
    this.moved(model, { ...model.state, branch: undefined, at, staged: model.commits[at]! })
    await expectSame(model, real)
  }

  toString(): string {
    return `checkout ${this.chosen}`
  }
}

class Reset extends OfCommit {
  check(model: Model): boolean {
    return this.chosen % model.commits.length !== model.state.at
  }

  async run(model: Model, real: Real): Promise<void> {
    const at = this.chosen % model.commits.length
    const who = ann(real.seconds++)
    await reset(real.repo, { to: real.ids[at] as never, mode: 'hard', who })
    const { branches, branch } = model.state
    const after = branch === undefined ? branches : new Map(branches).set(branch, at)
    this.moved(model, { ...model.state, branches: after, at, staged: model.commits[at]! })
    await expectSame(model, real)
  }

  toString(): string {
    return `reset --hard ${this.chosen}`
  }
}

class Undo extends Step {
  check(model: Model): boolean {
    return model.before !== undefined
  }

  async run(model: Model, real: Real): Promise<void> {
    await undo(real.repo, { who: ann(real.seconds++) })
    this.moved(model, model.before!)
    await expectSame(model, real)
  }

  toString(): string {
    return 'undo'
  }
}

class Gc extends Step {
  readonly auto: boolean

  constructor(auto: boolean) {
    super()
    this.auto = auto
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    const who = ann(real.seconds++)
    await gc(real.repo, { who, now: who.seconds * 1000, auto: this.auto })
    await expectSame(model, real)
  }

  toString(): string {
    return `gc ${this.auto ? '--auto' : ''}`
  }
}

class Fsck extends Step {
  check(): boolean {
    return true
  }

  async run(_: Model, { repo }: Real): Promise<void> {
    const found = await collect(fsck(repo))
    expect(found.filter(({ kind }) => kind === 'problem')).toEqual([])
  }

  toString(): string {
    return 'fsck'
  }
}

const typesOf = (columns: readonly string[]) =>
  new Map(['k', ...columns].map((name) => [name, 'int64' as const]))

const cell = (value: string | Value): string => (value === null ? '' : String(value))

const fitted = (values: readonly Value[], length: number): Value[] =>
  Array.from({ length }, (_, at) => values[at % values.length]!)

/** A table in one form, whatever order its rows came in. */
function textOf(tables: Tables): string {
  const sorted = [...tables].sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(
    sorted.map(([name, { columns, rows }]) => [name, columns, [...rows].sort(([a], [b]) => a - b)]),
  )
}

async function columnsOf(repo: Repository, series: string): Promise<string[] | undefined> {
  const { tree } = (await readIndex(repo)).state
  const { lookupPath } = await import('../../src/core/tree.ts')
  const { readSeries } = await import('../../src/core/series.ts')
  const entry = await lookupPath(repo.objects, tree, series)
  if (entry === undefined) return undefined
  const { schema } = await readSeries(repo.objects, entry.id)
  return schema.columns.slice(1).map(({ name }) => name)
}

/** The id that a series must have, from its rows alone. */
async function idOf({ columns, rows }: Table): Promise<string> {
  const schema: Schema = {
    columns: ['k', ...columns].map((name) => ({ name, type: 'int64' })),
    indexCount: 1,
    duplicates: false,
  }
  const sorted = [...rows].sort(([a], [b]) => a - b)
  const big = (value: Value): bigint | null => (value === null ? null : BigInt(value))
  const frames = [
    frameFromRows(
      schema,
      sorted.map(([key, values]) => [BigInt(key), ...values.map(big)]),
    ),
  ]
  return (await buildSeries(new MemoryObjects(), schema, frames)).id
}

async function idsOf(tables: Tables): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const [name, rows] of [...tables].sort(([a], [b]) => (a < b ? -1 : 1))) {
    ids.set(name, await idOf(rows))
  }
  return ids
}

async function idsIn(repo: Repository, tree: string): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for await (const { path, entry } of walkTree(repo.objects, tree as never)) {
    ids.set(path, (entry as { id: string }).id)
  }
  return new Map([...ids].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** HEAD, refs, index and what they lead to are as the model has them: the same ids. */
async function expectSame({ state, commits }: Model, { repo, ids }: Real): Promise<void> {
  const { id, ref } = await headState(repo)
  expect({ id, ref }).toEqual({
    id: ids[state.at],
    ref: state.branch && `refs/heads/${state.branch}`,
  })
  const { refs } = await repo.refs.state()
  expect(new Map([...refs].sort())).toEqual(
    new Map(
      [...state.branches].map(([name, at]) => [`refs/heads/${name}`, ids[at]] as const).sort(),
    ),
  )
  expect(await idsIn(repo, (await readIndex(repo)).state.tree)).toEqual(await idsOf(state.staged))
  expect(await idsIn(repo, await treeOf(repo.objects, id))).toEqual(await idsOf(commits[state.at]!))
}

const series = fc.constantFrom('a', 'b/c', 'b/d')
const key = fc.nat(20)
const value = fc.option(fc.integer({ min: -3, max: 3 }), { freq: 5 })
const column = fc.constantFrom('v', 'w', '__proto__')
const isCommitted = fc.boolean()
const rows = fc.uniqueArray(fc.tuple(key, fc.array(value, { minLength: 1, maxLength: 3 })), {
  selector: ([k]) => k,
  minLength: 1,
  maxLength: 8,
})
const branch = fc.constantFrom('main', 'one', 'two')
const schemaEdit: fc.Arbitrary<SchemaEdit> = fc.oneof(
  fc.tuple(column, fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined })).map(
    ([name, given]): SchemaEdit => ({
      kind: 'add-column',
      column: { name, type: 'int64' },
      ...(given !== undefined && { value: String(given) }),
    }),
  ),
  column.map((name): SchemaEdit => ({ kind: 'drop', columns: [name] })),
  fc.tuple(column, column).map(([from, to]): SchemaEdit => ({ kind: 'rename', from, to })),
)

const writes = fc
  .tuple(series, fc.constantFrom(...writeModes), rows, isCommitted)
  .map((parts) => new Write(...parts))

const commands = fc.commands<Model, Real, false>(
  [
    writes,
    writes,
    fc.tuple(series, key, key, isCommitted).map((parts) => new Delete(...parts)),
    fc.tuple(series, schemaEdit, isCommitted).map((parts) => new EditSchema(...parts)),
    fc.tuple(series, isCommitted).map((parts) => new Remove(...parts)),
    fc.tuple(series, series, isCommitted).map((parts) => new Move(...parts)),
    fc.constant(new Commit()),
    branch.map((name) => new Branch(name)),
    branch.map((name) => new DeleteBranch(name)),
    branch.map((name) => new Switch(name)),
    fc.nat(20).map((chosen) => new Checkout(chosen)),
    fc.nat(20).map((chosen) => new Reset(chosen)),
    fc.constant(new Undo()),
    fc.boolean().map((auto) => new Gc(auto)),
    fc.constant(new Fsck()),
  ] as fc.Arbitrary<ModelCommand>[],
  { maxCommands: 24 },
)

/** A repository with one commit, of one series, on `main`. */
async function begin(): Promise<{ model: Model; real: Real }> {
  const repo = await newRepository({ workTree: true })
  const who = ann(1_700_000_000)
  const tables: Tables = new Map([['a', { columns: ['v'], rows: new Map([[1, [1]]]) }]])
  await writeSeries(repo, {
    series: 'a',
    input: table('k,v\n1,1\n'),
    create: true,
    types: typesOf(['v']),
    commit: { author: who, committer: who },
  })
  const state = { branches: new Map([['main', 0]]), branch: 'main', at: 0, staged: tables }
  return {
    model: { state, commits: [tables], before: undefined },
    real: { repo, ids: [(await headState(repo)).id!], seconds: who.seconds + 1 },
  }
}

const SEQUENCES = effort({ quick: 60, usual: 1000, nightly: 20_000 })

describe('any sequence of commands', () => {
  it('leaves what a model of it holds', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        await fc.asyncModelRun(begin, sequence)
      }),
      { numRuns: SEQUENCES, seed: 5, endOnFailure: false },
    )
  }, 1e8)
})
