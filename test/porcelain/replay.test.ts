import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { lookupPath } from '../../src/core/tree.ts'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex, treeOf } from '../../src/plumbing/index-state.ts'
import { readMergeState, writeMergeState } from '../../src/plumbing/merge-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { log } from '../../src/porcelain/log.ts'
import { merge } from '../../src/porcelain/merge.ts'
import { abortMerge } from '../../src/porcelain/merge-abort.ts'
import { listConflicts } from '../../src/porcelain/merge-conflicts.ts'
import { resolveMerge } from '../../src/porcelain/merge-resolve.ts'
import { type ReplayAction, type ReplayOptions, replay } from '../../src/porcelain/replay.ts'
import { commitsToReplay } from '../../src/porcelain/replay-commits.ts'
import { continueReplay, quitReplay, skipReplay } from '../../src/porcelain/replay-continue.ts'
import { status } from '../../src/porcelain/status.ts'
import { switchBranch } from '../../src/porcelain/switch.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { effort } from '../support/effort.ts'
import { ann, collect, newRepository, setRefs } from '../support/repositories.ts'
import { readAll } from '../support/series.ts'
import { snapshot } from '../support/snapshots.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'

const who = ann(1_800_000_000)
const other = { name: 'Bob', email: 'bob@example.com', seconds: 1_700_000_000, offsetMinutes: 60 }
let repo: Repository
let first: Id

const content = (name: string) => readFileSync(join(repo.workTree!.root, name), 'utf8')
const head = async () => (await headState(repo)).id!
const headCommit = async () => readCommit(repo.objects, await head())
const treeAt = (id: Id) => treeOf(repo.objects, id)

async function values(tree: Id, path: string): Promise<unknown[] | undefined> {
  const entry = await lookupPath(repo.objects, tree, path)
  return entry && (await readAll(repo.objects, entry.id)).map(([, value]) => value)
}
const atHead = async (path: string) => values((await headCommit()).tree, path)

async function make(message: string, series: Parameters<typeof stage>[1]): Promise<Id> {
  await stage(repo, series)
  await materialise(repo, ...Object.keys(series).filter((path) => series[path] !== undefined))
  return commitStaged(repo, message)
}

async function again(
  action: ReplayAction,
  words: readonly string[],
  options: Partial<ReplayOptions> = {},
) {
  const commits = await commitsToReplay(repo, action, words, undefined)
  return replay(repo, { action, commits, committer: who, ...options })
}
const revert = (words: readonly string[], options?: Partial<ReplayOptions>) =>
  again('revert', words, options)
const pick = (words: readonly string[], options?: Partial<ReplayOptions>) =>
  again('cherry-pick', words, options)

/** A branch of three commits that begins at the first one; main has another commit. */
async function branchOfThree(): Promise<Id[]> {
  await switchBranch(repo, { create: 'side', who })
  const ids = [
    await make('one', { a: [5, 2, 3] }),
    await make('two', { b: [7] }),
    await make('three', { a: [5, 2, 9] }),
  ]
  await switchBranch(repo, { target: 'main', who })
  return ids
}

/**
 * Runs something up to the point where it has made so many changes of refs and private files, and leaves it there, as if
 * its process had been killed. Whether it came to its end.
 */
async function stoppedAfter(
  changes: number,
  run: (stopping: Repository) => Promise<unknown>,
): Promise<boolean> {
  let left = changes
  let stop = () => undefined as undefined
  const stopped = new Promise<false>((resolve) => {
    stop = () => void resolve(false)
  })
  const counted = <T extends object>(of: T, names: readonly string[]): T =>
    new Proxy(of, {
      get(target, name) {
        const value = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name === 'versioned') {
          return (...args: unknown[]) => counted(value.apply(target, args), ['replace', 'write'])
        }
        if (!names.includes(String(name))) return value.bind(target)
        return async (...args: unknown[]) => {
          if (left-- <= 0) {
            stop()
            await new Promise(() => undefined)
          }
          return value.apply(target, args)
        }
      },
    })
  const stopping: Repository = {
    ...repo,
    refs: counted(repo.refs, ['append']),
    privateFiles: counted(repo.privateFiles!, ['write', 'remove']),
  }
  return Promise.race([run(stopping).then(() => true), stopped])
}

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  first = await make('first', { a: [1, 2, 3], b: [1] })
})

