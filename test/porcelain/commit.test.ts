import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import { EMPTY_TREE, lookupPath } from '../../src/core/tree.ts'
import { headState, setHead } from '../../src/plumbing/head.ts'
import { readIndex, readStoredIndex, updateIndexState } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { type CommitOptions, commit } from '../../src/porcelain/commit.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { commitStaged, materialise, stage, storeValues } from '../support/staging.ts'

let repo: Repository
let second: number

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  second = 1000
})

const make = (options: Partial<CommitOptions> = {}) =>
  commit(repo, { committer: ann(second++), ...options })

const fails = (code: string, text?: string) =>
  expect.objectContaining({ code, ...(text !== undefined && { message: text }) })

describe('commit', () => {
  it('makes the branch with its first commit', async () => {
    const tree = await stage(repo, { a: [1, 2], 'b/c': [3] })
    const made = await make({ message: 'first' })
    expect(made).toMatchObject({
      branch: 'refs/heads/main',
      commit: { tree, parents: [], message: 'first\n', author: ann(1000), committer: ann(1000) },
      counts: { appended: 3, backfilled: 0, revised: 0, deleted: 0 },
    })
    expect(made.changes.map(({ path, state }) => [path, state])).toEqual([
      ['a', 'new'],
      ['b/c', 'new'],
    ])
    expect(await headState(repo)).toMatchObject({ id: made.id })
    expect(await readCommit(repo.objects, made.id!)).toEqual(made.commit)
  })

  it('publishes all packs that the commit needs, and leaves the index on it', async () => {
    await stage(repo, { a: [1] })
    await stage(repo, { b: [1, 2] })
    const { id, commit } = await make({ message: 'x' })
    const { packs } = await repo.refs.state()
    expect([...packs].sort()).toEqual([...(await repo.objects.packNames())].sort())
    const stored = (await readStoredIndex(repo)).state
    expect(stored).toMatchObject({ base: id, tree: commit.tree, packs: [] })
  })

  it('says what changed where nobody says anything', async () => {
    await stage(repo, { a: [1, 2, 3], b: [1] })
    expect((await make()).commit.message).toBe('2 series: +4 ~0 -0\n')
    await stage(repo, { a: [1, 5, 3, 4] })
    expect((await make()).commit.message).toBe('a: +1 ~1 -0\n')
    await stage(repo, { a: [1, undefined, 3, 4], b: undefined })
    expect((await make()).commit.message).toBe('2 series: +0 ~0 -2\n')
  })

  it('has nothing to commit where the index is as HEAD', async () => {
    await expect(make()).rejects.toThrow(fails('nothing-to-commit'))
    await stage(repo, { a: [1] })
    await make()
    await expect(make()).rejects.toThrow(fails('nothing-to-commit'))
    await stage(repo, { a: [2] })
    await stage(repo, { a: [1] })
    await expect(make()).rejects.toThrow(fails('nothing-to-commit'))
    const empty = await make({ allowEmpty: true, message: 'a stamp' })
    expect(empty.changes).toEqual([])
  })

  it('can begin with a commit of nothing', async () => {
    const { id, commit } = await make({ allowEmpty: true, message: 'start' })
    expect(commit.tree).toBe(EMPTY_TREE)
    await expect(repo.objects.read(commit.tree, 'tree')).resolves.toEqual(Uint8Array.of(0, 0))
    expect((await headState(repo)).id).toBe(id)
  })

  it('cleans messages and refuses empty ones', async () => {
    await stage(repo, { a: [1] })
    await expect(make({ message: ' \n\n' })).rejects.toThrow(fails('refused'))
    expect((await make({ message: '\none  \n\n\n\ntwo\n\n' })).commit.message).toBe('one\n\ntwo\n')
  })

  it('changes nothing in a dry run', async () => {
    const tree = await stage(repo, { a: [1] })
    const made = await make({ dryRun: true })
    expect(made).toMatchObject({ commit: { tree, message: 'a: +1 ~0 -0\n' } })
    expect(made.id).toBeUndefined()
    expect((await headState(repo)).id).toBeUndefined()
  })

  it('never lets committer dates run backwards', async () => {
    await stage(repo, { a: [1] })
    await make({ committer: ann(5000) })
    await stage(repo, { a: [2] })
    const older = { committer: ann(4000), author: ann(3000) }
    await expect(make({ ...older, exactDate: true })).rejects.toThrow(fails('refused'))
    const { commit } = await make(older)
    expect([commit.author.seconds, commit.committer.seconds]).toEqual([3000, 5000])
  })

  it('lets somebody edit the message once, however often it is tried', async () => {
    await stage(repo, { a: [1] })
    const made = await make({ message: 'one', edit: async (message) => `${message}, edited` })
    expect(made.commit.message).toBe('one, edited\n')
  })

  it('moves a detached HEAD and no branch', async () => {
    await stage(repo, { a: [1] })
    const first = await commitStaged(repo, 'first')
    await setHead(repo, { to: { id: first }, who: ann(1), message: 'checkout' })
    await stage(repo, { a: [2] })
    const made = await make({ message: 'aside', committer: ann(1_900_000_000) })
    expect(made.branch).toBeUndefined()
    expect(await headState(repo)).toMatchObject({ id: made.id, detached: true })
    expect((await repo.refs.state()).refs.get('refs/heads/main')).toBe(first)
    expect((await readStoredIndex(repo)).state?.base).toBe(made.id)
  })

  it('needs an index', async () => {
    const bare = await newRepository()
    await expect(commit(bare, { committer: ann(1) })).rejects.toThrow(fails('refused'))
  })
})

