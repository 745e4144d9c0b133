import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import { VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { lookupPath } from '../../src/core/tree.ts'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex, treeOf } from '../../src/plumbing/index-state.ts'
import { readMergeState } from '../../src/plumbing/merge-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { type AddFilesOptions, addFiles } from '../../src/porcelain/add-files.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { type MergeOptions, merge } from '../../src/porcelain/merge.ts'
import { abortMerge } from '../../src/porcelain/merge-abort.ts'
import { listConflicts } from '../../src/porcelain/merge-conflicts.ts'
import { readDecisions } from '../../src/porcelain/merge-decisions.ts'
import { resolveMerge } from '../../src/porcelain/merge-resolve.ts'
import { removeSeries } from '../../src/porcelain/move-series.ts'
import { purge } from '../../src/porcelain/purge.ts'
import { reset } from '../../src/porcelain/reset.ts'
import { status } from '../../src/porcelain/status.ts'
import { switchBranch } from '../../src/porcelain/switch.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { ann, collect, newRepository, setRefs, storeCommits } from '../support/repositories.ts'
import { readAll } from '../support/series.ts'
import { snapshot } from '../support/snapshots.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'
import { table as tableOf } from '../support/tables.ts'

const who = ann(1_800_000_000)
let repo: Repository
let first: Id

const file = (name: string) => join(repo.workTree!.root, name)
const content = (name: string) => readFileSync(file(name), 'utf8')
const go = (target: string) => switchBranch(repo, { target, who })
const mergeIn = (target: string, options: Partial<MergeOptions> = {}) =>
  merge(repo, { target, committer: who, ...options })
const refused = (message = /./) =>
  expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) })

async function values(tree: Id, path: string): Promise<unknown[] | undefined> {
  const entry = await lookupPath(repo.objects, tree, path)
  return entry && (await readAll(repo.objects, entry.id)).map(([, value]) => value)
}

const atHead = async (path: string) =>
  values(await treeOf(repo.objects, (await headState(repo)).id), path)
const inIndex = async (path: string) => values((await readIndex(repo)).state.tree, path)
const parents = async () =>
  (await readCommit(repo.objects, (await headState(repo)).id!)).parents.length

/** Adds a file of the work tree; the conflicts that this settles. */
async function add(name: string, options: AddFilesOptions = {}): Promise<unknown[]> {
  const settled: unknown[] = []
  const onSettled = (series: readonly unknown[]) => settled.push(...series)
  const added = { series: name.replace(/\..*/, ''), file: name, input: tableOf(content(name)) }
  await addFiles(repo, [added], { ...options, allowDeletes: true, onSettled })
  return settled
}

/** Commits values of series on a branch that begins at main. */
async function onBranch(name: string, series: Parameters<typeof stage>[1]): Promise<void> {
  await go('main')
  await switchBranch(repo, { create: name, who })
  await stage(repo, series)
  await materialise(repo, ...Object.keys(series).filter((path) => series[path] !== undefined))
  await commitStaged(repo, name)
  await go('main')
}

async function onMain(series: Parameters<typeof stage>[1]): Promise<void> {
  await stage(repo, series)
  await materialise(repo, ...Object.keys(series).filter((path) => series[path] !== undefined))
  await commitStaged(repo, 'ours')
}

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  await stage(repo, { a: [1, 2, 3], b: [1] })
  await materialise(repo, 'a', 'b')
  first = await commitStaged(repo, 'first')
})

