import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { createBranch } from '../../src/porcelain/branch.ts'
import { materialiseFiles } from '../../src/porcelain/materialise-files.ts'
import { type ResetMode, reset } from '../../src/porcelain/reset.ts'
import { status } from '../../src/porcelain/status.ts'
import { checkoutRevision, type SwitchOptions, switchBranch } from '../../src/porcelain/switch.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { snapshot } from '../support/snapshots.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'

const who = ann(1_800_000_000)
let repo: Repository
let first: Id
let second: Id

const file = (name: string) => join(repo.workTree!.root, name)
const content = (name: string) => readFileSync(file(name), 'utf8')
const go = (target: string, options: Partial<SwitchOptions> = {}) =>
  switchBranch(repo, { target, who, ...options })
const refused = (data: Record<string, unknown>) =>
  expect.objectContaining({ code: 'refused', data })

/** main: a = 1, b = 1. other: a = 2, b = 1. HEAD on main; both series have files. */
beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  await stage(repo, { a: [1], b: [1] })
  await materialise(repo, 'a', 'b')
  first = await commitStaged(repo, 'first')
  await switchBranch(repo, { create: 'other', who })
  await stage(repo, { a: [2] })
  await materialise(repo, 'a')
  second = await commitStaged(repo, 'second')
  await go('main')
})

describe('switch', () => {
  it('makes index and files those of the branch', async () => {
    expect(content('a.csv')).toBe('t,v\n0,1\n')
    const result = await go('other')
    expect(result).toMatchObject({
      from: { branch: 'main', id: first },
      to: { branch: 'other', id: second },
      already: false,
      carried: [],
      files: { written: ['a'], removed: [] },
    })
    expect(content('a.csv')).toBe('t,v\n0,2\n')
    expect(await headState(repo)).toMatchObject({ ref: 'refs/heads/other' })
    expect(await go('other')).toMatchObject({ already: true })
    expect((await go('-')).to.branch).toBe('main')
    expect((await go('-')).to.branch).toBe('other')
  })

  it('carries along what is staged, where the branch has the same series', async () => {
    await stage(repo, { b: [5], c: [7] })
    const result = await go('other')
    expect(result.carried).toEqual(['b', 'c'])
    const { state } = await readIndex(repo)
    expect(state.base).toBe(second)
    await commitStaged(repo, 'third')
    expect((await go('main')).files.removed).toEqual(['c'])
  })

  it('refuses to lose what is staged, and names it', async () => {
    await stage(repo, { a: [9] })
    await materialise(repo, 'a')
    const before = await snapshot(repo)
    await expect(go('other')).rejects.toThrow(refused({ series: ['a'] }))
    expect(await snapshot(repo)).toEqual(before)
    await go('other', { force: true })
    expect(content('a.csv')).toBe('t,v\n0,2\n')
    expect((await readIndex(repo)).state.base).toBe(second)
  })

  it('takes what is staged for done where the branch has just that', async () => {
    await stage(repo, { a: [2] })
    await materialise(repo, 'a')
    await go('other')
    const { state } = await readIndex(repo)
    expect((await repo.objects.readAny(second)).kind).toBe('commit')
    expect((await snapshot(repo)).index).toBe(state.tree)
    await expect(commitStaged(repo, 'x')).rejects.toThrow(
      expect.objectContaining({ code: 'nothing-to-commit' }),
    )
  })

  it('leaves files changed by hand alone, and refuses where it would have to write them', async () => {
    writeFileSync(file('b.csv'), 't,v\n0,42\n')
    await go('other')
    expect(content('b.csv')).toBe('t,v\n0,42\n')
    writeFileSync(file('a.csv'), 'not a table')
    await expect(go('main')).rejects.toThrow(refused({ files: ['a.csv'] }))
    expect((await headState(repo)).ref).toBe('refs/heads/other')
    await go('main', { force: true })
    expect([content('a.csv'), content('b.csv')]).toEqual(['t,v\n0,1\n', 't,v\n0,1\n'])
  })

  it('refuses to overwrite a file that is no series', async () => {
    await go('other')
    await stage(repo, { c: [1] })
    await commitStaged(repo, 'with c')
    await go('main')
    writeFileSync(file('c.csv'), 'mine\n')
    await expect(go('other')).rejects.toThrow(refused({ files: ['c.csv'] }))
    expect(content('c.csv')).toBe('mine\n')
  })

  it('gives files to all series where they are small, and to none more where not', async () => {
    await stage(repo, { c: [1, 2, 3] })
    await commitStaged(repo, 'with c')
    const there = await go('other', { filesLimit: 10 })
    expect(there.files).toEqual({ written: ['a'], removed: [] })
    const back = await go('main', { filesLimit: 10 })
    expect(back.files).toMatchObject({ written: ['a'], left: { over: true, limit: 10 } })
    expect(back.files.left?.bytes).toBeGreaterThanOrEqual(10)
    expect(Object.keys((await snapshot(repo)).files)).toEqual(['a.csv', 'b.csv'])
    await go('other', { filesLimit: 0 })
    expect((await go('main', { filesLimit: 0 })).files.left).toBeUndefined()
    await go('other')
    expect((await go('main')).files.written).toEqual(['a', 'c'])
    expect(content('c.csv')).toBe('t,v\n0,1\n1,2\n2,3\n')
  })

  it('says what a target is that is no branch', async () => {
    await expect(go('othr')).rejects.toThrow(
      expect.objectContaining({
        code: 'ref-not-found',
        hint: expect.stringMatching(/^did you mean other\?/),
      }),
    )
    await expect(go('main~0')).rejects.toThrow(
      expect.objectContaining({ hint: expect.stringContaining('--detach') }),
    )
    const fresh = await newRepository({ workTree: true })
    await expect(switchBranch(fresh, { target: '-', who })).rejects.toThrow(
      expect.objectContaining({ code: 'ref-not-found' }),
    )
  })

  it('makes branches, also before the first commit', async () => {
    expect(await switchBranch(repo, { create: 'x', target: 'other', who })).toMatchObject({
      created: true,
      to: { branch: 'x', id: second },
    })
    const taken = switchBranch(repo, { create: 'main', who })
    await expect(taken).rejects.toThrow(expect.objectContaining({ code: 'already-exists' }))
    await switchBranch(repo, { create: 'main', target: 'other', reset: true, who })
    expect((await repo.refs.state()).refs.get('refs/heads/main')).toBe(second)
    const under = switchBranch(repo, { create: 'main/x', who })
    await expect(under).rejects.toThrow(expect.objectContaining({ code: 'refused' }))
    const fresh = await newRepository({ workTree: true })
    await switchBranch(fresh, { create: 'trunk', who })
    expect(await headState(fresh)).toMatchObject({ ref: 'refs/heads/trunk', id: undefined })
  })

  it('begins a branch without history', async () => {
    const orphan = (name: string) => switchBranch(repo, { orphan: name, who })
    await expect(orphan('other')).rejects.toMatchObject({ code: 'already-exists' })
    writeFileSync(file('a.csv'), 't,v\n0,9\n')
    await expect(orphan('fresh')).rejects.toMatchObject({ code: 'refused' })
    writeFileSync(file('a.csv'), 't,v\n0,1\n')
    const before = await snapshot(repo)

    const result = await orphan('fresh')

    expect(result).toMatchObject({ to: { branch: 'fresh' }, files: { removed: ['a', 'b'] } })
    expect((await snapshot(repo)).files).toEqual({})
    expect((await readIndex(repo)).state.tree).toBe(EMPTY_TREE)
    await stage(repo, { c: [1] })
    const id = await commitStaged(repo, 'another first')
    expect((await readCommit(repo.objects, id)).parents).toEqual([])
    await go('main')
    expect((await snapshot(repo)).files).toEqual(before.files)
  })

  it('moves the default branch where there is no work tree', async () => {
    const bare = await newRepository()
    await expect(switchBranch(bare, { target: 'nope', who })).rejects.toThrow(
      expect.objectContaining({ code: 'ref-not-found' }),
    )
    await switchBranch(bare, { create: 'next', who })
    expect((await bare.refs.state()).head).toBe('refs/heads/next')
  })
})