describe('commit --amend', () => {
  it('replaces the last commit and keeps what is not said anew', async () => {
    await stage(repo, { a: [1] })
    await make({ message: 'first' })
    await stage(repo, { a: [1, 2] })
    const second = await make({ message: 'second', author: ann(7) })
    await stage(repo, { b: [1] })
    const amended = await make({ amend: true })
    expect(amended.commit).toMatchObject({
      parents: second.commit.parents,
      message: 'second\n',
      author: ann(7),
    })
    expect(amended.changes.map(({ path }) => path)).toEqual(['a', 'b'])
    expect((await headState(repo)).id).toBe(amended.id)
    const only = await make({ amend: true, message: 'better' })
    expect(only.commit).toMatchObject({ tree: amended.commit.tree, message: 'better\n' })
  })

  it('replaces the first commit', async () => {
    await stage(repo, { a: [1] })
    await make({ message: 'frist' })
    expect((await make({ amend: true, message: 'first' })).commit.parents).toEqual([])
  })

  it('refuses to make a commit empty, and to amend none', async () => {
    await expect(make({ amend: true })).rejects.toThrow(fails('refused'))
    await stage(repo, { a: [1] })
    await make()
    await stage(repo, { a: [2] })
    await make()
    await stage(repo, { a: [1] })
    await expect(make({ amend: true })).rejects.toThrow(fails('nothing-to-commit'))
  })
})

