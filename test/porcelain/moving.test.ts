import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { headState } from '../../src/plumbing/head.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import {
  copyBranch,
  createBranch,
  deleteBranches,
  renameBranch,
} from '../../src/porcelain/branch.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { type ResetMode, reset } from '../../src/porcelain/reset.ts'
import { restore } from '../../src/porcelain/restore.ts'
import { checkoutRevision, switchBranch } from '../../src/porcelain/switch.ts'
import { createTag } from '../../src/porcelain/tag.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { type Snapshot, snapshot } from '../support/snapshots.ts'
import { materialise, stage } from '../support/staging.ts'

const who = ann(1_700_000_000)
const series = ['a', 'b', 'c/d']

type Values = readonly number[] | undefined

/** Things that a user does; those that `undo` does not know of change only the index. */
type Deed =
  | { readonly do: 'stage'; readonly path: string; readonly values: Values }
  | { readonly do: 'commit'; readonly amend: boolean }
  | { readonly do: 'switch'; readonly branch: string; readonly force: boolean }
  | { readonly do: 'create'; readonly branch: string; readonly go: boolean }
  | { readonly do: 'delete'; readonly branch: string }
  | { readonly do: 'rename'; readonly branch: string }
  | { readonly do: 'orphan'; readonly branch: string }
  | { readonly do: 'copy'; readonly branch: string }
  | { readonly do: 'detach'; readonly back: number }
  | { readonly do: 'reset'; readonly mode: ResetMode; readonly back: number }
  | { readonly do: 'unstage'; readonly path: string }
  | { readonly do: 'source'; readonly path: string; readonly back: number }
  | { readonly do: 'tag'; readonly name: string }

const path = fc.constantFrom(...series)
const branch = fc.constantFrom('main', 'one', 'two')
const back = fc.nat({ max: 2 })
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('stage' as const),
      path,
      values: fc.option(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }), {
        nil: undefined,
        freq: 4,
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('commit' as const), amend: fc.constant(false) }),
  },
  fc.record({ do: fc.constant('commit' as const), amend: fc.constant(true) }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('switch' as const), branch, force: fc.boolean() }),
  },
  fc.record({ do: fc.constant('create' as const), branch, go: fc.boolean() }),
  fc.record({ do: fc.constant('delete' as const), branch }),
  fc.record({ do: fc.constant('rename' as const), branch }),
  fc.record({ do: fc.constant('orphan' as const), branch }),
  fc.record({ do: fc.constant('copy' as const), branch }),
  fc.record({ do: fc.constant('detach' as const), back }),
  fc.record({
    do: fc.constant('reset' as const),
    mode: fc.constantFrom<ResetMode>('soft', 'mixed', 'hard', 'keep'),
    back,
  }),
  fc.record({ do: fc.constant('unstage' as const), path }),
  fc.record({ do: fc.constant('source' as const), path, back }),
  fc.record({ do: fc.constant('tag' as const), name: fc.constantFrom('v1', 'v2') }),
)

/** Two branches of the same rows: what the index holds does not tell which was left. */
const dropsWhatIsStaged: Deed[] = [
  { do: 'create', branch: 'two', go: true },
  { do: 'commit', amend: true },
  { do: 'stage', path: 'a', values: [0] },
  { do: 'switch', branch: 'main', force: true },
]

let second = 1_700_000_000

async function ancestor(repo: Repository, steps: number): Promise<Id> {
  const { resolveCommit } = await import('../../src/plumbing/resolve-revision.ts')
  return resolveCommit(repo, `HEAD~${steps}`)
}

/** Stages a series as `write` does: a file that shows it follows. */
async function stageWithFile(repo: Repository, path: string, values: Values): Promise<void> {
  const { readIndex, updateIndexState } = await import('../../src/plumbing/index-state.ts')
  await stage(repo, { [path]: values })
  if (values !== undefined) return materialise(repo, path)
  const known = (await readIndex(repo)).state.files.get(path)
  if (known === undefined) return
  await repo.workTree!.remove(known.file)
  await updateIndexState(repo, (state) => {
    const files = new Map(state.files)
    files.delete(path)
    return { ...state, files }
  })
}

