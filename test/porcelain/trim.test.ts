import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { mergeBase } from '../../src/plumbing/merge-base.ts'
import { mergeCommits } from '../../src/plumbing/merge-commits.ts'
import { openRepositoryParts, type Repository } from '../../src/plumbing/repository.ts'
import { resolveAsOf } from '../../src/plumbing/resolve-as-of.ts'
import { updateRef } from '../../src/plumbing/update-ref.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { log } from '../../src/porcelain/log.ts'
import { trim } from '../../src/porcelain/trim.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { ann, collect } from '../support/repositories.ts'
import { table } from '../support/tables.ts'

const DAY = 86_400
const MAIN = 'refs/heads/main'
const open = (storage: Storage): Promise<Repository> => openRepositoryParts({ storage })

async function write(repo: Repository, day: number): Promise<Id> {
  const who = ann(day * DAY)
  const commit = { author: who, committer: who, message: `day ${day}\n` }
  const input = table(`n,v\n${day * 2},${day * 14}\n`)
  return (await writeSeries(repo, { series: 'prices', input, create: true, commit })).commit!
}

async function setRef(repo: Repository, ref: string, id: Id | undefined): Promise<void> {
  await updateRef(repo, { changes: [{ ref, new: id }], who: ann(12 * DAY), message: 'set' })
}

/**
 * A commit a day from day 1 to day 10 on main; a branch from day 4 with another commit of day 5, never merged; a tag at
 * day 2; and a branch from day 6 with another commit, that was deleted.
 */
async function history() {
  const storage = createMemoryStorage()
  const { repo } = await initRepository({ storage, who: ann(0) })
  const ids: Id[] = []
  for (let day = 1; day <= 10; day++) ids[day] = await write(repo, day)
  const other = async (from: number, day: number): Promise<Id> => {
    await setRef(repo, MAIN, ids[from])
    const id = await write(repo, day)
    await setRef(repo, MAIN, ids[10])
    return id
  }
  const unmerged = await other(4, 5.5)
  await setRef(repo, 'refs/heads/unmerged', unmerged)
  await setRef(repo, 'refs/tags/v1', ids[2])
  const deleted = await other(6, 7.5)
  return { storage, ids, unmerged, deleted }
}

const logOf = async (storage: Storage, word: string): Promise<Id[]> =>
  (await collect(log(await open(storage), { words: [word] }))).map(({ id }) => id)

async function problemsOf(storage: Storage): Promise<unknown[]> {
  const found = await collect(fsck(await open(storage)))
  return found.filter(({ kind }) => kind === 'problem')
}

const isThere = async (storage: Storage, id: Id): Promise<boolean> =>
  (await open(storage)).objects.has(id, { fresh: true })

const asOf = async (storage: Storage, tip: Id, day: number): Promise<Id> => {
  const at = BigInt(day * DAY) * 1_000_000_000n
  return (await resolveAsOf(await open(storage), tip, { start: at, end: at })).id
}

const who = ann(20 * DAY)

