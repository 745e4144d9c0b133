import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { zoneOf } from '../../src/core/settings.ts'
import { lookupPath, settingsFor } from '../../src/core/tree.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { resolveCommit } from '../../src/plumbing/resolve-revision.ts'
import { setSettings } from '../../src/porcelain/change-schema.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { removeSeries } from '../../src/porcelain/move-series.ts'
import { reset } from '../../src/porcelain/reset.ts'
import { type RestoreOptions, restore } from '../../src/porcelain/restore.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { readAll } from '../support/series.ts'
import { snapshot } from '../support/snapshots.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'

const who = ann(1_800_000_000)
let repo: Repository

const file = (name: string) => join(repo.workTree!.root, name)
const content = (name: string) => readFileSync(file(name), 'utf8')
const put = (series: string, options: Partial<RestoreOptions> = {}) =>
  restore(repo, { series: [series], who, ...options })

async function staged(path: string) {
  const { state } = await readIndex(repo)
  const entry = await lookupPath(repo.objects, state.tree, path)
  return entry && (await readAll(repo.objects, entry.id)).map(([, value]) => value)
}

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  await stage(repo, { a: [1, 2, 3] })
  await materialise(repo, 'a')
  await commitStaged(repo, 'first')
  await stage(repo, { a: [4, 5, 6], b: [1] })
  await materialise(repo, 'a')
  await commitStaged(repo, 'second')
})

