import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { readBisect } from '../../src/plumbing/bisect-state.ts'
import { isAncestor } from '../../src/plumbing/common-ancestors.ts'
import { headState } from '../../src/plumbing/head.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { resolveCommit } from '../../src/plumbing/resolve-revision.ts'
import {
  markBisect,
  nextBisect,
  resetBisect,
  runBisect,
  type StartBisectOptions,
  startBisect,
} from '../../src/porcelain/bisect.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { status } from '../../src/porcelain/status.ts'
import { effort } from '../support/effort.ts'
import { ann, newRepository, setRefs, storeCommits } from '../support/repositories.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'

const who = ann(1_800_000_000)
let repo: Repository
let ids: Id[]

const start = (options: Partial<StartBisectOptions> = {}) => startBisect(repo, { who, ...options })
const mark = (term: string, ...revisions: string[]) => markBisect(repo, { who, term, revisions })
const shown = () =>
  readFileSync(join(repo.workTree!.root, 'a.csv'), 'utf8').trim().split('\n').length - 1

/** Eight commits: each has a row more of `a`; the sixth also revises `b`. */
beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  ids = []
  for (let i = 1; i <= 8; i++) {
    await stage(repo, { a: Array.from({ length: i }, (_, t) => t), ...(i === 6 && { b: [6] }) })
    await materialise(repo, 'a')
    ids.push(await commitStaged(repo, String(i)))
  }
})