describe('commits at the same time', () => {
  /** Lets another commit in between reading the index and moving the branch. */
  const meanwhile = (act: () => Promise<unknown>) => {
    let done = false
    return async (message: string) => {
      if (!done) {
        done = true
        await act()
      }
      return message
    }
  }

  /** Commits a series on main as another clone's push would: no index is involved. */
  const commitElsewhere = async (path: string, values: number[]) => {
    const { updatePaths } = await import('../../src/core/tree.ts')
    const { commitChange } = await import('../../src/plumbing/change.ts')
    const id = await storeValues(repo, values)
    const bare: Repository = { ...repo, privateFiles: undefined, workTree: undefined } as never
    await commitChange(
      bare,
      {
        run: async (batch, tree) => ({
          tree: await updatePaths(batch, tree, new Map([[path, { kind: 'series', id }]])),
          result: undefined,
        }),
        meets: async () => undefined,
      },
      { author: ann(2000), committer: ann(2000), message: () => 'elsewhere\n' },
    )
  }

  it('carries the index over to the commit that came first', async () => {
    await stage(repo, { a: [1], b: [1] })
    await make({ message: 'first' })
    await stage(repo, { a: [2] })
    const made = await make({
      message: 'mine',
      edit: meanwhile(() => commitElsewhere('b', [1, 2])),
    })
    const parent = await readCommit(repo.objects, made.commit.parents[0]!)
    expect(parent.message).toBe('elsewhere\n')
    expect(made.changes.map(({ path }) => path)).toEqual(['a'])
    const b = await lookupPath(repo.objects, made.commit.tree, 'b')
    expect(b?.id).toBe(await storeValues(repo, [1, 2]))
  })

  it('is a conflict where both are about one series', async () => {
    await stage(repo, { a: [1] })
    await make({ message: 'first' })
    await stage(repo, { a: [2] })
    const made = make({ edit: meanwhile(() => commitElsewhere('a', [3])) })
    await expect(made).rejects.toThrow(fails('conflict'))
    await expect(make({ amend: true })).rejects.toThrow(fails('conflict'))
  })

  it('never amends a commit that it has not seen', async () => {
    await stage(repo, { a: [1] })
    await make({ message: 'first' })
    const made = make({
      amend: true,
      message: 'x',
      edit: meanwhile(() => commitElsewhere('b', [3])),
    })
    await expect(made).rejects.toThrow(fails('conflict'))
  })

  it('keeps what is staged while it commits', async () => {
    await stage(repo, { a: [1] })
    const first = await make({
      message: 'first',
      edit: meanwhile(async () => stage(repo, { a: [9], c: [1] })),
    })
    expect(first.changes.map(({ path }) => path)).toEqual(['a'])
    const { state } = await readIndex(repo)
    expect(state.base).toBe(first.id)
    expect((await lookupPath(repo.objects, state.tree, 'a'))?.id).toBe(await storeValues(repo, [9]))
    await updateIndexState(repo, (now) => now)
    const next = await make()
    expect(next.changes.map(({ path }) => path)).toEqual(['a', 'c'])
  })
})

describe('commit --all', () => {
  const file = (name: string) => join(repo.workTree!.root, name)

  beforeEach(async () => {
    await stage(repo, { a: [1, 2], b: [3], c: [4] })
    await materialise(repo, 'a', 'b')
    await make({ message: 'first' })
  })

  it('stages what changed in files, and what is gone', async () => {
    writeFileSync(file('a.csv'), 't,v\n0,1\n1,5\n')
    rmSync(file('b.csv'))
    const { number } = await repo.refs.state()
    const would = await make({ all: true, dryRun: true })
    expect((await repo.refs.state()).number).toBe(number)
    expect((await readIndex(repo)).state.base).toBe((await headState(repo)).id)
    const made = await make({ all: true })
    expect(made.changes.map(({ path, state }) => [path, state])).toEqual([
      ['a', 'changed'],
      ['b', 'deleted'],
    ])
    expect(would.commit.tree).toBe(made.commit.tree)
    expect(made.counts).toMatchObject({ revised: 1, deleted: 1 })
    await expect(make({ all: true })).rejects.toThrow(fails('nothing-to-commit'))
  })

  it('commits nothing where a file cannot be read', async () => {
    writeFileSync(file('a.csv'), 't,v\n0,"1\n')
    rmSync(file('b.csv'))
    const before = await readIndex(repo)
    for (const dryRun of [true, false]) {
      await expect(make({ all: true, dryRun })).rejects.toThrow(fails('bad-input'))
    }
    expect((await readIndex(repo)).state.tree).toBe(before.state.tree)
  })
})