describe('restore', () => {
  it('makes a file what the index holds, changed or gone', async () => {
    writeFileSync(file('a.csv'), 'broken')
    expect(await put('a.csv')).toEqual({ index: [], files: ['a'], withoutFile: [] })
    rmSync(file('a.csv'))
    await put('.')
    expect(content('a.csv')).toBe('t,v\n0,4\n1,5\n2,6\n')
    expect(await put('a')).toEqual({ index: [], files: [], withoutFile: [] })
    expect((await put('.')).withoutFile).toEqual(['b'])
    writeFileSync(file('b.csv'), 'mine')
    await expect(put('b')).rejects.toThrow(expect.objectContaining({ code: 'refused' }))
    rmSync(file('b.csv'))
    expect(await put('b')).toEqual({ index: [], files: ['b'], withoutFile: [] })
    expect(content('b.csv')).toBe('t,v\n0,1\n')
    await expect(put('c')).rejects.toThrow(expect.objectContaining({ code: 'series-not-found' }))
  })

  it('brings back a series that was removed, with its file where it is told to', async () => {
    await removeSeries(repo, { names: ['a'] })
    await expect(put('a.csv')).rejects.toMatchObject({
      hint: 'HEAD has it: varve restore --staged --worktree a',
    })
    expect(await put('a', { staged: true, worktree: true })).toEqual({
      index: ['a'],
      files: ['a'],
      withoutFile: [],
    })
    expect(content('a.csv')).toBe('t,v\n0,4\n1,5\n2,6\n')
  })

  it('only says what it would do where it is asked to', async () => {
    await stage(repo, { a: [7] })
    await materialise(repo, 'a')
    writeFileSync(file('a.csv'), 'broken')
    const before = await snapshot(repo)
    const { number } = await repo.refs.state()
    const options = { staged: true, worktree: true, dryRun: true }
    expect(await put('a', { dryRun: true })).toMatchObject({ index: [], files: ['a'] })
    expect(await put('a', options)).toMatchObject({ index: ['a'], files: ['a'] })
    expect(await snapshot(repo)).toEqual(before)
    expect(content('a.csv')).toBe('broken')
    expect((await repo.refs.state()).number).toBe(number)
    await put('a', { ...options, dryRun: false })
    expect(content('a.csv')).toBe('t,v\n0,4\n1,5\n2,6\n')
  })

  it('takes back the settings of a collection that are staged', async () => {
    await stage(repo, { 'c/x': [1] })
    await commitStaged(repo, 'third')
    await setSettings(repo, { name: 'c/', values: new Map([['zone', 'Europe/Brussels']]) })
    const { tree } = (await readIndex(repo)).state
    expect((await put('c/', { staged: true })).index).toEqual(['c/'])
    expect(zoneOf(await settingsFor(repo.objects, (await readIndex(repo)).state.tree, 'c/x'))).toBe(
      undefined,
    )
    expect(await staged('c/x')).toEqual([1])
    await undo(repo, { who })
    expect((await readIndex(repo)).state.tree).toBe(tree)
    await put('.', { staged: true })
    await expect(commit(repo, { committer: who })).rejects.toMatchObject({
      code: 'nothing-to-commit',
    })
  })

  it('takes a series out of the index and leaves its file as a changed one', async () => {
    await stage(repo, { a: [7], c: [1] })
    await materialise(repo, 'a', 'c')
    expect((await put('a', { staged: true })).index).toEqual(['a'])
    expect(await staged('a')).toEqual([4, 5, 6])
    expect(await staged('c')).toEqual([1])
    expect(content('a.csv')).toBe('t,v\n0,7\n')
    // Were it taken for clean, whatever comes next would overwrite it.
    await reset(repo, { to: await resolveCommit(repo, 'HEAD~1'), mode: 'mixed', who })
    expect(content('a.csv')).toBe('t,v\n0,7\n')
    expect((await put('a')).files).toEqual(['a'])
    expect(content('a.csv')).toBe('t,v\n0,1\n1,2\n2,3\n')
  })

  it('takes a new series out of index and work tree', async () => {
    await stage(repo, { c: [1] })
    await materialise(repo, 'c')
    await put('c', { staged: true, worktree: true })
    expect(Object.keys((await snapshot(repo)).files)).toEqual(['a.csv'])
    expect(await staged('c')).toBeUndefined()
  })

  it('puts a series back as a revision has it, in index and file', async () => {
    expect(await put('a', { source: 'HEAD~1' })).toEqual({
      index: ['a'],
      files: ['a'],
      withoutFile: [],
    })
    expect(content('a.csv')).toBe('t,v\n0,1\n1,2\n2,3\n')
    await stage(repo, { a: undefined })
    await expect(put('b', { source: 'HEAD~1' })).rejects.toThrow(
      expect.objectContaining({ code: 'series-not-found' }),
    )
  })

  it('puts back some rows and some columns', async () => {
    await put('a', { source: 'HEAD~1', from: '1', to: '2' })
    expect(await staged('a')).toEqual([4, 2, 6])
    await put('a', { source: 'HEAD~1', at: '2', columns: ['v'] })
    expect(await staged('a')).toEqual([4, 2, 3])
    expect(content('a.csv')).toBe('t,v\n0,4\n1,2\n2,3\n')
    await expect(put('a', { source: 'HEAD~1', columns: ['w'] })).rejects.toThrow(
      expect.objectContaining({ code: 'column-not-found' }),
    )
    await expect(put('a', { from: '1' })).rejects.toThrow(
      expect.objectContaining({ code: 'usage' }),
    )
  })

  it('brings a series that was removed back, with its file', async () => {
    await stage(repo, { b: undefined })
    await commitStaged(repo, 'without b')
    expect(await put('b', { source: 'HEAD~1' })).toMatchObject({ index: ['b'], files: ['b'] })
    expect(content('b.csv')).toBe('t,v\n0,1\n')
  })

  it('refuses to bring a series back where another file is, before anything changes', async () => {
    await stage(repo, { b: undefined })
    await commitStaged(repo, 'without b')
    writeFileSync(file('b.csv'), 'mine')
    const before = await snapshot(repo)
    await expect(put('b', { source: 'HEAD~1' })).rejects.toThrow(
      expect.objectContaining({ code: 'refused', data: { files: ['b.csv'] } }),
    )
    expect(await snapshot(repo)).toEqual(before)
    expect(content('b.csv')).toBe('mine')
  })

  it('puts the settings of whole series back, and leaves them with a part', async () => {
    const zone = async (path: string) => {
      const { tree } = (await readIndex(repo)).state
      return (await settingsFor(repo.objects, tree, path)).get('zone')
    }
    const set = (name: string, value: string | undefined) =>
      setSettings(repo, { name, values: new Map([['zone', value]]) })
    await set('a', 'Europe/Brussels')
    await set('b', 'Europe/Paris')
    await commitStaged(repo, 'zones')
    await stage(repo, { b: undefined })
    await set('a', 'UTC')
    await commitStaged(repo, 'without b')
    await put('a', { source: 'HEAD~1', at: ['0'] })
    expect(await zone('a')).toBe('UTC')
    expect((await put('.', { source: 'HEAD~1' })).index).toEqual(['a', 'b'])
    expect([await zone('a'), await zone('b')]).toEqual(['Europe/Brussels', 'Europe/Paris'])
  })

  it('refuses to put a series back over a file that was changed by hand', async () => {
    writeFileSync(file('a.csv'), 't,v\n0,9\n')
    const before = await snapshot(repo)
    await expect(put('a', { source: 'HEAD~1' })).rejects.toThrow(
      expect.objectContaining({ code: 'refused' }),
    )
    expect(await snapshot(repo)).toEqual(before)
  })

  it('drops what stands in the way of following a commit from elsewhere', async () => {
    await stage(repo, { a: [8] })
    const head = await resolveCommit(repo, 'HEAD')
    await repo.refs.append({
      updates: [{ name: 'refs/heads/main', old: head, new: await resolveCommit(repo, 'HEAD~1') }],
      who,
      message: 'from elsewhere',
      packs: [],
    })
    await expect(commit(repo, { committer: who })).rejects.toThrow(
      expect.objectContaining({ code: 'conflict' }),
    )
    await put('a', { staged: true })
    expect(await staged('a')).toEqual([1, 2, 3])
  })

  it('commits at once where there is no index', async () => {
    const bare = { ...repo, privateFiles: undefined, workTree: undefined } as never as Repository
    const request = { author: who, committer: who }
    const done = await restore(bare, {
      series: ['a'],
      source: 'HEAD~1',
      at: '0',
      commit: request,
      who,
    })
    expect(done.commit).toBe(await resolveCommit(repo, 'HEAD'))
    await expect(restore(bare, { series: ['a'], who })).rejects.toThrow(
      expect.objectContaining({ code: 'refused' }),
    )
  })
})

