import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { lookupPath, updatePaths } from '../../src/core/tree.ts'
import { readIndex, updateIndexState } from '../../src/plumbing/index-state.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import {
  assembleRepository,
  openRepositoryParts,
  type Repository,
} from '../../src/plumbing/repository.ts'
import { repositoryConfig } from '../../src/plumbing/repository-config.ts'
import { updateRef } from '../../src/plumbing/update-ref.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { gc, prune } from '../../src/porcelain/gc.ts'
import { log } from '../../src/porcelain/log.ts'
import { reset } from '../../src/porcelain/reset.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { ann, collect, newRepository } from '../support/repositories.ts'
import { table } from '../support/tables.ts'

const DAY = 86_400
const MAIN = 'refs/heads/main'

async function write(repo: Repository, row: number, at = row): Promise<Id> {
  const commit = { author: ann(at), committer: ann(at), message: `row ${row}\n` }
  const input = table(`n,v\n${row},${row * 7}\n`)
  return (await writeSeries(repo, { series: 'prices', input, create: true, commit })).commit!
}

/** Three commits, and one more that nothing leads to any more, as of second 51. */
async function withLost(): Promise<{ storage: Storage; lost: Id }> {
  const storage = createMemoryStorage()
  const { repo } = await initRepository({ storage, who: ann(0) })
  for (const row of [1, 2, 3]) await write(repo, row)
  const tip = (await repo.refs.state()).refs.get(MAIN)!
  const lost = await write(repo, 50)
  await updateRef(repo, { changes: [{ ref: MAIN, new: tip }], who: ann(51), message: 'back' })
  return { storage, lost }
}

const open = (storage: Storage): Promise<Repository> => openRepositoryParts({ storage })
const late = (days: number) => ({ who: ann(days * DAY), now: days * DAY * 1000 })

async function problemsOf(repo: Repository): Promise<unknown[]> {
  return (await collect(fsck(repo))).filter(({ kind }) => kind === 'problem')
}

async function isThere(storage: Storage, id: Id): Promise<boolean> {
  return (await open(storage)).objects.has(id, { fresh: true })
}

describe('what nothing leads to', () => {
  it('counts as long as the ref log leads to it, and undo takes back what was done', async () => {
    const { storage, lost } = await withLost()
    const { unreachable } = await gc(await open(storage), { ...late(80), prune: 'now' })
    expect(unreachable).toBe(0)
    const repo = await open(storage)
    await undo(repo, { who: ann(80 * DAY) })
    expect((await repo.refs.state()).refs.get(MAIN)).toBe(lost)
  })

  it('is set aside after 90 days, and removed two weeks after that', async () => {
    const { storage, lost } = await withLost()
    const repo = await open(storage)
    const said = await gc(repo, { ...late(100), dryRun: true })
    const done = await gc(repo, late(100))
    expect(said.unreachable).toBe(done.unreachable)
    expect(done.unreachable).toBeGreaterThan(3)
    expect(done.after).toMatchObject({ packs: 1, otherPacks: 1 })
    expect(await isThere(storage, lost)).toBe(true)
    expect(await problemsOf(await open(storage))).toEqual([])
    // Storage says that the pack is from now.
    const soon = Date.now() + 13 * DAY * 1000
    expect((await prune(await open(storage), { who: ann(1), now: soon })).pruned).toEqual([])
    const then = Date.now() + 15 * DAY * 1000
    expect((await prune(await open(storage), { who: ann(1), now: then })).pruned).toHaveLength(1)
    expect(await isThere(storage, lost)).toBe(false)
    expect(await problemsOf(await open(storage))).toEqual([])
    expect(await collect(log(await open(storage), { words: ['main'] }))).toHaveLength(3)
  })

  it('goes at once when asked for, and undo says that it is gone', async () => {
    const { storage, lost } = await withLost()
    const { pruned } = await gc(await open(storage), { ...late(100), prune: 'now' })
    expect(pruned).toHaveLength(1)
    expect(await isThere(storage, lost)).toBe(false)
    const error = await undo(await open(storage), { who: ann(1) }).catch((thrown) => thrown)
    expect(hasCode(error, 'refused')).toBe(true)
    expect(error.message).toMatch(/is not here any more/)
  })

  it('counts again when a ref leads to it while it is set aside', async () => {
    const { storage, lost } = await withLost()
    await gc(await open(storage), late(100))
    const changes = [{ ref: 'refs/heads/back', new: lost }]
    await updateRef(await open(storage), { changes, who: ann(1), message: 'back' })
    await gc(await open(storage), { ...late(101), prune: 'now' })
    expect(await isThere(storage, lost)).toBe(true)
    expect(await problemsOf(await open(storage))).toEqual([])
  })

  it('is stored again by who writes it after it went', async () => {
    const { storage, lost } = await withLost()
    const before = await open(storage)
    await gc(await open(storage), { ...late(100), prune: 'now' })
    // This one has seen the packs as they were.
    expect(await write(before, 50)).toBe(lost)
    expect(await problemsOf(await open(storage))).toEqual([])
  })

  it('is stored again just as it was, though a pack of that name counts no more', async () => {
    const { storage, lost } = await withLost()
    await gc(await open(storage), { ...late(100), prune: 'now' })
    expect(await write(await open(storage), 50)).toBe(lost)
    expect(await problemsOf(await open(storage))).toEqual([])
  })

  it('is staged again just as it was', async () => {
    const repo = await newRepository({ workTree: true })
    const to = await write(repo, 1)
    for (let round = 0; round < 3; round++) {
      const staged = { series: 'more', input: table('n,v\n3,4\n'), create: true }
      await writeSeries(assembleRepository(repo), staged)
      expect(await problemsOf(assembleRepository(repo))).toEqual([])
      await reset(assembleRepository(repo), { to, mode: 'hard', who: ann(9) })
      await gc(assembleRepository(repo), { ...late(9), prune: 'now', reflogExpire: 'now' })
    }
  })
})

