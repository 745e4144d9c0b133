import { describe, expect, it } from 'vitest'
import type { VarveError } from '../../src/core/errors.ts'
import { type Id, parseId } from '../../src/core/id.ts'
import { writeTag } from '../../src/core/tag.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { type LogOptions, log } from '../../src/porcelain/log.ts'
import { type ShownItem, show } from '../../src/porcelain/show.ts'
import {
  ann,
  collect,
  linearHistory,
  newRepository,
  putCommit,
  setRefs,
  storeCommits,
} from '../support/repositories.ts'
import { commitStaged, stage } from '../support/staging.ts'

async function subjects(repo: Repository, options: LogOptions = {}): Promise<string[]> {
  return (await collect(log(repo, options))).map(({ commit }) => commit.message.trimEnd())
}

/** Commits `1` to `5`, of which some change `a`, `c/d` and `c/e`. */
async function history(): Promise<Repository> {
  const repo = await newRepository({ workTree: true })
  await stage(repo, { a: [1] })
  await commitStaged(repo, '1')
  await stage(repo, { 'c/d': [1] })
  await commitStaged(repo, '2')
  await stage(repo, { a: [1, 2], 'c/e': [1] })
  await commitStaged(repo, '3')
  await stage(repo, { 'c/d': undefined })
  await commitStaged(repo, '4')
  await stage(repo, { ca: [1] })
  await commitStaged(repo, '5')
  return repo
}

async function faultOf(work: () => Promise<unknown>): Promise<VarveError> {
  try {
    await work()
  } catch (error) {
    return error as VarveError
  }
  throw new Error('there was no fault')
}

