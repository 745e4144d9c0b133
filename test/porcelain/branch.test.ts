import { beforeEach, describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { headState, setHead } from '../../src/plumbing/head.ts'
import { withUpstream } from '../../src/plumbing/remote-config.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { repositoryConfig } from '../../src/plumbing/repository-config.ts'
import { resolveRevision } from '../../src/plumbing/resolve-revision.ts'
import {
  copyBranch,
  createBranch,
  deleteBranches,
  listBranches,
  renameBranch,
} from '../../src/porcelain/branch.ts'
import { reflog, reflogRef } from '../../src/porcelain/reflog.ts'
import { createTag, deleteTags, listTags } from '../../src/porcelain/tag.ts'
import { ann, collect, linearHistory, newRepository, setRefs } from '../support/repositories.ts'

const who = ann(1_800_000_000)
let repo: Repository
let ids: Id[]

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  ids = await linearHistory(repo, 3)
})

const refs = async () => Object.fromEntries((await repo.refs.state()).refs)
const code = (name: string, hint?: string) =>
  expect.objectContaining({ code: name, ...(hint !== undefined && { hint }) })

describe('branch', () => {
  it('is made at HEAD or elsewhere, and is not moved by accident', async () => {
    await createBranch(repo, { name: 'x', who })
    await createBranch(repo, { name: 'y', start: 'HEAD~2', who })
    expect(await refs()).toMatchObject({ 'refs/heads/x': ids[2], 'refs/heads/y': ids[0] })
    await expect(createBranch(repo, { name: 'x', who })).rejects.toThrow(code('already-exists'))
    await createBranch(repo, { name: 'x', start: 'y', force: true, who })
    expect((await refs())['refs/heads/x']).toBe(ids[0])
    const current = createBranch(repo, { name: 'main', start: 'y', force: true, who })
    await expect(current).rejects.toThrow(code('refused'))
    await expect(createBranch(repo, { name: '-x', who })).rejects.toThrow(code('invalid-name'))
    await expect(createBranch(repo, { name: 'x/y', who })).rejects.toThrow(code('refused'))
  })

  it('is listed with the current one marked, and by what it contains', async () => {
    await createBranch(repo, { name: 'old', start: 'HEAD~2', who })
    await setRefs(repo, { 'refs/remotes/origin/main': ids[1] })
    const names = async (options = {}) =>
      (await listBranches(repo, options)).map(({ short, isHead }) => [short, isHead])
    expect(await names()).toEqual([
      ['main', true],
      ['old', false],
    ])
    expect(await names({ contains: ids[1] })).toEqual([['main', true]])
    expect(await names({ merged: 'old' })).toEqual([['old', false]])
    expect(await names({ names: ['o*'] })).toEqual([['old', false]])
    expect(await names({ remotes: 'only' })).toEqual([['origin/main', false]])
    expect(await names({ remotes: 'too' })).toHaveLength(3)
  })

  it('says how far it is from the branch that it follows', async () => {
    const config = repositoryConfig({
      own: [
        { key: 'branch.main.remote', value: 'origin' },
        { key: 'branch.main.merge', value: 'refs/heads/main' },
      ],
    })
    const tracking = { ...repo, config }
    await setRefs(repo, { 'refs/remotes/origin/main': ids[0] })
    const [main] = await listBranches(tracking)
    expect(main).toMatchObject({ tracking: { ahead: 2, behind: 0 } })
  })

  it('is deleted when it is merged, or by force, and never where one is', async () => {
    await createBranch(repo, { name: 'merged', start: 'HEAD~1', who })
    await createBranch(repo, { name: 'ahead', who })
    await setHead(repo, { to: { ref: 'refs/heads/merged' }, who, message: 'x' })
    const drop = (names: string[], force = false) => deleteBranches(repo, { names, force, who })
    await expect(drop(['merged'])).rejects.toThrow(code('refused'))
    await expect(drop(['main', 'ahead'])).rejects.toThrow(code('refused'))
    expect((await refs())['refs/heads/main']).toBe(ids[2])
    await expect(drop(['ahed'], true)).rejects.toThrow(code('ref-not-found', 'did you mean ahead?'))
    expect(await drop(['ahead', 'main'], true)).toMatchObject([{ name: 'ahead' }, { name: 'main' }])
    await setHead(repo, { to: { id: ids[2]! }, who, message: 'x' })
    expect(await drop(['merged'])).toMatchObject([{ id: ids[1] }])
  })

  it('takes HEAD along to another name', async () => {
    await createBranch(repo, { name: 'x', who })
    await renameBranch(repo, { to: 'trunk', who })
    expect(await headState(repo)).toMatchObject({ ref: 'refs/heads/trunk', id: ids[2] })
    await renameBranch(repo, { from: 'x', to: 'x/y', who })
    expect(await refs()).toEqual({ 'refs/heads/trunk': ids[2], 'refs/heads/x/y': ids[2] })
    await expect(renameBranch(repo, { to: 'x/y', who })).rejects.toThrow(code('already-exists'))
    await expect(renameBranch(repo, { from: 'z', to: 'a', who })).rejects.toThrow(
      code('ref-not-found'),
    )
    await renameBranch(repo, { to: 'x/y', force: true, who })
    expect(await refs()).toEqual({ 'refs/heads/x/y': ids[2] })
    const fresh = await newRepository({ workTree: true })
    await renameBranch(fresh, { to: 'first', who })
    expect((await headState(fresh)).ref).toBe('refs/heads/first')
    await setHead(repo, { to: { id: ids[0]! }, who, message: 'x' })
    await expect(renameBranch(repo, { to: 'q', who })).rejects.toThrow(code('refused'))
  })

  it('is copied with what it follows, and HEAD stays', async () => {
    await createBranch(repo, { name: 'old', start: 'HEAD~1', who })
    await repo.config.edit((text) => withUpstream(text, 'old', 'origin', 'refs/heads/far'))

    const copied = await copyBranch(repo, { from: 'old', to: 'new', who })
    await copyBranch(repo, { to: 'here', who })

    expect(copied).toEqual({ from: 'old', to: 'new', id: ids[1] })
    expect(await refs()).toMatchObject({ 'refs/heads/new': ids[1], 'refs/heads/here': ids[2] })
    expect((await headState(repo)).ref).toBe('refs/heads/main')
    const followed = (name: string) =>
      ['remote', 'merge'].map((key) => repo.config.get(`branch.${name}.${key}`))
    expect(followed('new')).toEqual(['origin', 'refs/heads/far'])
    const again = copyBranch(repo, { from: 'main', to: 'new', who })
    await expect(again).rejects.toThrow(code('already-exists'))
    await copyBranch(repo, { from: 'main', to: 'new', force: true, who })
    expect((await refs())['refs/heads/new']).toBe(ids[2])
    expect(followed('new')).toEqual([undefined, undefined])
    const onto = copyBranch(repo, { from: 'old', to: 'main', force: true, who })
    await expect(onto).rejects.toThrow(code('refused'))
    const none = copyBranch(repo, { from: 'none', to: 'x', who })
    await expect(none).rejects.toThrow(code('ref-not-found'))
  })
})

