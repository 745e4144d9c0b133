import { beforeAll, describe, expect, it } from 'vitest'
import { writeCommit } from '../../src/core/commit.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Id } from '../../src/core/id.ts'
import { parsePeriod } from '../../src/core/period.ts'
import type { Schema } from '../../src/core/schema.ts'
import { buildSeries } from '../../src/core/series-build.ts'
import { writeTag } from '../../src/core/tag.ts'
import { EMPTY_TREE, writeTree } from '../../src/core/tree.ts'
import { setHead } from '../../src/plumbing/head.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { resolveAsOf } from '../../src/plumbing/resolve-as-of.ts'
import { resolveObjectName } from '../../src/plumbing/resolve-object-name.ts'
import { resolveCommit, resolveRevision, resolveTree } from '../../src/plumbing/resolve-revision.ts'
import {
  ann,
  linearHistory,
  newRepository,
  setRefs,
  storeCommits,
} from '../support/repositories.ts'

describe('resolveRevision', () => {
  let repo: Repository
  let line: Id[]
  let merge: Id
  let side: Id
  let tag: Id

  beforeAll(async () => {
    repo = await newRepository({
      workTree: true,
      config: new Map([
        ['branch.main.remote', 'origin'],
        ['branch.main.merge', 'refs/heads/trunk'],
      ]),
    })
    line = await linearHistory(repo, 4)
    const batch = await repo.objects.begin()
    tag = await writeTag(batch, {
      object: line[1]!,
      kind: 'commit',
      name: 'v1',
      tagger: ann(5),
      message: 'one\n',
    })
    await batch.publish()
    side = (await storeCommits(repo, [{ seconds: 86_400, message: 'side\n' }]))[0]!
    const inner = await repo.objects.begin()
    merge = await writeCommit(inner, {
      tree: EMPTY_TREE,
      parents: [line[3]!, side],
      author: ann(9 * 86_400),
      committer: ann(9 * 86_400),
      message: 'merge\n',
    })
    await inner.publish()
    await setRefs(repo, {
      'refs/heads/merged': merge,
      'refs/heads/both': line[0],
      'refs/tags/both': line[1],
      'refs/tags/v1': tag,
      'refs/remotes/origin/trunk': line[2],
      'refs/remotes/origin/HEAD': line[2],
      'refs/notes/x': line[0],
    })
  })

  const id = async (text: string) => (await resolveRevision(repo, text)).id

  it('knows HEAD, refs by every name, and whole ids', async () => {
    expect(await resolveRevision(repo, 'HEAD')).toEqual({
      id: line[3],
      kind: 'commit',
      ref: 'refs/heads/main',
      alsoMeans: [],
    })
    expect(await id('@')).toBe(line[3])
    for (const name of [
      'main',
      'heads/main',
      'refs/heads/main',
      line[3]!,
      line[3]!.toUpperCase(),
    ]) {
      expect(await id(name)).toBe(line[3])
    }
    expect(await id('origin/trunk')).toBe(line[2])
    expect(await id('origin')).toBe(line[2])
    expect(await id('notes/x')).toBe(line[0])
    expect(await id('v1')).toBe(tag)
  })

  it('prefers tags to branches, and says what else was possible', async () => {
    expect(await resolveRevision(repo, 'both')).toMatchObject({
      id: line[1],
      ref: 'refs/tags/both',
      alsoMeans: ['refs/heads/both'],
    })
  })

  it('goes up parents', async () => {
    expect(await id('main~')).toBe(line[2])
    expect(await id('main~3')).toBe(line[0])
    expect(await id('main^^')).toBe(line[1])
    expect(await id('main~0')).toBe(line[3])
    expect(await id('main^0')).toBe(line[3])
    expect(await id('merged^2')).toBe(side)
    expect(await id('merged^1~2')).toBe(line[1])
    await expect(id('main~4')).rejects.toThrow('history begins at')
    await expect(id('main^2')).rejects.toThrow('has 1 parent')
    await expect(id('main~3^')).rejects.toThrow('has no parent')
  })

  it('peels', async () => {
    expect(await id('v1^{}')).toBe(line[1])
    expect(await id('v1^{commit}')).toBe(line[1])
    expect(await id('v1^{tag}')).toBe(tag)
    expect(await id('v1^{object}')).toBe(tag)
    expect(await id('v1^0')).toBe(line[1])
    expect(await id('v1~1')).toBe(line[0])
    expect(await resolveRevision(repo, 'v1^{tree}')).toMatchObject({ id: EMPTY_TREE, kind: 'tree' })
    expect(await resolveCommit(repo, 'v1')).toBe(line[1])
    expect(await resolveTree(repo, 'main')).toBe(EMPTY_TREE)
    await expect(id('main^{tag}')).rejects.toThrow('it is a commit, not a tag')
    await expect(id('main^{tree}~1')).rejects.toThrow('it is a tree, not a commit')
  })

  it('takes abbreviated ids of four digits and more', async () => {
    expect(await id(line[2]!.slice(0, 12))).toBe(line[2])
    expect(await id(`${line[2]!.slice(0, 12).toUpperCase()}~1`)).toBe(line[1])
    expect(await id(`v1-2-g${line[2]!.slice(0, 10)}`)).toBe(line[2])
    await expect(id(line[2]!.slice(0, 3))).rejects.toThrow(
      expect.objectContaining({ code: 'revision-not-found' }),
    )
    await expect(id('0000')).rejects.toThrow('no ref or object has this name')
    await expect(id('0'.repeat(64))).rejects.toThrow('is not here')
  })

  it('names the nearest ref', async () => {
    await expect(id('mian')).rejects.toThrow(
      expect.objectContaining({ hint: 'did you mean main?', code: 'revision-not-found' }),
    )
    await expect(id('orign/trunk')).rejects.toThrow(
      expect.objectContaining({ hint: 'did you mean origin/trunk?' }),
    )
  })

  it('finds what a branch follows', async () => {
    expect(await resolveRevision(repo, 'main@{u}')).toMatchObject({
      id: line[2],
      ref: 'refs/remotes/origin/trunk',
    })
    expect(await id('@{upstream}~1')).toBe(line[1])
    await expect(id('merged@{u}')).rejects.toThrow('follows no other branch')
  })
})