describe('reset', () => {
  const to = (revision: string) => resolveCommit(repo, revision)

  it('moves the branch alone, with the index, or with index and files', async () => {
    await reset(repo, { to: await to('HEAD~1'), mode: 'soft', who })
    expect(await staged('a')).toEqual([4, 5, 6])
    expect(content('a.csv')).toBe('t,v\n0,4\n1,5\n2,6\n')
    const mixed = await reset(repo, { to: await to('HEAD'), mode: 'mixed', who })
    expect(mixed.unstaged).toEqual(['a'])
    expect(await staged('a')).toEqual([1, 2, 3])
    expect(content('a.csv')).toBe('t,v\n0,4\n1,5\n2,6\n')
    const hard = await reset(repo, { to: await to('HEAD'), mode: 'hard', who })
    expect(hard.files.written).toEqual(['a'])
    expect(content('a.csv')).toBe('t,v\n0,1\n1,2\n2,3\n')
  })

  it('needs a work tree for index and files', async () => {
    const bare = { ...repo, privateFiles: undefined, workTree: undefined } as never as Repository
    const id = await to('HEAD~1')
    await expect(reset(bare, { to: id, mode: 'hard', who })).rejects.toThrow(
      expect.objectContaining({ code: 'refused' }),
    )
    await reset(bare, { to: id, mode: 'soft', who })
    expect((await repo.refs.state()).refs.get('refs/heads/main')).toBe(id)
  })
})