describe('tag', () => {
  it('is a name, or an object that says who and why', async () => {
    const plain = await createTag(repo, { name: 'v1', target: 'HEAD~1', who })
    expect(plain).toMatchObject({ id: ids[1], object: ids[1], kind: 'commit', old: undefined })
    const signed = await createTag(repo, { name: 'v2', message: 'As published\n\n', who })
    expect(signed.object).toBe(ids[2])
    const [, v2] = await listTags(repo)
    expect(v2).toMatchObject({ short: 'v2', tag: { message: 'As published\n', tagger: who } })
    expect((await resolveRevision(repo, 'v2^{commit}')).id).toBe(ids[2])
    expect((await repo.refs.state()).packs.has((await repo.objects.packOf(signed.id))!)).toBe(true)
    expect((await listTags(repo, { pointsAt: ids[2]! })).map(({ short }) => short)).toEqual(['v2'])
    expect((await listTags(repo, { names: ['*1'] })).map(({ short }) => short)).toEqual(['v1'])
  })

  it('stays where it is unless it is forced', async () => {
    await createTag(repo, { name: 'v1', who })
    const again = (options = {}) =>
      createTag(repo, { name: 'v1', target: 'HEAD~1', who, ...options })
    await expect(again()).rejects.toThrow(code('already-exists'))
    expect(await again({ force: true })).toMatchObject({ old: ids[2], id: ids[1] })
    await expect(createTag(repo, { name: 'v2', message: ' ', who })).rejects.toThrow(
      code('refused'),
    )
    await expect(createTag(repo, { name: 'a..b', who })).rejects.toThrow(code('invalid-name'))
  })

  it('is deleted, all that are named or none', async () => {
    await createTag(repo, { name: 'v1', who })
    const drop = (...names: string[]) => deleteTags(repo, { names, who })
    await expect(drop('v1', 'v11')).rejects.toThrow(code('ref-not-found', 'did you mean v1?'))
    expect(await drop('v1')).toMatchObject([{ name: 'v1', id: ids[2] }])
    expect(await listTags(repo)).toEqual([])
  })
})

describe('reflog', () => {
  it('has the names by which revisions call the values', async () => {
    await setRefs(repo, { 'refs/heads/main': ids[0] }, 10)
    await setHead(repo, { to: { id: ids[1]! }, who, message: 'checkout' })
    for (const name of ['HEAD', 'main']) {
      const lines = await collect(reflog(repo, await reflogRef(repo, name)))
      expect(lines.length).toBeGreaterThan(1)
      for (const line of lines) {
        expect((await resolveRevision(repo, line.name)).id).toBe(line.id)
      }
    }
  })

  it('goes on after the branch is gone', async () => {
    await createBranch(repo, { name: 'x', who })
    await deleteBranches(repo, { names: ['x'], who })
    const lines = await collect(reflog(repo, await reflogRef(repo, 'x')))
    expect(lines.map(({ id, message }) => [id, message])).toEqual([
      [undefined, 'branch: deleted x'],
      [ids[2], 'branch: created from HEAD'],
    ])
    await expect(reflogRef(repo, 'mian')).rejects.toThrow(
      code('ref-not-found', 'did you mean main?'),
    )
  })
})
