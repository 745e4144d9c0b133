import { describe, expect, it } from 'vitest'
import { readCommit, writeCommit } from '../../../src/core/commit.ts'
import type { Id } from '../../../src/core/id.ts'
import type { Repository } from '../../../src/plumbing/repository.ts'
import { updateIndex } from '../../../src/plumbing/update-index.ts'
import { openView, type ViewOptions } from '../../../src/porcelain/tui/repository-view.ts'
import type {
  CommitFilter,
  Life,
  ListedCommit,
  ViewData,
} from '../../../src/porcelain/tui/view-data.ts'
import {
  ann,
  collect,
  linearHistory,
  newRepository,
  setRefs,
  storeCommits,
} from '../../support/repositories.ts'
import { build, schemaOf } from '../../support/series.ts'
import { commitStaged, stage } from '../../support/staging.ts'

const never = new AbortController().signal

function viewOf(repo: Repository, options: Partial<ViewOptions> = {}): ViewData {
  const who = async () => ann(1_000_000)
  return openView(repo, {
    title: 'sample',
    words: [],
    clock: () => ann(1_000_000),
    identity: who,
    logIdentity: who,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
    ...options,
  })
}

async function listed(view: ViewData, filter: CommitFilter = {}): Promise<ListedCommit[]> {
  return (await collect(view.commits(filter, never))).flat()
}

const subjects = (commits: readonly ListedCommit[]) => commits.map(({ subject }) => subject)

/** Commits `1` to `4`: `a` is made, and `c/d`; both are appended to; `a` is revised. */
async function sample(): Promise<Repository> {
  const repo = await newRepository({ workTree: true })
  await stage(repo, { a: [1, 2] })
  await commitStaged(repo, '1')
  await stage(repo, { 'c/d': [5] })
  await commitStaged(repo, '2')
  await stage(repo, { a: [1, 2, 3], 'c/d': [5, 6] })
  await commitStaged(repo, '3')
  await stage(repo, { a: [1, 8, 4] })
  await commitStaged(repo, '4')
  return repo
}