describe('revert', () => {
  it('takes back one commit and keeps what came after', async () => {
    const bad = await make('bad', { a: [1, 20, 3] })
    await make('good', { a: [1, 20, 3, 4], b: [2] })
    const { outcome, replayed } = await revert([bad])
    expect(outcome).toBe('committed')
    expect(replayed[0]!.commit.message).toBe(`Revert "bad"\n\nThis reverts commit ${bad}.\n`)
    expect(await atHead('a')).toEqual([1, 2, 3, 4])
    expect(content('a.csv')).toBe('t,v\n0,1\n1,2\n2,3\n3,4\n')
    expect(await status(repo)).toMatchObject({ staged: [], unstaged: [] })
    await undo(repo, { who })
    expect(await atHead('a')).toEqual([1, 20, 3, 4])
    expect(content('a.csv')).toBe('t,v\n0,1\n1,20\n2,3\n3,4\n')
  })

  it('reverts a range, the newest first, in one step; a revert of a revert applies it again', async () => {
    await make('two', { a: [1, 2, 4] })
    await make('three', { a: [1, 2, 5], c: [1] })
    const { replayed } = await revert([`${first}..`])
    expect(replayed.map(({ commit }) => commit.message.split('\n')[0])).toEqual([
      'Revert "three"',
      'Revert "two"',
    ])
    expect((await headCommit()).tree).toBe(await treeAt(first))
    await revert(['HEAD'])
    expect((await headCommit()).message).toMatch(/^Reapply "two"\n/)
    await undo(repo, { who })
    expect((await headCommit()).tree).toBe(await treeAt(first))
  })

  it('stops at a conflict, which is settled and concluded', async () => {
    const bad = await make('bad', { a: [1, 20, 3] })
    await make('worse', { a: [1, 21, 3] })
    const stopped = await revert([bad])
    expect(stopped).toMatchObject({ outcome: 'conflicts', stopped: { from: bad, left: 0 } })
    expect((await status(repo)).merging).toMatchObject({ action: 'revert', todo: 0 })
    const [conflict] = await collect(listConflicts(repo))
    expect(conflict).toMatchObject({
      series: 'a',
      values: { base: '20', ours: '21', theirs: '2' },
    })
    await expect(revert([bad])).rejects.toThrow(/a revert of .* is not concluded/)
    await expect(abortMerge(repo, { action: 'merge', who })).rejects.toThrow(/no merge is going on/)
    await resolveMerge(repo, { by: 'theirs' })
    await continueReplay(repo, { action: 'revert', committer: who, author: who })
    expect(await atHead('a')).toEqual([1, 2, 3])
    expect((await headCommit()).parents).toHaveLength(1)
    expect((await headCommit()).message).toMatch(/^Revert "bad"\n\nThis reverts/)
    expect(await readMergeState(repo)).toBeUndefined()
  })

  it('of a merge needs its parent to be named', async () => {
    await branchOfThree()
    await make('main too', { c: [1] })
    const before = (await headCommit()).tree
    await merge(repo, { target: 'side', committer: who })
    await expect(revert(['HEAD'])).rejects.toThrow(/is a merge/)
    await expect(revert(['HEAD'], { mainline: 3 })).rejects.toThrow(/no -m 3/)
    const { replayed } = await revert(['HEAD'], { mainline: 1 })
    expect(replayed[0]!.commit.message).toMatch(/reversing\nchanges made to /)
    expect((await headCommit()).tree).toBe(before)
  })

  it('points to restore where it is given a series, and takes back a first commit', async () => {
    await expect(revert(['a'])).rejects.toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringMatching(/restore --source/) }),
    )
    await revert([first])
    expect(await atHead('a')).toBeUndefined()
  })

  it('right after any commit restores the id of the tree before it', async () => {
    const small = fc.option(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }), {
      nil: undefined,
    })
    await fc.assert(
      fc.asyncProperty(small, small, async (a, b) => {
        const before = (await headCommit()).tree
        const has = async (path: string) =>
          (await lookupPath(repo.objects, before, path)) !== undefined
        const series = {
          ...((a !== undefined || (await has('a'))) && { a }),
          ...((b !== undefined || (await has('b'))) && { b }),
        }
        await stage(repo, series)
        if ((await readIndex(repo)).state.tree === before) return
        await commitStaged(repo, 'any')
        await revert(['HEAD'])
        expect((await headCommit()).tree).toBe(before)
      }),
      { numRuns: effort({ quick: 8, usual: 20, nightly: 2000 }) },
    )
  })
})

