import { beforeEach, describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { writeTag } from '../../src/core/tag.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { checkRefFormat } from '../../src/plumbing/check-ref-format.ts'
import { forEachRef } from '../../src/plumbing/for-each-ref.ts'
import { defaultRefFormat, parseRefFormat } from '../../src/plumbing/format-ref.ts'
import { headState, moveRef, readHead, setHead } from '../../src/plumbing/head.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { matchesRef } from '../../src/plumbing/list-refs.ts'
import { readReflog } from '../../src/plumbing/read-reflog.ts'
import { openRepositoryParts, type Repository } from '../../src/plumbing/repository.ts'
import { showRef } from '../../src/plumbing/show-ref.ts'
import { setSymbolicRef, symbolicRef } from '../../src/plumbing/symbolic-ref.ts'
import { type RefChange, updateRef } from '../../src/plumbing/update-ref.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import {
  ann,
  collect,
  linearHistory,
  newRepository,
  setRefs,
  storeCommits,
} from '../support/repositories.ts'

const who = ann(100)

async function refsOf(repo: Repository): Promise<Record<string, string>> {
  return Object.fromEntries((await repo.refs.state()).refs)
}

async function annotate(repo: Repository, object: Id, name: string, seconds = 5): Promise<Id> {
  const batch = await repo.objects.begin()
  const tag = {
    object,
    kind: 'commit' as const,
    name,
    tagger: ann(seconds),
    message: 'Tag\n\nbody\n',
  }
  const id = await writeTag(batch, tag)
  await batch.publish()
  return id
}

describe('initRepository', () => {
  it('makes a repository that is opened again', async () => {
    const storage = createMemoryStorage('memory:prices')
    await expect(openRepositoryParts({ storage })).rejects.toThrow(
      expect.objectContaining({
        code: 'not-a-repository',
        message: 'memory:prices is not a repository',
      }),
    )
    const made = await initRepository({ storage, initialBranch: 'trunk', who })
    expect(made).toMatchObject({ created: true, branch: 'refs/heads/trunk' })
    const repo = await openRepositoryParts({ storage })
    expect(await headState(repo)).toEqual({
      ref: 'refs/heads/trunk',
      id: undefined,
      detached: false,
    })
  })

  it('leaves one alone that is there', async () => {
    const storage = createMemoryStorage()
    await initRepository({ storage, who })
    const again = await initRepository({ storage, initialBranch: 'other', who })
    expect(again).toMatchObject({ created: false, branch: 'refs/heads/main' })
    expect((await again.repo.refs.state()).number).toBe(1)
  })

  it('refuses a first branch that cannot be one', async () => {
    const made = initRepository({ storage: createMemoryStorage(), initialBranch: 'a..b', who })
    await expect(made).rejects.toThrow(expect.objectContaining({ code: 'invalid-name' }))
  })
})