describe('prune', () => {
  it('removes what a gc left that was killed before the log said so', async () => {
    const { storage } = await withLost()
    const killed = await open(storage)
    const refs = { ...killed.refs, append: () => Promise.reject(new Error('killed')) }
    const broken = Object.setPrototypeOf(refs, Object.getPrototypeOf(killed.refs))
    broken.state = () => killed.refs.state()
    broken.entries = () => killed.refs.entries()
    await gc({ ...killed, refs: broken }, late(100)).catch(() => 0)
    const packs = (await storage.list('packs/')).length
    const { pruned } = await prune(await open(storage), { ...late(100), expire: 'now' })
    expect(pruned.length).toBeGreaterThan(0)
    expect(await storage.list('packs/')).toHaveLength(packs - pruned.length)
    expect(await problemsOf(await open(storage))).toEqual([])
  })

  it('leaves what is staged, however old', async () => {
    const repo = await newRepository({ workTree: true })
    await write(repo, 1)
    const input = table('n,v\n2,3\n')
    await writeSeries(repo, { series: 'staged', input, create: true })
    const { pruned, kept } = await prune(repo, { ...late(100), expire: 'now' })
    expect({ pruned, kept }).toEqual({ pruned: [], kept: 1 })
    expect(await problemsOf(repo)).toEqual([])
  })

  it('leaves no pack of the index with what cannot be read, needed or not', async () => {
    for (const isNeeded of [false, true]) {
      const repo = await newRepository({ workTree: true })
      await write(repo, 1)
      const { state } = await readIndex(repo)
      const first = await repo.objects.begin()
      const text = Array.from({ length: 500 }, (_, i) => `${(i * i) % 977}`).join(' ')
      const base = await first.put('blob', Buffer.from(text))
      await first.publish()
      const second = await repo.objects.begin()
      // Nothing leads to it, and it is made of what nothing leads to.
      await second.put('blob', Buffer.from(`${text}!`), { base })
      const prices = await lookupPath(repo.objects, state.tree, 'prices')
      const edits = new Map([['more', { kind: 'series' as const, id: prices!.id }]])
      const tree = isNeeded ? await updatePaths(second, state.tree, edits) : state.tree
      const packs = [(await second.publish())!]
      await updateIndexState(repo, (now) => ({ ...now, tree, packs }))
      await prune(assembleRepository(repo), { ...late(9), expire: 'now' })
      expect(await problemsOf(assembleRepository(repo))).toEqual([])
    }
  })

  it('only says what it would remove in a dry run', async () => {
    const { storage } = await withLost()
    await gc(await open(storage), late(100))
    const before = await storage.list('packs/')
    const result = await prune(await open(storage), { ...late(100), expire: 'now', dryRun: true })
    expect(result).toMatchObject({ pruned: [{}], kept: 0, dryRun: true })
    expect(await storage.list('packs/')).toEqual(before)
  })

  it('says what is not a time', async () => {
    const { storage } = await withLost()
    const wrong = prune(await open(storage), { ...late(1), expire: 'soon' })
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-date' })
    const config = repositoryConfig({ own: [{ key: 'gc.pruneExpire', value: 'soon' }] })
    const configured = prune(assembleRepository({ storage, config }), late(1))
    await expect(configured).rejects.toMatchObject({ code: 'invalid-value' })
  })
})

describe('gc --auto', () => {
  it('puts small packs together where there are many, and else does nothing', async () => {
    const storage = createMemoryStorage()
    const { repo } = await initRepository({ storage, who: ann(0) })
    const config = repositoryConfig({ own: [{ key: 'gc.autoPackLimit', value: '4' }] })
    for (let row = 1; row < 5; row++) await write(repo, row)
    const few = await gc(assembleRepository({ storage, config }), { ...late(1), auto: true })
    expect(few.after).toBeUndefined()
    for (let row = 5; row < 9; row++) await write(repo, row)
    const many = await gc(assembleRepository({ storage, config }), { ...late(1), auto: true })
    expect(many.after!.packs).toBeLessThan(3)
    expect(await problemsOf(await open(storage))).toEqual([])
  })
})