describe('log', () => {
  it('limits to series and collections, also to those that are gone', async () => {
    const repo = await history()
    expect(await subjects(repo)).toEqual(['5', '4', '3', '2', '1'])
    expect(await subjects(repo, { words: ['a'] })).toEqual(['3', '1'])
    expect(await subjects(repo, { words: ['HEAD~1', 'c'] })).toEqual(['4', '3', '2'])
    expect(await subjects(repo, { words: ['c/', 'ca.csv'] })).toEqual(['5', '4', '3', '2'])
    expect(await subjects(repo, { series: ['c/d'] })).toEqual(['4', '2'])
    const fault = await faultOf(() => subjects(repo, { series: ['c/f'] }))
    expect(fault).toMatchObject({ code: 'series-not-found', hint: 'did you mean c/e?' })
  })

  it('limits to commits that changed rows of some keys', async () => {
    const repo = await newRepository({ workTree: true })
    for (const [message, a] of [
      ['1', [1, 2, 3]],
      ['2', [1, 2, 3, 4]],
      ['3', [1, 5, 3, 4]],
      ['4', [1, 5, 3]],
    ] as const) {
      await stage(repo, { a: [...a] })
      await commitStaged(repo, message)
    }
    const of = (from: string, to?: string) =>
      subjects(repo, {
        series: ['a'],
        bounds: { from, ...(to !== undefined && { to }), closed: 'both' },
      })
    expect(await of('1', '1')).toEqual(['3', '1'])
    expect(await of('3')).toEqual(['4', '2'])
    expect(await of('2', '2')).toEqual(['1'])
    expect(await of('9')).toEqual([])
    const fault = await faultOf(() => of('soon'))
    expect(fault).toMatchObject({ code: 'invalid-value', message: expect.stringMatching(/--from/) })
  })

  it('follows a series under the names that it had', async () => {
    const repo = await newRepository({ workTree: true })
    const states: Parameters<typeof stage>[1][] = [
      { a: [1, 2, 3, 4] },
      { other: [9] },
      { a: [1, 2, 3, 5] },
      { a: undefined, 'x/b': [1, 2, 3, 5, 6] },
      { 'x/b': [1] },
    ]
    for (const [i, state] of states.entries()) {
      await stage(repo, state)
      await commitStaged(repo, String(i + 1))
    }
    expect(await subjects(repo, { series: ['x/b'] })).toEqual(['5', '4'])
    expect(await subjects(repo, { series: ['x/b'], follow: true })).toEqual(['5', '4', '3', '1'])
    const all = await collect(log(repo, { words: ['x/b'], follow: true, stat: true }))
    expect(all.map(({ changes }) => changes!.map(({ path, from }) => [path, from]))).toEqual([
      [['x/b', undefined]],
      [['x/b', 'a']],
      [['a', undefined]],
      [['a', undefined]],
    ])
    expect(await faultOf(() => subjects(repo, { follow: true }))).toMatchObject({ code: 'usage' })
  })

  it('says which of the shown commits come before each', async () => {
    const repo = await newRepository()
    const ids = await storeCommits(repo, [
      { seconds: 1 },
      { seconds: 2, parents: [0] },
      { seconds: 3, parents: [0] },
      { seconds: 4, parents: [1, 2] },
      { seconds: 5, parents: [3] },
    ])
    await setRefs(repo, { 'refs/heads/main': ids[4] })
    const of = async (options: LogOptions) =>
      (await collect(log(repo, { ...options, graph: true }))).map(({ id, shownParents }) => [
        ids.indexOf(id),
        ...shownParents!.map((parent) => ids.indexOf(parent)),
      ])
    expect(await of({})).toEqual([[4, 3], [3, 1, 2], [2, 0], [1, 0], [0]])
    expect(await of({ maxParents: 1 })).toEqual([[4, 1, 2], [2, 0], [1, 0], [0]])
  })

  it('takes ranges, and counts after it has chosen', async () => {
    const repo = await history()
    expect(await subjects(repo, { words: ['HEAD~3..HEAD~1'] })).toEqual(['4', '3'])
    expect(await subjects(repo, { words: ['^HEAD~2'] })).toEqual(['5', '4'])
    expect(await subjects(repo, { words: ['a'], maxCount: 1 })).toEqual(['3'])
    expect(await subjects(repo, { words: ['a'], skip: 1 })).toEqual(['1'])
    expect(await subjects(repo, { maxCount: 2, reverse: true })).toEqual(['4', '5'])
  })

  it('chooses by author, committer and message', async () => {
    const repo = await history()
    expect(await subjects(repo, { messages: [/^[35]$/m] })).toEqual(['5', '3'])
    expect(await subjects(repo, { messages: [/^3$/m, /^1$/m] })).toEqual(['3', '1'])
    expect(await subjects(repo, { authors: [/Ann <ann@/], maxCount: 1 })).toEqual(['5'])
    expect(await subjects(repo, { authors: [/Bob/] })).toEqual([])
    expect(await subjects(repo, { committers: [/bob/] })).toEqual([])
  })

  it('tells what each commit changed, of the series asked for alone', async () => {
    const repo = await history()
    const commits = await collect(log(repo, { words: ['c'], stat: true }))
    expect(
      commits.map(({ changes }) =>
        changes?.map(({ path, state, stat }) => [path, state, stat.appended, stat.deleted]),
      ),
    ).toEqual([[['c/d', 'deleted', 0, 1]], [['c/e', 'new', 1, 0]], [['c/d', 'new', 1, 0]]])
  })

  it('compares a merge with its first parent, where it is asked to follow that alone', async () => {
    const repo = await newRepository({ workTree: true })
    const tree = await stage(repo, { a: [1] })
    const other = await stage(repo, { b: [1] })
    const ids = await storeCommits(repo, [
      { seconds: 1, message: 'base\n', tree },
      { seconds: 2, message: 'side\n', tree: other, parents: [0] },
      { seconds: 3, message: 'merge\n', tree: other, parents: [0, 1] },
    ])
    await setRefs(repo, { 'refs/heads/m': ids[2] })
    const all = await collect(log(repo, { words: ['m'], stat: true }))
    expect(all.map(({ changes }) => changes?.length)).toEqual([undefined, 1, 1])
    const first = await collect(log(repo, { words: ['m'], stat: true, firstParent: true }))
    expect(first.map(({ changes }) => changes?.length)).toEqual([1, 1])
    expect(await subjects(repo, { words: ['m'], minParents: 2 })).toEqual(['merge'])
  })

  it('names the refs at a commit', async () => {
    const repo = await newRepository({ workTree: true })
    const ids = await linearHistory(repo, 2)
    const batch = await repo.objects.begin()
    const tag = {
      object: ids[1]!,
      kind: 'commit',
      name: 'v1',
      tagger: ann(5),
      message: '',
    } as const
    const tagId = await writeTag(batch, tag)
    await batch.publish()
    await setRefs(repo, {
      'refs/tags/v1': tagId,
      'refs/heads/topic': ids[1],
      'refs/remotes/origin/main': ids[0],
    })
    const commits = await collect(log(repo, { decorate: true }))
    expect(commits.map(({ decorations }) => decorations)).toEqual([
      [
        { kind: 'head', name: 'HEAD', branch: 'main' },
        { kind: 'tag', name: 'v1' },
        { kind: 'branch', name: 'topic' },
      ],
      [{ kind: 'remote', name: 'origin/main' }],
    ])
  })

  it('gives the first commit before it knows of the rest', async () => {
    const repo = await newRepository()
    const batch = await repo.objects.begin()
    await batch.put('tree', Uint8Array.of(0, 0))
    const absent = parseId('ab'.repeat(32))
    let tip: Id = absent
    for (let at = 0; at < 3; at++) tip = await putCommit(batch, { parents: [tip], seconds: at })
    await batch.publish()
    const commits = log(repo, { words: [tip] })
    expect((await commits.next()).value).toMatchObject({ id: tip })
    expect((await faultOf(() => collect(commits))).code).toBe('object-not-found')
  })

  it('says that a branch has no commit', async () => {
    const repo = await newRepository({ workTree: true })
    expect((await faultOf(() => subjects(repo))).code).toBe('revision-not-found')
  })
})