describe('HEAD', () => {
  it('is the work tree’s own, and follows its branch', async () => {
    const repo = await newRepository({ workTree: true })
    const ids = await linearHistory(repo, 2)
    expect(await headState(repo)).toEqual({ ref: 'refs/heads/main', id: ids[1], detached: false })
    await setHead(repo, { to: { id: ids[0]! }, who, message: 'checkout' })
    expect(await headState(repo)).toEqual({ ref: undefined, id: ids[0], detached: true })
    expect(Buffer.from((await repo.privateFiles!.read('HEAD'))!).toString()).toBe(`${ids[0]}\n`)
    // The default branch of the store stays.
    expect((await repo.refs.state()).head).toBe('refs/heads/main')
  })

  it('is the default branch where there is no work tree, and cannot be detached there', async () => {
    const repo = await newRepository()
    const [id] = await linearHistory(repo, 1)
    await setHead(repo, { to: { ref: 'refs/heads/next' }, who, message: 'x' })
    expect(await readHead(repo)).toEqual({ ref: 'refs/heads/next' })
    await expect(setHead(repo, { to: { id: id! }, who, message: 'x' })).rejects.toThrow(
      expect.objectContaining({ code: 'refused' }),
    )
  })

  it('is an error when its file is damaged', async () => {
    const repo = await newRepository({ workTree: true })
    for (const text of ['', 'ref: ', 'ref: a..b', 'ref: refs/heads/x\nmore', 'abc']) {
      await repo.privateFiles!.write('HEAD', Buffer.from(text))
      await expect(readHead(repo)).rejects.toThrow(
        expect.objectContaining({ code: 'corrupt-file' }),
      )
    }
  })

  it('is moved with its branch, or by itself when detached', async () => {
    const repo = await newRepository({ workTree: true })
    const ids = await linearHistory(repo, 3)
    const move = (old: Id, next: Id) =>
      moveRef(repo, { ref: 'HEAD', old, new: next, who, message: 'commit' })
    await move(ids[2]!, ids[1]!)
    expect(await refsOf(repo)).toEqual({ 'refs/heads/main': ids[1] })
    await setHead(repo, { to: { id: ids[0]! }, who, message: 'detach' })
    await move(ids[0]!, ids[2]!)
    expect(await headState(repo)).toMatchObject({ id: ids[2], detached: true })
    expect(await refsOf(repo)).toEqual({ 'refs/heads/main': ids[1] })
    await expect(move(ids[0]!, ids[1]!)).rejects.toThrow(
      expect.objectContaining({ code: 'conflict' }),
    )
    const reflog = await collect(readReflog(repo, 'HEAD'))
    expect(reflog.map((entry) => entry.new)).toEqual([ids[2], ids[0], ids[1], ids[2]])
    expect(reflog.map(({ message }) => message)).toEqual(['commit', 'detach', 'commit', 'set'])
  })
})

describe('updateRef', () => {
  let repo: Repository
  let ids: Id[]
  const update = (...changes: RefChange[]) => updateRef(repo, { changes, who, message: 'test' })

  beforeEach(async () => {
    repo = await newRepository({ workTree: true })
    ids = await linearHistory(repo, 3)
  })

  it('names the packs that the new value needs', async () => {
    const [id] = await storeCommits(repo, [{ seconds: 1, message: 'fresh\n' }])
    const before = (await repo.refs.state()).packs.size
    const { entry } = await update({ ref: 'refs/heads/new', new: id })
    expect(entry?.packs).toHaveLength(1)
    expect((await repo.refs.state()).packs.size).toBe(before + 1)
    const again = await update({ ref: 'refs/heads/newer', new: id })
    expect(again.entry?.packs).toEqual([])
  })

  it('creates, moves and deletes, and does nothing where nothing changes', async () => {
    await update({ ref: 'refs/heads/a', new: ids[0], old: null })
    await update({ ref: 'refs/heads/a', new: ids[1], old: ids[0] })
    expect((await refsOf(repo))['refs/heads/a']).toBe(ids[1])
    expect(await update({ ref: 'refs/heads/a', new: ids[1] })).toEqual({ updates: [] })
    await update({ ref: 'refs/heads/a', new: undefined, old: ids[1] })
    expect(await refsOf(repo)).toEqual({ 'refs/heads/main': ids[2] })
    expect(await update({ ref: 'refs/heads/a', new: undefined })).toEqual({ updates: [] })
  })

  it('is a conflict when a ref is not what it should be, and changes none then', async () => {
    for (const old of [null, ids[0]]) {
      await expect(
        update({ ref: 'refs/heads/b', new: ids[0] }, { ref: 'refs/heads/main', new: ids[1], old }),
      ).rejects.toThrow(expect.objectContaining({ code: 'conflict' }))
    }
    await expect(update({ ref: 'refs/heads/x', new: ids[0], old: ids[1] })).rejects.toThrow(
      expect.objectContaining({ hint: 'it does not exist' }),
    )
    expect(await refsOf(repo)).toEqual({ 'refs/heads/main': ids[2] })
  })

  it('checks before it does nothing', async () => {
    await expect(update({ ref: 'refs/heads/main', new: ids[2], old: ids[0] })).rejects.toThrow(
      expect.objectContaining({ code: 'conflict' }),
    )
  })

  it('means by HEAD the branch, unless told otherwise', async () => {
    await update({ ref: 'HEAD', new: ids[0] })
    expect(await refsOf(repo)).toEqual({ 'refs/heads/main': ids[0] })
    const changes = [{ ref: 'HEAD', new: ids[1], old: ids[0] }]
    await updateRef(repo, { changes, noDeref: true, who, message: 'detach' })
    expect(await headState(repo)).toMatchObject({ id: ids[1], detached: true })
    await update({ ref: 'HEAD', new: ids[2], old: ids[1] })
    expect(await headState(repo)).toMatchObject({ id: ids[2], detached: true })
    expect(await refsOf(repo)).toEqual({ 'refs/heads/main': ids[0] })
    await expect(update({ ref: 'HEAD', new: undefined })).rejects.toThrow('cannot be deleted')
  })

  it('refuses values that a ref cannot have', async () => {
    const gone = 'f'.repeat(64) as Id
    await expect(update({ ref: 'refs/tags/x', new: gone })).rejects.toThrow(
      expect.objectContaining({ code: 'object-not-found' }),
    )
    await expect(update({ ref: 'refs/heads/x', new: EMPTY_TREE })).rejects.toThrow(
      expect.objectContaining({ code: 'refused' }),
    )
    await update({ ref: 'refs/tags/tree', new: EMPTY_TREE })
    expect((await refsOf(repo))['refs/tags/tree']).toBe(EMPTY_TREE)
  })

  it('refuses names that a ref cannot have', async () => {
    await expect(update({ ref: 'main', new: ids[0] })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-name', hint: 'did you mean refs/heads/main?' }),
    )
    await expect(update({ ref: 'refs/heads/a..b', new: ids[0] })).rejects.toThrow('".."')
    await expect(update({ ref: 'refs/heads/main/x', new: ids[0] })).rejects.toThrow(
      'cannot be beside refs/heads/main',
    )
    const folder = update(
      { ref: 'refs/heads/x/y', new: ids[0] },
      { ref: 'refs/heads/x', new: ids[0] },
    )
    await expect(folder).rejects.toThrow(expect.objectContaining({ code: 'refused' }))
    await update(
      { ref: 'refs/heads/main', new: undefined },
      { ref: 'refs/heads/main/x', new: ids[0] },
    )
    expect(await refsOf(repo)).toEqual({ 'refs/heads/main/x': ids[0] })
  })

  it('does not lose any of many at once', async () => {
    const names = Array.from({ length: 20 }, (_, number) => `refs/heads/b${number}`)
    await Promise.all(names.map((ref) => update({ ref, new: ids[0] })))
    expect(Object.keys(await refsOf(repo)).sort()).toEqual(['refs/heads/main', ...names].sort())
  })
})