describe('ambiguous ids', () => {
  it('list what they fit, and go by the kind that is wanted', async () => {
    const repo = await newRepository()
    const batch = await repo.objects.begin()
    const byPrefix = new Map<string, Id>()
    let pair: [Id, Id] | undefined
    for (let number = 0; pair === undefined; number++) {
      const id = await batch.put('blob', Buffer.from(String(number)))
      const other = byPrefix.get(id.slice(0, 4))
      if (other !== undefined) pair = [other, id]
      byPrefix.set(id.slice(0, 4), id)
    }
    await batch.publish()
    const prefix = pair[0].slice(0, 4)
    await expect(resolveRevision(repo, prefix)).rejects.toThrow(
      expect.objectContaining({
        code: 'ambiguous-revision',
        data: expect.objectContaining({
          candidates: [...pair].sort().map((id) => ({ id, kind: 'blob' })),
        }),
      }),
    )
    let commit: Id | undefined
    for (let seconds = 0; commit === undefined; seconds++) {
      const [made] = await storeCommits(repo, [{ seconds }])
      const blob = byPrefix.get(made!.slice(0, 4))
      if (blob !== undefined) commit = made
      if (seconds > 3000) return
    }
    expect(await resolveCommit(repo, commit.slice(0, 4))).toBe(commit)
  })
})