describe('show', () => {
  const kinds = (items: readonly ShownItem[]) =>
    items.map((item) => (item.kind === 'diff' ? item.item.kind : item.kind))

  it('shows a commit with what it changed', async () => {
    const repo = await history()
    expect(kinds(await collect(show(repo, { names: ['HEAD~2'] })))).toEqual([
      'commit',
      'series',
      'rows',
      'series',
      'rows',
    ])
    const [shown] = await collect(show(repo, { names: ['HEAD~2'], stat: true }))
    expect(shown).toMatchObject({ commit: { changes: [{ path: 'a' }, { path: 'c/e' }] } })
    expect(kinds(await collect(show(repo, { names: ['HEAD~4'] })))).toEqual([
      'commit',
      'series',
      'rows',
    ])
  })

  it('shows tags, trees, series and other objects', async () => {
    const repo = await history()
    const [head] = await collect(log(repo))
    const batch = await repo.objects.begin()
    const tag = {
      object: head!.id,
      kind: 'commit',
      name: 'v1',
      tagger: ann(5),
      message: 'first\n',
    } as const
    const tagId = await writeTag(batch, tag)
    const blob = await batch.put('blob', Buffer.from('hello'))
    await batch.publish()
    await setRefs(repo, { 'refs/tags/v1': tagId })
    expect(kinds(await collect(show(repo, { names: ['v1'] }))).slice(0, 2)).toEqual([
      'tag',
      'commit',
    ])
    const tree = await collect(show(repo, { names: ['v1:'] }))
    expect(tree.map((item) => (item.kind === 'entry' ? item.entry.path : item.kind))).toEqual([
      'tree',
      'a',
      'c',
      'ca',
    ])
    for (const name of ['HEAD:a', 'a', 'a.csv']) {
      expect(await collect(show(repo, { names: [name] }))).toMatchObject([
        { kind: 'series', name, rows: 2, first: [0n], last: [1n] },
      ])
    }
    expect(await collect(show(repo, { names: [blob] }))).toMatchObject([
      { kind: 'object', of: 'blob', piece: new Uint8Array(Buffer.from('hello')) },
    ])
    expect((await faultOf(() => collect(show(repo, { names: ['nothing'] })))).code).toBe(
      'revision-not-found',
    )
  })
})