describe('cherry-pick', () => {
  it('keeps author and message, and says where it is from', async () => {
    await switchBranch(repo, { create: 'side', who })
    await stage(repo, { a: [1, 2, 8] })
    const made = await commit(repo, { message: 'by Bob', author: other, committer: who })
    await switchBranch(repo, { target: 'main', who })
    await make('main', { b: [3] })
    await pick(['side'], { recordOrigin: true })
    expect(await headCommit()).toMatchObject({
      author: other,
      committer: { name: who.name },
      message: `by Bob\n\n(cherry picked from commit ${made.id})\n`,
    })
    expect(await atHead('a')).toEqual([1, 2, 8])
    expect(await atHead('b')).toEqual([3])
  })

  it('picks a range from the oldest on, and one undo takes all of it back', async () => {
    await branchOfThree()
    await make('main', { c: [1] })
    const before = await snapshot(repo)
    const { replayed } = await pick(['main..side'])
    expect(replayed.map(({ commit }) => commit.message)).toEqual(['one\n', 'two\n', 'three\n'])
    expect(await atHead('a')).toEqual([5, 2, 9])
    await undo(repo, { who })
    expect((await snapshot(repo)).index).toBe(before.index)
    expect(content('b.csv')).toBe('t,v\n0,1\n')
  })

  it('stops in the middle, goes on, leaves one out, and goes back to where it began', async () => {
    const [, two, three] = await branchOfThree()
    const start = await make('main', { b: [2], a: [1, 2, 4] })
    const stopped = await pick(['main..side'])
    expect(stopped).toMatchObject({ outcome: 'conflicts', replayed: [{}], stopped: { left: 1 } })
    expect(stopped.stopped!.from).toBe(two)
    expect(await atHead('a')).toEqual([5, 2, 4])
    await abortMerge(repo, { action: 'cherry-pick', who })
    expect(await head()).toBe(start)
    expect(content('a.csv')).toBe('t,v\n0,1\n1,2\n2,4\n')
    await undo(repo, { who })
    expect(await readMergeState(repo)).toMatchObject({ action: 'cherry-pick', staged: true })
    expect(await atHead('a')).toEqual([5, 2, 4])
    await resolveMerge(repo, { by: 'theirs' })
    const on = await continueReplay(repo, { action: 'cherry-pick', committer: who })
    expect(on).toMatchObject({
      concluded: { commit: { message: 'two\n' } },
      rest: { outcome: 'conflicts', stopped: { from: three, left: 0 } },
    })
    const skipped = await skipReplay(repo, { action: 'cherry-pick', committer: who })
    expect(skipped.rest).toBeUndefined()
    expect(await readMergeState(repo)).toBeUndefined()
    expect(await atHead('a')).toEqual([5, 2, 4])
    expect(await atHead('b')).toEqual([7])
    expect(await status(repo)).toMatchObject({ staged: [], unstaged: [] })
  })

  it('goes on after a commit that was made by commit, though the branch has gone', async () => {
    await branchOfThree()
    const start = await make('main', { b: [2] })
    await pick(['main..side'])
    await setRefs(repo, { 'refs/heads/side': undefined })
    await gc(repo, { who, now: 1_800_000_000_000, prune: 'now', reflogExpire: 'now' })
    await resolveMerge(repo, { by: 'ours' })
    await stage(repo, { d: [1] })
    await commit(repo, { committer: who })
    expect((await headCommit()).message).toBe('two\n')
    expect((await status(repo)).merging).toMatchObject({ todo: 1, conflicts: [] })
    await continueReplay(repo, { action: 'cherry-pick', committer: who })
    expect(await atHead('a')).toEqual([5, 2, 9])
    expect(await readMergeState(repo)).toBeUndefined()
    expect(await head()).not.toBe(start)
  })

  it('stops at what is in already, or leaves it out, or commits it all the same', async () => {
    await branchOfThree()
    await make('same', { a: [5, 2, 3] })
    const before = await snapshot(repo)
    await expect(pick(['main..side'])).rejects.toThrow(
      expect.objectContaining({ code: 'nothing-to-commit' }),
    )
    expect(await snapshot(repo)).toEqual(before)
    expect(await pick(['main..side'], { empty: 'drop', dryRun: true })).toMatchObject({
      replayed: [{}, {}],
      dropped: [expect.any(String)],
    })
    expect((await pick(['main..side'], { empty: 'keep' })).replayed).toHaveLength(3)
  })

  it('only stages what changes, on what is staged', async () => {
    await branchOfThree()
    await stage(repo, { c: [1] })
    await pick(['side~1', 'side~2'], { noCommit: true })
    const { tree } = (await readIndex(repo)).state
    expect([await values(tree, 'a'), await values(tree, 'b')]).toEqual([[5, 2, 3], [7]])
    expect(await values(tree, 'c')).toEqual([1])
    expect(content('b.csv')).toBe('t,v\n0,7\n')
    expect(await head()).toBe(first)
    expect(await readMergeState(repo)).toBeUndefined()
    await expect(undo(repo, { who })).rejects.toThrow(/staged since/)
  })

  it('may end with a conflict settled and only staged', async () => {
    await branchOfThree()
    await make('main', { b: [2] })
    await pick(['side~1'], { noCommit: true })
    await expect(continueReplay(repo, { action: 'cherry-pick', committer: who })).rejects.toThrow(
      /1 conflict to settle/,
    )
    await resolveMerge(repo, { by: 'theirs' })
    const done = await continueReplay(repo, { action: 'cherry-pick', committer: who })
    expect(done).toEqual({ staged: true })
    expect(await values((await readIndex(repo)).state.tree, 'b')).toEqual([7])
  })

  it('is concluded where varve was stopped after its commit', async () => {
    await branchOfThree()
    await make('main', { b: [2] })
    await pick(['side~1'])
    await resolveMerge(repo, { by: 'theirs' })
    const state = (await readMergeState(repo))!
    const { id } = await commit(repo, { committer: who })
    await writeMergeState(repo, { ...state, concludedBy: id })
    await stage(repo, { c: [1] })
    await commit(repo, { committer: who, message: 'next' })
    expect((await headCommit()).message).toBe('next\n')
    expect(await readMergeState(repo)).toBeUndefined()
  })

  /** Stops at the second of three commits, is settled or left out, and stopped after so many changes. */
  async function stopBeside(
    ours: Parameters<typeof stage>[1],
    run: typeof continueReplay,
    after: number,
  ) {
    repo = await newRepository({ workTree: true })
    first = await make('first', { a: [1, 2, 3], b: [1] })
    await branchOfThree()
    const start = await make('main', ours)
    const before = await snapshot(repo)
    await pick(['main..side'])
    if (run === continueReplay) await resolveMerge(repo, { by: 'theirs' })
    const hasEnded = await stoppedAfter(after, (stopping) =>
      run(stopping, { action: 'cherry-pick', committer: who }),
    )
    return { start, before, hasEnded, state: await readMergeState(repo) }
  }

  it.each([
    ['continue', { b: [2] }],
    ['continue', { b: [2], a: [1, 2, 4] }],
    ['skip', { b: [2] }],
    ['skip', { b: [2], a: [1, 2, 4] }],
  ] as const)('is taken back wherever %s was stopped, beside %j', async (how, ours) => {
    const run = how === 'continue' ? continueReplay : skipReplay
    for (let after = 0, isOver = false; !isOver; after++) {
      const { start, before, hasEnded, state } = await stopBeside(ours, run, after)
      isOver = hasEnded
      if (state === undefined) {
        expect(await atHead('a')).toEqual([5, 2, 9])
        continue
      }
      await abortMerge(repo, { action: 'cherry-pick', who, force: true })
      expect(await head()).toBe(start)
      expect(await snapshot(repo)).toMatchObject({ index: before.index, files: before.files })
    }
  })

  it('goes on wherever it was stopped, and makes no commit twice', async () => {
    for (let after = 0, isOver = false; !isOver; after++) {
      const { hasEnded, state } = await stopBeside({ b: [2] }, continueReplay, after)
      isOver = hasEnded
      if (state !== undefined) await continueReplay(repo, { action: 'cherry-pick', committer: who })
      expect(await readMergeState(repo)).toBeUndefined()
      const made = await collect(log(repo, { words: ['HEAD'] }))
      expect(made.map(({ commit }) => commit.message)).toEqual(
        ['three', 'two', 'one', 'main', 'first'].map((text) => `${text}\n`),
      )
    }
  })

  it('is forgotten with all as it stands', async () => {
    await branchOfThree()
    await make('main', { b: [2] })
    await pick(['side~1'])
    await quitReplay(repo, 'cherry-pick')
    expect(await readMergeState(repo)).toBeUndefined()
    await expect(quitReplay(repo, 'cherry-pick')).rejects.toThrow(/no cherry-pick is going on/)
  })
})