describe('the ref log', () => {
  let repo: Repository
  let line: Id[]
  const id = async (text: string) => (await resolveRevision(repo, text)).id

  beforeAll(async () => {
    repo = await newRepository({ workTree: true })
    line = await storeCommits(repo, [
      { seconds: 1 },
      { seconds: 2, parents: [0] },
      { seconds: 3, parents: [1] },
      { seconds: 4 },
    ])
    const day = 86_400
    await setRefs(repo, { 'refs/heads/main': line[0] }, 10 * day)
    await setRefs(repo, { 'refs/heads/main': line[1] }, 20 * day)
    await setRefs(repo, { 'refs/heads/other': line[3] }, 25 * day)
    await setHead(repo, { to: { ref: 'refs/heads/other' }, who: ann(26 * day), message: 'switch' })
    await setRefs(repo, { 'refs/heads/main': line[2] }, 30 * day)
    await setHead(repo, { to: { id: line[0]! }, who: ann(31 * day), message: 'switch' })
    await setHead(repo, { to: { ref: 'refs/heads/main' }, who: ann(32 * day), message: 'switch' })
    await setRefs(repo, { 'refs/heads/gone': line[1] }, 33 * day)
    await setRefs(repo, { 'refs/heads/gone': undefined }, 34 * day)
  })

  it('is counted back', async () => {
    expect(await id('main@{0}')).toBe(line[2])
    expect(await id('main@{1}')).toBe(line[1])
    expect(await id('main@{2}')).toBe(line[0])
    expect(await id('@{1}')).toBe(line[1])
    expect(await id('main@{1}~1')).toBe(line[0])
    await expect(id('main@{3}')).rejects.toThrow('the log of refs/heads/main has 3 entries')
    await expect(id('nix@{0}')).rejects.toThrow('no ref is called nix')
  })

  it('is asked by date, a bare date meaning its end', async () => {
    expect(await id('main@{1970-01-11}')).toBe(line[0])
    expect(await id('main@{1970-01-20}')).toBe(line[0])
    expect(await id('main@{1970-01-21T00:00:00Z}')).toBe(line[1])
    expect(await id('main@{1970-01-20T23:59:59Z}')).toBe(line[0])
    expect(await id('main@{2000-01-01}')).toBe(line[2])
    expect(await id('main@{@1728000 +0000}')).toBe(line[1])
    await expect(id('main@{1970-01-10}')).rejects.toThrow(
      expect.objectContaining({
        code: 'before-history',
        data: expect.objectContaining({ begins: '1970-01-11T00:00:00Z' }),
      }),
    )
    await expect(id('main@{whenever}')).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-date' }),
    )
  })

  it('knows relative dates only where it is told what time it is', async () => {
    const now = { seconds: 22 * 86_400, offsetMinutes: 0 }
    expect((await resolveRevision(repo, 'main@{yesterday}', { now })).id).toBe(line[1])
    expect((await resolveRevision(repo, 'main@{3 days ago}', { now })).id).toBe(line[0])
    await expect(id('main@{yesterday}')).rejects.toThrow('not a date')
  })

  it('has HEAD’s own values', async () => {
    expect(await id('HEAD@{0}')).toBe(line[2])
    expect(await id('HEAD@{1}')).toBe(line[0])
    expect(await id('HEAD@{2}')).toBe(line[3])
    expect(await id('HEAD@{3}')).toBe(line[1])
    expect(await id('HEAD@{4}')).toBe(line[0])
    await expect(id('HEAD@{5}')).rejects.toThrow('the log of HEAD has 5 entries')
  })

  it('knows what was checked out before', async () => {
    expect(await resolveRevision(repo, '@{-1}')).toMatchObject({ id: line[0] })
    expect(await resolveRevision(repo, '@{-2}')).toMatchObject({ ref: 'refs/heads/other' })
    expect(await resolveRevision(repo, '@{-3}')).toMatchObject({ ref: 'refs/heads/main' })
    await expect(id('@{-4}')).rejects.toThrow('only 3 switches')
  })

  it('is there for refs that are gone', async () => {
    expect(await id('gone@{1}')).toBe(line[1])
    expect(await id('gone@{1970-02-03}')).toBe(line[1])
    await expect(id('gone@{0}')).rejects.toThrow('was deleted then')
    await expect(id('gone@{1970-02-04}')).rejects.toThrow('did not exist then')
  })
})

describe('a repository without commits', () => {
  it('has no HEAD to resolve', async () => {
    const repo = await newRepository()
    await expect(resolveRevision(repo, 'HEAD')).rejects.toThrow('refs/heads/main has no commit yet')
    await expect(resolveRevision(repo, 'main')).rejects.toThrow('no ref or object')
  })
})