describe('commits', () => {
  it('come children first, with the refs that are at them', async () => {
    const repo = await sample()
    const [tip] = await listed(viewOf(repo))
    await setRefs(repo, { 'refs/tags/v1': tip!.id })

    const commits = await listed(viewOf(repo))

    expect(subjects(commits)).toEqual(['4', '3', '2', '1'])
    expect(commits[0]).toMatchObject({ author: 'Ann', parents: [commits[1]!.id] })
    expect(commits[0]!.id.startsWith(commits[0]!.short)).toBe(true)
    expect(commits[0]!.decorations.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'head HEAD',
      'tag v1',
    ])
  })

  it('are narrowed by series, author, commit time and the rows they changed', async () => {
    const view = viewOf(await sample())

    expect(subjects(await listed(view, { series: ['c/d'] }))).toEqual(['3', '2'])
    expect(await listed(view, { author: 'nobody.*' })).toEqual([])
    expect(subjects(await listed(view, { author: 'ANN@ex' }))).toHaveLength(4)
    expect(subjects(await listed(view, { from: '2', to: '3' }))).toEqual(['4', '3'])
    const [tip] = await listed(view)
    expect(subjects(await listed(view, { since: `@${tip!.time.seconds}` }))[0]).toBe('4')
    expect(subjects(await listed(view, { revisions: [tip!.parents[0]!] }))[0]).toBe('3')
  })

  it('come in lists, and others are heard between them', async () => {
    const repo = await newRepository()
    await linearHistory(repo, 300)
    let turns = 0
    let isDone = false
    const tick = () => {
      turns++
      if (!isDone) setImmediate(tick)
    }
    setImmediate(tick)

    const lists = await collect(viewOf(repo).commits({}, never))
    isDone = true

    expect(lists.flat()).toHaveLength(300)
    expect(lists.length).toBeLessThan(300)
    expect(turns).toBeGreaterThanOrEqual(lists.length)
  })

  it('end with interrupted once they are not wanted any more', async () => {
    const repo = await newRepository()
    await linearHistory(repo, 100)
    const stop = new AbortController()
    const reading = viewOf(repo).commits({}, stop.signal)[Symbol.asyncIterator]()
    stop.abort()

    await expect(async () => {
      while (!(await reading.next()).done);
    }).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('of a message of a megabyte keep a line alone', async () => {
    const repo = await newRepository()
    const [id] = await storeCommits(repo, [{ seconds: 5, message: `${'x'.repeat(1_000_000)}\n` }])
    await setRefs(repo, { 'refs/heads/main': id })

    const [commit] = await listed(viewOf(repo))

    expect(commit!.subject.length).toBeLessThan(1000)
  })
})

describe('a commit', () => {
  it('says what it changed in each series, and what most', async () => {
    const view = viewOf(await sample())
    const [tip, third] = await listed(view)

    const { series, more, against, message } = await view.detail(tip!.id, undefined, never)

    expect({ against, more, message }).toEqual({ against: third!.id, more: 0, message: '4\n' })
    expect(series).toMatchObject([
      {
        path: 'a',
        state: 'changed',
        revised: 2,
        appended: 0,
        firstKey: '1',
        lastKey: '2',
        largest: { key: '1', column: 'v', old: '2', new: '8', change: '+6 (+300.00 %)' },
      },
    ])
  })

  it('can be compared with any other', async () => {
    const view = viewOf(await sample())
    const commits = await listed(view)

    const { series } = await view.detail(commits[0]!.id, commits[3]!.id, never)

    expect(series.map(({ path, state }) => [path, state])).toEqual([
      ['a', 'changed'],
      ['c/d', 'new'],
    ])
  })

  it('of very many series lists some and counts the others', async () => {
    const repo = await newRepository({ workTree: true })
    const names = Array.from({ length: 450 }, (_, at) => `s${String(at).padStart(3, '0')}`)
    await stage(repo, Object.fromEntries(names.map((name) => [name, [1]])))
    await commitStaged(repo, 'all')
    const view = viewOf(repo)
    const [tip] = await listed(view)

    const { series, more } = await view.detail(tip!.id, undefined, never)
    const [weight] = (await collect(view.weights([tip!.id], never))).flat()

    expect(series.map(({ path }) => path)).toEqual(names.slice(0, series.length))
    expect(more).toBe(450 - series.length)
    expect(more).toBeGreaterThan(0)
    expect(weight).toEqual({ id: tip!.id, rows: 450 })
  })

  it('weighs the rows that it changed; a merge nothing', async () => {
    const repo = await sample()
    const view = viewOf(repo)
    const commits = await listed(view)
    const ids = commits.map(({ id }) => id)
    const [merge] = await mergeOf(repo, ids[0]!, ids[3]!)

    const weights = (await collect(view.weights([...ids, merge], never))).flat()

    expect(weights.map(({ rows }) => rows)).toEqual([2, 2, 1, 2, undefined])
  })
})

async function mergeOf(repo: Repository, a: Id, b: Id): Promise<[Id]> {
  const batch = await repo.objects.begin()
  const merge = { ...(await readCommit(repo.objects, a)), parents: [a, b] }
  const id = await writeCommit(batch, merge)
  await batch.publish()
  return [id]
}

describe('rows', () => {
  it('that differ come page by page, forwards and back', async () => {
    const repo = await newRepository({ workTree: true })
    const values = Array.from({ length: 20_000 }, (_, at) => at)
    await stage(repo, { a: values })
    await commitStaged(repo, '1')
    await stage(repo, { a: values.map((value) => value + 1) })
    await commitStaged(repo, '2')
    const view = viewOf(repo)
    const [
      {
        id: commit,
        parents: [against],
      } = { parents: [] } as never,
    ] = await listed(view)
    const page = async (from: number) =>
      view.changedRows({ path: 'a', commit, against, from, count: 3 }, never)

    for (const from of [0, 3, 15_000, 14_000, 10, 19_999, 30_000]) {
      const { rows, total, columns } = await page(from)
      expect({ total, columns }).toEqual({ total: 20_000, columns: ['v'] })
      const keys = [0, 1, 2].map((i) => from + i).filter((key) => key < 20_000)
      expect(rows.map(({ key }) => key)).toEqual(keys.map(String))
    }
    const [row] = (await page(7)).rows
    expect(row).toEqual({
      kind: 'revised',
      key: '7',
      keyTexts: ['7'],
      cells: [{ old: '7', new: '8', change: '+1 (+14.29 %)' }],
    })
  })

  it('of a page that is not wanted any more are not read, and the next page is', async () => {
    const view = viewOf(await sample())
    const [
      {
        id: commit,
        parents: [against],
      } = { parents: [] } as never,
    ] = await listed(view)
    const request = { path: 'a', commit, against, from: 0, count: 5 }
    const stop = new AbortController()
    stop.abort()

    await expect(view.changedRows(request, stop.signal)).rejects.toMatchObject({
      code: 'interrupted',
    })
    expect((await view.changedRows(request, never)).rows).toHaveLength(2)
  })

  it('as they are at a commit come from any place', async () => {
    const view = viewOf(await sample())
    const [{ id: commit }] = (await listed(view)) as [ListedCommit]

    const rows = await view.rows(
      { path: 'a', commit, against: undefined, from: 1, count: 5 },
      never,
    )

    expect(rows).toEqual({
      columns: ['t', 'v'],
      indexCount: 1,
      isNumber: [true, true],
      rows: [
        ['1', '8'],
        ['2', '4'],
      ],
      marks: [undefined, undefined],
      total: 3,
    })
  })

  it('as they are say what the commit did to them, and where it began', async () => {
    const view = viewOf(await sample())
    const [{ id: commit, parents }] = (await listed(view)) as [ListedCommit]
    const request = { path: 'a', commit, against: parents[0], count: 5 }

    const begins = await view.rows({ ...request, from: 'change' }, never)
    const { marks } = await view.rows({ ...request, from: 0 }, never)

    expect(begins).toMatchObject({ firstChanged: 1, rows: [], total: 3 })
    expect(marks).toEqual([undefined, 'revised', 'revised'])
  })

  it('whose index is of another type have no place where they began to differ', async () => {
    const repo = await sample()
    const versions = [
      ['t:int64 v:float64', [[1n, 1]]],
      [
        't:date v:float64',
        [
          [1, 1],
          [2, 3],
        ],
      ],
    ] as const
    for (const [schema, rows] of versions) {
      const batch = await repo.objects.begin()
      const id = await build(batch, schemaOf(schema), rows)
      await batch.publish()
      await updateIndex(repo, { edits: [{ kind: 'series', path: 'b', id }] })
      await commitStaged(repo, schema)
    }
    const view = viewOf(repo)
    const [{ id: commit, parents }] = (await listed(view)) as [ListedCommit]
    const request = { path: 'b', commit, against: parents[0], count: 5 }

    expect(await view.rows({ ...request, from: 'change' }, never)).toMatchObject({
      firstChanged: 0,
    })
    expect((await view.rows({ ...request, from: 0 }, never)).marks).toEqual([undefined, undefined])
  })

  it('of a series that is not there are an error that says so', async () => {
    const view = viewOf(await sample())
    const commits = await listed(view)
    const request = { path: 'c/d', commit: commits[3]!.id, against: undefined, from: 0, count: 5 }

    for (const read of [view.rows, view.changedRows]) {
      await expect(read(request, never)).rejects.toMatchObject({ code: 'series-not-found' })
    }
  })
})

describe('the life of a point', () => {
  it('is told by its key, or by a place on the chart', async () => {
    const view = viewOf(await sample())
    const [
      {
        id: commit,
        parents: [against],
      } = { parents: [] } as never,
    ] = await listed(view)

    const byKey = await view.life({ path: 'a', commit, row: ['1'] }, never)
    const byPlace = await view.life({ path: 'a', commit, row: { from: 0, to: 2, against } }, never)
    const nowhere = await view.life(
      { path: 'a', commit, row: { from: 700, to: 800, against } },
      never,
    )

    expect(byKey.entries.map(({ kind, cells, commit }) => [commit.subject, kind, cells])).toEqual([
      ['4', 'revised', [{ column: 'v', old: '2', new: '8', change: '+6 (+300.00 %)' }]],
      ['1', 'added', [{ column: 'v', old: undefined, new: '2' }]],
    ])
    expect(byPlace).toEqual(byKey)
    const exact = { from: 1n, to: 1n, against }
    expect(await view.life({ path: 'a', commit, row: exact }, never)).toEqual(byKey)
    expect(nowhere).toEqual({ key: undefined, entries: [] })
  })
})

it('a life of many commits is told in parts, the latest first', async () => {
  const repo = await newRepository({ workTree: true })
  const commits = 300
  for (let n = 0; n < commits; n++) {
    await stage(repo, { a: n === commits - 3 ? [1, 9, n] : [1, 2, n] })
    await commitStaged(repo, `${n}`)
  }
  const parts: Life[] = []
  const view = viewOf(repo)
  const [tip] = await listed(view)
  const whole = await view.life({ path: 'a', commit: tip!.id, row: ['1'] }, never, (part) =>
    parts.push(part),
  )
  expect(parts.map(({ entries, looked }) => [entries.length, looked])).toEqual([[2, 256]])
  expect(whole.entries.length).toBe(3)
  expect(whole.entries.slice(0, 2)).toEqual(parts[0]!.entries)
  expect(whole.looked).toBeUndefined()
})

describe('what else there is', () => {
  it('series are found by a part of their names', async () => {
    const view = viewOf(await sample())
    const commits = await listed(view)

    const found = (await collect(view.touching('C/', commits, never))).flat()

    expect(found).toEqual([commits[1]!.id, commits[2]!.id])
  })

  it('refs are told with where HEAD is', async () => {
    const repo = await sample()
    const view = viewOf(repo)
    const [tip] = await listed(view)
    await setRefs(repo, { 'refs/tags/v1': tip!.id, 'refs/remotes/origin/x': tip!.id })

    const refs = await view.refs(never)

    expect(refs.map(({ kind, name, isHead }) => [kind, name, isHead])).toEqual([
      ['branch', 'main', true],
      ['remote', 'origin/x', false],
      ['tag', 'v1', false],
    ])
  })

  it('a ref that moves is noticed, and nothing else is', async () => {
    const repo = await sample()
    let looks = 0
    const stop = new AbortController()
    const wait = async () => {
      looks++
      if (looks === 3) await setRefs(repo, { 'refs/tags/new': (await tipOf(repo))! })
      if (looks === 6) stop.abort()
    }

    const moves = await collect(viewOf(repo, { wait }).moved(stop.signal))

    expect(moves).toHaveLength(1)
  })

  it('a chart shows the rows around a change', async () => {
    const view = viewOf(await sample())
    const [
      {
        id: commit,
        parents: [against],
      } = { parents: [] } as never,
    ] = await listed(view)

    const { columns, rows, rowsBefore } = await view.plot(
      { path: 'a', commit, against, columns: undefined, range: 'change', buckets: 10 },
      never,
    )

    expect({ rows, rowsBefore }).toEqual({ rows: 3, rowsBefore: 3 })
    expect(columns.map(({ name }) => name)).toEqual(['v'])
  })
})

async function tipOf(repo: Repository): Promise<Id | undefined> {
  return (await repo.refs.state()).refs.get('refs/heads/main')
}

describe('what changes the repository', () => {
  it('makes a tag', async () => {
    const repo = await sample()
    const view = viewOf(repo)
    const [tip] = await listed(view)

    const said = await view.act({ kind: 'tag', commit: tip!.id, name: 'v2' })

    expect(said).toMatch(/^tag v2 is at /)
    expect((await listed(view))[0]!.decorations.map(({ name }) => name)).toContain('v2')
  })

  it('reverts a commit', async () => {
    const repo = await sample()
    const view = viewOf(repo)
    const [tip] = await listed(view)

    await view.act({ kind: 'revert', commit: tip!.id })

    const [made] = await listed(view)
    expect(made!.subject).toMatch(/^Revert /)
    expect(
      (
        await view.rows(
          { path: 'a', commit: made!.id, against: undefined, from: 0, count: 9 },
          never,
        )
      ).rows,
    ).toEqual([
      ['0', '1'],
      ['1', '2'],
      ['2', '3'],
    ])
  })

  it('leaves all as it was where a revert is in conflict', async () => {
    const repo = await sample()
    const view = viewOf(repo)
    const commits = await listed(view)

    await expect(view.act({ kind: 'revert', commit: commits[1]!.id })).rejects.toMatchObject({
      code: 'conflict',
    })

    expect(await listed(view)).toEqual(commits)
  })

  it('goes to a branch and to a commit', async () => {
    const repo = await sample()
    const view = viewOf(repo)
    const [, third] = await listed(view)

    expect(await view.act({ kind: 'checkout', target: third!.id })).toMatch(/on no branch$/)
    expect(subjects(await listed(view))[0]).toBe('3')
    expect(await view.act({ kind: 'checkout', target: 'main' })).toBe('switched to branch main')
    expect(subjects(await listed(view))[0]).toBe('4')
  })
})