describe('undo', () => {
  it('has nothing to undo in a new repository', async () => {
    const fresh = await newRepository({ workTree: true })
    await expect(undo(fresh, { who })).rejects.toThrow(expect.objectContaining({ code: 'refused' }))
  })

  it('says what it would do', async () => {
    const before = await snapshot(repo)
    const { number } = await repo.refs.state()
    const would = await undo(repo, { dryRun: true, who })
    expect(would).toMatchObject({ dryRun: true, undone: { number, message: 'commit: second' } })
    expect(would.refs).toMatchObject([{ name: 'refs/heads/main' }])
    expect(await snapshot(repo)).toEqual(before)
    expect((await repo.refs.state()).number).toBe(number)
  })

  it('takes the first commit back too, and keeps what was staged since', async () => {
    await stage(repo, { c: [1] })
    await undo(repo, { keepStaged: true, who })
    expect(await staged('c')).toEqual([1])
    expect(await staged('a')).toEqual([4, 5, 6])
    const fresh = await newRepository({ workTree: true })
    await stage(fresh, { a: [1] })
    await commitStaged(fresh, 'only')
    await undo(fresh, { who })
    expect((await fresh.refs.state()).refs.size).toBe(0)
    expect((await commit(fresh, { committer: who })).changes).toHaveLength(1)
  })

  it('refuses to take back a commit where something was staged since', async () => {
    await stage(repo, { a: undefined, c: [1] })
    const before = await snapshot(repo)
    await expect(undo(repo, { who })).rejects.toMatchObject({
      code: 'refused',
      data: { series: ['a', 'c'], message: 'commit: second' },
      hint: expect.stringContaining('varve restore --staged'),
    })
    expect(await snapshot(repo)).toEqual(before)
    await put('.', { staged: true })
    await undo(repo, { who })
    expect(await staged('c')).toEqual([1])
  })

  it('does not pass over what was staged and taken out again, either', async () => {
    await stage(repo, { c: [1] })
    await stage(repo, { c: undefined })
    const before = await snapshot(repo)
    await expect(undo(repo, { who })).rejects.toMatchObject({ code: 'refused' })
    expect(await snapshot(repo)).toEqual(before)
    await undo(repo, { keepStaged: true, who })
    expect((await repo.refs.state()).refs.get('refs/heads/main')).toBeDefined()
  })

  it('takes back an operation that what is staged was there before', async () => {
    await stage(repo, { c: [1] })
    await reset(repo, { to: await resolveCommit(repo, 'HEAD~1'), mode: 'hard', who })
    await undo(repo, { who })
    expect(await staged('c')).toEqual([1])
    await undo(repo, { who })
    expect(await staged('c')).toBeUndefined()
  })

  it('refuses to lose files that were changed by hand', async () => {
    await reset(repo, { to: await resolveCommit(repo, 'HEAD~1'), mode: 'hard', who })
    writeFileSync(file('a.csv'), 't,v\n0,9\n')
    const before = await snapshot(repo)
    await expect(undo(repo, { who })).rejects.toThrow(
      expect.objectContaining({ code: 'refused', data: { files: ['a.csv'] } }),
    )
    expect(await snapshot(repo)).toEqual(before)
    await undo(repo, { force: true, who })
    expect(content('a.csv')).toBe('t,v\n0,4\n1,5\n2,6\n')
  })

  it('brings back what was staged before a hard reset', async () => {
    await stage(repo, { a: [7] })
    await materialise(repo, 'a')
    const before = await snapshot(repo)
    await reset(repo, { to: await resolveCommit(repo, 'HEAD~1'), mode: 'hard', who })
    await undo(repo, { who })
    const { shown: _, ...rest } = before
    expect(await snapshot(repo)).toMatchObject(rest)
    expect(await staged('a')).toEqual([7])
    // Its objects are kept by the log from here on.
    const { packs } = await repo.refs.state()
    const entry = await lookupPath(repo.objects, (await readIndex(repo)).state.tree, 'a')
    expect(packs.has((await repo.objects.packOf(entry!.id))!)).toBe(true)
  })
})