describe('resolveAsOf', () => {
  it('is the first commit along first parents that is not later', async () => {
    const repo = await newRepository()
    const ids = await storeCommits(repo, [
      { seconds: 86_400 },
      { seconds: 2 * 86_400, parents: [0] },
      { seconds: 3 * 86_400 },
      { seconds: 4 * 86_400, parents: [1, 2] },
    ])
    const asOf = async (text: string) => (await resolveAsOf(repo, ids[3]!, parsePeriod(text))).id
    expect(await asOf('1970-01-05')).toBe(ids[3])
    expect(await asOf('1970-01-04')).toBe(ids[1])
    expect(await asOf('1970-01-03')).toBe(ids[1])
    expect(await asOf('1970-01-03T00:00:00Z')).toBe(ids[1])
    expect(await asOf('1970-01-02T23:59:59Z')).toBe(ids[0])
    expect(await asOf('1970')).toBe(ids[3])
    await expect(asOf('1970-01-01')).rejects.toThrow(
      expect.objectContaining({
        code: 'before-history',
        message: 'history begins at 1970-01-02T00:00:00Z',
      }),
    )
  })

  it('takes a commit of that very second, and the end of a day, inclusive', async () => {
    const repo = await newRepository()
    const ids = await storeCommits(repo, [
      { seconds: 0 },
      { seconds: 86_399, parents: [0] },
      { seconds: 86_400, parents: [1] },
    ])
    const asOf = async (text: string) => (await resolveAsOf(repo, ids[2]!, parsePeriod(text))).id
    expect(await asOf('1970-01-01')).toBe(ids[1])
    expect(await asOf('1970-01-02T00:00:00Z')).toBe(ids[2])
    expect(await asOf('1970-01-01T23:59:59.5Z')).toBe(ids[1])
    expect(await asOf('@0')).toBe(ids[0])
  })
})

describe('resolveObjectName', () => {
  it('looks names up in trees and in the index', async () => {
    const repo = await newRepository({ workTree: true })
    const schema: Schema = {
      columns: [{ name: 'n', type: 'int32' }],
      indexCount: 1,
      duplicates: false,
    }
    const batch = await repo.objects.begin()
    const { id: series } = await buildSeries(batch, schema, [frameFromRows(schema, [[1]])])
    const inner = await writeTree(batch, [{ name: 'berlin', kind: 'series', id: series }])
    const tree = await writeTree(batch, [{ name: 'weather', kind: 'tree', id: inner }])
    await batch.publish()
    const [commit] = await storeCommits(repo, [{ seconds: 1, tree }])
    await setRefs(repo, { 'refs/heads/main': commit })
    expect(await resolveObjectName(repo, 'main:weather/berlin')).toMatchObject({
      id: series,
      kind: 'series',
      commit,
      tree,
      path: 'weather/berlin',
    })
    expect(await resolveObjectName(repo, `${commit}:weather/`)).toMatchObject({
      id: inner,
      kind: 'tree',
    })
    expect(await resolveObjectName(repo, `${tree}:weather`)).toMatchObject({ id: inner })
    expect(await resolveObjectName(repo, 'main:')).toMatchObject({ id: tree, kind: 'tree' })
    expect(await resolveObjectName(repo, 'main')).toMatchObject({ id: commit, kind: 'commit' })
    expect(await resolveObjectName(repo, ':weather/berlin')).toMatchObject({ id: series, tree })
    await expect(resolveObjectName(repo, ':weather/x')).rejects.toThrow('in the index')
    await expect(resolveObjectName(await newRepository(), ':weather')).rejects.toThrow(
      expect.objectContaining({ code: 'refused' }),
    )
    await expect(resolveObjectName(repo, 'main:weather/berlni')).rejects.toThrow(
      expect.objectContaining({ code: 'series-not-found', hint: 'did you mean weather/berlin?' }),
    )
    await expect(resolveObjectName(repo, 'main:weather/berlin/')).rejects.toThrow('no series')
  })
})