describe('reset', () => {
  const resetTo = (to: Id | undefined, mode: ResetMode) => reset(repo, { to, mode, who })

  it('keeps what is staged and changed by hand, or does nothing', async () => {
    await stage(repo, { c: [7] })
    writeFileSync(file('b.csv'), 't,v\n0,9\n')

    await resetTo(second, 'keep')

    expect((await headState(repo)).id).toBe(second)
    expect([content('a.csv'), content('b.csv')]).toEqual(['t,v\n0,2\n', 't,v\n0,9\n'])
    expect((await status(repo)).staged).toMatchObject([{ path: 'c' }])
    writeFileSync(file('a.csv'), 't,v\n0,5\n')
    const before = await snapshot(repo)
    await expect(resetTo(first, 'keep')).rejects.toMatchObject({ code: 'refused' })
    expect(await snapshot(repo)).toEqual(before)
  })

  it('drops what is staged before the first commit, and undo brings it back', async () => {
    repo = await newRepository({ workTree: true })
    await stage(repo, { a: [1] })
    await materialise(repo, 'a')
    const before = await snapshot(repo)

    const result = await resetTo(undefined, 'hard')

    expect(result).toMatchObject({ mode: 'hard', files: { removed: ['a'] } })
    expect(result.id).toBeUndefined()
    expect(await snapshot(repo)).toMatchObject({ index: EMPTY_TREE, files: {}, head: before.head })
    await undo(repo, { who })
    expect((await snapshot(repo)).index).toBe(before.index)
    await expect(resetTo(undefined, 'keep')).rejects.toMatchObject({ code: 'refused' })
  })
})

describe('checkout', () => {
  it('goes to branches by name, and detaches HEAD at all else', async () => {
    await createBranch(repo, { name: 'x', start: 'other', who })
    expect((await checkoutRevision(repo, { target: 'x', who })).to).toEqual({
      branch: 'x',
      id: second,
    })
    const there = await checkoutRevision(repo, { target: 'x~1', who })
    expect(there.to).toEqual({ id: first })
    expect(content('a.csv')).toBe('t,v\n0,1\n')
    expect(await checkoutRevision(repo, { target: first, who })).toMatchObject({ already: true })
    const back = await checkoutRevision(repo, { target: '-', who })
    expect(back).toMatchObject({ to: { branch: 'x' }, left: { message: 'first\n' } })
  })

  it('gives series files, however large', async () => {
    await stage(repo, { 'c/d': [1], 'c/e': [2], f: [3] })
    expect((await materialiseFiles(repo, { series: ['c/'] })).written).toEqual(['c/d', 'c/e'])
    expect((await materialiseFiles(repo, { series: ['.'] })).written).toEqual(['f'])
    expect(content('f.csv')).toBe('t,v\n0,3\n')
    await expect(materialiseFiles(repo, { series: ['c/x'] })).rejects.toThrow(
      expect.objectContaining({ code: 'series-not-found' }),
    )
  })
})
