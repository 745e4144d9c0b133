import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Commit, readCommit, writeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { parseRetention } from '../../src/core/retention.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { isAncestor } from '../../src/plumbing/common-ancestors.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { openRepositoryParts, type Repository } from '../../src/plumbing/repository.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { log } from '../../src/porcelain/log.ts'
import { thin } from '../../src/porcelain/thin.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { ann, collect } from '../support/repositories.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const NOW = 1000 * DAY

/** Commits by their place: how long after the one before, and which before it are its parents. */
interface Step {
  readonly hours: number
  readonly parents: readonly number[]
}

const steps = fc.array(
  fc.record({
    hours: fc.integer({ min: 0, max: 30 }),
    parents: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 2, maxLength: 25 },
)

/** A repository with a commit a step, the last of them a day old; main is at the last, a tag at some. */
async function repositoryOf(history: readonly Step[], tagged: readonly number[]) {
  const storage = createMemoryStorage()
  const { repo } = await initRepository({ storage, who: ann(0) })
  const batch = await repo.objects.begin()
  await batch.put('tree', Uint8Array.of(0, 0))
  let seconds = NOW - DAY - history.reduce((sum, { hours }) => sum + hours, 0) * HOUR
  const ids: Id[] = []
  for (const [at, { hours, parents }] of history.entries()) {
    seconds += hours * HOUR
    const behind = parents.map((back) => ids[at - back]).filter((id) => id !== undefined)
    const who = ann(seconds)
    const commit = { tree: EMPTY_TREE, parents: behind, author: who, committer: who }
    ids.push(await writeCommit(batch, { ...commit, message: `step ${at}\n` }))
  }
  const pack = await batch.publish()
  const tags = [...new Set(tagged.map((at) => at % ids.length))]
  const updates = [
    { name: 'refs/heads/main', old: undefined, new: ids.at(-1)! },
    ...tags.map((at) => ({ name: `refs/tags/t${at}`, old: undefined, new: ids[at]! })),
  ]
  const packs = pack === undefined ? [] : [pack]
  await repo.refs.append({ updates, who: ann(NOW - DAY), message: 'history', packs })
  return { open: () => openRepositoryParts({ storage }), ids, tags }
}

const subjectsOf = async (repo: Repository, word: string): Promise<string[]> =>
  (await collect(log(repo, { words: [word] }))).map(({ commit }) => commit.message.trim())

/** The commits that refs lead to, by what their messages say. */
async function commitsOf(repo: Repository): Promise<Map<string, { id: Id; commit: Commit }>> {
  const found = new Map<string, { id: Id; commit: Commit }>()
  for (const { id } of await collect(log(repo, { words: [], all: true }))) {
    const commit = await readCommit(repo.objects, id)
    found.set(commit.message, { id, commit })
  }
  return found
}

describe('history that is thinned', () => {
  it('is thinned behind remote-tracking branches, too, which keep what they are at', async () => {
    const day = { hours: 12, parents: [1] }
    const { open, ids } = await repositoryOf([day, day, day, day, day, day], [])
    const name = 'refs/remotes/origin/main'
    const added = { name, old: undefined, new: ids[3]! }
    await (await open()).refs.append({ updates: [added], who: ann(NOW), message: 'x', packs: [] })
    const repo = await open()
    const rules = parseRetention('all 1h')

    const { refs } = await thin(repo, { rules, now: NOW, who: ann(NOW) })

    expect(refs.map((ref) => ref.name).sort()).toEqual(['refs/heads/main', name])
    expect(await subjectsOf(await open(), 'origin/main')).toEqual(['step 3'])
    expect(await subjectsOf(await open(), 'main')).toEqual(['step 5', 'step 3'])
  })

  it('keeps what a rule keeps, in its order, with its data, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat(), { maxLength: 2 }), async (history, tagged) => {
        const { open, tags } = await repositoryOf(history, tagged)
        const before = await commitsOf(await open())
        const rules = parseRetention('all 3d, daily 6d')
        const result = await thin(await open(), { rules, who: ann(NOW), now: NOW })
        const repo = await open()
        const after = await commitsOf(repo)
        expect(after.size).toBe(result.kept)
        expect(before.size - after.size).toBe(result.forgotten)
        for (const [message, { commit }] of after) {
          const { parents, ...rest } = before.get(message)!.commit
          expect({ ...commit, parents }).toEqual({ ...rest, parents })
        }
        const isTip = (message: string) =>
          message === `step ${history.length - 1}\n` ||
          tags.some((at) => message === `step ${at}\n`)
        for (const [message, { commit }] of before) {
          const age = NOW - commit.committer.seconds
          if (age <= 3 * DAY || isTip(message)) expect(after.has(message)).toBe(true)
          else if (age > 6 * DAY) expect(after.has(message)).toBe(false)
        }
        for (const [a, one] of after) {
          for (const [b, other] of after) {
            const was = await isAncestor(repo.objects, before.get(a)!.id, before.get(b)!.id)
            const is = await isAncestor(repo.objects, one.id, other.id)
            expect(is).toBe(was)
          }
        }
        const problems = (await collect(fsck(repo))).filter(({ kind }) => kind === 'problem')
        expect(problems).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it('keeps the last of each day and week', async () => {
    // Every 12 hours, the last at the end of day 999.
    const history = Array.from({ length: 200 }, () => ({ hours: 12, parents: [1] }))
    const { open } = await repositoryOf(history, [])
    const rules = parseRetention('all 2d, daily 4d, weekly 30d')
    const result = await thin(await open(), { rules, who: ann(NOW), now: NOW })
    const repo = await open()
    const dates = (await collect(log(repo, { words: ['main'] }))).map(
      ({ commit }) => (NOW - commit.committer.seconds) / DAY,
    )
    // Day 1000 is a Wednesday, 1972-09-27: weeks ended 3, 10, 17 and 24 days before it.
    expect(dates).toEqual([1, 1.5, 2, 2.5, 3.5, 9.5, 16.5, 23.5])
    expect(result).toMatchObject({ kept: 8, forgotten: 192 })
  })

  it('keeps apart what was merged without being moved on to', async () => {
    // Step 3 merges the branch of steps 1 and 2 into step 0.
    const history = [
      { hours: 0, parents: [1] },
      ...[1, 1].map((back) => ({ hours: 12, parents: [back] })),
      { hours: 12, parents: [3, 1] },
      { hours: 1000, parents: [1] },
    ]
    const { open, ids, tags } = await repositoryOf(history, [0, 2])
    const rules = parseRetention('all 2d')
    await thin(await open(), { rules, who: ann(NOW), now: NOW })
    expect(tags).toEqual([0, 2])
    const after = await commitsOf(await open())
    expect([...after.keys()]).not.toContain('step 3\n')
    const { parents } = after.get('step 4\n')!.commit
    expect(parents).toEqual([ids[0], after.get('step 2\n')!.id])
  })

  it('does not touch a merge whose parents all stay', async () => {
    const history = [
      { hours: 0, parents: [1] },
      { hours: 1000, parents: [1] },
      { hours: 1, parents: [1] },
      { hours: 1, parents: [2, 1] },
    ]
    const { open } = await repositoryOf(history, [])
    const rules = parseRetention('all 2d')
    await thin(await open(), { rules, who: ann(NOW), now: NOW })
    const after = await commitsOf(await open())
    expect([...after.keys()]).not.toContain('step 0\n')
    const [first, second] = [after.get('step 1\n')!.id, after.get('step 2\n')!.id]
    expect(after.get('step 3\n')!.commit.parents).toEqual([first, second])
  })

  it('is as it was after undo', async () => {
    const history = Array.from({ length: 30 }, () => ({ hours: 12, parents: [1] }))
    const { open, ids } = await repositoryOf(history, [])
    const rules = parseRetention('all 3d, daily 6d')
    const { refs } = await thin(await open(), { rules, who: ann(NOW), now: NOW })
    expect(refs).toMatchObject([{ name: 'refs/heads/main', old: ids.at(-1) }])
    expect(await subjectsOf(await open(), 'main')).toHaveLength(8)
    await undo(await open(), { who: ann(NOW) })
    expect(await subjectsOf(await open(), 'main')).toHaveLength(30)
  })

  it('changes nothing where all is kept, or when it only says what it would do', async () => {
    const history = Array.from({ length: 5 }, () => ({ hours: 12, parents: [1] }))
    const { open } = await repositoryOf(history, [])
    const { number } = await (await open()).refs.state()
    const all = await thin(await open(), {
      rules: parseRetention('all always'),
      who: ann(NOW),
      now: NOW,
    })
    expect(all).toMatchObject({ forgotten: 0, kept: 5, rewritten: [] })
    const rules = parseRetention('tagged always')
    const dry = await thin(await open(), { rules, who: ann(NOW), now: NOW, dryRun: true })
    expect(dry).toMatchObject({ forgotten: 4, kept: 1, dryRun: true })
    expect((await (await open()).refs.state()).number).toBe(number)
  })

  it.each(['', 'all', 'all 7', 'most 7d', 'daily 7d,', 'all 99999999999d', 'ALL 1d'])(
    'takes no rule %j',
    (text) => {
      expect(() => parseRetention(text)).toThrow(expect.objectContaining({ code: 'invalid-value' }))
    },
  )
})