async function act(repo: Repository, deed: Deed): Promise<unknown> {
  switch (deed.do) {
    case 'stage':
      return stageWithFile(repo, deed.path, deed.values)
    case 'commit':
      return commit(repo, { committer: ann(second++), amend: deed.amend, message: 'm' })
    case 'switch':
      return switchBranch(repo, { target: deed.branch, force: deed.force, who })
    case 'create':
      return deed.go
        ? switchBranch(repo, { create: deed.branch, who })
        : createBranch(repo, { name: deed.branch, who })
    case 'delete':
      return deleteBranches(repo, { names: [deed.branch], force: true, who })
    case 'rename':
      return renameBranch(repo, { to: deed.branch, who })
    case 'orphan':
      return switchBranch(repo, { orphan: deed.branch, who })
    case 'copy':
      return copyBranch(repo, { to: deed.branch, who })
    case 'detach':
      return checkoutRevision(repo, { target: `HEAD~${deed.back}`, who })
    case 'reset':
      return reset(repo, { to: await ancestor(repo, deed.back), mode: deed.mode, who })
    case 'unstage':
      return restore(repo, { series: [deed.path], staged: true, worktree: true, who })
    case 'source':
      return restore(repo, { series: [deed.path], source: `HEAD~${deed.back}`, who })
    case 'tag':
      return createTag(repo, { name: deed.name, force: true, who })
  }
}

/** Does it where it can be done. */
async function tryTo(repo: Repository, deed: Deed): Promise<boolean> {
  try {
    await act(repo, deed)
    return true
  } catch (error) {
    if (error instanceof VarveError) return false
    throw error
  }
}

async function logNumber(repo: Repository): Promise<number> {
  return (await repo.refs.state()).number
}

/** A series that comes back may get a file that it did not have: the log does not know. */
function expectSame(now: Snapshot, then: Snapshot): void {
  const { shown, files, ...rest } = then
  expect(now).toMatchObject({ ...rest, files })
  expect(Object.keys(now.refs)).toEqual(Object.keys(then.refs))
  expect(now.shown).toEqual(expect.arrayContaining([...shown]))
}

describe('moving about', () => {
  it('is undone by undo and redone by another, whatever was done', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 12 }), async (deeds) => {
        const repo = await newRepository({ workTree: true })
        await stageWithFile(repo, 'a', [1])
        await act(repo, { do: 'commit', amend: false })
        for (const one of deeds) {
          const before = await snapshot(repo)
          const number = await logNumber(repo)
          const done = await tryTo(repo, one)
          const after = await snapshot(repo)
          if (!done) expect(after).toEqual(before)
          if ((await logNumber(repo)) === number) continue
          await undo(repo, { who })
          expectSame(await snapshot(repo), before)
          await undo(repo, { who })
          // What `mixed` leaves is a change of the file; doing it again makes files show the index.
          const files = one.do === 'reset' && one.mode === 'mixed' ? {} : after.files
          expectSame(await snapshot(repo), { ...after, files })
        }
      }),
      { numRuns: 60, examples: [[dropsWhatIsStaged]] },
    )
  }, 120_000)

  it('comes back to where it was, byte for byte', async () => {
    const values = fc.array(fc.option(fc.double({ noNaN: true }), { nil: undefined }), {
      minLength: 1,
      maxLength: 5,
    })
    const states = fc.dictionary(path, values, { minKeys: 1 })
    await fc.assert(
      fc.asyncProperty(states, states, states, async (one, other, pending) => {
        const repo = await newRepository({ workTree: true })
        const show = async (state: Record<string, readonly (number | undefined)[]>) => {
          await stage(repo, Object.fromEntries(series.map((name) => [name, state[name]])))
          await materialise(repo, ...Object.keys(state))
        }
        await show(one)
        await commit(repo, { committer: who })
        await switchBranch(repo, { create: 'other', who })
        await show(other)
        await commit(repo, { committer: who, allowEmpty: true, message: 'other' })
        await stage(repo, pending)
        await materialise(repo, ...Object.keys(pending))
        const before = await snapshot(repo)
        const went = await switchBranch(repo, { target: 'main', who }).then(
          () => true,
          (error) => {
            expect(error).toMatchObject({ code: 'refused' })
            return false
          },
        )
        if (went) {
          expect((await headState(repo)).ref).toBe('refs/heads/main')
          const stayed = await snapshot(repo)
          await switchBranch(repo, { target: 'other', who })
          await switchBranch(repo, { target: '-', who })
          expect(await snapshot(repo)).toEqual(stayed)
          await undo(repo, { who })
          await undo(repo, { who })
          expect(await snapshot(repo)).toEqual(stayed)
        } else {
          expect(await snapshot(repo)).toEqual(before)
        }
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})