describe('trim', () => {
  it('forgets what was before a time, and keeps what was known then, branches and tags', async () => {
    const { storage, ids, unmerged } = await history()
    const limit = { before: 7 * DAY + 5 }
    const dry = await trim(await open(storage), { limit, who, dryRun: true })
    expect(await logOf(storage, 'main')).toHaveLength(10)
    const result = await trim(await open(storage), { limit, who })
    expect(result).toEqual({ ...dry, dryRun: false })
    expect(result).toMatchObject({ forgotten: 5, kept: 6 })
    expect(await logOf(storage, 'main')).toEqual([ids[10], ids[9], ids[8], ids[7]])
    expect(await logOf(storage, 'unmerged')).toEqual([unmerged])
    expect(await logOf(storage, 'v1')).toEqual([ids[2]])
    expect(await problemsOf(storage)).toEqual([])
  })

  it('keeps so many commits of each branch', async () => {
    const { storage, ids, unmerged } = await history()
    const result = await trim(await open(storage), { limit: { keep: 3 }, who })
    expect(await logOf(storage, 'main')).toEqual([ids[10], ids[9], ids[8]])
    // Three, and the one before, as the tag keeps that.
    expect(await logOf(storage, 'unmerged')).toEqual([unmerged, ids[4], ids[3], ids[2]])
    expect(await logOf(storage, 'v1')).toEqual([ids[2]])
    expect(result.forgotten + result.kept).toBe(11)
    expect(await mergeBase(await open(storage), { commits: ['main', 'unmerged'] })).toEqual([])
  })

  it('lets go of the data at the next gc, and nothing breaks', async () => {
    const { storage, ids, unmerged, deleted } = await history()
    await trim(await open(storage), { limit: { before: 7 * DAY + 5 }, who })
    expect(await isThere(storage, ids[3]!)).toBe(true)
    const { unreachable } = await gc(await open(storage), {
      who,
      now: 20 * DAY * 1000,
      prune: 'now',
    })
    expect(unreachable).toBeGreaterThan(5)
    for (const day of [1, 3, 4, 5, 6]) expect(await isThere(storage, ids[day]!)).toBe(false)
    for (const id of [ids[2]!, ids[7]!, ids[10]!, unmerged]) {
      expect(await isThere(storage, id)).toBe(true)
    }
    // Of the branch that was deleted the log has what is its own, for 90 days.
    expect(await isThere(storage, deleted)).toBe(true)
    const changes = [{ ref: 'refs/heads/back', new: deleted }]
    await updateRef(await open(storage), { changes, who, message: 'back' })
    expect(await logOf(storage, 'back')).toEqual([deleted])
    expect(await logOf(storage, 'main')).toEqual([ids[10], ids[9], ids[8], ids[7]])
    expect(await problemsOf(storage)).toEqual([])
    const again = await trim(await open(storage), { limit: { before: 7 * DAY + 5 }, who })
    expect(again.forgotten).toBe(0)
  })

  it('answers --as-of as before from the time on, and says when history begins before it', async () => {
    const { storage, ids } = await history()
    await trim(await open(storage), { limit: { before: 7 * DAY + 5 }, who })
    expect(await asOf(storage, ids[10]!, 7.9)).toBe(ids[7])
    await expect(asOf(storage, ids[10]!, 6)).rejects.toMatchObject({
      code: 'before-history',
      hint: expect.stringContaining('trimmed'),
    })
  })

  it('takes a later time, and says that nothing is older', async () => {
    const { storage, ids } = await history()
    await trim(await open(storage), { limit: { before: 4 * DAY }, who })
    await trim(await open(storage), { limit: { before: 9 * DAY }, who })
    expect(await logOf(storage, 'main')).toEqual([ids[10], ids[9]])
    expect(await trim(await open(storage), { limit: { before: DAY }, who })).toMatchObject({
      forgotten: 0,
    })
    expect(await problemsOf(storage)).toEqual([])
  })

  it('lets what it forgot be taken again, though what was before that has gone', async () => {
    const { storage, ids } = await history()
    const late = { who, now: 20 * DAY * 1000, prune: 'now' }
    await trim(await open(storage), { limit: { before: 4 * DAY }, who })
    await gc(await open(storage), late)
    await trim(await open(storage), { limit: { before: 9 * DAY }, who })
    expect(await problemsOf(storage)).toEqual([])
    const changes = [{ ref: 'refs/heads/back', new: ids[5] }]
    await updateRef(await open(storage), { changes, who, message: 'back' })
    expect(await logOf(storage, 'back')).toEqual([ids[5], ids[4]])
    await gc(await open(storage), late)
    expect(await problemsOf(storage)).toEqual([])
  })

  it('merges what is left, where what both sides have in common was forgotten', async () => {
    const { storage, ids, unmerged } = await history()
    await trim(await open(storage), { limit: { keep: 1 }, who })
    await gc(await open(storage), { who, now: 20 * DAY * 1000, prune: 'now' })
    const repo = await open(storage)
    const batch = await repo.objects.begin()
    const merged = await mergeCommits(repo, batch, { ours: ids[10]!, theirs: unmerged })
    await batch.discard()
    expect(merged.bases).toEqual([])
  })

  it('refuses to keep none', async () => {
    const { storage } = await history()
    await expect(trim(await open(storage), { limit: { keep: 0 }, who })).rejects.toMatchObject({
      code: 'invalid-value',
    })
  })
})