describe('merge', () => {
  it('moves the branch on where it has nothing of its own', async () => {
    await onBranch('other', { a: [1, 2, 4] })
    const result = await mergeIn('other')
    expect(result).toMatchObject({ outcome: 'fast-forward', files: { written: ['a'] } })
    expect(await headState(repo)).toMatchObject({ ref: 'refs/heads/main', id: result.theirs })
    expect(content('a.csv')).toBe('t,v\n0,1\n1,2\n2,4\n')
    expect(await mergeIn('other')).toMatchObject({ outcome: 'up-to-date' })
    await undo(repo, { who })
    expect((await headState(repo)).id).toBe(first)
    expect(await mergeIn('other', { fastForward: 'no' })).toMatchObject({ outcome: 'merged' })
    expect(await parents()).toBe(2)
  })

  it('commits what both sides changed, with two parents, and undo takes it back', async () => {
    await onBranch('other', { a: [1, 2, 4], c: [7] })
    await onMain({ a: [0, 2, 3], b: undefined })
    const before = await snapshot(repo)
    const result = await mergeIn('other')
    expect(result).toMatchObject({ outcome: 'merged', conflicts: [] })
    expect(result.commit).toMatchObject({ message: "Merge branch 'other'\n" })
    expect(await parents()).toBe(2)
    expect(await atHead('a')).toEqual([0, 2, 4])
    expect(await atHead('b')).toBeUndefined()
    expect(content('a.csv')).toBe('t,v\n0,0\n1,2\n2,4\n')
    expect(content('c.csv')).toBe('t,v\n0,7\n')
    expect(await status(repo)).toMatchObject({ staged: [], unstaged: [] })
    await undo(repo, { who })
    expect((await snapshot(repo)).index).toBe(before.index)
    expect(content('a.csv')).toBe('t,v\n0,0\n1,2\n2,3\n')
  })

  it('does nothing in a dry run, and refuses what would be lost or mixed up', async () => {
    await onBranch('other', { a: [1, 2, 4] })
    await onMain({ b: [2] })
    const before = await snapshot(repo)
    expect(await mergeIn('other', { dryRun: true })).toMatchObject({ outcome: 'merged' })
    const check = async () => {
      throw new VarveError('refused', 'a rule is broken')
    }
    await expect(mergeIn('other', { dryRun: true, check })).rejects.toThrow('a rule is broken')
    await expect(mergeIn('other', { fastForward: 'only' })).rejects.toThrow(refused(/not ahead/))
    expect(await snapshot(repo)).toEqual(before)
    writeFileSync(file('a.csv'), 't,v\n0,9\n')
    await expect(mergeIn('other')).rejects.toThrow(
      expect.objectContaining({
        message: 'changes in files would be lost: a.csv',
        hint: 'varve commit -a keeps them, varve restore FILE drops them',
      }),
    )
    writeFileSync(file('a.csv'), 't,v\n0,1\n1,2\n2,3\n')
    await stage(repo, { d: [1] })
    await expect(mergeIn('other')).rejects.toThrow(refused(/staged/))
    expect((await snapshot(repo)).refs).toEqual(before.refs)
  })

  it('refuses to commit without a message', async () => {
    await onBranch('other', { a: [1, 2, 4] })
    await onMain({ b: [2] })
    await expect(mergeIn('other', { message: ' ' })).rejects.toThrow(refused(/needs a message/))
    expect(await parents()).toBe(1)
  })

  it('stages a squashed merge for a commit of one parent', async () => {
    await onBranch('other', { a: [1, 2, 4] })
    await onMain({ b: [2] })
    expect(await mergeIn('other', { squash: true })).toMatchObject({ outcome: 'staged' })
    const made = await commit(repo, { committer: who })
    expect(made.commit.message).toBe('Squashed commits of other\n\n* other\n')
    expect(await parents()).toBe(1)
    expect(await atHead('a')).toEqual([1, 2, 4])
    expect(await readMergeState(repo)).toBeUndefined()
  })

  it.each(['abort', 'reset', 'switch'] as const)(
    'is not concluded where %s was stopped before it was forgotten',
    async (how) => {
      await onBranch('other', { a: [1, 2, 4] })
      await onMain({ b: [2] })
      await mergeIn('other', { noCommit: true })
      const at = (await headState(repo)).id!
      const privateFiles = repo.privateFiles!
      const stopped = async () => {
        throw new Error('stopped')
      }
      repo = { ...repo, privateFiles: { ...privateFiles, remove: stopped } }
      const drop = {
        abort: () => abortMerge(repo, { who }),
        reset: () => reset(repo, { to: at, mode: 'mixed', who }),
        switch: () => switchBranch(repo, { target: 'main', who, force: true }),
      }
      await expect(drop[how]()).rejects.toThrow('stopped')
      repo = { ...repo, privateFiles }
      expect(await inIndex('a')).toEqual([1, 2, 3])
      const concluded = commit(repo, { committer: who, allowEmpty: true })
      await expect(concluded).rejects.toThrow(refused(/stopped in the middle/))
      await reset(repo, { to: at, mode: 'hard', who })
      expect(await status(repo)).toMatchObject({ staged: [], unstaged: [] })
      await commit(repo, { committer: who, allowEmpty: true })
      expect(await parents()).toBe(1)
    },
  )

  it('refuses unrelated histories unless told otherwise', async () => {
    const [root] = await storeCommits(repo, [{ seconds: 5 }])
    await setRefs(repo, { 'refs/heads/alone': root })
    await expect(mergeIn('alone')).rejects.toThrow(refused(/in common/))
    expect(await mergeIn('alone', { allowUnrelated: true })).toMatchObject({ outcome: 'merged' })
    expect(await atHead('a')).toEqual([1, 2, 3])
  })

  it('merges from a base of several where histories cross', async () => {
    await onBranch('other', { a: [1, 2, 4] })
    await onMain({ a: [0, 2, 3] })
    const mine = (await headState(repo)).id!
    await mergeIn('other')
    await go('other')
    await merge(repo, { target: mine, committer: who })
    // Both have [0, 2, 4] now, by two merges; each goes on from there.
    await stage(repo, { a: [0, 5, 4] })
    await commitStaged(repo, 'later there')
    await go('main')
    await stage(repo, { a: [0, 2, 6] })
    await commitStaged(repo, 'later here')
    expect(await mergeIn('other')).toMatchObject({ outcome: 'merged' })
    expect(await atHead('a')).toEqual([0, 5, 6])
  })

  it('counts as changed what bases are in conflict about', async () => {
    await onBranch('other', { a: [1, 2, 4] })
    await onMain({ a: [1, 2, 5] })
    const mine = (await headState(repo)).id!
    await mergeIn('other', { strategy: 'ours' })
    await go('other')
    await merge(repo, { target: mine, committer: who, strategy: 'ours' })
    await go('main')
    expect(await mergeIn('other')).toMatchObject({
      outcome: 'conflicts',
      conflicts: [{ series: 'a', conflicts: 1 }],
    })
    expect((await collect(listConflicts(repo)))[0]).toMatchObject({
      values: { base: '3', ours: '5', theirs: '4' },
    })
  })

  it('commits in a bare repository, unless there are conflicts', async () => {
    await onBranch('other', { a: [1, 2, 4] })
    await onMain({ b: [2] })
    const { workTree: _, privateFiles: __, ...bare } = repo
    await merge(bare, { target: 'other', committer: who })
    expect(await atHead('a')).toEqual([1, 2, 4])
    await setRefs(repo, { 'refs/heads/main': first })
    await reset(repo, { to: first, mode: 'hard', who })
    await onMain({ a: [1, 2, 9] })
    const before = (await headState(repo)).id
    await expect(merge(bare, { target: 'other', committer: who })).rejects.toThrow(
      expect.objectContaining({
        code: 'conflict',
        data: { conflicts: [{ series: 'a', conflicts: 1 }] },
      }),
    )
    expect((await headState(repo)).id).toBe(before)
  })
})