describe('symbolicRef', () => {
  it('reads and sets the branch of HEAD', async () => {
    const repo = await newRepository({ workTree: true })
    const [id] = await linearHistory(repo, 1)
    expect(await symbolicRef(repo, { name: 'HEAD' })).toEqual({ ref: 'refs/heads/main' })
    await setSymbolicRef(repo, { name: 'HEAD', target: 'refs/heads/new', who })
    expect(await headState(repo)).toEqual({ ref: 'refs/heads/new', id: undefined, detached: false })
    await expect(
      setSymbolicRef(repo, { name: 'HEAD', target: 'refs/tags/x', who }),
    ).rejects.toThrow(expect.objectContaining({ code: 'refused' }))
    await expect(symbolicRef(repo, { name: 'refs/heads/main' })).rejects.toThrow('only HEAD is')
    await setHead(repo, { to: { id: id! }, who, message: 'detach' })
    await expect(symbolicRef(repo, { name: 'HEAD' })).rejects.toThrow(
      expect.objectContaining({ code: 'ref-not-found' }),
    )
  })
})

describe('showRef', () => {
  let repo: Repository
  let ids: Id[]
  let tag: Id

  beforeEach(async () => {
    repo = await newRepository()
    ids = await linearHistory(repo, 2)
    tag = await annotate(repo, ids[0]!, 'v1')
    await setRefs(repo, {
      'refs/tags/v1': tag,
      'refs/heads/fix/main': ids[0],
      'refs/remotes/origin/main': ids[1],
      'refs/heads/ä': ids[0],
      'refs/heads/Z': ids[0],
    })
  })

  const names = async (options: Parameters<typeof showRef>[1]) =>
    (await showRef(repo, options)).map(({ name }) => name)

  it('lists refs by the bytes of their names', async () => {
    expect(await names({})).toEqual([
      'refs/heads/Z',
      'refs/heads/fix/main',
      'refs/heads/main',
      'refs/heads/ä',
      'refs/remotes/origin/main',
      'refs/tags/v1',
    ])
  })

  it('takes the last parts of names, whole names, and places', async () => {
    expect(await names({ patterns: ['main'] })).toEqual([
      'refs/heads/fix/main',
      'refs/heads/main',
      'refs/remotes/origin/main',
    ])
    expect(await names({ patterns: ['heads/main'] })).toEqual(['refs/heads/main'])
    expect(await names({ patterns: ['ain'] })).toEqual([])
    expect(await names({ patterns: ['refs/heads/main'], verify: true })).toEqual([
      'refs/heads/main',
    ])
    expect(await names({ patterns: ['main'], verify: true })).toEqual([])
    expect(await names({ tags: true })).toEqual(['refs/tags/v1'])
    expect(await names({ heads: true, tags: true, patterns: ['v1', 'Z'] })).toEqual([
      'refs/heads/Z',
      'refs/tags/v1',
    ])
  })

  it('shows HEAD and what tags stand for', async () => {
    expect(await showRef(repo, { tags: true, head: true, dereference: true })).toEqual([
      { name: 'HEAD', id: ids[1] },
      { name: 'refs/tags/v1', id: tag },
      { name: 'refs/tags/v1^{}', id: ids[0] },
    ])
  })
})