describe('bisect', () => {
  it('goes to the commit in the middle, finds the first one, and goes back', async () => {
    expect(await start()).toMatchObject({ missing: { old: true, new: true } })
    await mark('bad')
    const first = await mark('good', ids[0]!)
    expect(first).toMatchObject({ step: { kind: 'test', left: 3, steps: 2 } })
    expect(await headState(repo)).toMatchObject({ detached: true, id: ids[4] })
    expect(shown()).toBe(5)
    expect(await resolveCommit(repo, 'BISECT_HEAD')).toBe(ids[4])
    await mark('good')
    await mark('bad')
    const found = await mark('bad')
    expect(found).toMatchObject({ step: { kind: 'found', id: ids[5] }, commit: { message: '6\n' } })
    expect(found.changes).toMatchObject([{ path: 'a' }, { path: 'b', state: 'new' }])
    expect((await readBisect(repo))!.log).toHaveLength(6)
    await resetBisect(repo, { who })
    expect(await headState(repo)).toMatchObject({ ref: 'refs/heads/main', id: ids[7] })
    expect(await readBisect(repo)).toBeUndefined()
    expect(await status(repo)).toMatchObject({ staged: [], unstaged: [] })
    expect(await resetBisect(repo, { who })).toBeUndefined()
  })

  it('is what status says, and ends on a branch without commits, too', async () => {
    await start()
    expect(await status(repo)).toMatchObject({ bisecting: { from: 'main' } })
    await start({ words: ['main', ids[0]!] })
    expect(await status(repo)).toMatchObject({ branch: undefined, bisecting: { from: 'main' } })
    await resetBisect(repo, { who })
    expect(await status(repo)).not.toHaveProperty('bisecting')

    repo = await newRepository({ workTree: true })
    await start()
    expect(await resetBisect(repo, { who })).toMatchObject({ already: true })
    expect(await readBisect(repo)).toBeUndefined()
  })

  it('runs a test, with terms, and skips what cannot be tested', async () => {
    const terms = { old: 'short', new: 'long' }
    await start({ words: ['main', ids[0]!], terms })
    const result = await runBisect(repo, {
      who,
      test: async (id) => (id === ids[3] ? 125 : shown() > 4 ? 1 : 0),
    })
    expect(result.step).toMatchObject({ kind: 'skipped' })
    await start({ words: ['main', ids[0]!], terms })
    const found = await runBisect(repo, { who, test: async () => (shown() > 5 ? 1 : 0) })
    expect(found).toMatchObject({ step: { kind: 'found', id: ids[5] }, terms })
    await expect(mark('bad')).rejects.toThrow(/short or long here, not bad/)
    await start({ words: ['main', ids[0]!] })
    for (const code of [126, 127, 128]) {
      const ended = runBisect(repo, { who, test: async () => code })
      await expect(ended).rejects.toMatchObject({ code: 'refused', data: { exitCode: code } })
    }
    expect((await readBisect(repo))!.good).toEqual([ids[0]])
  })

  it('looks only at commits that changed some series, and leaves HEAD where it is', async () => {
    const result = await start({ words: ['main', ids[0]!], series: ['b'], noCheckout: true })
    expect(result.step).toMatchObject({ kind: 'found', id: ids[5] })
    await start({ words: ['main', ids[0]!], noCheckout: true })
    expect(await headState(repo)).toMatchObject({ ref: 'refs/heads/main', id: ids[7] })
    expect(await resolveCommit(repo, 'BISECT_HEAD')).toBe(ids[4])
    await mark('good')
    expect(await resolveCommit(repo, 'BISECT_HEAD')).toBe(ids[6])
  })

  it('refuses what cannot be', async () => {
    await expect(mark('good')).rejects.toThrow(/no search is going on/)
    await expect(start({ terms: { old: 'x', new: 'x' } })).rejects.toThrow(/the same/)
    await expect(start({ terms: { old: 'skip' } })).rejects.toThrow(/cannot be a term/)
    await start({ words: ['HEAD'] })
    await expect(mark('good', 'HEAD')).rejects.toThrow(/was said to be bad/)
    await expect(runBisect(repo, { who, test: async () => 0 })).rejects.toThrow(/known to be good/)
    await expect(start({ words: [ids[0]!, 'HEAD'] })).rejects.toThrow(/is bad and comes before/)
  })

  it('leaves all as it was where it is refused to begin', async () => {
    await expect(start({ words: ['HEAD', 'HEAD'] })).rejects.toMatchObject({ code: 'refused' })
    await expect(start({ words: [ids[0]!, 'HEAD'] })).rejects.toMatchObject({ code: 'refused' })
    writeFileSync(join(repo.workTree!.root, 'a.csv'), 't,v\n0,7\n')
    await expect(start({ words: ['HEAD', ids[0]!] })).rejects.toMatchObject({ code: 'refused' })
    expect(await readBisect(repo)).toBeUndefined()
    await expect(resolveCommit(repo, 'BISECT_HEAD')).rejects.toThrow()
    expect(await headState(repo)).toMatchObject({ ref: 'refs/heads/main', id: ids[7] })

    await start({ words: ['HEAD', ids[3]!], noCheckout: true })
    const before = [await readBisect(repo), await resolveCommit(repo, 'BISECT_HEAD')]
    await expect(start({ words: ['HEAD', ids[0]!] })).rejects.toMatchObject({ code: 'refused' })
    expect([await readBisect(repo), await resolveCommit(repo, 'BISECT_HEAD')]).toEqual(before)
  })

  it('is dropped where its state is damaged', async () => {
    await start({ words: ['HEAD', ids[0]!] })
    await repo.privateFiles!.write('BISECT_STATE', Buffer.from('{"start":7}'))
    await expect(mark('bad')).rejects.toMatchObject({ code: 'corrupt-file' })
    await resetBisect(repo, { who, to: 'main' })
    expect(await headState(repo)).toMatchObject({ detached: false, id: ids[7] })
    expect(await readBisect(repo)).toBeUndefined()
  })

  it('keeps its commits from gc', async () => {
    await start({ words: ['main', ids[0]!], noCheckout: true })
    await setRefs(repo, { 'refs/heads/main': ids[0] })
    await gc(repo, { who, now: 1_800_000_000_000, prune: 'now', reflogExpire: 'now' })
    expect((await nextBisect(repo, { who })).step).toMatchObject({ kind: 'test' })
  })

  it('finds the commit in any history with merges, within as many tests as halving takes', async () => {
    const history = fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }), {
      minLength: 2,
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(history, fc.nat(), async (steps, pick) => {
        repo = await newRepository({ workTree: true })
        const made = await storeCommits(
          repo,
          steps.map((before, i) => ({
            seconds: i + 1,
            parents: i === 0 ? [] : [...new Set([i - 1, ...before.map((n) => Math.max(0, i - n))])],
          })),
        )
        const tip = made.at(-1)!
        await setRefs(repo, { 'refs/heads/main': tip })
        const culprit = made[1 + (pick % (made.length - 1))]!
        const has = async (id: Id) => ((await isAncestor(repo.objects, culprit, id)) ? 1 : 0)
        let tests = 0
        await start({ words: [tip, made[0]!], noCheckout: true })
        const test = (id: Id) => {
          tests++
          return has(id)
        }
        const { step } = await runBisect(repo, { who, test })
        expect(step).toEqual({ kind: 'found', id: culprit })
        expect(tests).toBeLessThanOrEqual(made.length)
      }),
      { numRuns: effort({ quick: 15, usual: 40, nightly: 3000 }) },
    )
  })
})