describe('a merge with conflicts', () => {
  beforeEach(async () => {
    await onBranch('other', { a: [7, 2, undefined, 4], b: undefined })
    await onMain({ a: [8, 2, 9], b: [2] })
    expect(await mergeIn('other')).toMatchObject({
      outcome: 'conflicts',
      conflicts: [
        { series: 'a', conflicts: 2 },
        { series: 'b', conflicts: 1 },
      ],
    })
  })

  it('has ours in index and files, and lists its conflicts', async () => {
    expect(await inIndex('a')).toEqual([8, 2, 9, 4])
    expect(content('a.csv')).toBe('t,v\n0,8\n1,2\n2,9\n3,4\n')
    const listed = await collect(listConflicts(repo))
    expect(
      listed.map(({ series, kind, key, column, values }) => [series, kind, key, column, values]),
    ).toEqual([
      ['a', 'cell', '0', 'v', { base: '1', ours: '8', theirs: '7' }],
      ['a', 'row', '2', undefined, { base: '{"v":3}', ours: '{"v":9}', theirs: null }],
      ['b', 'series', undefined, undefined, expect.objectContaining({ theirs: null })],
    ])
    expect((await status(repo)).merging).toMatchObject({ shown: 'other' })
  })

  it('refuses what would lose the merge', async () => {
    const conflict = expect.objectContaining({ code: 'conflict' })
    await expect(commit(repo, { committer: who })).rejects.toThrow(conflict)
    await expect(commit(repo, { committer: who, amend: true })).rejects.toThrow(refused(/amended/))
    await expect(go('other')).rejects.toThrow(refused())
    await expect(undo(repo, { who })).rejects.toThrow(refused())
    await expect(mergeIn('other')).rejects.toThrow(refused())
    await expect(reset(repo, { to: first, mode: 'soft', who })).rejects.toThrow(refused())
  })

  it('keeps what is merged from gc, and from purge, though its branch has gone', async () => {
    const { theirs } = (await readMergeState(repo))!
    await setRefs(repo, { 'refs/heads/other': undefined })
    await gc(repo, { who, now: 1_800_000_000_000, prune: 'now', reflogExpire: 'now' })
    const purged = purge(repo, { series: 'c', who, now: 1_800_000_000_000 })
    await expect(purged).rejects.toThrow(refused(/not concluded/))
    await resolveMerge(repo, { by: 'theirs' })
    const made = await commit(repo, { committer: who })
    expect((await readCommit(repo.objects, made.id!)).parents).toContain(theirs)
    expect(await inIndex('a')).toEqual([7, 2, 4])
  })

  it.each([
    ['ours', [8, 2, 9, 4], [2]],
    ['theirs', [7, 2, 4], undefined],
    ['base', [1, 2, 3, 4], [1]],
  ] as const)('is settled by %s', async (by, a, b) => {
    expect(await resolveMerge(repo, { by })).toEqual({ settled: 3, left: [] })
    await commit(repo, { committer: who })
    expect(await atHead('a')).toEqual(a)
    expect(await atHead('b')).toEqual(b)
    expect(await parents()).toBe(2)
    expect(await readMergeState(repo)).toBeUndefined()
    expect(await status(repo)).toMatchObject({ staged: [], unstaged: [] })
  })

  const table = (text: string) => ({
    name: 'd.csv',
    open: async function* () {
      yield Buffer.from(`series,key,column,base,ours,theirs,take,value\n${text}`)
    },
  })

  it('brings no part of a row back that was deleted since', async () => {
    await stage(repo, { a: [undefined, 2, 9, 4] })
    await resolveMerge(repo, { by: 'theirs' })
    expect(await inIndex('a')).toEqual([2, 4])
  })

  it('is settled series by series, and conflict by conflict', async () => {
    expect(await resolveMerge(repo, { by: 'theirs', series: ['b'] })).toEqual({
      settled: 1,
      left: [{ series: 'a', conflicts: 2 }],
    })
    const by = await readDecisions(table('a,0,v,,,,,7.5\na,2,,,,,,\n'))
    expect(await resolveMerge(repo, { by })).toEqual({
      settled: 1,
      left: [{ series: 'a', conflicts: 1 }],
    })
    expect(await inIndex('a')).toEqual([7.5, 2, 9, 4])
    await resolveMerge(repo, { by: await readDecisions(table('a,2,,,,,theirs,\n')) })
    expect(await inIndex('a')).toEqual([7.5, 2, 4])
    expect(content('a.csv')).toBe('t,v\n0,7.5\n1,2\n3,4\n')
    await commit(repo, { committer: who })
    expect(await atHead('b')).toBeUndefined()
  })

  it.each([
    ['a,0,v,,,,often,\n', /take is "often"/],
    ['a,0,v,1,8,6,theirs,\n', /theirs is "7", and "6" in the table/],
    ['a,0,v,,,,,often\n', /"often" is no float64/],
    ['a,1,v,,,,ours,\n', /no conflict is left at a 1 v/],
    ['a,2,,,,,,5\n', /takes a version/],
    ['a,0,v,,,,ours,\na,0,v,,,,ours,\n', /decided twice/],
  ])('refuses the table %j', async (text, message) => {
    const before = await snapshot(repo)
    const settle = async () => resolveMerge(repo, { by: await readDecisions(table(text)) })
    await expect(settle()).rejects.toThrow(
      expect.objectContaining({ code: 'bad-input', message: expect.stringMatching(message) }),
    )
    expect(await snapshot(repo)).toEqual(before)
  })

  it('is taken back, by abort and by reset', async () => {
    await expect(resolveMerge(repo, { by: 'ours', series: ['x'] })).rejects.toThrow(
      /x has no conflicts/,
    )
    await resolveMerge(repo, { by: 'theirs' })
    await abortMerge(repo, { who })
    expect(content('a.csv')).toBe('t,v\n0,8\n1,2\n2,9\n')
    expect(content('b.csv')).toBe('t,v\n0,2\n')
    expect(await status(repo)).toMatchObject({ staged: [], unstaged: [] })
    await expect(abortMerge(repo, { who })).rejects.toThrow(refused(/no merge/))
    await mergeIn('other')
    await reset(repo, { to: first, mode: 'hard', who })
    expect(await readMergeState(repo)).toBeUndefined()
    expect((await mergeIn('other')).outcome).toBe('fast-forward')
  })

  it.each(['abort', 'reset', 'switch'] as const)('goes on when %s is undone', async (how) => {
    await resolveMerge(repo, { by: 'theirs', series: ['b'] })
    const before = await readMergeState(repo)
    const at = (await headState(repo)).id!
    const drop = {
      abort: () => abortMerge(repo, { who }),
      reset: () => reset(repo, { to: first, mode: 'hard', who }),
      switch: () => switchBranch(repo, { target: 'other', who, force: true }),
    }
    await drop[how]()
    expect(await undo(repo, { who, dryRun: true })).toMatchObject({ merging: 'other' })
    expect(await readMergeState(repo)).toBeUndefined()
    expect(await undo(repo, { who })).toMatchObject({ merging: 'other' })
    expect((await headState(repo)).id).toBe(at)
    expect(await readMergeState(repo)).toEqual(before)
    expect(await inIndex('a')).toEqual([8, 2, 9, 4])
    const conflict = expect.objectContaining({ code: 'conflict' })
    await expect(commit(repo, { committer: who })).rejects.toThrow(conflict)
    await resolveMerge(repo, { by: 'theirs' })
    await commit(repo, { committer: who })
    expect(await parents()).toBe(2)
  })

  it('cannot go on when it is not known any more what was dropped', async () => {
    await abortMerge(repo, { who })
    await repo.privateFiles!.remove('MERGE_DROPPED')
    await expect(undo(repo, { who })).rejects.toThrow(refused(/has gone/))
    expect(await status(repo)).toMatchObject({ staged: [] })
  })

  it('drops what was staged since when it is taken back, and says so', async () => {
    writeFileSync(file('a.csv'), 't,v\n0,15\n')
    const refusal = expect.objectContaining({ hint: expect.stringMatching(/undo/) })
    await expect(abortMerge(repo, { who })).rejects.toThrow(refusal)
    await add('a.csv')
    await stage(repo, { c: [1] })
    expect(await abortMerge(repo, { who })).toMatchObject({ dropped: ['a', 'c'] })
    await undo(repo, { who })
    expect(await inIndex('a')).toEqual([15])
    expect(await inIndex('c')).toEqual([1])
    expect(content('a.csv')).toBe('t,v\n0,15\n')
  })

  it('is settled in a series that is added or written, and its resolution stays', async () => {
    writeFileSync(file('a.csv'), 't,v\n0,15\n1,2\n2,9\n3,4\n')
    expect(await add('a.csv')).toEqual([{ series: 'a', conflicts: 2 }])
    expect((await status(repo)).merging?.conflicts).toEqual([{ series: 'b', conflicts: 1 }])
    await resolveMerge(repo, { by: 'theirs' })
    expect(await inIndex('a')).toEqual([15, 2, 9, 4])
    await abortMerge(repo, { who })
    await mergeIn('other')
    const settled: unknown[] = []
    const onSettled = (series: readonly unknown[]) => settled.push(...series)
    await writeSeries(repo, { series: 'a', input: tableOf('t,v\n0,16\n'), onSettled })
    await removeSeries(repo, { names: ['b'], onSettled })
    expect(settled).toEqual([
      { series: 'a', conflicts: 2 },
      { series: 'b', conflicts: 1 },
    ])
    await commit(repo, { committer: who })
    expect(await atHead('a')).toEqual([16, 2, 9, 4])
    expect(await parents()).toBe(2)
  })

  it('is settled by a file that is added as it is, and not by a dry run', async () => {
    expect(await add('a.csv', { dryRun: true })).toEqual([])
    expect(await add('a.csv')).toEqual([{ series: 'a', conflicts: 2 }])
    expect(await add('a.csv')).toEqual([])
  })

  it('is dropped by a forced switch', async () => {
    await switchBranch(repo, { target: 'other', who, force: true })
    expect(await readMergeState(repo)).toBeUndefined()
    expect(content('a.csv')).toBe('t,v\n0,7\n1,2\n3,4\n')
  })

  it('keeps files that were changed by hand', async () => {
    writeFileSync(file('a.csv'), 't,v\n0,42\n')
    await expect(resolveMerge(repo, { by: 'theirs' })).rejects.toThrow(refused(/changed by hand/))
    await expect(abortMerge(repo, { who })).rejects.toThrow(refused(/changes in files/))
    expect(content('a.csv')).toBe('t,v\n0,42\n')
  })
})