describe('forEachRef', () => {
  let repo: Repository
  let ids: Id[]

  beforeEach(async () => {
    repo = await newRepository({
      config: new Map([
        ['branch.main.remote', 'origin'],
        ['branch.main.merge', 'refs/heads/main'],
      ]),
    })
    ids = await linearHistory(repo, 3)
    await setRefs(repo, {
      'refs/heads/old': ids[0],
      'refs/tags/v1.10': ids[1],
      'refs/tags/v1.9': await annotate(repo, ids[0]!, 'v1.9', 86_400 * 50),
      'refs/tags/tree': EMPTY_TREE,
    })
  })

  const names = async (options: Parameters<typeof forEachRef>[1]) =>
    (await forEachRef(repo, options)).map(({ short }) => short)

  it('takes patterns and a count', async () => {
    expect(await names({})).toEqual(['main', 'old', 'tree', 'v1.10', 'v1.9'])
    expect(await names({ patterns: ['refs/tags'] })).toEqual(['tree', 'v1.10', 'v1.9'])
    expect(await names({ patterns: ['refs/tags/v*', 'refs/heads/old'] })).toEqual([
      'old',
      'v1.10',
      'v1.9',
    ])
    expect(await names({ count: 2 })).toEqual(['main', 'old'])
  })

  it('sorts', async () => {
    expect(await names({ sort: ['-refname'] })).toEqual(['v1.9', 'v1.10', 'tree', 'old', 'main'])
    expect(await names({ sort: ['-committerdate'], patterns: ['refs/heads'] })).toEqual([
      'main',
      'old',
    ])
    expect(await names({ sort: ['creatordate'] })).toEqual(['tree', 'old', 'v1.10', 'main', 'v1.9'])
    expect(await names({ sort: ['v:refname'], patterns: ['refs/tags/v*'] })).toEqual([
      'v1.9',
      'v1.10',
    ])
    await expect(names({ sort: ['size'] })).rejects.toThrow(
      expect.objectContaining({ code: 'usage' }),
    )
  })

  it('chooses by what can be reached', async () => {
    expect(await names({ contains: 'v1.10' })).toEqual(['main', 'v1.10'])
    expect(await names({ noContains: 'v1.10' })).toEqual(['old', 'v1.9'])
    expect(await names({ merged: 'v1.10' })).toEqual(['old', 'v1.10', 'v1.9'])
    expect(await names({ noMerged: 'v1.10' })).toEqual(['main'])
    expect(await names({ pointsAt: ids[0]! })).toEqual(['old', 'v1.9'])
  })

  it('is written by a format', async () => {
    const show = async (pattern: string, format: string) => {
      const [details] = await forEachRef(repo, { patterns: [pattern] })
      return parseRefFormat(format)(details!, { abbreviation: 8, now: 86_400 * 60 })
    }
    const main = 'refs/heads/main'
    expect(await show(main, defaultRefFormat)).toBe(`${ids[2]} commit\t${main}`)
    expect(await show(main, '%(HEAD)%(refname:short)%09%(objectname:short)%%')).toBe(
      `*main\t${ids[2]!.slice(0, 8)}%`,
    )
    expect(await show(main, '%(subject)|%(authorname)|%(authoremail)')).toBe(
      'commit 2|Ann|<ann@example.com>',
    )
    expect(await show(main, '%(upstream) %(upstream:short) %(parent) %(numparent)')).toBe(
      `refs/remotes/origin/main origin/main ${ids[1]} 1`,
    )
    expect(await show(main, '%(committerdate:iso-strict)|%(taggername)')).toBe(
      '1970-01-04T00:00:00Z|',
    )
    const tag = 'refs/tags/v1.9'
    expect(await show(tag, '%(objecttype) %(*objecttype) %(*objectname) %(tag)')).toBe(
      `tag commit ${ids[0]} v1.9`,
    )
    expect(await show(tag, '%(contents:subject)|%(body)|%(creatordate:relative)')).toBe(
      'Tag|body\n|10 days ago',
    )
    expect(await show(tag, '%(*subject)')).toBe('commit 0')
    for (const bad of ['%(nix)', '%(refname:long)', '%(authorname:short)', '%(authordate:nix)']) {
      expect(() => parseRefFormat(bad)).toThrow(expect.objectContaining({ code: 'usage' }))
    }
  })
})

describe('matchesRef', () => {
  it.each([
    ['refs/heads', 'refs/heads/a/b', true],
    ['refs/heads/', 'refs/heads/a', true],
    ['refs/head', 'refs/heads/a', false],
    ['refs/heads/*', 'refs/heads/a', true],
    ['refs/heads/*', 'refs/heads/a/b', false],
    ['refs/**', 'refs/heads/a/b', true],
    ['refs/**/b', 'refs/heads/a/b', true],
    ['refs/heads/?', 'refs/heads/a', true],
    ['refs/heads/?', 'refs/heads/ab', false],
    ['refs/heads/a*c', 'refs/heads/abbc', true],
    ['refs/heads/a*c*', 'refs/heads/abb', false],
  ])('%s and %s: %s', (pattern, name, fits) => {
    expect(matchesRef(pattern, name)).toBe(fits)
  })

  it('takes no time over a hostile pattern', () => {
    expect(matchesRef(`refs/${'a*'.repeat(200)}b`, `refs/${'a'.repeat(900)}`)).toBe(false)
  })
})

describe('checkRefFormat', () => {
  it('normalises and checks', async () => {
    const name = async (options: Parameters<typeof checkRefFormat>[0]) =>
      (await checkRefFormat(options)).name
    expect(await name({ name: 'refs/heads/a' })).toBe('refs/heads/a')
    expect(await name({ name: '//refs///heads/a', normalize: true })).toBe('refs/heads/a')
    expect(await name({ name: 'main', allowOneLevel: true })).toBe('main')
    expect(await name({ name: 'main', branch: true })).toBe('main')
    expect(await name({ name: 'refs/heads/*', refspecPattern: true })).toBe('refs/heads/*')
    for (const bad of [
      { name: 'main' },
      { name: '//refs//heads' },
      { name: 'refs/heads/*' },
      { name: 'refs/*/*', refspecPattern: true },
      { name: '-f', branch: true },
    ]) {
      await expect(name(bad)).rejects.toThrow(expect.objectContaining({ code: 'invalid-name' }))
    }
  })
})

describe('a damaged HEAD', () => {
  it('is mended as the error says', async () => {
    const repo = await newRepository({ workTree: true })
    const [first] = await linearHistory(repo, 1)
    await repo.privateFiles!.write('HEAD', Buffer.from('xx'))
    await expect(readHead(repo)).rejects.toThrow(
      expect.objectContaining({
        code: 'corrupt-file',
        hint: 'varve symbolic-ref HEAD refs/heads/main',
      }),
    )
    await setSymbolicRef(repo, { name: 'HEAD', target: 'refs/heads/main', who })
    expect(await headState(repo)).toMatchObject({ ref: 'refs/heads/main', id: first })
  })
})
